package httpserver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"example.com/hello/internal/problem"
	"example.com/hello/internal/telemetry"
)

// InstrumentConfig configures the telemetry of requests: which senders it trusts, and
// which requests have none.
type InstrumentConfig struct {
	// TrustIncomingTrace continues the trace of the caller. Set it to false if
	// strangers can reach the service: a request then starts a trace of its own,
	// with a link to the caller's, and the caller's baggage is dropped.
	TrustIncomingTrace bool `env:"TRUST_INCOMING_TRACE" envDefault:"true"`
	// BaggageKeys are the members of a trusted caller's baggage that are kept.
	BaggageKeys []string `env:"HTTP_BAGGAGE_KEYS"`
	// TrustedProxies may tell the address of the client, and the scheme and the host that
	// it asked for.
	TrustedProxies []netip.Prefix `env:"HTTP_TRUSTED_PROXIES"`
	// ExcludedPaths have no telemetry, like operationalPaths.
	ExcludedPaths []string `env:"HTTP_EXCLUDED_PATHS"`
	// KnownMethods replaces standardMethods.
	KnownMethods []string `env:"OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS"`
}

// Validate returns every problem of c, joined.
func (c InstrumentConfig) Validate() error {
	var problems []error
	for _, path := range c.ExcludedPaths {
		if !strings.HasPrefix(path, "/") {
			problems = append(problems, fmt.Errorf("HTTP_EXCLUDED_PATHS: %q matches no request; begin it with a slash", path))
		}
	}
	return errors.Join(problems...)
}

const scopeName = "example.com/hello/internal/httpserver"

// operationalPaths have no telemetry: they are requested all the time, by machines.
var operationalPaths = []string{
	"/livez", "/readyz", "/startupz", "/metrics", "/favicon.ico",
}

// serverSpan is built once, because every option is an allocation.
var serverSpan = []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindServer)}

// Instrument returns a handler that records a server span and the server metrics of
// the OpenTelemetry semantic conventions 1.43 for every request to next, and that
// answers if next panics. It uses the global providers at the time of the call.
//
// Spans are created with attributes only if the sampler may use them. The samplers
// that OTEL_TRACES_SAMPLER can name do not; then only a span that is recorded gets
// attributes, so that requests cost little if their spans are not.
func Instrument(cfg InstrumentConfig, log *slog.Logger, next http.Handler) (http.Handler, error) {
	cfg.ExcludedPaths = append(cfg.ExcludedPaths, operationalPaths...)
	if len(cfg.KnownMethods) == 0 {
		cfg.KnownMethods = standardMethods
	}
	metrics, err := newMetrics()
	if err != nil {
		return nil, err
	}
	provider := otel.GetTracerProvider()
	in := &instrumentation{
		InstrumentConfig:    cfg,
		next:                next,
		log:                 log,
		metrics:             metrics,
		tracer:              provider.Tracer(scopeName, trace.WithSchemaURL(semconv.SchemaURL)),
		samplesByAttributes: telemetry.SamplesByAttributes(provider),
		propagator:          otel.GetTextMapPropagator(),
	}
	for _, field := range in.propagator.Fields() {
		in.traceHeaders = append(in.traceHeaders, http.CanonicalHeaderKey(field))
	}
	return in, nil
}

type instrumentation struct {
	InstrumentConfig
	next                http.Handler
	log                 *slog.Logger
	metrics             *metrics
	tracer              trace.Tracer
	samplesByAttributes bool
	propagator          propagation.TextMapPropagator
	traceHeaders        []string // those that the propagator reads
}

func (in *instrumentation) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{in: in, start: time.Now(), response: response{ResponseWriter: w}}
	ctx, inner := r.Context(), r
	if !slices.Contains(in.ExcludedPaths, r.URL.Path) {
		ctx, inner = in.begin(ctx, x, r)
	}
	defer func() {
		r.MultipartForm = inner.MultipartForm // net/http removes the files of r only
		if in.finish(ctx, x, recover()) {
			panic(http.ErrAbortHandler)
		}
	}()
	in.next.ServeHTTP(&x.response, inner)
}

// begin starts the telemetry of a request. It returns the context of its span, and the
// request for the handler.
func (in *instrumentation) begin(ctx context.Context, x *exchange, r *http.Request) (context.Context, *http.Request) {
	x.head, x.path = r.Method == http.MethodHead, r.URL.EscapedPath()
	x.key = seriesKey{method: otherMethod, scheme: in.scheme(r)}
	if slices.Contains(in.KnownMethods, r.Method) {
		x.key.method = r.Method
	}
	x.active = in.metrics.series(x.key)
	x.key.protocol = r.Proto
	ctx, options := in.parent(ctx, r.Header)
	if in.samplesByAttributes {
		options = append(slices.Clip(options), trace.WithAttributes(in.samplingAttributes(r, x)...))
	}
	ctx, x.span = in.tracer.Start(ctx, x.active.spanName, options...) //nolint:spancheck // finish ends it
	// Not at the end: a handler may have changed the request by then, or may still
	// be doing so after http.TimeoutHandler has returned.
	if x.span.IsRecording() && !in.samplesByAttributes {
		x.span.SetAttributes(in.requestAttributes(r, x.key.method)...)
	}
	if id := x.span.SpanContext().TraceID(); id.IsValid() {
		x.traceID[0] = id.String()
		x.response.Header()["Trace-Id"] = x.traceID[:]
	}
	inner := r.WithContext(context.WithValue(ctx, problem.ObserverKey{}, x))
	if r.Body != nil && r.Body != http.NoBody {
		x.body.ReadCloser, inner.Body = r.Body, &x.body
	}
	x.active.count.Add(1)
	return ctx, inner
}

// parent returns the context and the options of a new span. It belongs to the trace of
// the caller if that is trusted, and otherwise to a new one, with a link to the
// caller's.
func (in *instrumentation) parent(ctx context.Context, h http.Header) (context.Context, []trace.SpanStartOption) {
	if !slices.ContainsFunc(in.traceHeaders, func(name string) bool { return h[name] != nil }) {
		return ctx, serverSpan
	}
	incoming := in.propagator.Extract(ctx, propagation.HeaderCarrier(h))
	if in.TrustIncomingTrace {
		return in.admitBaggage(incoming), serverSpan
	}
	caller := trace.SpanContextFromContext(incoming)
	if !caller.IsRemote() {
		return ctx, serverSpan
	}
	return ctx, append(slices.Clip(serverSpan), trace.WithLinks(trace.Link{SpanContext: caller}))
}

// admitBaggage drops the baggage that the configuration does not name: anybody can
// send it, and it is sent on to every service that this one calls.
func (in *instrumentation) admitBaggage(ctx context.Context) context.Context {
	members := baggage.FromContext(ctx).Members()
	if len(members) == 0 {
		return ctx
	}
	kept, _ := baggage.New(slices.DeleteFunc(members, func(member baggage.Member) bool { // they were valid together with the others
		return !slices.Contains(in.BaggageKeys, member.Key())
	})...)
	return baggage.ContextWithBaggage(ctx, kept)
}

// recovered records the panic of a handler, if there was one, and responds with a
// problem document unless a response has begun. It returns the error.type, or "" if
// there was no panic, and whether to abort the connection, so that the client does
// not take a part of the response for the whole.
func (in *instrumentation) recovered(ctx context.Context, x *exchange, panicked any) (failure string, abort bool) {
	if panicked == nil {
		return "", false
	}
	if err, _ := panicked.(error); errors.Is(err, http.ErrAbortHandler) {
		return "abort", true
	}
	kind := semconv.ExceptionType(fmt.Sprintf("%T", panicked))
	message := semconv.ExceptionMessage(telemetry.Excerpt(fmt.Sprint(panicked)))
	stack := semconv.ExceptionStacktrace(telemetry.Excerpt(string(debug.Stack())))
	telemetry.AddEvent(ctx, semconv.ExceptionEventName, kind, message, stack)
	in.log.ErrorContext(ctx, "handler panicked", string(kind.Key), kind.Value.AsString(),
		string(message.Key), message.Value.AsString(), string(stack.Key), stack.Value.AsString())
	if abort = x.response.Written(); !abort {
		problem.New(ctx, http.StatusInternalServerError, "").Send(&x.response)
	}
	return "panic", abort
}

// finish responds if the handler panicked, and ends the telemetry of the request, if
// there is any that has not ended yet: that of a stream ends when the stream begins. It
// returns whether to abort the connection.
func (in *instrumentation) finish(ctx context.Context, x *exchange, panicked any) (abort bool) {
	if x.key.failure, abort = in.recovered(ctx, x, panicked); x.span == nil {
		return abort
	}
	if x.key.status = x.response.status; x.key.status == 0 && !abort {
		x.key.status = http.StatusOK // net/http sends it if the handler has written nothing
	}
	x.key.route = *cmp.Or(x.route.Load(), new(string))
	if x.head {
		x.response.size = 0 // net/http does not send the body
	}
	answer := x.problem.Load()
	if answer != nil && answer.Status != x.key.status {
		answer = nil // another response was sent
	}
	if answer != nil && x.key.status >= http.StatusInternalServerError {
		x.key.failure = cmp.Or(x.key.failure, answer.ErrorType())
	}
	s := in.metrics.series(x.key)
	in.metrics.record(ctx, x, s)
	if x.span.IsRecording() {
		x.span.SetName(s.spanName)
		x.span.SetAttributes(responseAttributes(x, s, answer)...)
		if s.errorType != "" {
			x.span.SetStatus(codes.Error, "")
		}
		if answer != nil {
			recordProblem(x.span, answer)
		}
	}
	for _, f := range x.done {
		f(responseAttributes(x, s, answer))
	}
	x.span.End()
	x.span = nil
	x.active.count.Add(-1)
	return abort
}
