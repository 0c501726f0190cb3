//go:build !linux

package main

import "github.com/rogpeppe/go-internal/testscript"

func dropPrivileges(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Fatalf("root has no privileges to drop here; skip the script")
}

func asNobody(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Fatalf("nobody is nobody here; skip the script")
}
