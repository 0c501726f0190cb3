//go:build !unix

package main

import "os/exec"

// runWithChildren runs cmd. What it has started may outlive it.
func runWithChildren(cmd *exec.Cmd) error { return cmd.Run() }
