//go:build !unix

package main

import "os"

// notifyOfResizes does nothing where no signal tells of them.
func notifyOfResizes(chan<- os.Signal) {}
