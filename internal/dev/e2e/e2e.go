// Package e2e says which selections tests try, runs a service and the real
// OpenTelemetry Collector as processes of their own, and shows what arrives
// behind the collector.
package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// maxWait is how long anything may take on a busy machine. Nothing here is timed.
const maxWait = 60 * time.Second

// Root returns the root directory of this repository.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		content, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && strings.HasPrefix(string(content), "module github.com/otelgen/otelgen\n") {
			return dir
		}
	}
	t.Fatal("no otelgen repository around this test")
	return ""
}

// Go runs the go command in dir and returns its standard output. Its standard
// error, which lists for example downloaded modules, is shown if it fails.
func Go(t testing.TB, dir string, args ...string) string {
	t.Helper()
	return GoWith(t, nil, dir, args...)
}

// GoWith is Go with more in its environment.
func GoWith(t testing.TB, environment []string, dir string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	// The race detector keeps each program for a second at its end, for threads that
	// have something left to report. With hundreds of test programs that is minutes.
	cmd.Env = append(append(os.Environ(), "GOWORK=off", "GORACE=atexit_sleep_ms=0"), environment...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s in %s: %v\n%s%s", strings.Join(args, " "), dir, err, out, &stderr)
	}
	return string(out)
}

// building is locked while a project is built.
var building sync.Mutex

// Build builds the command ./cmd/NAME of the project in dir and returns its path.
//
// Go compiles a package once for each directory. So all projects are copied to one for
// their build, and those of one module share what is the same in them.
func Build(t testing.TB, dir, name string) string {
	t.Helper()
	building.Lock()
	defer building.Unlock()
	binary, copied := filepath.Join(t.TempDir(), name), filepath.Join(shared, "project")
	if err := errors.Join(os.RemoveAll(copied), os.CopyFS(copied, os.DirFS(dir))); err != nil {
		t.Fatal(err)
	}
	Go(t, copied, "build", "-o", binary, "./cmd/"+name)
	return binary
}

// Process is a running program.
type Process struct {
	t      testing.TB
	cmd    *exec.Cmd
	Stdout Output
	Stderr Output
}

// Start starts a program in an empty environment but for environment.
func Start(t testing.TB, environment []string, program string, args ...string) *Process {
	t.Helper()
	p := &Process{t: t}
	p.cmd = exec.CommandContext(context.WithoutCancel(t.Context()), program, args...)
	p.cmd.Env = environment
	if environment == nil {
		p.cmd.Env = []string{}
	}
	p.cmd.Stdout, p.cmd.Stderr = &p.Stdout, &p.Stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.cmd.Process.Kill() })
	return p
}

// AwaitOK waits until url answers 200.
func (p *Process) AwaitOK(url string) {
	p.t.Helper()
	for deadline := time.Now().Add(maxWait); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		request, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, url, http.NoBody)
		if err != nil {
			p.t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			continue
		}
		response.Body.Close()
		if response.StatusCode == http.StatusOK {
			return
		}
	}
	p.t.Fatalf("%s does not answer\n%s%s", url, &p.Stdout, &p.Stderr)
}

// Get returns the body of what url answers, which must be with 200.
func Get(t testing.TB, url string) []byte {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", url, response.Status, err)
	}
	return content
}

// Stop sends SIGTERM and returns the exit status.
func (p *Process) Stop() int {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	timer := time.AfterFunc(maxWait, func() { _ = p.cmd.Process.Kill() })
	defer timer.Stop()
	_ = p.cmd.Wait() // the status says it
	return p.cmd.ProcessState.ExitCode()
}

// Kill ends the process at once, as a crash does.
func (p *Process) Kill() {
	p.t.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		p.t.Fatal(err)
	}
	_ = p.cmd.Wait() // it was killed
}

// Output is what a process writes. It can be read while the process writes.
type Output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// FreeAddress looks at ports from a random one on, and has looked at so many.
var (
	firstPort = rand.Uint32N(1 << 16)
	ports     atomic.Uint32
)

// FreeAddress returns a loopback address that nobody listens on. No other call returns it
// again soon, and the system gives its port to nobody: those that it chooses, also for
// connections that go out, begin at 32768.
func FreeAddress(t testing.TB) string {
	t.Helper()
	for range 1000 {
		address := fmt.Sprintf("127.0.0.1:%d", 12000+(firstPort+ports.Add(1))%20000)
		if listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", address); err == nil {
			listener.Close()
			return address
		}
	}
	t.Fatal("no free port")
	return ""
}

// Collector is a running OpenTelemetry Collector whose exporters write to files.
type Collector struct {
	// Endpoint is what OTEL_EXPORTER_OTLP_ENDPOINT should be; GRPC the same
	// for the protocol grpc.
	Endpoint string
	GRPC     string

	t       testing.TB
	process *Process
	files   string // directory
}

// overlay swaps the exporters of a collector configuration, and the addresses,
// so that several can run beside each other. All else stays as it is.
const overlay = `yaml:
extensions: {health_check: {endpoint: "%[1]s"}, file_storage: {directory: "%[4]s/queue"}}
receivers: {otlp: {protocols: {grpc: {endpoint: "%[2]s"}, http: {endpoint: "%[3]s"}}}}
exporters:
  file/traces: {path: "%[4]s/traces"}
  file/metrics: {path: "%[4]s/metrics"}
  file/logs: {path: "%[4]s/logs"}
service:
  telemetry: {metrics: {level: none, readers: []}, logs: {level: warn}}
  pipelines:
    traces: {exporters: [file/traces]}
    metrics: {exporters: [file/metrics]}
    logs: {exporters: [file/logs]}
`

// shared is a directory for what the tests of a package build.
var shared string

// buildCollector is done once for all tests of a package.
var buildCollector sync.Once

// Main runs the tests of a package that builds services and collectors. Its TestMain
// calls it.
func Main(m *testing.M) {
	dir, err := os.MkdirTemp("", "otelgen-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	shared = dir
	code := m.Run()
	_ = os.RemoveAll(dir) // the tests have said what they had to say
	os.Exit(code)
}

// StartCollector starts a collector with the configuration file config, to which
// the URIs in more add.
func StartCollector(t testing.TB, config string, more ...string) *Collector {
	t.Helper()
	binary := filepath.Join(shared, "otelcol")
	buildCollector.Do(func() {
		Go(t, filepath.Join(Root(t), "testdata", "collector"), "build", "-mod=readonly", "-o", binary, "./cmd/otelcol")
	})
	health, grpc, http := FreeAddress(t), FreeAddress(t), FreeAddress(t)
	c := &Collector{t: t, Endpoint: "http://" + http, GRPC: "http://" + grpc, files: t.TempDir()}
	args := []string{"--config", "file:" + config, "--config", fmt.Sprintf(overlay, health, grpc, http, c.files)}
	for _, uri := range more {
		args = append(args, "--config", uri)
	}
	c.process = Start(t, nil, binary, args...)
	c.process.AwaitOK("http://" + health)
	return c
}

// Stop ends the collector and returns all that it passed on.
func (c *Collector) Stop() *Telemetry {
	c.t.Helper()
	if code := c.process.Stop(); code != 0 {
		c.t.Fatalf("collector: exit status %d\n%s", code, &c.process.Stderr)
	}
	return readTelemetry(c.t, c.files)
}
