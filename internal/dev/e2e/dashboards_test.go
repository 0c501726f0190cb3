//go:build matrix && unix

package e2e_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/internal/dev/e2e"
)

// watched is an own.go of a service in which everything happens that dashboards
// and alerts are about: it calls itself, fails, and has jobs that wait and that
// are lost.
const watched = `package main

import (
	"context"
	"errors"
	"net/http"
	"os"

	"github.com/riverqueue/river"

	"shop/internal/jobs"
	ordersv1 "shop/proto/orders/v1"
)

type lost struct{}

func (lost) Kind() string { return "lost" }

type loser struct{ river.WorkerDefaults[lost] }

func (loser) Work(context.Context, *river.Job[lost]) error { return errors.New("lost") }

func addOwn(ctx context.Context, b built) error {
	connection, err := b.dialer.Dial(os.Getenv("OTHER"))
	if err != nil {
		return err
	}
	orders := ordersv1.NewOrderServiceClient(connection)
	b.router.HandleFunc("POST /call", func(_ http.ResponseWriter, r *http.Request) {
		_, _ = orders.GetOrder(r.Context(), &ordersv1.GetOrderRequest{Id: r.URL.Query().Get("id")})
	})
	b.router.HandleFunc("POST /fail", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	if err := b.jobWorker.Add(jobs.Handle(loser{})); err != nil {
		return err
	}
	_, err1 := b.jobClient.Insert(ctx, lost{}, &river.InsertOpts{MaxAttempts: 1})
	_, err2 := b.jobClient.Insert(ctx, lost{}, &river.InsertOpts{Queue: "nobodys"})
	return errors.Join(err1, err2)
}

func ownMiddleware(built) func(http.Handler) http.Handler { return nil }
`

// Every query of every dashboard and of every alert has something to show: a real
// Prometheus has the metrics that a service with nearly everything and its collector
// send, by the configuration of the backend that shows dashboards.
func TestMatrix_Dashboards(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "shop")
	e2e.New(t, e2e.Catalog(t), dir, generator.Spec{
		Service: "shop", Module: "shop", Slots: map[string]string{"database": "sqlite"},
		Features: []string{"alerts", "background", "client", "connect", "dashboards", "jobs", "redis"},
	})
	if err := os.WriteFile(filepath.Join(dir, "cmd", "shop", "own.go"), []byte(watched), 0o600); err != nil {
		t.Fatal(err)
	}
	p := startPrometheus(t)
	collector := e2e.StartCollector(t, filepath.Join(dir, "deploy", "otel-collector.yaml"),
		"file:"+filepath.Join(dir, "deploy", "backends", "lgtm", "collector.yaml"), fmt.Sprintf(`yaml:
exporters: {otlp_http: {endpoint: %q, sending_queue: {storage: null, num_consumers: 1, batch: {flush_timeout: 50ms, min_size: 1}}}}
service:
  telemetry: {metrics: {level: normal, readers: [{periodic: {interval: 200, exporter: {otlp: {protocol: http/protobuf, endpoint: %q}}}}]}}
  pipelines: {traces: {exporters: [otlp_http]}, metrics: {exporters: [otlp_http]}, logs: {exporters: [otlp_http]}}
`, p.url+"/api/v1/otlp", p.url+"/api/v1/otlp/v1/metrics"))
	address, rpc := e2e.FreeAddress(t), e2e.FreeAddress(t)
	service := e2e.Start(t, []string{
		"HTTP_ADDR=" + address, "RPC_ADDR=" + rpc, "OTHER=http://" + rpc, "ENVIRONMENT=development", "GOMEMLIMIT=200MiB",
		"DATABASE_PATH=" + filepath.Join(t.TempDir(), "shop.db"), "REDIS_URL=" + newRedis(t).url,
		"OTEL_EXPORTER_OTLP_ENDPOINT=" + collector.Endpoint, "OTEL_METRIC_EXPORT_INTERVAL=200", "OTEL_BSP_SCHEDULE_DELAY=100", "OTEL_BLRP_SCHEDULE_DELAY=100",
	}, e2e.Build(t, dir, "shop"))
	service.AwaitOK("http://" + address + "/readyz")

	refuse(t, collector.Endpoint)
	expressions := queries(t, dir)
	missing := map[string]string{}
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		drive(t, "http://"+address)
		clear(missing)
		for _, e := range expressions {
			if problem := p.evaluate(t, e); problem != "" {
				missing[e.text] = e.from + ": " + problem
			}
		}
		if len(missing) == 0 {
			break
		}
	}
	for _, expression := range slices.Sorted(maps.Keys(missing)) {
		t.Errorf("%s: %s", missing[expression], expression)
	}
	for said := range strings.Lines(p.process.Stdout.String()) {
		if !strings.Contains(said, "temporality") {
			t.Errorf("Prometheus: %s", said)
		}
	}
	if exemplars := p.ask(t, "/query", `http_server_request_duration_seconds_bucket{http_route="/orders"}`).Exemplars; exemplars == 0 {
		t.Error("no exemplar leads from a slow request to its trace")
	}
	t.Logf("%d expressions", len(expressions))
}

// drive places an order, reads it twice, so that it is in the cache, and has
// something fail.
func drive(t *testing.T, service string) {
	t.Helper()
	response, err := http.Post(service+"/orders", "application/json", strings.NewReader(`{"customer":"ada","items":[{"sku":"coffee","quantity":2}]}`))
	if err != nil {
		t.Fatal(err)
	}
	var order struct{ ID string }
	err = json.NewDecoder(response.Body).Decode(&order)
	response.Body.Close()
	if err != nil || response.StatusCode != http.StatusCreated {
		t.Fatal(response.Status, err)
	}
	for _, r := range []struct {
		method, path string
		status       int
	}{
		{http.MethodGet, "/orders/" + order.ID, http.StatusOK},
		{http.MethodGet, "/orders/" + order.ID, http.StatusOK},
		{http.MethodPost, "/call?id=" + order.ID, http.StatusOK},
		{http.MethodPost, "/fail", http.StatusInternalServerError},
	} {
		request, err := http.NewRequestWithContext(t.Context(), r.method, service+r.path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != r.status {
			t.Fatal(r.path, response.Status)
		}
	}
}

// refuse has a collector fail to send a metric: Prometheus takes no deltas.
func refuse(t *testing.T, collector string) {
	t.Helper()
	response, err := http.Post(collector+"/v1/metrics", "application/json", strings.NewReader(`{"resourceMetrics": [{"scopeMetrics": [{"metrics": [
		{"name": "delta", "sum": {"aggregationTemporality": 1, "isMonotonic": true, "dataPoints": [{"timeUnixNano": "1", "asInt": "1"}]}}]}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Fatal(response.Status)
	}
}

// expression is one of PromQL.
type expression struct {
	from, text string
	record     string // of a rule: the name of the series that it makes
	alert      bool   // it has a result only while something is wrong
}

// queries are those of the project's dashboards and rules.
func queries(t *testing.T, dir string) []expression {
	t.Helper()
	var all []expression
	boards, _ := filepath.Glob(filepath.Join(dir, "deploy", "dashboards", "*.json"))
	rules, _ := filepath.Glob(filepath.Join(dir, "deploy", "alerts", "*.yaml"))
	variables := strings.NewReplacer("$service", "shop", "$__rate_interval", "30s", "[6h]", "[30s]", "[1h]", "[30s]", "[30m]", "[30s]", "[10m]", "[30s]", "[5m]", "[30s]")
	for _, name := range boards {
		var board struct {
			Panels []struct {
				Title   string
				Targets []struct {
					Expr       string
					Datasource struct{ Type string }
				}
			}
		}
		decodeFile(t, name, &board)
		for _, panel := range board.Panels {
			for _, target := range panel.Targets {
				if target.Datasource.Type == "prometheus" {
					all = append(all, expression{from: filepath.Base(name) + ": " + panel.Title, text: variables.Replace(target.Expr)})
				}
			}
		}
	}
	if len(boards) < 12 || len(all) < 50 {
		t.Fatalf("%d queries in %d dashboards", len(all), len(boards))
	}
	for _, name := range rules {
		var file struct {
			Groups []struct {
				Rules []struct{ Record, Alert, Expr string }
			}
		}
		decodeFile(t, name, &file)
		for _, group := range file.Groups {
			for _, rule := range group.Rules {
				// What is lost has a type of error, and nothing is lost here.
				text := strings.ReplaceAll(variables.Replace(rule.Expr), `{error_type!=""}`, "")
				all = append(all, expression{from: filepath.Base(name) + ": " + rule.Alert + rule.Record, text: text, record: rule.Record, alert: rule.Alert != ""})
			}
		}
	}
	return all
}

// decodeFile decodes a file of YAML, which JSON is, too.
func decodeFile(t *testing.T, name string, value any) {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	decode := yaml.Unmarshal
	if filepath.Ext(name) == ".json" {
		decode = json.Unmarshal
	}
	if err := decode(content, value); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// prometheus is a real one: see testdata/collector/cmd/prometheus.
type prometheus struct {
	process *e2e.Process
	url     string
}

func startPrometheus(t *testing.T) *prometheus {
	t.Helper()
	binary, address := filepath.Join(t.TempDir(), "prometheus"), e2e.FreeAddress(t)
	e2e.Go(t, filepath.Join(e2e.Root(t), "testdata", "collector"), "build", "-mod=readonly", "-o", binary, "./cmd/prometheus")
	p := &prometheus{e2e.Start(t, nil, binary, address, t.TempDir()), "http://" + address}
	p.process.AwaitOK(p.url + "/-/ready")
	return p
}

// evaluate says what is missing for an expression, or nothing.
func (p *prometheus) evaluate(t *testing.T, e expression) string {
	t.Helper()
	if e.record != "" {
		if p.ask(t, "/record?name="+url.QueryEscape(e.record), e.text).Samples == 0 {
			return "makes no series"
		}
		return ""
	}
	answer := p.ask(t, "/query", e.text)
	switch {
	case len(answer.Empty) > 0:
		return fmt.Sprintf("%q selects nothing", answer.Empty)
	case answer.Samples == 0 && !e.alert:
		return "shows nothing"
	}
	return ""
}

// found is what Prometheus says of an expression.
type found struct {
	Samples, Exemplars int
	Empty              []string
}

func (p *prometheus) ask(t *testing.T, path, expression string) found {
	t.Helper()
	response, err := http.Post(p.url+path, "text/plain", strings.NewReader(expression))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	var a found
	if err != nil || response.StatusCode != http.StatusOK || json.Unmarshal(content, &a) != nil {
		t.Fatalf("%s: %v: %s %s", expression, err, response.Status, content)
	}
	return a
}
