// Package overhead is copied into a service and run there; see ../main.go.
package overhead

import (
	"cmp"
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
	rounds  = flag.Int("rounds", 15, "how often each variant is measured")
	queries = flag.Int("queries", 5_000, "queries per measurement")
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
		bare, ours := least(costs[0]), least(costs[1])
		for i, v := range variants {
			c, ratio := least(costs[i]), ""
			if i >= 2 {
				ratio = fmt.Sprintf("%.2f", (ours.cpu-bare.cpu)/(c.cpu-bare.cpu))
			}
			_, _ = fmt.Fprintf(table, "%s, %s\t%.2f\t%+.2f\t%s\t%.1f\t\n", v.name, state, c.cpu, c.cpu-bare.cpu, ratio, c.allocs)
		}
	}
	_ = table.Flush()
}

// cost is per query.
type cost struct{ cpu, allocs float64 }

// least returns the least of costs: whatever else a machine does only adds to it.
func least(costs []cost) cost {
	return slices.MinFunc(costs, func(a, b cost) int { return cmp.Compare(a.cpu, b.cpu) })
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
