package httpserver

import (
	"net/http"
	"strings"

	"shop/internal/problem"
)

// Router is the service's http.ServeMux. It tells telemetry which route a
// request takes, and answers what has no route with a problem document.
type Router struct{ *http.ServeMux }

// NewRouter returns a router without routes.
func NewRouter() *Router { return &Router{http.NewServeMux()} }

// ServeHTTP asks the mux for the route and then lets it serve, which finds the
// route once more. That costs a fraction of a microsecond, and telemetry knows
// the route before the handler runs: no panic, no copy of the request and no
// timeout handler can lose it.
func (m *Router) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	handler, pattern := m.Handler(r)
	if pattern == "" {
		m.noRoute(w, r, handler)
		return
	}
	reportRoute(r, pattern)
	m.ServeMux.ServeHTTP(w, r)
}

// reportRoute tells telemetry the path of a pattern, "[METHOD ][HOST]/PATH".
// That of a CONNECT may be the client's path with a slash, to redirect to.
func reportRoute(r *http.Request, pattern string) {
	if i := strings.Index(pattern, "/"); i >= 0 && (r.Method != http.MethodConnect || !strings.HasSuffix(pattern, "/")) {
		setRoute(r.Context(), pattern[i:])
	}
}

// noRoute answers as the mux would, which knows the difference between 404 and
// 405 and the methods that are allowed, but with a problem document. It does not
// redirect to a cleaned path that has no route either. The route of a 405 is
// that of a method which is allowed: telemetry must know the path's parameters.
func (m *Router) noRoute(w http.ResponseWriter, r *http.Request, handler http.Handler) {
	answer := statusOnly{header: http.Header{}}
	handler.ServeHTTP(&answer, r)
	if allow := answer.header["Allow"]; allow != nil {
		w.Header()["Allow"] = allow
		allowed := *r
		allowed.Method, _, _ = strings.Cut(allow[0], ",")
		_, pattern := m.Handler(&allowed)
		reportRoute(&allowed, pattern)
	}
	problem.New(r.Context(), max(answer.status, http.StatusNotFound), "").Send(w)
}

// statusOnly is a response of which only the status and the header are kept.
type statusOnly struct {
	header http.Header
	status int
}

func (s *statusOnly) Header() http.Header         { return s.header }
func (s *statusOnly) Write(b []byte) (int, error) { return len(b), nil }
func (s *statusOnly) WriteHeader(status int)      { s.status = status }
