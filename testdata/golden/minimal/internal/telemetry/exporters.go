package telemetry

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	client "github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/contrib/instrumentation/runtime"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploggrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	otelprometheus "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/exporters/stdout/stdoutmetric"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// The OTLP exporters are given no options: an option would override the
// environment.

func newSpanExporter(ctx context.Context, protocol string) (sdktrace.SpanExporter, error) {
	if protocol == grpcProtocol {
		return otlptracegrpc.New(ctx)
	}
	return otlptracehttp.New(ctx)
}

func newMetricExporter(ctx context.Context, kind, protocol string, stderr io.Writer) (sdkmetric.Exporter, error) {
	switch {
	case kind == console:
		return stdoutmetric.New(stdoutmetric.WithWriter(stderr))
	case protocol == grpcProtocol:
		return otlpmetricgrpc.New(ctx)
	default:
		return otlpmetrichttp.New(ctx)
	}
}

func newLogExporter(ctx context.Context, protocol string) (sdklog.Exporter, error) {
	if protocol == grpcProtocol {
		return otlploggrpc.New(ctx)
	}
	return otlploghttp.New(ctx)
}

// servePrometheus serves /metrics on a port of its own, which can remain private if
// the port of the service is public.
func servePrometheus(ctx context.Context, host string, port uint16) (sdkmetric.Reader, func(context.Context) error, error) {
	registry := client.NewRegistry()
	reader, err := otelprometheus.New(otelprometheus.WithRegisterer(registry), otelprometheus.WithProducer(runtime.NewProducer()))
	if err != nil {
		return nil, nil, fmt.Errorf("prometheus: %w", err)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(int(port))))
	if err != nil {
		return nil, nil, fmt.Errorf("OTEL_EXPORTER_PROMETHEUS_PORT: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{EnableOpenMetrics: true}))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute}
	go func() {
		if err := server.Serve(listener); err != http.ErrServerClosed {
			otel.Handle(fmt.Errorf("prometheus: %w", err))
		}
	}()
	return reader, server.Shutdown, nil
}

// reportErrors writes OpenTelemetry's own messages to stderr. They must not go to
// the logger: a failed export would cause the next one.
func reportErrors(level string, stderr io.Writer) {
	handler := sdkHandler(level, stderr)
	otel.SetLogger(logr.FromSlogHandler(handler))
	otel.SetErrorHandler(&errorHandler{log: slog.New(handler), interval: 10 * time.Second})
}

// sdkHandler returns the handler of the SDK's messages. logr.FromSlogHandler turns
// the SDK's verbosity v, which is 1 for warnings, 4 for information and 8 for
// debugging, into the level -v.
func sdkHandler(level string, w io.Writer) slog.Handler {
	if level = strings.ToLower(level); level == none {
		return slog.DiscardHandler // logr does not ask the handler whether errors are enabled
	}
	levels := map[string]slog.Level{"error": slog.LevelError, "warn": -1, "info": -4, "debug": -8}
	return slog.NewTextHandler(w, &slog.HandlerOptions{Level: levels[level], ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		for name, l := range levels {
			if a.Value.Any() == l {
				a.Value = slog.StringValue(strings.ToUpper(name))
			}
		}
		return a
	}})
}

// errorHandler writes at most one error per interval: without a collector, every
// batch fails.
type errorHandler struct {
	log        *slog.Logger
	interval   time.Duration
	next       atomic.Int64 // when to write again, in Unix nanoseconds
	suppressed atomic.Int64
}

// Handle implements otel.ErrorHandler.
func (h *errorHandler) Handle(err error) {
	now, next := time.Now().UnixNano(), h.next.Load()
	if now < next || !h.next.CompareAndSwap(next, now+h.interval.Nanoseconds()) {
		h.suppressed.Add(1)
		return
	}
	h.log.ErrorContext(context.Background(), "telemetry", "error", err, "suppressed", h.suppressed.Swap(0))
}

// delivery counts the spans and log records that are still to be exported. What
// remains at the end is lost: the queue was full, the collector refused it, or
// there was no time left.
type delivery struct{ missing atomic.Int64 }

func (d *delivery) done(n int, err error) error {
	if err == nil {
		d.missing.Add(-int64(n))
	}
	return err
}

type acceptedSpans struct {
	sdktrace.SpanProcessor
	*delivery
}

func (s acceptedSpans) OnEnd(span sdktrace.ReadOnlySpan) {
	if span.SpanContext().IsSampled() { // a sampler may have others recorded, which are not exported
		s.missing.Add(1)
	}
	s.SpanProcessor.OnEnd(utf8Span{span})
}

type spanDelivery struct {
	sdktrace.SpanExporter
	*delivery
}

func (s spanDelivery) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	return s.done(len(spans), s.SpanExporter.ExportSpans(ctx, spans))
}

// acceptedRecords has records below the level of the log dropped: the bridge from
// slog asks Enabled, and would otherwise export every debug record.
type acceptedRecords struct {
	sdklog.Processor
	*delivery
	level slog.Leveler
}

func (r acceptedRecords) Enabled(_ context.Context, p sdklog.EnabledParameters) bool {
	return slog.Level(p.Severity)-9 >= r.level.Level() // INFO is 9 in OpenTelemetry and 0 in slog
}

func (r acceptedRecords) OnEmit(ctx context.Context, record *sdklog.Record) error {
	r.missing.Add(1)
	record.SetBody(utf8Value(record.Body()))
	record.SetAttributes(each(slices.Collect(record.WalkAttributes), utf8Attribute)...)
	return r.Processor.OnEmit(ctx, record)
}

type recordDelivery struct {
	sdklog.Exporter
	*delivery
}

func (r recordDelivery) Export(ctx context.Context, records []sdklog.Record) error {
	return r.done(len(records), r.Exporter.Export(ctx, records))
}

// utf8Span is a span whose texts are valid UTF-8, as OTLP demands. Clients send
// others, and one of them would cost the whole batch.
type utf8Span struct{ sdktrace.ReadOnlySpan }

func (s utf8Span) Name() string { return utf8Text(s.ReadOnlySpan.Name()) }

func (s utf8Span) Attributes() []attribute.KeyValue {
	return each(s.ReadOnlySpan.Attributes(), utf8Attribute)
}

func (s utf8Span) Status() sdktrace.Status {
	status := s.ReadOnlySpan.Status()
	status.Description = utf8Text(status.Description)
	return status
}

func (s utf8Span) Events() []sdktrace.Event {
	return each(s.ReadOnlySpan.Events(), func(event sdktrace.Event) sdktrace.Event {
		event.Name, event.Attributes = utf8Text(event.Name), each(event.Attributes, utf8Attribute)
		return event
	})
}

func utf8Text(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }

// Excerpt returns the beginning of s, as valid UTF-8 of at most 4096 bytes. The SDK
// limits the attributes of spans, but neither those of events nor the status.
func Excerpt(s string) string {
	s = utf8Text(s)
	return strings.ToValidUTF8(s[:min(len(s), 4<<10)], "")
}

func utf8Attribute(kv attribute.KeyValue) attribute.KeyValue {
	return attribute.KeyValue{Key: attribute.Key(utf8Text(string(kv.Key))), Value: utf8Value(kv.Value)}
}

func utf8Value(v attribute.Value) attribute.Value {
	switch v.Type() {
	case attribute.STRING:
		return attribute.StringValue(utf8Text(v.AsString()))
	case attribute.STRINGSLICE:
		return attribute.StringSliceValue(each(v.AsStringSlice(), utf8Text))
	case attribute.SLICE:
		return attribute.SliceValue(each(v.AsSlice(), utf8Value)...)
	case attribute.MAP:
		return attribute.MapValue(each(v.AsMap(), utf8Attribute)...)
	default:
		return v
	}
}

// each returns a copy of list with change applied to every element.
func each[T any](list []T, change func(T) T) []T {
	changed := slices.Clone(list)
	for i, element := range list {
		changed[i] = change(element)
	}
	return changed
}
