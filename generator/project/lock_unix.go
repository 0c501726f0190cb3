//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package project

import (
	"errors"
	"os"
	"syscall"
)

// lock locks a directory until it is closed, or the process ends, and reports
// whether it did. If another process holds the lock, lock waits for it or, if
// wait is false, reports false.
func lock(dir *os.File, wait bool) bool {
	how := syscall.LOCK_EX
	if !wait {
		how |= syscall.LOCK_NB
	}
	for {
		if err := syscall.Flock(int(dir.Fd()), how); !errors.Is(err, syscall.EINTR) {
			return err == nil
		}
	}
}
