package order

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"shop/internal/page"
	"shop/internal/principal"
	"shop/internal/telemetry"
)

// scope names the instrumentation of this package.
const scope = "shop/internal/order"

// Attribute keys of the domain. Those of metrics are of low cardinality.
const (
	keyOrderID       = attribute.Key("order.id")       // spans only
	keyOrderItems    = attribute.Key("order.items")    // spans only
	keyOrderTotal    = attribute.Key("order.total")    // spans only, cents
	keyOutcome       = attribute.Key("order.outcome")  // created, repeated, or the type of the error
	keyPaymentID     = attribute.Key("payment.id")     // logs only
	keyPaymentMethod = attribute.Key("payment.method") // card, invoice
)

// Store keeps orders and the stock of articles. Its errors are those of this
// package or the store's own.
type Store interface {
	// Articles returns articles by their SKUs. Those that do not exist are left out.
	Articles(ctx context.Context, skus []string) (map[string]Article, error)
	// Insert adds an order and takes its items from stock: both, or neither. It
	// returns ErrOutOfStock if not all of them are left, and some other error if
	// there is an order with the same ID.
	Insert(ctx context.Context, o Order) error
	// Get returns ErrNotFound if there is no such order.
	Get(ctx context.Context, id string) (Order, error)
	// List returns up to limit orders of owner, the newest first, that come after
	// the order with the id after, or from the start if after is empty. It returns
	// ErrUnknownCursor if owner has no such order. The empty owner is one like any
	// other: the orders that were placed anonymously.
	List(ctx context.Context, owner, after string, limit int) ([]Order, error)
	// Cancel sets the status of an open order, puts its items back into stock, and
	// returns the order. It returns ErrNotFound or ErrAlreadyCancelled.
	Cancel(ctx context.Context, id string) (Order, error)
}

// Service takes orders. Each belongs to the principal who places it, as principal.Owner
// names them, and no other principal sees it. Without authentication all orders belong
// to the one anonymous principal.
type Service struct {
	store    Store
	payments Payments
	log      *slog.Logger

	tracer          trace.Tracer
	processed       metric.Int64Counter
	active          metric.Int64UpDownCounter
	paymentDuration metric.Float64Histogram

	placing sync.Map // from the ID of each order that is being placed to a channel that is closed afterwards
}

// NewService returns a service that keeps its orders in store and has them paid
// by payments.
func NewService(store Store, payments Payments, log *slog.Logger) (*Service, error) {
	meter := otel.Meter(scope)
	processed, err1 := meter.Int64Counter("orders.processed",
		metric.WithUnit("{order}"), metric.WithDescription("Orders that were placed or refused, by outcome."))
	active, err2 := meter.Int64UpDownCounter("orders.active",
		metric.WithUnit("{order}"), metric.WithDescription("Orders that are being placed."))
	duration, err3 := meter.Float64Histogram("payment.duration", metric.WithUnit("s"), metric.WithDescription("Duration of payments."),
		metric.WithExplicitBucketBoundaries(0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10))
	return &Service{store, payments, log, otel.Tracer(scope), processed, active, duration, sync.Map{}}, errors.Join(err1, err2, err3)
}

// Create places an order: it has the payment authorized, and keeps the order
// while it takes the items from stock. If it returns a *problem.Details, the
// order is refused and nothing has happened.
//
// If the caller has placed the order before, with the key of the draft, Create
// returns that order as it is now. ErrKeyReused refuses another draft with the key.
// Several requests with one key all get the order that is kept first.
func (s *Service) Create(ctx context.Context, draft Draft) (o Order, err error) {
	ctx, span := s.tracer.Start(ctx, "create_order")
	defer span.End()
	defer telemetry.RecordError(span, &err)
	outcome := "panic" // until it is known
	defer func() {
		if err != nil {
			outcome = telemetry.ErrorType(err).Value.AsString()
		}
		s.processed.Add(ctx, 1, metric.WithAttributes(keyOutcome.String(outcome)))
	}()
	s.active.Add(ctx, 1)
	defer s.active.Add(ctx, -1)

	attempt := Order{
		ID:            newID(principal.Owner(ctx), cmp.Or(draft.Key, rand.Text())),
		Owner:         principal.Owner(ctx),
		Customer:      draft.Customer,
		Items:         draft.Items,
		PaymentMethod: draft.PaymentMethod,
		PaymentID:     "pay_" + rand.Text(),
		Status:        Open,
		CreatedAt:     time.Now().UTC().Truncate(time.Microsecond), // as databases keep it
	}
	telemetry.SetAttributes(ctx, keyOrderID.String(attempt.ID), keyOrderItems.Int(len(attempt.Items)))

	switch o, err = s.place(ctx, attempt, draft.Key != ""); {
	case err != nil:
		return Order{}, err
	case o.Customer != draft.Customer || o.PaymentMethod != draft.PaymentMethod || !slices.Equal(o.Items, draft.Items):
		return Order{}, ErrKeyReused
	case o.PaymentID != attempt.PaymentID:
		outcome = "repeated"
	default:
		outcome = "created"
		telemetry.SetAttributes(ctx, keyOrderTotal.Int64(o.Total))
		s.log.InfoContext(ctx, "order created", string(keyOrderID), o.ID, string(keyOrderTotal), o.Total)
	}
	return o, nil
}

// place has an order paid and keeps it. If an order with its ID is kept already,
// place returns that one, and it is as if there had been no attempt.
//
// It waits until no other request of this process is placing an order with the ID: a
// second payment might be declined only because the first one is reserved.
func (s *Service) place(ctx context.Context, o Order, repeatable bool) (_ Order, err error) {
	placed := make(chan struct{})
	for other, busy := s.placing.LoadOrStore(o.ID, placed); busy; other, busy = s.placing.LoadOrStore(o.ID, placed) {
		select {
		case <-other.(chan struct{}):
		case <-ctx.Done():
			return Order{}, ctx.Err()
		}
	}
	defer func() { s.placing.Delete(o.ID); close(placed) }()

	o.Total, err = s.checkInventory(ctx, o.Items)
	if repeatable { // it is looked up after the stock, from which it may have taken the last
		if kept, missing := s.store.Get(ctx, o.ID); !errors.Is(missing, ErrNotFound) {
			return kept, missing
		}
	}
	if err != nil {
		return Order{}, err
	}
	if err = s.processPayment(ctx, o); err == nil {
		err = s.store.Insert(ctx, o)
	}
	unpaid := errors.Is(err, ErrPaymentDeclined) || errors.Is(err, ErrPaymentUnavailable)
	if err == nil || unpaid && !repeatable {
		return o, err
	}
	// The order may still be kept: by another replica, for a request with the same key, whose
	// payment may be why this one was declined; or by this one, if only the answer of the
	// store was lost. The payment of an order that is not kept is released. If the store
	// cannot tell, the payment is left to lapse.
	lookup, cancel := afterwards(ctx)
	defer cancel()
	kept, missing := s.store.Get(lookup, o.ID)
	if !unpaid && (errors.Is(missing, ErrNotFound) || missing == nil && kept.PaymentID != o.PaymentID) {
		s.voidPayment(ctx, o)
	}
	if missing != nil {
		return Order{}, err
	}
	return kept, nil
}

// checkInventory returns the price of items. It refuses what is not in stock before
// the payment; the store checks again when it takes the items.
func (s *Service) checkInventory(ctx context.Context, items []Item) (sum int64, err error) {
	ctx, span := s.tracer.Start(ctx, "check_inventory")
	defer span.End()
	defer telemetry.RecordError(span, &err)

	articles, err := s.store.Articles(ctx, slices.Sorted(maps.Keys(Quantities(items))))
	if err != nil {
		return 0, err
	}
	if sum, err = total(items, articles); err == nil {
		telemetry.AddEvent(ctx, "in_stock", keyOrderItems.Int(len(items)))
	}
	return sum, err
}

// processPayment has the payment of an order authorized.
func (s *Service) processPayment(ctx context.Context, o Order) (err error) {
	ctx, span := s.tracer.Start(ctx, "process_payment", trace.WithAttributes(keyPaymentMethod.String(o.PaymentMethod)))
	defer span.End()
	defer telemetry.RecordError(span, &err)

	start := time.Now()
	defer func() {
		attributes := []attribute.KeyValue{keyPaymentMethod.String(o.PaymentMethod)}
		if err != nil {
			attributes = append(attributes, telemetry.ErrorType(err))
		}
		s.paymentDuration.Record(ctx, time.Since(start).Seconds(), metric.WithAttributes(attributes...))
	}()

	if err = s.payments.Authorize(ctx, o); err == nil {
		telemetry.AddEvent(ctx, "payment_authorized")
	}
	return err
}

// voidPayment releases the payment of an order that was not placed, or that was
// cancelled. If that fails it is not repeated, and the log names the order and the
// payment.
func (s *Service) voidPayment(ctx context.Context, o Order) {
	ctx, cancel := afterwards(ctx)
	defer cancel()
	ctx, span := s.tracer.Start(ctx, "void_payment")
	defer span.End()
	if err := s.payments.Void(ctx, o); err != nil {
		telemetry.RecordError(span, &err)
		s.log.ErrorContext(ctx, "payment not voided", string(keyOrderID), o.ID, string(keyPaymentID), o.PaymentID, "error", err)
	}
}

// afterwards returns the context for the work that remains once the outcome of a
// request is settled. It outlives the request by at most five seconds.
func afterwards(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
}

// Get returns an order, or ErrNotFound or ErrNotOwner.
func (s *Service) Get(ctx context.Context, id string) (o Order, err error) {
	ctx, span := s.tracer.Start(ctx, "get_order", trace.WithAttributes(keyOrderID.String(id)))
	defer span.End()
	defer telemetry.RecordError(span, &err)

	return s.owned(ctx, id)
}

// owned returns an order of the caller's, or ErrNotFound or ErrNotOwner.
func (s *Service) owned(ctx context.Context, id string) (Order, error) {
	o, err := s.store.Get(ctx, id)
	if err == nil && o.Owner != principal.Owner(ctx) {
		return Order{}, ErrNotOwner
	}
	return o, err
}

// List returns up to limit of the caller's orders, the newest first, and the
// cursor of the next page, which is empty on the last one. It returns ErrUnknownCursor
// for a cursor that no page of the caller's orders has given.
func (s *Service) List(ctx context.Context, cursor string, limit int) (orders []Order, next string, err error) {
	ctx, span := s.tracer.Start(ctx, "list_orders")
	defer span.End()
	defer telemetry.RecordError(span, &err)

	if orders, err = s.store.List(ctx, principal.Owner(ctx), cursor, limit+1); err != nil { // one more, which tells Cut that there is a next page
		return nil, "", err
	}
	orders, next = page.Cut(orders, limit, func(o Order) string { return o.ID })
	telemetry.SetAttributes(ctx, attribute.Int("orders.returned", len(orders)))
	return orders, next, nil
}

// Cancel cancels an order, which puts its items back into stock, and releases its
// payment. It returns ErrNotFound, ErrNotOwner or ErrAlreadyCancelled.
func (s *Service) Cancel(ctx context.Context, id string) (o Order, err error) {
	ctx, span := s.tracer.Start(ctx, "cancel_order", trace.WithAttributes(keyOrderID.String(id)))
	defer span.End()
	defer telemetry.RecordError(span, &err)

	if _, err = s.owned(ctx, id); err != nil { // an order never changes hands
		return Order{}, err
	}
	if o, err = s.store.Cancel(ctx, id); err != nil {
		return Order{}, err
	}
	s.voidPayment(ctx, o)
	s.log.InfoContext(ctx, "order cancelled", string(keyOrderID), o.ID)
	return o, nil
}
