//go:build !linux

package project

import "testing"

// stopBeingRoot does nothing: on these systems the tests do not run as root.
func stopBeingRoot(*testing.T, string) {}
