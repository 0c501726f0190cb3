//go:build unix

package main

import (
	"os"
	"os/signal"
	"syscall"
)

// notifyOfResizes sends to a channel when the size of the terminal changes.
func notifyOfResizes(resizes chan<- os.Signal) { signal.Notify(resizes, syscall.SIGWINCH) }
