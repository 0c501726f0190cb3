package order_test

import (
	"context"
	"encoding/json"
	"errors"
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
		if err := order.NewSandbox().Authorize(t.Context(), order.Payment{OrderID: "ord_1", Method: "card", Total: total}); !errors.Is(err, want) {
			t.Errorf("%d: got %v, want %v", total, err, want)
		}
	}
}

// provider is a payment provider that answers as it is told.
type provider struct {
	authorize, void error

	authorized []order.Payment
	voided     []string
	context    context.Context // of the last Void
}

func (p *provider) Authorize(_ context.Context, payment order.Payment) error {
	p.authorized = append(p.authorized, payment)
	return p.authorize
}

func (p *provider) Void(ctx context.Context, orderID string) error {
	p.context = ctx
	if ctx.Err() != nil {
		return ctx.Err()
	}
	p.voided = append(p.voided, orderID)
	return p.void
}

// What is reserved, or may be, is released when the order does not come about,
// even if that is because the client has left.
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
			if payment.Method != "card" || payment.Total != 25_00 || !strings.HasPrefix(payment.OrderID, "ord_") || err == nil && payment.OrderID != o.ID {
				t.Errorf("authorized %+v for order %q", payment, o.ID)
			}
			if want := slices.Repeat([]string{payment.OrderID}, c.voids); !slices.Equal(payments.voided, want) {
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
	if !slices.Equal(payments.voided, []string{o.ID}) {
		t.Errorf("voided %q", payments.voided)
	}
	if span := rec.Span("void_payment"); span.Status().Code != codes.Error {
		t.Errorf("status %v", span.Status())
	}
	if got := failures(t, rec); len(got) != 1 || got[0].Message != "payment not voided" || got[0].OrderID != o.ID {
		t.Errorf("logged %+v", got)
	}
}

// failure is a record of the log, of level ERROR.
type failure struct {
	Level, Error string
	Message      string `json:"msg"`
	OrderID      string `json:"order.id"`
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

// listen makes an order.Listener of a function.
type listen func(context.Context, order.Order) error

func (l listen) OrderChanged(ctx context.Context, o order.Order) error { return l(ctx, o) }

// Listeners hear, in their order, of what has come about, and cannot undo it.
func TestListeners(t *testing.T) {
	rec := telemetrytest.Start(t)
	ctx, leave := context.WithCancel(t.Context())
	var heard []string
	hear := func(name string, outcome func() error) order.Listener {
		return listen(func(ctx context.Context, o order.Order) error {
			if _, limited := ctx.Deadline(); ctx.Err() != nil || !limited {
				t.Errorf("%s: the context of a client that has left, or one without a deadline", name)
			}
			heard = append(heard, name+" "+string(o.Status)+" "+o.ID)
			return outcome()
		})
	}
	orders, err := order.NewService(order.NewMemory(), order.NewSandbox(), rec.Logger(),
		hear("first", func() error { leave(); return errors.New("no broker") }),
		hear("second", func() error { panic("no map") }),
		hear("third", func() error { return nil }))
	if err != nil {
		t.Fatal(err)
	}
	o, err := orders.Create(ctx, draft("coffee", 1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := orders.Cancel(t.Context(), o.ID); err != nil {
		t.Fatal(err)
	}
	for _, refused := range []error{func() error { _, err := orders.Create(t.Context(), draft("machine", 1)); return err }(), func() error { _, err := orders.Cancel(t.Context(), o.ID); return err }()} {
		if refused == nil {
			t.Error("not refused")
		}
	}

	var want []string
	for _, status := range []string{"open", "cancelled"} {
		for _, name := range []string{"first", "second", "third"} {
			want = append(want, name+" "+status+" "+o.ID)
		}
	}
	if !slices.Equal(heard, want) {
		t.Errorf("heard %q, want %q", heard, want)
	}
	logged := failures(t, rec)
	if len(logged) != 4 {
		t.Fatalf("logged %+v", logged)
	}
	for i, want := range []string{"no broker", "panic: no map", "no broker", "panic: no map"} {
		if logged[i].OrderID != o.ID || !strings.HasPrefix(logged[i].Error, want) {
			t.Errorf("logged %+v, want %q", logged[i], want)
		}
	}
	for _, name := range []string{"create_order", "cancel_order"} { // the first of each
		for _, span := range rec.Spans() {
			if span.Name() == name {
				if span.Status().Code != codes.Unset {
					t.Errorf("%s: status %v", name, span.Status())
				}
				break
			}
		}
	}
}
