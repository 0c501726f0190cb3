package collector

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/otlpexporter"
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
	body, err := (&ptrace.JSONMarshaler{}).MarshalTraces(sent)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post("http://"+c.otlp+"/v1/traces", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
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

// loadBalancing has those keys of contrib's loadbalancingexporter that agent.yaml uses. Its module cannot be had in the version
// of the other components, so the agent's configuration is decoded here, and not run.
type loadBalancing struct {
	RoutingKey string `mapstructure:"routing_key"`
	Protocol   struct {
		OTLP otlpexporter.Config `mapstructure:"otlp"`
	} `mapstructure:"protocol"`
	Resolver struct {
		DNS *struct {
			Hostname string        `mapstructure:"hostname"`
			Port     string        `mapstructure:"port"`
			Interval time.Duration `mapstructure:"interval"`
		} `mapstructure:"dns"`
	} `mapstructure:"resolver"`
}

func TestAgentConfigIsValid(t *testing.T) {
	original := otlpexporter.NewFactory()
	set := Settings(serviceConfig, agentConfig)
	set.Factories = func() (otelcol.Factories, error) {
		all, err := factories()
		all.Exporters[component.MustNewType("load_balancing")] = exporter.NewFactory(component.MustNewType("load_balancing"),
			func() component.Config {
				config := &loadBalancing{}
				config.Protocol.OTLP = *original.CreateDefaultConfig().(*otlpexporter.Config)
				config.Protocol.OTLP.ClientConfig.Endpoint = "placeholder:4317" // the original fills it in
				return config
			},
			exporter.WithTraces(func(ctx context.Context, set exporter.Settings, config component.Config) (exporter.Traces, error) {
				set.ID = component.NewID(original.Type())
				return original.CreateTraces(ctx, set, &config.(*loadBalancing).Protocol.OTLP)
			}, component.StabilityLevelBeta))
		return all, err
	}
	c, err := otelcol.NewCollector(set)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.DryRun(t.Context()); err != nil {
		t.Error(err)
	}
}
