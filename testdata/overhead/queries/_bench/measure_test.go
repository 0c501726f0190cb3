// Package overhead is copied into a service and run there; see ../main.go.
package overhead

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"text/tabwriter"
	"time"

	"go.opentelemetry.io/otel"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

var (
	rounds  = flag.Int("rounds", 7, "how often each variant is measured")
	queries = flag.Int("queries", 20_000, "queries per measurement")
)

// A variant makes a query, once it is opened.
type variant struct {
	name string
	open func(t *testing.T) (query func(ctx context.Context) error)
}

// compare measures variants, the first of which is bare, the second ours and the
// others stock. It interleaves them, so that whatever else the machine does
// meets all of them.
func compare(t *testing.T, title string, variants ...variant) {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintf(table, "%s\tCPU us/query\textra\tours of its extra\tallocs\t\n", title)
	for _, sampled := range []bool{false, true} {
		costs := make([][]cost, len(variants))
		for range *rounds {
			for i, v := range variants {
				costs[i] = append(costs[i], measure(t, v, sampled))
			}
		}
		state := "unsampled"
		if sampled {
			state = "sampled"
		}
		for i, v := range variants {
			ratios := make([]float64, *rounds)
			for n := range ratios {
				ratios[n] = (costs[1][n].cpu - costs[0][n].cpu) / (costs[i][n].cpu - costs[0][n].cpu)
			}
			ratio := fmt.Sprintf("%.2f", median(ratios, func(r float64) float64 { return r }))
			if i < 2 {
				ratio = ""
			}
			us := median(costs[i], func(c cost) float64 { return c.cpu })
			bare := median(costs[0], func(c cost) float64 { return c.cpu })
			_, _ = fmt.Fprintf(table, "%s, %s\t%.2f\t%+.2f\t%s\t%.1f\t\n", v.name, state, us, us-bare, ratio,
				median(costs[i], func(c cost) float64 { return c.allocs }))
		}
	}
	_ = table.Flush()
}

// cost is per query.
type cost struct{ cpu, allocs float64 }

func median[T any](all []T, of func(T) float64) float64 {
	values := make([]float64, len(all))
	for i, one := range all {
		values[i] = of(one)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// measure makes the query of a variant over and over, below a span as there is
// one in a service. Spans are dropped when they end: exporting costs the same,
// whoever made them.
func measure(t *testing.T, v variant, sampled bool) cost {
	sampler := sdktrace.NeverSample()
	if sampled {
		sampler = sdktrace.AlwaysSample()
	}
	traces := sdktrace.NewTracerProvider(sdktrace.WithSampler(sampler))
	meters := sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader()))
	otel.SetTracerProvider(traces)
	otel.SetMeterProvider(meters)
	defer func() { _, _ = traces.Shutdown(context.Background()), meters.Shutdown(context.Background()) }()

	var result cost
	t.Run(v.name, func(t *testing.T) {
		query := v.open(t)
		run := func(n int) {
			for range n {
				ctx, span := traces.Tracer("test").Start(context.Background(), "request")
				if err := query(ctx); err != nil {
					t.Fatal(err)
				}
				span.End()
			}
		}
		run(*queries / 10) // warm up
		runtime.GC()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := cpuTime(t)
		run(*queries)
		used := cpuTime(t) - start
		runtime.ReadMemStats(&after)
		n := float64(*queries)
		result = cost{cpu: used.Seconds() * 1e6 / n, allocs: float64(after.Mallocs-before.Mallocs) / n}
	})
	return result
}

func cpuTime(t *testing.T) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
