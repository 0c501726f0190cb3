package telemetry

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caarlos0/env/v11"
	"github.com/go-logr/logr"
	"go.opentelemetry.io/contrib/bridges/otelslog"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"

	"example.com/hello/internal/telemetry/telemetrytest"
)

// start starts telemetry as main does, with exactly these environment variables, and
// returns what it writes to stdout and stderr. They are unset after the test.
func start(t *testing.T, service Service, environment map[string]string) (tel *Telemetry, stdout, stderr *telemetrytest.Buffer) {
	t.Helper()
	telemetrytest.ClearEnvironment()
	for _, name := range []string{ // what Start may set
		"OTEL_GO_X_OBSERVABILITY", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT",
		"OTEL_EXPORTER_OTLP_TRACES_INSECURE", "OTEL_EXPORTER_OTLP_METRICS_INSECURE", "OTEL_EXPORTER_OTLP_LOGS_INSECURE",
		"OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "OTEL_EXPORTER_OTLP_METRICS_COMPRESSION", "OTEL_EXPORTER_OTLP_LOGS_COMPRESSION",
		"OTEL_EXPORTER_OTLP_HEADERS",
	} {
		t.Setenv(name, "")
	}
	variables := map[string]string{} // not nil, which is the process's environment
	for name, value := range environment {
		t.Setenv(name, value)
		if value != "" {
			variables[name] = value
		}
	}
	var cfg struct {
		Telemetry Config
		Log       LogConfig
	}
	if err := env.ParseWithOptions(&cfg, env.Options{Environment: variables}); err != nil {
		t.Fatal(err)
	}
	if err := cfg.Telemetry.Validate(); err != nil {
		t.Fatal(err)
	}
	stdout, stderr = &telemetrytest.Buffer{}, &telemetrytest.Buffer{}
	tel, err := Start(t.Context(), cfg.Telemetry, cfg.Log, service, stdout, stderr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { telemetrytest.Start(t) }) // resets the globals after the test
	return tel, stdout, stderr
}

func shutdown(t *testing.T, tel *Telemetry) error {
	t.Helper()
	return tel.Shutdown(context.Background(), 5*time.Second)
}

func TestSignalsArriveCorrelated(t *testing.T) {
	collector := telemetrytest.NewCollector(t)
	tel, stdout, _ := start(t, Service{Name: "svc", Version: "v1.2.3", Revision: "c0ffee", Environment: "production"},
		map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": collector.URL, "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=staging,team=tea"})

	ctx, span := otel.Tracer("test").Start(t.Context(), "work")
	tel.Logger().WithGroup("g").InfoContext(ctx, "working", "long", strings.Repeat("x", 5000))
	tel.Logger().DebugContext(ctx, "not at this level")
	otelslog.NewLogger("library").InfoContext(ctx, "by a library") // which uses the global provider
	span.SetAttributes(attribute.String("long", strings.Repeat("x", 5000)))
	counter, err := otel.Meter("test").Int64Counter("work.done")
	if err != nil {
		t.Fatal(err)
	}
	counter.Add(ctx, 1)
	span.End()
	if err := shutdown(t, tel); err != nil {
		t.Fatal(err)
	}

	received := collector.Span("work")
	if received == nil {
		t.Fatal("no span arrived")
	}
	traceID := span.SpanContext().TraceID()
	if trace.TraceID(received.GetTraceId()) != traceID {
		t.Error("another trace id")
	}
	if n := len(telemetrytest.Strings(received.GetAttributes())["long"]); n != 4096 {
		t.Errorf("a span attribute of %d bytes", n)
	}
	var about []string
	for _, record := range collector.Records() {
		about = append(about, record.GetBody().GetStringValue())
		if record.GetBody().GetStringValue() != "working" {
			continue
		}
		if trace.TraceID(record.GetTraceId()) != traceID || trace.SpanID(record.GetSpanId()) != span.SpanContext().SpanID() {
			t.Error("the log record belongs to another span")
		}
		for _, kv := range record.GetAttributes() { // the group
			if n := len(telemetrytest.Strings(kv.GetValue().GetKvlistValue().GetValues())["long"]); n != 4096 {
				t.Errorf("a log attribute of %d bytes", n)
			}
		}
	}
	if got := strings.Join(about, ", "); got != "telemetry started, working, by a library" {
		t.Errorf("log records: %s", got)
	}
	if metric := collector.Metric("work.done"); metric == nil {
		t.Error("no metric arrived")
	} else if exemplars := metric.GetSum().GetDataPoints()[0].GetExemplars(); len(exemplars) != 1 || trace.TraceID(exemplars[0].GetTraceId()) != traceID {
		t.Errorf("exemplars: %v", exemplars)
	}
	for _, name := range []string{"go.goroutine.count", "go.memory.used", "go.schedule.duration", "otel.sdk.span.started"} {
		if collector.Metric(name) == nil {
			t.Errorf("no metric %s", name)
		}
	}
	for _, scope := range []string{"example.com/hello", "library", "test"} {
		if !collector.HasScope(scope) {
			t.Errorf("nothing has the scope %s", scope)
		}
	}
	for _, signal := range []string{"traces", "metrics", "logs"} {
		checkResource(t, collector.Resource(signal))
	}
	checkLine(t, stdout.String(), "working", span.SpanContext())
}

// No metric of an export has an older time than those of the export before: Prometheus would refuse all of them.
func TestMetricsAreOfTheExport(t *testing.T) {
	collector := telemetrytest.NewCollector(t)
	tel, _, _ := start(t, Service{Name: "svc"}, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": collector.URL})
	if err := otel.GetMeterProvider().(*sdkmetric.MeterProvider).ForceFlush(t.Context()); err != nil {
		t.Fatal(err)
	}
	flushed := uint64(time.Now().UnixNano())
	if err := shutdown(t, tel); err != nil {
		t.Fatal(err)
	}
	last := collector.Metric("go.schedule.duration").GetHistogram().GetDataPoints()[0].GetTimeUnixNano()
	if last <= flushed {
		t.Error("go.schedule.duration is from the export before")
	}
}

// later is a LogValuer that resolves to what it holds, such as an error.
type later struct{ held any }

func (l later) LogValue() slog.Value { return slog.AnyValue(l.held) }

// Records written to stdout are also exported: all errors of a record, with their keys,
// at any depth, and no exception.
func TestLogTwoErrors(t *testing.T) {
	collector := telemetrytest.NewCollector(t)
	tel, stdout, _ := start(t, Service{Name: "svc"}, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": collector.URL})
	one, two := errors.New("first"), fmt.Errorf("second: %w", io.EOF)
	for _, log := range []*slog.Logger{tel.Logger(), tel.Logger().With("derived", one), tel.Logger().WithGroup("g").With("derived", one), tel.Logger().With("derived", later{one}).WithGroup("g")} {
		log.ErrorContext(t.Context(), "two errors", "error", one, "cleanup_error", two, "n", 1,
			slog.Group("nested", "error", two), "later", later{one}, slog.Group("", "inlined", two),
			"", later{[]slog.Attr{slog.Any("inlined_later", one)}})
	}
	tel.Logger().InfoContext(t.Context(), "stopping", "reason", context.Canceled)
	if err := shutdown(t, tel); err != nil {
		t.Error(err)
	}
	var written, exported []string
	for line := range strings.Lines(stdout.String()) {
		var record map[string]any
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Fatal(err)
		}
		message := record["msg"]
		for _, key := range []string{"time", "level", "msg"} {
			delete(record, key)
		}
		if message != "telemetry started" {
			written = append(written, fmt.Sprint(message, record))
		}
	}
	for _, record := range collector.Records() {
		if message := record.GetBody().GetStringValue(); message != "telemetry started" {
			exported = append(exported, fmt.Sprint(message, plain(record.GetAttributes())))
		}
	}
	if len(written) != 5 || !slices.Equal(written, exported) {
		t.Errorf("written\n%s\nexported\n%s", strings.Join(written, "\n"), strings.Join(exported, "\n"))
	}
}

// An error that is a nil pointer harms nothing: it is exported as slog writes it.
func TestLogNilPointer(t *testing.T) {
	collector := telemetrytest.NewCollector(t)
	tel, stdout, _ := start(t, Service{Name: "svc"}, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": collector.URL})
	var none *json.SyntaxError // whose method Error would panic
	tel.Logger().With("derived", none).ErrorContext(t.Context(), "nil pointer", "error", none)
	if err := shutdown(t, tel); err != nil {
		t.Error(err)
	}
	records := collector.Records()
	if got := fmt.Sprint(plain(records[len(records)-1].GetAttributes())); got != "map[derived:<nil> error:<nil>]" {
		t.Errorf("exported %s", got)
	}
	if !strings.Contains(stdout.String(), `"derived":"<nil>","error":"<nil>"`) {
		t.Errorf("written\n%s", stdout)
	}
}

// plain returns attributes as encoding/json decodes objects.
func plain(attributes []*commonpb.KeyValue) map[string]any {
	object := map[string]any{}
	for _, kv := range attributes {
		switch value := kv.GetValue().GetValue().(type) {
		case *commonpb.AnyValue_StringValue:
			object[kv.GetKey()] = value.StringValue
		case *commonpb.AnyValue_IntValue:
			object[kv.GetKey()] = float64(value.IntValue)
		case *commonpb.AnyValue_KvlistValue:
			object[kv.GetKey()] = plain(value.KvlistValue.GetValues())
		}
	}
	return object
}

func checkResource(t *testing.T, resource map[string]string) {
	t.Helper()
	for key, want := range map[string]string{"service.name": "svc", "service.version": "v1.2.3", "vcs.ref.head.revision": "c0ffee", "deployment.environment.name": "staging", "team": "tea"} {
		if resource[key] != want {
			t.Errorf("%s: got %q, want %q", key, resource[key], want)
		}
	}
	for _, key := range []string{"service.instance.id", "host.name", "os.type", "process.runtime.version", "telemetry.sdk.version"} {
		if _, ok := resource[key]; !ok {
			t.Errorf("no %s", key)
		}
	}
	for _, key := range []string{"process.command_args", "process.command_line", "process.owner"} {
		if _, ok := resource[key]; ok {
			t.Errorf("%s is recorded", key)
		}
	}
}

// checkLine checks that the ids are not inside a group.
func checkLine(t *testing.T, log, message string, sc trace.SpanContext) {
	t.Helper()
	for line := range strings.Lines(log) {
		var record map[string]any
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Fatal(err)
		}
		if record["msg"] != message {
			continue
		}
		if record["trace_id"] != sc.TraceID().String() || record["span_id"] != sc.SpanID().String() {
			t.Errorf("ids are missing in %s", line)
		}
		return
	}
	t.Errorf("no line %q in %s", message, log)
}

// Records below the level of the log are neither written nor exported; all others are
// both. The same is true of derived loggers.
func TestLogLevel(t *testing.T) {
	for level, want := range map[string]int{"debug": 9, "info": 6, "warn": 3} {
		collector := telemetrytest.NewCollector(t)
		tel, stdout, _ := start(t, Service{Name: "svc"}, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": collector.URL, "LOG_LEVEL": level})
		for _, log := range []*slog.Logger{tel.Logger(), tel.Logger().With("a", 1), tel.Logger().WithGroup("g")} {
			log.DebugContext(t.Context(), "mine")
			log.InfoContext(t.Context(), "mine")
			log.WarnContext(t.Context(), "mine")
		}
		if err := shutdown(t, tel); err != nil {
			t.Error(err)
		}
		exported := 0
		for _, record := range collector.Records() {
			if record.GetBody().GetStringValue() == "mine" {
				exported++
			}
		}
		if written := strings.Count(stdout.String(), `"mine"`); written != want || exported != want {
			t.Errorf("%s: %d records written, %d exported, want %d", level, written, exported, want)
		}
	}
}

// A detector that fails does not affect the others.
func TestResource_Incomplete(t *testing.T) {
	telemetrytest.ClearEnvironment()
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "no value")
	var stderr bytes.Buffer
	res := newResource(t.Context(), Service{Name: "svc", Version: "v1.2.3", Environment: "production"}, &stderr)
	for key, want := range map[attribute.Key]string{"service.name": "svc", "service.version": "v1.2.3", "deployment.environment.name": "production"} {
		if got, _ := res.Set().Value(key); got.AsString() != want {
			t.Errorf("%s: %q, want %q", key, got.AsString(), want)
		}
	}
	if !strings.Contains(stderr.String(), `level=WARN msg="telemetry: incomplete resource" error=`) {
		t.Errorf("got %s", &stderr)
	}
}

// Nothing is exported unless the environment says where to, except that traces are
// printed in development.
func TestWhereTelemetryGoes(t *testing.T) {
	for _, c := range []struct {
		name        string
		development bool
		environment map[string]string
		want        string
		warning     bool
	}{
		{"development", true, nil, "traces=console metrics=none logs=stdout", false},
		{"production", false, nil, "traces=none metrics=none logs=stdout", true},
		{
			"endpoint", true, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"},
			`traces="otlp http/protobuf http://127.0.0.1:1" metrics="otlp http/protobuf http://127.0.0.1:1" logs="stdout, otlp http/protobuf http://127.0.0.1:1"`, false,
		},
		{
			"one signal, gRPC", false, map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "grpc"},
			`traces="otlp grpc http://127.0.0.1:1" metrics=none logs=stdout`, false,
		},
		{
			"gRPC, without an endpoint", false, map[string]string{"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
			`traces="otlp grpc http://localhost:4317" metrics=none logs=stdout`, false,
		},
		{
			"nothing, by choice", false, map[string]string{"OTEL_TRACES_EXPORTER": "none"},
			"traces=none metrics=none logs=stdout", false,
		},
		{
			"a list", false, map[string]string{"OTEL_TRACES_EXPORTER": "otlp,console", "OTEL_LOGS_EXPORTER": "none"},
			`traces="otlp http/protobuf http://localhost:4318/v1/traces, console" metrics=none logs=stdout`, false,
		},
		{
			"everything, without an endpoint", false, map[string]string{"OTEL_TRACES_EXPORTER": "otlp", "OTEL_METRICS_EXPORTER": "otlp", "OTEL_LOGS_EXPORTER": "otlp"},
			`traces="otlp http/protobuf http://localhost:4318/v1/traces" metrics="otlp http/protobuf http://localhost:4318/v1/metrics" ` +
				`logs="stdout, otlp http/protobuf http://localhost:4318/v1/logs"`, false,
		},
		{
			"no metrics, by choice", false, map[string]string{"OTEL_METRICS_EXPORTER": "none"},
			"traces=none metrics=none logs=stdout", false,
		},
		{
			"no logs, by choice", false, map[string]string{"OTEL_LOGS_EXPORTER": "none"},
			"traces=none metrics=none logs=stdout", false,
		},
		{
			"INSECURE, as the scheme says", false, map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_INSECURE": "true"},
			`traces="otlp http/protobuf http://127.0.0.1:1" metrics=none logs=stdout`, false,
		},
		{
			"INSECURE, of traces", false, map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_TRACES_INSECURE": "false"},
			`traces="otlp http/protobuf http://127.0.0.1:1" metrics=none logs=stdout`, true,
		},
		{
			"INSECURE, of metrics", false, map[string]string{"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_METRICS_INSECURE": "false"},
			`traces=none metrics="otlp http/protobuf http://127.0.0.1:1" logs=stdout`, true,
		},
		{
			"INSECURE, of nothing", false, map[string]string{"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_INSECURE": "false"},
			"traces=none metrics=none logs=stdout", false,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			environment := map[string]string{"LOG_FORMAT": "text"}
			maps.Copy(environment, c.environment)
			tel, stdout, _ := start(t, Service{Name: "svc", Environment: "test", Development: c.development}, environment)
			_ = shutdown(t, tel) // there is no collector
			if want := "environment=test " + c.want; !strings.Contains(stdout.String(), want) {
				t.Errorf("%s is missing in %s", want, stdout)
			}
			if warned := strings.Contains(stdout.String(), "level=WARN"); warned != c.warning {
				t.Errorf("warned: %t\n%s", warned, stdout)
			}
		})
	}
}

// An exporter that cannot be created costs the telemetry of its signal, but not the
// service, except in development, where somebody can correct the configuration.
func TestExporterCannotBeCreated(t *testing.T) {
	const endpoint, protocol = "http://a%25zz:4317", "grpc" // a URL, but the name is none for gRPC
	tel, stdout, _ := start(t, Service{Name: "svc"}, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL": protocol})
	cfg := Config{OTLP: OTLP{Endpoint: endpoint, Protocol: protocol}}
	_, err := Start(t.Context(), cfg, LogConfig{Level: new(slog.LevelVar)}, Service{Name: "svc", Development: true}, io.Discard, io.Discard)
	for _, signal := range []string{"traces", "metrics", "logs"} {
		if warning := `"msg":"telemetry is not as configured","error":"` + signal + `: `; strings.Count(stdout.String(), warning) != 1 {
			t.Errorf("%s is missing in\n%s", warning, stdout)
		}
		if !strings.Contains("\n"+fmt.Sprint(err), "\n"+signal+": ") {
			t.Errorf("%s: not refused in development: %v", signal, err)
		}
	}
	if err := shutdown(t, tel); err != nil {
		t.Error(err)
	}
}

func TestDisabled(t *testing.T) {
	telemetrytest.Start(t) // whatever has recorded before
	collector := telemetrytest.NewCollector(t)
	tel, stdout, _ := start(t, Service{Name: "svc"},
		map[string]string{"OTEL_SDK_DISABLED": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": collector.URL})
	if !strings.Contains(stdout.String(), "telemetry is disabled by OTEL_SDK_DISABLED") {
		t.Errorf("the log does not say so:\n%s", stdout)
	}
	_, span := otel.Tracer("test").Start(t.Context(), "work")
	span.End()
	if span.IsRecording() || span.SpanContext().IsValid() {
		t.Error("a span was recorded")
	}
	if err := shutdown(t, tel); err != nil || len(collector.Spans())+len(collector.Records()) > 0 {
		t.Errorf("exported, or %v", err)
	}
	if len(otel.GetTextMapPropagator().Fields()) == 0 {
		t.Error("a disabled SDK must still propagate")
	}
}

func TestPropagators(t *testing.T) {
	sc := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled})
	member, err := baggage.NewMember("tenant", "t1")
	if err != nil {
		t.Fatal(err)
	}
	carried, err := baggage.New(member)
	if err != nil {
		t.Fatal(err)
	}
	for setting, want := range map[string][]string{"": {"baggage", "traceparent"}, "b3": {"b3"}, "none": nil} {
		start(t, Service{Name: "svc"}, map[string]string{"OTEL_PROPAGATORS": setting})
		carrier := propagation.MapCarrier{}
		ctx := baggage.ContextWithBaggage(trace.ContextWithSpanContext(t.Context(), sc), carried)
		otel.GetTextMapPropagator().Inject(ctx, carrier)
		if headers := slices.Sorted(maps.Keys(carrier)); !slices.Equal(headers, want) {
			t.Errorf("%q: injected %v", setting, carrier)
		}
	}
	if _, err := Start(t.Context(), Config{Propagators: []string{"tracecontex"}}, LogConfig{Level: new(slog.LevelVar)}, Service{Name: "svc"}, io.Discard, io.Discard); err == nil ||
		!strings.HasPrefix(err.Error(), "OTEL_PROPAGATORS: ") {
		t.Errorf("an unknown one: %v", err)
	}
}

// endpoint receives OTLP over HTTP and gRPC, and stores only the paths.
type endpoint struct {
	URL string

	mu    sync.Mutex
	paths []string
}

// serve starts an endpoint that calls meanwhile before it answers.
func serve(t *testing.T, meanwhile func(path string)) *endpoint {
	t.Helper()
	e := &endpoint{}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // otherwise the server does not notice that the client is gone
		e.mu.Lock()
		e.paths = append(e.paths, r.URL.Path)
		e.mu.Unlock()
		meanwhile(r.URL.Path)
		if r.Header.Get("Content-Type") == "application/grpc" {
			w.Header().Set("Content-Type", "application/grpc")
			w.Header().Set("Trailer", "Grpc-Status")
			_, _ = w.Write(make([]byte, 5)) // an empty message
			w.Header().Set("Grpc-Status", "0")
		}
	}))
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetHTTP1(true)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	t.Cleanup(server.Close)
	e.URL = server.URL
	return e
}

// asked returns the paths of all requests so far.
func (e *endpoint) asked() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.paths)
}

// record creates a span and a log record.
func record(t *testing.T, tel *Telemetry) {
	t.Helper()
	ctx, span := otel.Tracer("test").Start(t.Context(), "work")
	tel.Logger().InfoContext(ctx, "working")
	span.End()
}

// The environment chooses the protocol; that of one signal takes precedence.
func TestProtocol(t *testing.T) {
	const service = "/opentelemetry.proto.collector."
	for _, c := range []struct {
		environment map[string]string
		want        []string
	}{
		{nil, []string{"/v1/logs", "/v1/metrics", "/v1/traces"}},
		{map[string]string{"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, []string{
			service + "logs.v1.LogsService/Export", service + "metrics.v1.MetricsService/Export", service + "trace.v1.TraceService/Export",
		}},
		{map[string]string{"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL": "http/protobuf"}, []string{
			service + "metrics.v1.MetricsService/Export", service + "trace.v1.TraceService/Export", "/v1/logs",
		}},
	} {
		e := serve(t, func(string) {})
		environment := map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": e.URL}
		maps.Copy(environment, c.environment)
		for name := range environment {
			t.Setenv(name, "") // restored after the test
		}
		tel, _, _ := start(t, Service{Name: "svc"}, environment)
		record(t, tel)
		if err := shutdown(t, tel); err != nil {
			t.Error(err)
		}
		asked := e.asked()
		slices.Sort(asked)
		if asked = slices.Compact(asked); !slices.Equal(asked, c.want) {
			t.Errorf("%v: asked for %v", c.environment, asked)
		}
		for name := range environment {
			t.Setenv(name, "")
		}
	}
}

// The variables that the SDK reads itself are not overridden by options.
func TestStandardVariablesWork(t *testing.T) {
	e := serve(t, func(string) {})
	tel, _, _ := start(t, Service{Name: "svc"}, map[string]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT": e.URL, "OTEL_METRIC_EXPORT_INTERVAL": "20",
		"OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "1", "OTEL_BLRP_MAX_EXPORT_BATCH_SIZE": "1",
	})
	for deadline := time.Now().Add(30 * time.Second); !slices.Contains(e.asked(), "/v1/metrics"); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) { // the default is a minute
			t.Fatal("no metrics")
		}
	}
	for range 3 {
		record(t, tel)
	}
	if err := shutdown(t, tel); err != nil {
		t.Error(err)
	}
	counts := map[string]int{}
	for _, path := range e.asked() {
		counts[path]++
	}
	if counts["/v1/traces"] != 3 || counts["/v1/logs"] != 4 { // the line at the start is one of them
		t.Errorf("batches: %v", counts)
	}

	start(t, Service{Name: "svc"}, map[string]string{"OTEL_TRACES_SAMPLER": "always_off"})
	_, span := otel.Tracer("test").Start(t.Context(), "work")
	if span.End(); span.SpanContext().IsSampled() {
		t.Error("sampled")
	}
}

// ownSampler is not a sampler of the SDK.
type ownSampler struct{ sdktrace.Sampler }

// The samplers that the environment can choose do not use attributes; any other one may,
// even inside one of the SDK.
func TestSamplesByAttributes(t *testing.T) {
	for _, name := range []string{"", "always_on", "always_off", "traceidratio", "parentbased_always_on", "parentbased_always_off", "parentbased_traceidratio"} {
		for _, ratio := range []string{"", "0", "0.5", "1"} {
			start(t, Service{Name: "svc"}, map[string]string{"OTEL_TRACES_SAMPLER": name, "OTEL_TRACES_SAMPLER_ARG": ratio})
			if SamplesByAttributes(otel.GetTracerProvider()) {
				t.Errorf("%s %s", name, ratio)
			}
		}
	}
	t.Setenv("OTEL_TRACES_SAMPLER", "")
	t.Setenv("OTEL_TRACES_SAMPLER_ARG", "")
	start(t, Service{Name: "svc"}, map[string]string{"OTEL_SDK_DISABLED": "true"})
	if SamplesByAttributes(otel.GetTracerProvider()) {
		t.Error("there is no sampler")
	}
	own := ownSampler{sdktrace.AlwaysSample()}
	for _, sampler := range []sdktrace.Sampler{own, &own, sdktrace.ParentBased(own), sdktrace.AlwaysRecord(own), sdktrace.ParentBased(sdktrace.NeverSample(), sdktrace.WithLocalParentSampled(own))} {
		if !SamplesByAttributes(sdktrace.NewTracerProvider(sdktrace.WithSampler(sampler))) {
			t.Errorf("%s does not see attributes", sampler.Description())
		}
	}
	if !SamplesByAttributes(struct{ *sdktrace.TracerProvider }{sdktrace.NewTracerProvider()}) {
		t.Error("another provider is said not to use attributes")
	}
	for _, data := range []any{true, 1, uint64(1), 0.5, "0.5"} {
		if !isStandard(reflect.ValueOf(data)) {
			t.Errorf("a sampler that holds %T is said to use attributes", data)
		}
	}
	for _, unknown := range []any{nil, func() bool { return true }, []string{}, map[string]bool{}} { // nil is a field that is not there
		if isStandard(reflect.ValueOf(unknown)) {
			t.Errorf("a sampler that holds %T is said not to use attributes", unknown)
		}
	}
}

// All exporters of a list are used.
func TestListsOfExporters(t *testing.T) {
	for _, list := range []string{"otlp,console", "console,otlp"} {
		collector := telemetrytest.NewCollector(t)
		tel, _, stderr := start(t, Service{Name: "svc"}, map[string]string{
			"OTEL_EXPORTER_OTLP_ENDPOINT": collector.URL, "OTEL_TRACES_EXPORTER": list, "OTEL_METRICS_EXPORTER": list,
		})
		record(t, tel)
		if err := shutdown(t, tel); err != nil {
			t.Error(err)
		}
		if collector.Span("work") == nil || collector.Metric("go.goroutine.count") == nil {
			t.Errorf("%s: not all of it was exported", list)
		}
		for _, text := range []string{"work ", `"go.goroutine.count"`} {
			if !strings.Contains(stderr.String(), text) {
				t.Errorf("%s: %s is missing in\n%s", list, text, stderr)
			}
		}
	}
}

// Spans that are printed are exported as they are: what prints a span leaves it to
// other processors, which may be reading it at the same time.
func TestListsOfExporters_ShareSpans(t *testing.T) {
	collector := telemetrytest.NewCollector(t)
	tel, _, stderr := start(t, Service{Name: "svc"}, map[string]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT": collector.URL, "OTEL_TRACES_EXPORTER": "otlp,console",
	})
	_, span := otel.Tracer("test").Start(t.Context(), "work", trace.WithAttributes(attribute.Int("b", 1), attribute.Int("a", 2)))
	span.AddEvent("done", trace.WithAttributes(attribute.Int("d", 3), attribute.Int("c", 4)))
	span.End()
	if err := shutdown(t, tel); err != nil {
		t.Error(err)
	}
	for _, printed := range []string{" a=2 b=1 ", " c=4 d=3\n"} {
		if !strings.Contains(stderr.String(), printed) {
			t.Errorf("%q is missing in %s", printed, stderr)
		}
	}
	var keys []string
	for _, kv := range slices.Concat(collector.Span("work").GetAttributes(), collector.Span("work").GetEvents()[0].GetAttributes()) {
		keys = append(keys, kv.GetKey())
	}
	if !slices.Equal(keys, []string{"b", "a", "d", "c"}) {
		t.Errorf("exported %v", keys)
	}
}

// The limits of attributes apply to spans and to log records.
func TestAttributeLimits(t *testing.T) {
	collector := telemetrytest.NewCollector(t)
	t.Setenv("OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT", "") // restored after the test
	tel, _, _ := start(t, Service{Name: "svc"}, map[string]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT": collector.URL, "OTEL_ATTRIBUTE_COUNT_LIMIT": "2", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT": "3",
	})
	ctx, span := otel.Tracer("test").Start(t.Context(), "work")
	span.SetAttributes(attribute.String("a", "12345"), attribute.String("b", "12345"), attribute.String("c", "12345"))
	tel.Logger().InfoContext(ctx, "working", "a", "12345", "b", "12345", "c", "12345")
	span.End()
	if err := shutdown(t, tel); err != nil {
		t.Error(err)
	}
	want := map[string]string{"a": "123", "b": "123"}
	if got := telemetrytest.Strings(collector.Span("work").GetAttributes()); !maps.Equal(got, want) {
		t.Errorf("span: %v", got)
	}
	records := collector.Records()
	if got := telemetrytest.Strings(records[len(records)-1].GetAttributes()); !maps.Equal(got, want) {
		t.Errorf("log record: %v", got)
	}
}

// The description of a status is limited, which the SDK does not do, and valid UTF-8.
func TestRecordError_IsCutShort(t *testing.T) {
	rec := telemetrytest.Start(t)
	_, span := otel.Tracer("test").Start(t.Context(), "work")
	err := errors.New("x\xe9" + strings.Repeat("é", 1<<20))
	RecordError(span, &err)
	span.End()
	if got := rec.Span("work").Status().Description; got != "x\uFFFD"+strings.Repeat("é", 2046) {
		t.Errorf("%d bytes", len(got))
	}
}

// The helpers add to the span of the context.
func TestSpanOfTheContext(t *testing.T) {
	rec := telemetrytest.Start(t)
	ctx, span := otel.Tracer("test").Start(t.Context(), "work")
	SetAttributes(ctx, attribute.String("order.id", "ord_1"))
	AddEvent(ctx, "paid", attribute.String("payment.method", "card"))
	span.End()
	got := rec.Span("work")
	if id := telemetrytest.Attribute(got, "order.id").AsString(); id != "ord_1" {
		t.Errorf("order.id %q", id)
	}
	if events := got.Events(); len(events) != 1 || events[0].Name != "paid" || !slices.Equal(events[0].Attributes, []attribute.KeyValue{attribute.String("payment.method", "card")}) {
		t.Errorf("events %v", events)
	}
}

// No error leaves a span as it is.
func TestRecordError_None(t *testing.T) {
	rec := telemetrytest.Start(t)
	_, span := otel.Tracer("test").Start(t.Context(), "work")
	var err error
	RecordError(span, &err)
	span.End()
	if got := rec.Span("work"); len(got.Attributes()) > 0 || got.Status().Code != codes.Unset {
		t.Errorf("%v, %v", got.Attributes(), got.Status())
	}
}

// refused is an error of a domain.
type refused struct {
	kind   string
	status int
}

func (r refused) Error() string     { return "refused" }
func (r refused) ErrorType() string { return r.kind }
func (r refused) HTTPStatus() int   { return r.status }

// The error.type of an error does not depend on how it is wrapped. A cancelled or
// refused request is not a failure of the service.
func TestErrorType(t *testing.T) {
	notFound := &fs.PathError{Op: "open", Path: "/x", Err: fs.ErrNotExist}
	for _, c := range []struct {
		err    error
		want   string
		status codes.Code
	}{
		{context.Canceled, "canceled", codes.Unset},
		{fmt.Errorf("list: %w", context.Canceled), "canceled", codes.Unset},
		{&url.Error{Op: "Get", URL: "/", Err: context.Canceled}, "canceled", codes.Unset},
		{context.DeadlineExceeded, "timeout", codes.Error},
		{fmt.Errorf("read: %w", os.ErrDeadlineExceeded), "timeout", codes.Error},
		{&net.DNSError{IsTimeout: true}, "timeout", codes.Error},
		{refused{"out_of_stock", 409}, "out_of_stock", codes.Unset},
		{fmt.Errorf("create: %w", refused{"not_found", 404}), "not_found", codes.Unset},
		{refused{"payment_unavailable", 503}, "payment_unavailable", codes.Error},
		{refused{"internal", 500}, "internal", codes.Error},
		{errors.Join(context.DeadlineExceeded, refused{"payment_unavailable", 503}), "payment_unavailable", codes.Error},
		{errors.Join(&net.DNSError{}, context.DeadlineExceeded), "timeout", codes.Error},
		{&net.DNSError{}, "*net.DNSError", codes.Error},
		{errors.Join(errors.New("a"), fmt.Errorf("b: %w", notFound)), "*fs.PathError", codes.Error},
		{fmt.Errorf("%w and %w", io.EOF, notFound), "*fs.PathError", codes.Error},
		{io.EOF, "_OTHER", codes.Error},
		{sql.ErrNoRows, "_OTHER", codes.Error},
		{fmt.Errorf("get: %w", io.EOF), "_OTHER", codes.Error},
		{errors.New("anything"), "_OTHER", codes.Error},
	} {
		rec := telemetrytest.Start(t)
		_, span := otel.Tracer("test").Start(t.Context(), "work")
		RecordError(span, &c.err)
		span.End()
		recorded := rec.Span("work")
		onSpan, onMetric := telemetrytest.Attribute(recorded, "error.type").AsString(), ErrorType(c.err).Value.AsString()
		if onSpan != c.want || onMetric != c.want || recorded.Status().Code != c.status {
			t.Errorf("%#v: %q on the span, %q on a metric, want %q; status %v", c.err, onSpan, onMetric, c.want, recorded.Status())
		}
	}
}

// Exports to this machine are not compressed, unless the environment says so, and others
// are, unless it does not.
func TestCompression(t *testing.T) {
	const variable = "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION"
	for _, c := range []struct{ endpoint, chosen, own, want string }{
		{"http://localhost:4318", "", "", ""},
		{"http://127.0.0.1:4318", "", "", ""},
		{"http://localhost:4318", "", "gzip", "gzip"},
		{"https://collector.example", "", "", "gzip"},
		{"https://collector.example", "none", "", ""},
		{"https://collector.example", "", "none", "none"},
	} {
		start(t, Service{Name: "svc"}, map[string]string{variable: c.own})
		cfg := Config{OTLP: OTLP{Endpoint: c.endpoint, Compression: c.chosen}}
		setDefaults(cfg, cfg.signal("TRACES", nil, OTLP{}, none))
		if got := os.Getenv(variable); got != c.want {
			t.Errorf("%s, %q, %q: got %q, want %q", c.endpoint, c.chosen, c.own, got, c.want)
		}
	}
}

// The scheme of the endpoint decides whether TLS is used, for every signal and
// protocol, whatever INSECURE says: a token for an https endpoint is never sent in
// the clear.
func TestInsecureHTTPS(t *testing.T) {
	for _, protocol := range []string{"http/protobuf", "grpc"} {
		for _, name := range []string{"", "OTEL_EXPORTER_OTLP_INSECURE", "OTEL_EXPORTER_OTLP_LOGS_INSECURE"} {
			for _, scheme := range []string{"http", "https", "HTTPS"} {
				listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				first := make(chan byte, 9) // of each connection
				go func() {
					for {
						connection, err := listener.Accept()
						if err != nil {
							return
						}
						b := make([]byte, 1)
						if _, err = connection.Read(b); err == nil {
							first <- b[0]
						}
						_ = connection.Close()
					}
				}()
				environment := map[string]string{
					"OTEL_EXPORTER_OTLP_ENDPOINT": scheme + "://" + listener.Addr().String(), "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
					"OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20s3cret", "OTEL_LOG_LEVEL": "none",
				}
				contrary := map[bool]string{true: "False", false: "True"}[scheme == "http"]
				if name != "" {
					environment[name] = contrary
				}
				tel, stdout, _ := start(t, Service{Name: "svc"}, environment)
				record(t, tel)
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				var exports sync.WaitGroup
				for _, export := range []func(context.Context) error{tel.traces, tel.metrics, tel.logs} {
					exports.Go(func() { _ = export(ctx) }) // there is no collector, so that they would try again
				}
				for n := range 3 {
					select {
					case b := <-first:
						if tls := b == 0x16; tls != (scheme != "http") { // RFC 8446, section 5.1
							t.Errorf("%s, %s, %s=%s: a connection with TLS: %t", protocol, scheme, name, contrary, tls)
						}
					case <-ctx.Done():
						t.Errorf("%s, %s, %s=%s: %d connections, want one for each signal", protocol, scheme, name, contrary, n)
					}
				}
				cancel()
				exports.Wait()
				_ = listener.Close()
				warning := fmt.Sprintf(`"insecure":%q,"exporter":"otlp %s %s:`, contrary, protocol, strings.ToLower(scheme))
				if warned := strings.Count(stdout.String(), "INSECURE is ignored"); (name != "") != (warned == 1 && strings.Contains(stdout.String(), warning)) {
					t.Errorf("%s, %s=%s: warned %d times", scheme, name, contrary, warned)
				}
				for variable := range environment {
					t.Setenv(variable, "")
				}
			}
		}
	}
}

func TestPrometheus(t *testing.T) {
	port := freePort(t)
	tel, _, stderr := start(t, Service{Name: "svc"},
		map[string]string{"OTEL_METRICS_EXPORTER": "prometheus", "OTEL_EXPORTER_PROMETHEUS_HOST": "127.0.0.1", "OTEL_EXPORTER_PROMETHEUS_PORT": fmt.Sprint(port)})
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d/metrics", port), http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept", "application/openmetrics-text; version=1.0.0") // which has exemplars
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	for _, want := range []string{"go_goroutine_count", "go_schedule_duration", `service_name="svc"`} {
		if err != nil || !strings.Contains(string(body), want) {
			t.Errorf("no %s, %v\n%s", want, err, body)
		}
	}
	if got := response.Header.Get("Content-Type"); !strings.HasPrefix(got, "application/openmetrics-text") {
		t.Errorf("Content-Type %q", got)
	}
	if err := shutdown(t, tel); err != nil {
		t.Error(err)
	}
	if again, err := http.DefaultClient.Do(request); err == nil {
		_ = again.Body.Close()
		t.Error("still serves after the shutdown")
	}
	if stderr.String() != "" {
		t.Errorf("the shutdown is reported as an error: %s", stderr)
	}
}

// If the port is in use, there are no metrics, but the service starts, except in
// development, where somebody can choose another port.
func TestPrometheus_PortInUse(t *testing.T) {
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	port := uint16(listener.Addr().(*net.TCPAddr).Port)
	tel, stdout, _ := start(t, Service{Name: "svc"}, map[string]string{
		"OTEL_METRICS_EXPORTER": "prometheus", "OTEL_EXPORTER_PROMETHEUS_HOST": "127.0.0.1", "OTEL_EXPORTER_PROMETHEUS_PORT": fmt.Sprint(port),
	})
	if strings.Count(stdout.String(), `"error":"metrics: OTEL_EXPORTER_PROMETHEUS_PORT: `) != 1 {
		t.Errorf("want one warning in\n%s", stdout)
	}
	if err := shutdown(t, tel); err != nil {
		t.Error(err)
	}
	cfg := Config{MetricsExporter: []string{"prometheus"}, PrometheusHost: "127.0.0.1", PrometheusPort: port, LogLevel: "none"}
	if _, err := Start(t.Context(), cfg, LogConfig{Level: new(slog.LevelVar)}, Service{Name: "svc", Development: true}, io.Discard, io.Discard); err == nil {
		t.Error("not refused in development")
	}
}

// The metrics are served on localhost only, unless the environment says otherwise.
func TestPrometheus_Host(t *testing.T) {
	cfg, err := env.ParseAsWithOptions[Config](env.Options{Environment: map[string]string{}})
	if err != nil || cfg.PrometheusHost != "localhost" {
		t.Errorf("%q, %v", cfg.PrometheusHost, err)
	}
	if _, _, err := servePrometheus(t.Context(), "192.0.2.1", 0); err == nil { // reserved by RFC 5737
		t.Error("listens elsewhere")
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

// Undelivered telemetry is counted, and reported by Shutdown.
func TestLossIsCounted(t *testing.T) {
	for unexported, want := range map[string]string{"OTEL_LOGS_EXPORTER": "3 spans", "OTEL_TRACES_EXPORTER": "4 spans"} { // the line at the start is the fourth
		tel, stdout, stderr := start(t, Service{Name: "svc"},
			map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", unexported: "none"})
		for range 3 {
			record(t, tel)
		}
		err := shutdown(t, tel)
		if err == nil || !strings.Contains(err.Error(), want+" and log records were not delivered") {
			t.Errorf("got %v", err)
		}
		if all := stderr.String() + fmt.Sprint(err); !strings.Contains(all, "connection refused") {
			t.Errorf("the reason is not reported: %s", all)
		}
		if strings.Contains(stdout.String(), "connection refused") { // and on to the collector
			t.Errorf("errors of telemetry are in the log: %s", stdout)
		}
		t.Setenv(unexported, "")
	}
}

// recordOnly is a sampler whose spans are recorded, but not exported.
type recordOnly struct{ sdktrace.Sampler }

func (recordOnly) ShouldSample(sdktrace.SamplingParameters) sdktrace.SamplingResult {
	return sdktrace.SamplingResult{Decision: sdktrace.RecordOnly}
}

// Spans that are not to be exported are not lost.
func TestLossIsCounted_RecordOnly(t *testing.T) {
	var d delivery
	spans := acceptedSpans{sdktrace.NewBatchSpanProcessor(spanDelivery{tracetest.NewNoopExporter(), &d}), &d}
	provider := sdktrace.NewTracerProvider(sdktrace.WithSampler(recordOnly{}), sdktrace.WithSpanProcessor(spans))
	_, span := provider.Tracer("test").Start(t.Context(), "work")
	span.End()
	if err := provider.Shutdown(t.Context()); err != nil || d.missing.Load() != 0 {
		t.Errorf("%d spans are missing, %v", d.missing.Load(), err)
	}
}

// OTEL_LOG_LEVEL selects the messages of the SDK.
func TestOwnLogLevel(t *testing.T) {
	for level, want := range map[string][3]bool{"none": {}, "error": {true}, "": {true, true}, "info": {true, true, true}} {
		tel, _, stderr := start(t, Service{Name: "svc"}, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_LOG_LEVEL": level})
		record(t, tel)
		_, whole := otel.Meter("test").Int64Counter("twice")
		_, half := otel.Meter("test").Float64Counter("twice") // of which the SDK warns
		if err := errors.Join(whole, half); err != nil {
			t.Error(err)
		}
		if err := shutdown(t, tel); err == nil {
			t.Error("there is a collector")
		}
		var got [3]bool
		for i, text := range []string{"connection refused", "duplicate metric stream definitions", "TracerProvider created"} {
			got[i] = strings.Contains(stderr.String(), text)
		}
		if got != want {
			t.Errorf("%q: error, warning and information are %v, want %v, in\n%s", level, got, want, stderr)
		}
	}
}

// The error of Shutdown names the signal that failed.
func TestShutdown_NamesTheSignal(t *testing.T) {
	tel, _, _ := start(t, Service{Name: "svc"}, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"})
	tel.Logger().InfoContext(t.Context(), "a record")
	err := shutdown(t, tel)
	for _, want := range []string{"logs: ", "metrics: "} {
		if err == nil || !strings.Contains("\n"+err.Error(), "\n"+want) {
			t.Errorf("%q is missing in\n%v", want, err)
		}
	}
}

// Text that is not valid UTF-8, which clients can send, does not cost a batch, although
// OTLP cannot contain it.
func TestInvalidUTF8_LosesNothing(t *testing.T) {
	const bad, mended = "caf\xe9", "caf\uFFFD"
	collector := telemetrytest.NewCollector(t)
	tel, _, _ := start(t, Service{Name: "svc"}, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": collector.URL})
	ctx, span := otel.Tracer("test").Start(t.Context(), bad)
	span.SetAttributes(attribute.String("one", bad), attribute.StringSlice("list", []string{"fine", bad}),
		attribute.Map("map", attribute.Slice("nested", attribute.StringValue(bad))))
	span.AddEvent(bad, trace.WithAttributes(attribute.String("one", bad)))
	span.SetStatus(codes.Error, bad) // as a library may
	tel.Logger().InfoContext(ctx, bad, "one", bad)
	span.End()
	if err := shutdown(t, tel); err != nil {
		t.Error(err)
	}
	received := collector.Span(mended)
	if received == nil {
		t.Fatalf("the span did not arrive: %v", collector.Spans())
	}
	if text := fmt.Sprint(received, collector.Records()); strings.Count(text, mended) != 9 {
		t.Errorf("want %q 9 times in %s", mended, text)
	}
}

// If the collector hangs on traces, metrics are still exported, with the number of lost
// spans.
func TestShutdown_LeavesTimeForMetrics(t *testing.T) {
	collector := telemetrytest.NewCollector(t)
	waited := make(chan struct{})
	hanging := serve(t, func(string) { <-waited })
	tel, _, _ := start(t, Service{Name: "svc"}, map[string]string{
		"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": hanging.URL + "/v1/traces", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": collector.URL + "/v1/metrics",
	})
	_, span := otel.Tracer("test").Start(t.Context(), "work")
	span.End()
	err := tel.Shutdown(t.Context(), 3*time.Second) // less than an export may take
	close(waited)
	if err == nil || !strings.HasSuffix(err.Error(), "\n1 spans and log records were not delivered") {
		t.Errorf("the loss is not reported: %v", err)
	}
	if collector.Metric("otel.sdk.span.started") == nil {
		t.Error("the metrics did not arrive")
	}
	// The export is still running, although nothing waits for it. The next test must
	// not begin before it has ended.
	for deadline := time.Now().Add(time.Minute); tel.delivery.missing.Load() > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the export does not end")
		}
	}
}

// Traces and logs that hang take two thirds of the time together.
func TestShutdown_HangingTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := func(ctx context.Context) error { <-ctx.Done(); return errors.New("hung") }
		tel := &Telemetry{traces: hang, logs: hang, metrics: func(ctx context.Context) error { return ctx.Err() }}
		began := time.Now()
		err := tel.Shutdown(t.Context(), 3*time.Second)
		if took := time.Since(began); took != 2*time.Second || err == nil || err.Error() != "logs: hung\ntraces: hung" {
			t.Errorf("took %v: %v", took, err)
		}
	})
}

// Shutdown exports traces and logs at the same time, and metrics after them.
func TestShutdown_Order(t *testing.T) {
	traces, logs := make(chan struct{}), make(chan struct{})
	e := serve(t, func(path string) { // each of the two waits for the other
		var own, other chan struct{}
		switch path {
		case "/v1/traces":
			own, other = traces, logs
		case "/v1/logs":
			own, other = logs, traces
		default:
			return
		}
		close(own)
		select {
		case <-other:
		case <-time.After(time.Minute):
		}
	})
	tel, _, _ := start(t, Service{Name: "svc"}, map[string]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT": e.URL, "OTEL_BSP_SCHEDULE_DELAY": "3600000", "OTEL_BLRP_SCHEDULE_DELAY": "3600000",
	})
	record(t, tel)
	if err := shutdown(t, tel); err != nil {
		t.Error(err)
	}
	if asked := e.asked(); len(asked) != 3 || asked[2] != "/v1/metrics" {
		t.Errorf("asked for %v", asked)
	}
}

// Headers, and what an endpoint has besides host and path, may contain a key, so they are
// never shown.
func TestHeadersAreSecret(t *testing.T) {
	collector := telemetrytest.NewCollector(t)
	tel, stdout, stderr := start(t, Service{Name: "svc"}, map[string]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT": strings.Replace(collector.URL, "//", "//s3cret:s3cret@", 1) + "?token=s3cret",
		"OTEL_EXPORTER_OTLP_HEADERS":  "x-api-key=s3cret",
	})
	if err := shutdown(t, tel); err != nil {
		t.Error(err)
	}
	if strings.Contains(stdout.String()+stderr.String(), "s3cret") {
		t.Errorf("a secret is shown:\n%s%s", stdout, stderr)
	}
}

func TestConsole(t *testing.T) {
	tel, _, stderr := start(t, Service{Name: "svc", Development: true}, nil)
	tracer := otel.Tracer("test")
	ctx, root := tracer.Start(t.Context(), "POST /orders", trace.WithSpanKind(trace.SpanKindServer),
		trace.WithAttributes(attribute.Int("http.response.status_code", 402), attribute.String("url.path", "/orders"), attribute.String("http.route", "/orders")))
	ctx, create := tracer.Start(ctx, "create_order", trace.WithAttributes(attribute.String("order.id", "ord_1")))
	_, check := tracer.Start(ctx, "check_inventory")
	check.AddEvent("stock_reserved")
	check.End()
	_, pay := tracer.Start(ctx, "process_payment")
	err := errors.New("the payment was declined")
	RecordError(pay, &err)
	pay.End()
	for _, template := range []string{"", "/receipts/{id}"} {
		attributes := []attribute.KeyValue{attribute.Int("http.response.status_code", 200), attribute.String("url.full", "http://printer.internal/receipts/1")}
		if template != "" {
			attributes = append(attributes, attribute.String("url.template", template))
		}
		_, get := tracer.Start(ctx, strings.TrimSpace("GET "+template), trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attributes...))
		get.End()
	}
	create.End()
	if stderr.String() != "" {
		t.Errorf("printed before its end:\n%s", stderr)
	}
	root.End()

	var shape []string
	for line := range strings.Lines(stderr.String()) {
		fields := strings.Fields(line)
		for i, field := range fields {
			if _, err := time.ParseDuration(strings.TrimPrefix(field, "+")); err == nil {
				fields[i] = "TIME"
			}
		}
		shape = append(shape, strings.Join(fields, " "))
	}
	want := []string{
		"POST /orders 402 TIME trace=" + root.SpanContext().TraceID().String(),
		"└─ create_order TIME order.id=ord_1",
		"├─ check_inventory TIME",
		"│ • stock_reserved TIME",
		"├─ process_payment TIME error.type=_OTHER ERROR the payment was declined",
		"├─ GET http://printer.internal/receipts/1 200 TIME",
		"└─ GET /receipts/{id} 200 TIME",
	}
	if got := strings.Join(shape, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s\nfrom\n%s", got, strings.Join(want, "\n"), stderr)
	}
	if err := shutdown(t, tel); err != nil {
		t.Error(err)
	}
}

// A line shows what the name of a span does not say, and is printed as soon as the
// first span in this process has ended.
func TestConsole_Lines(t *testing.T) {
	tel, _, stderr := start(t, Service{Name: "svc", Development: true}, nil)
	caller := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled})
	ctx, began := trace.ContextWithRemoteSpanContext(t.Context(), caller), time.Unix(0, 0)
	var want strings.Builder
	for _, c := range []struct {
		name       string
		attributes []attribute.KeyValue
		want       string
	}{
		{"work", nil, "work 1.5ms"},
		{"GET", []attribute.KeyValue{attribute.String("url.path", "/nowhere"), attribute.Int("http.response.status_code", 404)}, "GET /nowhere 404 1.5ms"},
		{"CONNECT", []attribute.KeyValue{attribute.String("url.path", "")}, "CONNECT 1.5ms"},
		{"GET", []attribute.KeyValue{attribute.String("url.full", "http://a/b c")}, `GET "http://a/b c" 1.5ms`},
		{"work", []attribute.KeyValue{attribute.Int("b", 2), attribute.String("c", `"`), attribute.String("a", "two words")}, `work 1.5ms a="two words" b=2 c="\""`},
	} {
		_, span := otel.Tracer("test").Start(ctx, c.name, trace.WithTimestamp(began), trace.WithAttributes(c.attributes...))
		span.End(trace.WithTimestamp(began.Add(1500*time.Microsecond + 400*time.Nanosecond)))
		want.WriteString(c.want + " trace=" + caller.TraceID().String() + "\n")
	}
	if stderr.String() != want.String() {
		t.Errorf("got\n%s\nwant\n%s", stderr, &want)
	}
	if err := shutdown(t, tel); err != nil {
		t.Error(err)
	}
}

// Colours are for a terminal, unless somebody does not want them.
func TestShowsColours(t *testing.T) {
	terminal, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0) // a character device, as terminals are
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	reader, pipe, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	defer pipe.Close()
	file, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	closed, err := os.Open(os.DevNull)
	if err = errors.Join(err, closed.Close()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		w             io.Writer
		term, noColor string
		want          bool
	}{
		{terminal, "xterm-256color", "", true},
		{terminal, "xterm-256color", "0", false}, // whatever its value is
		{terminal, "dumb", "", false},
		{terminal, "", "", false},
		{pipe, "xterm-256color", "", false},
		{file, "xterm-256color", "", false},
		{closed, "xterm-256color", "", false},
		{new(bytes.Buffer), "xterm-256color", "", false},
	} {
		t.Setenv("TERM", c.term)
		t.Setenv("NO_COLOR", c.noColor)
		if got := showsColours(c.w); got != c.want {
			t.Errorf("%T, TERM=%s NO_COLOR=%s: %v", c.w, c.term, c.noColor, got)
		}
	}
}

// The level of a record has a colour, whatever else the record says.
func TestLogColours(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(correlated{Handler: slog.NewTextHandler(levelPainter{&out}, &slog.HandlerOptions{Level: slog.LevelDebug})})
	for _, level := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError, slog.LevelError + 4} {
		log.Log(t.Context(), level, "level=INFO msg=work", "level", "x")
	}
	for _, want := range []string{"\x1b[2mDEBUG", "\x1b[32mINFO", "\x1b[33mWARN", "\x1b[31mERROR", "ERROR+4"} {
		line, _ := out.ReadString('\n')
		if rest := " level=" + want + "\x1b[0m msg=\"level=INFO msg=work\" level=x\n"; !strings.HasPrefix(line, "time=") || !strings.HasSuffix(line, rest) || strings.Count(line, " ") != strings.Count(rest, " ") {
			t.Errorf("got %q, want %q", line, rest)
		}
	}
}

// On a terminal that shows colours, errors are red, and times and the trace are faint.
func TestConsole_Colours(t *testing.T) {
	var out strings.Builder
	tracer := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(&tree{w: &out, coloured: true})).Tracer("test")
	began := time.Unix(0, 0)
	ctx, root := tracer.Start(t.Context(), "root", trace.WithTimestamp(began), trace.WithAttributes(attribute.Int("n", 1)))
	root.AddEvent("asked", trace.WithTimestamp(began.Add(time.Millisecond)))
	for _, reason := range []string{"", "disk full"} {
		_, span := tracer.Start(ctx, "write", trace.WithTimestamp(began))
		span.SetStatus(codes.Error, reason)
		span.End(trace.WithTimestamp(began.Add(2 * time.Millisecond)))
	}
	root.End(trace.WithTimestamp(began.Add(3 * time.Millisecond)))
	want := "root \x1b[2m3ms\x1b[0m n=1 \x1b[2mtrace=" + root.SpanContext().TraceID().String() + "\x1b[0m\n" +
		"│ • asked \x1b[2m+1ms\x1b[0m\n" +
		"├─ write \x1b[2m2ms\x1b[0m \x1b[31mERROR\x1b[0m\n" +
		"└─ write \x1b[2m2ms\x1b[0m \x1b[31mERROR disk full\x1b[0m\n"
	if out.String() != want {
		t.Errorf("got\n%q\nwant\n%q", out.String(), want)
	}
}

// The picture of a trace is exact: rails join what belongs together, also past events.
func TestConsole_Picture(t *testing.T) {
	tel, _, stderr := start(t, Service{Name: "svc", Development: true}, nil)
	began := time.Unix(0, 0)
	at := func(ms int) time.Time { return began.Add(time.Duration(ms) * time.Millisecond) }
	var id trace.TraceID
	work := func(ctx context.Context, name string, ms int, inside ...func(context.Context, trace.Span)) {
		ctx, span := otel.Tracer("test").Start(ctx, name, trace.WithTimestamp(at(ms)))
		for _, f := range inside {
			f(ctx, span)
		}
		span.End(trace.WithTimestamp(at(9)))
		id = span.SpanContext().TraceID()
	}
	event := func(name string, ms int) func(context.Context, trace.Span) {
		return func(_ context.Context, span trace.Span) {
			span.AddEvent(name, trace.WithTimestamp(at(ms)), trace.WithAttributes(attribute.Int("n", ms)))
		}
	}
	child := func(name string, ms int, inside ...func(context.Context, trace.Span)) func(context.Context, trace.Span) {
		return func(ctx context.Context, _ trace.Span) { work(ctx, name, ms, inside...) }
	}
	work(t.Context(), "root", 0, event("asked", 1),
		child("first", 2, event("found", 3), child("inner", 4, event("done", 5)), child("other", 6)),
		child("last", 7, event("tried", 8), child("only", 8, event("late", 9))))
	want := `root 9ms trace=` + id.String() + `
│ • asked +1ms n=1
├─ first 7ms
│  │ • found +1ms n=3
│  ├─ inner 5ms
│  │    • done +1ms n=5
│  └─ other 3ms
└─ last 2ms
   │ • tried +1ms n=8
   └─ only 1ms
        • late +1ms n=9
`
	if stderr.String() != want {
		t.Errorf("got\n%s\nwant\n%s", stderr, want)
	}
	if err := shutdown(t, tel); err != nil {
		t.Error(err)
	}
}

// Spans are in the order in which they began.
func TestConsole_Order(t *testing.T) {
	tel, _, stderr := start(t, Service{Name: "svc", Development: true}, nil)
	tracer, began := otel.Tracer("test"), time.Unix(0, 0)
	ctx, root := tracer.Start(t.Context(), "root")
	_, first := tracer.Start(ctx, "first", trace.WithTimestamp(began))
	_, second := tracer.Start(ctx, "second", trace.WithTimestamp(began.Add(time.Second)))
	second.End()
	first.End()
	root.End()
	if text := stderr.String(); strings.Index(text, "first") > strings.Index(text, "second") {
		t.Errorf("got\n%s", text)
	}
	if err := shutdown(t, tel); err != nil {
		t.Error(err)
	}
}

// Shutdown prints every span whose root has not ended, each in its trace.
func TestConsole_OpenRoots(t *testing.T) {
	tel, _, stderr := start(t, Service{Name: "svc", Development: true}, nil)
	var want []string
	for i := range 3 {
		ctx, root := otel.Tracer("test").Start(t.Context(), "never_ends")
		_, span := otel.Tracer("test").Start(ctx, fmt.Sprintf("span_%d", i))
		span.End()
		want = append(want, fmt.Sprintf("span_%d trace=%s", i, root.SpanContext().TraceID()))
	}
	if err := shutdown(t, tel); err != nil {
		t.Error(err)
	}
	lines := regexp.MustCompile(`(?m) \S+( trace=.*)$`).ReplaceAllString(stderr.String(), "$1")
	if lines != strings.Join(want, "\n")+"\n" {
		t.Errorf("got\n%s\nwant\n%s", lines, strings.Join(want, "\n"))
	}
}

// The number of spans whose root has not ended is bounded; Shutdown prints them.
func TestConsole_OpenTraces(t *testing.T) {
	tel, _, stderr := start(t, Service{Name: "svc", Development: true}, nil)
	tracer := otel.Tracer("test")
	ctx, root := tracer.Start(t.Context(), "ends_too_late")
	defer root.End()
	for i := range maxOpenSpans + 1 {
		_, span := tracer.Start(ctx, fmt.Sprintf("span_%d", i))
		span.End()
	}
	if stderr.String() != "" {
		t.Errorf("printed before the end:\n%.200s", stderr)
	}
	if err := shutdown(t, tel); err != nil {
		t.Error(err)
	}
	if text := stderr.String(); strings.Count(text, "span_") != maxOpenSpans || strings.Contains(text, "span_0 ") {
		t.Errorf("%d spans, want the last %d", strings.Count(text, "span_"), maxOpenSpans)
	}
}

// Text from a client cannot control the terminal or break the tree.
func TestConsole_EscapeSequences(t *testing.T) {
	tel, _, stderr := start(t, Service{Name: "svc", Development: true}, nil)
	_, span := otel.Tracer("test").Start(t.Context(), "get_order", trace.WithAttributes(attribute.String("order.id", "\x1b[31mred")))
	span.AddEvent("asked", trace.WithAttributes(attribute.String("by", "\x1b]0;title\a")))
	err := errors.New("no \x1b[2J\nsuch order")
	RecordError(span, &err)
	span.End()
	if strings.ContainsAny(stderr.String(), "\x1b\a") || strings.Count(stderr.String(), "\n") != 2 {
		t.Errorf("got %q", stderr)
	}
	if !strings.Contains(stderr.String(), `order.id="\x1b[31mred"`) {
		t.Errorf("the value is missing in %q", stderr)
	}
	if err := shutdown(t, tel); err != nil {
		t.Error(err)
	}
}

func TestConfig_ReportsEveryProblem(t *testing.T) {
	ratio := 1.5
	cfg := Config{
		Propagators:        []string{"tracecontex"},
		TracesExporter:     []string{"otpl", "jaeger"},
		MetricsExporter:    []string{"none", "otlp"},
		Disabled:           "1",
		Sampler:            "always",
		SamplerArg:         &ratio,
		LogsExporter:       []string{"otlp", "otlp"},
		OTLP:               OTLP{Endpoint: "localhost:4318", Protocol: "http", Headers: "ok=1,Authorization: Bearer s3cret", Certificate: "/nonexistent"},
		ResourceAttributes: "team",
	}
	err := cfg.Validate()
	for _, want := range []string{
		"OTEL_PROPAGATORS: ", `OTEL_TRACES_EXPORTER: "otpl"`, `OTEL_TRACES_EXPORTER: "jaeger"`, "OTEL_METRICS_EXPORTER: ",
		"OTEL_TRACES_SAMPLER: ", "OTEL_TRACES_SAMPLER_ARG: ", "OTEL_EXPORTER_OTLP_ENDPOINT: ", "OTEL_EXPORTER_OTLP_PROTOCOL: ", "OTEL_RESOURCE_ATTRIBUTES: ",
		"OTEL_SDK_DISABLED: ", "OTEL_LOGS_EXPORTER: ", "OTEL_EXPORTER_OTLP_HEADERS: entry 2 ", "OTEL_EXPORTER_OTLP_CERTIFICATE: ",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "s3cret") {
		t.Errorf("a secret is shown:\n%v", err)
	}
	for format, want := range map[string]string{"json": "<nil>", "text": "<nil>", "xml": `LOG_FORMAT: "xml" is unknown; use json, text`} {
		if err := (LogConfig{Format: format}).Validate(); fmt.Sprint(err) != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// Validate reports what otherwise the SDK would refuse later, with all secrets in its
// message, or the collector, with all telemetry. Its errors contain no secret.
func TestConfig_Lists(t *testing.T) {
	const headers, resource, endpoint = "OTEL_EXPORTER_OTLP_HEADERS", "OTEL_RESOURCE_ATTRIBUTES", "OTEL_EXPORTER_OTLP_ENDPOINT"
	for _, c := range []struct {
		name, value string
		ok          bool
	}{
		{headers, "authorization=Basic%20dXNlcjpzM2NyZXQ=,x-team=a b", true},
		{headers, "Authorization: Basic s3cret=", false},
		{headers, "bad header=s3cret", false},
		{headers, "a=s3cret%0d%0ab: c", false},
		{headers, "a=s3cret%ff", false},
		{resource, "k8s.pod.label.app.kubernetes.io/name=shop,team=caf\u00e9", true},
		{resource, "team=s3cret%ff", false},
		{resource, "team=s3cret%zz", false},
		{resource, "=s3cret", false},
		{endpoint, "https://user:s3cret@collector:4318", true},
		{endpoint, "grpc://user:s3cret@collector:4317", false},
		{endpoint, "http:///s3cret", false},
		{endpoint, "http://s3cret%zz", false},
		{"OTEL_TRACES_SAMPLER_ARG", "NaN", false},
		{"OTEL_TRACES_SAMPLER_ARG", "-0.1", false},
		{"OTEL_TRACES_SAMPLER_ARG", "0", true},
		{"OTEL_TRACES_SAMPLER_ARG", "1", true},
		{"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "telemetry_test.go", true},
		{"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "nonexistent", false},
		{"OTEL_EXPORTER_OTLP_LOGS_CLIENT_KEY", "nonexistent", false},
	} {
		err := validate(c.name, c.value)
		if (err == nil) != c.ok || err != nil && (!strings.HasPrefix(err.Error(), c.name+": ") || strings.Contains(err.Error(), "s3cret")) {
			t.Errorf("%s=%s: %v", c.name, c.value, err)
		}
	}
}

func TestPositive(t *testing.T) {
	for text, ok := range map[string]bool{"1": true, "2147483647": true, "0": false, "-1": false, "a": false, "2147483648": false} {
		if err := new(Positive).UnmarshalText([]byte(text)); (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// A queue that takes more memory than there may be does not keep the service from starting.
func TestConfig_HugeQueue(t *testing.T) {
	for _, name := range []string{"OTEL_BSP_MAX_QUEUE_SIZE", "OTEL_BLRP_MAX_QUEUE_SIZE"} {
		if err := validate(name, "1048576"); err != nil {
			t.Error(err)
		}
		if err := validate(name, "2147483647"); err == nil || err.Error() != name+": 2147483647 is more than 1048576" {
			t.Error(err)
		}
	}
}

// A file that another SDK would read in place of the variables is not ignored silently.
func TestConfig_File(t *testing.T) {
	if err := validate("OTEL_CONFIG_FILE", "/etc/otel.yaml"); !Tolerable(err) || !strings.HasPrefix(err.Error(), "OTEL_CONFIG_FILE: ") {
		t.Error(err)
	}
}

// An empty entry, which a trailing comma makes, is tolerable.
func TestConfig_EmptyEntry(t *testing.T) {
	if err := validate("OTEL_RESOURCE_ATTRIBUTES", "a=b,,c=d"); !Tolerable(err) || err.Error() != "OTEL_RESOURCE_ATTRIBUTES: entry 2 is empty" {
		t.Error(err)
	}
}

// Nothing panics because of an endpoint that nobody has validated.
func TestSignal_InvalidEndpoint(t *testing.T) {
	s := Config{OTLP: OTLP{Endpoint: "http://%zz"}}.signal("TRACES", nil, OTLP{}, none)
	if got := s.String(); got != "otlp http/protobuf " || s.secure() || s.local() {
		t.Errorf("%q", got)
	}
}

// validate returns what is wrong with the value of one variable.
func validate(name, value string) error {
	var cfg Config
	return errors.Join(env.ParseWithOptions(&cfg, env.Options{Environment: map[string]string{name: value}}), cfg.Validate())
}

// Every value that Go's SDK supports is accepted. Those that only other SDKs know are
// tolerable, all others are mistakes.
func TestConfig_Enumerations(t *testing.T) {
	for _, c := range []struct{ name, here, elsewhere string }{ // * is every signal, and none
		{"OTEL_SDK_DISABLED", "true false", ""},
		{"OTEL_GO_X_OBSERVABILITY", "true false", ""},
		{"OTEL_LOG_LEVEL", "none error warn info debug", "all verbose trace warning fatal critical off"},
		{"OTEL_TRACES_EXPORTER", "otlp console none", "jaeger zipkin logging logging-otlp otlp/stdout otlp_proto_grpc otlp_proto_http"},
		{"OTEL_METRICS_EXPORTER", "otlp console prometheus none", "logging"},
		{"OTEL_LOGS_EXPORTER", "otlp console none", "logging"},
		{
			"OTEL_TRACES_SAMPLER", "always_on always_off traceidratio parentbased_always_on parentbased_always_off parentbased_traceidratio",
			"jaeger_remote parentbased_jaeger_remote xray",
		},
		{"OTEL_METRICS_EXEMPLAR_FILTER", "always_on always_off trace_based", ""},
		{"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "cumulative delta lowmemory", ""},
		{"OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION", "explicit_bucket_histogram base2_exponential_bucket_histogram", ""},
		{"OTEL_EXPORTER_OTLP_*PROTOCOL", "grpc http/protobuf", "http/json"},
		{"OTEL_EXPORTER_OTLP_*COMPRESSION", "gzip none", "deflate zstd"},
		{"OTEL_EXPORTER_OTLP_*INSECURE", "true false", ""},
	} {
		for _, signal := range []string{"", "TRACES_", "METRICS_", "LOGS_"} {
			name := strings.Replace(c.name, "*", signal, 1)
			for value := range strings.FieldsSeq(c.here) {
				if err := validate(name, value); err != nil {
					t.Errorf("%s=%s: %v", name, value, err)
				}
			}
			for value := range strings.FieldsSeq(c.elsewhere) {
				if err := validate(name, value); !Tolerable(err) || !strings.HasPrefix(err.Error(), name+": ") {
					t.Errorf("%s=%s: %v", name, value, err)
				}
			}
			if err := validate(name, "nonsense"); err == nil || Tolerable(err) || !strings.HasPrefix(err.Error(), name+": ") {
				t.Errorf("%s=nonsense: %v", name, err)
			}
		}
	}
}

// Enumerations and booleans are not case-sensitive (Environment Variable Specification).
// A boolean must be true or false: the SDK takes every other word for false.
func TestConfig_Spelling(t *testing.T) {
	for name, value := range map[string]string{
		"OTEL_SDK_DISABLED": "True", "OTEL_EXPORTER_OTLP_INSECURE": "TRUE", "OTEL_GO_X_OBSERVABILITY": "False",
		"OTEL_LOG_LEVEL": "INFO", "OTEL_TRACES_SAMPLER": "Always_On", "OTEL_METRICS_EXEMPLAR_FILTER": "ALWAYS_OFF",
		"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "DELTA", "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION": "BASE2_EXPONENTIAL_BUCKET_HISTOGRAM",
	} {
		if err := validate(name, value); err != nil {
			t.Errorf("%s=%s: %v", name, value, err)
		}
	}
	for _, name := range []string{"OTEL_SDK_DISABLED", "OTEL_EXPORTER_OTLP_INSECURE", "OTEL_EXPORTER_OTLP_LOGS_INSECURE", "OTEL_GO_X_OBSERVABILITY"} {
		if err := validate(name, "1"); err == nil || !strings.Contains(err.Error(), name+": ") {
			t.Errorf("%s=1: %v", name, err)
		}
	}
}

func TestDisabled_InCapitals(t *testing.T) {
	start(t, Service{Name: "svc"}, map[string]string{"OTEL_SDK_DISABLED": "TRUE"})
	if _, span := otel.Tracer("test").Start(t.Context(), "work"); span.IsRecording() {
		t.Error("a span was recorded")
	}
}

// The messages of the SDK have the level that the SDK gave them.
func TestReportErrors_Levels(t *testing.T) {
	for setting, want := range map[string]string{"none": "", "error": "ERROR", "WARN": "ERROR WARN", "info": "ERROR WARN INFO", "debug": "ERROR WARN INFO DEBUG"} {
		var out bytes.Buffer
		log := logr.FromSlogHandler(sdkHandler(setting, &out))
		log.Error(errors.New("boom"), "error")
		for _, verbosity := range []int{1, 4, 8} { // warning, information, debugging
			log.V(verbosity).Info("message")
		}
		var got []string
		for _, match := range regexp.MustCompile(`level=(\S+)`).FindAllStringSubmatch(out.String(), -1) {
			got = append(got, match[1])
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", setting, got, want)
		}
	}
}

// Two of a thousand failed exports are logged, the second with the number of those that
// were not.
func TestErrorHandler_IsRateLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out telemetrytest.Buffer
		reportErrors("warn", &out)
		for range 1000 {
			otel.Handle(errors.New("connection refused"))
			time.Sleep(9 * time.Millisecond)
		}
		time.Sleep(time.Second) // ten seconds after the first
		otel.Handle(errors.New("connection refused"))
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		if len(lines) != 2 || !strings.HasSuffix(lines[1], `level=ERROR msg=telemetry error="connection refused" suppressed=999`) {
			t.Errorf("got\n%s", &out)
		}
	})
}
