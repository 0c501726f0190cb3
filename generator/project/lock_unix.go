//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package project

import (
	"errors"
	"os"
	"syscall"
)

// lock locks a directory until it is closed; the end of the process, however it
// comes, closes it. If it is locked, lock waits or gives up.
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
