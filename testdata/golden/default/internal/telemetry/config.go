package telemetry

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.opentelemetry.io/contrib/propagators/autoprop"
)

// Config configures telemetry. The variables are those of the OpenTelemetry
// specification ("Environment Variable Specification" and "OTLP Exporter
// Configuration"), and nothing else configures telemetry.
//
// The SDK ignores the variables of the first block; this package implements them, except
// OTEL_CONFIG_FILE, which must not be ignored silently.
// The SDK reads the others itself, but uses the default, often silently, in place
// of a value that it does not understand. They are listed here so that Validate
// can report such a value.
type Config struct {
	ConfigFile      string   `env:"OTEL_CONFIG_FILE"`
	Disabled        string   `env:"OTEL_SDK_DISABLED"`
	Propagators     []string `env:"OTEL_PROPAGATORS" envDefault:"tracecontext,baggage"`
	TracesExporter  []string `env:"OTEL_TRACES_EXPORTER"`
	MetricsExporter []string `env:"OTEL_METRICS_EXPORTER"`
	LogsExporter    []string `env:"OTEL_LOGS_EXPORTER"`
	LogLevel        string   `env:"OTEL_LOG_LEVEL" envDefault:"warn"`
	PrometheusHost  string   `env:"OTEL_EXPORTER_PROMETHEUS_HOST" envDefault:"localhost"`
	PrometheusPort  uint16   `env:"OTEL_EXPORTER_PROMETHEUS_PORT" envDefault:"9464"`

	OTLP        OTLP `envPrefix:"OTEL_EXPORTER_OTLP_"`
	OTLPTraces  OTLP `envPrefix:"OTEL_EXPORTER_OTLP_TRACES_"`
	OTLPMetrics OTLP `envPrefix:"OTEL_EXPORTER_OTLP_METRICS_"`
	OTLPLogs    OTLP `envPrefix:"OTEL_EXPORTER_OTLP_LOGS_"`

	Temporality          string `env:"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"`
	HistogramAggregation string `env:"OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION"`

	ServiceName        string `env:"OTEL_SERVICE_NAME"`
	ResourceAttributes string `env:"OTEL_RESOURCE_ATTRIBUTES"`

	Sampler        string   `env:"OTEL_TRACES_SAMPLER"`
	SamplerArg     *float64 `env:"OTEL_TRACES_SAMPLER_ARG"`
	ExemplarFilter string   `env:"OTEL_METRICS_EXEMPLAR_FILTER"`

	SpanBatch      Batch     `envPrefix:"OTEL_BSP_"`
	LogRecordBatch Batch     `envPrefix:"OTEL_BLRP_"`
	MetricInterval *Positive `env:"OTEL_METRIC_EXPORT_INTERVAL"` // ms
	MetricTimeout  *Positive `env:"OTEL_METRIC_EXPORT_TIMEOUT"`  // ms

	AttributeValueLength          int    `env:"OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT" envDefault:"4096"` // characters; -1 for no limit
	AttributeCount                *int   `env:"OTEL_ATTRIBUTE_COUNT_LIMIT"`
	SpanAttributeValueLength      *int   `env:"OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT"`
	SpanAttributeCount            *int   `env:"OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT"`
	SpanEventCount                *int   `env:"OTEL_SPAN_EVENT_COUNT_LIMIT"`
	SpanLinkCount                 *int   `env:"OTEL_SPAN_LINK_COUNT_LIMIT"`
	EventAttributeCount           *int   `env:"OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT"`
	LinkAttributeCount            *int   `env:"OTEL_LINK_ATTRIBUTE_COUNT_LIMIT"`
	LogRecordAttributeValueLength *int   `env:"OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT"`
	LogRecordAttributeCount       *int   `env:"OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT"`
	Observability                 string `env:"OTEL_GO_X_OBSERVABILITY"`
}

// OTLP is one set of the OTLP exporter variables: the general one, or that of
// one signal, which takes precedence.
type OTLP struct {
	Protocol          string    `env:"PROTOCOL"`
	Endpoint          string    `env:"ENDPOINT"`
	Headers           string    `env:"HEADERS"`
	Compression       string    `env:"COMPRESSION"`
	Timeout           *Positive `env:"TIMEOUT"` // ms
	Insecure          string    `env:"INSECURE"`
	Certificate       string    `env:"CERTIFICATE"`
	ClientCertificate string    `env:"CLIENT_CERTIFICATE"`
	ClientKey         string    `env:"CLIENT_KEY"`
}

// Positive is a number greater than zero. The SDK would accept zero, and export in
// a busy loop or without a queue.
type Positive uint

// UnmarshalText implements encoding.TextUnmarshaler.
func (p *Positive) UnmarshalText(text []byte) error {
	n, err := strconv.ParseUint(string(text), 10, 31)
	if *p = Positive(n); err != nil || n == 0 {
		return fmt.Errorf("%q is not a whole number from 1 to 2147483647, such as 512", text)
	}
	return nil
}

// Batch is one set of the batch processor variables, for spans or log records.
type Batch struct {
	ScheduleDelay      *Positive `env:"SCHEDULE_DELAY"` // ms
	ExportTimeout      *Positive `env:"EXPORT_TIMEOUT"` // ms
	MaxQueueSize       *Positive `env:"MAX_QUEUE_SIZE"`
	MaxExportBatchSize *Positive `env:"MAX_EXPORT_BATCH_SIZE"`
}

// The names of exporters and protocols.
const (
	console    = "console"
	none       = "none"
	otlp       = "otlp"
	prometheus = "prometheus"

	grpcProtocol = "grpc"
	httpProtobuf = "http/protobuf"
)

// Validate returns every problem of c, joined.
func (c Config) Validate() error {
	problems := []error{
		oneOf("OTEL_SDK_DISABLED", strings.ToLower(c.Disabled), "true", "false"),
		oneOf("OTEL_GO_X_OBSERVABILITY", strings.ToLower(c.Observability), "true", "false"),
		oneOf("OTEL_LOG_LEVEL", strings.ToLower(c.LogLevel), "none", "error", "warn", "info", "debug"),
		exporters("OTEL_TRACES_EXPORTER", c.TracesExporter, otlp, console),
		exporters("OTEL_METRICS_EXPORTER", c.MetricsExporter, otlp, console, prometheus),
		exporters("OTEL_LOGS_EXPORTER", c.LogsExporter, otlp, console),
		oneOf("OTEL_TRACES_SAMPLER", strings.ToLower(c.Sampler), "always_on", "always_off", "traceidratio",
			"parentbased_always_on", "parentbased_always_off", "parentbased_traceidratio"),
		oneOf("OTEL_METRICS_EXEMPLAR_FILTER", strings.ToLower(c.ExemplarFilter), "always_on", "always_off", "trace_based"),
		oneOf("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", strings.ToLower(c.Temporality), "cumulative", "delta", "lowmemory"),
		oneOf("OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION", strings.ToLower(c.HistogramAggregation),
			"explicit_bucket_histogram", "base2_exponential_bucket_histogram"),
		c.OTLP.validate("OTEL_EXPORTER_OTLP_"),
		c.OTLPTraces.validate("OTEL_EXPORTER_OTLP_TRACES_"),
		c.OTLPMetrics.validate("OTEL_EXPORTER_OTLP_METRICS_"),
		c.OTLPLogs.validate("OTEL_EXPORTER_OTLP_LOGS_"),
		keyValues("OTEL_RESOURCE_ATTRIBUTES", c.ResourceAttributes),
		propagators(c.Propagators),
	}
	if c.ConfigFile != "" {
		problems = append(problems, tolerable{errors.New("OTEL_CONFIG_FILE: declarative configuration is not supported; set the other variables of OpenTelemetry")})
	}
	// The memory of a queue is allocated at the start: half a gigabyte for as many log records.
	// More could keep the service from starting.
	for name, size := range map[string]*Positive{"OTEL_BSP_": c.SpanBatch.MaxQueueSize, "OTEL_BLRP_": c.LogRecordBatch.MaxQueueSize} {
		if size != nil && *size > 1<<20 {
			problems = append(problems, fmt.Errorf("%sMAX_QUEUE_SIZE: %d is more than 1048576", name, *size))
		}
	}
	if c.SamplerArg != nil && !(*c.SamplerArg >= 0 && *c.SamplerArg <= 1) { // NaN is neither
		problems = append(problems, fmt.Errorf("OTEL_TRACES_SAMPLER_ARG: %v is not a ratio from 0 to 1", *c.SamplerArg))
	}
	return errors.Join(problems...)
}

func (o OTLP) validate(prefix string) error {
	problems := []error{
		oneOf(prefix+"PROTOCOL", o.Protocol, httpProtobuf, grpcProtocol),
		oneOf(prefix+"COMPRESSION", o.Compression, "gzip", none),
		oneOf(prefix+"INSECURE", strings.ToLower(o.Insecure), "true", "false"),
		keyValues(prefix+"HEADERS", o.Headers),
	}
	for name, path := range map[string]string{"CERTIFICATE": o.Certificate, "CLIENT_CERTIFICATE": o.ClientCertificate, "CLIENT_KEY": o.ClientKey} {
		if _, err := os.Stat(path); path != "" && err != nil {
			problems = append(problems, fmt.Errorf("%s%s: %w", prefix, name, err))
		}
	}
	if u, err := url.Parse(o.Endpoint); o.Endpoint != "" &&
		(err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "") {
		problems = append(problems, fmt.Errorf("%sENDPOINT: is not a URL with scheme and host, such as http://localhost:4318", prefix))
	}
	return errors.Join(problems...)
}

// tolerable is a problem with a value that is not a mistake: the same variables
// may configure programs in many languages.
type tolerable struct{ error }

// Tolerable reports whether err is about a value that the specification or the SDK
// of another language knows, but Go's SDK does not. Even in development, where
// mistakes are refused, such a value is ignored with a warning, as the
// specification demands (Environment Variable Specification, "Enum").
func Tolerable(err error) bool {
	_, ok := errors.AsType[tolerable](err)
	return ok
}

// otherSDKs holds values that are valid for other SDKs, by the end of the
// variable's name.
var otherSDKs = map[string][]string{
	"_EXPORTER":    {"jaeger", "zipkin", "logging", "logging-otlp", "otlp/stdout", "otlp_proto_grpc", "otlp_proto_http"},
	"_SAMPLER":     {"jaeger_remote", "parentbased_jaeger_remote", "xray"},
	"_PROTOCOL":    {"http/json"},
	"_COMPRESSION": {"deflate", "zstd"},
	"_LEVEL":       {"all", "verbose", "trace", "warning", "fatal", "critical", "off"},
}

// oneOf returns an error unless value is empty or one of allowed. Callers pass a
// value in lower case if its reader, this package or the SDK, ignores case. (The
// SDK takes every value but "true" for false, even "yes".)
func oneOf(name, value string, allowed ...string) error {
	if value == "" || slices.Contains(allowed, value) {
		return nil
	}
	choices := strings.Join(allowed, ", ")
	if slices.Contains(otherSDKs[name[strings.LastIndex(name, "_"):]], value) {
		return tolerable{fmt.Errorf("%s: %q is not supported in Go; use %s", name, value, choices)}
	}
	return fmt.Errorf("%s: %q is unknown; use %s", name, value, choices)
}

// propagators returns an error if any of list is unknown. If others are known it is
// tolerable, because third parties name their propagators as they like.
func propagators(list []string) error {
	unknown := slices.DeleteFunc(slices.Clone(list), func(name string) bool {
		_, err := autoprop.TextMapPropagator(name)
		return err == nil
	})
	if len(unknown) == 0 {
		return nil
	}
	err := fmt.Errorf("OTEL_PROPAGATORS: %q is unknown; use tracecontext, baggage, b3, b3multi, jaeger, xray, ottrace or none", unknown)
	if len(unknown) < len(list) {
		return tolerable{err}
	}
	return err
}

// exporters returns every problem of a list of exporters, joined.
func exporters(name string, list []string, allowed ...string) error {
	if slices.Contains(list, none) && len(list) > 1 {
		return fmt.Errorf("%s: %q excludes every other exporter", name, none)
	}
	problems := make([]error, 0, len(list))
	for i, exporter := range list {
		problems = append(problems, oneOf(name, exporter, append(allowed, none)...))
		if slices.Contains(list[:i], exporter) {
			problems = append(problems, fmt.Errorf("%s: %q is listed twice", name, exporter))
		}
	}
	return errors.Join(problems...)
}

// keyValues returns an error if list is not a list of key=value in the encoding of
// W3C Baggage. The error does not repeat an entry, which may be a secret; that of
// the SDK would contain the whole list.
func keyValues(name, list string) error {
	for i, pair := range strings.Split(list, ",") {
		if strings.TrimSpace(pair) == "" && list != "" {
			return tolerable{fmt.Errorf("%s: entry %d is empty", name, i+1)}
		}
		key, value, ok := strings.Cut(pair, "=")
		text, err := url.PathUnescape(value)
		if key = strings.TrimSpace(key); list != "" && (!ok || err != nil || key == "" || strings.ContainsAny(key, " :\"(),;<>?@[\\]{}") ||
			!utf8.ValidString(key+text) || strings.ContainsFunc(key+text, unicode.IsControl)) {
			return fmt.Errorf("%s: entry %d is not key=value, with %%20 for a space", name, i+1)
		}
	}
	return nil
}

// signal is the configuration of one signal, after precedence and defaults.
type signal struct {
	name      string   // as in a variable's name: TRACES, METRICS, LOGS
	exporters []string // without none
	protocol  string
	endpoint  url.URL // where OTLP is sent
	insecure  string  // what INSECURE says, if anything
	chosen    bool    // by the environment
}

// signal applies the precedence of the specification, with one difference: without
// an endpoint nothing is sent. The specification would send everything to a
// collector on localhost, which may not exist; if the exporter is set to otlp, so
// does this package.
func (c Config) signal(name string, list []string, own OTLP, fallback string) signal {
	endpoint := cmp.Or(own.Endpoint, c.OTLP.Endpoint)
	s := signal{
		name: name, exporters: list,
		protocol: cmp.Or(own.Protocol, c.OTLP.Protocol, httpProtobuf),
		insecure: cmp.Or(own.Insecure, c.OTLP.Insecure),
		chosen:   len(list) > 0 || endpoint != "",
	}
	if !s.chosen {
		s.exporters = []string{fallback}
	} else if len(list) == 0 {
		s.exporters = []string{otlp}
	}
	if slices.Contains(s.exporters, none) {
		s.exporters = nil
	}
	if u, err := url.Parse(cmp.Or(endpoint, s.defaultEndpoint())); err == nil {
		s.endpoint = *u
	}
	return s
}

// defaultEndpoint returns the default of the specification. That of the Go exporters
// differs only in its scheme, https, which setDefaults changes.
func (s signal) defaultEndpoint() string {
	if s.protocol == grpcProtocol {
		return "http://localhost:4317"
	}
	return "http://localhost:4318/v1/" + strings.ToLower(s.name)
}

func (s signal) has(exporter string) bool { return slices.Contains(s.exporters, exporter) }

// secure reports whether OTLP is sent over TLS.
func (s signal) secure() bool { return s.endpoint.Scheme == "https" }

// local reports whether OTLP stays on this machine.
func (s signal) local() bool {
	host := s.endpoint.Hostname()
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

// String returns where the signal goes, for the log, without what may be a secret.
func (s signal) String() string {
	list := cmp.Or(strings.Join(s.exporters, ", "), none)
	return strings.ReplaceAll(list, otlp, strings.Join([]string{otlp, s.protocol, (&url.URL{Scheme: s.endpoint.Scheme, Host: s.endpoint.Host, Path: s.endpoint.Path}).String()}, " "))
}
