package collector

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

// backends are the overlays that a generated service brings along, by name.
func backends(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("../golden/default/deploy/backends/*/collector.yaml")
	if err != nil || len(files) < 5 {
		t.Fatal(files, err)
	}
	all := map[string]string{}
	for _, file := range files {
		all[filepath.Base(filepath.Dir(file))] = "file:" + file
	}
	return all
}

// Whatever backend is chosen, the collector starts without credentials and has nothing to warn of.
func TestBackendsStartWithoutCredentials(t *testing.T) {
	for name, overlay := range backends(t) {
		t.Run(name, func(t *testing.T) {
			if err := dryRun(t.Context(), serviceConfig, overlay); err != nil { // with what ports replaces
				t.Error(err)
			}
			core, logs := observer.New(zapcore.WarnLevel)
			c := start(t, core, overlay, "yaml:"+ports[name])
			get(t, "http://"+c.health)
			c.stop()
			for _, e := range logs.All() {
				t.Errorf("%s: %s %v", e.Level, e.Message, e.ContextMap())
			}
		})
	}
}

// ports are overlays for backends that listen, or send at once what the collector says of itself.
var ports = map[string]string{
	"jaeger": "exporters: {prometheus: {endpoint: '127.0.0.1:0'}}",
	"lgtm":   "service: {telemetry: {metrics: {readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: 0}}}}]}}}",
}

// received is a backend that takes OTLP, and what it got: the requests to each path, and their bodies.
type received struct {
	*httptest.Server

	mu   sync.Mutex
	got  map[string]string // bodies, by path
	head http.Header       // of the last request
	// refuse, if there is one, answers requests that are not taken, and reports that it has.
	refuse func(http.ResponseWriter, *http.Request) bool
}

func newReceived(t *testing.T) *received {
	t.Helper()
	r := &received{got: map[string]string{}}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, _ := io.ReadAll(request.Body) // what is cut off is missed below
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.refuse != nil && r.refuse(w, request) {
			return
		}
		r.got[request.URL.Path] += string(body)
		r.head = request.Header
	}))
	t.Cleanup(r.Close)
	return r
}

// await waits until a text was sent to path.
func (r *received) await(t *testing.T, path, text string) {
	t.Helper()
	r.awaitTimes(t, path, text, 1)
}

// awaitTimes waits until a text has arrived so many times.
func (r *received) awaitTimes(t *testing.T, path, text string, times int) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		r.mu.Lock()
		got := r.got[path]
		r.mu.Unlock()
		if strings.Count(got, text) >= times {
			return
		}
	}
	t.Fatalf("not %d times %s at %s", times, text, path)
}

// quick are exporters that wait for nothing, and whose requests can be read.
const quick = "yaml:exporters: {otlp_http: {encoding: json, compression: none, retry_on_failure: {initial_interval: 10ms, max_interval: 10ms}, sending_queue: {batch: {flush_timeout: 10ms, min_size: 1}}}}"

// sample has one record of each signal, by path, of a service in an environment.
func sample(t *testing.T) map[string][]byte {
	t.Helper()
	traces, metrics, logs := ptrace.NewTraces(), pmetric.NewMetrics(), plog.NewLogs()
	rs, rm, rl := traces.ResourceSpans().AppendEmpty(), metrics.ResourceMetrics().AppendEmpty(), logs.ResourceLogs().AppendEmpty()
	for _, r := range []interface{ PutStr(string, string) }{rs.Resource().Attributes(), rm.Resource().Attributes(), rl.Resource().Attributes()} {
		r.PutStr("service.name", "shop")
		r.PutStr("deployment.environment.name", "canary")
	}
	span := rs.ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	span.SetName("POST /orders")
	span.SetTraceID(traceID)
	span.SetSpanID(spanID)
	metric := rm.ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	metric.SetName("orders.active")
	metric.SetEmptyGauge().DataPoints().AppendEmpty().SetIntValue(1)
	rl.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty().Body().SetStr("order created")

	all := map[string][]byte{}
	var errs [3]error
	all["/v1/traces"], errs[0] = (&ptrace.JSONMarshaler{}).MarshalTraces(traces)
	all["/v1/metrics"], errs[1] = (&pmetric.JSONMarshaler{}).MarshalMetrics(metrics)
	all["/v1/logs"], errs[2] = (&plog.JSONMarshaler{}).MarshalLogs(logs)
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// send sends one record of each signal to the collector.
func send(t *testing.T, c running) {
	t.Helper()
	for path, body := range sample(t) {
		c.post(t, path, body)
	}
}

// awaitAll waits until a backend at url prefix has what send sent.
func (r *received) awaitAll(t *testing.T, prefix string) {
	t.Helper()
	r.await(t, prefix+"/v1/traces", "POST /orders")
	r.await(t, prefix+"/v1/metrics", "orders.active")
	r.await(t, prefix+"/v1/logs", "order created")
}

// A backend of any vendor gets all signals, with the headers that it asks for.
func TestOTLPBackend(t *testing.T) {
	backend := newReceived(t)
	t.Setenv("OTLP_BACKEND_ENDPOINT", backend.URL+"/otlp")
	t.Setenv("OTLP_BACKEND_HEADERS", `{api-key: k3y, Authorization: "Basic YTpi"}`)
	c := start(t, nil, backends(t)["otlp"], quick)
	send(t, c)
	backend.awaitAll(t, "/otlp")
	if backend.head.Get("Api-Key") != "k3y" || backend.head.Get("Authorization") != "Basic YTpi" {
		t.Error(backend.head)
	}
}

// provider is an identity provider that issues tokens.
type provider struct {
	*httptest.Server

	mu     sync.Mutex
	issued int        // tokens: token-1 is the first
	form   url.Values // of the last request for one, with the credentials that came with it
}

// newProvider returns a provider whose tokens are valid for a time. It answers its first requests with statuses.
func newProvider(t *testing.T, valid time.Duration, statuses ...int) *provider {
	t.Helper()
	p := &provider{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if len(statuses) > 0 {
			w.WriteHeader(statuses[0])
			statuses = statuses[1:]
			return
		}
		_ = r.ParseForm() // the form says it
		id, secret, _ := r.BasicAuth()
		p.form = r.Form
		// After a refusal, the library sends the credentials in the form (RFC 6749, section 2.3.1).
		p.form["credentials"] = []string{cmp.Or(id, p.form.Get("client_id")), cmp.Or(secret, p.form.Get("client_secret"))}
		p.issued++
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, jsonOf(t, map[string]any{
			"access_token": fmt.Sprintf("token-%d", p.issued), "token_type": "Bearer", "expires_in": int(valid.Seconds()),
		}))
	}))
	t.Cleanup(p.Close)
	return p
}

// tokens returns how many tokens have been issued.
func (p *provider) tokens() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.issued
}

// newScout returns a Scout for the account of a provider, with which the collector is to be started. It refuses whoever has no token.
func newScout(t *testing.T, p *provider) *received {
	t.Helper()
	scout := newReceived(t)
	scout.refuse = func(w http.ResponseWriter, r *http.Request) bool {
		refused := !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer token-")
		if refused {
			w.WriteHeader(http.StatusUnauthorized)
		}
		return refused
	}
	for name, value := range map[string]string{
		"SCOUT_ENDPOINT": scout.URL + "/acme/otlp", "SCOUT_TOKEN_URL": p.URL, "SCOUT_CLIENT_ID": "shop", "SCOUT_CLIENT_SECRET": "s3cr3t",
	} {
		t.Setenv(name, value)
	}
	return scout
}

// Scout gets all signals, with a token that an identity provider issues for the service's credentials, and both old names
// of the environment. A provider that refuses at first, or is down, delays telemetry and loses none. A token is not used in
// the last minute before it expires: there is a new one by then.
func TestScout(t *testing.T) {
	provider := newProvider(t, 61*time.Second, http.StatusUnauthorized, http.StatusServiceUnavailable)
	scout := newScout(t, provider)
	c := start(t, nil, backends(t)["scout"], quick)
	send(t, c)
	scout.awaitAll(t, "/acme/otlp")
	for path, body := range scout.got {
		for _, key := range []string{"environment", "deployment.environment"} {
			if !strings.Contains(body, `{"key":"`+key+`","value":{"stringValue":"canary"}}`) {
				t.Errorf("%s: no %s=canary in %q", path, key, body)
			}
		}
	}
	if provider.form.Get("grant_type") != "client_credentials" || provider.form.Get("audience") != "b14collector" ||
		strings.Join(provider.form["credentials"], ":") != "shop:s3cr3t" {
		t.Errorf("the provider got %v", provider.form)
	}
	before := provider.tokens()

	time.Sleep(time.Second) // the library reads the clock
	send(t, c)
	c.stop()
	if n := strings.Count(scout.got["/acme/otlp/v1/traces"], "POST /orders"); n != 2 {
		t.Errorf("%d of 2 spans arrived", n)
	}
	var last int
	if _, err := fmt.Sscanf(scout.head.Get("Authorization"), "Bearer token-%d", &last); err != nil || last <= before {
		t.Errorf("the last request had %q (%v), and %d tokens were too old", scout.head.Get("Authorization"), err, before)
	}
}

// A token of five minutes, as Keycloak issues them by default, serves for more than one request.
func TestScoutTokenIsUsedAgain(t *testing.T) {
	provider := newProvider(t, 5*time.Minute)
	scout := newScout(t, provider)
	c := start(t, nil, backends(t)["scout"], quick)
	for range 3 {
		send(t, c)
	}
	scout.awaitAll(t, "/acme/otlp")
	c.stop()
	if n := provider.tokens(); n != 1 {
		t.Errorf("%d tokens were issued", n)
	}
}

// What Scout itself refuses, with a token that the provider has issued, is lost: by the specification of OTLP, 401 is not a status
// after which a client sends again. The collector says so in its log, and counts it, which raises an alert.
func TestScoutRefuses(t *testing.T) {
	scout := newScout(t, newProvider(t, time.Hour))
	scout.refuse = func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(http.StatusUnauthorized)
		return true
	}
	core, logs := observer.New(zapcore.ErrorLevel)
	c := start(t, core, backends(t)["scout"], quick)
	send(t, c)
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		metrics := get(t, "http://"+c.metrics+"/metrics")
		missing := ""
		for _, signal := range []string{"spans", "metric_points", "log_records"} {
			if !regexp.MustCompile(`(?m)^otelcol_exporter_send_failed_` + signal + `(_total)?\{.*exporter="otlp_http".*\} 1$`).MatchString(metrics) {
				missing = signal
			}
		}
		if missing == "" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("no %s are counted as lost:\n%s", missing, metrics)
		}
	}
	// Prometheus fetches those metrics after twenty minutes in which there were none, and no more is lost later.
	alerted := ruleTest{Name: "refused by Scout", Interval: model.Duration(time.Minute)}
	for _, match := range regexp.MustCompile(`(?m)^(otelcol_exporter_send_failed_\w+\{.*)\} (\d+)$`).FindAllStringSubmatch(get(t, "http://"+c.metrics+"/metrics"), -1) {
		alerted.InputSeries = append(alerted.InputSeries, series{match[1] + `,instance="collector"}`, "_x20 " + match[2] + " " + match[2] + "x30"})
	}
	alerted.Alerts = []alertTest{{"CollectorCannotSend", model.Duration(25 * time.Minute), []expectedAlert{{
		map[string]string{"instance": "collector", "exporter": "otlp_http", "severity": "ticket"},
		map[string]string{
			"summary": "collector collector: otlp_http lost 3 records within a quarter of an hour",
			"runbook": "deploy/alerts/README.md#lost-by-the-collector",
		},
	}}}}
	if problem := alerted.run(t, readRules(t, "../../templates/feature/alerts/files/deploy/alerts/rules.yaml.raw"), time.Minute); problem != "" {
		t.Error(problem)
	}
	for _, e := range logs.All() {
		if strings.Contains(e.Message, "Dropping data") && strings.Contains(fmt.Sprint(e.ContextMap()["error"]), "401") {
			return
		}
	}
	t.Errorf("the log does not say why: %v", logs.All())
}

func jsonOf(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// What a collector had received, and its backend had not, is sent by the next one.
func TestTheQueueOutlivesTheCollector(t *testing.T) {
	queue := fmt.Sprintf("yaml:extensions: {file_storage: {directory: %q}}", t.TempDir())
	down := start(t, nil, quick, queue, "yaml:exporters: {otlp_http: {endpoint: 'http://127.0.0.1:1'}}")
	send(t, down)
	down.stop()

	backend := newReceived(t)
	start(t, nil, quick, queue, fmt.Sprintf("yaml:exporters: {otlp_http: {endpoint: %q}}", backend.URL))
	backend.awaitAll(t, "")
}

// Probes leave no spans, and other requests do.
func TestProbesAreFiltered(t *testing.T) {
	sent := ptrace.NewTraces()
	spans := sent.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	for _, agent := range []string{"kube-probe/1.36", "ELB-HealthChecker/2.0", "curl/8.5 kube-probe/", ""} {
		span := spans.AppendEmpty()
		span.SetTraceID(traceID)
		span.SetSpanID(spanID)
		span.SetName("GET by " + agent)
		if agent != "" {
			span.Attributes().PutStr("user_agent.original", agent)
		}
	}
	body, err := (&ptrace.JSONMarshaler{}).MarshalTraces(sent)
	if err != nil {
		t.Fatal(err)
	}
	got, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(through(t, "traces", body))
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, span := range got.ResourceSpans().At(0).ScopeSpans().At(0).Spans().All() {
		left = append(left, span.Name())
	}
	if strings.Join(left, ", ") != "GET by curl/8.5 kube-probe/, GET by " {
		t.Errorf("left are %q", left)
	}
}

// Every backend that containers are started for is one that the collector knows, and the other way round.
func TestBackendsAreWhole(t *testing.T) {
	known := backends(t)
	files, err := filepath.Glob("../golden/default/deploy/backends/*/compose.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		if _, ok := known[filepath.Base(filepath.Dir(file))]; !ok {
			t.Errorf("%s: there is no collector.yaml beside it", file)
		}
		content, err := os.ReadFile(file)
		if err != nil || !strings.Contains(string(content), "\nservices:\n") {
			t.Errorf("%s: %v", file, err)
		}
	}
}
