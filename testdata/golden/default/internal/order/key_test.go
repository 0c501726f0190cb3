package order_test

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"shop/internal/order"
	"shop/internal/principal"
	"shop/internal/telemetry/telemetrytest"
)

// keyed returns a draft with a key.
func keyed(sku string, quantity int, key string) order.Draft {
	d := draft(sku, quantity)
	d.Key = key
	return d
}

// A draft that is sent again with its key is the same order: nothing is paid or taken
// from stock again.
func TestCreate_Repeated(t *testing.T) {
	rec := telemetrytest.Start(t)
	payments, store := &provider{}, order.NewMemory()
	orders, err := order.NewService(store, payments, rec.Logger())
	if err != nil {
		t.Fatal(err)
	}
	first, err := orders.Create(t.Context(), keyed("teapot", 500, "k")) // all there are
	if err != nil || !strings.HasPrefix(first.ID, "ord_") {
		t.Fatalf("%+v, %v", first, err)
	}
	for range 2 {
		if again, err := orders.Create(t.Context(), keyed("teapot", 500, "k")); err != nil || !reflect.DeepEqual(again, first) {
			t.Errorf("got %+v, %v; want %+v", again, err, first)
		}
	}
	list, _, err := orders.List(t.Context(), "", 10)
	if err != nil || len(list) != 1 || len(payments.authorized) != 1 || len(payments.voided) != 0 {
		t.Errorf("%d orders, %v; paid %v, voided %v", len(list), err, payments.authorized, payments.voided)
	}
	created, repeated := rec.Sum("orders.processed", attribute.String("order.outcome", "created")), rec.Sum("orders.processed", attribute.String("order.outcome", "repeated"))
	if created != 1 || repeated != 2 || strings.Count(rec.Logs(), "order created") != 1 {
		t.Errorf("%d created, %d repeated\n%s", created, repeated, rec.Logs())
	}
	if first, err = orders.Cancel(t.Context(), first.ID); err != nil {
		t.Fatal(err)
	}
	if again, err := orders.Create(t.Context(), keyed("teapot", 500, "k")); err != nil || !reflect.DeepEqual(again, first) {
		t.Errorf("after it was cancelled: got %+v, %v; want %+v", again, err, first)
	}
}

// A key is for one draft of one owner.
func TestCreate_Keys(t *testing.T) {
	orders, _ := newService(t)
	ada := principal.WithOwner(t.Context(), "ada")
	bob := principal.WithOwner(t.Context(), "bob")
	first, err := orders.Create(ada, keyed("coffee", 1, "k"))
	if err != nil {
		t.Fatal(err)
	}
	// Every version derives the same ID, or a draft that is sent again after a deployment would be placed twice.
	if first.ID != "ord_BCXUR46YMTMBHF3VNLN274DRO5" {
		t.Errorf("ID %s", first.ID)
	}
	for name, change := range map[string]func(*order.Draft){
		"customer": func(d *order.Draft) { d.Customer = "bob" },
		"article":  func(d *order.Draft) { d.Items[0].SKU = "teapot" },
		"quantity": func(d *order.Draft) { d.Items[0].Quantity = 2 },
		"items":    func(d *order.Draft) { d.Items = append(d.Items, d.Items[0]) },
		"payment":  func(d *order.Draft) { d.PaymentMethod = "invoice" },
	} {
		d := keyed("coffee", 1, "k")
		change(&d)
		if o, err := orders.Create(ada, d); !errors.Is(err, order.ErrKeyReused) || o.ID != "" {
			t.Errorf("another %s: %+v, %v", name, o, err)
		}
	}
	ids := map[string]bool{first.ID: true}
	for _, c := range []struct {
		ctx context.Context
		key string
	}{
		{ada, "K"},
		{ada, ""},
		{ada, ""},
		{bob, "k"},
		{t.Context(), "k"},
		{t.Context(), ""},
	} {
		o, err := orders.Create(c.ctx, keyed("coffee", 1, c.key))
		if err != nil {
			t.Fatal(err)
		}
		ids[o.ID] = true
	}
	if len(ids) != 7 {
		t.Errorf("7 orders have the ids %v", slices.Sorted(maps.Keys(ids)))
	}
}

// A draft that was refused may be sent again with its key.
func TestCreate_RefusedThenRepeated(t *testing.T) {
	payments := &provider{authorize: order.ErrPaymentDeclined}
	orders, err := order.NewService(order.NewMemory(), payments, telemetrytest.Start(t).Logger())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := orders.Create(t.Context(), keyed("coffee", 1, "k")); !errors.Is(err, order.ErrPaymentDeclined) {
		t.Fatal(err)
	}
	payments.authorize = nil
	if _, err := orders.Create(t.Context(), keyed("coffee", 1, "k")); err != nil {
		t.Error(err)
	}
	if len(payments.authorized) != 2 || payments.authorized[0].PaymentID == payments.authorized[1].PaymentID || len(payments.voided) != 0 {
		t.Errorf("authorized %v, voided %v", payments.authorized, payments.voided) // a provider would answer an attempt of the same ID as before
	}
}

// account is an order.Payments that keeps what is reserved, by the ID of the payment.
type account struct {
	mu       sync.Mutex
	reserved map[string]int64
}

func (a *account) Authorize(_ context.Context, o order.Order) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.reserved[o.PaymentID] = o.Total
	return nil
}

func (a *account) Void(_ context.Context, o order.Order) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.reserved, o.PaymentID)
	return nil
}

// If many requests have one key at the same time, all get the same order. It is paid once,
// even if it takes all that is left.
func TestCreate_RepeatedAtOnce(t *testing.T) {
	rec := telemetrytest.Start(t)
	payments, store := &account{reserved: map[string]int64{}}, order.NewMemory()
	orders, err := order.NewService(store, payments, rec.Logger())
	if err != nil {
		t.Fatal(err)
	}
	placed := make([]order.Order, 20)
	var wait sync.WaitGroup
	for i := range placed {
		wait.Go(func() {
			o, err := orders.Create(t.Context(), keyed("machine", 10, "k"))
			if placed[i] = o; err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	for _, o := range placed[1:] {
		if !reflect.DeepEqual(o, placed[0]) {
			t.Errorf("%+v and %+v", o, placed[0])
		}
	}
	if want := map[string]int64{placed[0].PaymentID: 14_990_00}; !maps.Equal(payments.reserved, want) {
		t.Errorf("reserved %v, want %v", payments.reserved, want)
	}
	if n := rec.Sum("orders.processed", attribute.String("order.outcome", "created")); n != 1 {
		t.Errorf("%d orders created", n)
	}
}

// slowStore takes a second to insert an order.
type slowStore struct{ order.Store }

func (s slowStore) Insert(ctx context.Context, o order.Order) error {
	time.Sleep(time.Second)
	return s.Store.Insert(ctx, o)
}

// once is an order.Payments that declines all payments but the first, as a card does
// whose limit is spent.
type once struct{ spent atomic.Bool }

func (p *once) Authorize(context.Context, order.Order) error {
	if p.spent.Swap(true) {
		return order.ErrPaymentDeclined
	}
	return nil
}

func (p *once) Void(context.Context, order.Order) error { return nil }

// Requests with one key at once get the one order, even if a second payment would be
// declined; another key has a payment of its own.
func TestCreate_RepeatedAtOnce_SecondDeclined(t *testing.T) {
	rec := telemetrytest.Start(t)
	synctest.Test(t, func(t *testing.T) {
		orders, err := order.NewService(slowStore{order.NewMemory()}, &once{}, rec.Logger())
		if err != nil {
			t.Fatal(err)
		}
		placed := make([]order.Order, 3)
		var wait sync.WaitGroup
		for i := range placed {
			wait.Go(func() {
				o, err := orders.Create(t.Context(), keyed("coffee", 1, "k"))
				if placed[i] = o; err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait() // all of them are there
		if _, err := orders.Create(t.Context(), keyed("coffee", 1, "other")); !errors.Is(err, order.ErrPaymentDeclined) {
			t.Errorf("another key: %v", err)
		}
		wait.Wait()
		for _, o := range placed {
			if !strings.HasPrefix(o.ID, "ord_") || !reflect.DeepEqual(o, placed[0]) {
				t.Errorf("%+v and %+v", o, placed[0])
			}
		}
	})
}

// A request that waits for another one with its key gives up when its context is done.
func TestCreate_RepeatedAtOnce_TooLate(t *testing.T) {
	rec := telemetrytest.Start(t)
	synctest.Test(t, func(t *testing.T) {
		orders, err := order.NewService(slowStore{order.NewMemory()}, &once{}, rec.Logger())
		if err != nil {
			t.Fatal(err)
		}
		var first sync.WaitGroup
		first.Go(func() {
			if _, err := orders.Create(t.Context(), keyed("coffee", 1, "k")); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait() // until the first is being inserted
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		start := time.Now()
		if o, err := orders.Create(ctx, keyed("coffee", 1, "k")); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Millisecond {
			t.Errorf("%+v, %v after %v", o, err, time.Since(start))
		}
		first.Wait()
	})
}

// overtakenStore is a store in which another replica is faster with every order.
type overtakenStore struct{ order.Store }

func (s overtakenStore) Insert(ctx context.Context, o order.Order) error {
	first := o
	first.PaymentID = "pay_first"
	return errors.Join(s.Store.Insert(ctx, first), s.Store.Insert(ctx, o))
}

// If another replica places the order of a key meanwhile, that order is the answer, and
// the payment for the other attempt is released.
func TestCreate_RepeatedAtOnce_AnotherReplica(t *testing.T) {
	payments := &provider{}
	orders, err := order.NewService(overtakenStore{order.NewMemory()}, payments, telemetrytest.Start(t).Logger())
	if err != nil {
		t.Fatal(err)
	}
	if o, err := orders.Create(t.Context(), keyed("coffee", 1, "k")); err != nil || o.PaymentID != "pay_first" {
		t.Errorf("got %+v, %v", o, err)
	}
	if len(payments.authorized) != 1 || !slices.Equal(payments.voided, []string{payments.authorized[0].PaymentID}) {
		t.Errorf("authorized %v, voided %v", payments.authorized, payments.voided)
	}
}

// doubtfulStore inserts orders, but its answer is an error. Get fails with unknown.
type doubtfulStore struct {
	order.Store
	unknown error
}

func (s doubtfulStore) Insert(ctx context.Context, o order.Order) error {
	return errors.Join(errBroken, s.Store.Insert(ctx, o))
}

func (s doubtfulStore) Get(ctx context.Context, id string) (order.Order, error) {
	if s.unknown != nil {
		return order.Order{}, s.unknown
	}
	return s.Store.Get(ctx, id)
}

// An order that is kept has its payment, even if the store's answer is lost.
func TestCreate_InDoubt(t *testing.T) {
	for _, unknown := range []error{nil, errBroken} {
		payments := &provider{}
		orders, err := order.NewService(doubtfulStore{order.NewMemory(), unknown}, payments, telemetrytest.Start(t).Logger())
		if err != nil {
			t.Fatal(err)
		}
		if o, err := orders.Create(t.Context(), draft("coffee", 1)); !errors.Is(err, unknown) || err == nil && o.Status != order.Open {
			t.Errorf("got %+v, %v", o, err)
		}
		if list, _, err := orders.List(t.Context(), "", 10); err != nil || len(list) != 1 || len(payments.voided) != 0 {
			t.Errorf("%d orders, %v; voided %v", len(list), err, payments.voided)
		}
	}
}

// unreadableStore keeps orders, but Get fails.
type unreadableStore struct{ order.Store }

func (unreadableStore) Get(context.Context, string) (order.Order, error) {
	return order.Order{}, errBroken
}

// An order that is certainly kept is not looked up again. One that may be a repetition is,
// before it is paid.
func TestCreate_NoLookup(t *testing.T) {
	payments := &provider{}
	orders, err := order.NewService(unreadableStore{order.NewMemory()}, payments, telemetrytest.Start(t).Logger())
	if err != nil {
		t.Fatal(err)
	}
	if o, err := orders.Create(t.Context(), draft("coffee", 1)); err != nil || o.Status != order.Open {
		t.Errorf("got %+v, %v", o, err)
	}
	if o, err := orders.Create(t.Context(), keyed("coffee", 1, "k")); !errors.Is(err, errBroken) {
		t.Errorf("got %+v, %v", o, err)
	}
	if len(payments.authorized) != 1 || len(payments.voided) != 0 {
		t.Errorf("paid %v, voided %v", payments.authorized, payments.voided)
	}
}
