// Package telemetry sets up OpenTelemetry for the process: traces, metrics and
// logs, their exporters, and their shutdown. The rest of the service uses
// the OpenTelemetry API, log/slog, and the helpers of this package.
package telemetry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"reflect"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/contrib/bridges/otelslog"
	"go.opentelemetry.io/contrib/instrumentation/runtime"
	"go.opentelemetry.io/contrib/propagators/autoprop"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// Service identifies the service in its telemetry. OTEL_SERVICE_NAME and
// OTEL_RESOURCE_ATTRIBUTES override it.
type Service struct {
	Name        string
	Version     string
	Revision    string // of the source
	Environment string // deployment.environment.name
	Development bool   // prints traces unless the environment says where they go
}

// Telemetry is a running OpenTelemetry SDK.
type Telemetry struct {
	logger                *slog.Logger
	traces, metrics, logs func(context.Context) error // to shut each down
	delivery              delivery
}

// Start sets OpenTelemetry's global providers and propagator. The caller must call
// Shutdown. The log is written to stdout; what is printed for a developer, and the
// errors of telemetry itself, are written to stderr.
//
// Telemetry must never keep the service from starting: an unreachable collector is
// not an error, and an exporter that cannot be created is one only in development.
func Start(ctx context.Context, cfg Config, logs LogConfig, service Service, stdout, stderr io.Writer) (*Telemetry, error) {
	t := &Telemetry{logger: slog.New(logs.handler(stdout)), traces: notStarted, metrics: notStarted, logs: notStarted}
	propagator, err := autoprop.TextMapPropagator(cfg.Propagators...)
	if err != nil {
		return nil, fmt.Errorf("OTEL_PROPAGATORS: %w", err)
	}
	otel.SetTextMapPropagator(propagator)
	reportErrors(cfg.LogLevel, stderr)
	if strings.EqualFold(cfg.Disabled, "true") {
		otel.SetTracerProvider(noop.NewTracerProvider())
		t.logger.InfoContext(ctx, "telemetry is disabled by OTEL_SDK_DISABLED")
		return t, nil
	}

	// Metrics are not printed by default, not even in development: a dump of every
	// instrument once a minute would bury the traces.
	traces := cfg.signal("TRACES", cfg.TracesExporter, cfg.OTLPTraces, map[bool]string{true: console, false: none}[service.Development])
	metrics := cfg.signal("METRICS", cfg.MetricsExporter, cfg.OTLPMetrics, none)
	records := cfg.signal("LOGS", cfg.LogsExporter, cfg.OTLPLogs, console)
	setDefaults(cfg, traces, metrics, records)
	res := newResource(ctx, service, stderr)

	// Metrics start first and end last: the SDK counts with them what traces and
	// logs drop.
	problems := []error{
		named("metrics", t.startMetrics(ctx, cfg, metrics, res, stderr)),
		named("traces", t.startTraces(ctx, traces, res, stderr)),
		named("logs", t.startLogs(ctx, records, logs.Level, res)),
	}
	if err := errors.Join(problems...); err != nil && service.Development {
		return nil, errors.Join(err, t.Shutdown(ctx, time.Second))
	}
	t.announce(ctx, service, traces, metrics, records)
	for _, err := range problems {
		if err != nil {
			t.logger.WarnContext(ctx, "telemetry is not as configured", "error", err)
		}
	}
	return t, nil
}

// Logger returns the service's logger. Records that are logged with a context, as
// by InfoContext, have the trace and span ids of that context.
func (t *Telemetry) Logger() *slog.Logger { return t.logger }

// Shutdown exports what is buffered, for at most timeout, and stops telemetry. ctx may
// be done already: only its values are used.
//
// Traces and logs are shut down at the same time, so that neither takes all the
// time if the collector hangs. They leave a third of it for metrics, which count
// what the other two dropped.
func (t *Telemetry) Shutdown(ctx context.Context, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
	defer cancel()
	early, cancelEarly := context.WithTimeout(ctx, timeout*2/3)
	defer cancelEarly()
	traces := make(chan error, 1)
	go func() { traces <- t.traces(early) }()
	problems := []error{named("logs", t.logs(early)), named("traces", <-traces), named("metrics", t.metrics(ctx))}
	if lost := t.delivery.missing.Load(); lost > 0 {
		problems = append(problems, fmt.Errorf("%d spans and log records were not delivered", lost))
	}
	return errors.Join(problems...)
}

// named adds the name of a signal to an error.
func named(signal string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", signal, err)
}

// notStarted shuts down what was not started.
func notStarted(context.Context) error { return nil }

// announce logs where telemetry goes.
func (t *Telemetry) announce(ctx context.Context, service Service, traces, metrics, records signal) {
	logs := "stdout"
	if records.has(otlp) {
		logs += ", " + records.String()
	}
	t.logger.InfoContext(ctx, "telemetry started",
		"environment", service.Environment, "traces", traces.String(), "metrics", metrics.String(), "logs", logs)
	if !service.Development && !traces.chosen && !metrics.chosen && !records.chosen {
		t.logger.WarnContext(ctx, "telemetry is not exported: set OTEL_EXPORTER_OTLP_ENDPOINT, or OTEL_SDK_DISABLED=true to silence this")
	}
	for _, s := range []signal{traces, metrics, records} {
		if s.has(otlp) && s.insecure != "" && strings.EqualFold(s.insecure, "true") == s.secure() {
			t.logger.WarnContext(ctx, "OTEL_EXPORTER_OTLP_INSECURE is ignored: the scheme of the endpoint decides whether TLS is used",
				"insecure", s.insecure, "exporter", s.String())
			return
		}
	}
}

func (t *Telemetry) startTraces(ctx context.Context, s signal, res *resource.Resource, stderr io.Writer) error {
	options := []sdktrace.TracerProviderOption{sdktrace.WithResource(res)}
	if s.has(otlp) {
		exporter, err := newSpanExporter(ctx, s.protocol)
		if err != nil {
			return err
		}
		batch := sdktrace.NewBatchSpanProcessor(spanDelivery{exporter, &t.delivery})
		options = append(options, sdktrace.WithSpanProcessor(acceptedSpans{batch, &t.delivery}))
	}
	if s.has(console) {
		options = append(options, sdktrace.WithSpanProcessor(&tree{w: stderr, coloured: showsColours(stderr)}))
	}
	provider := sdktrace.NewTracerProvider(options...)
	otel.SetTracerProvider(provider)
	t.traces = provider.Shutdown
	return nil
}

func (t *Telemetry) startMetrics(ctx context.Context, cfg Config, s signal, res *resource.Resource, stderr io.Writer) error {
	options := []sdkmetric.Option{sdkmetric.WithResource(res)}
	// The runtime is read for every export. By default it is read at most every 15 s: an export in between would repeat the
	// time of the last one, and Prometheus refuses a whole export if one of its times is out of order. (The option is one for
	// producers as well, although its type does not say so.)
	scheduling := sdkmetric.WithProducer(runtime.NewProducer(runtime.WithMinimumReadMemStatsInterval(time.Nanosecond).(runtime.ProducerOption)))
	stop := notStarted
	for _, kind := range s.exporters {
		if kind == prometheus {
			reader, shutdown, err := servePrometheus(ctx, cfg.PrometheusHost, cfg.PrometheusPort)
			if err != nil {
				return err
			}
			options, stop = append(options, sdkmetric.WithReader(reader)), shutdown
			continue
		}
		exporter, err := newMetricExporter(ctx, kind, s.protocol, stderr)
		if err != nil {
			return err
		}
		options = append(options, sdkmetric.WithReader(sdkmetric.NewPeriodicReader(exporter, scheduling)))
	}
	provider := sdkmetric.NewMeterProvider(options...)
	otel.SetMeterProvider(provider)
	t.metrics = func(ctx context.Context) error { return errors.Join(provider.Shutdown(ctx), stop(ctx)) }
	return runtime.Start(runtime.WithMeterProvider(provider))
}

// startLogs adds OTLP to stdout, to which records are written in any case.
func (t *Telemetry) startLogs(ctx context.Context, s signal, level slog.Leveler, res *resource.Resource) error {
	if !s.has(otlp) {
		return nil
	}
	exporter, err := newLogExporter(ctx, s.protocol)
	if err != nil {
		return err
	}
	batch := sdklog.NewBatchProcessor(recordDelivery{exporter, &t.delivery})
	provider := sdklog.NewLoggerProvider(sdklog.WithResource(res), sdklog.WithProcessor(acceptedRecords{batch, &t.delivery, level}))
	otel.SetLoggerProvider(provider)
	t.logs = provider.Shutdown
	bridge := plainErrors{otelslog.NewHandler(scope, otelslog.WithLoggerProvider(provider))}
	t.logger = slog.New(slog.NewMultiHandler(t.logger.Handler(), bridge))
	return nil
}

// setDefaults sets the defaults of variables that the SDK reads itself; some of its
// settings can be changed in no other way. A variable that is already set keeps
// its value, except for INSECURE.
func setDefaults(cfg Config, signals ...signal) {
	defaults := map[string]string{
		// Dropped telemetry must be visible: the SDK counts what it drops.
		"OTEL_GO_X_OBSERVABILITY":                     "true",
		"OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT":           strconv.Itoa(cfg.AttributeValueLength),
		"OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT": strconv.Itoa(cfg.AttributeValueLength),
		"OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT":        os.Getenv("OTEL_ATTRIBUTE_COUNT_LIMIT"), // the SDK's own default if that is not set
	}
	for _, s := range signals {
		prefix := "OTEL_EXPORTER_OTLP_" + s.name + "_"
		// The scheme decides whether TLS is used (OTLP Exporter Configuration).
		// The Go exporters would let INSECURE override it, and send a token for
		// an https endpoint in the clear.
		_ = os.Setenv(prefix+"INSECURE", strconv.FormatBool(!s.secure())) // fails for invalid names only
		if cfg.OTLP.Compression == "" && !s.local() {
			defaults[prefix+"COMPRESSION"] = "gzip" // a ninth of the bytes, for two microseconds a span
		}
	}
	for name, value := range defaults {
		if os.Getenv(name) == "" {
			_ = os.Setenv(name, value)
		}
	}
}

// newResource returns the resource that describes this process. Later options
// override earlier ones, so the environment comes last. The attributes of the
// service have no schema URL, because two different ones are an error. WithProcess
// is not used, because it records the command line, which may contain secrets.
func newResource(ctx context.Context, service Service, stderr io.Writer) *resource.Resource {
	own := []attribute.KeyValue{
		semconv.ServiceName(service.Name),
		semconv.ServiceVersion(service.Version),
		semconv.DeploymentEnvironmentNameKey.String(service.Environment),
	}
	if service.Revision != "" {
		own = append(own, semconv.VCSRefHeadRevision(service.Revision))
	}
	res, err := resource.New(ctx,
		resource.WithTelemetrySDK(),
		resource.WithService(), // service.instance.id
		resource.WithHost(), resource.WithOSType(), resource.WithContainerID(),
		resource.WithProcessPID(), resource.WithProcessRuntimeName(), resource.WithProcessRuntimeVersion(),
		resource.WithAttributes(own...),
		resource.WithFromEnv(),
	)
	if err != nil { // the service starts even if a detector fails
		slog.New(slog.NewTextHandler(stderr, nil)).WarnContext(ctx, "telemetry: incomplete resource", "error", err)
	}
	return res
}

// SamplesByAttributes reports whether the sampler of provider may use the
// attributes with which a span is created. The SDK's own samplers do not. Since the
// SDK does not export its sampler, a private field is read; if that is ever
// renamed, the result is true, which is slower but hides nothing from a sampler.
func SamplesByAttributes(provider trace.TracerProvider) bool {
	if _, disabled := provider.(noop.TracerProvider); disabled {
		return false
	}
	sdk, ok := provider.(*sdktrace.TracerProvider)
	return !ok || !isStandard(reflect.ValueOf(sdk).Elem().FieldByName("sampler"))
}

// isStandard reports whether sampler and all samplers in it belong to the SDK.
func isStandard(sampler reflect.Value) bool {
	switch sampler.Kind() {
	case reflect.Interface, reflect.Pointer:
		return isStandard(sampler.Elem())
	case reflect.Struct:
		standard := sampler.Type().PkgPath() == reflect.TypeFor[sdktrace.TracerProvider]().PkgPath()
		for i := 0; standard && i < sampler.NumField(); i++ {
			standard = isStandard(sampler.Field(i))
		}
		return standard
	default:
		return sampler.IsValid() && sampler.Kind() <= reflect.Float64 || sampler.Kind() == reflect.String
	}
}

// SetAttributes adds attributes to the span of ctx.
func SetAttributes(ctx context.Context, attributes ...attribute.KeyValue) {
	trace.SpanFromContext(ctx).SetAttributes(attributes...)
}

// AddEvent adds an event to the span of ctx.
func AddEvent(ctx context.Context, name string, attributes ...attribute.KeyValue) {
	trace.SpanFromContext(ctx).AddEvent(name, trace.WithAttributes(attributes...))
}

// RecordError records *err on span unless it is nil. Defer it right after span.End,
// with the named result of the function, so that it covers every return:
//
//	ctx, span := tracer.Start(ctx, "create_order")
//	defer span.End()
//	defer telemetry.RecordError(span, &err)
//
// The status of the span becomes Error if the service failed. It remains Unset if
// the caller is the reason, because it went away or its request was refused. The
// semantic conventions have the same rule for server spans.
func RecordError(span trace.Span, err *error) {
	if *err == nil {
		return
	}
	span.SetAttributes(ErrorType(*err))
	if Failed(*err) {
		span.SetStatus(codes.Error, Excerpt((*err).Error()))
	}
}

// Failed reports whether err is a failure of the service. A cancellation is
// not, nor is an error with a method HTTPStatus that returns less than 500.
func Failed(err error) bool {
	var refusal interface{ HTTPStatus() int }
	if errors.As(err, &refusal) {
		return refusal.HTTPStatus() >= http.StatusInternalServerError
	}
	return !errors.Is(err, context.Canceled)
}

// ErrorType returns the error.type of err, for spans and metrics alike. It is
// what the method ErrorType of an error in the chain returns, "canceled",
// "timeout", or the Go type of the first error that has one of its own. For
// errors without one, such as those of errors.New, it is "_OTHER".
func ErrorType(err error) attribute.KeyValue {
	var own interface{ ErrorType() string }
	var timeout interface{ Timeout() bool }
	switch {
	case errors.As(err, &own):
		return semconv.ErrorType(err)
	case errors.Is(err, context.Canceled):
		return semconv.ErrorTypeKey.String("canceled")
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return semconv.ErrorTypeKey.String("timeout")
	}
	return semconv.ErrorType(specific(err)) // semconv.ErrorTypeOther for nil
}

// specific returns the first error in the chain of err whose type is not one of the
// packages errors and fmt, which say nothing about what went wrong. It returns nil
// if there is none.
func specific(err error) error {
	if err == nil {
		return nil
	}
	t := reflect.TypeOf(err)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if pkg := t.PkgPath(); pkg != "errors" && pkg != "fmt" {
		return err
	}
	switch wrapper := err.(type) { //nolint:errorlint // it looks at one link of the chain
	case interface{ Unwrap() error }:
		return specific(wrapper.Unwrap())
	case interface{ Unwrap() []error }:
		for _, wrapped := range wrapper.Unwrap() {
			if found := specific(wrapped); found != nil {
				return found
			}
		}
	}
	return nil
}
