//go:build containers

package e2e_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/internal/dev/e2e"
)

// Services run in containers as their owners run them, by make up: the image
// builds, is healthy without root and without a disk, and what it measures
// goes through the collector to the backend. Stopped right after a request it
// loses nothing, and what it keeps is there when it comes up again.
//
// The ports are those of compose.yaml, so nothing else may listen there.
func TestContainers(t *testing.T) {
	for name, spec := range map[string]generator.Spec{
		"sqlite":   {Service: "shop", Module: "shop", Slots: map[string]string{"database": "sqlite"}},
		"postgres": {Service: "shop", Module: "shop", Slots: map[string]string{"database": "postgres", "backend": "console"}},
		"most": {
			Service: "order-fulfilment", Module: "github.com/acme/order-fulfilment/v2",
			Slots:    map[string]string{"router": "chi", "api": "plain", "database": "mysql", "backend": "jaeger"},
			Features: []string{"alerts", "background", "nats", "redis"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), spec.Service)
			e2e.New(t, e2e.Catalog(t), dir, spec)
			s := &stack{t: t, dir: e2e.Clone(t, dir), project: "otelgen-e2e-" + name}
			e2e.Go(t, s.dir, "mod", "vendor") // the network of a builder may be another than ours
			t.Cleanup(func() { s.run("docker", "compose", "down", "--volumes", "--remove-orphans", "--rmi", "local") })
			if spec.Slots["backend"] == "jaeger" {
				s.letWrite("jaeger")
			}
			s.run("make", "up")
			s.checkApp()
			if spec.Slots["database"] == "sqlite" { // the others do not start without their server
				s.checkImage()
			}

			if out := s.run("make", "load", "ROUNDS=2"); !strings.Contains(out, " 2 201 POST /orders\n") || !strings.Contains(out, " 2 404 GET /orders/unknown\n") {
				t.Errorf("make load:\n%s", out)
			}

			id, trace := s.order()
			last := "trace=" + trace + "\n└─ create_order "
			out := s.run("make", "trace")
			receipt := slices.Contains(spec.Features, "background") && strings.Contains("\n"+out, "\nsend_receipt ") // after the response
			if !receipt && !strings.Contains(out, last) || strings.Count(out, "trace=") != strings.Count(out, "trace="+trace) && !receipt {
				t.Errorf("make trace:\n%s", out)
			}
			if out := s.run("make", "ps"); !strings.Contains(out, "otel-collector") {
				t.Errorf("make ps:\n%s", out)
			}
			answered := s.stopUnderLoad()
			if app := s.inspect(); app.State.ExitCode != 0 {
				t.Errorf("exit status %d\n%s", app.State.ExitCode, s.run("docker", "compose", "logs", "app"))
			}
			s.awaitDelivery()
			backend := cmp.Or(spec.Slots["backend"], "lgtm")
			s.checkBackend(backend, trace)
			if backend != "console" {
				s.checkFile(backend, "traces", answered...)
			}

			s.run("make", "down")
			s.run("make", "up")
			if _, status := s.get(app + "/orders/" + id); status != http.StatusOK {
				t.Errorf("the order is gone: %d", status)
			}
			if spec.Slots["database"] == "sqlite" { // once: nothing of it differs
				s.checkWithoutCredentials()
			}
		})
	}
}

// Compose reads .env as sh does.
func TestContainers_ReadEnvAsItIs(t *testing.T) {
	dir := newSession(t)
	uncomment(t, dir)
	want := sourced(t, dir)
	out := (&stack{t: t, dir: dir, project: "otelgen-e2e-env"}).run("docker", "compose", "config", "--format", "json")
	var compose struct {
		Services struct {
			App struct{ Environment map[string]string }
		}
	}
	if err := json.Unmarshal([]byte(out), &compose); err != nil {
		t.Fatal(err, out)
	}
	compared := 0
	for name, value := range compose.Services.App.Environment {
		if !strings.HasPrefix(name, "SESSION_") {
			continue
		}
		if value = strings.ReplaceAll(value, "$$", "$"); value != want[name] {
			t.Errorf("%s is %q, but to sh %q", name, value, want[name])
		}
		compared++
	}
	if compared != 4 {
		t.Errorf("%d compared in\n%s", compared, out)
	}
}

// The rules of all features are valid, and each file of them passes tests of its own.
func TestContainers_Alerts(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "shop")
	e2e.New(t, e2e.Catalog(t), dir, generator.Spec{
		Service: "shop", Module: "shop", Slots: map[string]string{"database": "postgres"}, Features: []string{"alerts", "background", "client", "connect", "jobs", "nats"},
	})
	out := (&stack{t: t, dir: dir, project: "otelgen-e2e-alerts"}).run("make", "test-alerts")
	rules, err := filepath.Glob(filepath.Join(dir, "deploy", "alerts", "*rules.yaml"))
	if err != nil || len(rules) < 8 || strings.Count(out, "SUCCESS") != 2*len(rules) {
		t.Errorf("make test-alerts, %d files of rules: %v\n%s", len(rules), err, out)
	}
}

// stack is a service with all that its compose.yaml has.
type stack struct {
	t            *testing.T
	dir, project string
	overlay      string // a compose file more
}

// letWrite lets a service write to its container: the original of the image
// needs not, and what a machine without a registry has in its place may.
func (s *stack) letWrite(service string) {
	s.t.Helper()
	s.overlay = filepath.Join(s.t.TempDir(), "overlay.yaml")
	if err := os.WriteFile(s.overlay, []byte("services: {"+service+": {read_only: false}}\n"), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// checkBackend finds a trace of an order, its metric and its log where the
// backend keeps them.
func (s *stack) checkBackend(backend, trace string) {
	s.t.Helper()
	switch backend {
	case "console":
		out := s.run("docker", "compose", "logs", "--no-log-prefix", "otel-collector")
		for _, want := range []string{"Trace ID       : " + trace, "Name: http.server.request.duration", "Trace ID: " + trace} {
			if !strings.Contains(out, want) {
				s.t.Errorf("console: no %s", want)
			}
		}
	case "jaeger":
		s.awaitMetric(`http_server_request_duration_seconds_count{http_route="/orders"}`)
		s.awaitMetric(`{__name__=~"otelcol_exporter_sent_spans.*"}`) // the collector's own
		s.awaitMetric("service:http_server_errors:ratio_rate5m")
		if body, _ := s.get("http://127.0.0.1:9091/api/v1/rules"); strings.Count(body, `"health":"`) == 0 || strings.Count(body, `"health":"`) != strings.Count(body, `"health":"ok"`) {
			s.t.Errorf("rules that cannot be evaluated:\n%s", body)
		}
		s.checkFile(backend, "traces", trace)
	default:
		s.checkFile(backend, "traces", trace)
		s.checkFile(backend, "metrics", "http.server.request.duration")
		s.checkFile(backend, "logs", trace)
	}
}

// checkWithoutCredentials starts the service with a backend that is somewhere
// else: without its address, the service and its collector still work.
func (s *stack) checkWithoutCredentials() {
	s.t.Helper()
	s.run("make", "up", "BACKEND=otlp")
	s.checkApp()
	s.order()
	const metrics = "curl --silent http://127.0.0.1:8888/metrics || true" // it may still be starting
	for deadline := time.Now().Add(20 * time.Second); !strings.Contains(s.run("sh", "-c", metrics), "otelcol_receiver_accepted_spans"); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatalf("the collector has received nothing\n%s", s.run("docker", "compose", "logs", "otel-collector"))
		}
	}
}

// stopUnderLoad stops the service while customers place orders, and returns the
// traces of those that were placed. A request is answered with 201, or fails
// because the service is gone.
func (s *stack) stopUnderLoad() (traces []string) {
	s.t.Helper()
	var mu sync.Mutex
	placed := func() int {
		mu.Lock()
		defer mu.Unlock()
		return len(traces)
	}
	gone := make(chan struct{})
	var customers sync.WaitGroup
	for range 2 {
		customers.Go(func() {
			for {
				if response, err := http.Post(app+"/orders", "application/json", strings.NewReader(anOrder)); err == nil {
					response.Body.Close()
					if response.StatusCode != http.StatusCreated {
						s.t.Errorf("while it is stopped, the service answers %s", response.Status)
					}
					mu.Lock()
					traces = append(traces, response.Header.Get("Trace-Id"))
					mu.Unlock()
				}
				select {
				case <-gone:
					return
				case <-time.After(10 * time.Millisecond):
				}
			}
		})
	}
	for deadline := time.Now().Add(20 * time.Second); placed() < 10 && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond)
	}
	before := placed()
	s.run("docker", "compose", "stop", "app")
	close(gone)
	customers.Wait()
	if after := placed(); before < 10 || after == before {
		s.t.Errorf("that was no load: %d orders, and %d while the service was stopped", before, after-before)
	}
	return traces
}

// checkFile finds texts in what a backend has written of a signal. Backends
// of tests write all they get to files, Jaeger is asked, and of others the count has to do.
func (s *stack) checkFile(backend, signal string, texts ...string) {
	s.t.Helper()
	id := strings.TrimSpace(s.run("docker", "ps", "--quiet", "--filter", "label=com.docker.compose.project="+s.project, "--filter", "label=com.docker.compose.service="+backend))
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(200 * time.Millisecond) { // a file is written later than its data is taken
		kept, err := exec.CommandContext(s.t.Context(), "docker", "exec", id, "cat", "/var/otlp/"+signal+".jsonl").Output()
		if err != nil && backend == "jaeger" { // a real one
			for _, trace := range texts {
				s.awaitTrace(trace)
			}
			return
		}
		if err != nil {
			s.t.Logf("%s keeps its %s somewhere else", backend, signal)
			return
		}
		missing := slices.DeleteFunc(slices.Clone(texts), func(text string) bool { return strings.Contains(string(kept), text) })
		if len(missing) == 0 {
			return
		}
		if time.Now().After(deadline) {
			s.t.Errorf("%s: in the %s, %d of %d are missing: %v", backend, signal, len(missing), len(texts), missing)
			return
		}
	}
}

// awaitTrace waits until Jaeger has a trace of an order.
func (s *stack) awaitTrace(id string) {
	s.t.Helper()
	var body string
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		if body, _ = s.get("http://127.0.0.1:16686/api/traces/" + id); strings.Contains(body, `"operationName":"create_order"`) {
			return
		}
	}
	s.t.Errorf("trace %s: %s", id, body)
}

// awaitMetric waits until Prometheus has a series.
func (s *stack) awaitMetric(query string) {
	s.t.Helper()
	var body string
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		if body, _ = s.get("http://127.0.0.1:9091/api/v1/query?query=" + url.QueryEscape(query)); strings.Contains(body, `"value":[`) {
			return
		}
	}
	s.t.Errorf("%s: %s", query, body)
}

// run runs a command in the directory of the service and returns its output.
func (s *stack) run(program string, args ...string) string {
	s.t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "COMPOSE_PROJECT_NAME="+s.project)
	if s.overlay != "" {
		cmd.Env = append(cmd.Env, "COMPOSE_FILE=compose.yaml:deploy/backends/jaeger/compose.yaml:"+s.overlay)
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		s.t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// container is what Docker says of one.
type container struct {
	State struct {
		ExitCode int
		Health   struct{ Status string }
	}
	Config     struct{ User string }
	HostConfig struct {
		ReadonlyRootfs bool
		PortBindings   map[string][]struct{ HostIP string }
	}
}

func (s *stack) inspect() container {
	s.t.Helper()
	id := strings.TrimSpace(s.run("docker", "compose", "ps", "--all", "--quiet", "app"))
	var all []container
	if err := json.Unmarshal([]byte(s.run("docker", "inspect", id)), &all); err != nil || len(all) != 1 {
		s.t.Fatal(err, all)
	}
	return all[0]
}

// checkApp checks the container as it runs, not the file that describes it.
func (s *stack) checkApp() {
	s.t.Helper()
	app := s.inspect()
	if app.State.Health.Status != "healthy" || app.Config.User != "65532:65532" || !app.HostConfig.ReadonlyRootfs {
		s.t.Errorf("%+v", app)
	}
	for port, bindings := range app.HostConfig.PortBindings {
		for _, binding := range bindings {
			if binding.HostIP != "127.0.0.1" {
				s.t.Errorf("%s can be reached at %q", port, binding.HostIP)
			}
		}
	}
}

// checkImage starts the image with nothing around it: it is a deployed one then.
func (s *stack) checkImage() {
	s.t.Helper()
	image := strings.TrimSpace(s.run("docker", "compose", "images", "--quiet", "app"))
	// In the background, timeout signals its whole group, too, and a second signal kills the service.
	out := s.run("sh", "-c", "timeout --foreground --preserve-status --signal TERM 5 docker run --rm --init=false "+image+" 2>&1")
	if !strings.Contains(out, `"environment":"production"`) || !strings.Contains(out, "telemetry is not exported") {
		s.t.Error(out)
	}
	// OpenShift's user is anybody, but of group 0. A new volume has what the image has at its place.
	for variable := range strings.FieldsSeq(s.run("docker", "image", "inspect", "--format", "{{range .Config.Env}}{{println .}}{{end}}", image)) {
		if path, ok := strings.CutPrefix(variable, "DATABASE_PATH="); ok {
			s.run("docker", "run", "--rm", "--user", "1000660000:0", "--read-only", "--cap-drop", "ALL", "--volume", filepath.Dir(path),
				"--env", "OTEL_SDK_DISABLED=true", image, "migrate")
		}
	}
}

const (
	app     = "http://127.0.0.1:8080"
	anOrder = `{"customer":"ada","items":[{"sku":"coffee","quantity":2}]}`
)

// order places an order and returns its id, and that of its trace.
func (s *stack) order() (id, trace string) {
	s.t.Helper()
	response, err := http.Post(app+"/orders", "application/json", strings.NewReader(anOrder))
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	var order struct{ ID string }
	if err := json.NewDecoder(response.Body).Decode(&order); err != nil || response.StatusCode != http.StatusCreated || order.ID == "" {
		s.t.Fatal(response.Status, order, err)
	}
	return order.ID, response.Header.Get("Trace-Id")
}

func (s *stack) get(url string) (body string, status int) {
	s.t.Helper()
	response, err := http.Get(url)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(content), response.StatusCode
}

// counted are the collector's own metrics, as Prometheus reads them: what it
// took from the service, what the backend took from it, and what got lost.
var counted = regexp.MustCompile(`(?m)^otelcol_(receiver_accepted|receiver_refused|exporter_sent|exporter_send_failed|exporter_enqueue_failed)_(spans|metric_points|log_records)\w*\{.*\} ([0-9.e+]+)$`)

// awaitDelivery waits until the backend has all that the service has sent.
func (s *stack) awaitDelivery() {
	s.t.Helper()
	var problem string
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		if problem = undelivered(s.counts()); problem == "" {
			return
		}
	}
	s.t.Error(problem)
}

// undelivered says what is missing behind the collector. An order alone makes
// more than these.
func undelivered(counts map[string]float64) string {
	for signal, least := range map[string]float64{"spans": 4, "metric_points": 20, "log_records": 3} {
		accepted, sent := counts["receiver_accepted "+signal], counts["exporter_sent "+signal]
		lost := counts["receiver_refused "+signal] + counts["exporter_send_failed "+signal] + counts["exporter_enqueue_failed "+signal]
		if accepted < least || sent != accepted || lost > 0 {
			return fmt.Sprintf("of %v %s the collector sent %v on, and lost %v", accepted, signal, sent, lost)
		}
	}
	return ""
}

func (s *stack) counts() map[string]float64 {
	s.t.Helper()
	metrics, _ := s.get("http://127.0.0.1:8888/metrics") // without them nothing is counted
	counts := map[string]float64{}
	for _, match := range counted.FindAllStringSubmatch(metrics, -1) {
		n, err := strconv.ParseFloat(match[3], 64)
		if err != nil {
			s.t.Fatal(err)
		}
		counts[fmt.Sprint(match[1], " ", match[2])] += n
	}
	return counts
}
