// Queries compares what the instrumentation of queries costs in a generated
// service with what the stock instrumentation costs, on the same query:
//
//	cd testdata/overhead && TEST_DATABASE_URL=postgres://... go run ./queries [-rounds 15] [-queries 5000]
//
// It makes services in a temporary directory, where it may import their internal
// packages and add the stock instrumentation to their go.mod, and runs the tests
// of _bench there. A figure is CPU time of the process per query, without that
// of a server. Compare those of one run; the figures of two runs are not comparable.
package main

import (
	"path/filepath"

	"github.com/otelgen/otelgen/testdata/overhead/internal/bench"
)

const otelsql = "github.com/XSAM/otelsql@v0.44.0"

// services are measured by the test of _bench that their database names.
var services = []struct {
	database, store string
	stock           []string // modules
}{
	{"sqlite", "sql", []string{otelsql}},
	{"postgres", "gorm", []string{otelsql, "github.com/exaring/otelpgx@v0.13.0", "gorm.io/plugin/opentelemetry/tracing@v0.1.16"}},
}

func main() { bench.Main("queries", run) }

func run(dir string, args []string) error {
	for _, s := range services {
		service := filepath.Join(dir, s.database)
		if err := bench.New(service, "--database", s.database, "--store", s.store); err != nil {
			return err
		}
		tests := []string{"queries/_bench/measure_test.go", "queries/_bench/" + s.database + "_test.go"}
		if err := bench.Measure(service, tests, s.stock, args); err != nil {
			return err
		}
	}
	return nil
}
