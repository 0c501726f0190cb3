//go:build matrix && unix

package e2e_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

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

// A post is told to a second service over HTTP, for it that one places an order with a
// third one, and a worker has the job of the order. What they do is one trace: each span
// is below the one that has caused it, on both sides of the network and of the database.
func TestMatrix_Calls(t *testing.T) {
	t.Parallel()
	build := func(t *testing.T, name, own string, spec generator.Spec) caller {
		t.Helper()
		dir := filepath.Join(t.TempDir(), name)
		spec.Service, spec.Module = name, name
		e2e.New(t, e2e.Catalog(t), dir, spec)
		if own != "" {
			if err := os.WriteFile(filepath.Join(dir, "cmd", name, "own.go"), []byte(own), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return caller{program: e2e.Build(t, dir, name), config: filepath.Join(dir, "deploy", "otel-collector.yaml")}
	}
	blog := build(t, "blog", "", generator.Spec{Slots: map[string]string{"sample": "none"}, Features: []string{"client", "posts"}})
	for protocol, c := range map[string]struct{ scheme, system string }{
		"grpc":    {"", "grpc"},
		"connect": {"http://", "connectrpc"},
	} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			shop := build(t, "shop", relay, generator.Spec{Slots: map[string]string{"database": "sqlite"}, Features: []string{protocol, "jobs"}})
			other := e2e.FreeAddress(t)
			rpc, database := []string{"RPC_ADDR=127.0.0.1:0", "OTHER=" + c.scheme + other}, "DATABASE_PATH="+filepath.Join(t.TempDir(), "shop.db")
			third := shop.start(t, nil, append(rpc, "RPC_ADDR="+other, database, "JOBS_IN_PROCESS=false")...)
			worker := shop.start(t, []string{"worker"}, append(rpc, database, "JOBS_POLL_INTERVAL=50ms")...)
			second := shop.start(t, nil, append(rpc, "DATABASE_PATH="+filepath.Join(t.TempDir(), "shop.db"))...)
			first := blog.start(t, nil, "POSTS_NOTIFY_URL="+second.url+"/relay")
			register(t, first.url).do(t, http.MethodPost, "/posts", `{"title":"Tea","content":"For the pot."}`, http.StatusCreated, nil)
			worker.await(t, "order not shipped")

			told, placed, taken, worked := first.stop(t), second.stop(t), third.stop(t), worker.stop(t)
			const method = "orders.v1.OrderService/CreateOrder"
			var parent e2e.Span
			for i, span := range []struct {
				from *e2e.Telemetry
				name string
				kind int
			}{
				{told, "POST /posts", 2}, {told, "create_post", 1}, {told, "POST /relay", 3},
				{placed, "POST /relay", 2}, {placed, method, 3},
				{taken, method, 2}, {taken, "create_order", 1}, {taken, "insert_order", 1}, {taken, "send fulfil_order", 4},
				{worked, "process fulfil_order", 5},
			} {
				found := span.from.Span(span.name)
				if len(found) != 1 || found[0].ParentSpanID != parent.SpanID || i > 0 && found[0].TraceID != parent.TraceID || found[0].Kind != span.kind {
					t.Fatalf("%d: %s: %+v, want one below %+v", i, span.name, found, parent)
				}
				parent = found[0]
				if span.name == method && (parent.Attributes["rpc.system.name"] != c.system || parent.Attributes["rpc.response.status_code"] != "OK") {
					t.Errorf("%d: %s: %v", i, span.name, parent.Attributes)
				}
			}
			for name, from := range map[string]*e2e.Telemetry{
				"http.client.request.duration": told, "http.server.request.duration": placed,
				"rpc.client.call.duration": placed, "rpc.server.call.duration": taken,
				"messaging.process.duration": worked,
			} {
				if from.Metrics[name].Unit != "s" {
					t.Errorf("the metric %s of the call is missing", name)
				}
			}
		})
	}
}

// caller is a service that may call others.
type caller struct{ program, config string }

// start starts the service with a collector of its own.
func (c caller) start(t *testing.T, args []string, environment ...string) *calling {
	t.Helper()
	collector, address := e2e.StartCollector(t, c.config), e2e.FreeAddress(t)
	process := e2e.Start(t, append([]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT=" + collector.Endpoint, "ENVIRONMENT=development", "HTTP_ADDR=" + address,
	}, environment...), c.program, args...)
	process.AwaitOK("http://" + address + "/readyz")
	return &calling{process, collector, "http://" + address}
}

// calling is a caller that runs.
type calling struct {
	process   *e2e.Process
	collector *e2e.Collector
	url       string
}

// await waits until the service has logged something.
func (c *calling) await(t *testing.T, text string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !strings.Contains(c.process.Stdout.String(), text); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("has not logged %s\n%s", text, &c.process.Stdout)
		}
	}
}

// stop ends the service and returns its telemetry.
func (c *calling) stop(t *testing.T) *e2e.Telemetry {
	t.Helper()
	if code := c.process.Stop(); code != 0 {
		t.Errorf("exit status %d\n%s", code, &c.process.Stderr)
	}
	return c.collector.Stop()
}
