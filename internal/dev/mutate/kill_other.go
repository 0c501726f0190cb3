//go:build !unix

package main

import "os/exec"

// runWithChildren runs cmd. The processes that it starts may outlive it.
func runWithChildren(cmd *exec.Cmd) error { return cmd.Run() }
