package httpserver

import (
	"context"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// refuse is middleware that lets nobody in.
func refuse(http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) })
}

// mark is middleware that adds its name to a header of the response.
func mark(name string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Add("Passed", name)
			next.ServeHTTP(w, r)
		})
	}
}

// change is middleware that passes on what f makes of the request.
func change(f func(*http.Request) *http.Request) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(w, f(r)) })
	}
}

func preflight(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodOptions {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.WriteHeader(http.StatusNoContent)
	})
}

// Whatever middleware does with a request, telemetry knows its route, and does
// not record the parameters of its path.
func TestMiddleware(t *testing.T) {
	type key struct{}
	type chain = []func(http.Handler) http.Handler
	for title, test := range map[string]struct {
		middleware     chain
		method, path   string
		status         int
		passed, header string // what middleware has added to the response
		name, urlPath  string // of the span
	}{
		"passed on": {chain{mark("a"), mark("b")}, "GET", "/items/secret", 200, "a b", "", "GET /items/{id}", "/items/{id}"},
		"refused":   {chain{mark("a"), refuse, mark("b")}, "GET", "/items/secret", 401, "a", "", "GET /items/{id}", "/items/{id}"},
		"a HEAD request refused": {
			chain{refuse}, "HEAD", "/items/secret", 401, "", "", "HEAD /items/{id}", "/items/{id}",
		},
		"refused, whose method is not allowed": {
			chain{refuse}, "DELETE", "/items/secret", 401, "", "", "DELETE /items/{id}", "/items/{id}",
		},
		"refused, whose method is unknown": {
			chain{refuse}, "INVENTED", "/items/secret", 401, "", "", "HTTP /items/{id}", "/items/{id}",
		},
		"refused, without a route": {chain{refuse}, "GET", "/nowhere", 401, "", "", "GET", "/nowhere"},
		"copied": {
			chain{change(func(r *http.Request) *http.Request {
				return r.WithContext(context.WithValue(r.Context(), key{}, 1))
			}), mark("a")}, "GET", "/items/secret", 200, "a", "", "GET /items/{id}", "/items/{id}",
		},
		"copied, without its context": {
			chain{change(func(r *http.Request) *http.Request { return r.Clone(context.Background()) })},
			"GET", "/items/secret", 200, "", "", "GET /items/{id}", "/items/{id}",
		},
		"moved to another path": {
			chain{change(func(r *http.Request) *http.Request {
				moved := r.Clone(r.Context())
				moved.URL.Path = strings.TrimPrefix(r.URL.Path, "/v1")
				return moved
			})}, "GET", "/v1/items/secret", 200, "", "", "GET /items/{id}", "/items/{id}",
		},
		"panic": {
			chain{mark("a"), func(http.Handler) http.Handler {
				return http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("boom") })
			}}, "GET", "/items/secret", 500, "a", "", "GET /items/{id}", "/items/{id}",
		},
		"preflight": {
			chain{mark("a"), preflight}, "OPTIONS", "/items/secret", 204, "a", "*", "OPTIONS /items/{id}", "/items/{id}",
		},
		"no such route":      {chain{mark("a"), preflight}, "GET", "/nowhere", 404, "a", "", "GET", "/nowhere"},
		"method not allowed": {chain{mark("a")}, "DELETE", "/items/secret", 405, "a", "", "DELETE /items/{id}", "/items/{id}"},
	} {
		t.Run(title, func(t *testing.T) {
			rec, router := newRecorder(), NewRouter()
			router.HandleFunc("GET /items/{id}", func(_ http.ResponseWriter, r *http.Request) {
				if r.PathValue("id") != "secret" {
					t.Errorf("id %q", r.PathValue("id"))
				}
			})
			w := do(rec.instrument(t, InstrumentConfig{}, wrap(router, test.middleware)), request(test.method, test.path))
			if w.Code != test.status || strings.Join(w.Header()["Passed"], " ") != test.passed ||
				w.Header().Get("Access-Control-Allow-Origin") != test.header {
				t.Errorf("%d %v", w.Code, w.Header())
			}
			span, series := rec.both(t)
			if got := rec.span(t).Name(); got != test.name {
				t.Errorf("span %q, want %q", got, test.name)
			}
			_, route, _ := strings.Cut(test.name, " ")
			if value(span, "http.route") != route || value(series, "http.route") != route || value(span, "url.path") != test.urlPath {
				t.Errorf("want route %q, path %q: span %s, series %s", route, test.urlPath, encode(span), encode(series))
			}
		})
	}
}

// What the server puts around the instrumentation does not change what is
// measured.
func TestServer_Metrics(t *testing.T) {
	rec, router := newRecorder(), NewRouter()
	router.HandleFunc("GET /items/{id}", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("123")) })
	router.HandleFunc("POST /items", func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
	server := newServer(t, limits, router, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodDelete {
				w.WriteHeader(http.StatusForbidden)
				return
			}
			next.ServeHTTP(w, r)
		})
	})
	for _, c := range []struct{ method, path, body string }{{"GET", "/items/1", ""}, {"DELETE", "/items/1", ""}, {"POST", "/items", "12345"}} {
		r, err := http.NewRequestWithContext(t.Context(), c.method, "http://"+server.Addr().String()+c.path, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
	}
	if err := server.Close(t.Context()); err != nil {
		t.Error(err)
	}

	const version = "network.protocol.version=1.1,url.scheme=http"
	get := "http.request.method=GET,http.response.status_code=200,http.route=/items/{id}," + version
	refused := "http.request.method=DELETE,http.response.status_code=403,http.route=/items/{id}," + version
	post := "http.request.method=POST,http.response.status_code=200,http.route=/items," + version
	metrics := rec.metrics(t.Context(), t)
	durations := map[string]bool{}
	seconds, _ := metrics["http.server.request.duration"].Data.(metricdata.Histogram[float64])
	for _, point := range seconds.DataPoints {
		durations[encode(point.Attributes)] = point.Count == 1
	}
	if len(durations) != 3 || !durations[get] || !durations[refused] || !durations[post] {
		t.Errorf("durations: %v", durations)
	}
	for name, want := range map[string]map[string]int64{
		"http.server.request.body.size":  {post: 5},
		"http.server.response.body.size": {get: 3, refused: 0, post: 0},
	} {
		sizes, _ := metrics[name].Data.(metricdata.Histogram[int64])
		got := map[string]int64{}
		for _, point := range sizes.DataPoints {
			got[encode(point.Attributes)] = point.Sum
		}
		if !maps.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	active, _ := metrics["http.server.active_requests"].Data.(metricdata.Sum[int64])
	for _, point := range active.DataPoints {
		if point.Value != 0 {
			t.Errorf("still active: %+v", point)
		}
	}
	if len(active.DataPoints) != 3 {
		t.Errorf("active requests of %d methods, want 3", len(active.DataPoints))
	}
}

// BenchmarkRouter tells what middleware costs beyond its own work: with it, the
// route of a request is looked up once more.
func BenchmarkRouter(b *testing.B) {
	pass := func(next http.Handler) http.Handler { return next }
	for name, middleware := range map[string][]func(http.Handler) http.Handler{"without middleware": nil, "with middleware": {pass}} {
		b.Run(name, func(b *testing.B) {
			instrumented(b, sdktrace.NeverSample()) // sets the global providers
			router := NewRouter()
			router.HandleFunc("GET /orders/{id}", tinyHandler)
			handler, err := Instrument(InstrumentConfig{}, slog.New(slog.DiscardHandler), wrap(router, middleware))
			if err != nil {
				b.Fatal(err)
			}
			serve(b, handler.ServeHTTP)
		})
	}
}
