//go:build unix

package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// What a test has started ends with it, whether it ends by itself or is stopped.
func TestRun_LeavesNoProcess(t *testing.T) {
	for name, test := range map[string]struct {
		script string
		stop   bool
		want   error
	}{
		"fails":      {script: "sleep 60 & exit 1"},
		"is stopped": {script: "sleep 60 & wait", stop: true, want: context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			pipe := filepath.Join(dir, "pipe")
			if err := syscall.Mkfifo(pipe, 0o600); err != nil {
				t.Fatal(err)
			}
			b := &binary{path: filepath.Join(dir, "test"), dir: dir, timeout: time.Minute}
			if err := os.WriteFile(b.path, []byte("#!/bin/sh\nexec 3>pipe\n"+test.script+"\n"), 0o700); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			// Reading ends when no process has the pipe open.
			ended := make(chan error, 1)
			go func() {
				f, err := os.Open(pipe)
				if err != nil {
					ended <- err
					return
				}
				defer f.Close()
				if test.stop {
					cancel()
				}
				_, err = io.Copy(io.Discard, f)
				ended <- err
			}()
			if passed, err := b.run(ctx, &mutant{}, "."); passed || !errors.Is(err, test.want) {
				t.Errorf("passed: %v, error: %v, want %v", passed, err, test.want)
			}
			select {
			case err := <-ended:
				if err != nil {
					t.Error(err)
				}
			case <-time.After(20 * time.Second):
				t.Error("a process is left")
			}
		})
	}
}
