package main

import (
	"fmt"
	"syscall"
)

// interruptedError says that a signal, or the key that stands for it, has ended
// a command.
type interruptedError struct{ signal syscall.Signal }

func (e interruptedError) Error() string {
	return fmt.Sprintf("otelgen: %v; nothing has been written", e.signal)
}
