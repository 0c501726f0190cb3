package order_test

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/codes"

	"shop/internal/order"
	"shop/internal/telemetry/telemetrytest"
)

func TestSandbox(t *testing.T) {
	for total, want := range map[int64]error{1: nil, 1_000_00: nil, 1_000_01: order.ErrPaymentDeclined} {
		if err := order.NewSandbox().Authorize(t.Context(), order.Order{PaymentID: "pay_1", PaymentMethod: "card", Total: total}); !errors.Is(err, want) {
			t.Errorf("%d: got %v, want %v", total, err, want)
		}
	}
}

// provider is a payment provider that answers as it is told.
type provider struct {
	authorize, void error

	authorized []order.Order
	voided     []string
	context    context.Context // of the last Void
}

func (p *provider) Authorize(_ context.Context, o order.Order) error {
	p.authorized = append(p.authorized, o)
	return p.authorize
}

func (p *provider) Void(ctx context.Context, o order.Order) error {
	p.context = ctx
	if ctx.Err() != nil {
		return ctx.Err()
	}
	p.voided = append(p.voided, o.PaymentID)
	return p.void
}

// A payment that is reserved, or may be, is released if the order is not placed, even if
// the reason is that the client has left.
func TestCreate_VoidsPayment(t *testing.T) {
	lost := errors.New("connection reset")
	for name, c := range map[string]struct {
		authorize, insert error // of the provider and of the store
		want              error
		voids             int
	}{
		"created":       {nil, nil, nil, 0},
		"declined":      {order.ErrPaymentDeclined, nil, order.ErrPaymentDeclined, 0},
		"unavailable":   {order.ErrPaymentUnavailable, nil, order.ErrPaymentUnavailable, 0},
		"answer lost":   {lost, nil, lost, 1},
		"sold out":      {nil, order.ErrOutOfStock, order.ErrOutOfStock, 1}, // since the stock was checked
		"store failure": {nil, errBroken, errBroken, 1},
	} {
		t.Run(name, func(t *testing.T) {
			rec := telemetrytest.Start(t)
			payments := &provider{authorize: c.authorize}
			var store order.Store = order.NewMemory()
			if c.insert != nil {
				store = brokenStore{store, c.insert}
			}
			orders, err := order.NewService(store, payments, rec.Logger())
			if err != nil {
				t.Fatal(err)
			}
			ctx := t.Context()
			if c.voids > 0 {
				var leave context.CancelFunc
				ctx, leave = context.WithCancel(ctx)
				leave()
			}
			o, err := orders.Create(ctx, draft("coffee", 2))
			if !errors.Is(err, c.want) {
				t.Fatalf("got %v", err)
			}
			if len(payments.authorized) != 1 {
				t.Fatalf("authorized %v", payments.authorized)
			}
			payment := payments.authorized[0]
			if payment.PaymentMethod != "card" || payment.Total != 25_00 || !regexp.MustCompile(`^pay_[A-Z2-7]{26}$`).MatchString(payment.PaymentID) || err == nil && payment.PaymentID != o.PaymentID {
				t.Errorf("authorized %+v for %+v", payment, o)
			}
			if want := slices.Repeat([]string{payment.PaymentID}, c.voids); !slices.Equal(payments.voided, want) {
				t.Errorf("voided %q, want %q", payments.voided, want)
			}
			if c.voids == 0 {
				return
			}
			if deadline, ok := payments.context.Deadline(); !ok || time.Until(deadline) > 5*time.Second {
				t.Error("releasing the payment may take more than five seconds")
			}
			if rec.Span("void_payment").Parent().SpanID() != rec.Span("create_order").SpanContext().SpanID() {
				t.Error("void_payment is not below create_order")
			}
		})
	}
}

// A cancelled order stays cancelled if its payment cannot be released; the log
// says whose it is.
func TestCancel_VoidsPayment(t *testing.T) {
	rec := telemetrytest.Start(t)
	payments := &provider{void: errors.New("connection reset")}
	orders, err := order.NewService(order.NewMemory(), payments, rec.Logger())
	if err != nil {
		t.Fatal(err)
	}
	o, err := orders.Create(t.Context(), draft("coffee", 1))
	if err != nil {
		t.Fatal(err)
	}
	if cancelled, err := orders.Cancel(t.Context(), o.ID); err != nil || cancelled.Status != order.Cancelled {
		t.Fatalf("got %+v, %v", cancelled, err)
	}
	if _, err := orders.Cancel(t.Context(), o.ID); !errors.Is(err, order.ErrAlreadyCancelled) {
		t.Errorf("got %v", err)
	}
	if !slices.Equal(payments.voided, []string{o.PaymentID}) {
		t.Errorf("voided %q", payments.voided)
	}
	if span := rec.Span("void_payment"); span.Status().Code != codes.Error {
		t.Errorf("status %v", span.Status())
	}
	if got := failures(t, rec); len(got) != 1 || got[0].Message != "payment not voided" || got[0].OrderID != o.ID || got[0].PaymentID != o.PaymentID || got[0].Error != "connection reset" {
		t.Errorf("logged %+v", got)
	}
}

// failure is a record of the log, of level ERROR.
type failure struct {
	Level, Error string
	Message      string `json:"msg"`
	OrderID      string `json:"order.id"`
	PaymentID    string `json:"payment.id"`
}

func failures(t *testing.T, rec *telemetrytest.Recorder) []failure {
	t.Helper()
	var all []failure
	for line := range strings.Lines(rec.Logs()) {
		var record failure
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Fatal(err)
		}
		if record.Level == "ERROR" {
			all = append(all, record)
		}
	}
	return all
}
