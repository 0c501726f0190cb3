package httpserver

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/netip"
	"net/textproto"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// Telemetry records what the client receives, whatever the handler does to its writer.
func TestStatusAndSizes(t *testing.T) {
	for _, test := range []struct {
		title   string
		method  string
		handler func(http.ResponseWriter, *http.Request)
		status  int
		size    int
		body    string
	}{
		{"nothing at all", "GET", func(http.ResponseWriter, *http.Request) {}, 200, 0, ""},
		{"write", "GET", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }, 200, 5, "hello"},
		{"status", "GET", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }, 204, 0, ""},
		{"the first status counts", "GET", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(404)
			w.WriteHeader(500)
		}, 404, 0, ""},
		{"an explicit 200", "GET", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(200)
			w.WriteHeader(500)
		}, 200, 0, ""},
		{"a status after the body", "GET", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "hello")
			w.WriteHeader(500)
		}, 200, 5, "hello"},
		{"informational first", "GET", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Link", "</a.css>")
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusProcessing)
			w.WriteHeader(418)
		}, 418, 0, ""},
		{"flush sends the header", "GET", func(w http.ResponseWriter, _ *http.Request) {
			w.(http.Flusher).Flush()
			w.WriteHeader(500)
		}, 200, 0, ""},
		{"flush by controller", "GET", func(w http.ResponseWriter, _ *http.Request) {
			_ = http.NewResponseController(w).Flush()
			w.WriteHeader(500)
		}, 200, 0, ""},
		{"read from", "GET", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.Copy(w, onlyReader{strings.NewReader("hello")})
		}, 200, 5, "hello"},
		{"a status after read from", "GET", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.Copy(w, onlyReader{strings.NewReader("hello")})
			w.WriteHeader(500)
		}, 200, 5, "hello"},
		{"read from nothing", "GET", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.Copy(w, onlyReader{strings.NewReader("")})
			w.WriteHeader(404)
		}, 404, 0, ""},
		{"read from what fails", "GET", func(w http.ResponseWriter, _ *http.Request) {
			if _, err := io.Copy(w, onlyReader{iotest.ErrReader(io.ErrUnexpectedEOF)}); err != nil {
				http.Error(w, "no", http.StatusInternalServerError)
			}
		}, 500, 3, "no\n"},
		{"head", "HEAD", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }, 200, 0, ""},
		{"head, read from", "HEAD", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.Copy(w, onlyReader{strings.NewReader("hello")})
		}, 200, 0, ""},
		{"error", "GET", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusServiceUnavailable) }, 503, 3, "no\n"},
	} {
		t.Run(test.title, func(t *testing.T) {
			rec := newRecorder()
			server := httptest.NewUnstartedServer(rec.instrument(t, InstrumentConfig{}, http.HandlerFunc(test.handler)))
			server.Config.ErrorLog = log.New(io.Discard, "", 0)
			server.Start()
			defer server.Close()
			r, err := http.NewRequestWithContext(t.Context(), test.method, server.URL, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			response, err := server.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = response.Body.Close() }()
			body, err := io.ReadAll(response.Body)
			if err != nil || response.StatusCode != test.status || string(body) != test.body {
				t.Errorf("client: status %d, body %q, %v", response.StatusCode, body, err)
			}
			span, _ := rec.both(t)
			if got := value(span, "http.response.status_code"); got != strconv.Itoa(test.status) {
				t.Errorf("span: status %s, want %d", got, test.status)
			}
			if got := value(span, "http.response.body.size"); got != strconv.Itoa(test.size) {
				t.Errorf("span: size %s, want %d", got, test.size)
			}
		})
	}
}

func TestInformationalReachesTheClient(t *testing.T) {
	rec := newRecorder()
	server := httptest.NewServer(rec.instrument(t, InstrumentConfig{}, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
	})))
	defer server.Close()
	var informational []int
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
		Got1xxResponse: func(code int, _ textproto.MIMEHeader) error {
			informational = append(informational, code)
			return nil
		},
	})
	r, _ := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, http.NoBody)
	response, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if !slices.Equal(informational, []int{103}) {
		t.Errorf("informational responses %v, want 103", informational)
	}
}

// 101 is the only informational status that is final.
func TestSwitchingProtocolsIsFinal(t *testing.T) {
	w := &response{ResponseWriter: httptest.NewRecorder()}
	w.WriteHeader(http.StatusSwitchingProtocols)
	w.WriteHeader(http.StatusOK)
	if w.status != http.StatusSwitchingProtocols {
		t.Errorf("status %d", w.status)
	}
}

// Middleware can ask whether it is too late for another response.
func TestWritten(t *testing.T) {
	w := &response{ResponseWriter: httptest.NewRecorder()}
	if w.WriteHeader(http.StatusEarlyHints); w.Written() {
		t.Error("written, but only what comes before the response")
	}
	if w.WriteHeader(http.StatusNoContent); !w.Written() {
		t.Error("not written")
	}
}

// net/http reports a second WriteHeader, so it has to be called.
func TestSuperfluousWriteHeaderIsPassedOn(t *testing.T) {
	w := &headerCounter{ResponseWriter: httptest.NewRecorder()}
	wrapped := &response{ResponseWriter: w}
	wrapped.WriteHeader(404)
	wrapped.WriteHeader(500)
	if w.calls != 2 || wrapped.status != 404 {
		t.Errorf("%d calls, status %d", w.calls, wrapped.status)
	}
}

// An invalid status makes net/http panic before it sends anything, so a 500 can be sent.
func TestInvalidStatus(t *testing.T) {
	rec := newRecorder()
	w := do(rec.instrument(t, InstrumentConfig{}, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(1000)
	})), request("GET", "/"))
	if span, _ := rec.both(t); w.Code != 500 || value(span, "http.response.status_code") != "500" {
		t.Errorf("status %d", w.Code)
	}
}

func TestHijack(t *testing.T) {
	rec := newRecorder()
	url, served := serveOnce(t, rec.instrument(t, InstrumentConfig{}, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, rw, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = conn.Close() }()
		_, _ = rw.WriteString("HTTP/1.1 204 No Content\r\n\r\n")
		_ = rw.Flush()
	})))
	if _, err := fetch(t, url); err != nil {
		t.Error(err)
	}
	<-served
	if span, _ := rec.both(t); value(span, "http.response.status_code") != "101" {
		t.Errorf("status %s, want 101", value(span, "http.response.status_code"))
	}
}

// The writer has the optional methods of the writer that it wraps, and no others.
func TestAbilitiesOfTheWriterBelow(t *testing.T) {
	plain := &response{ResponseWriter: struct{ http.ResponseWriter }{httptest.NewRecorder()}}
	if _, _, err := plain.Hijack(); !errors.Is(err, http.ErrNotSupported) {
		t.Errorf("hijack: %v", err)
	}
	if err := plain.FlushError(); !errors.Is(err, http.ErrNotSupported) || plain.status != 0 {
		t.Errorf("flush: %v, status %d", err, plain.status)
	}
	below := &able{ResponseRecorder: httptest.NewRecorder()}
	wrapped := &response{ResponseWriter: below}
	if _, err := io.Copy(wrapped, onlyReader{strings.NewReader("x")}); err != nil || !below.readFrom {
		t.Errorf("io.Copy does not reach the writer's ReadFrom: %v", err)
	}
	if err := http.NewResponseController(wrapped).SetReadDeadline(time.Now()); err != nil || !below.deadline {
		t.Errorf("http.ResponseController does not reach the writer's deadline: %v", err)
	}
	if err := http.NewResponseController(wrapped).Flush(); !errors.Is(err, bufio.ErrBufferFull) {
		t.Errorf("the error of a flush is lost: %v", err)
	}
}

// The size of a request body is what was read of it, whatever the header says.
func TestRequestBodySize(t *testing.T) {
	rec := newRecorder()
	handler := rec.instrument(t, InstrumentConfig{}, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.CopyN(io.Discard, r.Body, 3)
		_ = r.Body.Close()
	}))
	r := post("/", "1234567")
	body := r.Body
	do(handler, r)
	if span, _ := rec.both(t); value(span, "http.request.body.size") != "3" {
		t.Errorf("size %s, want 3", value(span, "http.request.body.size"))
	}
	if r.Body != body {
		t.Error("the body of the original request was replaced")
	}
}

func TestNoBodyStaysNoBody(t *testing.T) {
	for _, body := range []io.ReadCloser{http.NoBody, nil} {
		rec := newRecorder()
		r := request("GET", "/")
		r.Body = body
		do(rec.instrument(t, InstrumentConfig{}, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if r.Body != body {
				t.Errorf("body %T", r.Body)
			}
		})), r)
	}
}

// net/http removes the files of a form only if the original request has the form. The
// instrumentation and the limits copy the request.
func TestMultipartFilesAreRemoved(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	rec := newRecorder(sdktrace.WithSampler(sdktrace.NeverSample()))
	uploads := -1
	cfg := limits
	cfg.MaxBodyBytes = 2 << 20
	server := httptest.NewServer(limitRequests(cfg, rec.instrument(t, InstrumentConfig{}, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if err := r.ParseMultipartForm(1); err != nil {
			t.Error(err)
		}
		files, _ := filepath.Glob(filepath.Join(dir, "multipart-*"))
		uploads = len(files)
	}))))
	var form bytes.Buffer
	parts := multipart.NewWriter(&form)
	file, _ := parts.CreateFormFile("file", "big")
	_, _ = file.Write(make([]byte, 1<<20))
	_ = parts.Close()
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, &form)
	r.Header.Set("Content-Type", parts.FormDataContentType())
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	server.Close() // waits until net/http has cleaned up
	left, err := os.ReadDir(dir)
	if err != nil || uploads != 1 || len(left) != 0 {
		t.Errorf("%d files during the request, %d after it: %v", uploads, len(left), err)
	}
}

func TestMetrics(t *testing.T) {
	rec := newRecorder()
	var during map[string]metricdata.Metrics
	handler := rec.instrument(t, InstrumentConfig{}, onRoute("/orders", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		during = rec.metrics(r.Context(), t)
		_, _ = io.WriteString(w, "12345")
	}))
	do(handler, post("https://attacker.example/orders", "1234567"))

	active := "http.request.method=POST,url.scheme=https"
	all := "http.request.method=POST,http.response.status_code=200,http.route=/orders,network.protocol.version=1.1,url.scheme=https"
	for when, want := range map[string]int64{"during": 1, "after": 0} {
		metrics := during
		if when == "after" {
			metrics = rec.metrics(t.Context(), t)
		}
		m := metrics["http.server.active_requests"]
		sum, _ := m.Data.(metricdata.Sum[int64])
		if m.Unit != "{request}" || sum.IsMonotonic || len(sum.DataPoints) != 1 || sum.DataPoints[0].Value != want || encode(sum.DataPoints[0].Attributes) != active {
			t.Errorf("%s: %+v, want one with value %d and %s", when, m, want, active)
		}
	}
	metrics := rec.metrics(t.Context(), t)
	duration := metrics["http.server.request.duration"]
	seconds, _ := duration.Data.(metricdata.Histogram[float64])
	if duration.Unit != "s" || len(seconds.DataPoints) != 1 || encode(seconds.DataPoints[0].Attributes) != all {
		t.Fatalf("%+v", duration)
	}
	if point := seconds.DataPoints[0]; point.Count != 1 || point.Sum <= 0 || point.Sum > 60 ||
		!slices.Equal(point.Bounds, []float64{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10}) {
		t.Errorf("duration: %+v", point)
	}
	for name, want := range map[string]int64{"http.server.request.body.size": 7, "http.server.response.body.size": 5} {
		sizes, _ := metrics[name].Data.(metricdata.Histogram[int64])
		if metrics[name].Unit != "By" || len(sizes.DataPoints) != 1 {
			t.Fatalf("%s: %+v", name, metrics[name])
		}
		if point := sizes.DataPoints[0]; point.Count != 1 || point.Sum != want || encode(point.Attributes) != all ||
			!slices.Equal(point.Bounds, []float64{0, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216}) {
			t.Errorf("%s: %+v", name, point)
		}
	}
}

// No size is recorded for a request without a body: most are GETs, and the distribution
// would consist of zeros.
func TestMetrics_RequestWithoutABody(t *testing.T) {
	rec := newRecorder()
	handler := rec.instrument(t, InstrumentConfig{}, onRoute("/orders", func(http.ResponseWriter, *http.Request) {}))
	do(handler, request(http.MethodGet, "/orders"))

	metrics := rec.metrics(t.Context(), t)
	if m, ok := metrics["http.server.request.body.size"]; ok {
		t.Errorf("recorded the size of a body, but there was none: %+v", m)
	}
	if _, ok := metrics["http.server.response.body.size"]; !ok {
		t.Error("no size of the response's body")
	}
}

// A process may have more than one server. The requests of all are counted.
func TestActiveRequestsOfTwoServers(t *testing.T) {
	rec := newRecorder()
	during := func(want int64, next http.HandlerFunc) http.HandlerFunc {
		return rec.instrument(t, InstrumentConfig{}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			active, _ := rec.metrics(r.Context(), t)["http.server.active_requests"].Data.(metricdata.Sum[int64])
			if len(active.DataPoints) != 1 || active.DataPoints[0].Value != want {
				t.Errorf("%+v, want %d", active.DataPoints, want)
			}
			next(w, r)
		})).ServeHTTP
	}
	do(during(1, during(2, nothing)), request("GET", "/"))
}

func TestExemplarsLeadToTheSpan(t *testing.T) {
	rec := newRecorder()
	do(rec.instrument(t, InstrumentConfig{}, http.NotFoundHandler()), request("GET", "/"))
	durations, _ := rec.metrics(t.Context(), t)["http.server.request.duration"].Data.(metricdata.Histogram[float64])
	exemplars := durations.DataPoints[0].Exemplars
	id := rec.span(t).SpanContext().SpanID()
	if len(exemplars) != 1 || !slices.Equal(exemplars[0].SpanID, id[:]) {
		t.Errorf("exemplars %v, want one of span %s", exemplars, id)
	}
}

// Clients cannot add series.
func TestSeriesAreBounded(t *testing.T) {
	rec := newRecorder(sdktrace.WithSampler(sdktrace.NeverSample()))
	handler := rec.instrument(t, InstrumentConfig{}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/orders/") {
			setRoute(r.Context(), "/orders/{id}")
			return
		}
		w.WriteHeader(http.StatusNotFound)
	}))
	for i := range 10_000 {
		r := request("GET", fmt.Sprintf("/orders/%d?q=%d", i, i), "User-Agent", fmt.Sprint(i), "X-Forwarded-For", fmt.Sprint(i))
		r.Host = fmt.Sprintf("host%d.example:%d", i, i)
		switch i % 3 {
		case 1:
			r.Method = fmt.Sprintf("METHOD%d", i)
		case 2:
			r.URL.Path = fmt.Sprintf("/scan/%d", i)
		}
		do(handler, r)
	}
	if got := rec.series(t); len(got) != 3 {
		t.Errorf("%d series, the first of %s", len(got), encode(got[0]))
	}
	active, _ := rec.metrics(t.Context(), t)["http.server.active_requests"].Data.(metricdata.Sum[int64])
	if len(active.DataPoints) != 2 {
		t.Errorf("%d series of active requests", len(active.DataPoints))
	}
}

// Even a router that reports every path as a route cannot fill the cache. Active requests
// are counted nevertheless, also if those of several methods begin at the same time.
func TestSeriesCacheIsBounded(t *testing.T) {
	newRecorder()
	m, err := newMetrics()
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 * maxSeries {
		route := fmt.Sprintf("/%d", i)
		if s := m.series(seriesKey{method: "GET", route: route}); s.spanName != "GET "+route {
			t.Fatalf("span name %q", s.spanName)
		}
	}
	if len(*m.known.Load()) != maxSeries {
		t.Errorf("%d entries, want %d", len(*m.known.Load()), maxSeries)
	}
	var requests sync.WaitGroup
	for _, method := range standardMethods {
		requests.Go(func() {
			active := seriesKey{method: method, scheme: "http"}
			if s := m.series(active); s != m.series(active) {
				t.Errorf("active requests of %s are counted where nobody reads it", method)
			}
		})
	}
	requests.Wait()
}

// A router without a route for the request does not hide that of another one.
func TestSetRoute(t *testing.T) {
	rec := newRecorder()
	do(rec.instrument(t, InstrumentConfig{}, onRoute("/files/", onRoute("", nothing))), request("GET", "/files/x"))
	if span, series := rec.both(t); value(span, "http.route") != "/files/" || value(series, "http.route") != "/files/" {
		t.Errorf("span %s, series %s", encode(span), encode(series))
	}
}

// The value of a path parameter may be a secret, so only its name is recorded.
func TestMaskedPath(t *testing.T) {
	for route, want := range map[string]string{
		"":                                "/the/path",
		"/orders":                         "/the/path",
		"/files/":                         "/the/path",
		"/orders/{id}":                    "/orders/{id}",
		"/orders/{id}/":                   "/orders/{id}/",
		"/{a}/x/{b}":                      "/{a}/x/{b}",
		"/{$}":                            "/",
		"/orders/{id}/{$}":                "/orders/{id}/",
		"/files/{rest...}":                "/files/{rest}",
		"/files/*":                        "/files/*",
		"/{tenant}/*":                     "/{tenant}/*",
		"/orders/{id:[0-9]+}":             "/orders/{id}",
		"/orders/{id:[0-9]{2}}":           "/orders/{id}",
		"/orders/{id}.json":               "/orders/{id}.json",
		"/orders/no-{id}":                 "/orders/no-{id}",
		"/orders/{year}-{month}":          "/orders/{year}-{month}",
		"/orders/{id}/lines/{line:[a-z]}": "/orders/{id}/lines/{line}",
	} {
		rec := newRecorder()
		do(rec.instrument(t, InstrumentConfig{}, onRoute(route, nothing)), request("GET", "/the/path"))
		if span, _ := rec.both(t); value(span, "url.path") != want {
			t.Errorf("%s: url.path=%q, want %q", route, value(span, "url.path"), want)
		}
	}
}

// The path of a route without parameters is recorded as it was received.
func TestEscapedPath(t *testing.T) {
	rec := newRecorder()
	do(rec.instrument(t, InstrumentConfig{}, onRoute("/files/", nothing)), request("GET", "/files/a%2Fb"))
	if span, _ := rec.both(t); value(span, "url.path") != "/files/a%2Fb" {
		t.Errorf("url.path=%q", value(span, "url.path"))
	}
}

func TestClientAddress(t *testing.T) {
	for _, test := range []struct {
		title, peer string
		forwarded   []string
		want        string
	}{
		{"direct", "203.0.113.9:1", nil, "203.0.113.9"},
		{"forged by a stranger", "203.0.113.9:1", []string{"1.1.1.1"}, "203.0.113.9"},
		{"proxy", "10.0.0.1:1", []string{"203.0.113.9"}, "203.0.113.9"},
		{"forged before the proxy", "10.0.0.1:1", []string{"1.1.1.1, 203.0.113.9"}, "203.0.113.9"},
		{"two proxies", "10.0.0.1:1", []string{"203.0.113.9, 10.0.0.2"}, "203.0.113.9"},
		{"two headers", "10.0.0.1:1", []string{"1.1.1.1", "203.0.113.9,10.0.0.2"}, "203.0.113.9"},
		{"proxies only", "10.0.0.1:1", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		{"nonsense", "10.0.0.1:1", []string{"203.0.113.9, unknown, 10.0.0.2"}, "10.0.0.2"},
		{"empty", "10.0.0.1:1", []string{""}, "10.0.0.1"},
		{"port", "10.0.0.1:1", []string{"203.0.113.9:4711"}, "203.0.113.9"},
		{"IPv6", "[fd00::1]:1", []string{"2001:db8::1"}, "2001:db8::1"},
		{"IPv6 with port", "[fd00::1]:1", []string{"[2001:db8::1]:80"}, "2001:db8::1"},
		{"IPv4 in IPv6", "[::ffff:10.0.0.1]:1", []string{"203.0.113.9, ::ffff:10.0.0.2"}, "203.0.113.9"},
		{"Unix socket", "@", []string{"203.0.113.9"}, ""},
	} {
		rec := newRecorder()
		handler := rec.instrument(t, InstrumentConfig{TrustedProxies: []netip.Prefix{
			netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8"),
		}}, onRoute("/", nothing))
		r := request("GET", "/")
		r.RemoteAddr = test.peer
		if test.forwarded != nil {
			r.Header["X-Forwarded-For"] = test.forwarded
		}
		do(handler, r)
		span, _ := rec.both(t)
		if got := value(span, "client.address"); got != test.want {
			t.Errorf("%s: client.address=%q, want %q", test.title, got, test.want)
		}
	}
}

func TestScheme(t *testing.T) {
	for _, test := range []struct {
		title, peer, forwarded string
		tls                    bool
		want                   string
	}{
		{"plain", "203.0.113.9:1", "", false, "http"},
		{"TLS", "203.0.113.9:1", "http", true, "https"},
		{"proxy", "10.0.0.1:1", "https", false, "https"},
		{"proxy without TLS", "10.0.0.1:1", "http", false, "http"},
		{"forged by a stranger", "203.0.113.9:1", "https", false, "http"},
		{"made up", "10.0.0.1:1", "gopher", false, "http"},
	} {
		rec := newRecorder()
		r := request("GET", "/")
		r.RemoteAddr = test.peer
		if test.forwarded != "" {
			r.Header.Set("X-Forwarded-Proto", test.forwarded)
		}
		if test.tls {
			r.TLS = &tls.ConnectionState{}
		}
		do(rec.instrument(t, InstrumentConfig{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}, onRoute("/", nothing)), r)
		span, _ := rec.both(t)
		if got := value(span, "url.scheme"); got != test.want {
			t.Errorf("%s: url.scheme=%q, want %q", test.title, got, test.want)
		}
	}
}

func TestServerAddress(t *testing.T) {
	for _, test := range []struct {
		title, peer, host, forwarded string
		want                         string
	}{
		{"name", "203.0.113.9:1", "shop.example", "", "shop.example|"},
		{"name and port", "203.0.113.9:1", "shop.example:8080", "", "shop.example|8080"},
		{"the first port", "203.0.113.9:1", "shop.example:1", "", "shop.example|1"},
		{"no port", "203.0.113.9:1", "shop.example:0", "", "shop.example|"},
		{"IPv6", "203.0.113.9:1", "[::1]:80", "", "::1|80"},
		{"none", "203.0.113.9:1", "", "", "|"},
		{"proxy", "10.0.0.1:1", "upstream:8080", "shop.example", "shop.example|"},
		{"proxy with a port", "10.0.0.1:1", "upstream", "shop.example:8443", "shop.example|8443"},
		{"proxy that keeps the host", "10.0.0.1:1", "shop.example:8080", "", "shop.example|8080"},
		{"forged before the proxy", "10.0.0.1:1", "upstream", "evil.example, shop.example", "shop.example|"},
		{"forged by a stranger", "203.0.113.9:1", "shop.example", "evil.example", "shop.example|"},
	} {
		rec := newRecorder()
		r := request("GET", "/")
		r.RemoteAddr, r.Host = test.peer, test.host
		if test.forwarded != "" {
			r.Header.Set("X-Forwarded-Host", test.forwarded)
		}
		do(rec.instrument(t, InstrumentConfig{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}, onRoute("/", nothing)), r)
		span, _ := rec.both(t)
		if got := value(span, "server.address") + "|" + value(span, "server.port"); got != test.want {
			t.Errorf("%s: %s, want %s", test.title, got, test.want)
		}
	}
}

// onlyReader hides the other methods of a reader.
type onlyReader struct{ io.Reader }

type headerCounter struct {
	http.ResponseWriter
	calls int
}

func (w *headerCounter) WriteHeader(int) { w.calls++ }

type able struct {
	*httptest.ResponseRecorder
	readFrom, deadline bool
}

func (w *able) ReadFrom(src io.Reader) (int64, error) {
	w.readFrom = true
	return io.Copy(io.Discard, src)
}
func (w *able) SetReadDeadline(time.Time) error { w.deadline = true; return nil }
func (w *able) FlushError() error               { return bufio.ErrBufferFull }
