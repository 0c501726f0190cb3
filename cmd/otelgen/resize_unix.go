//go:build unix

package main

import (
	"os"
	"os/signal"
	"syscall"
)

// notifyOfResizes has a channel hear of new sizes of the terminal.
func notifyOfResizes(resizes chan<- os.Signal) { signal.Notify(resizes, syscall.SIGWINCH) }
