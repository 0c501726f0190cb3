package httpserver

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/semconv/v1.43.0/httpconv"
	"go.opentelemetry.io/otel/trace"

	"example.com/hello/internal/problem"
)

// exchange is what telemetry knows about one request and its response. It is one
// allocation and never reused, because a handler may keep the writer or the body
// longer than it should.
type exchange struct {
	in       *instrumentation
	span     trace.Span // nil once the request's telemetry has ended
	active   *series    // of the metric of active requests
	start    time.Time
	head     bool // a HEAD request, to which no body is sent
	key      seriesKey
	path     string    // as received: a handler may change the request
	traceID  [1]string // the value of the Trace-Id header
	done     []func([]attribute.KeyValue)
	route    atomic.Pointer[string]
	problem  atomic.Pointer[problem.Details] // the response, if it is one
	body     requestBody
	response response
}

// exchangeOf returns the exchange that ctx carries, where problem documents find it as
// well, or nil if its request has no telemetry.
func exchangeOf(ctx context.Context) *exchange {
	x, _ := ctx.Value(problem.ObserverKey{}).(*exchange)
	return x
}

// ObserveProblem implements problem.Observer.
func (x *exchange) ObserveProblem(d *problem.Details) { x.problem.Store(d) }

// OnDone registers f to be called when the request of ctx is done, with the
// attributes that its span has at the end. It is for middleware, and must be called
// before that returns. It does nothing for a request without telemetry.
func OnDone(ctx context.Context, f func([]attribute.KeyValue)) {
	if x := exchangeOf(ctx); x != nil {
		x.done = append(x.done, f)
	}
}

// setRoute sets the route of a request in its telemetry: "/orders/{id}", or "" if it
// is not known. http.Request.Pattern would be lost by middleware that copies the
// request. The route is atomic because http.TimeoutHandler sets it in a goroutine.
func setRoute(ctx context.Context, route string) {
	if x := exchangeOf(ctx); x != nil && route != "" {
		x.route.Store(&route)
	}
}

// requestBody counts what the handler reads, which it may still do after
// http.TimeoutHandler has returned.
type requestBody struct {
	io.ReadCloser
	size atomic.Int64
}

func (b *requestBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.size.Add(int64(n))
	return n, err
}

// response records what the handler sends. It keeps the optional methods of the
// writer that it wraps: Flush, Hijack, ReadFrom, and with Unwrap those that
// http.ResponseController uses.
type response struct {
	http.ResponseWriter
	status int // 0 until the header is sent
	size   int64
}

// Unwrap is for http.ResponseController.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Written reports whether the header has been sent.
func (w *response) Written() bool { return w.status != 0 }

// sent records that the header is sent. The first status counts.
func (w *response) sent(status int) { w.status = cmp.Or(w.status, status) }

// WriteHeader passes every call on; net/http reports a second one. An informational
// status is not the final one, except 101 (RFC 9110, section 15.2).
func (w *response) WriteHeader(status int) {
	w.ResponseWriter.WriteHeader(status)
	if status >= http.StatusOK || status == http.StatusSwitchingProtocols {
		w.sent(status)
	}
}

func (w *response) Write(p []byte) (int, error) {
	w.sent(http.StatusOK)
	n, err := w.ResponseWriter.Write(p)
	w.size += int64(n)
	return n, err
}

// ReadFrom leaves the copying to net/http, which uses sendfile for files.
func (w *response) ReadFrom(src io.Reader) (int64, error) {
	before := w.status
	w.sent(http.StatusOK)
	n, err := io.Copy(w.ResponseWriter, src)
	if n == 0 {
		w.status = before // not even the header is sent for an empty source
	}
	w.size += n
	return n, err
}

// Flush implements http.Flusher.
func (w *response) Flush() { _ = w.FlushError() }

// FlushError is for http.ResponseController.
func (w *response) FlushError() error {
	err := http.NewResponseController(w.ResponseWriter).Flush()
	if !errors.Is(err, http.ErrNotSupported) {
		w.sent(http.StatusOK)
	}
	return err
}

// Hijack gives the connection to the handler.
func (w *response) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err == nil {
		w.sent(http.StatusSwitchingProtocols)
	}
	return conn, rw, err
}

// sizeBuckets reach from empty to 16 MiB. The SDK's defaults are for milliseconds;
// those of the duration come with httpconv.
var sizeBuckets = metric.WithExplicitBucketBoundaries(0, 256, 1<<10, 4<<10, 16<<10, 64<<10, 256<<10, 1<<20, 4<<20, 16<<20)

// standardMethods are those of RFC 9110, PATCH (RFC 5789) and QUERY. All others are
// recorded as otherMethod.
var standardMethods = []string{
	http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
	http.MethodHead, http.MethodOptions, http.MethodConnect, http.MethodTrace, "QUERY",
}

const otherMethod = "_OTHER"

// protocolVersions are spelled as in the semantic conventions.
var protocolVersions = map[string]string{
	"HTTP/1.0": "1.0", "HTTP/1.1": "1.1", "HTTP/2.0": "2", "HTTP/3.0": "3",
}

// metrics are the instruments of the server. Their attributes have a bounded number of
// values, and never a host, a path or a method that a client can choose: new series
// would exhaust the memory of everything that stores them.
//
// The attribute set of a series is built once. The Record methods of httpconv would
// build and sort one per call.
type metrics struct {
	duration       httpconv.ServerRequestDuration
	activeRequests httpconv.ServerActiveRequestsObservable
	requestSize    httpconv.ServerRequestBodySize
	responseSize   httpconv.ServerResponseBodySize

	known atomic.Pointer[map[seriesKey]*series] // replaced by a larger copy to add one
}

func newMetrics() (*metrics, error) {
	meter := otel.Meter(scopeName, metric.WithSchemaURL(semconv.SchemaURL))
	m := &metrics{}
	m.known.Store(&map[seriesKey]*series{})
	var errs [5]error
	m.duration, errs[0] = httpconv.NewServerRequestDuration(meter)
	m.requestSize, errs[1] = httpconv.NewServerRequestBodySize(meter, sizeBuckets)
	m.responseSize, errs[2] = httpconv.NewServerResponseBodySize(meter, sizeBuckets)
	m.activeRequests, errs[3] = httpconv.NewServerActiveRequestsObservable(meter)
	_, errs[4] = meter.RegisterCallback(m.observeActive, m.activeRequests.Inst())
	return m, errors.Join(errs[:]...)
}

// observeActive reports how many requests are active when metrics are collected. Two
// measurements of every request would cost it as much as all its others do.
func (m *metrics) observeActive(_ context.Context, o metric.Observer) error {
	for key, s := range *m.known.Load() {
		if key.isActive() {
			o.ObserveInt64(m.activeRequests.Inst(), s.count.Load(), s.set)
		}
	}
	return nil
}

// record needs the context of the span, for exemplars. The size of a body is recorded
// only if there is one.
func (m *metrics) record(ctx context.Context, x *exchange, s *series) {
	m.duration.Inst().Record(ctx, time.Since(x.start).Seconds(), s.record...)
	if x.body.ReadCloser != nil {
		m.requestSize.Inst().Record(ctx, x.body.size.Load(), s.record...)
	}
	m.responseSize.Inst().Record(ctx, x.response.size, s.record...)
}

// seriesKey is what distinguishes the series of the metrics. Active requests have only
// the method and the scheme.
type seriesKey struct {
	method, scheme, protocol, route string
	status                          int
	failure                         string // error.type, if it is not the status
}

func (k seriesKey) isActive() bool { return k == seriesKey{method: k.method, scheme: k.scheme} }

// series is what all requests with the same key have in common. Spans use it, too, so
// that they cannot differ from the metrics.
type series struct {
	spanName   string
	path       string // url.path if the route has parameters, which are masked
	errorType  string
	attributes []attribute.KeyValue
	set        metric.MeasurementOption // of attributes
	record     []metric.RecordOption    // set
	count      atomic.Int64             // of active requests, if this is their series
}

// maxSeries bounds the cache in case a router reports paths as routes. The SDK bounds
// the series themselves. Series of active requests are few, and always kept.
const maxSeries = 2000

func (m *metrics) series(key seriesKey) *series {
	known := m.known.Load()
	switch s := (*known)[key]; {
	case s != nil:
		return s
	case len(*known) >= maxSeries && !key.isActive():
		return newSeries(key)
	}
	more := maps.Clone(*known)
	more[key] = newSeries(key)
	m.known.CompareAndSwap(known, &more) // if this fails, another request has added a series
	return m.series(key)
}

func newSeries(key seriesKey) *series {
	s := &series{spanName: key.method, path: maskedPath(key.route), errorType: key.failure}
	if key.method == otherMethod {
		s.spanName = "HTTP"
	}
	if key.route != "" {
		s.spanName += " " + key.route
	}
	if s.errorType == "" && key.status >= http.StatusInternalServerError { // a 4xx is the client's error
		s.errorType = strconv.Itoa(key.status)
	}
	s.attributes = nonEmpty(
		semconv.HTTPRequestMethodKey.String(key.method),
		semconv.URLScheme(key.scheme),
		semconv.NetworkProtocolVersion(protocolVersions[key.protocol]),
		semconv.HTTPRoute(key.route),
		semconv.ErrorTypeKey.String(s.errorType))
	if key.status != 0 {
		s.attributes = append(s.attributes, semconv.HTTPResponseStatusCode(key.status))
	}
	s.set = metric.WithAttributeSet(attribute.NewSet(s.attributes...))
	s.record = []metric.RecordOption{s.set}
	return s
}
