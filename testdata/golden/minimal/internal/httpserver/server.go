// Package httpserver is the HTTP server: its limits and timeouts, its health
// endpoints, its router, and the telemetry of every request.
package httpserver

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"example.com/hello/internal/problem"
)

// Config configures the server.
type Config struct {
	// Address is where to listen. If it is empty, the server listens on Port on every
	// interface: platforms such as Heroku and Cloud Run assign a PORT.
	Address           string        `env:"HTTP_ADDR"`
	Port              uint16        `env:"PORT" envDefault:"8080"`
	ReadHeaderTimeout time.Duration `env:"HTTP_READ_HEADER_TIMEOUT" envDefault:"5s"`
	ReadTimeout       time.Duration `env:"HTTP_READ_TIMEOUT" envDefault:"10s"`
	WriteTimeout      time.Duration `env:"HTTP_WRITE_TIMEOUT" envDefault:"15s"`
	// IdleTimeout must be longer than that of a load balancer, 60 s at AWS and nginx
	// and 90 s at Azure, or the load balancer may send a request on a connection
	// that is being closed.
	IdleTimeout time.Duration `env:"HTTP_IDLE_TIMEOUT" envDefault:"120s"`
	// MaxHeaderBytes limits the URL, and as much again the fields of the header together.
	MaxHeaderBytes int   `env:"HTTP_MAX_HEADER_BYTES" envDefault:"32768"`
	MaxBodyBytes   int64 `env:"HTTP_MAX_BODY_BYTES" envDefault:"1048576"`

	InstrumentConfig
}

// Validate returns every problem of c, joined.
func (c Config) Validate() error {
	problems := []error{c.InstrumentConfig.Validate()}
	positive := func(name string, limit int64) {
		if limit <= 0 { // net/http would take it for "no limit"
			problems = append(problems, fmt.Errorf("%s: must be greater than zero", name))
		}
	}
	positive("HTTP_READ_HEADER_TIMEOUT", int64(c.ReadHeaderTimeout))
	positive("HTTP_READ_TIMEOUT", int64(c.ReadTimeout))
	positive("HTTP_WRITE_TIMEOUT", int64(c.WriteTimeout))
	positive("HTTP_IDLE_TIMEOUT", int64(c.IdleTimeout))
	positive("HTTP_MAX_HEADER_BYTES", int64(c.MaxHeaderBytes))
	positive("HTTP_MAX_BODY_BYTES", c.MaxBodyBytes)
	if _, port, _ := net.SplitHostPort(c.ListenAddress()); port == "" { // or there is an error
		problems = append(problems, fmt.Errorf("HTTP_ADDR: %q is not host:port or :port, such as :8080", c.Address))
	}
	return errors.Join(problems...)
}

// ListenAddress returns Address or, if that is empty, :Port.
func (c Config) ListenAddress() string {
	return cmp.Or(c.Address, fmt.Sprintf(":%d", c.Port))
}

// Server serves HTTP.
type Server struct {
	server   *http.Server
	listener net.Listener
	log      *slog.Logger
}

// New returns a server that already listens, so that New fails if the address is in
// use, but does not serve yet. Health endpoints are answered first and leave no
// telemetry. All other requests are instrumented and pass through middleware, the
// first outermost, to router.
func New(ctx context.Context, cfg Config, health Health, router *Router, log *slog.Logger, middleware ...func(http.Handler) http.Handler) (*Server, error) {
	instrumented, err := Instrument(cfg.InstrumentConfig, log, wrap(router, cfg.MaxHeaderBytes, middleware))
	if err != nil {
		return nil, err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.ListenAddress())
	if err != nil {
		return nil, fmt.Errorf("HTTP_ADDR: %w", err)
	}
	return &Server{listener: listener, log: log, server: &http.Server{
		Handler:           healthEndpoints(health, limitRequests(cfg, instrumented)),
		ReadHeaderTimeout: cfg.ReadHeaderTimeout,
		ReadTimeout:       cfg.ReadTimeout,
		WriteTimeout:      cfg.WriteTimeout,
		IdleTimeout:       cfg.IdleTimeout,
		MaxHeaderBytes:    2 * cfg.MaxHeaderBytes, // what limitHeader takes, URL and header together
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}}, nil
}

// wrap wraps router in middleware. Telemetry learns the route of a request before
// any middleware runs, so that it is known even if one of them refuses the request.
// Middleware that is nil is left out.
func wrap(router *Router, maxHeaderBytes int, middleware []func(http.Handler) http.Handler) http.Handler {
	next := limitHeader(router, maxHeaderBytes)
	middleware = slices.DeleteFunc(middleware, func(around func(http.Handler) http.Handler) bool { return around == nil })
	if len(middleware) == 0 {
		return next // the router reports the route itself
	}
	for _, around := range slices.Backward(middleware) {
		next = around(next)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		setRoute(r.Context(), router.route(r))
		next.ServeHTTP(w, r)
	})
}

// limitHeader refuses a URL, or a header, of more than limit bytes, and a query that is
// malformed: net/url would leave out what it cannot read, such as a limit or a filter. It is
// inside all middleware, so that the refusal has what every response has, such as the headers
// of CORS. (net/http refuses more than both together before any handler runs.)
func limitHeader(router *Router, limit int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		size := 0
		for name, values := range r.Header {
			size += len(values)*(len(name)+len(": \r\n")) + len(strings.Join(values, ""))
		}
		status, detail := http.StatusBadRequest, "the query is malformed: separate parameters by &, and escape ; and %"
		switch _, err := url.ParseQuery(r.URL.RawQuery); {
		case len(r.RequestURI) > limit:
			status, detail = http.StatusRequestURITooLong, fmt.Sprintf("the URL is larger than %d bytes", limit)
		case size > limit:
			status, detail = http.StatusRequestHeaderFieldsTooLarge, fmt.Sprintf("the header is larger than %d bytes", limit)
		case err == nil:
			router.ServeHTTP(w, r)
			return
		}
		setRoute(r.Context(), router.route(r))
		problem.New(r.Context(), status, detail).Send(w)
	})
}

// unlimited is the key of the context of a request without the deadline.
type unlimited struct{}

// limitRequests ends the context of a request after nine tenths of the write
// timeout, so that the handler can still answer: a response after the timeout does
// not arrive. A handler that streams can go on with context.WithoutCancel and
// http.ResponseController.
//
// It limits the body like http.MaxBytesHandler, which copies the request, and then
// copies the multipart form back: net/http removes the files of the original
// request only. (Limiting the body of the original would hide from net/http that it
// was closed early, and net/http would take the rest of it for the next request.)
func limitRequests(cfg Config, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(context.WithValue(r.Context(), unlimited{}, r.Context()), cfg.WriteTimeout/10*9) // times 9 first could overflow
		defer cancel()
		limited := r.WithContext(ctx)
		if r.Body != http.NoBody { // telemetry and handlers compare with it
			limited.Body = http.MaxBytesReader(w, r.Body, cfg.MaxBodyBytes)
		}
		defer func() { r.MultipartForm = limited.MultipartForm }()
		next.ServeHTTP(w, limited)
	})
}

// Addr returns the address that the server listens on.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Run serves until Close.
func (s *Server) Run(ctx context.Context) error {
	s.log.InfoContext(ctx, "listening", "address", s.Addr().String(), "url.full", "http://"+strings.Replace(s.Addr().String(), "[::]", "localhost", 1))
	if err := s.server.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Close stops accepting requests and waits for those in progress. If ctx is done
// first, it closes their connections.
func (s *Server) Close(ctx context.Context) error {
	if err := s.server.Shutdown(ctx); err != nil {
		return errors.Join(err, s.server.Close())
	}
	return nil
}

// Health answers the health endpoints.
type Health interface {
	// Started reports whether the service has been started.
	Started() bool
	// Ending reports whether the service will soon take no more requests.
	Ending() bool
	// Check returns the result of every check by name, and whether the service is
	// ready for requests.
	Check(context.Context) (states map[string]error, ready bool)
}

// healthEndpoints answers the probes of an orchestrator such as Kubernetes, on exact
// paths, and passes all other requests to next:
//
//   - /livez: the process can answer. Dependencies are not checked, because a
//     restart would not repair them.
//   - /readyz: all checks pass, and the service is not ending.
//   - /startupz: the service has started.
//
// The response does not contain the error of a check, which is not for strangers.
//
// No cache keeps a response unless the handler allows it: the response may be for one
// client only.
//
// While the service is ending, every response asks the client to open another
// connection for the next request. Otherwise the shutdown could close a connection on
// which a request is being sent. (http.Server.SetKeepAlivesEnabled could as well,
// because it closes idle connections at once.)
func healthEndpoints(health Health, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		if health.Ending() {
			w.Header().Set("Connection", "close")
		}
		switch r.URL.Path {
		case "/livez":
			writeHealth(w, true, nil)
		case "/startupz":
			writeHealth(w, health.Started(), nil)
		case "/readyz":
			states, ready := health.Check(r.Context())
			writeHealth(w, ready, states)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func writeHealth(w http.ResponseWriter, ok bool, states map[string]error) {
	text := map[bool]string{true: "ok", false: "unavailable"}
	body := struct {
		Status string            `json:"status"`
		Checks map[string]string `json:"checks,omitempty"`
	}{text[ok], map[string]string{}}
	for name, err := range states {
		body.Checks[name] = text[err == nil]
	}
	w.Header().Set("Content-Type", "application/json")
	if !ok {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(body) // the client may have gone away
}
