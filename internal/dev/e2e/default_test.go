package e2e_test

import (
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/otelgen/otelgen/internal/dev/e2e"
)

func TestMain(m *testing.M) { e2e.Main(m) }

const traceID = "4bf92f3577b34da6a3ce929d0e0e4736"

// The default service and the collector configuration that comes with it, both
// as they are: everything arrives, in one trace, and what is secret does not.
func TestDefault(t *testing.T) {
	t.Parallel()
	project := filepath.Join(e2e.Root(t), "testdata", "golden", "default")
	binary := e2e.Build(t, project, "shop")
	for _, protocol := range []string{"http/protobuf", "grpc"} {
		t.Run(strings.ReplaceAll(protocol, "/", " "), func(t *testing.T) {
			t.Parallel()
			collector := e2e.StartCollector(t, filepath.Join(project, "deploy", "otel-collector.yaml"))
			endpoint := map[string]string{"http/protobuf": collector.Endpoint, "grpc": collector.GRPC}[protocol]
			address := e2e.FreeAddress(t)
			service := e2e.Start(t, []string{
				"HTTP_ADDR=" + address, "ENVIRONMENT=test", "SHUTDOWN_GRACE=0s",
				"OTEL_EXPORTER_OTLP_ENDPOINT=" + endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL=" + protocol,
			}, binary)
			service.AwaitOK("http://" + address + "/readyz")

			order := `{"customer":"ada@example.com","items":[{"sku":"coffee","quantity":2}]}`
			post(t, "http://"+address+"/orders?token=s3cr3t", order, http.StatusCreated)
			post(t, "http://"+address+"/orders", strings.Replace(order, "coffee", "machine", 1), http.StatusPaymentRequired)
			if code := service.Stop(); code != 0 { // right after the request
				t.Errorf("exit status %d\n%s", code, &service.Stderr)
			}
			arrived := collector.Stop()
			checkTraces(t, arrived)
			checkMetrics(t, arrived)
			checkLogs(t, arrived)
			for _, secret := range []string{"ada@example.com", "s3cr3t", "hunter2"} {
				if all := fmt.Sprintf("%+v", arrived); strings.Contains(all, secret) {
					t.Errorf("%s arrived", secret)
				}
			}
			if name := arrived.Resource["deployment.environment.name"]; name != "test" {
				t.Errorf("deployment.environment.name %v", name)
			}
		})
	}
}

func post(t *testing.T, url, body string, status int) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer hunter2hunter2hunter2")
	request.Header.Set("User-Agent", "ada@example.com")
	request.Header.Set("Traceparent", "00-"+traceID+"-00f067aa0ba902b7-01")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if content, err := io.ReadAll(response.Body); err != nil || response.StatusCode != status {
		t.Fatalf("%s: %d %s %v", url, response.StatusCode, content, err)
	}
}

func checkTraces(t *testing.T, arrived *e2e.Telemetry) {
	t.Helper()
	names := map[string]string{"00f067aa0ba902b7": "the caller"}
	for _, span := range arrived.Spans {
		names[span.SpanID] = span.Name
	}
	var tree []string
	for _, span := range arrived.Spans {
		if span.TraceID != traceID {
			t.Errorf("%s is in another trace", span.Name)
		}
		tree = append(tree, names[span.ParentSpanID]+" > "+span.Name)
	}
	for _, edge := range []string{"the caller > POST /orders", "POST /orders > create_order", "create_order > check_inventory", "create_order > process_payment"} {
		if n := strings.Count(strings.Join(tree, "\n")+"\n", edge+"\n"); n != 2 {
			t.Errorf("%q is there %d times, want 2, one for each request", edge, n)
		}
	}
	if len(arrived.Spans) != 8 {
		t.Errorf("%d spans, want 8: %v", len(arrived.Spans), tree)
	}
	for _, span := range arrived.Span("POST /orders") {
		if span.Kind != 2 || span.Attributes["http.route"] != "/orders" || span.Attributes["user_agent.original"] != "****" {
			t.Errorf("server span: kind %d, %v", span.Kind, span.Attributes)
		}
	}
	refused := 0
	for _, span := range arrived.Span("create_order") {
		if span.Attributes["error.type"] == "payment_declined" {
			refused++
		}
		if span.Status.Code != 0 { // a refusal is no failure of the service
			t.Errorf("create_order: status %v", span.Status)
		}
	}
	if refused != 1 {
		t.Errorf("%d orders refused, want 1", refused)
	}
}

func checkMetrics(t *testing.T, arrived *e2e.Telemetry) {
	t.Helper()
	for name, unit := range map[string]string{
		"http.server.request.duration": "s", "http.server.active_requests": "{request}",
		"http.server.request.body.size": "By", "http.server.response.body.size": "By",
		"orders.processed": "{order}", "orders.active": "{order}", "payment.duration": "s",
		"go.goroutine.count": "{goroutine}", "go.memory.used": "By", "go.schedule.duration": "s",
		"otel.sdk.span.started": "{span}",
	} {
		if metric, ok := arrived.Metrics[name]; !ok || metric.Unit != unit {
			t.Errorf("%s: there %t, unit %q, want %q", name, ok, metric.Unit, unit)
		}
	}
	duration := arrived.Metrics["http.server.request.duration"].Histogram
	if duration == nil || len(duration.DataPoints) != 2 { // 201 and 402
		t.Fatalf("http.server.request.duration: %+v", duration)
	}
	for _, point := range duration.DataPoints {
		if point.Attributes["http.route"] != "/orders" || len(point.Exemplars) == 0 || point.Exemplars[0].TraceID != traceID {
			t.Errorf("http.server.request.duration: %+v", point)
		}
	}
}

func checkLogs(t *testing.T, arrived *e2e.Telemetry) {
	t.Helper()
	for _, record := range arrived.Records {
		if fmt.Sprint(record.Body) == "{order created}" && record.TraceID == traceID && record.Severity == "INFO" {
			return
		}
	}
	t.Errorf("no record of the order in %+v", arrived.Records)
}
