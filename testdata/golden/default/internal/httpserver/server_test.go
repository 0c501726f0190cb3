package httpserver

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"
)

func get(t *testing.T, handler http.Handler, method, path string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, http.NoBody))
	return w
}

// getRoute returns the route that telemetry is told as well.
func getRoute(t *testing.T, handler http.Handler, method, path string) (w *httptest.ResponseRecorder, route string) {
	t.Helper()
	var x exchange
	w = get(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), exchangeKey{}, &x)))
	}), method, path)
	if told := x.route.Load(); told != nil {
		route = *told
	}
	return w, route
}

func TestRouter(t *testing.T) {
	router := NewRouter()
	router.HandleFunc("GET /items/{id}", func(http.ResponseWriter, *http.Request) {})
	router.HandleFunc("POST /items", func(http.ResponseWriter, *http.Request) {})
	router.HandleFunc("POST /items/{id}/parts/{part}", func(http.ResponseWriter, *http.Request) {})
	router.HandleFunc("/any/{id}", func(http.ResponseWriter, *http.Request) {})
	router.HandleFunc("/trees/{name}/", func(http.ResponseWriter, *http.Request) {})
	for _, c := range []struct {
		method, path string
		status       int
		allow, route string
	}{
		{"GET", "/items/1", 200, "", "/items/{id}"},
		{"HEAD", "/items/1", 200, "", "/items/{id}"},
		{"POST", "/items", 200, "", "/items"},
		{"DELETE", "/items", 405, "POST", "/items"},
		{"DELETE", "/items/1", 405, "GET, HEAD", "/items/{id}"},
		{"DELETE", "/items/1/parts/2", 405, "POST", "/items/{id}/parts/{part}"},
		{"DELETE", "/items/1/parts/a%2Fb", 405, "POST", "/items/{id}/parts/{part}"},
		{"CONNECT", "/any/1", 200, "", "/any/{id}"},
		{"GET", "/nowhere", 404, "", ""},
		{"GET", "//nowhere", 404, "", ""},
		{"GET", "/items/../nowhere", 404, "", ""},
	} {
		w, route := getRoute(t, router, c.method, c.path)
		if route != c.route {
			t.Errorf("%s %s: route %q, want %q", c.method, c.path, route, c.route)
		}
		if w.Code != c.status || w.Header().Get("Allow") != c.allow {
			t.Errorf("%s %s: %d, Allow %q", c.method, c.path, w.Code, w.Header().Get("Allow"))
		}
		if isProblem := w.Header().Get("Content-Type") == "application/problem+json"; isProblem != (c.status >= 400) {
			t.Errorf("%s %s: content type %q", c.method, c.path, w.Header().Get("Content-Type"))
		}
	}
	// One router redirects and one does not. To neither is the path a route.
	if _, route := getRoute(t, router, http.MethodConnect, "/trees/secret"); route != "" {
		t.Errorf("CONNECT: route %q", route)
	}
}

// A panic does not hide the route that it happened on, nor its parameters.
func TestRouter_Panic(t *testing.T) {
	rec, router := newRecorder(), NewRouter()
	router.HandleFunc("GET /items/{id}", func(http.ResponseWriter, *http.Request) { panic("boom") })
	do(rec.instrument(t, InstrumentConfig{}, router), request("GET", "/items/secret"))
	span, series := rec.both(t)
	if value(span, "http.route") != "/items/{id}" || value(series, "http.route") != "/items/{id}" || value(span, "url.path") != "/items/{id}" {
		t.Errorf("span %s, series %s", encode(span), encode(series))
	}
}

type fakeHealth struct {
	started bool
	states  map[string]error
}

func (f fakeHealth) Started() bool { return f.started }

func (f fakeHealth) Check(context.Context) (map[string]error, bool) {
	for _, err := range f.states {
		if err != nil {
			return f.states, false
		}
	}
	return f.states, f.started
}

func TestHealth(t *testing.T) {
	broken := map[string]error{"database": errors.New("dial tcp 10.0.0.1: refused"), "cache": nil}
	for _, c := range []struct {
		path   string
		health fakeHealth
		status int
		body   string
	}{
		{"/livez", fakeHealth{}, 200, `{"status":"ok"}`},
		{"/startupz", fakeHealth{}, 503, `{"status":"unavailable"}`},
		{"/startupz", fakeHealth{started: true, states: broken}, 200, `{"status":"ok"}`},
		{"/readyz", fakeHealth{}, 503, `{"status":"unavailable"}`},
		{"/readyz", fakeHealth{started: true, states: map[string]error{"cache": nil}}, 200, `{"status":"ok","checks":{"cache":"ok"}}`},
		{"/readyz", fakeHealth{started: true, states: broken}, 503, `{"status":"unavailable","checks":{"cache":"ok","database":"unavailable"}}`},
		{"/livez/more", fakeHealth{}, 404, "404 page not found"},
	} {
		w := get(t, healthEndpoints(c.health, http.NotFoundHandler()), http.MethodGet, c.path)
		if w.Code != c.status || strings.TrimSpace(w.Body.String()) != c.body {
			t.Errorf("%s: %d %s", c.path, w.Code, w.Body)
		}
		if w.Code != http.StatusNotFound && w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: a cache may answer: %v", c.path, w.Header())
		}
	}
}

// What the configuration limits, the server limits.
func TestServer_HasItsLimits(t *testing.T) {
	cfg := Config{
		Address: "127.0.0.1:0", ReadHeaderTimeout: 1 * time.Second, ReadTimeout: 2 * time.Second,
		WriteTimeout: 3 * time.Second, IdleTimeout: 4 * time.Second, MaxHeaderBytes: 5, MaxBodyBytes: 6,
	}
	server, err := New(t.Context(), cfg, fakeHealth{}, NewRouter(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer server.listener.Close()
	got := cfg
	got.ReadHeaderTimeout, got.ReadTimeout = server.server.ReadHeaderTimeout, server.server.ReadTimeout
	got.WriteTimeout, got.IdleTimeout = server.server.WriteTimeout, server.server.IdleTimeout
	got.MaxHeaderBytes = server.server.MaxHeaderBytes
	if !reflect.DeepEqual(got, cfg) {
		t.Errorf("got %+v, want %+v", got, cfg)
	}
}

// limits are so wide that a test reaches only the one that it sets.
var limits = Config{
	Address: "127.0.0.1:0", ReadHeaderTimeout: time.Hour, ReadTimeout: time.Hour,
	WriteTimeout: time.Hour, IdleTimeout: time.Hour, MaxHeaderBytes: 1 << 16, MaxBodyBytes: 8,
}

func newServer(t *testing.T, cfg Config, router *Router, middleware ...func(http.Handler) http.Handler) *Server {
	t.Helper()
	server, err := New(t.Context(), cfg, fakeHealth{}, router, slog.New(slog.DiscardHandler), middleware...)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- server.Run(context.WithoutCancel(t.Context())) }()
	t.Cleanup(func() {
		if err := errors.Join(server.Close(context.Background()), <-done); err != nil {
			t.Error(err)
		}
	})
	return server
}

// A client that sends its header byte by byte is cut off.
func TestServer_TimesOut(t *testing.T) {
	cfg := limits
	cfg.ReadHeaderTimeout = 50 * time.Millisecond
	server := newServer(t, cfg, NewRouter())
	connection, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", server.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	if _, err := connection.Write([]byte("GET / HT")); err != nil {
		t.Fatal(err)
	}
	if err := connection.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	// The end of the connection, after an answer or without one.
	reply, err := io.ReadAll(connection)
	if err != nil || (len(reply) > 0 && !strings.HasPrefix(string(reply), "HTTP/1.1 4")) {
		t.Errorf("%q, %v", reply, err)
	}
}

// A handler that waits for what does not come is told while it can still answer:
// the response of one that is later than the write timeout reaches nobody.
func TestServer_EndsRequestsInTime(t *testing.T) {
	var took time.Duration
	router := NewRouter()
	router.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		select {
		case <-r.Context().Done():
		case <-time.After(10 * time.Second):
		}
		took = time.Since(began)
		w.WriteHeader(http.StatusGatewayTimeout)
	})
	cfg := limits
	cfg.WriteTimeout = time.Second
	status, _ := ask(t, newServer(t, cfg, router), "")
	if status != http.StatusGatewayTimeout || took > 5*time.Second {
		t.Errorf("status %d after %v", status, took)
	}
}

// ask sends a body and returns the status and the body of the response.
func ask(t *testing.T, server *Server, body string) (status int, answer string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+server.Addr().String(), strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Error(err)
	}
	return response.StatusCode, string(content)
}

func TestServer_LimitsBodies(t *testing.T) {
	router := NewRouter()
	router.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		var tooLarge *http.MaxBytesError
		if _, err := io.ReadAll(r.Body); errors.As(err, &tooLarge) {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
		}
	})
	server := newServer(t, limits, router)
	for body, want := range map[string]int{"12345678": http.StatusOK, "123456789": http.StatusRequestEntityTooLarge} {
		if status, answer := ask(t, server, body); status != want {
			t.Errorf("%d bytes: status %d, %s", len(body), status, answer)
		}
	}
}

func TestConfig_ReportsEveryProblem(t *testing.T) {
	err := Config{Address: "8080"}.Validate()
	for _, name := range []string{
		"HTTP_ADDR", "HTTP_READ_HEADER_TIMEOUT", "HTTP_READ_TIMEOUT", "HTTP_WRITE_TIMEOUT", "HTTP_IDLE_TIMEOUT",
		"HTTP_MAX_HEADER_BYTES", "HTTP_MAX_BODY_BYTES",
	} {
		if err == nil || !strings.Contains(err.Error(), name+": ") {
			t.Errorf("%s is missing in\n%v", name, err)
		}
	}
}
