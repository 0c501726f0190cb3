package generator

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestPure checks what generator depends on, directly or not: nothing that starts
// a process, and nothing that reads or writes projects. The linter checks direct
// imports only.
func TestPure(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	const module = "github.com/otelgen/otelgen/"
	deps := strings.Fields(string(out))
	if !slices.Contains(deps, module+"internal/modules") {
		t.Errorf("go list lists %s", out)
	}
	for _, denied := range []string{"os/exec", module + "generator/project", module + "internal/git", module + "templates"} {
		if slices.Contains(deps, denied) {
			t.Errorf("generator depends on %s", denied)
		}
	}
}
