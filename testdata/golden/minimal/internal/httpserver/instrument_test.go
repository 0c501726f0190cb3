package httpserver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caarlos0/env/v11"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"example.com/hello/internal/problem"
	"example.com/hello/internal/telemetry/telemetrytest"
)

const (
	callerTrace = "4bf92f3577b34da6a3ce929d0e0e4736"
	callerSpan  = "00f067aa0ba902b7"
)

// The error contains every problem, with the name of the variable.
func TestInstrumentConfig_Validate(t *testing.T) {
	cfg := InstrumentConfig{ExcludedPaths: []string{"/ping", "ping", "health/"}}
	want := "HTTP_EXCLUDED_PATHS: \"ping\" matches no request; begin it with a slash\n" +
		"HTTP_EXCLUDED_PATHS: \"health/\" matches no request; begin it with a slash"
	if err := cfg.Validate(); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// The names of the variables must not change: operators rely on them.
func TestInstrumentConfig_Variables(t *testing.T) {
	cfg, err := env.ParseAsWithOptions[InstrumentConfig](env.Options{Environment: map[string]string{
		"HTTP_BAGGAGE_KEYS":                       "tenant",
		"HTTP_EXCLUDED_PATHS":                     "/ping",
		"HTTP_TRUSTED_PROXIES":                    "10.0.0.0/8,fd00::/8",
		"OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS": "GET,BREW",
	}})
	if err != nil {
		t.Fatal(err)
	}
	if !cfg.TrustIncomingTrace || len(cfg.TrustedProxies) != 2 || cfg.TrustedProxies[1] != netip.MustParsePrefix("fd00::/8") {
		t.Errorf("%+v", cfg)
	}
	got := slices.Concat(cfg.BaggageKeys, cfg.ExcludedPaths, cfg.KnownMethods)
	if want := []string{"tenant", "/ping", "GET", "BREW"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// A span has exactly the attributes of the semantic conventions.
func TestSpanOfARequest(t *testing.T) {
	rec := newRecorder()
	handler := rec.instrument(t, InstrumentConfig{
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")},
	}, onRoute("/shops/{shop}/orders/{id}", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, "{}")
	}))

	r := post("http://shop.example:8080/shops/7/orders/42?page=2&email=a@b.c", "hello")
	r.RemoteAddr = "192.0.2.1:1234"
	for name, value := range map[string]string{
		"User-Agent": "test", "Accept": "*/*", "X-Request-Id": "r1", "X-Forwarded-For": "198.51.100.7", "Cookie": "c=1",
	} {
		r.Header.Set(name, value)
	}
	do(handler, r)

	span := rec.span(t)
	if span.Name() != "POST /shops/{shop}/orders/{id}" || span.SpanKind() != trace.SpanKindServer {
		t.Errorf("span %q of kind %v", span.Name(), span.SpanKind())
	}
	want := strings.Join([]string{
		"client.address=198.51.100.7",
		`http.request.body.size=5`,
		"http.request.method=POST",
		"http.response.body.size=2",
		"http.response.status_code=201",
		"http.route=/shops/{shop}/orders/{id}",
		"network.peer.address=192.0.2.1",
		"network.peer.port=1234",
		"network.protocol.version=1.1",
		"server.address=shop.example",
		"server.port=8080",
		"url.path=/shops/{shop}/orders/{id}",
		"url.scheme=http",
		"user_agent.original=test",
	}, ",")
	attributes, series := rec.both(t)
	if got := encode(attributes); got != want {
		t.Errorf("attributes\n got %s\nwant %s", got, want)
	}
	want = "http.request.method=POST,http.response.status_code=201,http.route=/shops/{shop}/orders/{id},network.protocol.version=1.1,url.scheme=http"
	if got := encode(series); got != want {
		t.Errorf("series\n got %s\nwant %s", got, want)
	}
}

// The scope of spans and metrics is this package, by the semantic conventions 1.43.
func TestScope(t *testing.T) {
	const name, schema = "example.com/hello/internal/httpserver", "https://opentelemetry.io/schemas/1.43.0"
	rec := newRecorder()
	do(rec.instrument(t, InstrumentConfig{}, http.NotFoundHandler()), request("GET", "/"))
	if got := rec.span(t).InstrumentationScope(); got.Name != name || got.SchemaURL != schema {
		t.Errorf("span: %+v", got)
	}
	var collected metricdata.ResourceMetrics
	if err := rec.reader.Collect(t.Context(), &collected); err != nil {
		t.Fatal(err)
	}
	if scopes := collected.ScopeMetrics; len(scopes) != 1 || scopes[0].Scope.Name != name || scopes[0].Scope.SchemaURL != schema {
		t.Errorf("metrics: %+v", scopes)
	}
}

func TestNameMethodAndOutcome(t *testing.T) {
	answer := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }
	}
	for _, test := range []struct {
		title, method, route           string
		known                          []string
		status                         int
		wantName, wantMethod, original string
		errorType                      string
		wantStatus                     codes.Code
	}{
		{title: "route", method: "GET", route: "/a/{b}", status: 200, wantName: "GET /a/{b}", wantMethod: "GET"},
		{title: "no route", method: "GET", status: 404, wantName: "GET", wantMethod: "GET"},
		{title: "4xx is no error of the server", method: "GET", route: "/a", status: 499, wantName: "GET /a", wantMethod: "GET"},
		{title: "500", method: "GET", route: "/a", status: 500, wantName: "GET /a", wantMethod: "GET", errorType: "500", wantStatus: codes.Error},
		{title: "5xx", method: "GET", route: "/a", status: 503, wantName: "GET /a", wantMethod: "GET", errorType: "503", wantStatus: codes.Error},
		{title: "unknown method", method: "BREW", route: "/a", status: 200, wantName: "HTTP /a", wantMethod: "_OTHER", original: "BREW"},
		{title: "unknown method, no route", method: "get", status: 405, wantName: "HTTP", wantMethod: "_OTHER", original: "get"},
		{title: "known by configuration", method: "BREW", known: []string{"GET", "BREW"}, status: 200, wantName: "BREW", wantMethod: "BREW"},
		{title: "no more known by configuration", method: "POST", known: []string{"GET"}, status: 200, wantName: "HTTP", wantMethod: "_OTHER", original: "POST"},
	} {
		t.Run(test.title, func(t *testing.T) {
			rec := newRecorder()
			next := answer(test.status)
			if test.route != "" {
				next = onRoute(test.route, next)
			}
			do(rec.instrument(t, InstrumentConfig{KnownMethods: test.known}, next), request(test.method, "/a"))

			if span := rec.span(t); span.Name() != test.wantName || span.Status() != (sdktrace.Status{Code: test.wantStatus}) {
				t.Errorf("span %q, %v, want %q, %v", span.Name(), span.Status(), test.wantName, test.wantStatus)
			}
			span, series := rec.both(t)
			for key, want := range map[attribute.Key]string{
				"http.request.method":       test.wantMethod,
				"http.response.status_code": strconv.Itoa(test.status),
				"http.route":                test.route,
				"error.type":                test.errorType,
			} {
				if value(span, key) != want || value(series, key) != want {
					t.Errorf("%s: %q on the span, %q on the metric, want %q", key, value(span, key), value(series, key), want)
				}
			}
			if got := value(span, "http.request.method_original"); got != test.original || series.HasValue("http.request.method_original") {
				t.Errorf("original method %q, want %q, on the span alone", got, test.original)
			}
		})
	}
}

// The methods of RFC 9110, PATCH (RFC 5789) and QUERY are recorded by name.
func TestStandardMethods(t *testing.T) {
	for method := range strings.FieldsSeq("CONNECT DELETE GET HEAD OPTIONS PATCH POST PUT QUERY TRACE") {
		rec := newRecorder()
		do(rec.instrument(t, InstrumentConfig{}, http.NotFoundHandler()), request(method, "/"))
		if span, series := rec.both(t); value(span, "http.request.method") != method || value(series, "http.request.method") != method {
			t.Errorf("%s: span %s, series %s", method, encode(span), encode(series))
		}
	}
}

func TestProtocolVersion(t *testing.T) {
	for proto, want := range map[string]string{"HTTP/1.0": "1.0", "HTTP/1.1": "1.1", "HTTP/2.0": "2", "HTTP/3.0": "3", "HTTP/1.7": ""} {
		rec := newRecorder()
		r := request("GET", "/")
		r.Proto = proto
		do(rec.instrument(t, InstrumentConfig{}, http.NotFoundHandler()), r)
		if span, series := rec.both(t); value(span, "network.protocol.version") != want || value(series, "network.protocol.version") != want {
			t.Errorf("%s: span %s, series %s, want version %q", proto, encode(span), encode(series), want)
		}
	}
}

// The route reaches span and metrics whatever is between the instrumentation
// and the router, and even if the handler panics.
func TestRouteSurvives(t *testing.T) {
	type key struct{}
	copied := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), key{}, 1)))
		})
	}
	fine := onRoute("/orders/{id}", nothing)
	failing := onRoute("/orders/{id}", func(http.ResponseWriter, *http.Request) { panic("boom") })
	for title, next := range map[string]http.Handler{
		"copied request":  copied(fine),
		"time-out":        http.TimeoutHandler(fine, time.Minute, ""),
		"both":            copied(http.TimeoutHandler(copied(fine), time.Minute, "")),
		"panic":           copied(failing),
		"panic elsewhere": http.TimeoutHandler(failing, time.Minute, ""),
	} {
		rec := newRecorder()
		do(rec.instrument(t, InstrumentConfig{}, next), request("GET", "/orders/42"))
		if span, series := rec.both(t); value(span, "http.route") != "/orders/{id}" || value(series, "http.route") != "/orders/{id}" {
			t.Errorf("%s: span %s, series %s", title, encode(span), encode(series))
		}
	}
}

func TestTraceIDHeader(t *testing.T) {
	for title, sampler := range map[string]sdktrace.Sampler{"sampled": sdktrace.AlwaysSample(), "unsampled": sdktrace.NeverSample()} {
		rec := newRecorder(sdktrace.WithSampler(sampler))
		var inHandler string
		w := do(rec.instrument(t, InstrumentConfig{}, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			inHandler = trace.SpanContextFromContext(r.Context()).TraceID().String()
		})), request("GET", "/"))
		if got := w.Result().Header.Get("Trace-Id"); len(got) != 32 || got != inHandler {
			t.Errorf("%s: Trace-Id %q, want %q", title, got, inHandler)
		}
	}
	rec := newRecorder()
	otel.SetTracerProvider(tracenoop.NewTracerProvider())
	if w := do(rec.instrument(t, InstrumentConfig{}, http.NotFoundHandler()), request("GET", "/")); w.Header()["Trace-Id"] != nil {
		t.Errorf("no tracing: Trace-Id %q", w.Header()["Trace-Id"])
	}
}

func TestExcludedPathsLeaveNoTrace(t *testing.T) {
	rec := newRecorder()
	handler := rec.instrument(t, InstrumentConfig{ExcludedPaths: []string{"/internal/ping"}}, http.NotFoundHandler())
	for _, path := range []string{
		"/internal/ping", "/livez", "/readyz", "/startupz", "/metrics", "/favicon.ico",
	} {
		if w := do(handler, request("GET", path+"?x=1")); w.Code != http.StatusNotFound || w.Header()["Trace-Id"] != nil {
			t.Errorf("%s: status %d, Trace-Id %v", path, w.Code, w.Header()["Trace-Id"])
		}
	}
	if len(rec.spans.Started()) != 0 || len(rec.metrics(t.Context(), t)) != 0 {
		t.Errorf("%d spans, metrics %v", len(rec.spans.Started()), rec.metrics(t.Context(), t))
	}
	for _, path := range []string{"/livez/", "/docs/x", "/Livez", "/internal/ping/"} {
		do(handler, request("GET", path))
	}
	if got := len(rec.spans.Ended()); got != 4 {
		t.Errorf("%d spans of paths that are not excluded, want 4", got)
	}
}

// A panic on a path without telemetry is answered and logged as well.
func TestExcludedPaths_Panic(t *testing.T) {
	rec := newRecorder()
	handler := rec.instrument(t, InstrumentConfig{ExcludedPaths: []string{"/early", "/late", "/aborted"}}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/aborted":
			panic(http.ErrAbortHandler)
		case "/late":
			_, _ = io.WriteString(w, "half of ")
			_ = http.NewResponseController(w).Flush()
		}
		panic("boom")
	}))
	w := do(handler, request("GET", "/early"))
	if w.Code != http.StatusInternalServerError || w.Header().Get("Content-Type") != problem.ContentType || strings.Contains(w.Body.String(), "boom") {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	server := httptest.NewServer(handler)
	for _, path := range []string{"/late", "/aborted"} {
		if body, err := fetch(t, server.URL+path); err == nil {
			t.Errorf("%s: the client took %q for the whole response", path, body)
		}
	}
	server.Close() // and both handlers are done
	if n := strings.Count(rec.logs.String(), `"exception.message":"boom"`); n != 2 {
		t.Errorf("%d panics in the log\n%s", n, rec.logs.String())
	}
	if len(rec.spans.Started()) != 0 {
		t.Errorf("%d spans", len(rec.spans.Started()))
	}
}

// The functions of OnDone are called whether or not the span is recorded, with the
// attributes that a span has.
func TestOnDone(t *testing.T) {
	router := http.NewServeMux()
	router.HandleFunc("/orders/{id}", onRoute("/orders/{id}", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "123") }))
	router.HandleFunc("/taken", func(w http.ResponseWriter, r *http.Request) {
		problem.New(r.Context(), http.StatusConflict, "").Send(&sizeless{w})
	})
	router.HandleFunc("/broken", func(w http.ResponseWriter, r *http.Request) {
		problem.New(r.Context(), http.StatusInternalServerError, "").Send(&sizeless{w})
	})
	router.HandleFunc("/panic", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	for title, provider := range map[string]trace.TracerProvider{
		"sampled":   sdktrace.NewTracerProvider(),
		"unsampled": sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample())),
		"disabled":  tracenoop.NewTracerProvider(),
	} {
		rec := newRecorder()
		otel.SetTracerProvider(provider)
		var got []string
		calls := 0
		handler := rec.instrument(t, InstrumentConfig{ExcludedPaths: []string{"/quiet"}}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			OnDone(r.Context(), func([]attribute.KeyValue) { calls++ })
			OnDone(r.Context(), func(attributes []attribute.KeyValue) {
				set := attribute.NewSet(attributes...)
				if set.Len() != len(attributes) {
					t.Errorf("%s: two attributes with the same key: %v", title, attributes)
				}
				var line []string
				for _, key := range []attribute.Key{"http.request.method", "url.path", "http.response.status_code", "http.response.body.size", "error.type"} {
					value, _ := set.Value(key)
					line = append(line, value.String())
				}
				got = append(got, strings.Join(line, " "))
			})
			router.ServeHTTP(w, r)
		}))
		func() {
			defer func() { _ = recover() }()
			for _, path := range []string{"/orders/secret?token=secret", "/taken", "/broken", "/quiet", "/panic"} {
				do(handler, request("POST", path))
			}
		}()
		if want := []string{"POST /orders/{id} 200 3 ", "POST /taken 409 0 409", "POST /broken 500 0 500", "POST /panic  0 abort"}; !slices.Equal(got, want) || calls != len(want) {
			t.Errorf("%s: got %q and %d calls of another function, want %q", title, got, calls, want)
		}
	}
}

// sizeless is a response without a body.
type sizeless struct{ http.ResponseWriter }

func (*sizeless) Write(p []byte) (int, error) { return len(p), nil }

func TestIncomingTrace(t *testing.T) {
	traceparent := func(flags string) string { return "00-" + callerTrace + "-" + callerSpan + "-" + flags }
	for _, test := range []struct {
		title       string
		trust       bool
		traceparent string
		root        sdktrace.Sampler
		continued   bool
		linked      bool
		sampled     bool
	}{
		{"trusted", true, traceparent("01"), sdktrace.NeverSample(), true, false, true},
		{"trusted, unsampled", true, traceparent("00"), sdktrace.AlwaysSample(), true, false, false},
		{"trusted, invalid", true, "00-nonsense-01", sdktrace.AlwaysSample(), false, false, true},
		{"trusted, none", true, "", sdktrace.AlwaysSample(), false, false, true},
		{"not trusted", false, traceparent("01"), sdktrace.AlwaysSample(), false, true, true},
		{"not trusted cannot force sampling", false, traceparent("01"), sdktrace.NeverSample(), false, true, false},
		{"not trusted cannot prevent sampling", false, traceparent("00"), sdktrace.AlwaysSample(), false, true, true},
		{"not trusted, invalid", false, "00-nonsense-01", sdktrace.AlwaysSample(), false, false, true},
	} {
		t.Run(test.title, func(t *testing.T) {
			var seen sdktrace.SamplingParameters
			rec := newRecorder(sdktrace.WithSampler(sdktrace.ParentBased(spy{test.root, &seen},
				sdktrace.WithRemoteParentSampled(spy{sdktrace.AlwaysSample(), &seen}),
				sdktrace.WithRemoteParentNotSampled(spy{sdktrace.NeverSample(), &seen}))))
			var inside trace.SpanContext
			handler := rec.instrument(t, InstrumentConfig{TrustIncomingTrace: test.trust}, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				inside = trace.SpanContextFromContext(r.Context())
			}))
			r := request("GET", "/", "tracestate", "vendor=1")
			if test.traceparent != "" {
				r.Header.Set("traceparent", test.traceparent)
			}
			do(handler, r)

			if got := inside.TraceID().String() == callerTrace; got != test.continued {
				t.Errorf("continued: %v", got)
			}
			if parent := trace.SpanContextFromContext(seen.ParentContext); parent.IsValid() != test.continued {
				t.Errorf("parent: %v", parent)
			}
			if got := inside.TraceState().String() == "vendor=1"; got != test.continued {
				t.Errorf("tracestate: %q", inside.TraceState())
			}
			if seen.Kind != trace.SpanKindServer {
				t.Errorf("kind: %v", seen.Kind)
			}
			if inside.IsSampled() != test.sampled {
				t.Errorf("sampled: %v", inside.IsSampled())
			}
			if got := len(seen.Links) == 1; got != test.linked {
				t.Fatalf("links: %v", seen.Links)
			}
			if test.linked {
				if to := seen.Links[0].SpanContext; to.TraceID().String() != callerTrace || to.SpanID().String() != callerSpan || to.TraceState().String() != "vendor=1" {
					t.Errorf("linked to %v", to)
				}
			}
		})
	}
}

func TestBaggage(t *testing.T) {
	for _, test := range []struct {
		title string
		trust bool
		keys  []string
		sent  []string
		want  []string
	}{
		{"none by default", true, nil, []string{"tenant=t1;p=1,user=u1", "debug=1"}, nil},
		{"one, and none by default", true, nil, []string{"user=u1"}, nil},
		{"named ones", true, []string{"tenant", "absent"}, []string{"debug=1", "tenant=t1;p=1,user=u1"}, []string{"tenant=t1;p=1"}},
		{"of a stranger", false, []string{"tenant"}, []string{"tenant=t1;p=1"}, nil},
	} {
		rec := newRecorder()
		var got []string
		handler := rec.instrument(t, InstrumentConfig{TrustIncomingTrace: test.trust, BaggageKeys: test.keys}, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			for _, member := range baggage.FromContext(r.Context()).Members() {
				got = append(got, member.String())
			}
		}))
		r := request("GET", "/")
		r.Header["Baggage"] = test.sent
		do(handler, r)
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", test.title, got, test.want)
		}
	}
}

// Extract is called only if there is something to extract.
func TestExtractOnlyWhatIsThere(t *testing.T) {
	rec := newRecorder()
	counter := &countingPropagator{TextMapPropagator: otel.GetTextMapPropagator()}
	otel.SetTextMapPropagator(counter)
	handler := rec.instrument(t, InstrumentConfig{}, http.NotFoundHandler())
	do(handler, request("GET", "/", "Accept", "*/*"))
	if counter.extracted != 0 {
		t.Error("extracted without anything to extract")
	}
	for _, header := range []string{"traceparent", "tracestate", "baggage"} {
		do(handler, request("GET", "/", header, "x=1"))
	}
	if counter.extracted != 3 {
		t.Errorf("extracted %d times, want 3", counter.extracted)
	}
}

// The reason why a request was refused is on its span. It is not a failure of the
// service, so it is neither the status of the span nor on the metric, unless the
// response is a 5xx.
func TestProblem(t *testing.T) {
	many := make([]problem.Invalid, 1000)
	for i := range many {
		many[i].Location = "body.items[" + strconv.Itoa(i) + "]"
	}
	shared := problem.New(t.Context(), http.StatusGone, "")
	named := func(ctx context.Context, status int) *problem.Details {
		d := problem.New(ctx, status, "the shelf is empty")
		d.Type = "/problems/out_of_stock"
		return d
	}
	for title, test := range map[string]struct {
		answer                        func(ctx context.Context, w http.ResponseWriter)
		onSpan, onMetric, problemType string
		detail, locations             string
		status                        codes.Code
	}{
		"refusal": {func(ctx context.Context, w http.ResponseWriter) { named(ctx, 409).Send(w) },
			"out_of_stock", "", "/problems/out_of_stock", "the shelf is empty", "[]", codes.Unset},
		"failure": {func(ctx context.Context, w http.ResponseWriter) { named(ctx, 500).Send(w) },
			"out_of_stock", "out_of_stock", "/problems/out_of_stock", "the shelf is empty", "[]", codes.Error},
		"without a type": {func(ctx context.Context, w http.ResponseWriter) {
			problem.New(ctx, 415, "send application/json").Send(w)
		},
			"415", "", "", "send application/json", "[]", codes.Unset},
		"without a detail": {func(ctx context.Context, w http.ResponseWriter) { problem.New(ctx, 404, "").Send(w) },
			"404", "", "", "", "", codes.Unset},
		"shared by requests": {func(ctx context.Context, w http.ResponseWriter) {
			shared.For(ctx).Send(w)
		},
			"410", "", "", "", "", codes.Unset},
		"with locations": {func(ctx context.Context, w http.ResponseWriter) {
			d := problem.New(ctx, 422, "validation failed")
			for _, location := range []string{"body.items[0].quantity", "query.limit"} {
				d.Errors = append(d.Errors, problem.Invalid{Location: location})
			}
			d.Send(w)
		}, "422", "", "", "validation failed", `["body.items[0].quantity","query.limit"]`, codes.Unset},
		"not sent": {func(ctx context.Context, w http.ResponseWriter) {
			w.WriteHeader(http.StatusBadRequest)
			problem.New(ctx, 409, "").Send(w)
		}, "", "", "", "", "", codes.Unset},
		"panic": {func(context.Context, http.ResponseWriter) { panic("boom") }, "panic", "panic", "", "", "", codes.Error},
	} {
		t.Run(title, func(t *testing.T) {
			rec := newRecorder()
			do(rec.instrument(t, InstrumentConfig{}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				test.answer(r.Context(), w)
			})), request("GET", "/"))
			span, series := rec.both(t)
			if value(span, "error.type") != test.onSpan || value(series, "error.type") != test.onMetric || value(span, "problem.type") != test.problemType {
				t.Errorf("span %s, series %s", encode(span), encode(series))
			}
			if got := rec.span(t).Status().Code; got != test.status {
				t.Errorf("status %v", got)
			}
			var detail, locations string
			for _, event := range rec.span(t).Events() {
				if set := attribute.NewSet(event.Attributes...); event.Name == "problem" {
					detail, locations = value(set, "problem.detail"), value(set, "problem.locations")
				}
			}
			if detail != test.detail || locations != test.locations {
				t.Errorf("event: %q, %s", detail, locations)
			}
		})
	}

	rec := newRecorder()
	do(rec.instrument(t, InstrumentConfig{}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d := problem.New(r.Context(), 422, "")
		d.Errors = many
		d.Send(w)
	})), request("GET", "/"))
	event := attribute.NewSet(rec.span(t).Events()[0].Attributes...)
	if locations, _ := event.Value("problem.locations"); len(locations.AsStringSlice()) != 20 {
		t.Errorf("%d locations of a thousand", len(locations.AsStringSlice()))
	}
}

// A panic causes a 500 with the trace id, the same error.type on span and metrics, and
// one log record.
func TestPanicBeforeTheHeader(t *testing.T) {
	rec := newRecorder()
	w := do(rec.instrument(t, InstrumentConfig{}, onRoute("/orders/{id}", func(w http.ResponseWriter, _ *http.Request) {
		for name, value := range map[string]string{
			"Content-Encoding": "gzip", "Cache-Control": "public, max-age=3600", "ETag": `"1"`, "Last-Modified": "Thu, 26 Nov 2026 20:00:00 GMT", "Vary": "Origin",
		} {
			w.Header().Set(name, value)
		}
		panic(errors.New("the secret of the database"))
	})), request("GET", "/orders/42"))

	span := rec.span(t)
	var body problem.Details
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || w.Code != http.StatusInternalServerError {
		t.Fatalf("status %d, body %q: %v", w.Code, w.Body, err)
	}
	if body.TraceID != span.SpanContext().TraceID().String() || strings.Contains(w.Body.String(), "secret") {
		t.Errorf("body %q", w.Body)
	}
	names := slices.Sorted(maps.Keys(w.Header())) // without those that were set for the body that is not sent
	if strings.Join(names, " ") != "Cache-Control Content-Type Trace-Id Vary X-Content-Type-Options" || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("header %v", w.Header())
	}
	wantPanic(t, rec, "500", "*errors.errorString", "the secret of the database")
}

// Long messages and stacks are cut: an exporter might refuse the record.
func TestPanicIsCutShort(t *testing.T) {
	var dive func(depth int)
	dive = func(depth int) {
		if depth == 0 {
			panic("x" + strings.Repeat("é", 1<<20))
		}
		dive(depth - 1)
	}
	rec := newRecorder()
	do(rec.instrument(t, InstrumentConfig{}, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { dive(1000) })), request("GET", "/"))
	wantPanic(t, rec, "500", "string", "x"+strings.Repeat("é", 2047))
}

// After a panic in the middle of a response the connection is aborted, so that the
// response does not look complete.
func TestPanicAfterTheHeader(t *testing.T) {
	rec := newRecorder()
	server := httptest.NewServer(rec.instrument(t, InstrumentConfig{}, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "half of ")
		_ = http.NewResponseController(w).Flush()
		panic("boom")
	})))
	defer server.Close()
	if body, err := fetch(t, server.URL); err == nil {
		t.Errorf("the client took %q for the whole response", body)
	}
	wantPanic(t, rec, "200", "string", "boom")
}

func TestPanicAfterHijack(t *testing.T) {
	rec := newRecorder()
	var thrown any
	handler := rec.instrument(t, InstrumentConfig{}, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = conn.Close() }()
		panic("boom")
	}))
	server, served := serveOnce(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { thrown = recover() }()
		handler.ServeHTTP(w, r)
	}))
	if _, err := fetch(t, server); err == nil {
		t.Error("the client got a response")
	}
	<-served
	if err, _ := thrown.(error); !errors.Is(err, http.ErrAbortHandler) {
		t.Errorf("panicked with %v, want http.ErrAbortHandler", thrown)
	}
	wantPanic(t, rec, "101", "string", "boom")
}

func TestAbortHandler(t *testing.T) {
	for title, test := range map[string]struct {
		handler http.HandlerFunc
		status  string
	}{
		"nothing sent": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, ""},
		"begun": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusAccepted)
			panic(http.ErrAbortHandler)
		}, "202"},
	} {
		rec := newRecorder()
		server := httptest.NewServer(rec.instrument(t, InstrumentConfig{}, test.handler))
		if body, err := fetch(t, server.URL); err == nil {
			t.Errorf("%s: the client got %q", title, body)
		}
		server.Close()
		wantError(t, rec, "abort", test.status)
		if rec.logs.Len() != 0 {
			t.Errorf("%s: log %q", title, rec.logs.String())
		}
	}
}

// A handler may still use the request after http.TimeoutHandler has returned. The race
// detector shows that telemetry does not use it at the same time.
func TestHandlerOutlivesItsRequest(t *testing.T) {
	for range 20 {
		rec := newRecorder()
		answered, done := make(chan struct{}), make(chan struct{})
		next := http.TimeoutHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer close(done)
			for last := false; !last; {
				select {
				case <-answered:
					last = true
				default:
				}
				setRoute(r.Context(), "/late")
				r.Header.Set("User-Agent", "changed")
				r.Header.Set("X-Forwarded-For", "changed")
				r.URL.Path = "/changed"
				_, _ = r.Body.Read(make([]byte, 1))
				_, _ = io.WriteString(w, "late")
			}
		}), time.Millisecond, "")
		handler := rec.instrument(t, InstrumentConfig{}, next)
		w := do(handler, post("/slow?page=1", strings.Repeat("x", 1<<20)))
		close(answered)
		<-done
		wantError(t, rec, "503", "503")
		if span, _ := rec.both(t); w.Code != http.StatusServiceUnavailable || value(span, "url.path") != "/slow" {
			t.Errorf("status %d, span %s", w.Code, encode(span))
		}
	}
}

// Requests of the same series share its attributes, which they must not change.
func TestConcurrentRequests(t *testing.T) {
	const requests = 200
	rec := newRecorder()
	handler := rec.instrument(t, InstrumentConfig{}, onRoute("/files/", nothing))
	var all sync.WaitGroup
	for i := range requests {
		all.Go(func() { do(handler, request("GET", "/files/"+strconv.Itoa(i))) })
	}
	all.Wait()
	paths := map[string]bool{}
	for _, span := range rec.spans.Ended() {
		paths[value(attribute.NewSet(span.Attributes()...), "url.path")] = true
	}
	if len(paths) != requests {
		t.Errorf("%d paths of %d requests", len(paths), requests)
	}
}

// byAttributes is a sampler that drops a path, and records the attributes that it sees.
type byAttributes struct{ seen *attribute.Set }

func (s byAttributes) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	*s.seen = attribute.NewSet(p.Attributes...)
	if value(*s.seen, "url.path") == "/drop" {
		return sdktrace.SamplingResult{Decision: sdktrace.Drop}
	}
	return sdktrace.SamplingResult{Decision: sdktrace.RecordAndSample}
}

func (byAttributes) Description() string { return "byAttributes" }

// A sampler that is not the SDK's sees the attributes that the semantic conventions want
// at creation, through the whole server. The span is the same as with other samplers.
func TestSamplingAttributes(t *testing.T) {
	var spans []string
	var seen attribute.Set
	own := byAttributes{&seen}
	for _, c := range []struct {
		sampler        sdktrace.Sampler
		trusted, isOwn bool
	}{
		{own, false, true},
		{sdktrace.ParentBased(own), false, true},
		{sdktrace.ParentBased(sdktrace.AlwaysSample(), sdktrace.WithRemoteParentNotSampled(own)), true, true},
		{sdktrace.AlwaysSample(), false, false},
	} {
		rec, cfg := newRecorder(sdktrace.WithSampler(c.sampler)), limits
		cfg.TrustIncomingTrace = c.trusted
		router := NewRouter()
		router.HandleFunc("/orders/{id}", func(http.ResponseWriter, *http.Request) {})
		server := newServer(t, cfg, router)
		send := func(path string) {
			r := request("GET", "http://"+server.Addr().String()+path, "User-Agent", "test", "Traceparent", "00-"+callerTrace+"-"+callerSpan+"-00")
			r.RequestURI = ""
			response, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
		}
		send("/orders/secret?page=2&token=secret")
		for len(rec.spans.Started()) > len(rec.spans.Ended()) {
			time.Sleep(time.Millisecond) // the response may arrive before the span ends
		}
		if c.isOwn {
			_, port, _ := strings.Cut(server.Addr().String(), ":")
			want := `client.address=127.0.0.1,http.request.method=GET,network.peer.address=127.0.0.1,` +
				`server.address=127.0.0.1,server.port=` + port + `,url.path=/orders/secret,url.scheme=http,user_agent.original=test`
			got, _ := seen.Filter(func(kv attribute.KeyValue) bool { return kv.Key != "network.peer.port" })
			if encode(got) != want {
				t.Errorf("the sampler saw\n%s, want\n%s", encode(got), want)
			}
		}
		for _, span := range rec.spans.Ended() {
			set := attribute.NewSet(span.Attributes()...)
			same, _ := set.Filter(func(kv attribute.KeyValue) bool { return kv.Key != "network.peer.port" && kv.Key != "server.port" })
			spans = append(spans, encode(same))
		}
		recorded := len(rec.spans.Ended())
		if send("/drop"); c.isOwn && len(rec.spans.Started()) != recorded {
			t.Error("a span was recorded that the sampler had dropped")
		}
	}
	if len(spans) != 4 || len(slices.Compact(slices.Clone(spans))) != 1 || strings.Contains(spans[0], "secret") {
		t.Errorf("spans\n%s", strings.Join(spans, "\n"))
	}
}

// TestUnsampledRequestAllocations limits the cost of a request whose span is not
// recorded. Building attributes for it would exceed the limit.
func TestUnsampledRequestAllocations(t *testing.T) {
	w, r := discard{}, tinyRequest()
	bare := testing.AllocsPerRun(1000, func() { tinyHandler(w, r) })
	for _, sampler := range []sdktrace.Sampler{
		sdktrace.NeverSample(), sdktrace.TraceIDRatioBased(0), sdktrace.ParentBased(sdktrace.TraceIDRatioBased(1e-9)),
	} {
		handler := instrumented(t, sampler)
		with := testing.AllocsPerRun(1000, func() { handler(w, r) })
		if extra := with - bare; extra > 6 {
			t.Errorf("%s: telemetry of an unsampled request: %v allocations, want at most 6", sampler.Description(), extra)
		}
	}
}

// BenchmarkInstrument measures the telemetry of a request, without a network and
// without an exporter. Compare the variants with "bare".
//
//	go test -run '^$' -bench Instrument -count 6 ./internal/httpserver
func BenchmarkInstrument(b *testing.B) {
	b.Run("bare", func(b *testing.B) { serve(b, tinyHandler) })
	b.Run("unsampled", func(b *testing.B) { serve(b, instrumented(b, sdktrace.NeverSample())) })
	b.Run("unsampled, attributes at creation", func(b *testing.B) { serve(b, instrumented(b, dropping{sdktrace.NeverSample()})) })
	b.Run("sampled", func(b *testing.B) { serve(b, instrumented(b, sdktrace.AlwaysSample())) })
}

// dropping is a sampler that is not the SDK's and samples nothing.
type dropping struct{ sdktrace.Sampler }

func (dropping) ShouldSample(sdktrace.SamplingParameters) sdktrace.SamplingResult {
	return sdktrace.SamplingResult{Decision: sdktrace.Drop}
}

func serve(b *testing.B, handler http.HandlerFunc) {
	w, r := discard{}, tinyRequest()
	b.ReportAllocs()
	for b.Loop() {
		handler(w, r)
	}
}

func instrumented(tb testing.TB, sampler sdktrace.Sampler) http.HandlerFunc {
	tb.Helper()
	telemetrytest.ClearEnvironment()
	otel.SetTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.ParentBased(sampler))))
	otel.SetMeterProvider(sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader())))
	otel.SetTextMapPropagator(propagation.TraceContext{})
	handler, err := Instrument(InstrumentConfig{}, slog.New(slog.DiscardHandler), http.HandlerFunc(tinyHandler))
	if err != nil {
		tb.Fatal(err)
	}
	return handler.ServeHTTP
}

func tinyHandler(w http.ResponseWriter, r *http.Request) {
	setRoute(r.Context(), "/orders/{id}")
	w.WriteHeader(http.StatusOK)
	_, _ = io.WriteString(w, `{"id":"42"}`)
}

func tinyRequest() *http.Request {
	return request(http.MethodGet, "/orders/42", "User-Agent", "benchmark")
}

// discard is a ResponseWriter that discards everything, without allocations.
type discard struct{}

func (discard) Header() http.Header         { return discardedHeader }
func (discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) WriteHeader(int)             {}

var discardedHeader = http.Header{}

// spy is a sampler that stores its parameters.
type spy struct {
	sdktrace.Sampler
	seen *sdktrace.SamplingParameters
}

func (s spy) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	*s.seen = p
	return s.Sampler.ShouldSample(p)
}

type countingPropagator struct {
	propagation.TextMapPropagator
	extracted int
}

func (p *countingPropagator) Extract(ctx context.Context, carrier propagation.TextMapCarrier) context.Context {
	p.extracted++
	return p.TextMapPropagator.Extract(ctx, carrier)
}

// recorder records spans, metrics and logs.
type recorder struct {
	spans  *tracetest.SpanRecorder
	reader *sdkmetric.ManualReader
	logs   bytes.Buffer
}

// newRecorder sets the global providers, which Instrument uses: call it first, and do not
// run such tests in parallel.
func newRecorder(options ...sdktrace.TracerProviderOption) *recorder {
	telemetrytest.ClearEnvironment()
	rec := &recorder{spans: tracetest.NewSpanRecorder(), reader: sdkmetric.NewManualReader()}
	options = append(options, sdktrace.WithSpanProcessor(rec.spans))
	otel.SetTracerProvider(sdktrace.NewTracerProvider(options...))
	otel.SetMeterProvider(sdkmetric.NewMeterProvider(sdkmetric.WithReader(rec.reader)))
	otel.SetTextMapPropagator(propagation.NewCompositeTextMapPropagator(
		propagation.TraceContext{}, propagation.Baggage{}))
	return rec
}

func (rec *recorder) instrument(t *testing.T, cfg InstrumentConfig, next http.Handler) http.Handler {
	t.Helper()
	handler, err := Instrument(cfg, slog.New(withSpan{slog.NewJSONHandler(&rec.logs, nil)}), next)
	if err != nil {
		t.Fatal(err)
	}
	return handler
}

// withSpan adds the span id of the context to a record.
type withSpan struct{ slog.Handler }

func (h withSpan) Handle(ctx context.Context, record slog.Record) error {
	record.AddAttrs(slog.String("span_id", trace.SpanContextFromContext(ctx).SpanID().String()))
	return h.Handler.Handle(ctx, record)
}

// span returns the only span.
func (rec *recorder) span(t *testing.T) sdktrace.ReadOnlySpan {
	t.Helper()
	ended := rec.spans.Ended()
	if len(ended) != 1 || len(rec.spans.Started()) != 1 {
		t.Fatalf("%d spans started, %d ended, want 1 and 1", len(rec.spans.Started()), len(ended))
	}
	return ended[0]
}

// metrics returns the metrics so far, by name.
func (rec *recorder) metrics(ctx context.Context, t *testing.T) map[string]metricdata.Metrics {
	t.Helper()
	var collected metricdata.ResourceMetrics
	if err := rec.reader.Collect(ctx, &collected); err != nil {
		t.Fatal(err)
	}
	metrics := map[string]metricdata.Metrics{}
	for _, scope := range collected.ScopeMetrics {
		for _, m := range scope.Metrics {
			metrics[m.Name] = m
		}
	}
	return metrics
}

// series returns the attributes of every series of the duration metric.
func (rec *recorder) series(t *testing.T) []attribute.Set {
	t.Helper()
	durations, _ := rec.metrics(t.Context(), t)["http.server.request.duration"].Data.(metricdata.Histogram[float64])
	var series []attribute.Set
	for _, point := range durations.DataPoints {
		series = append(series, point.Attributes)
	}
	return series
}

// both returns the attributes of the only span and of the only series.
func (rec *recorder) both(t *testing.T) (span, series attribute.Set) {
	t.Helper()
	all := rec.series(t)
	if len(all) != 1 {
		t.Fatalf("%d series, want 1", len(all))
	}
	return attribute.NewSet(rec.span(t).Attributes()...), all[0]
}

// wantPanic checks the telemetry of a panic.
func wantPanic(t *testing.T, rec *recorder, status, kind, message string) {
	t.Helper()
	wantError(t, rec, "panic", status)
	events := rec.span(t).Events()
	if len(events) != 1 || events[0].Name != "exception" {
		t.Fatalf("events: %v", events)
	}
	event := attribute.NewSet(events[0].Attributes...)
	if value(event, "exception.type") != kind || value(event, "exception.message") != message ||
		!strings.Contains(value(event, "exception.stacktrace"), "_test.go") || len(value(event, "exception.stacktrace")) > 4096 {
		t.Errorf("event: %s", encode(event))
	}
	var record map[string]string
	if err := json.Unmarshal(rec.logs.Bytes(), &record); err != nil { // fails if there are two
		t.Fatalf("log %q: %v", rec.logs.String(), err)
	}
	if record["level"] != "ERROR" || record["span_id"] != rec.span(t).SpanContext().SpanID().String() || record["exception.message"] != message || record["exception.stacktrace"] != value(event, "exception.stacktrace") {
		t.Errorf("log: %v", record)
	}
}

// wantError checks that span and metrics have the same error.
func wantError(t *testing.T, rec *recorder, errorType, status string) {
	t.Helper()
	if got := rec.span(t).Status().Code; got != codes.Error {
		t.Errorf("status of the span: %v", got)
	}
	span, series := rec.both(t)
	for key, want := range map[attribute.Key]string{"error.type": errorType, "http.response.status_code": status} {
		if value(span, key) != want || value(series, key) != want {
			t.Errorf("%s: %q on the span, %q on the metric, want %q", key, value(span, key), value(series, key), want)
		}
	}
}

// value returns one attribute, or "".
func value(set attribute.Set, key attribute.Key) string {
	v, _ := set.Value(key)
	return v.String()
}

// encode renders attributes as key=value, sorted.
func encode(set attribute.Set) string { return set.Encoded(attribute.DefaultEncoder()) }

// do sends a request straight to handler, and returns the response.
func do(handler http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

// onRoute returns a handler that sets its route, as the router does.
func onRoute(route string, handler http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		setRoute(r.Context(), route)
		handler(w, r)
	}
}

func nothing(http.ResponseWriter, *http.Request) {}

func request(method, target string, header ...string) *http.Request {
	r := httptest.NewRequestWithContext(context.Background(), method, target, http.NoBody)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	return r
}

func post(target, body string) *http.Request {
	return httptest.NewRequestWithContext(context.Background(), http.MethodPost, target, strings.NewReader(body))
}

// fetch gets a URL and returns the body, and the error that ended it.
func fetch(t *testing.T, url string) (string, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return string(body), err
}

// serveOnce serves handler on loopback. The channel is closed when the handler
// has returned, which the client of a hijacked connection does not see.
func serveOnce(t *testing.T, handler http.Handler) (url string, served chan struct{}) {
	t.Helper()
	served = make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(served)
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL, served
}

// withExchange returns a context that carries x, as that of a request does.
func withExchange(ctx context.Context, x *exchange) context.Context {
	return context.WithValue(ctx, problem.ObserverKey{}, x)
}
