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
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

const (
	service  = "../golden/default"
	otelhttp = "go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp@v0.72.0"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "overhead:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	dir, err := os.MkdirTemp("", "overhead")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := os.CopyFS(dir, os.DirFS(service)); err != nil {
		return err
	}
	if err := os.CopyFS(filepath.Join(dir, "internal", "overhead"), os.DirFS("_bench")); err != nil {
		return err
	}
	if err := command(dir, "get", otelhttp); err != nil {
		return err
	}
	test := []string{"test", "-count=1", "-timeout=0", "-v", "./internal/overhead", "-args"}
	return command(dir, append(test, args...)...)
}

func command(dir string, args ...string) error {
	cmd := exec.CommandContext(context.Background(), "go", args...) //nolint:gosec // the arguments are ours
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, os.Stdout, os.Stderr
	return cmd.Run()
}
