//go:build !linux

package project

import "testing"

// stopBeingRoot does nothing where tests do not run as root.
func stopBeingRoot(*testing.T, string) {}
