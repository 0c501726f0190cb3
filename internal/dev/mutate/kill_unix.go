//go:build unix

package main

import (
	"os/exec"
	"syscall"
)

// killTogether lets the end of cmd's context kill what cmd has started, too.
func killTogether(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
