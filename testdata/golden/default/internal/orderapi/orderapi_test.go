package orderapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"shop/internal/order"
	"shop/internal/problem"
	"shop/internal/telemetry/telemetrytest"
)

// payments is an order.Payments that remembers the last payment. It declines that of
// one machine, and is unavailable for that of two.
type payments struct{ last order.Order }

func (p *payments) Authorize(_ context.Context, o order.Order) error {
	p.last = o
	switch o.Total {
	case 1_499_00:
		return order.ErrPaymentDeclined
	case 2 * 1_499_00:
		return order.ErrPaymentUnavailable
	default:
		return nil
	}
}

func (*payments) Void(context.Context, order.Order) error { return nil }

// serve returns a handler that serves orders. There are none yet.
func serve(t *testing.T) (http.Handler, *payments) {
	t.Helper()
	rec := telemetrytest.Start(t)
	paid := &payments{}
	orders, err := order.NewService(order.NewMemory(), paid, rec.Logger())
	if err != nil {
		t.Fatal(err)
	}
	return register(t, orders, rec.Logger()), paid
}

func do(t *testing.T, h http.Handler, method, path, body string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// decode returns the members of a JSON object.
func decode(t *testing.T, w *httptest.ResponseRecorder) map[string]any {
	t.Helper()
	var all map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &all); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	return all
}

const draft = `{"customer":"ada","items":[{"sku":"coffee","quantity":2},{"sku":"teapot","quantity":1}],"payment_method":"invoice"}`

// Every operation that returns an order returns all of its members.
func TestOrder(t *testing.T) {
	h, paid := serve(t)
	before := time.Now().Add(-time.Second)
	w := do(t, h, http.MethodPost, "/orders", draft)
	created := decode(t, w)
	id, _ := created["id"].(string)
	if w.Code != http.StatusCreated || w.Header().Get("Location") != "/orders/"+id || !strings.HasPrefix(id, "ord_") {
		t.Fatalf("%d, Location %q: %s", w.Code, w.Header().Get("Location"), w.Body)
	}
	if kind := w.Header().Get("Content-Type"); kind != "application/json" {
		t.Errorf("content type %s", kind)
	}
	at, err := time.Parse(time.RFC3339, fmt.Sprint(created["created_at"]))
	if err != nil || at.Before(before) || at.After(time.Now()) {
		t.Errorf("created_at %v, %v", created["created_at"], err)
	}
	want := map[string]any{
		"id": id, "customer": "ada", "total_cents": 6400.0, "status": "open", "created_at": created["created_at"],
		"items": []any{map[string]any{"sku": "coffee", "quantity": 2.0}, map[string]any{"sku": "teapot", "quantity": 1.0}},
	}
	if !reflect.DeepEqual(created, want) {
		t.Errorf("created %v, want %v", created, want)
	}
	if paid.last.PaymentMethod != "invoice" {
		t.Errorf("paid by %q", paid.last.PaymentMethod)
	}
	if w := do(t, h, http.MethodGet, "/orders/"+id, ""); w.Code != http.StatusOK || !reflect.DeepEqual(decode(t, w), want) {
		t.Errorf("%d %s, want %v", w.Code, w.Body, want)
	}
	if w := do(t, h, http.MethodGet, "/orders", ""); w.Code != http.StatusOK || !reflect.DeepEqual(decode(t, w), map[string]any{"orders": []any{want}}) {
		t.Errorf("%d %s, want %v", w.Code, w.Body, want)
	}
	want["status"] = "cancelled"
	if w := do(t, h, http.MethodPost, "/orders/"+id+"/cancel", ""); w.Code != http.StatusOK || !reflect.DeepEqual(decode(t, w), want) {
		t.Errorf("%d %s, want %v", w.Code, w.Body, want)
	}
}

func TestCreate_PaysByCardUnlessTold(t *testing.T) {
	h, paid := serve(t)
	if w := do(t, h, http.MethodPost, "/orders", strings.Replace(draft, `,"payment_method":"invoice"`, "", 1)); w.Code != http.StatusCreated || paid.last.PaymentMethod != "card" {
		t.Errorf("%d, paid by %q", w.Code, paid.last.PaymentMethod)
	}
}

// A key makes a request safe to send again. Any text can be a key, with or without
// quotes.
func TestCreate_IdempotencyKey(t *testing.T) {
	h, _ := serve(t)
	post := func(key, body string) (*httptest.ResponseRecorder, map[string]any) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/orders", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", key)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w, decode(t, w)
	}
	for _, key := range []string{`"8e03978e-40d5-43e8-bc93-6894a57f9324"`, "a b~", strings.Repeat("x", 255)} {
		first, want := post(key, draft)
		again, got := post(key, draft)
		if first.Code != http.StatusCreated || again.Code != http.StatusCreated || !reflect.DeepEqual(got, want) ||
			again.Header().Get("Location") != "/orders/"+fmt.Sprint(want["id"]) {
			t.Errorf("%q: %d %v, then %d %v, %v", key, first.Code, want, again.Code, got, again.Header())
		}
		if w, got := post(key, strings.Replace(draft, "ada", "bob", 1)); w.Code != http.StatusUnprocessableEntity || got["type"] != "/problems/idempotency_key_reused" {
			t.Errorf("%q: %d %v", key, w.Code, got)
		}
	}
	for _, key := range []string{strings.Repeat("x", 256), "tab\t", "ä", "\xff"} {
		if w, got := post(key, draft); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `"location":"header.Idempotency-Key"`) {
			t.Errorf("%q: %d %v", key, w.Code, got)
		}
	}
	if list := decode(t, do(t, h, http.MethodGet, "/orders", ""))["orders"].([]any); len(list) != 3 {
		t.Errorf("%d orders", len(list))
	}
}

// items returns the body of an order of n times the same item.
func items(n int, item string) string {
	return `{"customer":"ada","items":[` + strings.TrimSuffix(strings.Repeat(item+",", n), ",") + `]}`
}

// The documented limits hold, and a value at the limit is accepted. Nothing is paid for an
// order that is refused.
func TestCreate_Limits(t *testing.T) {
	const one = `{"sku":"coffee","quantity":1}`
	name := func(n int) string { return strings.Repeat("ä", n) }
	for _, c := range []struct{ body, location string }{
		{items(1, one), ""},
		{items(100, one), ""},
		{items(101, one), "body.items"},
		{items(0, one), "body.items"},
		{`{"customer":"ada"}`, "body"},
		{strings.Replace(draft, `"ada"`, `"`+name(64)+`"`, 1), ""},
		{strings.Replace(draft, `"ada"`, `"`+name(65)+`"`, 1), "body.customer"},
		{strings.Replace(draft, `"ada"`, `""`, 1), "body.customer"},
		{items(1, `{"sku":"coffee","quantity":1000}`), ""},
		{items(1, `{"sku":"coffee","quantity":1001}`), "body.items[0].quantity"},
		{items(1, `{"sku":"coffee","quantity":0}`), "body.items[0].quantity"},
		{items(1, `{"sku":"`+name(65)+`","quantity":1}`), "body.items[0].sku"},
		{items(1, `{"sku":"","quantity":1}`), "body.items[0].sku"},
		{items(2, `{"sku":"coffee","quantity":1,"colour":"red"}`), "body.items[1].colour"},
		{items(2, `{"sku":"coffee","quantity":"one"}`), "body.items[1].quantity"},
		{strings.Replace(draft, "invoice", "cash", 1), "body.payment_method"},
		{strings.Replace(draft, `"customer"`, `"client"`, 1), "body"},
	} {
		h, paid := serve(t)
		w := do(t, h, http.MethodPost, "/orders", c.body)
		if c.location == "" {
			if w.Code != http.StatusCreated {
				t.Errorf("%.80s: %d %s", c.body, w.Code, w.Body)
			}
			continue
		}
		if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `"location":"`+c.location) || paid.last.Items != nil {
			t.Errorf("%.80s: %d %s, want %s; paid for %v", c.body, w.Code, w.Body, c.location, paid.last.Items)
		}
	}
}

// The client gets the type, the status and the text of every refusal of the domain.
func TestRefusals(t *testing.T) {
	h, _ := serve(t)
	id := fmt.Sprint(decode(t, do(t, h, http.MethodPost, "/orders", draft))["id"])
	do(t, h, http.MethodPost, "/orders/"+id+"/cancel", "")
	for _, c := range []struct {
		method, path, body string
		status             int
		code, detail       string
	}{
		{http.MethodPost, "/orders", items(1, `{"sku":"unicorn","quantity":1}`), 409, "out_of_stock", "an article of the order is out of stock"},
		{http.MethodPost, "/orders", items(1, `{"sku":"machine","quantity":1}`), 402, "payment_declined", "the payment was declined"},
		{http.MethodPost, "/orders", items(1, `{"sku":"machine","quantity":2}`), 503, "payment_unavailable", "payments are not possible at the moment; try again later"},
		{http.MethodPost, "/orders", items(1, `{"sku":"dragon","quantity":1}`), 422, "unknown_article", "an article of the order does not exist"},
		{http.MethodGet, "/orders/ord_none", "", 404, "order_not_found", "there is no such order"},
		{http.MethodPost, "/orders/ord_none/cancel", "", 404, "order_not_found", "there is no such order"},
		{http.MethodPost, "/orders/" + id + "/cancel", "", 409, "already_cancelled", "the order was cancelled before"},
		{http.MethodGet, "/orders?cursor=ord_none", "", 422, "unknown_cursor", "there is no page with this cursor"},
	} {
		w := do(t, h, c.method, c.path, c.body)
		got := decode(t, w)
		if w.Code != c.status || got["type"] != "/problems/"+c.code || got["detail"] != c.detail {
			t.Errorf("%s %s: %d %s", c.method, c.path, w.Code, w.Body)
		}
		if kind := w.Header().Get("Content-Type"); kind != problem.ContentType {
			t.Errorf("%s %s: content type %s", c.method, c.path, kind)
		}
	}
}

// A page has as many orders as the client asks for, within limits, and the cursor of
// the next page.
func TestList(t *testing.T) {
	h, _ := serve(t)
	if w := do(t, h, http.MethodGet, "/orders/", ""); w.Code != http.StatusNotFound { // whichever router there is
		t.Errorf("with a slash at the end: %d %s", w.Code, w.Body)
	}
	if w := do(t, h, http.MethodGet, "/orders", ""); w.Code != http.StatusOK || strings.TrimSpace(w.Body.String()) != `{"orders":[]}` {
		t.Errorf("without orders: %d %s", w.Code, w.Body)
	}
	var ids []string // the newest first
	for range 101 {
		ids = slices.Insert(ids, 0, fmt.Sprint(decode(t, do(t, h, http.MethodPost, "/orders", items(1, `{"sku":"coffee","quantity":1}`)))["id"]))
	}
	for _, c := range []struct {
		query string
		from  int // in ids
		want  int // how many
		next  bool
	}{
		{"", 0, 20, true},
		{"?limit=1", 0, 1, true},
		{"?limit=100", 0, 100, true},
		{"?limit=100&cursor=" + ids[0], 1, 100, false},
		{"?limit=2&cursor=" + ids[98], 99, 2, false},
		{"?cursor=" + ids[100], 101, 0, false},
	} {
		w := do(t, h, http.MethodGet, "/orders"+c.query, "")
		var got []string
		page := decode(t, w)
		for _, o := range page["orders"].([]any) {
			got = append(got, fmt.Sprint(o.(map[string]any)["id"]))
		}
		next, _ := page["next_cursor"].(string)
		if w.Code != http.StatusOK || !slices.Equal(got, ids[c.from:c.from+c.want]) || (next != "") != c.next || c.next && next != got[len(got)-1] {
			t.Errorf("%s: %d, %d orders, next %q", c.query, w.Code, len(got), next)
		}
	}
	for query, location := range map[string]string{
		"limit=0": "limit", "limit=101": "limit", "limit=x": "limit", "limit=": "limit", "limit=1&limit=2": "limit", "cursor=&cursor=": "cursor",
	} {
		if w := do(t, h, http.MethodGet, "/orders?"+query, ""); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `"location":"query.`+location+`"`) {
			t.Errorf("%s: %d %s", query, w.Code, w.Body)
		}
	}
}
