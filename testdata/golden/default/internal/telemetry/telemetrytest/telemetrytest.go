// Package telemetrytest records telemetry for tests, in memory or as a collector
// receives it.
package telemetrytest

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
	collectorlogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	collectormetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	collectortrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	logspb "go.opentelemetry.io/proto/otlp/logs/v1"
	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// Recorder holds what was recorded.
type Recorder struct {
	t     testing.TB
	spans *tracetest.SpanRecorder
	read  *sdkmetric.ManualReader
	logs  Buffer
}

// Start records all spans and metrics until the test ends. It replaces the global
// providers, so tests that use it cannot run in parallel, and what they test must be
// created after it.
func Start(t testing.TB) *Recorder {
	t.Helper()
	ClearEnvironment()
	r := &Recorder{t: t, spans: tracetest.NewSpanRecorder(), read: sdkmetric.NewManualReader()}
	otel.SetTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(r.spans)))
	otel.SetMeterProvider(sdkmetric.NewMeterProvider(sdkmetric.WithReader(r.read)))
	otel.SetTextMapPropagator(propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{}))
	t.Cleanup(func() {
		otel.SetTracerProvider(tracenoop.NewTracerProvider())
		otel.SetMeterProvider(metricnoop.NewMeterProvider())
		otel.SetTextMapPropagator(propagation.NewCompositeTextMapPropagator())
	})
	return r
}

// ClearEnvironment unsets the variables that OpenTelemetry's SDK reads itself: the shell
// may export some for other programs. Start calls it.
func ClearEnvironment() {
	for _, entry := range os.Environ() {
		if name, _, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "OTEL_") {
			_ = os.Unsetenv(name) // fails for invalid names only
		}
	}
}

// Logger returns a logger whose output is in Logs.
func (r *Recorder) Logger() *slog.Logger { return slog.New(slog.NewJSONHandler(&r.logs, nil)) }

// Logs returns the log, in JSON lines.
func (r *Recorder) Logs() string { return r.logs.String() }

// Spans returns the spans that have ended, in that order.
func (r *Recorder) Spans() []sdktrace.ReadOnlySpan { return r.spans.Ended() }

// Span returns the only ended span with that name.
func (r *Recorder) Span(name string) sdktrace.ReadOnlySpan {
	r.t.Helper()
	var found sdktrace.ReadOnlySpan
	for _, span := range r.Spans() {
		if span.Name() != name {
			continue
		}
		if found != nil {
			r.t.Fatalf("two spans %q", name)
		}
		found = span
	}
	if found == nil {
		r.t.Fatalf("no span %q", name)
	}
	return found
}

// Metric returns a metric by its name.
func (r *Recorder) Metric(name string) metricdata.Metrics {
	r.t.Helper()
	var all metricdata.ResourceMetrics
	if err := r.read.Collect(context.Background(), &all); err != nil {
		r.t.Fatal(err)
	}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			if m.Name == name {
				return m
			}
		}
	}
	r.t.Fatalf("no metric %q", name)
	return metricdata.Metrics{}
}

// Sum returns the value of a counter for exactly these attributes.
func (r *Recorder) Sum(name string, attributes ...attribute.KeyValue) int64 {
	r.t.Helper()
	data, ok := r.Metric(name).Data.(metricdata.Sum[int64])
	if !ok {
		r.t.Fatalf("%s is not a sum of integers", name)
	}
	want := attribute.NewSet(attributes...)
	for _, point := range data.DataPoints {
		if point.Attributes.Equals(&want) {
			return point.Value
		}
	}
	return 0
}

// Attribute returns the value of an attribute of a span. It is empty if there is none.
func Attribute(span sdktrace.ReadOnlySpan, key attribute.Key) attribute.Value {
	for _, kv := range span.Attributes() {
		if kv.Key == key {
			return kv.Value
		}
	}
	return attribute.Value{}
}

// Buffer is a bytes.Buffer that may be read while it is written.
type Buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (b *Buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

// String implements fmt.Stringer.
func (b *Buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// Collector receives OTLP over HTTP and stores it.
type Collector struct {
	// URL is the value for OTEL_EXPORTER_OTLP_ENDPOINT.
	URL string

	mu        sync.Mutex
	resources map[string]*resourcepb.Resource // the latest, by signal
	scopes    map[string]bool
	spans     []*tracepb.Span
	metrics   map[string]*metricspb.Metric // the latest, by name
	records   []*logspb.LogRecord
}

// NewCollector starts a collector and stops it after the test.
func NewCollector(t testing.TB) *Collector {
	t.Helper()
	c := &Collector{resources: map[string]*resourcepb.Resource{}, scopes: map[string]bool{}, metrics: map[string]*metricspb.Metric{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/traces", c.receive(t, c.receiveTraces))
	mux.HandleFunc("POST /v1/metrics", c.receive(t, c.receiveMetrics))
	mux.HandleFunc("POST /v1/logs", c.receive(t, c.receiveLogs))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	c.URL = server.URL
	return c
}

// Spans returns the spans received so far, the earliest first.
func (c *Collector) Spans() []*tracepb.Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	spans := slices.Clone(c.spans)
	slices.SortStableFunc(spans, func(a, b *tracepb.Span) int {
		return cmp.Compare(a.GetStartTimeUnixNano(), b.GetStartTimeUnixNano())
	})
	return spans
}

// Span returns the first span of that name, or nil.
func (c *Collector) Span(name string) *tracepb.Span {
	spans := c.Spans()
	if i := slices.IndexFunc(spans, func(s *tracepb.Span) bool { return s.GetName() == name }); i >= 0 {
		return spans[i]
	}
	return nil
}

// Metric returns the latest state of a metric, or nil.
func (c *Collector) Metric(name string) *metricspb.Metric {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.metrics[name]
}

// Records returns the log records received so far.
func (c *Collector) Records() []*logspb.LogRecord {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.records)
}

// Resource returns the attributes of the latest resource of a signal: "traces",
// "metrics" or "logs".
func (c *Collector) Resource(signal string) map[string]string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return Strings(c.resources[signal].GetAttributes())
}

// HasScope reports whether an instrumentation scope of that name was received.
func (c *Collector) HasScope(name string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.scopes[name]
}

// Strings returns attributes as a map of strings; those of other types are empty.
func Strings(attributes []*commonpb.KeyValue) map[string]string {
	m := map[string]string{}
	for _, kv := range attributes {
		m[kv.GetKey()] = kv.GetValue().GetStringValue()
	}
	return m
}

func (c *Collector) receiveTraces(body []byte) (proto.Message, error) {
	var request collectortrace.ExportTraceServiceRequest
	err := proto.Unmarshal(body, &request)
	for _, r := range request.GetResourceSpans() {
		c.resources["traces"] = r.GetResource()
		for _, s := range r.GetScopeSpans() {
			c.scopes[s.GetScope().GetName()] = true
			c.spans = append(c.spans, s.GetSpans()...)
		}
	}
	return &collectortrace.ExportTraceServiceResponse{}, err
}

func (c *Collector) receiveMetrics(body []byte) (proto.Message, error) {
	var request collectormetrics.ExportMetricsServiceRequest
	err := proto.Unmarshal(body, &request)
	for _, r := range request.GetResourceMetrics() {
		c.resources["metrics"] = r.GetResource()
		for _, s := range r.GetScopeMetrics() {
			c.scopes[s.GetScope().GetName()] = true
			for _, m := range s.GetMetrics() {
				c.metrics[m.GetName()] = m
			}
		}
	}
	return &collectormetrics.ExportMetricsServiceResponse{}, err
}

func (c *Collector) receiveLogs(body []byte) (proto.Message, error) {
	var request collectorlogs.ExportLogsServiceRequest
	err := proto.Unmarshal(body, &request)
	for _, r := range request.GetResourceLogs() {
		c.resources["logs"] = r.GetResource()
		for _, s := range r.GetScopeLogs() {
			c.scopes[s.GetScope().GetName()] = true
			c.records = append(c.records, s.GetLogRecords()...)
		}
	}
	return &collectorlogs.ExportLogsServiceResponse{}, err
}

// receive returns an OTLP/HTTP endpoint that calls take with the mutex locked.
func (c *Collector) receive(t testing.TB, take func([]byte) (proto.Message, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var body io.Reader = r.Body
		if r.Header.Get("Content-Encoding") == "gzip" {
			unzipped, err := gzip.NewReader(r.Body)
			if err != nil {
				t.Errorf("%s: %v", r.URL.Path, err)
				return
			}
			body = unzipped
		}
		content, err := io.ReadAll(body)
		if err != nil {
			return // the sender is gone
		}
		c.mu.Lock()
		response, err := take(content)
		c.mu.Unlock()
		if err != nil {
			t.Errorf("%s: %v", r.URL.Path, err)
		}
		reply, err := proto.Marshal(response)
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "application/x-protobuf")
		_, _ = w.Write(reply)
	}
}
