package main

import (
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
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

// asNobody runs a command as another user, who can still reach the files of the tests.
// Without root it runs the command as the present user.
func asNobody(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: as-nobody program args...")
	}
	if syscall.Geteuid() != 0 {
		ts.Check(ts.Exec(args[0], args[1:]...))
		return
	}
	const nobody, dacOverride = 65534, 1
	program := filepath.Join(ts.Getenv("BIN"), args[0])
	// A shell, for capabilities have no effect before there is another program.
	cmd := exec.Command("/bin/sh", slices.Concat([]string{"-c", `cd "$0" && exec "$@"`, ts.MkAbs("."), program}, args[1:])...)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Credential:  &syscall.Credential{Uid: nobody, Gid: nobody},
		AmbientCaps: []uintptr{dacOverride},
	}
	out, err := cmd.CombinedOutput()
	ts.Logf("%s", out)
	ts.Check(err)
}
