//go:build matrix

package e2e_test

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/internal/dev/e2e"
)

// brokers are programs that run a broker at a port, by the modules of a service that
// uses it, and what such a service has to know.
var brokers = map[string]struct {
	program, destination string
	environment          func(address, group string) []string
}{
	"kafka": {
		program: `package main

import (
	"os"
	"strconv"

	"github.com/twmb/franz-go/pkg/kfake"
)

func main() {
	port, err := strconv.Atoi(os.Args[1])
	if err != nil {
		panic(err)
	}
	if _, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.Ports(port), kfake.EnableSASL(), kfake.Superuser("PLAIN", "app", "s3cret")); err != nil {
		panic(err)
	}
	select {}
}
`,
		destination: "shop-events",
		environment: func(address, group string) []string {
			return []string{"KAFKA_BROKERS=" + address, "KAFKA_PASSWORD=s3cret", "KAFKA_GROUP=" + group}
		},
	},
	"nats": {
		program: `package main

import (
	"os"
	"strconv"

	"github.com/nats-io/nats-server/v2/server"
)

func main() {
	port, err := strconv.Atoi(os.Args[1])
	if err != nil {
		panic(err)
	}
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: port, JetStream: true, StoreDir: os.Args[2], NoSigs: true, Username: "app", Password: "s3cret",
	})
	if err != nil {
		panic(err)
	}
	s.Start()
	select {}
}
`,
		destination: "shop.order.placed",
		environment: func(address, group string) []string {
			return []string{"NATS_URL=nats://app@" + address, "NATS_PASSWORD=s3cret", "NATS_CONSUMER=" + group}
		},
	},
}

// Two services share a broker. An order of one is heard of by both, and all that follows
// from it is one trace, though it waits in a database and at the broker.
func TestMatrix_Events(t *testing.T) {
	t.Parallel()
	for name, broker := range brokers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "shop")
			e2e.New(t, e2e.Catalog(t), dir, generator.Spec{Service: "shop", Module: "shop", Slots: map[string]string{"database": "sqlite"}, Features: []string{name}})
			if err := os.Mkdir(filepath.Join(dir, "cmd", "broker"), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "cmd", "broker", "main.go"), []byte(broker.program), 0o600); err != nil {
				t.Fatal(err)
			}
			at := e2e.FreeAddress(t)
			_, port, err := net.SplitHostPort(at)
			if err != nil {
				t.Fatal(err)
			}
			e2e.Start(t, nil, e2e.Build(t, dir, "broker"), port, t.TempDir())
			program, config := e2e.Build(t, dir, "shop"), filepath.Join(dir, "deploy", "otel-collector.yaml")
			start := func(name string) (*e2e.Process, *e2e.Collector, string) {
				collector, address := e2e.StartCollector(t, config), e2e.FreeAddress(t)
				service := e2e.Start(t, append([]string{
					"OTEL_SERVICE_NAME=" + name, "OTEL_EXPORTER_OTLP_ENDPOINT=" + collector.Endpoint, "ENVIRONMENT=development", "SHUTDOWN_GRACE=0s",
					"HTTP_ADDR=" + address, "DATABASE_PATH=" + filepath.Join(t.TempDir(), "shop.db"),
				}, broker.environment(at, name)...), program)
				service.AwaitOK("http://" + address + "/readyz")
				return service, collector, address
			}
			seller, sellerCollector, address := start("seller")
			listener, listenerCollector, _ := start("listener")
			post(t, "http://"+address+"/orders", `{"customer":"ada","items":[{"sku":"teapot","quantity":1}]}`, http.StatusCreated)
			for _, service := range []*e2e.Process{seller, listener} {
				for deadline := time.Now().Add(30 * time.Second); !strings.Contains(service.Stdout.String(), "heard of an order"); time.Sleep(10 * time.Millisecond) {
					if time.Now().After(deadline) {
						t.Fatalf("does not hear of the order\n%s", &service.Stdout)
					}
				}
				if code := service.Stop(); code != 0 {
					t.Errorf("exit status %d\n%s", code, &service.Stderr)
				}
			}

			before, after := sellerCollector.Stop(), listenerCollector.Stop()
			request, send := before.Span("POST /orders"), before.Span("send "+broker.destination)
			if len(request) != 1 || len(send) != 1 || send[0].TraceID != traceID || send[0].Kind != 4 || send[0].Attributes["messaging.system"] != name {
				t.Fatalf("request %+v, sent by %+v", request, send)
			}
			below := map[string]string{} // the parent of each span
			for _, span := range before.Spans {
				below[span.SpanID] = span.ParentSpanID
			}
			ancestor := send[0].ParentSpanID
			for ancestor != request[0].SpanID && ancestor != "" {
				ancestor = below[ancestor]
			}
			if ancestor == "" {
				t.Errorf("sent by %+v, which is not below the request", send[0])
			}
			for _, arrived := range []*e2e.Telemetry{before, after} {
				process := arrived.Span("process " + broker.destination)
				if len(process) != 1 || process[0].TraceID != traceID || process[0].Kind != 5 || process[0].ParentSpanID != send[0].SpanID ||
					len(process[0].Links) != 1 || process[0].Links[0].SpanID != send[0].SpanID {
					t.Errorf("processed by %+v, sent by %+v", process, send[0])
				}
				if _, ok := arrived.Metrics["messaging.process.duration"]; !ok {
					t.Error("a metric of processing is missing")
				}
			}
		})
	}
}
