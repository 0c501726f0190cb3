//go:build !unix

package main

import "os/exec"

// killTogether does nothing: only cmd itself is killed.
func killTogether(*exec.Cmd) {}
