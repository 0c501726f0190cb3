package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.opentelemetry.io/otel/trace"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"shop/internal/telemetry/telemetrytest"
)

const anOrder = `{"customer":"ada","items":[{"sku":"coffee","quantity":2}]}`

// A request right before SIGTERM: all three signals arrive, in one trace.
func TestOrders_LoseNothingAtTheEnd(t *testing.T) {
	t.Parallel()
	collector := telemetrytest.NewCollector(t)
	p := start(t, "OTEL_EXPORTER_OTLP_ENDPOINT="+collector.URL, "ENVIRONMENT=production", "SHUTDOWN_GRACE=0s")
	if status, body := p.do(http.MethodPost, "/orders", anOrder); status != http.StatusCreated {
		t.Fatalf("%d %s", status, body)
	}
	if code := p.stop(); code != 0 {
		t.Errorf("exit status %d\n%s", code, &p.stderr)
	}

	wantID, err := trace.TraceIDFromHex(parent[3:35])
	if err != nil {
		t.Fatal(err)
	}
	parents := map[string]string{"POST /orders": "", "create_order": "POST /orders", "check_inventory": "create_order", "process_payment": "create_order"}
	names := map[string]string{} // by span id
	for _, span := range collector.Spans() {
		names[string(span.GetSpanId())] = span.GetName()
	}
	for _, span := range collector.Spans() {
		want, known := parents[span.GetName()]
		if !known {
			continue // the store's own
		}
		if trace.TraceID(span.GetTraceId()) != wantID || names[string(span.GetParentSpanId())] != want {
			t.Errorf("unexpected span %v", span)
		}
		delete(parents, span.GetName())
	}
	if len(parents) > 0 {
		t.Errorf("these spans did not arrive: %v", parents)
	}
	for _, name := range []string{"orders.processed", "orders.active", "payment.duration"} {
		if collector.Metric(name) == nil {
			t.Errorf("no metric %s", name)
		}
	}
	found := false
	for _, record := range collector.Records() {
		found = found || record.GetBody().GetStringValue() == "order created" && trace.TraceID(record.GetTraceId()) == wantID
	}
	if !found {
		t.Error("the log record did not arrive")
	}
	if !strings.Contains(p.stdout.String(), `"trace_id":"`+wantID.String()+`"`) {
		t.Errorf("stdout has no trace id:\n%s", &p.stdout)
	}
}

// Why a request was refused is on its server span, whichever layer refused it.
func TestOrders_RefusalsAreExplained(t *testing.T) {
	t.Parallel()
	collector := telemetrytest.NewCollector(t)
	p := start(t, "OTEL_EXPORTER_OTLP_ENDPOINT="+collector.URL, "SHUTDOWN_GRACE=0s")
	refusals := []struct {
		body      string
		status    int64
		errorType string
		locations []string
	}{
		{`{`, 400, "400", nil},
		{strings.Repeat(" ", 2<<20) + "{}", 413, "413", nil},
		{`{"customer":"","items":[{"sku":"coffee","quantity":0}]}`, 422, "422", []string{"body.customer", "body.items[0].quantity"}},
		{strings.Replace(anOrder, "coffee", "machine", 1), 402, "payment_declined", nil},
	}
	for _, c := range refusals {
		p.do(http.MethodPost, "/orders", c.body)
	}
	p.do(http.MethodGet, "/orders/ord_none", "")
	p.stop()
	for _, c := range refusals {
		found := false
		for _, span := range collector.Spans() {
			var status int64
			for _, kv := range span.GetAttributes() {
				if kv.GetKey() == "http.response.status_code" {
					status = kv.GetValue().GetIntValue()
				}
			}
			if status != c.status || span.GetKind() != tracepb.Span_SPAN_KIND_SERVER {
				continue
			}
			found = true
			if got := telemetrytest.Strings(span.GetAttributes())["error.type"]; got != c.errorType || span.GetStatus().GetCode() != 0 {
				t.Errorf("%d: error.type %q, status %v", c.status, got, span.GetStatus())
			}
			var detail string
			var locations []string
			for _, event := range span.GetEvents() {
				for _, kv := range event.GetAttributes() {
					if kv.GetKey() == "problem.detail" {
						detail = kv.GetValue().GetStringValue()
					}
					for _, location := range kv.GetValue().GetArrayValue().GetValues() {
						locations = append(locations, location.GetStringValue())
					}
				}
			}
			if detail == "" || c.locations != nil && !slices.Equal(locations, c.locations) {
				t.Errorf("%d: %q at %q", c.status, detail, locations)
			}
		}
		if !found {
			t.Errorf("no span of a %d", c.status)
		}
	}
	notFound := collector.Span("GET /orders/{id}")
	if got := telemetrytest.Strings(notFound.GetAttributes())["problem.type"]; got != "/problems/order_not_found" {
		t.Errorf("problem.type %q", got)
	}
}

// A developer sees one tree for a request, and each log line once.
func TestOrders_DevelopmentConsole(t *testing.T) {
	t.Parallel()
	p := start(t)
	if status, body := p.do(http.MethodPost, "/orders", anOrder); status != http.StatusCreated {
		t.Fatalf("%d %s", status, body)
	}
	p.stop()
	all := p.stdout.String() + p.stderr.String()
	for text, want := range map[string]int{"POST /orders 201": 1, "create_order": 1, "order created": 1, "payment.method=card": 1, "/readyz": 0, `"Name"`: 0, "go.memory": 0} {
		if n := strings.Count(all, text); n != want {
			t.Errorf("%q is there %d times, want %d", text, n, want)
		}
	}
	if t.Failed() {
		t.Log(all)
	}
}

// Orders under way when the signal comes are answered, and so are those in
// the time of grace, when the service is unready; then it takes no more.
func TestOrders_UnderWayAreAnswered(t *testing.T) {
	t.Parallel()
	p := start(t, "SHUTDOWN_GRACE=3s")
	dial := func() (net.Conn, error) {
		return (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(p.url, "http://"))
	}
	connection, err := dial()
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	half := len(anOrder) / 2
	fmt.Fprintf(connection, "POST /orders HTTP/1.1\r\nHost: shop\r\nContent-Length: %d\r\n", len(anOrder))
	_ = p.header.Write(connection)
	fmt.Fprintf(connection, "\r\n%s", anOrder[:half])
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	status := http.StatusOK
	for status == http.StatusOK { // the signal is on its way
		status, _ = p.do(http.MethodGet, "/readyz", "")
	}
	if status != http.StatusServiceUnavailable {
		t.Errorf("/readyz in the time of grace: %d", status)
	}
	if status, body := p.do(http.MethodPost, "/orders", anOrder); status != http.StatusCreated {
		t.Errorf("in the time of grace: %d %s", status, body)
	}
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) { // until it takes no more
		another, err := dial()
		if errors.Is(err, syscall.ECONNREFUSED) {
			break
		}
		if err == nil {
			another.Close()
		}
		if time.Now().After(deadline) {
			t.Fatalf("still taking connections: %v", err)
		}
	}
	fmt.Fprint(connection, anOrder[half:])
	reply := make([]byte, 12)
	if _, err := io.ReadFull(connection, reply); err != nil || string(reply) != "HTTP/1.1 201" {
		t.Errorf("%q, %v", reply, err)
	}
	if err := p.wait(); err != nil {
		t.Errorf("%v\n%s", err, &p.stderr)
	}
}

// The response to a creation says where the order is (RFC 9110, section 15.3.2).
func TestOrders_Location(t *testing.T) {
	t.Parallel()
	p := start(t)
	_, header, body := p.ask(http.MethodPost, "/orders", anOrder)
	var created struct{ ID string }
	if err := json.Unmarshal([]byte(body), &created); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	if got := header.Get("Location"); created.ID == "" || got != "/orders/"+created.ID {
		t.Errorf("Location %q of order %q", got, created.ID)
	}
}

// An order that is sent several times at once, with the same key, is placed once.
func TestOrders_IdempotencyKey(t *testing.T) {
	t.Parallel()
	p := start(t)
	p.header.Set("Idempotency-Key", `"8e03978e-40d5-43e8-bc93-6894a57f9324"`)
	const all = `{"customer":"ada","items":[{"sku":"coffee","quantity":75}]}`
	answers := make(chan string, 10)
	for range cap(answers) {
		go func() {
			status, header, body := p.ask(http.MethodPost, "/orders", all)
			answers <- fmt.Sprint(status, " ", header.Get("Location"), " ", body)
		}()
	}
	first := <-answers
	for range cap(answers) - 1 {
		if answer := <-answers; answer != first || !strings.HasPrefix(answer, "201 /orders/ord_") {
			t.Errorf("got %s and %s", first, answer)
		}
	}
	if status, body := p.do(http.MethodGet, "/orders", ""); status != http.StatusOK || strings.Count(body, `"id":`) != 1 {
		t.Errorf("%d %s", status, body)
	}
	if status, body := p.do(http.MethodPost, "/orders", anOrder); status != http.StatusUnprocessableEntity || !strings.Contains(body, `"type":"/problems/idempotency_key_reused"`) {
		t.Errorf("another order with the key: %d %s", status, body)
	}
}

// The API from end to end. Errors have the trace id, and nothing that is secret.
func TestOrders_API(t *testing.T) {
	t.Parallel()
	p := start(t)
	var created struct{ ID, Status string }
	status, body := p.do(http.MethodPost, "/orders", anOrder)
	if err := json.Unmarshal([]byte(body), &created); err != nil || status != http.StatusCreated || created.Status != "open" {
		t.Fatalf("%d %s", status, body)
	}
	for _, c := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", "/orders/" + created.ID, "", 200, `"total_cents":2500`},
		{"HEAD", "/orders", "", 200, ""},
		{"GET", "/orders?limit=1", "", 200, `"id":"` + created.ID},
		{"POST", "/orders/" + created.ID + "/cancel", "", 200, `"status":"cancelled"`},
		{"POST", "/orders/" + created.ID + "/cancel", "", 409, `"type":"/problems/already_cancelled"`},
		{"GET", "/orders/ord_none", "", 404, `"detail":"there is no such order"`},
		{"GET", "/orders?limit=0", "", 422, `"location":"query.limit"`},
		{"POST", "/orders", `{"customer":"ada","items":[{"sku":"machine","quantity":1}]}`, 402, `"type":"/problems/payment_declined"`},
		{"POST", "/orders", `{"customer":"ada","items":[{"sku":"unicorn","quantity":1}]}`, 409, `"type":"/problems/out_of_stock"`},
		{"POST", "/orders", `{"customer":"ada","items":[{"sku":"coffee","quantity":0}]}`, 422, `"location":"body.items[0].quantity"`},
		{"POST", "/orders", `{"customer":"ada","items":[{"sku":"coffee","quantity":1}],"password":"hunter2"}`, 422, `"location":"body`},
		{"POST", "/orders", `{"customer":"` + strings.Repeat("\u00e4", 64) + `","items":[{"sku":"coffee","quantity":1}]}`, 201, `"status":"open"`},
		{"POST", "/orders", `{"customer":"ada","items":[{"sku":"coffee","quantity":1}],"payment_method":"hunter2"}`, 422, `"location":"body.payment_method"`},
		{"POST", "/orders", strings.Replace(anOrder, "ada", "", 1), 422, `"location":"body.customer"`},
		{"POST", "/orders", strings.Replace(anOrder, "ada", strings.Repeat("a", 65), 1), 422, `"location":"body.customer"`},
		{"POST", "/orders", `{"customer":"ada","items":[]}`, 422, `"location":"body.items"`},
		{"POST", "/orders", strings.Replace(anOrder, "coffee", "", 1), 422, `"location":"body.items[0].sku"`},
		{"POST", "/orders", strings.Replace(anOrder, "coffee", strings.Repeat("a", 65), 1), 422, `"location":"body.items[0].sku"`},
		{"POST", "/orders", strings.Replace(anOrder, "2", "1001", 1), 422, `"location":"body.items[0].quantity"`},
		{"POST", "/orders", `{`, 400, `"title":"Bad Request"`},
		{"POST", "/orders", strings.Repeat(" ", 2<<20) + "{}", 413, `"title":"Request Entity Too Large"`},
		{"DELETE", "/orders", "", 405, `"title":"Method Not Allowed"`},
		{"GET", "/nowhere", "", 404, `"title":"Not Found"`},
	} {
		status, body := p.do(c.method, c.path, c.body)
		if status != c.status || !strings.Contains(body, c.want) {
			t.Errorf("%s %s: %d %s", c.method, c.path, status, body)
		}
		if status >= 400 && !strings.Contains(body, `"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736"`) {
			t.Errorf("%s %s: no trace id in %s", c.method, c.path, body)
		}
		for _, unwanted := range []string{"hunter2", "$schema"} { // a secret, and a link made from the Host header
			if strings.Contains(body, unwanted) {
				t.Errorf("%s %s: %s is in %s", c.method, c.path, unwanted, body)
			}
		}
	}
}

// Each page has the cursor of the next one, and the last page has none.
func TestOrders_Pages(t *testing.T) {
	t.Parallel()
	p := start(t)
	for range 3 {
		if status, body := p.do(http.MethodPost, "/orders", anOrder); status != http.StatusCreated {
			t.Fatalf("%d %s", status, body)
		}
	}
	seen, pages := map[string]bool{}, 0
	for query := "?limit=2"; query != ""; pages++ {
		var page struct {
			Orders     []struct{ ID string }
			NextCursor string `json:"next_cursor"`
		}
		status, body := p.do(http.MethodGet, "/orders"+query, "")
		if err := json.Unmarshal([]byte(body), &page); err != nil || status != http.StatusOK || len(page.Orders) == 0 {
			t.Fatalf("%s: %d %s", query, status, body)
		}
		for _, order := range page.Orders {
			if seen[order.ID] {
				t.Fatalf("%s: %s is on two pages", query, order.ID)
			}
			seen[order.ID] = true
		}
		if query = ""; page.NextCursor != "" {
			query = "?limit=2&cursor=" + page.NextCursor
		}
	}
	if len(seen) != 3 || pages != 2 {
		t.Errorf("%d orders on %d pages, want 3 on 2", len(seen), pages)
	}
}
