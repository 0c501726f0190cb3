// Overhead compares what the HTTP server instrumentation of a generated service costs
// on each router with what the instrumentation costs that the router's documentation
// recommends, on the same handler:
//
//	cd testdata/overhead && go run . [-rounds 9] [-requests 40000]
//
// It makes a service for each router in a temporary directory, where it may import the
// service's internal packages and add the stock instrumentation to its go.mod, and runs
// the tests of _bench there. A figure is CPU time of the process per request, clients
// included, since wall time says nothing on a shared machine. Compare the ratios of one
// run; the figures of two runs are not comparable.
package main

import (
	"fmt"
	"path/filepath"

	"github.com/otelgen/otelgen/testdata/overhead/internal/bench"
)

const (
	otelhttp = "go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp@v0.72.0"
	otelgin  = "go.opentelemetry.io/contrib/instrumentation/github.com/gin-gonic/gin/otelgin@v0.71.0"
	echootel = "github.com/labstack/echo-opentelemetry@v0.0.3"
)

// routers are measured by the test of _bench that has their name.
var routers = []struct{ name, stock string }{
	{"stdlib", otelhttp},
	{"chi", otelhttp},
	{"gin", otelgin},
	{"echo", echootel},
}

func main() { bench.Main("overhead", run) }

func run(dir string, args []string) error {
	for _, r := range routers {
		service := filepath.Join(dir, r.name)
		if err := bench.New(service, "--router", r.name, "--api", "plain", "--sample", "none"); err != nil {
			return err
		}
		fmt.Println("\n" + r.name)
		tests := []string{"_bench/overhead_test.go", "_bench/" + r.name + "_test.go"}
		if err := bench.Measure(service, tests, []string{r.stock}, args); err != nil {
			return err
		}
	}
	return nil
}
