// Package bench measures the instrumentation of a generated service beside the
// stock one.
package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Main runs a measurement in a temporary directory, with the arguments of the
// command, and exits with 1 if it fails.
func Main(name string, measure func(dir string, args []string) error) {
	dir, err := os.MkdirTemp("", "overhead")
	if err == nil {
		err = errors.Join(measure(dir, os.Args[1:]), os.RemoveAll(dir))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, name+":", err)
		os.Exit(1)
	}
}

// New makes a service that flags choose.
func New(dir string, flags ...string) error {
	return command("../..", append([]string{"run", "./cmd/otelgen", "new", "shop", "--module", "shop", "--no-git", "--dir", dir}, flags...)...)
}

// Measure adds tests to the service in dir, where they may import its internal
// packages, and modules of stock instrumentation to its go.mod, and runs the tests
// with args.
func Measure(dir string, tests, stock, args []string) error {
	into := filepath.Join(dir, "internal", "overhead")
	if err := os.Mkdir(into, 0o750); err != nil {
		return err
	}
	for _, test := range tests {
		content, err := os.ReadFile(test)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(into, filepath.Base(test)), content, 0o600); err != nil {
			return err
		}
	}
	if err := command(dir, append([]string{"get"}, stock...)...); err != nil {
		return err
	}
	return command(dir, append([]string{"test", "-count=1", "-timeout=0", "-v", "./internal/overhead", "-args"}, args...)...)
}

func command(dir string, args ...string) error {
	cmd := exec.CommandContext(context.Background(), "go", args...) //nolint:gosec // the arguments are ours
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, os.Stdout, os.Stderr
	return cmd.Run()
}
