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
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
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

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "queries:", err)
		os.Exit(1)
	}
}

func run(args []string) (err error) {
	dir, err := os.MkdirTemp("", "overhead")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	otelgen := filepath.Join(dir, "otelgen")
	if err := command("../..", "build", "-o", otelgen, "./cmd/otelgen"); err != nil {
		return err
	}
	for _, s := range services {
		service := filepath.Join(dir, s.database, "shop")
		if err := os.Mkdir(filepath.Dir(service), 0o750); err != nil {
			return err
		}
		made := exec.CommandContext(context.Background(), otelgen, "new", service, //nolint:gosec // we built it
			"--module", "shop", "--database", s.database, "--store", s.store)
		if out, err := made.CombinedOutput(); err != nil {
			return fmt.Errorf("%w\n%s", err, out)
		}
		bench := filepath.Join(service, "internal", "overhead")
		if err := os.Mkdir(bench, 0o750); err != nil {
			return err
		}
		for _, name := range []string{"measure_test.go", s.database + "_test.go"} {
			content, err := os.ReadFile(filepath.Join("queries", "_bench", name))
			if err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(bench, name), content, 0o600); err != nil { //nolint:gosec // its name is ours
				return err
			}
		}
		if err := command(service, append([]string{"get"}, s.stock...)...); err != nil {
			return err
		}
		test := []string{"test", "-count=1", "-timeout=0", "-v", "./internal/overhead", "-args"}
		if err := command(service, append(test, args...)...); err != nil {
			return err
		}
	}
	return nil
}

func command(dir string, args ...string) error {
	cmd := exec.CommandContext(context.Background(), "go", args...) //nolint:gosec // the arguments are ours
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, os.Stdout, os.Stderr
	return cmd.Run()
}
