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
// and alerts are about: it calls itself and nobody, fails, runs out of connections, publishes
// faster than anybody reads, refuses work, and has jobs that wait and that are lost.
const watched = `package main

import (
	"context"
	"errors"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"google.golang.org/grpc/metadata"

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
		ctx := metadata.AppendToOutgoingContext(r.Context(), "authorization", r.Header.Get("Authorization"), "x-tenant-id", r.Header.Get("X-Tenant-Id"))
		_, _ = orders.GetOrder(ctx, &ordersv1.GetOrderRequest{Id: r.URL.Query().Get("id")})
	})
	b.router.HandleFunc("POST /depend", func(_ http.ResponseWriter, r *http.Request) {
		depend := func(target string) {
			request, err := http.NewRequestWithContext(r.Context(), http.MethodGet, target, http.NoBody)
			if err != nil {
				return
			}
			if response, err := b.client.Do(request); err == nil {
				response.Body.Close()
			}
		}
		for range 10 {
			depend("http://127.0.0.1:1") // nobody answers there
		}
		var calls sync.WaitGroup
		for range 8 {
			calls.Go(func() { depend("http://" + r.Host + "/slow") })
		}
		calls.Wait()
	})
	b.router.HandleFunc("GET /slow", func(http.ResponseWriter, *http.Request) { time.Sleep(20 * time.Millisecond) })
	b.router.HandleFunc("POST /fail", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	b.router.HandleFunc("POST /exhaust", func(_ http.ResponseWriter, r *http.Request) {
		for {
			connection, err := b.db.Conn(r.Context())
			if err != nil { // so products get none, either
				request, _ := http.NewRequestWithContext(r.Context(), http.MethodGet, "http://"+r.Host+"/products", http.NoBody)
				request.Header = r.Header.Clone()
				if response, err := http.DefaultClient.Do(request); err == nil {
					response.Body.Close()
				}
				return
			}
			defer connection.Close()
		}
	})
	b.router.HandleFunc("POST /crowd", func(_ http.ResponseWriter, r *http.Request) {
		free := make(chan struct{})
		defer close(free)
		for err := error(nil); err == nil; {
			err = b.workers.Enqueue(r.Context(), "crowd", func(context.Context) error { <-free; return nil })
		}
	})
	b.router.HandleFunc("POST /linger", func(_ http.ResponseWriter, r *http.Request) {
		for range 2 { // the second waits for the first
			_ = b.workers.Enqueue(r.Context(), "linger", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		}
	})
	b.router.HandleFunc("GET /news", func(w http.ResponseWriter, r *http.Request) { b.events.Serve(w, r, "news") })
	b.router.HandleFunc("POST /news", func(_ http.ResponseWriter, r *http.Request) {
		for range 10_000 {
			_ = b.events.Publish(r.Context(), "news", "published", "news")
		}
	})
	if err := b.jobWorker.Add(jobs.Handle(loser{})); err != nil {
		return err
	}
	_, err1 := b.jobClient.Insert(ctx, lost{}, &river.InsertOpts{MaxAttempts: 1})
	_, err2 := b.jobClient.Insert(ctx, lost{}, &river.InsertOpts{Queue: "nobodys"})
	return errors.Join(err1, err2)
}

func ownMiddleware(built) func(http.Handler) http.Handler { return nil }
`

// broker is a program that runs NATS, at an address and with a directory.
const broker = `package main

import (
	"net"
	"os"
	"strconv"

	"github.com/nats-io/nats-server/v2/server"
)

func main() {
	host, text, err := net.SplitHostPort(os.Args[1])
	if err != nil {
		panic(err)
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		panic(err)
	}
	nats, err := server.NewServer(&server.Options{Host: host, Port: port, JetStream: true, StoreDir: os.Args[2]})
	if err != nil {
		panic(err)
	}
	nats.Start()
	nats.WaitForShutdown()
}
`

// Every query of every dashboard and of every alert has something to show, and what a
// service sends is in a dashboard: a real Prometheus has the metrics that a service
// with nearly everything and its collector send, by the configuration of the backend that
// shows dashboards.
func TestMatrix_Dashboards(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "shop")
	spec := generator.Spec{
		Service: "shop", Module: "shop", Slots: map[string]string{"database": "postgres"},
		Features:  []string{"alerts", "background", "client", "connect", "dashboards", "jobs", "nats", "posts", "realtime", "redis", "sampling", "tenancy", "users"},
		Resources: resources[:1],
	}
	e2e.New(t, e2e.Catalog(t), dir, spec)
	for name, content := range map[string]string{"cmd/shop/own.go": watched, "cmd/broker/main.go": broker} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := startPrometheus(t)
	collector := e2e.StartCollector(t, filepath.Join(dir, "deploy", "otel-collector.yaml"),
		"file:"+filepath.Join(dir, "deploy", "sampling.yaml"), "file:"+filepath.Join(dir, "deploy", "backends", "lgtm", "collector.yaml"), fmt.Sprintf(`yaml:
processors: {tail_sampling: {decision_wait: 100ms}}
connectors: {span_metrics: {metrics_flush_interval: 200ms}}
exporters: {otlp_http: {endpoint: %q, sending_queue: {storage: null, num_consumers: 1, batch: {flush_timeout: 50ms, min_size: 1}}}}
service:
  telemetry: {metrics: {level: normal, readers: [{periodic: {interval: 200, exporter: {otlp: {protocol: http/protobuf, endpoint: %q}}}}]}}
  pipelines: {traces: {exporters: [otlp_http]}, metrics: {exporters: [otlp_http]}, logs: {exporters: [otlp_http]}}
`, p.url+"/api/v1/otlp", p.url+"/api/v1/otlp/v1/metrics"))
	address, rpc, nats := e2e.FreeAddress(t), e2e.FreeAddress(t), e2e.FreeAddress(t)
	e2e.Start(t, nil, e2e.Build(t, dir, "broker"), nats, t.TempDir())
	service := e2e.Start(t, []string{
		"HTTP_ADDR=" + address, "RPC_ADDR=" + rpc, "OTHER=http://" + rpc, "ENVIRONMENT=development", "GOMEMLIMIT=200MiB",
		"DATABASE_URL=" + newPostgres(t).url, "DATABASE_MIGRATE=true", "DATABASE_ACQUIRE_TIMEOUT=100ms", "REDIS_URL=" + newRedis(t).url,
		"NATS_URL=nats://" + nats, "AUTH_SECRET=" + strings.Repeat("not-a-secret", 3), "REALTIME_QUEUE=1",
		"TENANCY_HEADER=X-Tenant-Id", "TENANCY_METRICS=acme", "HTTP_CLIENT_MAX_CONCURRENT=4",
		"BACKGROUND_WORKERS=1", "BACKGROUND_QUEUE_SIZE=8", "SHUTDOWN_TIMEOUT=2s", "HTTP_WRITE_TIMEOUT=2s", "SHUTDOWN_GRACE=0s",
		"OTEL_EXPORTER_OTLP_ENDPOINT=" + collector.Endpoint, "OTEL_METRIC_EXPORT_INTERVAL=200", "OTEL_BSP_SCHEDULE_DELAY=100", "OTEL_BLRP_SCHEDULE_DELAY=100",
	}, e2e.Build(t, dir, "shop"))
	service.AwaitOK("http://" + address + "/readyz")

	refuse(t, collector.Endpoint)
	expressions := queries(t, dir)
	var serving, ending []expression
	for _, e := range expressions {
		if strings.Contains(e.text, "background_jobs_lost") { // which the process counts as it ends
			ending = append(ending, e)
		} else {
			serving = append(serving, e)
		}
	}
	ada := register(t, "http://"+address)
	p.await(t, serving, func() { ada.drive(t) })
	ada.do(t, http.MethodPost, "/linger", "", http.StatusOK, nil)
	if code := service.Stop(); code == 0 {
		t.Error("the service ended as if it had lost nothing")
	}
	p.await(t, ending, func() {})

	names := p.ask(t, "/query", `{service_name="shop", __name__!~".*:.*"}`).Names // rules make names with colons
	checkShown(t, e2e.Render(t, e2e.Catalog(t), spec), names)
	for said := range strings.Lines(p.process.Stdout.String()) {
		if !strings.Contains(said, "temporality") {
			t.Errorf("Prometheus: %s", said)
		}
	}
	if exemplars := p.ask(t, "/query", `http_server_request_duration_seconds_bucket{http_route="/orders"}`).Exemplars; exemplars == 0 {
		t.Error("no exemplar leads from a slow request to its trace")
	}
	t.Logf("%d expressions, %d names of series", len(expressions), len(names))
}

// checkShown checks that the panels of a project show all series that there are, by their names, but for
// those that are unshown for a reason.
func checkShown(t *testing.T, tree generator.Tree, names []string) {
	t.Helper()
	shown, excused, recorded := shownBy(tree), map[string]bool{}, map[string]bool{}
	for metric := range unshown {
		excused[strings.ReplaceAll(metric, ".", "_")] = true
	}
	for _, name := range names {
		all := families(name)
		for _, family := range all {
			recorded[family] = true
		}
		if !slices.ContainsFunc(all, func(family string) bool { return shown[family] || excused[family] }) {
			t.Errorf("nothing shows %s", name)
		}
	}
	for name := range excused {
		if !recorded[name] {
			t.Errorf("there is a reason not to show %s, and nobody records it", name)
		}
	}
}

// customer makes requests of a service, with a token once it has one.
type customer struct{ service, token string }

// register returns somebody who is logged in.
func register(t *testing.T, service string) *customer {
	t.Helper()
	c := &customer{service: service}
	const ada = `{"name":"ada","password":"correct horse battery staple"}`
	c.do(t, http.MethodPost, "/register", ada, http.StatusCreated, nil)
	var token struct {
		Text string `json:"access_token"`
	}
	c.do(t, http.MethodPost, "/login", ada, http.StatusOK, &token)
	c.token = token.Text
	return c
}

// drive places an order, reads it twice, so that it is in the cache, and has
// something fail.
func (c *customer) drive(t *testing.T) {
	t.Helper()
	var order struct{ ID string }
	c.do(t, http.MethodPost, "/orders", `{"customer":"ada","items":[{"sku":"coffee","quantity":2}]}`, http.StatusCreated, &order)
	for range 2 {
		c.do(t, http.MethodGet, "/orders/"+order.ID, "", http.StatusOK, nil)
	}
	c.do(t, http.MethodPost, "/call?id="+order.ID, "", http.StatusOK, nil)
	c.do(t, http.MethodPost, "/depend", "", http.StatusOK, nil)
	c.do(t, http.MethodPost, "/posts", `{"title":"Traces at work","content":"Worth a thousand lines of logs."}`, http.StatusCreated, nil)
	c.do(t, http.MethodPost, "/products", `{"name":"coffee"}`, http.StatusCreated, nil)
	c.do(t, http.MethodPost, "/crowd", "", http.StatusOK, nil)
	c.do(t, http.MethodPost, "/fail", "", http.StatusInternalServerError, nil)
	c.do(t, http.MethodPost, "/exhaust", "", http.StatusOK, nil)
	(&customer{service: c.service}).do(t, http.MethodGet, "/orders", "", http.StatusUnauthorized, nil)

	stream := c.send(t, http.MethodGet, "/news", "")
	defer stream.Body.Close()
	c.do(t, http.MethodPost, "/news", "", http.StatusOK, nil)
	if _, err := io.Copy(io.Discard, stream.Body); err != nil { // until the service ends it, for it was too slow
		t.Fatal(err)
	}
}

func (c *customer) send(t *testing.T, method, path, body string) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, c.service+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Tenant-Id", "acme")
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	return response
}

// do decodes an answer, which must have a status.
func (c *customer) do(t *testing.T, method, path, body string, status int, answer any) {
	t.Helper()
	response := c.send(t, method, path, body)
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err == nil && answer != nil {
		err = json.Unmarshal(content, answer)
	}
	if err != nil || response.StatusCode != status {
		t.Fatalf("%s %s: %v: %s %s", method, path, err, response.Status, content)
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
	if len(boards) < 24 || len(all) < 127 {
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
				// What is lost has a type of error, and nothing is lost here. A quarter of an hour ago there was nothing.
				text := strings.NewReplacer(`, error_type!=""`, "", " offset 15m", "").Replace(variables.Replace(rule.Expr))
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

// await waits until all expressions have a result, and drives the service meanwhile.
func (p *prometheus) await(t *testing.T, expressions []expression, drive func()) {
	t.Helper()
	missing := map[string]string{}
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		drive()
		clear(missing)
		for _, e := range expressions {
			if problem := p.evaluate(t, e); problem != "" {
				missing[e.text] = e.from + ": " + problem
			}
		}
		if len(missing) == 0 {
			return
		}
	}
	for _, expression := range slices.Sorted(maps.Keys(missing)) {
		t.Errorf("%s: %s", missing[expression], expression)
	}
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
	Empty, Names       []string
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
