// Queries compares what the instrumentation of queries, and of Redis commands, costs
// in a generated service with what the stock instrumentation costs, on the same
// ones:
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

const (
	otelsql   = "github.com/XSAM/otelsql@v0.44.0"
	otelpgx   = "github.com/exaring/otelpgx@v0.13.0"
	gorm      = "gorm.io/plugin/opentelemetry/tracing@v0.1.16"
	redisotel = "github.com/redis/go-redis/extra/redisotel/v9@v9.23.0"
)

// services are measured by the test of _bench that has their name.
var services = []struct {
	name  string
	flags []string
	stock []string // modules
}{
	{"redis", []string{"--with", "redis"}, []string{redisotel}},
	{"sqlite", []string{"--database", "sqlite", "--store", "gorm"}, []string{otelsql, gorm}},
	{"postgres", []string{"--database", "postgres", "--store", "gorm"}, []string{otelsql, otelpgx, gorm}},
}

func main() { bench.Main("queries", run) }

func run(dir string, args []string) error {
	for _, s := range services {
		service := filepath.Join(dir, s.name)
		if err := bench.New(service, s.flags...); err != nil {
			return err
		}
		tests := []string{"queries/_bench/measure_test.go", "queries/_bench/" + s.name + "_test.go"}
		if err := bench.Measure(service, tests, s.stock, args); err != nil {
			return err
		}
	}
	return nil
}
