package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Linter is the linter of generated services and of otelgen itself, pinned.
const Linter = "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0"

// Clone commits a copy of the project in dir to a repository of its own and
// returns a clone of that: what the project's own .gitignore keeps out of git
// is missing there, as it would be for everybody but its author.
func Clone(t testing.TB, dir string) string {
	t.Helper()
	origin, clone := filepath.Join(t.TempDir(), "origin"), filepath.Join(t.TempDir(), filepath.Base(dir))
	if err := os.CopyFS(origin, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"-C", origin, "init", "--quiet"},
		{"-C", origin, "add", "--all"},
		{"-C", origin, "-c", "user.name=test", "-c", "user.email=test@example.com", "commit", "--quiet", "--message=all"},
		{"clone", "--quiet", origin, clone},
	} {
		out, err := exec.CommandContext(t.Context(), "git", args...).CombinedOutput()
		if err != nil {
			t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	return clone
}

// CheckProject holds a project to what every generated one promises: it
// builds, its modules are tidy, gofmt, go vet and the linter have nothing to
// say, and its tests are green under the race detector.
func CheckProject(t *testing.T, dir string) {
	t.Helper()
	gofmt, err := exec.CommandContext(t.Context(), "gofmt", "-l", dir).CombinedOutput()
	if err != nil || len(gofmt) > 0 {
		t.Errorf("gofmt: %v\n%s", err, gofmt)
	}
	for _, args := range [][]string{
		{"mod", "tidy", "-diff"},
		{"build", "./..."},
		{"vet", "./..."},
		{"run", Linter, "run", "--allow-parallel-runners"},
		{"test", "-race", "./..."},
	} {
		if out := Go(t, dir, args...); args[0] == "test" {
			t.Logf("%s", out)
		}
	}
}
