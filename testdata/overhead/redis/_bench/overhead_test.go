// Package overhead is copied into a service and run there; see ../main.go.
package overhead

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/redis/go-redis/extra/redisotel/v9"
	"github.com/redis/go-redis/v9"
	"go.opentelemetry.io/otel"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"shop/internal/redisclient"
)

var (
	rounds   = flag.Int("rounds", 7, "how often each variant is measured")
	commands = flag.Int("commands", 20_000, "commands per measurement")
)

type dropping struct{}

func (dropping) ExportSpans(context.Context, []sdktrace.ReadOnlySpan) error { return nil }
func (dropping) Shutdown(context.Context) error                             { return nil }

// server starts Redis and returns its address.
func server(t *testing.T) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	_ = listener.Close()
	cmd := exec.Command("redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = cmd.Process.Kill(), cmd.Wait() })
	return "127.0.0.1:" + port
}

// cpu is the time that this process has used.
func cpu() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func TestOverhead(t *testing.T) {
	address := server(t)
	otel.SetMeterProvider(sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader())))
	plain := func() *redis.Client { return redis.NewClient(&redis.Options{Addr: address, DisableIdentity: true}) }
	variants := []struct {
		name string
		make func() *redis.Client
	}{
		{"bare", plain},
		{"the service's", func() *redis.Client {
			client, err := redisclient.Open(t.Context(), redisclient.Config{
				URL: redisclient.Secret("redis://" + address), ConnectTimeout: 10 * time.Second, Timeout: time.Second, MaxConns: 10, MaxConnIdleTime: time.Minute,
			}, slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			return client.Client
		}},
		{"redisotel, without statements and callers", func() *redis.Client {
			client := plain()
			if err := redisotel.InstrumentTracing(client, redisotel.WithDBStatement(false), redisotel.WithCallerEnabled(false)); err != nil {
				t.Fatal(err)
			}
			if err := redisotel.InstrumentMetrics(client); err != nil {
				t.Fatal(err)
			}
			return client
		}},
		{"redisotel as it comes", func() *redis.Client {
			client := plain()
			if err := redisotel.InstrumentTracing(client); err != nil {
				t.Fatal(err)
			}
			if err := redisotel.InstrumentMetrics(client); err != nil {
				t.Fatal(err)
			}
			return client
		}},
	}
	for _, share := range []float64{0, 1} {
		provider := sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(share))), sdktrace.WithBatcher(dropping{}))
		otel.SetTracerProvider(provider)
		costs := make([][]float64, len(variants))
		clients := make([]*redis.Client, len(variants))
		for i, v := range variants {
			clients[i] = v.make()
			clients[i].Set(t.Context(), "key", "value", 0)
		}
		for range *rounds {
			for i, client := range clients {
				began := cpu()
				for range *commands {
					ctx, span := provider.Tracer("bench").Start(t.Context(), "parent")
					if err := client.Get(ctx, "key").Err(); err != nil {
						t.Fatal(err)
					}
					span.End()
				}
				costs[i] = append(costs[i], float64(cpu()-began)/float64(*commands)/1000)
			}
		}
		table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintf(table, "sampled %.0f %%\tus CPU\textra\tratio to bare\n", 100*share)
		bare := median(costs[0])
		for i, v := range variants {
			m := median(costs[i])
			fmt.Fprintf(table, "%s\t%.1f\t%.1f\t%.2f\n", v.name, m, m-bare, m/bare)
			_ = clients[i].Close()
		}
		_ = table.Flush()
	}
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
