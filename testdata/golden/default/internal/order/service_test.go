package order_test

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"shop/internal/order"
	"shop/internal/order/ordertest"
	"shop/internal/principal"
	"shop/internal/problem"
	"shop/internal/telemetry/telemetrytest"
)

func newService(t *testing.T) (*order.Service, *telemetrytest.Recorder) {
	t.Helper()
	rec := telemetrytest.Start(t)
	orders, err := order.NewService(order.NewMemory(), order.NewSandbox(), rec.Logger())
	if err != nil {
		t.Fatal(err)
	}
	return orders, rec
}

func draft(sku string, quantity int) order.Draft {
	item := order.Item{SKU: sku, Quantity: quantity}
	return order.Draft{Customer: "ada", PaymentMethod: "card", Items: []order.Item{item}}
}

func TestCreate(t *testing.T) {
	orders, rec := newService(t)
	o, err := orders.Create(t.Context(), draft("coffee", 2))
	if err != nil {
		t.Fatal(err)
	}
	if o.Total != 25_00 || o.Status != order.Open || !regexp.MustCompile(`^ord_[A-Z2-7]{26}$`).MatchString(o.ID) {
		t.Errorf("got %+v", o)
	}

	parent := rec.Span("create_order")
	for _, name := range []string{"check_inventory", "process_payment"} {
		if rec.Span(name).Parent().SpanID() != parent.SpanContext().SpanID() {
			t.Errorf("%s is not below create_order", name)
		}
	}
	for name, want := range map[string][2]string{ // its attributes, and its events with theirs; nothing about the customer
		"create_order":    {"order.id=" + o.ID + ",order.items=1,order.total=2500", ""},
		"check_inventory": {"", "in_stock order.items=1"},
		"process_payment": {"payment.method=card", "payment_authorized "},
	} {
		span, events := rec.Span(name), ""
		for _, event := range span.Events() {
			events += event.Name + " " + encode(event.Attributes)
		}
		if got := [2]string{encode(span.Attributes()), events}; got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	for _, span := range rec.Spans() {
		if span.Status().Code != codes.Unset {
			t.Errorf("%s: status %v", span.Name(), span.Status())
		}
		if scope := span.InstrumentationScope().Name; scope != "shop/internal/order" {
			t.Errorf("%s: scope %s", span.Name(), scope)
		}
	}
	if n := rec.Sum("orders.processed", attribute.String("order.outcome", "created")); n != 1 {
		t.Errorf("%d orders processed", n)
	}
	// The boundaries that the semantic conventions advise for durations in seconds.
	seconds := []float64{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10}
	payments, ok := rec.Metric("payment.duration").Data.(metricdata.Histogram[float64])
	if !ok || len(payments.DataPoints) != 1 {
		t.Fatalf("payment.duration: %+v", payments)
	}
	if point := payments.DataPoints[0]; point.Count != 1 || point.Sum > 60 || !slices.Equal(point.Bounds, seconds) || encode(point.Attributes.ToSlice()) != "payment.method=card" {
		t.Errorf("payment.duration: %+v", point)
	}
	for name, unit := range map[string]string{"orders.processed": "{order}", "orders.active": "{order}", "payment.duration": "s"} {
		if m := rec.Metric(name); m.Unit != unit || m.Description == "" {
			t.Errorf("%s: unit %q, description %q", name, m.Unit, m.Description)
		}
	}
}

// encode renders attributes as key=value, sorted.
func encode(attributes []attribute.KeyValue) string {
	set := attribute.NewSet(attributes...)
	return set.Encoded(attribute.DefaultEncoder())
}

func TestCreate_Refused(t *testing.T) {
	for _, c := range []struct {
		draft  order.Draft
		want   *problem.Details
		code   string
		failed string // the span that failed first
	}{
		{draft("unicorn", 1), order.ErrOutOfStock, "out_of_stock", "check_inventory"},
		{draft("no-such", 1), order.ErrUnknownArticle, "unknown_article", "check_inventory"},
		{draft("machine", 1), order.ErrPaymentDeclined, "payment_declined", "process_payment"},
	} {
		t.Run(c.code, func(t *testing.T) {
			orders, rec := newService(t)
			if _, err := orders.Create(t.Context(), c.draft); !errors.Is(err, c.want) {
				t.Fatalf("got %v", err)
			}
			for _, name := range []string{c.failed, "create_order"} {
				span := rec.Span(name)
				if span.Status().Code != codes.Unset { // it is the customer's error
					t.Errorf("%s: status %v", name, span.Status())
				}
				if got := telemetrytest.Attribute(span, "error.type").AsString(); got != c.code {
					t.Errorf("%s: error.type %q", name, got)
				}
			}
			if n := rec.Sum("orders.processed", attribute.String("order.outcome", c.code)); n != 1 {
				t.Errorf("%d orders processed as %s", n, c.code)
			}
			if c.failed == "process_payment" {
				payments, ok := rec.Metric("payment.duration").Data.(metricdata.Histogram[float64])
				if !ok || len(payments.DataPoints) != 1 || encode(payments.DataPoints[0].Attributes.ToSlice()) != "error.type="+c.code+",payment.method=card" {
					t.Errorf("payment.duration: %+v", payments)
				}
			}
			if list, _, err := orders.List(t.Context(), "", 10); err != nil || len(list) != 0 {
				t.Errorf("the order was kept: %v, %v", list, err)
			}
		})
	}
}

// An order that is refused, or cannot be kept, leaves the stock as it was; one
// that is cancelled puts it back.
func TestStock(t *testing.T) {
	rec := telemetrytest.Start(t)
	store := order.NewMemory()
	serve := func(store order.Store) *order.Service {
		orders, err := order.NewService(store, order.NewSandbox(), rec.Logger())
		if err != nil {
			t.Fatal(err)
		}
		return orders
	}
	teapots := func(want int) {
		t.Helper()
		if articles, err := store.Articles(t.Context(), []string{"teapot"}); err != nil || articles["teapot"].Stock != want {
			t.Errorf("%v, %v; want %d", articles, err, want)
		}
	}
	with := func(sku string) order.Draft {
		d := draft("teapot", 20)
		d.Items = append(d.Items, order.Item{SKU: sku, Quantity: 1})
		return d
	}
	for _, c := range []struct {
		store order.Store
		draft order.Draft
		want  error
	}{
		{store, with("unicorn"), order.ErrOutOfStock},
		{store, with("no-such"), order.ErrUnknownArticle},
		{store, with("machine"), order.ErrPaymentDeclined},
		{store, draft("teapot", 501), order.ErrOutOfStock},
		{brokenStore{store, errBroken}, draft("teapot", 20), errBroken},
	} {
		if _, err := serve(c.store).Create(t.Context(), c.draft); !errors.Is(err, c.want) {
			t.Errorf("got %v, want %v", err, c.want)
		}
		teapots(500)
	}
	o, err := serve(store).Create(t.Context(), draft("teapot", 20))
	if err != nil {
		t.Fatal(err)
	}
	teapots(480)
	if _, err := serve(store).Cancel(t.Context(), o.ID); err != nil {
		t.Fatal(err)
	}
	teapots(500)
}

func TestCancel(t *testing.T) {
	orders, rec := newService(t)
	o, err := orders.Create(t.Context(), draft("coffee", 1))
	if err != nil {
		t.Fatal(err)
	}
	if o, err = orders.Cancel(t.Context(), o.ID); err != nil || o.Status != order.Cancelled {
		t.Fatalf("got %+v, %v", o, err)
	}
	if logged := rec.Logs(); !strings.Contains(logged, `"msg":"order cancelled"`) || !strings.Contains(logged, o.ID) {
		t.Errorf("the log has %s", logged)
	}
	if _, err := orders.Cancel(t.Context(), o.ID); !errors.Is(err, order.ErrAlreadyCancelled) {
		t.Errorf("got %v", err)
	}
	if _, err := orders.Cancel(t.Context(), "ord_none"); !errors.Is(err, order.ErrNotFound) {
		t.Errorf("got %v", err)
	}
}

// The span that looks for an order that does not exist has order_not_found as
// error.type, and is not an error. Nobody is told that such an order is somebody else's.
func TestNotFound(t *testing.T) {
	orders, rec := newService(t)
	ctx := principal.WithOwner(t.Context(), "ada")
	_, err1 := orders.Get(ctx, "ord_none")
	_, err2 := orders.Cancel(ctx, "ord_none")
	_, _, err3 := orders.List(ctx, "ord_none", 1)
	for name, got := range map[string]struct {
		err  error
		want *problem.Details
	}{"get_order": {err1, order.ErrNotFound}, "cancel_order": {err2, order.ErrNotFound}, "list_orders": {err3, order.ErrUnknownCursor}} {
		span := rec.Span(name)
		if !errors.Is(got.err, got.want) || span.Status().Code != codes.Unset || telemetrytest.Attribute(span, "error.type").AsString() != got.want.ErrorType() {
			t.Errorf("%s: %v, %v, %v", name, got.err, span.Status(), span.Attributes())
		}
		if id := telemetrytest.Attribute(span, "order.id").AsString(); name != "list_orders" && id != "ord_none" {
			t.Errorf("%s: order.id %q", name, id)
		}
	}
}

func TestList_Pages(t *testing.T) {
	orders, rec := newService(t)
	var newest []string
	for range 5 {
		o, err := orders.Create(t.Context(), draft("coffee", 1))
		if err != nil {
			t.Fatal(err)
		}
		newest = append([]string{o.ID}, newest...)
	}
	var got []string
	cursor, pages := "", 0
	for {
		page, next, err := orders.List(t.Context(), cursor, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range page {
			got = append(got, o.ID)
		}
		pages++
		if cursor = next; cursor == "" {
			break
		}
	}
	if strings.Join(got, " ") != strings.Join(newest, " ") || pages != 3 {
		t.Errorf("%d pages: got %v, want %v", pages, got, newest)
	}
	var returned []int64
	for _, span := range rec.Spans() {
		if span.Name() == "list_orders" {
			returned = append(returned, telemetrytest.Attribute(span, "orders.returned").AsInt64())
		}
	}
	if !slices.Equal(returned, []int64{2, 2, 1}) {
		t.Errorf("orders.returned: %v", returned)
	}
}

// An error of the store is recorded as a failure of the service, and not as a refusal.
func TestStoreFailure(t *testing.T) {
	rec := telemetrytest.Start(t)
	orders, err := order.NewService(brokenStore{order.NewMemory(), errBroken}, order.NewSandbox(), rec.Logger())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := orders.Create(t.Context(), draft("coffee", 1)); !errors.Is(err, errBroken) {
		t.Fatalf("got %v", err)
	}
	span := rec.Span("create_order")
	if got := telemetrytest.Attribute(span, "error.type").AsString(); got != "_OTHER" || span.Status().Code != codes.Error {
		t.Errorf("error.type %q, status %v", got, span.Status())
	}
	if n := rec.Sum("orders.processed", attribute.String("order.outcome", "_OTHER")); n != 1 {
		t.Errorf("%d orders processed as _OTHER", n)
	}
}

// Nothing is paid for an order whose price the store cannot tell.
func TestStoreFailure_NoPrice(t *testing.T) {
	payments := &provider{}
	orders, err := order.NewService(closedStore{order.NewMemory()}, payments, telemetrytest.Start(t).Logger())
	if err != nil {
		t.Fatal(err)
	}
	if o, err := orders.Create(t.Context(), draft("coffee", 1)); !errors.Is(err, errBroken) || o.ID != "" {
		t.Errorf("got %+v, %v", o, err)
	}
	if len(payments.authorized) != 0 {
		t.Errorf("authorized %v", payments.authorized)
	}
}

// A closedStore does not tell what articles there are.
type closedStore struct{ order.Store }

func (closedStore) Articles(context.Context, []string) (map[string]order.Article, error) {
	return nil, errBroken
}

// An order whose placing panics was not created.
func TestCreate_Panics(t *testing.T) {
	rec := telemetrytest.Start(t)
	orders, err := order.NewService(watchedStore{order.NewMemory(), func() { panic("disk full") }}, order.NewSandbox(), rec.Logger())
	if err != nil {
		t.Fatal(err)
	}
	func() {
		defer func() { _ = recover() }()
		_, _ = orders.Create(t.Context(), draft("coffee", 1))
	}()
	created, panicked := rec.Sum("orders.processed", attribute.String("order.outcome", "created")), rec.Sum("orders.processed", attribute.String("order.outcome", "panic"))
	if created != 0 || panicked != 1 || rec.Sum("orders.active") != 0 {
		t.Errorf("%d orders processed as created, %d as panic, %d active", created, panicked, rec.Sum("orders.active"))
	}
}

var errBroken = errors.New("disk full")

// A brokenStore keeps no orders.
type brokenStore struct {
	order.Store
	err error
}

func (s brokenStore) Insert(context.Context, order.Order) error { return s.err }

// An order is active while it is being placed, and no longer, whatever the outcome.
func TestActive(t *testing.T) {
	rec := telemetrytest.Start(t)
	active := int64(-1)
	orders, err := order.NewService(watchedStore{order.NewMemory(), func() { active = rec.Sum("orders.active") }}, order.NewSandbox(), rec.Logger())
	if err != nil {
		t.Fatal(err)
	}
	for sku, want := range map[string]error{"coffee": nil, "unicorn": order.ErrOutOfStock} {
		if _, err := orders.Create(t.Context(), draft(sku, 1)); !errors.Is(err, want) {
			t.Fatal(err)
		}
	}
	if after := rec.Sum("orders.active"); active != 1 || after != 0 {
		t.Errorf("%d orders active in the middle, %d afterwards", active, after)
	}
}

type watchedStore struct {
	order.Store
	inserting func()
}

func (s watchedStore) Insert(ctx context.Context, o order.Order) error {
	s.inserting()
	return s.Store.Insert(ctx, o)
}

// Orders belong to the principal who placed them: another principal and an anonymous caller get
// ErrNotOwner, see them in no list and cannot use their ids as cursors. Orders that
// were placed anonymously belong to every anonymous caller.
func TestOwnership(t *testing.T) {
	orders, rec := newService(t)
	callers := map[string]context.Context{
		"ada": principal.WithOwner(t.Context(), "ada"),
		"bob": principal.WithOwner(t.Context(), "bob"),
		"":    t.Context(),
	}
	ids := map[string]string{}
	for owner, ctx := range callers {
		o, err := orders.Create(ctx, draft("coffee", 1))
		if err != nil || o.Owner != owner {
			t.Fatalf("%q placed %+v, %v", owner, o, err)
		}
		ids[owner] = o.ID
	}
	for caller, ctx := range callers {
		list, _, err := orders.List(ctx, "", 10)
		if err != nil || len(list) != 1 || list[0].ID != ids[caller] {
			t.Errorf("%q lists %+v, %v", caller, list, err)
		}
		for owner, id := range ids {
			var notOwner, unknownCursor error
			if caller != owner {
				notOwner, unknownCursor = order.ErrNotOwner, order.ErrUnknownCursor
			}
			if o, err := orders.Get(ctx, id); !errors.Is(err, notOwner) || err != nil && o.ID != "" {
				t.Errorf("%q gets the order of %q: %+v, %v", caller, owner, o, err)
			}
			if _, _, err := orders.List(ctx, id, 10); !errors.Is(err, unknownCursor) {
				t.Errorf("%q lists after the order of %q: %v", caller, owner, err)
			}
			if o, err := orders.Cancel(ctx, id); caller != owner && (!errors.Is(err, order.ErrNotOwner) || o.ID != "") {
				t.Errorf("%q cancels the order of %q: %+v, %v", caller, owner, o, err)
			}
		}
	}
	for owner, ctx := range callers { // only its owner has cancelled each
		if o, err := orders.Get(ctx, ids[owner]); err != nil || o.Status != order.Cancelled {
			t.Errorf("the order of %q: %+v, %v", owner, o, err)
		}
	}
	refused := 0
	for _, span := range rec.Spans() {
		if telemetrytest.Attribute(span, "error.type").AsString() == "not_owner" {
			refused++
		}
	}
	if refused != 2*6 { // six pairs, of which each tries to get and to cancel
		t.Errorf("%d spans with error.type not_owner", refused)
	}
}

// An order that is not the caller's stays as it is.
func TestOwnership_CancelChangesNothing(t *testing.T) {
	orders, _ := newService(t)
	ada := principal.WithOwner(t.Context(), "ada")
	o, err := orders.Create(ada, draft("coffee", 1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := orders.Cancel(t.Context(), o.ID); !errors.Is(err, order.ErrNotOwner) {
		t.Errorf("got %v", err)
	}
	if o, err = orders.Get(ada, o.ID); err != nil || o.Status != order.Open {
		t.Errorf("got %+v, %v", o, err)
	}
}

func TestMemory(t *testing.T) {
	ordertest.TestStore(t, func(*testing.T) order.Store { return order.NewMemory() })
}
