package collector

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

// serviceConfig is the configuration that a generated service brings along.
const serviceConfig = "file:../golden/default/deploy/otel-collector.yaml"

func TestServiceConfigIsValid(t *testing.T) {
	if err := dryRun(t.Context(), serviceConfig); err != nil {
		t.Fatal(err)
	}
}

// A collector that ignored what it does not know would let a misspelt redaction rule pass for a rule.
func TestWrongConfigIsRefused(t *testing.T) {
	for name, tc := range map[string]struct{ overlay, want string }{
		"misspelt key":          {"processors: {redaction: {blocked_value: [x]}}", "blocked_value"},
		"misspelt protocol":     {"receivers: {otlp: {protocols: {htpp: {}}}}", "htpp"},
		"bad pattern":           {"processors: {redaction: {blocked_values: ['(']}}", "missing closing )"},
		"bad statement":         {"processors: {transform/lend: {trace_statements: [set(span.nom, 1)]}}", "nom"},
		"unconfigured":          {"service: {pipelines: {logs: {processors: [tail_sampling]}}}", `processor "tail_sampling" which is not configured`},
		"unknown component":     {"processors: {batch: {}}", `'processors' unknown type: "batch"`},
		"metrics.address, gone": {"service: {telemetry: {metrics: {address: ':8888'}}}", "address"},
	} {
		t.Run(name, func(t *testing.T) {
			err := dryRun(t.Context(), serviceConfig, "yaml:"+tc.overlay)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want an error that names %s", err, tc.want)
			}
		})
	}
}

// Deprecated names are still accepted, with a warning at start; the service's configuration must not earn one.
func TestServiceConfigStartsWithoutWarning(t *testing.T) {
	core, logs := observer.New(zapcore.WarnLevel)
	c := start(t, core)
	c.stop()
	for _, e := range logs.All() {
		t.Errorf("%s: %s %v", e.Level, e.Message, e.ContextMap())
	}
}

func TestServiceConfigTellsOfItself(t *testing.T) {
	c := start(t, nil)
	get(t, "http://"+c.health)
	if metrics := get(t, "http://"+c.metrics+"/metrics"); !strings.Contains(metrics, "\notelcol_") {
		t.Errorf("no metric of its own:\n%s", metrics)
	}
}

// Who may reach the collector is decided where it is deployed.
func TestServiceConfigListensOnLoopback(t *testing.T) {
	b, err := os.ReadFile(strings.TrimPrefix(serviceConfig, "file:"))
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(string(b), "\n") {
		key, address, _ := strings.Cut(strings.TrimSpace(line), ": ")
		listens := key == "host" || key == "endpoint" && !strings.HasPrefix(address, "${env:OTLP_BACKEND_ENDPOINT")
		if listens && !strings.HasPrefix(address, "${env:OTELCOL_BIND:-127.0.0.1}") {
			t.Errorf("line %d: %s", i+1, line)
		}
	}
}

func get(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %v", url, resp.Status, err)
	}
	return string(body)
}

// post sends an OTLP request to the collector, which must take it.
func (c running) post(t *testing.T, path string, body []byte) {
	t.Helper()
	resp, err := http.Post("http://"+c.otlp+path, "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatal(path, resp.Status)
	}
}

func (c running) postTraces(t *testing.T, traces ptrace.Traces) {
	t.Helper()
	body, err := (&ptrace.JSONMarshaler{}).MarshalTraces(traces)
	if err != nil {
		t.Fatal(err)
	}
	c.post(t, "/v1/traces", body)
}

func dryRun(ctx context.Context, uris ...string) error {
	c, err := otelcol.NewCollector(Settings(uris...))
	if err != nil {
		return err
	}
	return c.DryRun(ctx)
}

// A running collector with the service's configuration, and its addresses.
type running struct {
	otlp, grpc, health, metrics string

	stop func() // ends the collector and waits until everything is written
}

// start runs the service's configuration as it is but for free ports and overlays. What the collector logs goes to
// core, if there is one.
func start(t *testing.T, core zapcore.Core, overlays ...string) running {
	t.Helper()
	for {
		c, err := tryStart(t, core, overlays...)
		if err == nil {
			return c
		}
		if !errors.Is(err, syscall.EADDRINUSE) { // somebody else has taken a port that was free
			t.Fatal(err)
		}
	}
}

func tryStart(t *testing.T, core zapcore.Core, overlays ...string) (running, error) {
	t.Helper()
	c := running{otlp: freeAddr(t), grpc: freeAddr(t), health: freeAddr(t), metrics: freeAddr(t)}
	host, port, err := net.SplitHostPort(c.metrics)
	if err != nil {
		t.Fatal(err)
	}
	ports := fmt.Sprintf(`yaml:
extensions: {health_check: {endpoint: %q}, file_storage: {directory: %q}}
receivers: {otlp: {protocols: {grpc: {endpoint: %q}, http: {endpoint: %q}}}}
service: {telemetry: {metrics: {readers: [{pull: {exporter: {prometheus: {host: %s, port: %s}}}}]}}}
`, c.health, t.TempDir(), c.grpc, c.otlp, host, port)
	set := Settings(append([]string{serviceConfig, ports}, overlays...)...)
	set.Factories = withLoadBalancing
	set.DisableGracefulShutdown = true // signals are the test binary's
	if core == nil {
		core = zapcore.NewNopCore()
	}
	set.LoggingOptions = []zap.Option{zap.WrapCore(func(zapcore.Core) zapcore.Core { return core })}
	col, err := otelcol.NewCollector(set)
	if err != nil {
		t.Fatal(err)
	}

	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- col.Run(ctx) }()
	c.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	for col.GetState() != otelcol.StateRunning {
		select {
		case err := <-done:
			cancel()
			return running{}, err
		case <-time.After(2 * time.Millisecond):
		}
	}
	t.Cleanup(c.stop)
	return c, nil
}

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
