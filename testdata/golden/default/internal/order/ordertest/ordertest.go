// Package ordertest has the tests that every order.Store must pass.
package ordertest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"shop/internal/order"
)

// TestStore tests stores that open returns: each without orders, and with the
// articles of the sample.
func TestStore(t *testing.T, open func(t *testing.T) order.Store) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, order.Store){
		"Articles":      testArticles,
		"Keeps":         testKeeps,
		"Owners":        testOwners,
		"StablePages":   testStablePages,
		"InsertIsWhole": testInsertIsWhole,
		"InsertOnce":    testInsertOnce,
		"FirstAnswers":  testFirstAnswers,
		"CancelOnce":    testCancelOnce,
		"NoOverselling": testNoOverselling,
		"Concurrent":    testConcurrent,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

// Order returns an order of that id and owner, of two items that are in stock.
// All are of the same moment.
func Order(id, owner string) order.Order {
	return order.Order{
		ID: id, Owner: owner, Customer: "ada", Total: 64_00, Status: order.Open,
		PaymentMethod: "invoice", PaymentID: "pay_1",
		Items:     items("teapot", 1, "coffee", 2),
		CreatedAt: time.Date(2026, 11, 23, 12, 0, 0, 123456000, time.UTC),
	}
}

// items returns items of two articles.
func items(sku1 string, quantity1 int, sku2 string, quantity2 int) []order.Item {
	return []order.Item{
		{SKU: sku1, Quantity: quantity1},
		{SKU: sku2, Quantity: quantity2},
	}
}

// owner is a subject as an identity provider may give it.
const owner = "auth0|ada"

func insert(t *testing.T, s order.Store, orders ...order.Order) {
	t.Helper()
	for _, o := range orders {
		if err := s.Insert(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
}

// stock returns what is left of an article.
func stock(t *testing.T, s order.Store, sku string) int {
	t.Helper()
	articles, err := s.Articles(t.Context(), []string{sku})
	if err != nil {
		t.Fatal(err)
	}
	return articles[sku].Stock
}

func testArticles(t *testing.T, s order.Store) {
	want := map[string]order.Article{"coffee": {Price: 12_50, Stock: 10_000}, "unicorn": {Price: 1, Stock: 0}}
	if got, err := s.Articles(t.Context(), []string{"coffee", "none", "unicorn"}); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
	if got, err := s.Articles(t.Context(), nil); err != nil || len(got) != 0 {
		t.Errorf("of no articles: %v, %v", got, err)
	}
}

// An order is read as it was inserted, and its items are out of stock until it is
// cancelled.
func testKeeps(t *testing.T, s order.Store) {
	want := Order("ord_1", owner)
	insert(t, s, want)
	if got, err := s.Get(t.Context(), want.ID); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	if list, err := s.List(t.Context(), owner, "", 10); err != nil || !reflect.DeepEqual(list, []order.Order{want}) {
		t.Errorf("got %+v, %v; want %+v", list, err, want)
	}
	if teapots, coffee := stock(t, s, "teapot"), stock(t, s, "coffee"); teapots != 499 || coffee != 9_998 {
		t.Errorf("%d teapots and %d coffee are left", teapots, coffee)
	}
	want.Status = order.Cancelled
	if got, err := s.Cancel(t.Context(), want.ID); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	if teapots, coffee := stock(t, s, "teapot"), stock(t, s, "coffee"); teapots != 500 || coffee != 10_000 {
		t.Errorf("%d teapots and %d coffee are back", teapots, coffee)
	}
	if _, err := s.Get(t.Context(), "none"); !errors.Is(err, order.ErrNotFound) {
		t.Errorf("Get: %v", err)
	}
	if _, err := s.Cancel(t.Context(), "none"); !errors.Is(err, order.ErrNotFound) {
		t.Errorf("Cancel: %v", err)
	}
}

// Lists are of one owner, the empty one included, and so are cursors. Owners and IDs are
// compared byte by byte.
func testOwners(t *testing.T, s order.Store) {
	for i, owner := range []string{"", "ada", "", "ada", ""} {
		insert(t, s, order.Order{ID: fmt.Sprint("ord_", i), Owner: owner, Status: order.Open, CreatedAt: Order("", "").CreatedAt})
	}
	if o, err := s.Get(t.Context(), "ord_1"); err != nil || o.Owner != "ada" {
		t.Errorf("got %+v, %v", o, err)
	}
	for _, c := range []struct {
		owner, after string
		limit        int
		want         string
	}{
		{"", "", 2, "[ord_4 ord_2]"},
		{"", "ord_2", 2, "[ord_0]"},
		{"", "ord_0", 2, "[]"},
		{"", "", 10, "[ord_4 ord_2 ord_0]"},
		{"ada", "", 1, "[ord_3]"},
		{"ada", "ord_3", 2, "[ord_1]"},
		{"bob", "", 10, "[]"},
		{"Ada", "", 10, "[]"},
		{"ada ", "", 10, "[]"},
		{"áda", "", 10, "[]"},
	} {
		page, err := s.List(t.Context(), c.owner, c.after, c.limit)
		ids := []string{}
		for _, o := range page {
			ids = append(ids, o.ID)
		}
		if err != nil || fmt.Sprint(ids) != c.want {
			t.Errorf("List(%q, %q, %d): got %v, %v; want %s", c.owner, c.after, c.limit, ids, err, c.want)
		}
	}
	for _, id := range []string{"ORD_1", "ord_1 "} {
		if _, err := s.Get(t.Context(), id); !errors.Is(err, order.ErrNotFound) {
			t.Errorf("Get(%q): %v", id, err)
		}
	}
	for owner, after := range map[string]string{"": "none", "ada": "ord_2", "bob": "ord_1"} {
		if _, err := s.List(t.Context(), owner, after, 1); !errors.Is(err, order.ErrUnknownCursor) {
			t.Errorf("List of %q after %s: %v", owner, after, err)
		}
	}
}

// Orders of the same moment have a fixed order, and new ones do not move the pages of
// somebody who is reading.
func testStablePages(t *testing.T, s order.Store) {
	ids := []string{"ord_c", "ord_a", "ord_d", "ord_b", "ord_e"} // not by the alphabet
	for _, id := range ids {
		insert(t, s, Order(id, owner))
	}
	var got []string
	after := ""
	for page := range 3 {
		orders, err := s.List(t.Context(), owner, after, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range orders {
			got = append(got, o.ID)
			after = o.ID
		}
		insert(t, s, Order(fmt.Sprint("ord_late", page), owner))
	}
	slices.Reverse(ids)
	if !slices.Equal(got, ids) {
		t.Errorf("got %v, want %v", got, ids)
	}
}

// All of an order is kept and taken from stock, or nothing.
func testInsertIsWhole(t *testing.T, s order.Store) {
	for _, all := range [][]order.Item{
		items("teapot", 1, "unicorn", 1),
		items("teapot", 300, "teapot", 300), // not together
	} {
		o := Order("ord_1", owner)
		o.Items = all
		if err := s.Insert(t.Context(), o); !errors.Is(err, order.ErrOutOfStock) {
			t.Fatalf("%v: %v", all, err)
		}
	}
	if list, err := s.List(t.Context(), owner, "", 10); err != nil || len(list) != 0 || stock(t, s, "teapot") != 500 {
		t.Errorf("%v, %v; %d teapots", list, err, stock(t, s, "teapot"))
	}
	insert(t, s, Order("ord_1", owner)) // the id is free
}

// If many insert an order with the same id at once, one succeeds, and its items are taken
// once.
func testInsertOnce(t *testing.T, s order.Store) {
	succeeded := together(20, func(int) bool { return s.Insert(t.Context(), Order("ord_1", owner)) == nil })
	if succeeded != 1 || stock(t, s, "teapot") != 499 {
		t.Errorf("%d succeeded, %d teapots", succeeded, stock(t, s, "teapot"))
	}
}

// declined is an order.Payments that declines, after something else has happened.
type declined struct{ after func() }

func (d declined) Authorize(context.Context, order.Order) error {
	d.after()
	return order.ErrPaymentDeclined
}

func (declined) Void(context.Context, order.Order) error { return errors.New("nothing was reserved") }

// If a payment is declined while another replica places the order with the same key,
// that order is the answer.
func testFirstAnswers(t *testing.T, s order.Store) {
	replica := func(payments order.Payments) func() (order.Order, error) {
		orders, err := order.NewService(s, payments, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		return func() (order.Order, error) {
			return orders.Create(t.Context(), order.Draft{Customer: "ada", PaymentMethod: "card", Items: items("coffee", 2, "teapot", 1), Key: "k"})
		}
	}
	var first order.Order
	second, err := replica(declined{func() {
		var err error
		if first, err = replica(order.NewSandbox())(); err != nil {
			t.Fatal(err)
		}
	}})()
	if err != nil || first.ID == "" || !reflect.DeepEqual(second, first) {
		t.Errorf("got %+v, %v; want %+v", second, err, first)
	}
	if left := stock(t, s, "teapot"); left != 499 {
		t.Errorf("%d teapots are left", left)
	}
}

// If many cancel the same order at once, one succeeds, and its items come back once.
func testCancelOnce(t *testing.T, s order.Store) {
	insert(t, s, Order("ord_1", owner))
	succeeded := together(20, func(int) bool {
		_, err := s.Cancel(t.Context(), "ord_1")
		if err != nil && !errors.Is(err, order.ErrAlreadyCancelled) {
			t.Error(err)
		}
		return err == nil
	})
	if succeeded != 1 || stock(t, s, "teapot") != 500 {
		t.Errorf("%d succeeded, %d teapots", succeeded, stock(t, s, "teapot"))
	}
}

// If many order the same article at once, as many succeed as there is stock.
func testNoOverselling(t *testing.T, s order.Store) {
	succeeded := together(30, func(n int) bool {
		o := Order(fmt.Sprint("ord_", n), owner)
		o.Items = items("machine", 1, "coffee", 1)
		if n%2 == 0 { // in both directions: where rows are locked, that is a deadlock
			slices.Reverse(o.Items)
		}
		err := s.Insert(t.Context(), o)
		if err != nil && !errors.Is(err, order.ErrOutOfStock) {
			t.Error(err)
		}
		return err == nil
	})
	if machines, coffee := stock(t, s, "machine"), stock(t, s, "coffee"); succeeded != 10 || machines != 0 || coffee != 9_990 {
		t.Errorf("%d succeeded; %d machines and %d coffee are left", succeeded, machines, coffee)
	}
}

// Many at once: nothing is lost, and nobody is sent away.
func testConcurrent(t *testing.T, s order.Store) {
	const customers, each = 8, 10
	together(customers, func(customer int) bool {
		for n := range each {
			id := fmt.Sprintf("ord_%d_%d", customer, n)
			if err := s.Insert(t.Context(), Order(id, owner)); err != nil {
				t.Error(err)
			}
			if o, err := s.Get(t.Context(), id); err != nil || len(o.Items) != 2 {
				t.Errorf("%s: %+v, %v", id, o, err)
			}
			if _, err := s.List(t.Context(), owner, "", 5); err != nil {
				t.Error(err)
			}
		}
		return true
	})
	if all, err := s.List(t.Context(), owner, "", 1000); err != nil || len(all) != customers*each {
		t.Errorf("%d orders, %v", len(all), err)
	}
	if teapots := stock(t, s, "teapot"); teapots != 500-customers*each {
		t.Errorf("%d teapots are left", teapots)
	}
}

// together calls f n times at once, and returns how often it returned true.
func together(n int, f func(n int) bool) (succeeded int) {
	var wait sync.WaitGroup
	var mu sync.Mutex
	for i := range n {
		wait.Go(func() {
			ok := f(i)
			mu.Lock()
			defer mu.Unlock()
			if ok {
				succeeded++
			}
		})
	}
	wait.Wait()
	return succeeded
}
