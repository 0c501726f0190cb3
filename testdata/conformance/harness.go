// Conformance sends requests to instrumented HTTP servers and holds the spans and
// metrics of each to the semantic conventions 1.43. It prints a JSON object: the
// findings of each server, check by check.
//
// The files here hold what the routers' own instrumentation is to the same checks.
// For a generated service, harness.go, what is in _service, and the file of _styles for
// its API and its router are copied to it, where they may import its internal packages.
package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

// A subject makes a server of routes: handlers by pattern, "GET /items/{id}". What
// is in between, the middleware, runs after the instrumentation and before the
// router, or where the router has a place for it.
type subject func(routes map[string]http.HandlerFunc, between func(http.Handler) http.Handler) http.Handler

// Finding is the outcome of one check: what is wrong, or nothing.
type Finding struct {
	Group, Check string
	Wrong        string `json:",omitempty"`
}

func main() {
	findings := map[string][]Finding{}
	for name, s := range subjects() {
		for _, c := range checks {
			findings[name] = append(findings[name], Finding{c.group, c.name, c.run(s)})
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(findings); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// A check is one exchange and what its telemetry has to say.
type check struct {
	group, name string
	scenario
	want func(*seen) error
}

// A scenario is a server and a client of it.
type scenario struct {
	pattern string // of the handler; "GET /items/{id}" by default
	handler http.HandlerFunc
	between func(http.Handler) http.Handler
	server  func(*httptest.Server)
	client  func(url string) error
	served  int  // requests to wait for; 1 by default
	forget  bool // no span is kept, so that what grows is not the recorder
}

// seen is what was recorded.
type seen struct {
	spans   []sdktrace.ReadOnlySpan
	metrics map[string]metricdata.Aggregation
	units   map[string]string
}

// run returns what is wrong.
func (c check) run(s subject) string {
	got, err := c.play(s)
	if err == nil {
		err = c.want(got)
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// maxWait is how long a span may take to end.
const maxWait = 3 * time.Second

func (sc scenario) play(s subject) (*seen, error) {
	spans, reader := tracetest.NewSpanRecorder(), sdkmetric.NewManualReader()
	keep := sdktrace.WithSpanProcessor(spans)
	if sc.forget {
		keep = sdktrace.WithSyncer(tracetest.NewNoopExporter())
	}
	otel.SetTracerProvider(sdktrace.NewTracerProvider(keep))
	otel.SetMeterProvider(sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)))
	otel.SetTextMapPropagator(propagation.TraceContext{})
	slog.SetDefault(slog.New(slog.DiscardHandler))

	if sc.pattern == "" {
		sc.pattern = "GET /items/{id}"
	}
	if sc.handler == nil {
		sc.handler = func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }
	}
	if sc.between == nil {
		sc.between = func(next http.Handler) http.Handler { return next }
	}
	if sc.served == 0 {
		sc.served = 1
	}
	var done sync.WaitGroup
	done.Add(sc.served)
	handler := s(map[string]http.HandlerFunc{sc.pattern: sc.handler}, sc.between)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer done.Done()
		handler.ServeHTTP(w, r)
	}))
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	if sc.server != nil {
		sc.server(server)
	}
	if server.URL == "" {
		server.Start()
	}
	defer server.Close()
	if sc.client == nil {
		sc.client = get("/items/1")
	}
	if err := sc.client(server.URL); err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	ended := make(chan struct{})
	go func() { done.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(maxWait):
		return nil, errors.New("the request does not end")
	}
	got := &seen{metrics: map[string]metricdata.Aggregation{}, units: map[string]string{}}
	for _, span := range spans.Ended() {
		if span.SpanKind() == trace.SpanKindServer {
			got.spans = append(got.spans, span)
		}
	}
	var data metricdata.ResourceMetrics
	if err := reader.Collect(context.Background(), &data); err != nil {
		return nil, err
	}
	for _, scope := range data.ScopeMetrics {
		for _, m := range scope.Metrics {
			got.metrics[m.Name], got.units[m.Name] = m.Data, m.Unit
		}
	}
	return got, nil
}

// --- What clients do

func get(path string, header ...string) func(string) error {
	return send(http.MethodGet, path, "", header...)
}

func send(method, path, body string, header ...string) func(string) error {
	return func(url string) error {
		_, err := fetch(context.Background(), http.DefaultTransport, method, url+path, body, header...)
		return err
	}
}

func fetch(ctx context.Context, transport http.RoundTripper, method, url, body string, header ...string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("User-Agent", "conformance")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
		if header[i] == "Host" {
			r.Host = header[i+1]
		}
	}
	response, err := transport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	_, err = io.Copy(io.Discard, response.Body)
	return response, err
}

// status is send, and an error if the answer is another.
func status(want int, method, path, body string, header ...string) func(string) error {
	return func(url string) error {
		response, err := fetch(context.Background(), http.DefaultTransport, method, url+path, body, header...)
		if err == nil && response.StatusCode != want {
			err = fmt.Errorf("status %d", response.StatusCode)
		}
		return err
	}
}

// fails is f, which has to fail.
func fails(f func(string) error) func(string) error {
	return func(url string) error {
		if f(url) == nil {
			return errors.New("takes a part of the response for the whole")
		}
		return nil
	}
}

// anyhow is f, which may fail.
func anyhow(f func(string) error) func(string) error {
	return func(url string) error {
		_ = f(url)
		return nil
	}
}

// raw sends text on a connection and reads a part of the answer, up to until.
func raw(text, until string) func(string) error {
	return func(url string) error {
		conn, err := new(net.Dialer).DialContext(context.Background(), "tcp", strings.TrimPrefix(url, "http://"))
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }()
		if err := conn.SetDeadline(time.Now().Add(maxWait)); err != nil {
			return err
		}
		if _, err := io.WriteString(conn, text); err != nil {
			return err
		}
		answer := bufio.NewReader(conn)
		for {
			line, err := answer.ReadString('\n')
			if strings.Contains(line, until) {
				return nil
			}
			if err != nil {
				return err
			}
		}
	}
}

const upgrade = "GET /items/1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

// --- What handlers do

func answer(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func hijack(answer string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		_, _ = io.WriteString(conn, answer)
		_ = conn.Close()
	}
}

func stream(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	for r.Context().Err() == nil {
		_, _ = io.WriteString(w, "data: x\n\n")
		if err := http.NewResponseController(w).Flush(); err != nil {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// --- What telemetry has to say

const (
	duration     = "http.server.request.duration"
	active       = "http.server.active_requests"
	requestSize  = "http.server.request.body.size"
	responseSize = "http.server.response.body.size"
)

// onSpan wants attributes of the one span. A value of "*" may be any, "" none.
func onSpan(want ...string) func(*seen) error {
	return func(s *seen) error {
		span, err := s.span()
		if err != nil {
			return err
		}
		return holds("span", span.Attributes(), want)
	}
}

// onMetric wants attributes of the one data point of a metric.
func onMetric(name string, want ...string) func(*seen) error {
	return func(s *seen) error {
		points := s.points(name)
		switch {
		case s.metrics[name] == nil:
			return errors.New("no such metric")
		case len(points) != 1:
			return fmt.Errorf("%d series", len(points))
		}
		return holds("metric", points[0], want)
	}
}

func onBoth(want ...string) func(*seen) error {
	return all(onSpan(want...), onMetric(duration, want...))
}

func holds(where string, attrs []attribute.KeyValue, want []string) error {
	for i := 0; i+1 < len(want); i += 2 {
		got, there := "", false
		for _, a := range attrs {
			if string(a.Key) == want[i] {
				got, there = a.Value.Emit(), true
			}
		}
		switch {
		case want[i+1] == "*" && got == "":
			return fmt.Errorf("%s: no %s", where, want[i])
		case want[i+1] == "" && there:
			return fmt.Errorf("%s: %s=%q", where, want[i], got)
		case want[i+1] != "*" && want[i+1] != got && got == "":
			return fmt.Errorf("%s: no %s", where, want[i])
		case want[i+1] != "*" && want[i+1] != got:
			return fmt.Errorf("%s: %s=%s", where, want[i], got)
		}
	}
	return nil
}

// named wants a name and a status of the one span.
func named(name string, code codes.Code) func(*seen) error {
	return func(s *seen) error {
		span, err := s.span()
		switch {
		case err != nil:
			return err
		case strings.Replace(span.Name(), ":id", "{id}", 1) != name: // each router may spell its routes
			return fmt.Errorf("span is called %q", span.Name())
		case span.Status().Code != code:
			return fmt.Errorf("span status %s", span.Status().Code)
		}
		return nil
	}
}

func all(want ...func(*seen) error) func(*seen) error {
	return func(s *seen) error {
		for _, f := range want {
			if err := f(s); err != nil {
				return err
			}
		}
		return nil
	}
}

func (s *seen) span() (sdktrace.ReadOnlySpan, error) {
	if len(s.spans) != 1 {
		return nil, fmt.Errorf("%d spans", len(s.spans))
	}
	return s.spans[0], nil
}

// points returns the attributes of the data points of a metric.
func (s *seen) points(name string) [][]attribute.KeyValue {
	var points [][]attribute.KeyValue
	switch data := s.metrics[name].(type) {
	case metricdata.Histogram[float64]:
		for _, p := range data.DataPoints {
			points = append(points, p.Attributes.ToSlice())
		}
	case metricdata.Histogram[int64]:
		for _, p := range data.DataPoints {
			points = append(points, p.Attributes.ToSlice())
		}
	case metricdata.Sum[int64]:
		for _, p := range data.DataPoints {
			points = append(points, p.Attributes.ToSlice())
		}
	}
	return points
}

// size wants the sum of a histogram of bytes.
func size(name string, want int64) func(*seen) error {
	return func(s *seen) error {
		data, ok := s.metrics[name].(metricdata.Histogram[int64])
		switch {
		case !ok:
			return errors.New("no such metric")
		case s.units[name] != "By":
			return fmt.Errorf("unit %q", s.units[name])
		case len(data.DataPoints) != 1:
			return fmt.Errorf("%d series", len(data.DataPoints))
		case data.DataPoints[0].Sum != want:
			return fmt.Errorf("%d bytes", data.DataPoints[0].Sum)
		}
		return nil
	}
}

// buckets wants the buckets that the conventions recommend.
func buckets(s *seen) error {
	data, ok := s.metrics[duration].(metricdata.Histogram[float64])
	if !ok || len(data.DataPoints) != 1 {
		return errors.New("no such metric")
	}
	want := []float64{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10}
	if got := data.DataPoints[0].Bounds; !slices.Equal(got, want) || s.units[duration] != "s" {
		return fmt.Errorf("buckets %v %s", got, s.units[duration])
	}
	return nil
}

// bounded wants no more than this many series of each metric.
func bounded(most int) func(*seen) error {
	return func(s *seen) error {
		for name := range s.metrics {
			if n := len(s.points(name)); n > most {
				return fmt.Errorf("%d series", n)
			}
		}
		return nil
	}
}

// nowhere wants a text to be in no attribute.
func nowhere(text string) func(*seen) error {
	return func(s *seen) error {
		for _, span := range s.spans {
			for _, a := range span.Attributes() {
				if strings.Contains(a.Value.Emit(), text) {
					return fmt.Errorf("%s has it", a.Key)
				}
			}
		}
		return nil
	}
}

// many repeats a client, with a number to tell the requests apart.
func many(n int, client func(i string) func(string) error) func(string) error {
	return func(url string) error {
		for i := range n {
			if err := client(strconv.Itoa(i))(url); err != nil {
				return err
			}
		}
		return nil
	}
}

const flood = 1000 // requests that differ in what the client makes up

var checks = []check{
	// The attributes of the span of HTTP servers, by their requirement level.
	{"Span: required", "`http.request.method`", scenario{}, onSpan("http.request.method", "GET")},
	{"Span: required", "`url.path`", scenario{}, onSpan("url.path", "*")},
	{"Span: required", "`url.scheme`", scenario{}, onSpan("url.scheme", "http")},
	{"Span: conditionally required", "`http.route`", scenario{}, onSpan("http.route", "*")},
	{"Span: conditionally required", "`http.response.status_code`", scenario{}, onSpan("http.response.status_code", "200")},
	{
		"Span: conditionally required", "`error.type` of a 5xx", scenario{handler: answer(503), client: status(503, "GET", "/items/1", "")},
		onSpan("error.type", "503"),
	},
	{
		"Span: conditionally required", "`http.request.method_original`", scenario{client: send("BREW", "/items/1", "")},
		onSpan("http.request.method", "_OTHER", "http.request.method_original", "BREW"),
	},
	{"Span: conditionally required", "`network.protocol.name`, only if it is not `http`", scenario{}, onBoth("network.protocol.name", "")},
	{"Span: conditionally required", "`server.port`", scenario{client: get("/items/1", "Host", "shop.example:81")}, onSpan("server.port", "81")},
	{"Span: recommended", "`client.address`", scenario{}, onSpan("client.address", "127.0.0.1")},
	{"Span: recommended", "`network.peer.address`", scenario{}, onSpan("network.peer.address", "127.0.0.1")},
	{"Span: recommended", "`network.peer.port`", scenario{}, onSpan("network.peer.port", "*")},
	{"Span: recommended", "`network.protocol.version`", scenario{}, onSpan("network.protocol.version", "1.1")},
	{"Span: recommended", "`server.address`", scenario{client: get("/items/1", "Host", "shop.example")}, onSpan("server.address", "shop.example")},
	{"Span: recommended", "`user_agent.original`", scenario{}, onSpan("user_agent.original", "conformance")},

	{"Metrics", "`http.server.request.duration`, in seconds, in the recommended buckets", scenario{}, buckets},
	{
		"Metrics", "its required and recommended attributes", scenario{}, onMetric(duration, "http.request.method", "GET", "url.scheme", "http",
			"http.route", "*", "http.response.status_code", "200", "network.protocol.version", "1.1"),
	},
	{
		"Metrics", "its `error.type`", scenario{handler: answer(503), client: status(503, "GET", "/items/1", "")},
		onMetric(duration, "error.type", "503"),
	},
	{"Metrics", "`http.server.active_requests`", scenario{}, onMetric(active, "http.request.method", "GET", "url.scheme", "http")},
	{"Metrics", "`http.server.request.body.size`", scenario{pattern: "POST /items/{id}", handler: read, client: send("POST", "/items/1", "12345")}, size(requestSize, 5)},
	{"Metrics", "`http.server.response.body.size`", scenario{}, size(responseSize, 5)},

	// Requests, and what is told of them.
	{"Scenario", "matched", scenario{}, all(named("GET /items/{id}", codes.Unset), onBoth("http.response.status_code", "200"))},
	{"Scenario", "refused by the handler", scenario{handler: answer(409), client: status(409, "GET", "/items/1", "")}, all(
		named("GET /items/{id}", codes.Unset), onBoth("http.response.status_code", "409"), onMetric(duration, "error.type", ""))},
	{"Scenario", "failed by the handler", scenario{handler: answer(500), client: status(500, "GET", "/items/1", "")}, all(
		named("GET /items/{id}", codes.Error), onBoth("http.response.status_code", "500", "error.type", "500"))},
	{"Scenario", "no route", scenario{client: status(404, "GET", "/nowhere", "")}, all(
		named("GET", codes.Unset), onBoth("http.response.status_code", "404", "http.route", ""))},
	{"Scenario", "another method", scenario{client: status(405, "DELETE", "/items/1", "")}, all(
		onBoth("http.request.method", "DELETE", "http.response.status_code", "405"), bounded(1))},
	{"Scenario", "an unknown method", scenario{client: send("BREW", "/items/1", "")}, all(
		func(s *seen) error {
			span, err := s.span()
			if err == nil && span.Name() != "HTTP" && !strings.HasPrefix(span.Name(), "HTTP ") {
				err = fmt.Errorf("span is called %q", span.Name())
			}
			return err
		}, onBoth("http.request.method", "_OTHER"))},
	{"Scenario", "panic before the header", scenario{
		handler: func(http.ResponseWriter, *http.Request) { panic("boom") }, client: anyhow(get("/items/1")),
	}, all(named("GET /items/{id}", codes.Error), onBoth("error.type", "*"))},
	{"Scenario", "panic after the header", scenario{
		handler: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "10")
			_, _ = io.WriteString(w, "half")
			panic("boom")
		}, client: fails(get("/items/1")),
	}, all(named("GET /items/{id}", codes.Error), onBoth("http.response.status_code", "200", "error.type", "*"))},
	{"Scenario", "abort", scenario{
		handler: func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, client: fails(get("/items/1")),
	}, all(named("GET /items/{id}", codes.Error), onBoth("error.type", "*"))},
	{"Scenario", "hijacked connection", scenario{
		handler: hijack("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), client: raw("GET /items/1 HTTP/1.1\r\nHost: x\r\n\r\n", "200 OK"),
	}, all(named("GET /items/{id}", codes.Unset), onMetric(duration))},
	{"Scenario", "WebSocket", scenario{
		handler: hijack("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"), client: raw(upgrade, "101 "),
	}, all(named("GET /items/{id}", codes.Unset), onBoth("http.response.status_code", "101"))},
	{"Scenario", "server-sent events, until the client leaves", scenario{
		handler: stream, client: raw("GET /items/1 HTTP/1.1\r\nHost: x\r\n\r\n", "data: x"),
	}, all(named("GET /items/{id}", codes.Unset), onBoth("http.response.status_code", "200"))},
	{"Scenario", "informational status", scenario{handler: func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusAccepted)
	}, client: earlyHints}, onBoth("http.response.status_code", "202")},
	{"Scenario", "HEAD", scenario{pattern: "HEAD /items/{id}", client: status(200, "HEAD", "/items/1", "")}, all(
		named("HEAD /items/{id}", codes.Unset), size(responseSize, 0))},
	{"Scenario", "large upload", scenario{
		pattern: "POST /items/{id}", handler: read, client: send("POST", "/items/1", strings.Repeat("x", 1<<20)),
	}, size(requestSize, 1<<20)},
	{"Scenario", "client gone before the answer", scenario{
		handler: func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, client: leave,
	}, all(named("GET /items/{id}", codes.Unset), onMetric(duration))},
	{"Scenario", "`http.TimeoutHandler`", scenario{
		between: func(next http.Handler) http.Handler { return http.TimeoutHandler(next, 10*time.Millisecond, "late") },
		handler: func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, client: status(503, "GET", "/items/1", ""),
	}, all(named("GET /items/{id}", codes.Error), onBoth("http.response.status_code", "503", "http.route", "*"))},
	{"Scenario", "middleware that copies the request", scenario{
		between: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), someKey{}, 1)))
			})
		},
	}, all(named("GET /items/{id}", codes.Unset), onBoth("http.route", "*"))},
	{"Scenario", "middleware that refuses", scenario{
		between: func(http.Handler) http.Handler { return answer(401) }, client: status(401, "GET", "/items/1", ""),
	}, all(named("GET /items/{id}", codes.Unset), onBoth("http.response.status_code", "401", "http.route", "*"))},
	{"Scenario", "HTTP/2", scenario{server: func(s *httptest.Server) {
		s.EnableHTTP2 = true
		s.StartTLS()
	}, client: http2}, onBoth("network.protocol.version", "2", "url.scheme", "https")},
	{"Scenario", "h2c", scenario{server: func(s *httptest.Server) {
		s.Config.Protocols = new(http.Protocols)
		s.Config.Protocols.SetUnencryptedHTTP2(true)
	}, client: h2c}, onBoth("network.protocol.version", "2", "url.scheme", "http")},
	{"Scenario", "a trace that is continued", scenario{
		client: get("/items/1", "Traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
	}, func(s *seen) error {
		span, err := s.span()
		if err == nil && span.Parent().SpanID().String() != "00f067aa0ba902b7" {
			err = errors.New("span has another parent")
		}
		return err
	}},

	{"Safety", "1,000 `Host` headers: no series of their own", scenario{
		served: flood, client: many(flood, func(i string) func(string) error { return get("/items/1", "Host", "host"+i) }),
	}, bounded(1)},
	{"Safety", "1,000 paths without a route: no series of their own", scenario{
		served: flood, client: many(flood, func(i string) func(string) error { return get("/" + i) }),
	}, bounded(1)},
	{"Safety", "1,000 methods: no series of their own", scenario{
		served: flood, client: many(flood, func(i string) func(string) error { return send("M"+i, "/items/1", "") }),
	}, bounded(1)},
	{"Safety", "10,000 requests in which all of that is made up, and forwarded headers, traces, baggage and parameters: less than 30 series, memory stays flat", scenario{
		served: warmUp + 10*flood, client: floods, forget: true,
	}, bounded(30)},
	{"Safety", "`X-Forwarded-For` of nobody's proxy is not believed", scenario{
		client: get("/items/1", "X-Forwarded-For", "203.0.113.7"),
	}, onSpan("client.address", "127.0.0.1")},
	{"Safety", "a secret in the query is not recorded", scenario{client: get("/items/1?token=hunter2")}, nowhere("hunter2")},
	{"Safety", "a parameter of the path is not recorded", scenario{client: get("/items/hunter2")}, nowhere("hunter2")},
}

const (
	warmUp = 2 * flood // requests after which connections, pools and what is allowed to be kept are there
	flat   = 128 << 10 // bytes by which the heap may differ: 13 for each request
)

// floods sends requests in which nothing is as in another one, and returns an error if
// the process keeps something of them: client, server and telemetry.
func floods(url string) error {
	random := rand.New(rand.NewPCG(1, 2))
	send := func(n int) error {
		for range n {
			made := func() string { return strconv.FormatUint(random.Uint64(), 36) }
			method := []string{"GET", "HEAD", "POST", "DELETE", "M" + made()}[random.IntN(5)]
			path := []string{"/items/" + made(), "/items/" + made() + "/" + made(), "/" + made()}[random.IntN(3)]
			if _, err := fetch(context.Background(), http.DefaultTransport, method, url+path+"?"+made()+"="+made(), made(),
				"Host", made()+".example", "User-Agent", made(), "Referer", made(), "X-"+made(), made(),
				"X-Forwarded-For", made(), "X-Forwarded-Host", made(), "X-Forwarded-Proto", made(), "Forwarded", "for="+made(),
				"Traceparent", fmt.Sprintf("00-%016x%016x-%016x-01", random.Uint64(), random.Uint64(), random.Uint64()), "Tracestate", "m="+made(),
				"Baggage", made()+"="+made()); err != nil {
				return err
			}
		}
		return nil
	}
	heap := func() int64 {
		var stats runtime.MemStats
		runtime.GC()
		runtime.GC() // what finalizers and pools have let go
		runtime.ReadMemStats(&stats)
		return int64(stats.HeapAlloc)
	}
	if err := send(warmUp); err != nil {
		return err
	}
	before := heap()
	if err := send(10 * flood); err != nil {
		return err
	}
	if grown := heap() - before; grown > flat {
		return errors.New("memory grows")
	}
	return nil
}

type someKey struct{}

func read(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }

func earlyHints(url string) error {
	var informational []int
	ctx := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{
		Got1xxResponse: func(code int, _ textproto.MIMEHeader) error {
			informational = append(informational, code)
			return nil
		},
	})
	response, err := fetch(ctx, http.DefaultTransport, http.MethodGet, url+"/items/1", "")
	if err == nil && (response.StatusCode != http.StatusAccepted || !slices.Equal(informational, []int{103})) {
		err = fmt.Errorf("statuses %v, %d", informational, response.StatusCode)
	}
	return err
}

func leave(url string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := fetch(ctx, http.DefaultTransport, http.MethodGet, url+"/items/1", ""); err == nil {
		return errors.New("there is an answer")
	}
	return nil
}

func http2(url string) error {
	transport := &http.Transport{Protocols: new(http.Protocols), TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} // the certificate is that of httptest
	transport.Protocols.SetHTTP2(true)
	_, err := fetch(context.Background(), transport, http.MethodGet, url+"/items/1", "")
	return err
}

func h2c(url string) error {
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	_, err := fetch(context.Background(), transport, http.MethodGet, url+"/items/1", "")
	return err
}
