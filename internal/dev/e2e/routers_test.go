//go:build matrix

package e2e_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/internal/dev/e2e"
)

// request is one that every router gets. {id} is that of the order that the
// first of them makes.
type request struct {
	method, path, kind, body string
	header                   http.Header
}

func (r request) String() string {
	return fmt.Sprintf("%s %.200s %s %.200s %v", r.method, r.path, r.kind, r.body, r.header)
}

const orderBody = `{"customer":"ada","items":[{"sku":"coffee","quantity":2}]}`

const (
	largest     = 32 << 10 // the default of HTTP_MAX_HEADER_BYTES
	otherFields = len("Accept-Encoding: gzip\r\nTraceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\nUser-Agent: test\r\nX: \r\n")
)

var requests = []request{
	{"POST", "/orders", "application/json", orderBody, nil},
	{"GET", "/orders/{id}", "", "", nil},
	{"HEAD", "/orders/{id}", "", "", nil},
	{"GET", "/orders?limit=1", "", "", nil},
	{"HEAD", "/orders", "", "", nil},
	{"POST", "/orders/{id}/cancel", "", "", nil},
	{"POST", "/orders/{id}/cancel", "", "", nil},
	{"POST", "/orders/{id}/cancel", "application/json", `{"why":"not"}`, nil},
	// A body that nobody has asked for.
	{"POST", "/orders/{id}/cancel", "application/json", "{", nil},
	{"GET", "/orders?limit=1", "application/json", strings.Repeat(" ", 2<<20), nil},
	// Refused by the domain, and by validation.
	{"GET", "/orders/ord_none", "", "", nil},
	{"GET", "/orders/a%2Fb", "", "", nil},
	{"GET", "/orders/a+b%20c", "", "", nil},
	{"GET", "/orders/%F0%9F%8D%B5", "", "", nil},
	{"POST", "/orders", "application/json", strings.Replace(orderBody, "coffee", "machine", 1), nil},
	{"POST", "/orders", "application/json", strings.Replace(orderBody, "coffee", "unicorn", 1), nil},
	{"GET", "/orders?limit=0", "", "", nil},
	{"GET", "/orders?limit=many", "", "", nil},
	{"POST", "/orders", "application/json", strings.Replace(orderBody, "2", "0", 1), nil},
	{"POST", "/orders", "application/json", strings.Replace(orderBody, "2", `"two"`, 1), nil},
	{"POST", "/orders", "application/json", strings.Replace(orderBody, "customer", "costumer", 1), nil},
	{"POST", "/orders", "application/json", `{"customer":"ada","items":[]}`, nil},
	{"POST", "/orders", "application/json", `{"customer":"ada","items":[{"sku":"coffee","quantity":1}],"payment_method":"shells"}`, nil},
	{"POST", "/orders", "application/json", `{"customer":"` + strings.Repeat("a", 65) + `","items":[{"sku":"","quantity":1001}]}`, nil},
	{"POST", "/orders", "application/json", `null`, nil},
	{"POST", "/orders", "application/json", `[]`, nil},
	{"POST", "/orders", "application/json", `{`, nil},
	{"POST", "/orders", "application/json", orderBody + orderBody, nil},
	{"POST", "/orders", "application/json", "", nil},
	{"POST", "/orders", "application/json", strings.Repeat(" ", 2<<20) + orderBody, nil},
	{"POST", "/orders", "application/json", orderBody + "\n", nil},
	{"POST", "/orders", "application/json", strings.Replace(orderBody, "customer", "Customer", 1), nil},
	{"POST", "/orders", "application/json", strings.Replace(orderBody, `{"customer"`, `{"customer":"bob","CUSTOMER"`, 1), nil},
	{"POST", "/orders", "application/json", strings.Replace(orderBody, `{"customer"`, `{"customer":"","customer"`, 1), nil},
	{"POST", "/orders", "application/json", strings.Replace(orderBody, `"quantity":2`, `"quantity":2,"quantity":0`, 1), nil},
	{"POST", "/orders", "application/json", strings.Replace(orderBody, "2", "2.0", 1), nil},
	{"POST", "/orders", "application/json", strings.Replace(orderBody, `"ada"`, "null", 1), nil},
	{"POST", "/orders", "application/json; charset=utf-8", orderBody, nil},
	{"POST", "/orders", "application/json; charset=latin1", orderBody, nil},
	{"POST", "/orders", "application/vnd.api+json", orderBody, nil},
	{"POST", "/orders", "text/plain", orderBody, nil},
	{"POST", "/orders", "", orderBody, nil},
	// Without a route, or without that method.
	{"DELETE", "/orders", "", "", nil},
	{"PUT", "/orders/{id}", "application/json", orderBody, nil},
	{"DELETE", "/orders/a%2Fb", "", "", nil},
	{"GET", "/orders/{id}/cancel", "", "", nil},
	{"OPTIONS", "/orders", "", "", nil},
	{"BREW", "/orders/{id}", "", "", nil},
	{"BREW", "/nowhere", "", "", nil},
	{"GET", "/", "", "", nil},
	{"GET", "/nowhere", "", "", nil},
	{"HEAD", "/nowhere", "", "", nil},
	{"GET", "/orders/{id}/", "", "", nil},
	{"GET", "/orders/", "", "", nil},
	{"GET", "/orders/{id}/cancel/more", "", "", nil},
	{"GET", "//orders", "", "", nil},
	{"POST", "/orders//cancel", "", "", nil},
	{"HEAD", "/orders//cancel", "", "", nil},
	{"GET", "/Orders", "", "", nil},
	{"POST", "/nowhere", "application/json", orderBody, nil},
	// Parameters that are there twice, empty, too large, or no text.
	{"GET", "/orders?limit=", "", "", nil},
	{"GET", "/orders?limit", "", "", nil},
	{"GET", "/orders?limit=1&limit=1", "", "", nil},
	{"GET", "/orders?limit=1&limit=many", "", "", nil},
	{"GET", "/orders?limit=99999999999999999999", "", "", nil},
	{"GET", "/orders?limit=-1", "", "", nil},
	{"GET", "/orders?limit=%2B1", "", "", nil},
	{"GET", "/orders?limit=01", "", "", nil},
	{"GET", "/orders?limit=1.0", "", "", nil},
	{"GET", "/orders?limit=1e0", "", "", nil},
	{"GET", "/orders?limit=0x1", "", "", nil},
	{"GET", "/orders?limit=%201", "", "", nil},
	{"GET", "/orders?limit=%D9%A1", "", "", nil}, // an Arabic digit
	{"GET", "/orders?limit=%zz", "", "", nil},
	{"GET", "/orders?limit=1;cursor=x", "", "", nil},
	{"GET", "/orders/{id}?a=100%", "", "", nil},
	{"GET", "/orders?Limit=0&other=1", "", "", nil},
	{"GET", "/orders?cursor=", "", "", nil},
	{"GET", "/orders?cursor={id}", "", "", nil},
	{"GET", "/orders?cursor={id}&cursor={id}", "", "", nil},
	{"GET", "/orders?cursor=%00", "", "", nil},
	{"GET", "/orders?cursor=%FF%FE", "", "", nil},
	{"GET", "/orders?cursor='%20OR%201=1--", "", "", nil},
	{"GET", "/orders?cursor=" + strings.Repeat("%F0%9F%8D%B5", 100), "", "", nil},
	{"GET", "/orders/" + strings.Repeat("x", 65), "", "", nil},
	{"GET", "/orders/" + strings.Repeat("x", 5000), "", "", nil},
	{"GET", "/orders/%FF", "", "", nil},
	{"POST", "/orders/" + strings.Repeat("x", 65) + "/cancel", "", "", nil},
	{"POST", "/orders", "application/json", strings.Replace(orderBody, "2", "99999999999999999999", 1), nil},
	{"POST", "/orders", "application/json", strings.Replace(orderBody, "2", "1e19", 1), nil},
	{"POST", "/orders", "application/json", strings.Replace(orderBody, "2", "-0", 1), nil},
	{"POST", "/orders", "application/json", strings.Replace(orderBody, "ada", strings.Repeat("\U0001F375", 64), 1), nil},
	{"POST", "/orders", "application/json", strings.Replace(orderBody, "ada", strings.Repeat("\U0001F375", 65), 1), nil},
	{"POST", "/orders", "application/json", strings.Replace(orderBody, "ada", `\u0000\ud800`, 1), nil},
	{"POST", "/orders", "application/json", strings.Replace(orderBody, "ada", "\xff", 1), nil},
	{"POST", "/orders", "application/json", "\ufeff" + orderBody, nil},
	// Header fields.
	{"GET", "/orders?limit=1", "", "", http.Header{"Accept": {"text/html"}}},
	{"GET", "/orders?limit=1", "", "", http.Header{"Accept": {"application/cbor, application/xml;q=0.9"}}},
	{"GET", "/orders?limit=1", "", "", http.Header{"Accept": {"*/*;q=0"}}},
	{"GET", "/orders?limit=1", "", "", http.Header{"Accept": {"nonsense", "application/json"}}},
	{"GET", "/orders/ord_none", "", "", http.Header{"Accept": {"application/xml"}}},
	{"GET", "/orders/{id}", "", "", http.Header{"If-None-Match": {"*"}, "If-Modified-Since": {"Fri, 01 Jan 2100 00:00:00 GMT"}}},
	{"GET", "/orders/{id}", "", "", http.Header{"If-Match": {`"none"`}, "Range": {"bytes=0-1"}}},
	{"POST", "/orders", "application/json", orderBody, http.Header{"Content-Encoding": {"gzip"}}},
	{"POST", "/orders", "application/json", orderBody, http.Header{"Idempotency-Key": {""}}},
	{"POST", "/orders", "application/json", orderBody, http.Header{"Idempotency-Key": {"one", "one"}}},
	{"POST", "/orders", "application/json", orderBody, http.Header{"Idempotency-Key": {strings.Repeat("x", 256)}}},
	{"POST", "/orders", "application/json", orderBody, http.Header{"Idempotency-Key": {"\u00e4"}}},
	{"POST", "/orders", "application/json", orderBody, http.Header{"X-HTTP-Method-Override": {"DELETE"}}},
	// As large as a request may be, and larger.
	{"GET", "/orders?cursor=" + strings.Repeat("x", largest-len("/orders?cursor=")), "", "", nil},
	{"GET", "/orders?cursor=" + strings.Repeat("x", largest-len("/orders?cursor=")+1), "", "", nil},
	{"GET", "/" + strings.Repeat("x", largest), "", "", nil},
	{"GET", "/orders/{id}", "", "", http.Header{"X": {strings.Repeat("x", largest-otherFields)}}},
	{"GET", "/orders/{id}", "", "", http.Header{"X": {strings.Repeat("x", largest-otherFields+1)}}},
	{"GET", "/orders/{id}", "", "", http.Header{"X": {strings.Repeat("x", largest)}}},
	{"GET", "/orders", "text/plain", "a body that nobody asked for", nil},
	{"POST", "/orders/{id}/cancel", "text/plain", "why", nil},
}

// Which router is chosen can be seen neither in the answers nor in the
// telemetry: the same request gives the same spans, attribute by attribute, and
// the same series. Which API is chosen can be seen in the words of an answer, but
// not in its outline.
func TestMatrix_RoutersAreTheSame(t *testing.T) {
	t.Parallel()
	slots := map[string]generator.Slot{}
	for _, slot := range e2e.Catalog(t).Slots {
		slots[slot.Name] = slot
	}
	routers, apis := slots["router"], slots["api"]
	byAPI := make([]observed, len(apis.Values)) // with the default router
	t.Run("routers", func(t *testing.T) {
		for i, api := range apis.Values {
			t.Run(api, func(t *testing.T) {
				t.Parallel()
				want := observe(t, routers.Default, api)
				byAPI[i] = want
				for _, router := range routers.Values {
					if router == routers.Default {
						continue
					}
					got := observe(t, router, api)
					for i, r := range requests {
						if got.exchanges[i] != want.exchanges[i] {
							t.Errorf("%s\n%s: %s\n%s: %s", r, router, got.exchanges[i], routers.Default, want.exchanges[i])
						}
					}
					if !slices.Equal(got.series, want.series) {
						t.Errorf("series of %s:\n%s\nof %s:\n%s", router, strings.Join(got.series, "\n"), routers.Default, strings.Join(want.series, "\n"))
					}
				}
			})
		}
	})
	if t.Failed() {
		return
	}
	for i, r := range requests {
		for j, api := range apis.Values {
			if got, want := byAPI[j].outlines[i], byAPI[0].outlines[i]; got != want {
				t.Errorf("%s\n%s: %s\n%s: %s", r, api, got, apis.Values[0], want)
			}
		}
	}
}

// observed is what a client and a collector see of the requests.
type observed struct {
	exchanges []string // one per request
	outlines  []string // of the answers: what does not depend on how an API puts it
	series    []string
}

func observe(t *testing.T, router, api string) observed {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "shop")
	e2e.New(t, e2e.Catalog(t), dir, generator.Spec{Service: "shop", Module: "shop", Slots: map[string]string{
		"router": router, "api": api, "sample": "orders",
	}, Features: []string{"capture"}})
	collector := e2e.StartCollector(t, filepath.Join(dir, "deploy", "otel-collector.yaml"))
	address := e2e.FreeAddress(t)
	service := e2e.Start(t, []string{
		"HTTP_ADDR=" + address, "ENVIRONMENT=test", "SHUTDOWN_GRACE=0s", "OTEL_EXPORTER_OTLP_ENDPOINT=" + collector.Endpoint,
		"HTTP_CAPTURE_PATH_PARAMETERS=id", "HTTP_CAPTURE_QUERY_PARAMETERS=limit",
		"OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_REQUEST=Content-Type",
		"OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_RESPONSE=Content-Type,Location,Allow",
	}, e2e.Build(t, dir, "shop"))
	service.AwaitOK("http://" + address + "/readyz")
	var seen observed
	var order struct{ ID string }
	var sizes []string // of the bodies
	for i, r := range requests {
		r.path = strings.ReplaceAll(r.path, "{id}", order.ID)
		answer, body := send(t, address, i, r)
		if i == 0 {
			if err := json.Unmarshal([]byte(body), &order); err != nil || order.ID == "" {
				t.Fatalf("%s: %s", r, answer)
			}
		}
		seen.exchanges = append(seen.exchanges, answer)
		seen.outlines = append(seen.outlines, outline(answer, body))
		sizes = append(sizes, fmt.Sprint(len(body)))
	}
	if code := service.Stop(); code != 0 {
		t.Errorf("exit status %d\n%s", code, &service.Stderr)
	}
	arrived := collector.Stop()
	for i := range requests {
		var spans []string
		for _, span := range arrived.Spans {
			if span.TraceID != traceOf(i) {
				continue
			}
			if span.Kind == 2 {
				if size := span.Attributes["http.response.body.size"]; size != sizes[i] {
					t.Errorf("%s with %s: %s: http.response.body.size is %v, the client has got %s", router, api, requests[i], size, sizes[i])
				}
				// The length of a time depends on the time.
				delete(span.Attributes, "http.response.body.size")
			}
			spans = append(spans, describeSpan(span))
		}
		slices.Sort(spans)
		seen.exchanges[i] = stable(seen.exchanges[i] + "\n  " + strings.Join(spans, "\n  "))
	}
	for _, name := range slices.Sorted(maps.Keys(arrived.Metrics)) {
		metric := arrived.Metrics[name]
		if metric.Histogram != nil && strings.HasPrefix(name, "http.server.") {
			for _, point := range metric.Histogram.DataPoints {
				seen.series = append(seen.series, fmt.Sprintf("%s %v", name, point.Attributes))
			}
		}
	}
	slices.Sort(seen.series)
	return seen
}

func traceOf(i int) string { return fmt.Sprintf("%032x", i+1) }

// send sends a request and returns the answer, as a text and its body alone.
func send(t *testing.T, address string, i int, r request) (answer, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), r.method, "http://"+address+r.path, strings.NewReader(r.body))
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(request.Header, r.header)
	if r.kind != "" {
		request.Header.Set("Content-Type", r.kind)
	}
	request.Header.Set("User-Agent", "test")
	request.Header.Set("Traceparent", "00-"+traceOf(i)+"-00f067aa0ba902b7-01")
	response, err := http.DefaultTransport.RoundTrip(request) // follows no redirect
	if err != nil {
		t.Fatalf("%s: %v", r, err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Fatalf("%s: %v", r, err)
	}
	for _, name := range []string{"Date", "Content-Length"} {
		response.Header.Del(name)
	}
	header := new(strings.Builder)
	if err := response.Header.Write(header); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%d %s\n%s", response.StatusCode, header, content), string(content)
}

// outline returns the status of an answer, its header, and the kind of its problem.
func outline(answer, body string) string {
	var problem struct{ Type string }
	_ = json.Unmarshal([]byte(body), &problem) // there may be none
	header, _, _ := strings.Cut(answer, "\r\n\n")
	return stable(someTrace.ReplaceAllString(header, "Trace-Id: X")) + " " + problem.Type
}

func describeSpan(span e2e.Span) string {
	for _, volatile := range []string{"network.peer.port", "server.port"} {
		delete(span.Attributes, volatile)
	}
	events := ""
	for _, event := range span.Events {
		events += fmt.Sprintf(" %s%v", event.Name, event.Attributes)
	}
	return fmt.Sprintf("%s %d %v %v%s", span.Name, span.Kind, span.Status, span.Attributes, events)
}

var (
	someWords = regexp.MustCompile(`"message":"[^"]*"`) // of validation: each way to validate has its own
	someID    = regexp.MustCompile(`ord_[A-Z2-7]{26}`)
	someTrace = regexp.MustCompile(`Trace-Id: [0-9a-f]{32}`)
	someTime  = regexp.MustCompile(`\d{4}-\d\d-\d\dT[\d:.]+Z`)
)

// stable replaces what is another with every run.
func stable(text string) string {
	text = someTime.ReplaceAllString(someID.ReplaceAllString(text, "ord_X"), "TIME")
	return someWords.ReplaceAllString(text, `"message":"WORDS"`)
}
