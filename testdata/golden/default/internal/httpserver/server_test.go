package httpserver

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/caarlos0/env/v11"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"shop/internal/problem"
)

func get(t *testing.T, handler http.Handler, method, path string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, http.NoBody))
	return w
}

// getRoute also returns the route that telemetry has.
func getRoute(t *testing.T, handler http.Handler, method, path string) (w *httptest.ResponseRecorder, route string) {
	t.Helper()
	var x exchange
	w = get(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler.ServeHTTP(w, r.WithContext(withExchange(r.Context(), &x)))
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
	router.HandleFunc("POST /items/{id}/parts", func(http.ResponseWriter, *http.Request) {})
	router.HandleFunc("GET /items/{id}/parts", func(http.ResponseWriter, *http.Request) {})
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
		{"DELETE", "/items/1/parts", 405, "GET, HEAD, POST", "/items/{id}/parts"},
		{"DELETE", "/items/1/parts/2", 405, "POST", "/items/{id}/parts/{part}"},
		{"DELETE", "/items/1/parts/a%2Fb", 405, "POST", "/items/{id}/parts/{part}"},
		{"CONNECT", "/any/1", 200, "", "/any/{id}"},
		{"GET", "/nowhere", 404, "", ""},
		{"INVENTED", "/items/1", 405, "GET, HEAD", "/items/{id}"},
		{"INVENTED", "/nowhere", 404, "", ""},
		{"DELETE", "/items/", 404, "", ""},
		{"GET", "//items/1", 404, "", ""},
		{"POST", "/items//parts", 404, "", ""},
		{"HEAD", "/items//parts", 404, "", ""},
		{"DELETE", "/items//parts/2", 404, "", ""},
		{"GET", "/items/./1", 404, "", ""},
		{"GET", "/items/../nowhere", 404, "", ""},
		{"PRI", "*", 404, "", ""},
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
	// Some routers redirect and others do not. The path is not a route in either case.
	if _, route := getRoute(t, router, http.MethodConnect, "/trees/secret"); route != "" {
		t.Errorf("CONNECT: route %q", route)
	}
}

// Path values are unescaped, and an escaped slash does not separate segments.
func TestRouter_PathValue(t *testing.T) {
	router, got := NewRouter(), ""
	router.HandleFunc("GET /items/{id}/parts/{part}", func(_ http.ResponseWriter, r *http.Request) {
		got = r.PathValue("id") + "," + r.PathValue("part")
	})
	for path, want := range map[string]string{
		"/items/1/parts/2":                "1,2",
		"/items/a+b/parts/%20%C3%A4":      "a+b, \u00e4",
		"/items/a%2Fb/parts/a+b%20c%2525": "a/b,a+b c%25",
	} {
		if got = ""; get(t, router, http.MethodGet, path).Code != http.StatusOK || got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}

// The route is recorded, and the parameters of the path are masked, after a panic.
func TestRouter_Panic(t *testing.T) {
	rec, router := newRecorder(), NewRouter()
	router.HandleFunc("GET /items/{id}", func(http.ResponseWriter, *http.Request) { panic("boom") })
	do(rec.instrument(t, InstrumentConfig{}, router), request("GET", "/items/secret"))
	span, series := rec.both(t)
	if value(span, "http.route") != "/items/{id}" || value(series, "http.route") != "/items/{id}" || value(span, "url.path") != "/items/{id}" {
		t.Errorf("span %s, series %s", encode(span), encode(series))
	}
}

// Handlers can use the writer of the router like one of net/http.
func TestRouter_Writer(t *testing.T) {
	headerArrived := make(chan struct{})
	for path, test := range map[string]struct {
		handler         func(http.ResponseWriter, *http.Request) error
		statuses        []int // those that the client receives, if the response is complete
		body            string
		told, errorType string // the status and error.type of span and metrics
	}{
		"/flush": {func(w http.ResponseWriter, _ *http.Request) error {
			w.WriteHeader(http.StatusAccepted)
			err := http.NewResponseController(w).Flush()
			<-headerArrived
			_, _ = io.WriteString(w, "flushed")
			return err
		}, []int{202}, "flushed", "202", ""},
		"/deadlines": {func(w http.ResponseWriter, _ *http.Request) error {
			controller, soon := http.NewResponseController(w), time.Now().Add(time.Minute)
			return errors.Join(controller.SetReadDeadline(soon), controller.SetWriteDeadline(soon))
		}, []int{200}, "", "200", ""},
		"/informational": {func(w http.ResponseWriter, _ *http.Request) error {
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusAccepted)
			return nil
		}, []int{103, 202}, "", "202", ""},
		"/copy": {func(w http.ResponseWriter, _ *http.Request) error {
			_, err := io.Copy(w, strings.NewReader("copied"))
			return err
		}, []int{200}, "copied", "200", ""},
		"/hijack": {func(w http.ResponseWriter, _ *http.Request) error {
			connection, buffer, err := http.NewResponseController(w).Hijack()
			if err != nil {
				return err
			}
			_, _ = buffer.WriteString("HTTP/1.1 203 OK\r\nContent-Length: 8\r\n\r\nhijacked")
			return errors.Join(buffer.Flush(), connection.Close())
		}, []int{203}, "hijacked", "101", ""},
		"/abort": {func(http.ResponseWriter, *http.Request) error { panic(http.ErrAbortHandler) }, nil, "", "", "abort"},
		"/late-panic": {func(w http.ResponseWriter, _ *http.Request) error {
			_, _ = io.WriteString(w, "half of it")
			panic("boom")
		}, nil, "", "200", "panic"},
	} {
		t.Run(path, func(t *testing.T) {
			rec, router := newRecorder(), NewRouter()
			router.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
				if err := test.handler(w, r); err != nil {
					t.Error(err)
				}
			})
			url, served := serveOnce(t, rec.instrument(t, InstrumentConfig{}, router))
			var statuses []int
			ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
				Got1xxResponse: func(status int, _ textproto.MIMEHeader) error {
					statuses = append(statuses, status)
					return nil
				},
			})
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, url+path, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			var body []byte
			response, err := http.DefaultClient.Do(r)
			if err == nil {
				if path == "/flush" {
					close(headerArrived)
				}
				body, err = io.ReadAll(response.Body)
				statuses = append(statuses, response.StatusCode)
				response.Body.Close()
			}
			<-served
			if (err == nil) != (test.statuses != nil) || err == nil && (!slices.Equal(statuses, test.statuses) || string(body) != test.body) {
				t.Errorf("client: %v %q %v, want %v %q", statuses, body, err, test.statuses, test.body)
			}
			span, series := rec.both(t)
			for key, want := range map[attribute.Key]string{
				"http.response.status_code": test.told, "error.type": test.errorType, "http.route": path,
			} {
				if value(span, key) != want || value(series, key) != want {
					t.Errorf("%s: want %q: span %s, series %s", key, want, encode(span), encode(series))
				}
			}
		})
	}
}

// Clients cannot add series, whatever the router does with the request.
func TestRouter_SeriesAreBounded(t *testing.T) {
	rec, router := newRecorder(sdktrace.WithSampler(sdktrace.NeverSample())), NewRouter()
	router.HandleFunc("GET /items/{id}", nothing)
	router.HandleFunc("POST /items/{id}/parts/{part}", nothing)
	handler := rec.instrument(t, InstrumentConfig{}, router)
	paths := []string{"/items/N", "/items/N/parts/N", "/items/a%2FN", "/N", "/items/N/", "//N", "/items/../N"}
	for i := range 10_000 {
		n := strconv.Itoa(i)
		r := request("GET", strings.ReplaceAll(paths[i%len(paths)], "N", n))
		r.Host = "host" + n
		if i%2 == 0 {
			r.Method = "METHOD" + n
		}
		do(handler, r)
	}
	routes := map[string]int{}
	for _, series := range rec.series(t) {
		routes[value(series, "http.route")]++
	}
	if want := map[string]int{"": 2, "/items/{id}": 2, "/items/{id}/parts/{part}": 2}; !maps.Equal(routes, want) {
		t.Errorf("series by route: %v, want %v", routes, want)
	}
}

type fakeHealth struct {
	started, ending bool
	states          map[string]error
}

func (f fakeHealth) Started() bool { return f.started }

func (f fakeHealth) Ending() bool { return f.ending }

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
		if w.Code != http.StatusNotFound && w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s: it is not JSON: %v", c.path, w.Header())
		}
	}
}

// No cache answers in place of the service, unless the handler lets it.
func TestServer_Caches(t *testing.T) {
	router := NewRouter()
	router.HandleFunc("GET /private", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	router.HandleFunc("GET /public", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Cache-Control", "max-age=60") })
	server, err := New(t.Context(), limits, fakeHealth{}, router, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer server.listener.Close()
	for path, want := range map[string]string{"/private": "no-store", "/nowhere": "no-store", "/readyz": "no-store", "/public": "max-age=60"} {
		if got := get(t, server.server.Handler, http.MethodGet, path).Header().Get("Cache-Control"); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}

// If the service is ending, responses ask the client to close the connection, so that
// the shutdown does not close it during the next request.
func TestServer_DismissesClients(t *testing.T) {
	for _, ending := range []bool{false, true} {
		for _, path := range []string{"/readyz", "/nowhere"} {
			server, err := New(t.Context(), limits, fakeHealth{ending: ending}, NewRouter(), slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			defer server.listener.Close()
			w := get(t, server.server.Handler, http.MethodGet, path)
			if dismissed := w.Header().Get("Connection") == "close"; dismissed != ending {
				t.Errorf("%s, ending %t: %v", path, ending, w.Header())
			}
		}
	}
}

// Close waits for the requests in progress, and closes their connections when its
// context is done.
func TestServer_Close(t *testing.T) {
	for name, c := range map[string]struct {
		time   time.Duration
		status int
		err    error
	}{
		"finished": {time.Hour, http.StatusOK, nil},
		"cut off":  {time.Millisecond, 0, context.DeadlineExceeded},
	} {
		began, finish := make(chan struct{}), make(chan struct{})
		router := NewRouter()
		router.HandleFunc("/", func(_ http.ResponseWriter, r *http.Request) {
			began <- struct{}{}
			select {
			case <-finish:
			case <-r.Context().Done(): // the connection is closed
			}
		})
		server, err := New(t.Context(), limits, fakeHealth{}, router, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		run, status := make(chan error, 1), make(chan int, 1)
		go func() { run <- server.Run(context.Background()) }()
		go func() {
			code, _ := ask(t, server, "")
			status <- code
		}()
		<-began
		closed := make(chan error, 1)
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), c.time)
			defer cancel()
			closed <- server.Close(ctx)
		}()
		if err := <-run; err != nil { // the server is closed
			t.Errorf("%s: %v", name, err)
		}
		if c.err == nil {
			close(finish)
		}
		if err := <-closed; !errors.Is(err, c.err) {
			t.Errorf("%s: %v, want %v", name, err, c.err)
		}
		select {
		case got := <-status:
			if got != c.status {
				t.Errorf("%s: status %d, want %d", name, got, c.status)
			}
		case <-time.After(10 * time.Second):
			t.Errorf("%s: the connection is still open", name)
		}
	}
}

// The limits of the configuration are those of the server.
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
	got.MaxHeaderBytes = server.server.MaxHeaderBytes / 2
	if !reflect.DeepEqual(got, cfg) {
		t.Errorf("got %+v, want %+v", got, cfg)
	}
}

// Run returns the reason if it cannot serve.
func TestServer_Fails(t *testing.T) {
	server, err := New(t.Context(), limits, fakeHealth{}, NewRouter(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	_ = server.listener.Close()
	if err := server.Run(t.Context()); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}

// The log says where the server listens, with a URL to click on, and what net/http has
// to report.
func TestServer_Log(t *testing.T) {
	twice := func(http.Handler) http.Handler { // not a route: some routers notice it themselves
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusOK)
			w.WriteHeader(http.StatusTeapot)
		})
	}
	var log strings.Builder
	everywhere := limits
	everywhere.Address = ":0"
	server, err := New(t.Context(), everywhere, fakeHealth{}, NewRouter(), slog.New(slog.NewTextHandler(&log, nil)), twice)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- server.Run(context.WithoutCancel(t.Context())) }()
	ask(t, server, "")
	if err := errors.Join(server.Close(t.Context()), <-done); err != nil {
		t.Fatal(err)
	}
	address := server.Addr().String()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	if host == "::" { // without IPv6 it is 0.0.0.0
		host = "localhost"
	}
	for _, want := range []string{"msg=listening address=" + address + " url.full=http://" + host + ":" + port + "\n", "level=WARN msg=\"http: superfluous response.WriteHeader call"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("%s is missing in\n%s", want, &log)
		}
	}
}

// limits are so high that a test reaches only the one that it changes.
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

// The connection of a client that sends its header too slowly is closed.
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
	// The connection ends, after a response or without one.
	reply, err := io.ReadAll(connection)
	if err != nil || (len(reply) > 0 && !strings.HasPrefix(string(reply), "HTTP/1.1 4")) {
		t.Errorf("%q, %v", reply, err)
	}
}

// The context of a request is done while the handler can still answer: a response after
// the write timeout does not arrive.
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
	cfg.WriteTimeout = 2 * time.Second // a tenth of it is for the response
	status, _ := ask(t, newServer(t, cfg, router), "")
	if status != http.StatusGatewayTimeout || took > 5*time.Second {
		t.Errorf("status %d after %v", status, took)
	}
}

// ask sends a body and returns the status and the body of the response.
func ask(t *testing.T, server *Server, body string) (status int, answer string) {
	t.Helper()
	_, port, err := net.SplitHostPort(server.Addr().String()) // of which the host may be "::", to which a proxy would lead
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://127.0.0.1:"+port, strings.NewReader(body))
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

// A timeout of centuries, for a service that wants none, is not one that is over.
func TestServer_EndsRequestsInTime_Never(t *testing.T) {
	handler := limitRequests(Config{WriteTimeout: 999_999 * time.Hour, MaxBodyBytes: 1}, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if err := r.Context().Err(); err != nil {
			t.Error(err)
		}
	}))
	get(t, handler, http.MethodGet, "/")
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

// A URL or a header that is too large is refused with a problem like any other: it has
// passed the middleware, and telemetry has its route.
func TestServer_LimitsHeaders(t *testing.T) {
	cfg := limits
	cfg.MaxHeaderBytes = 1000
	type chain = []func(http.Handler) http.Handler
	long := func(n int) string { return strings.Repeat("x", n) }
	for title, c := range map[string]struct {
		middleware   chain
		path, header string
		status       int
		detail       string // of the problem
		name         string // of the span
	}{
		"both at the limit":           {nil, "/items/" + long(993), "A: " + long(495) + "\r\nA: " + long(495), 200, "", "GET /items/{id}"},
		"a longer URL":                {nil, "/items/" + long(994), "A: b", 414, "the URL is larger than 1000 bytes", "GET /items/{id}"},
		"a longer query":              {nil, "/items/1?q=" + long(990), "A: b", 414, "the URL is larger than 1000 bytes", "GET /items/{id}"},
		"a larger field":              {nil, "/items/1", "A: " + long(996), 431, "the header is larger than 1000 bytes", "GET /items/{id}"},
		"a field that is there twice": {nil, "/items/1", "A: " + long(495) + "\r\nA: " + long(496), 431, "the header is larger than 1000 bytes", "GET /items/{id}"},
		"fields together":             {nil, "/items/1", "A: " + long(495) + "\r\nB: " + long(496), 431, "the header is larger than 1000 bytes", "GET /items/{id}"},
		"both are larger":             {nil, "/items/" + long(1500), "A: " + long(1500), 414, "the URL is larger than 1000 bytes", "GET /items/{id}"},
		"without a route":             {nil, "/" + long(1000), "A: b", 414, "the URL is larger than 1000 bytes", "GET"},
		"at the limit, passed on":     {chain{mark("a")}, "/items/" + long(993), "A: " + long(995), 200, "", "GET /items/{id}"},
		"passed on":                   {chain{mark("a")}, "/items/" + long(994), "A: b", 414, "the URL is larger than 1000 bytes", "GET /items/{id}"},
		"refused before":              {chain{mark("a"), refuse}, "/items/" + long(994), "A: b", 401, "", "GET /items/{id}"},
	} {
		t.Run(title, func(t *testing.T) {
			rec, router := newRecorder(), NewRouter()
			router.HandleFunc("GET /items/{id}", func(http.ResponseWriter, *http.Request) {})
			server := newServer(t, cfg, router, c.middleware...)
			conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", server.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, err := io.WriteString(conn, "GET "+c.path+" HTTP/1.0\r\n"+c.header+"\r\n\r\n"); err != nil {
				t.Fatal(err)
			}
			response, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			var answer problem.Details
			isProblem := response.Header.Get("Content-Type") == problem.ContentType && json.NewDecoder(response.Body).Decode(&answer) == nil
			if response.StatusCode != c.status || isProblem != (c.detail != "") || answer.Detail != c.detail {
				t.Errorf("%s %v %+v", response.Status, response.Header, answer)
			}
			if passed := response.Header.Get("Passed") == "a"; passed != (c.middleware != nil) {
				t.Errorf("header %v", response.Header)
			}
			if err := server.Close(t.Context()); err != nil { // the span has ended
				t.Fatal(err)
			}
			span := rec.span(t)
			if span.Name() != c.name || isProblem && answer.TraceID != span.SpanContext().TraceID().String() {
				t.Errorf("span %q, problem %+v", span.Name(), answer)
			}
		})
	}
}

// HTTP_ADDR overrides PORT, which platforms set.
func TestConfig_ListenAddress(t *testing.T) {
	for want, environment := range map[string]map[string]string{
		":8080":          {},
		":5000":          {"PORT": "5000"},
		"127.0.0.1:9000": {"PORT": "5000", "HTTP_ADDR": "127.0.0.1:9000"},
	} {
		cfg, err := env.ParseAsWithOptions[Config](env.Options{Environment: environment})
		if err != nil || cfg.ListenAddress() != want {
			t.Errorf("%v: %q, %v, want %q", environment, cfg.ListenAddress(), err, want)
		}
	}
	server := newServer(t, limits, NewRouter())
	_, port, err := net.SplitHostPort(server.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	cfg := limits
	cfg.Address = ""
	if n, err := strconv.ParseUint(port, 10, 16); err != nil {
		t.Fatal(err)
	} else {
		cfg.Port = uint16(n)
	}
	if _, err := New(t.Context(), cfg, fakeHealth{}, NewRouter(), slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), ":"+port) {
		t.Errorf("another port than PORT: %v", err)
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
	least := Config{Address: ":0", ReadHeaderTimeout: 1, ReadTimeout: 1, WriteTimeout: 1, IdleTimeout: 1, MaxHeaderBytes: 1, MaxBodyBytes: 1}
	if err := least.Validate(); err != nil {
		t.Errorf("everything is greater than zero: %v", err)
	}
}

func TestConfig_Address(t *testing.T) {
	for address, ok := range map[string]bool{":8080": true, "localhost:0": true, "[::1]:http": true, "8080": false, "localhost": false, "localhost:": false} {
		cfg := limits
		cfg.Address = address
		if err := cfg.Validate(); (err == nil) != ok || err != nil && !strings.HasPrefix(err.Error(), `HTTP_ADDR: "`+address+`" is not host:port`) {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// refuse is middleware that refuses every request.
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

// change is middleware that passes the result of f on.
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

// Whatever middleware does with a request, telemetry has its route and does not record
// the parameters of its path.
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
		"passed on": {chain{mark("a"), nil, mark("b")}, "GET", "/items/secret", 200, "a b", "", "GET /items/{id}", "/items/{id}"},
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
			w := do(rec.instrument(t, InstrumentConfig{}, wrap(router, limits.MaxHeaderBytes, test.middleware)), request(test.method, test.path))
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

// The middleware of the server around the instrumentation does not change what is
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
	for _, c := range []struct{ method, path, body string }{
		{"GET", "/items/1", ""},
		{"DELETE", "/items/1", ""},
		{"POST", "/items", "12345"},
	} {
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

// BenchmarkRouter measures the cost of having middleware: the route of a request is
// looked up once more.
func BenchmarkRouter(b *testing.B) {
	pass := func(next http.Handler) http.Handler { return next }
	for name, middleware := range map[string][]func(http.Handler) http.Handler{"without middleware": nil, "with middleware": {pass}} {
		b.Run(name, func(b *testing.B) {
			instrumented(b, sdktrace.NeverSample()) // sets the global providers
			router := NewRouter()
			router.HandleFunc("GET /orders/{id}", tinyHandler)
			handler, err := Instrument(InstrumentConfig{}, slog.New(slog.DiscardHandler), wrap(router, limits.MaxHeaderBytes, middleware))
			if err != nil {
				b.Fatal(err)
			}
			serve(b, handler.ServeHTTP)
		})
	}
}
