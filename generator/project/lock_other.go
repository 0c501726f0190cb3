//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package project

import (
	"os"
	"runtime"
)

// lock reports true on Windows, where an open directory cannot be renamed, and
// that serves as the lock of a staging directory. It does not keep two runs from
// changing one project at the same time: LockFileEx takes no directories, and a file
// that is locked would have to stay for ever. On other systems, lock never gets one.
func lock(*os.File, bool) bool { return runtime.GOOS == "windows" }
