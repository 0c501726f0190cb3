package collector

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/exporter/loadbalancingexporter"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// What the feature sampling brings along.
const (
	samplingConfig = "file:../../templates/feature/sampling/files/deploy/sampling.yaml.raw"
	agentConfig    = "file:../../templates/feature/sampling/files/deploy/agent.yaml.raw"
)

// Traces with an error and slow ones are kept whole, of others about a tenth, and metrics count all of them.
func TestTailSampling(t *testing.T) {
	backend := newReceived(t)
	c := start(t, nil, samplingConfig, quick, fmt.Sprintf(`yaml:
exporters: {otlp_http: {endpoint: %q}}
processors: {tail_sampling: {decision_wait: 100ms}}
connectors: {span_metrics: {metrics_flush_interval: 50ms}}
`, backend.URL))

	const ordinary = 400
	sent := ptrace.NewTraces()
	rs := sent.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "shop")
	spans := rs.ScopeSpans().AppendEmpty().Spans()
	add := func(trace, name string, took time.Duration, code ptrace.StatusCode) {
		hash, id := sha256.Sum256([]byte(trace)), sha256.Sum256([]byte(name))
		span := spans.AppendEmpty()
		span.SetTraceID(pcommon.TraceID(hash[:16]))
		span.SetSpanID(pcommon.SpanID(id[:8]))
		span.SetName(name)
		span.SetStartTimestamp(at)
		span.SetEndTimestamp(at + pcommon.Timestamp(took))
		span.Status().SetCode(code)
	}
	for i := range ordinary {
		add(fmt.Sprint(i), "GET /ordinary", time.Millisecond, ptrace.StatusCodeUnset)
	}
	add("failed", "POST /failed", time.Millisecond, ptrace.StatusCodeError)
	add("failed", "its_child", time.Millisecond, ptrace.StatusCodeUnset)
	add("slow", "GET /slow", 600*time.Millisecond, ptrace.StatusCodeUnset)
	c.postTraces(t, sent)
	for _, name := range []string{"POST /failed", "its_child", "GET /slow"} {
		backend.await(t, "/v1/traces", `"name":"`+name+`"`)
	}
	backend.awaitTimes(t, "/v1/traces", `"name":"GET /ordinary"`, ordinary/20)
	backend.await(t, "/v1/metrics", "traces.span.metrics.duration")
	c.stop()

	if kept := strings.Count(backend.got["/v1/traces"], `"name":"GET /ordinary"`); kept < ordinary/20 || kept > ordinary/5 {
		t.Errorf("%d of %d ordinary traces are kept", kept, ordinary)
	}
	counted := 0
	for metrics := json.NewDecoder(strings.NewReader(backend.got["/v1/metrics"])); metrics.More(); {
		var request struct {
			ResourceMetrics []struct {
				ScopeMetrics []struct {
					Metrics []struct {
						Name string
						Sum  struct {
							DataPoints []struct {
								AsInt int `json:"asInt,string"`
							}
						}
					}
				}
			}
		}
		if err := metrics.Decode(&request); err != nil {
			t.Fatal(err)
		}
		last := 0 // counts are cumulative
		for _, resource := range request.ResourceMetrics {
			for _, metric := range resource.ScopeMetrics[0].Metrics {
				if metric.Name == "traces.span.metrics.calls" {
					for _, point := range metric.Sum.DataPoints {
						last += point.AsInt
					}
				}
			}
		}
		counted = max(counted, last)
	}
	if counted != ordinary+3 {
		t.Errorf("%d of %d spans are counted", counted, ordinary+3)
	}
}

// withLoadBalancing are all components, and the exporter of agent.yaml. It is called load_balancing from the next release on than the
// one that can be had. The collector of other tests does without it: it brings the client of Kubernetes along.
func withLoadBalancing() (otelcol.Factories, error) {
	all, err := factories()
	original := loadbalancingexporter.NewFactory()
	name := component.MustNewType("load_balancing")
	all.Exporters[name] = exporter.NewFactory(name, original.CreateDefaultConfig,
		exporter.WithTraces(func(ctx context.Context, set exporter.Settings, config component.Config) (exporter.Traces, error) {
			set.ID = component.NewIDWithName(original.Type(), set.ID.Name())
			return original.CreateTraces(ctx, set, config)
		}, component.StabilityLevelBeta))
	return all, err
}

// All spans of a trace reach the same collector of the second tier, whichever agents they come from, so that one that failed has a
// whole trace kept.
func TestTwoTiers(t *testing.T) {
	const traces, agents = 100, 2
	var gateways []string
	var backends []*received
	for range 2 {
		backend := newReceived(t)
		gateway := start(t, nil, samplingConfig, quick, fmt.Sprintf(`yaml:
exporters: {otlp_http: {endpoint: %q}}
processors: {tail_sampling: {decision_wait: 100ms, policies: [{name: errors, type: status_code, status_code: {status_codes: [ERROR]}}]}}
`, backend.URL))
		gateways, backends = append(gateways, gateway.grpc), append(backends, backend)
	}
	for agent := range agents {
		// A host name resolves to one port of several addresses. Here, there are several ports of one.
		c := start(t, nil, agentConfig, fmt.Sprintf(`yaml:
exporters:
  load_balancing:
    resolver: {dns: null, static: {hostnames: [%q, %q]}}
    protocol: {otlp: {sending_queue: {batch: {flush_timeout: 10ms, min_size: 1}}}}
`, gateways[0], gateways[1]))
		sent := ptrace.NewTraces()
		spans := sent.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
		for i := range traces {
			hash := sha256.Sum256([]byte(fmt.Sprint(i)))
			span := spans.AppendEmpty()
			span.SetTraceID(pcommon.TraceID(hash[:16]))
			span.SetSpanID(pcommon.SpanID(hash[16+agent:]))
			span.SetName(fmt.Sprint("by agent ", agent))
			span.SetStartTimestamp(at)
			span.SetEndTimestamp(at + 1)
			if agent == 0 {
				span.Status().SetCode(ptrace.StatusCodeError)
			}
		}
		c.postTraces(t, sent)
	}

	var kept [2]map[string]int // spans, by trace
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		all := 0
		for i, backend := range backends {
			kept[i] = backend.spansByTrace()
			for _, spans := range kept[i] {
				all += spans
			}
		}
		if all == agents*traces {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d spans are kept", all, agents*traces)
		}
	}
	if len(kept[0])+len(kept[1]) != traces || len(kept[0]) < traces/5 || len(kept[1]) < traces/5 {
		t.Errorf("%d and %d of %d traces reach the two gateways", len(kept[0]), len(kept[1]), traces)
	}
}

var traceIDs = regexp.MustCompile(`"traceId":"([0-9a-f]{32})"`)

// spansByTrace counts the spans that have arrived, by the id of their trace.
func (r *received) spansByTrace() map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	spans := map[string]int{}
	for _, match := range traceIDs.FindAllStringSubmatch(r.got["/v1/traces"], -1) {
		spans[match[1]]++
	}
	return spans
}

// Agents find the second tier by its host name, and send it metrics and logs as well.
func TestAgentFindsTheSecondTier(t *testing.T) {
	backend := newReceived(t)
	gateway := start(t, nil, quick, fmt.Sprintf("yaml:exporters: {otlp_http: {endpoint: %q}}", backend.URL))
	host, port, err := net.SplitHostPort(gateway.grpc)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("OTELCOL_GATEWAY", host)
	c := start(t, nil, agentConfig, fmt.Sprintf(`yaml:
exporters:
  load_balancing: {resolver: {dns: {port: %q}}, protocol: {otlp: {sending_queue: {batch: {flush_timeout: 10ms, min_size: 1}}}}}
  otlp_grpc/gateway: {endpoint: 'dns:///%s', sending_queue: {batch: {flush_timeout: 10ms, min_size: 1}}}
`, port, gateway.grpc))
	send(t, c)
	backend.awaitAll(t, "")
}

func TestAgentConfigIsValid(t *testing.T) {
	set := Settings(serviceConfig, agentConfig)
	set.Factories = withLoadBalancing
	c, err := otelcol.NewCollector(set)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.DryRun(t.Context()); err != nil {
		t.Error(err)
	}
}
