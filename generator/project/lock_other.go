//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package project

import (
	"os"
	"runtime"
)

// lock has nothing to do on Windows, where a directory that is open cannot be
// renamed. Elsewhere nothing can be said to be free.
func lock(*os.File, bool) bool { return runtime.GOOS == "windows" }
