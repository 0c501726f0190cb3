// Redis compares what the Redis instrumentation of a generated service costs with
// what redisotel costs, on the same commands:
//
//	cd testdata/overhead && go run ./redis [-rounds 9] [-commands 20000]
//
// It takes redis-server. It makes a service with Redis in a temporary directory,
// adds redisotel to its go.mod, and runs _bench/overhead_test.go there. A figure
// is CPU time of the process per command, since wall time says nothing on a
// shared machine. Compare the ratios of one run; the figures of two runs are not
// comparable.
package main

import (
	"path/filepath"

	"github.com/otelgen/otelgen/testdata/overhead/internal/bench"
)

const redisotel = "github.com/redis/go-redis/extra/redisotel/v9@v9.23.0"

func main() { bench.Main("redis", run) }

func run(dir string, args []string) error {
	service := filepath.Join(dir, "shop")
	if err := bench.New(service, "--with", "redis"); err != nil {
		return err
	}
	return bench.Measure(service, []string{"redis/_bench/overhead_test.go"}, []string{redisotel}, args)
}
