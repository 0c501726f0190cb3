// Package overhead is copied into a service and run there; see ../main.go.
package overhead

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"text/tabwriter"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"shop/internal/httpserver"
)

var (
	rounds   = flag.Int("rounds", 7, "how often each variant is measured")
	requests = flag.Int("requests", 40_000, "requests per measurement")
)

const (
	connections = 8
	body        = `{"id":"42","name":"widget","price":9.5,"tags":["a","b"]}` + "\n"
)

// variant serves GET /orders/{id} in one way. bare, router and stock, and what stock is
// called, are in the file of the router.
type variant struct {
	name    string
	sampler sdktrace.Sampler
	serve   func() http.Handler
}

var (
	none = sdktrace.ParentBased(sdktrace.TraceIDRatioBased(0))
	all  = sdktrace.ParentBased(sdktrace.TraceIDRatioBased(1))
)

// own is a sampler that is not the SDK's: spans are created with attributes for
// it to see, which costs.
type own struct{ sdktrace.Sampler }

// The router is a part of ours, because it reports the route, for which it
// looks twice. What that costs is shown apart as well.
var variants = []variant{
	{"bare", none, bare},
	{"our router alone", none, router},
	{"ours, unsampled", none, ours},
	{"ours, unsampled by a sampler of one's own", own{none}, ours},
	{stockName + ", unsampled", none, stock},
	{"ours, 100% to OTLP", all, ours},
	{stockName + ", 100% to OTLP", all, stock},
}

func ours() http.Handler {
	cfg := httpserver.InstrumentConfig{TrustIncomingTrace: true}
	handler, err := httpserver.Instrument(cfg, slog.New(slog.DiscardHandler), router())
	if err != nil {
		panic(err)
	}
	return handler
}

type order struct {
	ID    string   `json:"id"`
	Name  string   `json:"name"`
	Price float64  `json:"price"`
	Tags  []string `json:"tags"`
}

// answer is what every handler does.
func answer(w http.ResponseWriter, id string) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(order{id, "widget", 9.5, []string{"a", "b"}})
}

// TestOverhead interleaves the variants, so that whatever else the machine does
// meets all of them.
func TestOverhead(t *testing.T) {
	sink := startSink(t)
	costs := make([][]cost, len(variants))
	for range *rounds {
		for i, v := range variants {
			costs[i] = append(costs[i], measure(t, v, sink))
		}
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(table, "\tCPU us/request: min\tmedian\tratio of min\tof median\tmedian of ratios\tallocs/request\textra\tbytes\t")
	base := summarize(costs[0])
	for i, v := range variants {
		s := summarize(costs[i])
		_, _ = fmt.Fprintf(table, "%s\t%.2f\t%.2f\t%.2f\t%.2f\t%.2f\t%.1f\t%+.1f\t%.0f\t\n", v.name,
			s.least.Seconds()*1e6, s.median.Seconds()*1e6,
			s.least.Seconds()/base.least.Seconds(), s.median.Seconds()/base.median.Seconds(),
			medianRatio(costs[i], costs[0]),
			s.allocs, s.allocs-base.allocs, s.bytes)
	}
	_ = table.Flush()
}

// cost is per request.
type cost struct {
	cpu           time.Duration
	allocs, bytes float64
}

type summary struct {
	least, median time.Duration
	allocs, bytes float64
}

func summarize(costs []cost) summary {
	costs = slices.Clone(costs)
	slices.SortFunc(costs, func(a, b cost) int { return int(a.cpu - b.cpu) })
	middle := costs[len(costs)/2]
	return summary{costs[0].cpu, middle.cpu, middle.allocs, middle.bytes}
}

// medianRatio compares round by round, which a machine that is now busy and
// now idle disturbs least.
func medianRatio(costs, base []cost) float64 {
	ratios := make([]float64, len(costs))
	for i := range costs {
		ratios[i] = costs[i].cpu.Seconds() / base[i].cpu.Seconds()
	}
	slices.Sort(ratios)
	return ratios[len(ratios)/2]
}

// measure charges a variant for everything up to the export of its last span.
func measure(t *testing.T, v variant, sink string) cost {
	flush := installSDK(t, v.sampler, sink)
	server := httptest.NewServer(v.serve())
	defer server.Close()
	clients := make([]*client, connections)
	for i := range clients {
		clients[i] = dial(t, server.Listener.Addr().String())
	}
	drive(t, clients, *requests/10) // warm up
	flush()

	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := cpuTime(t)
	drive(t, clients, *requests)
	flush()
	used := cpuTime(t) - start
	runtime.ReadMemStats(&after)
	for _, c := range clients {
		_ = c.Close()
	}
	n := float64(*requests)
	return cost{
		cpu:    used / time.Duration(*requests),
		allocs: float64(after.Mallocs-before.Mallocs) / n,
		bytes:  float64(after.TotalAlloc-before.TotalAlloc) / n,
	}
}

func installSDK(t *testing.T, sampler sdktrace.Sampler, sink string) (flush func()) {
	ctx := context.Background()
	spans, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(sink+"/v1/traces"))
	if err != nil {
		t.Fatal(err)
	}
	metrics, err := otlpmetrichttp.New(ctx, otlpmetrichttp.WithEndpointURL(sink+"/v1/metrics"))
	if err != nil {
		t.Fatal(err)
	}
	traces := sdktrace.NewTracerProvider(
		sdktrace.WithSampler(sampler),
		sdktrace.WithBatcher(spans, sdktrace.WithBlocking())) // or what is dropped would be free
	meters := sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewPeriodicReader(metrics)))
	otel.SetTracerProvider(traces)
	otel.SetMeterProvider(meters)
	otel.SetTextMapPropagator(propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{}))
	t.Cleanup(func() { _, _ = traces.Shutdown(ctx), meters.Shutdown(ctx) })
	return func() {
		if err := traces.ForceFlush(ctx); err != nil {
			t.Fatal(err)
		}
	}
}

// client sends one request over and over without allocating.
type client struct {
	net.Conn
	responses *bufio.Reader
}

func dial(t *testing.T, address string) *client {
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	return &client{conn, bufio.NewReader(conn)}
}

var wire = []byte("GET /orders/42 HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: overhead\r\n\r\n")

func (c *client) do() error {
	if _, err := c.Write(wire); err != nil {
		return err
	}
	for {
		line, err := c.responses.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(line) == len("\r\n") {
			_, err = c.responses.Discard(len(body))
			return err
		}
	}
}

func drive(t *testing.T, clients []*client, n int) {
	var all sync.WaitGroup
	for _, c := range clients {
		all.Go(func() {
			for range n / len(clients) {
				if err := c.do(); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
}

func cpuTime(t *testing.T) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// The sink takes OTLP in a process of its own, so that receiving is not charged.
func startSink(t *testing.T) (url string) {
	child := exec.CommandContext(context.Background(), os.Args[0]) //nolint:gosec // this test itself
	child.Env = append(os.Environ(), "OVERHEAD_SINK=1")
	stdin, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = child.Wait()
	})
	url, err = bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(url)
}

func TestMain(m *testing.M) {
	if os.Getenv("OVERHEAD_SINK") == "" {
		os.Exit(m.Run())
	}
	sink := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
	}))
	fmt.Println(sink.URL)
	_, _ = io.Copy(io.Discard, os.Stdin) // until the parent is gone
}
