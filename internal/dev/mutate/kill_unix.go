//go:build unix

package main

import (
	"os/exec"
	"syscall"
)

// runWithChildren runs cmd and kills what it has started, whether it ends by
// itself or with its context: a test that fails may leave a service running.
func runWithChildren(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	if err := cmd.Start(); err != nil {
		return err
	}
	err := cmd.Wait()
	_ = cmd.Cancel() // fails if nothing is left
	return err
}
