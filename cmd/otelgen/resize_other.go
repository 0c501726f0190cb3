//go:build !unix

package main

import "os"

// notifyOfResizes does nothing: this system has no signal for it.
func notifyOfResizes(chan<- os.Signal) {}
