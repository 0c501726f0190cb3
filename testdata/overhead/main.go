// Overhead compares what the HTTP server instrumentation of a generated
// service costs with what otelhttp costs, on the same handler:
//
//	cd testdata/overhead && go run . [-rounds 9] [-requests 40000]
//
// It copies the service to a temporary directory, where it may import the
// service's internal packages and add otelhttp to its go.mod, and runs
// _bench/overhead_test.go there. A figure is CPU time of the process per
// request, clients included, since wall time says nothing on a shared machine.
// Compare the ratios of one run; the figures of two runs are not comparable.
package main

import (
	"os"

	"github.com/otelgen/otelgen/testdata/overhead/internal/bench"
)

const (
	service  = "../golden/default"
	otelhttp = "go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp@v0.72.0"
)

func main() { bench.Main("overhead", run) }

func run(dir string, args []string) error {
	if err := os.CopyFS(dir, os.DirFS(service)); err != nil {
		return err
	}
	return bench.Measure(dir, []string{"_bench/overhead_test.go"}, []string{otelhttp}, args)
}
