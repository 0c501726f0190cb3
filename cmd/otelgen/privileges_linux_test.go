package main

import (
	"runtime"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"
)

// dropPrivileges makes root as bound to the modes of files as everybody, for
// what the script runs from here on.
func dropPrivileges(ts *testscript.TestScript, _ bool, _ []string) {
	if syscall.Geteuid() != 0 {
		return
	}
	runtime.LockOSThread() // it ends with the script: what it lost never comes back
	const dacOverride, dacReadSearch = 1, 2
	for _, capability := range []uintptr{dacOverride, dacReadSearch} {
		if _, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, syscall.PR_CAPBSET_DROP, capability, 0); errno != 0 {
			ts.Fatalf("capability %d: cannot be dropped: %v", capability, errno)
		}
	}
}
