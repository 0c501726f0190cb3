// Overheadredis compares what the Redis instrumentation of a generated service
// costs with what redisotel costs, on the same commands:
//
//	cd testdata/overheadredis && go run . [-rounds 9] [-commands 20000]
//
// It takes redis-server. It makes a service with Redis in a temporary directory,
// adds redisotel to its go.mod, and runs _bench/overhead_test.go there. A figure
// is CPU time of the process per command, since wall time says nothing on a
// shared machine. Compare the ratios of one run; the figures of two runs are not
// comparable.
package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

const redisotel = "github.com/redis/go-redis/extra/redisotel/v9@v9.23.0"

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "overheadredis:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	parent, err := os.MkdirTemp("", "overheadredis")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(parent) }()
	dir := filepath.Join(parent, "shop")
	if err := command("../..", "run", "./cmd/otelgen", "new", "shop", "--module", "shop", "--with", "redis", "--no-git", "--dir", dir); err != nil {
		return err
	}
	if err := os.CopyFS(filepath.Join(dir, "internal", "overhead"), os.DirFS("_bench")); err != nil {
		return err
	}
	if err := command(dir, "get", redisotel); err != nil {
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
