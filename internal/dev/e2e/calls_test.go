//go:build matrix

package e2e_test

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/internal/dev/e2e"
)

// relay is an own.go that places an order with another service for each request.
const relay = `package main

import (
	"context"
	"net/http"
	"os"

	ordersv1 "shop/proto/orders/v1"
)

func addOwn(_ context.Context, b built) error {
	connection, err := b.dialer.Dial(os.Getenv("OTHER"))
	if err != nil {
		return err
	}
	orders := ordersv1.NewOrderServiceClient(connection)
	b.router.HandleFunc("POST /relay", func(w http.ResponseWriter, r *http.Request) {
		tea := &ordersv1.Item{Sku: "teapot", Quantity: 1}
		if _, err := orders.CreateOrder(r.Context(), &ordersv1.CreateOrderRequest{Customer: "ada", Items: []*ordersv1.Item{tea}}); err != nil {
			b.log.ErrorContext(r.Context(), "relay", "error", err)
			w.WriteHeader(http.StatusBadGateway)
		}
	})
	return nil
}

func ownMiddleware(_ built) func(http.Handler) http.Handler { return nil }
`

// One service calls another, and what both do is one trace: each span is below the one
// that has caused it, on both sides of the network.
func TestMatrix_Calls(t *testing.T) {
	t.Parallel()
	for protocol, c := range map[string]struct{ scheme, system string }{
		"grpc":    {"", "grpc"},
		"connect": {"http://", "connectrpc"},
	} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "shop")
			e2e.New(t, e2e.Catalog(t), dir, generator.Spec{Service: "shop", Module: "shop", Features: []string{protocol}})
			if err := os.WriteFile(filepath.Join(dir, "cmd", "shop", "own.go"), []byte(relay), 0o600); err != nil {
				t.Fatal(err)
			}
			program, config := e2e.Build(t, dir, "shop"), filepath.Join(dir, "deploy", "otel-collector.yaml")
			other := e2e.FreeAddress(t)
			start := func(name, rpc string) (*e2e.Process, *e2e.Collector, string) {
				collector, address := e2e.StartCollector(t, config), e2e.FreeAddress(t)
				service := e2e.Start(t, []string{
					"OTEL_SERVICE_NAME=" + name, "OTEL_EXPORTER_OTLP_ENDPOINT=" + collector.Endpoint, "ENVIRONMENT=development",
					"HTTP_ADDR=" + address, "RPC_ADDR=" + rpc, "OTHER=" + c.scheme + other,
				}, program)
				service.AwaitOK("http://" + address + "/readyz")
				return service, collector, address
			}
			callee, calleeCollector, _ := start("callee", other)
			caller, callerCollector, address := start("caller", "127.0.0.1:0")
			post(t, "http://"+address+"/relay", "", http.StatusOK)
			for _, service := range []*e2e.Process{caller, callee} {
				if code := service.Stop(); code != 0 {
					t.Errorf("exit status %d\n%s", code, &service.Stderr)
				}
			}

			const method = "orders.v1.OrderService/CreateOrder"
			before, after := callerCollector.Stop(), calleeCollector.Stop()
			parentID := "00f067aa0ba902b7" // of the request
			for i, span := range []struct {
				from *e2e.Telemetry
				name string
				kind int
			}{{before, "POST /relay", 2}, {before, method, 3}, {after, method, 2}, {after, "create_order", 1}} {
				found := span.from.Span(span.name)
				if len(found) != 1 || found[0].TraceID != traceID || found[0].ParentSpanID != parentID || found[0].Kind != span.kind {
					t.Fatalf("%d: %s: %+v, want one below %s", i, span.name, found, parentID)
				}
				if span.name == method && (found[0].Attributes["rpc.system.name"] != c.system || found[0].Attributes["rpc.response.status_code"] != "OK") {
					t.Errorf("%d: %s: %v", i, span.name, found[0].Attributes)
				}
				parentID = found[0].SpanID
			}
			if _, ok := before.Metrics["rpc.client.call.duration"]; !ok || after.Metrics["rpc.server.call.duration"].Unit != "s" {
				t.Error("a metric of the call is missing")
			}
		})
	}
}
