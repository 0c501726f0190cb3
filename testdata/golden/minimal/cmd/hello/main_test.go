package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.opentelemetry.io/otel/trace"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"example.com/hello/internal/config"
	"example.com/hello/internal/telemetry/telemetrytest"
)

// These tests start the service as a process of its own: the test binary
// itself, which is main when this variable is set.
const beMain = "TEST_BE_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(beMain) != "" {
		main()
	}
	// A signal that this process ignores, as under nohup, would be ignored by the
	// service as well; one that it handles has its default action there.
	for _, ignored := range []os.Signal{syscall.SIGHUP, syscall.SIGINT} {
		if signal.Ignored(ignored) {
			signal.Notify(make(chan os.Signal, 1), ignored)
		}
	}
	os.Exit(m.Run())
}

// process is a running service.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	url    string
	header http.Header // of the requests that do makes
	stdout telemetrytest.Buffer
	stderr telemetrytest.Buffer
	ended  chan struct{} // closed when the process has ended
	err    error         // of cmd.Wait, once the process has ended
}

// setups prepare what parts of the service need in these tests, such as a secret or a
// server to talk to. Each is called before a process starts.
var setups = []func(*process){}

// start starts the service with these additions to an empty environment, in an
// empty directory, and waits until it is ready.
func start(t *testing.T, environment ...string) *process {
	t.Helper()
	p := newProcess(t, environment...)
	p.start()
	return p
}

// newProcess returns a process that is not started yet.
func newProcess(t *testing.T, environment ...string) *process {
	t.Helper()
	p := &process{t: t, header: http.Header{"Content-Type": {"application/json"}, "Traceparent": {parent}}}
	p.cmd = exec.CommandContext(t.Context(), executable(t))
	p.cmd.Dir = t.TempDir()
	p.cmd.Env = []string{beMain + "=1", "HTTP_ADDR=127.0.0.1:0"}
	for _, setUp := range setups {
		setUp(p)
	}
	p.cmd.Env = append(p.cmd.Env, environment...) // the last value of a name counts
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	return p
}

// start starts the process and waits until it is ready.
func (p *process) start() {
	p.t.Helper()
	p.launch()
	p.await("ready", func() bool {
		status, _ := p.do(http.MethodGet, "/readyz", "")
		return status == http.StatusOK
	})
}

// launch starts the process and waits until it listens.
func (p *process) launch() {
	p.t.Helper()
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.ended = make(chan struct{})
	go func() {
		defer close(p.ended)
		p.err = p.cmd.Wait()
	}()
	p.t.Cleanup(p.kill)
	p.await("listening", func() bool {
		match := listening.FindStringSubmatch(p.stdout.String())
		if match != nil {
			p.url = "http://" + match[1]
		}
		return match != nil
	})
}

// await waits until the process is in a state. A process that ends before fails the
// test at once.
func (p *process) await(state string, reached func() bool) {
	p.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !reached(); time.Sleep(10 * time.Millisecond) {
		select {
		case <-p.ended:
			if !reached() { // by what it did last
				p.t.Fatalf("ended (%v) and was not %s\n%s%s", p.cmd.ProcessState, state, &p.stdout, &p.stderr)
			}
			return
		default:
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("not %s\n%s%s", state, &p.stdout, &p.stderr)
		}
	}
}

// wait waits until the process has ended, and returns what exec.Cmd.Wait says. A
// process that is still running after a minute writes what its goroutines do.
func (p *process) wait() error {
	late := time.AfterFunc(time.Minute, func() { _ = p.cmd.Process.Signal(syscall.SIGQUIT) })
	defer late.Stop()
	<-p.ended
	return p.err
}

// kill ends the process as a crash does.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may have ended
	<-p.ended
}

// listening finds the address in the log line, be it text or JSON.
var listening = regexp.MustCompile(`\baddress"?[=:]"?(127\.0\.0\.1:\d+)`)

// nobody is an address where nothing listens: the port is a reserved one.
const nobody = "127.0.0.1:1"

func executable(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// do makes a request and returns the status, 0 if there was no response, and the body.
func (p *process) do(method, path, body string) (int, string) {
	p.t.Helper()
	status, _, content := p.ask(method, path, body)
	return status, content
}

// ask is do, and returns the header of the response as well.
func (p *process) ask(method, path, body string) (status int, header http.Header, content string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, p.url+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	request.Header = p.header.Clone()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, nil, err.Error()
	}
	defer response.Body.Close()
	all, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return response.StatusCode, response.Header, string(all)
}

// parent is the caller's span in every request of these tests.
const parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

// stop ends the service as an orchestrator does and returns its exit status.
func (p *process) stop() int {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.t.Fatal(err)
	}
	_ = p.wait() // the exit status is what counts
	return p.cmd.ProcessState.ExitCode()
}

// The span and the metrics of a request right before SIGTERM arrive.
func TestServe_LosesNothingAtTheEnd(t *testing.T) {
	t.Parallel()
	collector := telemetrytest.NewCollector(t)
	p := start(t, "OTEL_EXPORTER_OTLP_ENDPOINT="+collector.URL, "ENVIRONMENT=production", "SHUTDOWN_GRACE=0s")
	p.do(http.MethodGet, "/nowhere", "")
	if code := p.stop(); code != 0 {
		t.Errorf("exit status %d\n%s", code, &p.stderr)
	}
	spans := slices.DeleteFunc(collector.Spans(), func(s *tracepb.Span) bool { // not those of the start
		return trace.TraceID(s.GetTraceId()).String() != parent[3:35] || s.GetKind() != tracepb.Span_SPAN_KIND_SERVER
	})
	if len(spans) != 1 {
		t.Errorf("want one server span of the one request: %v", spans)
	}
	for _, name := range []string{
		"http.server.request.duration", "http.server.active_requests", "http.server.response.body.size",
		"go.goroutine.count",
	} {
		if collector.Metric(name) == nil {
			t.Errorf("no metric %s", name)
		}
	}
	if size := collector.Metric("http.server.request.body.size"); size != nil {
		t.Errorf("recorded the size of a body, but no request had one: %v", size)
	}
	if len(collector.Records()) == 0 {
		t.Error("no log record")
	}
	for key, want := range map[string]string{
		"service.name": "hello", "service.version": "(devel)", "deployment.environment.name": "production",
	} {
		for _, signal := range []string{"traces", "metrics", "logs"} {
			if got := collector.Resource(signal)[key]; got != want {
				t.Errorf("%s: %s: %q, want %q", signal, key, got, want)
			}
		}
	}
}

// Whatever the collector does, requests are answered and the service stops in time.
func TestServe_CollectorTrouble(t *testing.T) {
	t.Parallel()
	for name, collector := range map[string]func(t *testing.T) string{
		"absent": func(*testing.T) string { return "http://" + nobody },
		"refusing": func(t *testing.T) string {
			t.Helper()
			return serveHTTP(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
		},
		"slow": func(t *testing.T) string {
			t.Helper()
			return serveHTTP(t, func(_ http.ResponseWriter, r *http.Request) {
				select {
				case <-time.After(time.Second):
				case <-r.Context().Done():
				}
			})
		},
		"hanging": func(t *testing.T) string {
			t.Helper()
			return serveHTTP(t, func(_ http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body) // otherwise the server does not notice that the client is gone
				<-r.Context().Done()
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, "OTEL_EXPORTER_OTLP_ENDPOINT="+collector(t), "SHUTDOWN_GRACE=0s",
				"OTEL_BSP_SCHEDULE_DELAY=50", "OTEL_BSP_MAX_QUEUE_SIZE=10", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE=10")
			for range 200 {
				if status, body := p.do(http.MethodGet, "/nowhere", ""); status != http.StatusNotFound {
					t.Fatalf("%d %s", status, body)
				}
			}
			began := time.Now()
			if code := p.stop(); code != 0 {
				t.Errorf("exit status %d", code)
			}
			if took := time.Since(began); took > 15*time.Second { // 5 s are for telemetry; machines may be slow
				t.Errorf("the shutdown took %v", took)
			}
			if !strings.Contains(p.stderr.String(), "spans and log records were not delivered") {
				t.Errorf("the loss is not reported:\n%s", &p.stderr)
			}
			if lines := strings.Count(p.stderr.String(), "level=ERROR"); lines > 10 {
				t.Errorf("%d lines of errors", lines)
			}
		})
	}
}

func serveHTTP(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return "http://" + listener.Addr().String()
}

func TestHealthcheck(t *testing.T) {
	t.Parallel()
	p := start(t)
	address := "HTTP_ADDR=" + strings.TrimPrefix(p.url, "http://")
	if code := run([]string{"healthcheck"}, []string{address}, io.Discard, io.Discard); code != 0 {
		t.Errorf("exit status %d of a healthy service", code)
	}
	if code := run([]string{"healthcheck"}, []string{"HTTP_ADDR=" + nobody}, io.Discard, io.Discard); code != 1 {
		t.Errorf("exit status %d without a service", code)
	}
	_, port, err := net.SplitHostPort(strings.TrimPrefix(p.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	if code := run([]string{"healthcheck"}, []string{"PORT=" + port}, io.Discard, io.Discard); code != 0 {
		t.Errorf("exit status %d of a healthy service, whose port is in PORT", code)
	}
	unready := serveHTTP(t, func(w http.ResponseWriter, r *http.Request) { // alive, but not ready
		if r.Method == http.MethodGet && r.URL.Path == "/readyz" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	address = "HTTP_ADDR=" + strings.TrimPrefix(unready, "http://")
	if code := run([]string{"healthcheck"}, []string{address}, io.Discard, io.Discard); code != 1 {
		t.Errorf("exit status %d of an unready service", code)
	}
}

// The health check does not use a proxy, whatever HTTP_ADDR and the environment say.
func TestHealthcheck_UsesNoProxy(t *testing.T) {
	t.Parallel()
	p := start(t)
	_, port, err := net.SplitHostPort(strings.TrimPrefix(p.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	check := exec.CommandContext(t.Context(), executable(t), "healthcheck")
	check.Env = []string{beMain + "=1", "HTTP_ADDR=0.0.0.0:" + port, "HTTP_PROXY=http://" + nobody}
	if out, err := check.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestRun_WrongUsage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args, environment []string
		want              string
	}{
		{[]string{"migrat"}, nil, "usage: hello"},
		{[]string{"serve", "now"}, nil, "usage: hello"},
		{nil, []string{"HTTP_ADDR=8080", "OTEL_TRACES_EXPORTER=otpl"}, "HTTP_ADDR: "},
		{nil, []string{"HTTP_ADDR=8080", "OTEL_TRACES_EXPORTER=otpl"}, "OTEL_TRACES_EXPORTER: "},
		{nil, []string{"HTTP_ADDR=8080", "LOG_LEVL=debug"}, "LOG_LEVL is not a variable of this service; did you mean LOG_LEVEL?"},
	} {
		var stderr bytes.Buffer
		if code := run(c.args, c.environment, io.Discard, &stderr); code != 2 || !strings.Contains(stderr.String(), c.want) {
			t.Errorf("%v %v: exit status %d\n%s", c.args, c.environment, code, &stderr)
		}
	}
	var usage strings.Builder
	run([]string{"help"}, nil, io.Discard, &usage)
	for _, name := range []string{"serve", "healthcheck"} {
		if !strings.Contains(usage.String(), "\n  "+name+" ") {
			t.Errorf("no %s in\n%s", name, &usage)
		}
	}
}

// A value that Go's SDK does not support causes one warning and does not stop the
// service; the rest of the configuration is used.
func TestServe_UnknownOTelValues(t *testing.T) {
	t.Parallel()
	collector := telemetrytest.NewCollector(t)
	p := start(t, "OTEL_EXPORTER_OTLP_ENDPOINT="+collector.URL, "ENVIRONMENT=production", "SHUTDOWN_GRACE=0s",
		"OTEL_TRACES_SAMPLER=xray", "OTEL_METRICS_EXPORTER=promtheus", "OTEL_PROPAGATORS=tracecontext,other", "OTEL_BSP_SCHEDULE_DELAY=soon")
	p.do(http.MethodGet, "/nowhere", "")
	if code := p.stop(); code != 0 {
		t.Errorf("exit status %d", code)
	}
	for _, name := range []string{"OTEL_TRACES_SAMPLER", "OTEL_METRICS_EXPORTER", "OTEL_PROPAGATORS", "OTEL_BSP_SCHEDULE_DELAY"} {
		if all := p.stdout.String() + p.stderr.String(); strings.Count(all, name) != 1 || !strings.Contains(p.stdout.String(), `"error":"`+name+": ") {
			t.Errorf("%s: want one warning in\n%s", name, all)
		}
	}
	if len(collector.Spans()) == 0 || collector.Metric("http.server.request.duration") == nil {
		t.Error("nothing was exported")
	}
}

// A variable whose name is almost that of one that the service reads causes a warning, and
// so does one of telemetry that Go does not implement, even if telemetry is disabled.
func TestServe_IgnoredVariables(t *testing.T) {
	t.Parallel()
	p := start(t, "SHUTDOWN_GRAEC=1h", "OTEL_SDK_DISABLED=true", "OTEL_LOG_LEVEL=verbose")
	for _, want := range []string{
		`error="SHUTDOWN_GRAEC is not a variable of this service; did you mean SHUTDOWN_GRACE?"`,
		`error="OTEL_LOG_LEVEL: \"verbose\" is not supported in Go; use none, error, warn, info, debug"`,
	} {
		if want = `level=WARN msg="variable ignored" ` + want; !strings.Contains(p.stdout.String(), want) {
			t.Errorf("no %s in\n%s", want, &p.stdout)
		}
	}
}

// Nothing is lost after SIGHUP, which is sent when a terminal closes, and by some
// supervisors.
func TestServe_SIGHUPStops(t *testing.T) {
	t.Parallel()
	collector := telemetrytest.NewCollector(t)
	p := start(t, "OTEL_EXPORTER_OTLP_ENDPOINT="+collector.URL, "SHUTDOWN_GRACE=0s")
	p.do(http.MethodPost, "/nowhere", "{}")
	if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	if err := p.wait(); err != nil {
		t.Errorf("%v\n%s", err, &p.stderr)
	}
	if len(collector.Spans()) == 0 {
		t.Error("no span arrived")
	}
}

// A signal that is ignored when the service starts, as under nohup, stays ignored.
func TestServe_IgnoresWhatItWasToldToIgnore(t *testing.T) {
	t.Parallel()
	p := newProcess(t)
	shell := exec.CommandContext(t.Context(), "sh", "-c", `trap "" HUP INT && exec "$0"`, executable(t))
	shell.Dir, shell.Env, shell.Stdout, shell.Stderr = p.cmd.Dir, p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr
	p.cmd = shell
	p.start()
	for _, ignored := range []os.Signal{syscall.SIGHUP, syscall.SIGINT} {
		if err := p.cmd.Process.Signal(ignored); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(200 * time.Millisecond) // time enough to begin a shutdown
	if status, body := p.do(http.MethodGet, "/readyz", ""); status != http.StatusOK {
		t.Errorf("status %d %s\n%s", status, body, &p.stdout)
	}
	if code := p.stop(); code != 0 {
		t.Errorf("exit status %d\n%s", code, &p.stderr)
	}
}

// The service goes on if the reader of its log does not, and still shuts down.
func TestServe_NobodyReadsItsLog(t *testing.T) {
	t.Parallel()
	p := newProcess(t)
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.Copy(&p.stdout, reader) }()
	p.cmd.Stdout = writer
	p.start()
	if err := errors.Join(writer.Close(), reader.Close()); err != nil {
		t.Fatal(err)
	}
	if code := p.stop(); code != 0 { // which it has tried to log
		t.Errorf("exit status %d\n%s", code, &p.stderr)
	}
}

// A second signal, such as another Ctrl-C, ends the process at once.
func TestServe_SecondSignalKills(t *testing.T) {
	t.Parallel()
	p := start(t, "SHUTDOWN_GRACE=1h")
	if err := p.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	p.await("stopping", func() bool { return strings.Contains(p.stdout.String(), "stopping") })
	for deadline := time.Now().Add(30 * time.Second); ; {
		_ = p.cmd.Process.Signal(syscall.SIGTERM) // two at the same time may be taken for one
		select {
		case <-p.ended:
			if status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGTERM {
				t.Error(p.err)
			}
			return
		case <-time.After(100 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatal("the process is still running")
		}
	}
}

// The reason of a failure is in the log as well: stderr may be lost.
func TestServe_AddressInUse(t *testing.T) {
	t.Parallel()
	p := start(t)
	second := exec.CommandContext(t.Context(), executable(t), "serve")
	second.Env, second.Dir = append(p.cmd.Env, "HTTP_ADDR="+strings.TrimPrefix(p.url, "http://")), p.cmd.Dir
	var stderr bytes.Buffer
	second.Stderr = &stderr
	log, err := second.Output()
	if second.ProcessState.ExitCode() != 1 || !strings.Contains(stderr.String(), "hello: http server: HTTP_ADDR: listen tcp") {
		t.Errorf("%v\n%s", err, &stderr)
	}
	if !strings.Contains(string(log), "level=ERROR msg=failed error=\"http server: HTTP_ADDR: listen tcp") {
		t.Errorf("the log is\n%s", log)
	}
}

// In development, where somebody can choose another port, the service does not start
// without its telemetry.
func TestServe_TelemetryFails(t *testing.T) {
	t.Parallel()
	port := serveHTTP(t, http.NotFound)[len("http://127.0.0.1:"):]
	p := newProcess(t, "OTEL_METRICS_EXPORTER=prometheus", "OTEL_EXPORTER_PROMETHEUS_HOST=127.0.0.1", "OTEL_EXPORTER_PROMETHEUS_PORT="+port)
	if err := p.cmd.Run(); p.cmd.ProcessState.ExitCode() != 1 || !strings.Contains(p.stderr.String(), "hello: metrics: OTEL_EXPORTER_PROMETHEUS_PORT: listen tcp") {
		t.Errorf("%v\n%s", err, &p.stderr)
	}
}

// By default the service stops in the time that compose and Kubernetes allow, 30 s.
func TestServe_StopsInTime(t *testing.T) {
	t.Parallel()
	cfg, err := config.Load([]string{"ENVIRONMENT=production"})
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile("../../compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	match := regexp.MustCompile(`stop_grace_period: (\S+)`).FindSubmatch(content)
	if match == nil {
		t.Fatal("compose.yaml has no stop_grace_period")
	}
	allowed, err := time.ParseDuration(string(match[1]))
	if total := cfg.Lifecycle.Grace + cfg.Lifecycle.Timeout + lastExport; err != nil || allowed > 30*time.Second || total > allowed-3*time.Second {
		t.Errorf("the service may take %v, and has %v: %v", total, allowed, err)
	}
}

// The version that the build was given is that of telemetry, or else that of the module.
func TestBuildVersion(t *testing.T) {
	t.Parallel()
	built := &debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}, Settings: []debug.BuildSetting{
		{Key: "vcs", Value: "git"}, {Key: "vcs.revision", Value: "c0ffee"}, {Key: "vcs.modified", Value: "false"},
	}}
	for _, c := range []struct {
		given                   string
		info                    *debug.BuildInfo
		wantVersion, wantSource string
	}{
		{"", built, "v1.2.3", "c0ffee"},
		{"v2.0.0", built, "v2.0.0", "c0ffee"},
		{"", &debug.BuildInfo{}, "unknown", ""},
		{"", nil, "unknown", ""},
	} {
		if v, revision := buildVersion(c.given, c.info); v != c.wantVersion || revision != c.wantSource {
			t.Errorf("%q: %s, %s", c.given, v, revision)
		}
	}
}

// The Go version is go.mod's: CI reads it there, and the Dockerfile repeats no
// more than its minor release.
func TestOneGoVersion(t *testing.T) {
	t.Parallel()
	find := func(file, pattern string) []string {
		content, err := os.ReadFile("../../" + file)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		var found []string
		for _, match := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(content), -1) {
			found = append(found, match[1])
		}
		return found
	}
	inModule, inImage := find("go.mod", `(?m)^go (\d+\.\d+)`), find("Dockerfile", `(?m)^ARG GO_VERSION=(.*)$`)
	if len(inModule) != 1 || !slices.Equal(inModule, inImage) {
		t.Errorf("go.mod: %v, Dockerfile: %v", inModule, inImage)
	}
	if literal := find(".github/workflows/ci.yaml", `go-version: *["']?(\d.*)`); len(literal) > 0 {
		t.Errorf("ci.yaml has a Go version of its own: %v", literal)
	}
	for _, inPipeline := range find(".gitlab-ci.yml", `image: golang:(\d+\.\d+)`) {
		if inPipeline != inModule[0] {
			t.Errorf("go.mod: %v, .gitlab-ci.yml: %s", inModule, inPipeline)
		}
	}
}
