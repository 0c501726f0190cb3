package config

import (
	"cmp"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caarlos0/env/v11"
)

func TestLoad_Defaults(t *testing.T) {
	for _, c := range []struct {
		environment string
		format      string
		grace       time.Duration
	}{
		{"", "text", 0},
		{"development", "text", 0},
		{"production", "json", 5 * time.Second},
	} {
		cfg, err := Load([]string{"ENVIRONMENT=" + c.environment})
		if err != nil {
			t.Fatal(err)
		}
		if cfg.Log.Format != c.format || cfg.Lifecycle.Grace != c.grace {
			t.Errorf("%q: got %s, %v", c.environment, cfg.Log.Format, cfg.Lifecycle.Grace)
		}
		want := cmp.Or(c.environment, "development")
		if cfg.Environment != want || cfg.Development() != (want == "development") {
			t.Errorf("%q: the environment is %q, development %t", c.environment, cfg.Environment, cfg.Development())
		}
	}
	for name := range development {
		if !slices.Contains(Variables(), name) {
			t.Errorf("%s has a default for development, but is not a variable", name)
		}
	}
}

// By default, idle connections outlive those of load balancers, 60 s at AWS and nginx and
// 90 s at Azure, and a shutdown ends in the 30 s that Kubernetes and compose allow: it
// takes up to 6 s longer, for telemetry.
func TestLoad_DefaultTimeouts(t *testing.T) {
	cfg, err := Load([]string{"ENVIRONMENT=production"})
	if err != nil {
		t.Fatal(err)
	}
	if cfg.HTTP.IdleTimeout <= 90*time.Second {
		t.Errorf("HTTP_IDLE_TIMEOUT is %v", cfg.HTTP.IdleTimeout)
	}
	if stop := cfg.Lifecycle.Grace + cfg.Lifecycle.Timeout + 6*time.Second; stop >= 30*time.Second {
		t.Errorf("a shutdown takes up to %v", stop)
	}
}

// The error contains every problem, with the name of the variable. None of them is ignored
// as well.
func TestLoad_ReportsEveryProblem(t *testing.T) {
	for _, c := range []struct{ environment, want []string }{
		{
			[]string{"SHUTDOWN_GRACE_FILE=/nonexistent", "HTTP_ADDR=:1", "HTTP_ADDR_FILE=go.mod", "LOG_LEVEL=loud"},
			[]string{"SHUTDOWN_GRACE_FILE: ", "HTTP_ADDR: is set twice", "LOG_LEVEL: "},
		},
		{
			[]string{"HTTP_READ_TIMEOUT=soon", "LOG_LEVEL=loud", "OTEL_SDK_DISABLED=perhaps", "OTEL_BSP_SCHEDULE_DELAY=0"},
			[]string{"HTTP_READ_TIMEOUT: ", "LOG_LEVEL: ", "OTEL_SDK_DISABLED: ", "OTEL_BSP_SCHEDULE_DELAY: "},
		},
		{
			[]string{"HTTP_ADDR=8080", "HTTP_MAX_BODY_BYTES=0", "HTTP_EXCLUDED_PATHS=docs", "LOG_FORMAT=xml", "OTEL_TRACES_EXPORTER=otpl", "SHUTDOWN_TIMEOUT=0s"},
			[]string{"HTTP_ADDR: ", "HTTP_MAX_BODY_BYTES: ", "HTTP_EXCLUDED_PATHS: ", "LOG_FORMAT: ", "OTEL_TRACES_EXPORTER: ", "SHUTDOWN_TIMEOUT: "},
		},
	} {
		cfg, err := Load(c.environment)
		if err == nil || len(cfg.Ignored) > 0 {
			t.Fatalf("%v: %v, ignored %v", c.environment, err, cfg.Ignored)
		}
		lines := strings.Split(err.Error(), "\n")
		for _, want := range c.want {
			if !slices.ContainsFunc(lines, func(line string) bool { return strings.HasPrefix(line, want) }) {
				t.Errorf("%q is missing in\n%v", want, err)
			}
		}
		if len(lines) != len(c.want) {
			t.Errorf("%d problems, want %d:\n%v", len(lines), len(c.want), err)
		}
	}
}

// Telemetry never keeps a service from starting: a problem with one of its variables
// is a warning, and the variable has its default, for the SDK as well. Mistakes are
// refused in development only.
func TestLoad_UnknownOTelValues(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "headers")
	for _, c := range []struct {
		entry, want string // what the SDK reads in the end
		mistake     bool   // and not a value that is valid for other SDKs
	}{
		{"OTEL_TRACES_SAMPLER=parentbased_jaeger_remote", "", false},
		{"OTEL_TRACES_SAMPLER=xray", "", false},
		{"OTEL_TRACES_EXPORTER=zipkin", "", false},
		{"OTEL_TRACES_EXPORTER=zipkin,otlp", "otlp", false},
		{"OTEL_METRICS_EXPORTER=logging", "", false},
		{"OTEL_EXPORTER_OTLP_PROTOCOL=http/json", "", false},
		{"OTEL_EXPORTER_OTLP_LOGS_PROTOCOL=http/json", "", false},
		{"OTEL_LOG_LEVEL=verbose", "", false},
		{"OTEL_PROPAGATORS=tracecontext,other,baggage", "tracecontext,baggage", false},
		{"OTEL_RESOURCE_ATTRIBUTES=a=b,", "a=b", false},
		{"OTEL_TRACES_SAMPLER=always", "", true},
		{"OTEL_TRACES_EXPORTER=otpl", "", true},
		{"OTEL_TRACES_EXPORTER=otlp,otpl", "otlp", true},
		{"OTEL_METRICS_EXPORTER=none,otlp", "", true},
		{"OTEL_PROPAGATORS=tracecontex", "", true},
		{"OTEL_SDK_DISABLED=yes", "", true},
		{"OTEL_EXPORTER_OTLP_ENDPOINT=collector:4318", "", true},
		{"OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:x", "", true},
		{"OTEL_EXPORTER_OTLP_HEADERS=a=1,no header", "a=1", true},
		{"OTEL_EXPORTER_OTLP_CERTIFICATE=" + missing, "", true},
		{"OTEL_EXPORTER_OTLP_HEADERS_FILE=" + missing, "", true},
		{"OTEL_EXPORTER_OTLP_TIMEOUT=10s", "", true},
		{"OTEL_EXPORTER_PROMETHEUS_PORT=metrics", "", true},
		{"OTEL_BSP_SCHEDULE_DELAY=0", "", true},
		{"OTEL_TRACES_SAMPLER_ARG=1.5", "", true},
		{"OTEL_TRACES_SAMPLER_ARG=half", "", true},
	} {
		name, value, _ := strings.Cut(c.entry, "=")
		name = strings.TrimSuffix(name, "_FILE")
		for _, environment := range []string{"production", "development"} {
			t.Setenv(name, value)
			cfg, err := Load([]string{c.entry, "ENVIRONMENT=" + environment})
			if environment == "development" && c.mistake {
				if err == nil || !strings.HasPrefix(err.Error(), name) {
					t.Errorf("%s is accepted in development: %v", c.entry, err)
				}
				continue
			}
			if warning := errors.Join(cfg.Ignored...); err != nil || warning == nil || !strings.HasPrefix(warning.Error(), name) || strings.Contains(warning.Error(), "\n") {
				t.Errorf("%s in %s: warning %v, error %v", c.entry, environment, warning, err)
			}
			if got := os.Getenv(name); got != c.want {
				t.Errorf("%s in %s: the SDK reads %q, want %q", c.entry, environment, got, c.want)
			}
		}
		t.Setenv(name, "")
	}
	cfg, err := Load([]string{"ENVIRONMENT=production", "OTEL_PROPAGATORS=tracecontex", "OTEL_TRACES_EXPORTER=zipkin,otlp", "OTEL_EXPORTER_PROMETHEUS_PORT=metrics"})
	if err != nil || len(cfg.Ignored) != 3 || !slices.Equal(cfg.Telemetry.Propagators, []string{"tracecontext", "baggage"}) ||
		!slices.Equal(cfg.Telemetry.TracesExporter, []string{"otlp"}) || cfg.Telemetry.PrometheusPort != 9464 {
		t.Errorf("%+v, %v", cfg.Telemetry, err)
	}
	if _, err := Load([]string{"ENVIRONMENT=production", "LOG_LEVEL=loud"}); err == nil {
		t.Error("an invalid LOG_LEVEL is accepted, but it is not a variable of telemetry")
	}
}

// The error for a value that cannot be parsed says what is expected.
func TestLoad_SaysWhatIsExpected(t *testing.T) {
	for _, want := range []string{
		`HTTP_READ_TIMEOUT: "10" is not a duration, such as 500ms, 10s or 1m30s`,
		`LOG_LEVEL: "verbose" is not a log level: use debug, info, warn or error`,
		`TRUST_INCOMING_TRACE: "yes" is not true or false`,
		`PORT: "tcp://10.0.0.1" is not a whole number from 0 to 65535, such as 8080`,
		`PORT: "65536" is not a whole number from 0 to 65535, such as 8080`,
		`HTTP_MAX_BODY_BYTES: "1MB" is not a whole number of at most 9223372036854775807, such as 100`,
		`OTEL_SPAN_LINK_COUNT_LIMIT: "many" is not a whole number of at most 2147483647, such as 100`,
		`HTTP_MAX_HEADER_BYTES: "2147483648" is not a whole number of at most 2147483647, such as 100`,
		`OTEL_TRACES_SAMPLER_ARG: "10%" is not a number, such as 0.5`,
		`HTTP_TRUSTED_PROXIES: "10.0.0.1" is not a list of networks, such as 10.0.0.0/8,fd00::/8`,
		`OTEL_BSP_MAX_QUEUE_SIZE: "0" is not a whole number from 1 to 2147483647, such as 512`,
		`OTEL_BSP_MAX_QUEUE_SIZE: "1a" is not a whole number from 1 to 2147483647, such as 512`,
		`OTEL_BSP_MAX_QUEUE_SIZE: "2147483648" is not a whole number from 1 to 2147483647, such as 512`,
	} {
		name, rest, _ := strings.Cut(want, ": ")
		value, _, _ := strings.Cut(rest[1:], `"`)
		if _, err := Load([]string{name + "=" + value}); err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

type invalid string

func (i *invalid) Validate() error { return errors.New(string(*i) + " is invalid") }

// Every part that has a method Validate is validated.
func TestValidateFields(t *testing.T) {
	err := validateFields(&struct {
		First  invalid
		Plain  string
		hidden invalid
		Second struct{ invalid }
	}{First: "first", hidden: "hidden", Second: struct{ invalid }{"second"}})
	if err == nil || err.Error() != "first is invalid\nsecond is invalid" {
		t.Errorf("got %v", err)
	}
}

// A request that may take longer than a shutdown would be cut off.
func TestLoad_RequestsFitTheEnd(t *testing.T) {
	const want = "HTTP_WRITE_TIMEOUT: 1m0s is longer than SHUTDOWN_TIMEOUT, 15s"
	if _, err := Load([]string{"HTTP_WRITE_TIMEOUT=1m"}); err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v", err)
	}
	if _, err := Load([]string{"HTTP_WRITE_TIMEOUT=1m", "SHUTDOWN_TIMEOUT=1m"}); err != nil {
		t.Error(err)
	}
}

func TestLoad_Misspelt(t *testing.T) {
	cfg, err := Load([]string{
		"HTTP_ADRR=:1", "HTTP_ADDRESS=:1", "HTTP_ADD=:1", "ENVIRONMNT=production", "LOG_LEVL_FILE=/x", "LOGLEVEL=debug", "LOG_FROMAT=json", "OTEL_EXPORTER_OTLP_ENPOINT=http://x",
		// Not ours: the names of others, and of Kubernetes services.
		"HTTP_PROXY=x", "NO_PROXY=x", "HTTPS_ADDR=x", "HTTP_PORT=tcp://x", "HTTP_SERVICE_HOST=x", "HTTP_USER=x", "DATABASE_PORT=tcp://x", "LOGNAME=x", "SPORT=1", "SUPPORT=1",
		"OTEL_PYTHON_LOG_LEVEL=x", "OTEL_EXPORTER_JAEGER_ENDPOINT=x", "LOG_DIR=x",
		// And what counts as absent, or is right.
		"HTTP_ADR=", "HTTP_IDLE_TIMEOUT=5s", "LOG_FORMAT_FILE=",
	})
	if err != nil {
		t.Fatal(err)
	}
	want := `HTTP_ADRR is not a variable of this service; did you mean HTTP_ADDR?
HTTP_ADDRESS is not a variable of this service; did you mean HTTP_ADDR?
HTTP_ADD is not a variable of this service; did you mean HTTP_ADDR?
ENVIRONMNT is not a variable of this service; did you mean ENVIRONMENT?
LOG_LEVL_FILE is not a variable of this service; did you mean LOG_LEVEL_FILE?
LOGLEVEL is not a variable of this service; did you mean LOG_LEVEL?
LOG_FROMAT is not a variable of this service; did you mean LOG_FORMAT?
OTEL_EXPORTER_OTLP_ENPOINT is not a variable of this service; did you mean OTEL_EXPORTER_OTLP_ENDPOINT?`
	if got := errors.Join(cfg.Misspelt...); got == nil || got.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", got, want)
	}
	for _, name := range Variables() {
		if got := misspelt([]string{name + "=x", name + "_FILE=x"}); got != nil {
			t.Errorf("it is a variable: %v", got)
		}
	}
}

func TestLoad_FromFile(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "") // restored after the test
	path := filepath.Join(t.TempDir(), "headers")
	if err := os.WriteFile(path, []byte("authorization=Bearer%20s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := Load([]string{"OTEL_EXPORTER_OTLP_HEADERS_FILE=" + path})
	if err != nil {
		t.Fatal(err)
	}
	for _, got := range []string{cfg.Telemetry.OTLP.Headers, os.Getenv("OTEL_EXPORTER_OTLP_HEADERS")} {
		if got != "authorization=Bearer%20s3cret" { // the SDK reads the environment
			t.Errorf("got %q", got)
		}
	}
}

// A variable that is blank counts as absent, so that it does not contradict a file.
func TestLoad_FromFile_Blank(t *testing.T) {
	path := filepath.Join(t.TempDir(), "address")
	if err := os.WriteFile(path, []byte(":1234"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := Load([]string{"HTTP_ADDR= ", "HTTP_ADDR_FILE=" + path, "PORT=1", "PORT_FILE=\t"})
	if err != nil || cfg.HTTP.Address != ":1234" || cfg.HTTP.Port != 1 {
		t.Errorf("%+v, %v", cfg.HTTP, err)
	}
}

// Secrets are in files so that they are not in the environment.
func TestLoad_FromFile_StaysOutOfTheEnvironment(t *testing.T) {
	t.Setenv("HTTP_ADDR", "") // restored after the test
	path := filepath.Join(t.TempDir(), "address")
	if err := os.WriteFile(path, []byte(":1234\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := Load([]string{"HTTP_ADDR_FILE=" + path})
	if got := os.Getenv("HTTP_ADDR"); err != nil || cfg.HTTP.Address != ":1234" || got != "" {
		t.Errorf("address %q, %v; environment %q", cfg.HTTP.Address, err, got)
	}
}

// Load changes nothing in the environment of the process without need.
func TestLoad_LeavesTheEnvironment(t *testing.T) {
	before := os.Environ()
	if _, err := Load([]string{"OTEL_SERVICE_NAME=shop", "HTTP_ADDR= :1234"}); err != nil {
		t.Fatal(err)
	}
	if after := os.Environ(); !slices.Equal(after, before) {
		t.Errorf("it was %q and is %q", before, after)
	}
}

// A file cannot contain what an environment cannot.
func TestLoad_FromFile_NUL(t *testing.T) {
	path := filepath.Join(t.TempDir(), "name")
	if err := os.WriteFile(path, []byte("a\x00b"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load([]string{"OTEL_SERVICE_NAME_FILE=" + path}); err == nil || !strings.HasPrefix(err.Error(), "OTEL_SERVICE_NAME: ") {
		t.Errorf("got %v", err)
	}
}

// A space, or the \r of a file from Windows, must not make the SDK use a default
// although the value was accepted here.
func TestLoad_BlanksAroundAValue(t *testing.T) {
	const name = "OTEL_EXPORTER_OTLP_ENDPOINT"
	t.Setenv(name, "") // restored after the test
	cfg, err := Load([]string{name + "= http://collector:4318\r"})
	if err != nil {
		t.Fatal(err)
	}
	for _, got := range []string{cfg.Telemetry.OTLP.Endpoint, os.Getenv(name)} {
		if got != "http://collector:4318" {
			t.Errorf("got %q", got)
		}
	}
}

// The entries of a list may have spaces around them. The commas of other values stay.
func TestLoad_ListsMayHaveBlanks(t *testing.T) {
	t.Setenv("OTEL_PROPAGATORS", "") // restored after the test
	cfg, err := Load([]string{"OTEL_PROPAGATORS=tracecontext, b3 ", "HTTP_TRUSTED_PROXIES=10.0.0.0/8 ,fd00::/8,", "ENVIRONMENT=a , b,"})
	if cfg.Environment != "a , b," {
		t.Errorf("got %q", cfg.Environment)
	}
	if err != nil || !slices.Equal(cfg.Telemetry.Propagators, []string{"tracecontext", "b3"}) || len(cfg.HTTP.TrustedProxies) != 2 {
		t.Errorf("%v, %v, %v", cfg.Telemetry.Propagators, cfg.HTTP.TrustedProxies, err)
	}
}

// .env.example names every variable that the service reads, and no other, with its default.
func TestEnvExampleIsComplete(t *testing.T) {
	content, err := os.ReadFile("../../.env.example")
	if err != nil {
		t.Fatal(err)
	}
	var documented []string
	values := map[string]string{}
	for _, match := range regexp.MustCompile(`(?m)^#?([A-Z][A-Z0-9_]*)=(.*)$`).FindAllStringSubmatch(string(content), -1) {
		documented = append(documented, match[1])
		values[match[1]] = strings.Trim(match[2], "'")
	}
	params, err := env.GetFieldParams(&Config{})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range params {
		if p.HasDefaultValue && values[p.Key] != p.DefaultValue {
			t.Errorf("%s=%s is not the default, which is %q", p.Key, values[p.Key], p.DefaultValue)
		}
	}
	slices.Sort(documented)
	for i := 1; i < len(documented); i++ {
		if documented[i] == documented[i-1] {
			t.Errorf("%s is listed twice", documented[i])
		}
	}
	for _, name := range Variables() {
		if !slices.Contains(documented, name) {
			t.Errorf("%s is missing", name)
		}
	}
	for _, name := range documented {
		if !slices.Contains(Variables(), name) {
			t.Errorf("%s is not a variable of the service", name)
		}
	}
}
