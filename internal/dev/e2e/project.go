package e2e

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// linter is that of generated services and of otelgen itself, pinned.
const linter = "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0"

// Clone commits a copy of the project in dir to a repository of its own and
// returns a clone of that: what the project's own .gitignore keeps out of git
// is missing there, as it would be for everybody but its author.
func Clone(t testing.TB, dir string) string {
	t.Helper()
	clone := filepath.Join(t.TempDir(), filepath.Base(dir))
	CloneTo(t, dir, clone)
	return clone
}

// CloneTo is Clone into the directory to, in place of what is there.
//
// Go's caches take for the same what has the same path, content and times. So
// projects that are cloned to one directory share the packages that are the same
// in them, and their test results: a file's time follows from its content.
func CloneTo(t testing.TB, dir, to string) {
	t.Helper()
	origin := filepath.Join(t.TempDir(), "origin")
	if err := errors.Join(os.CopyFS(origin, os.DirFS(dir)), os.RemoveAll(to)); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"-C", origin, "init", "--quiet"},
		{"-C", origin, "add", "--all"},
		{"-C", origin, "-c", "user.name=test", "-c", "user.email=test@example.com", "commit", "--quiet", "--message=all"},
		{"clone", "--quiet", origin, to},
	} {
		out, err := exec.CommandContext(t.Context(), "git", args...).CombinedOutput()
		if err != nil {
			t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	err := filepath.WalkDir(to, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.Name() == ".git" && entry.IsDir():
			return fs.SkipDir
		}
		content := []byte(nil)
		if entry.Type().IsRegular() {
			if content, err = os.ReadFile(path); err != nil {
				return err
			}
		}
		hash := sha256.Sum256(content)
		at := time.Unix(int64(binary.BigEndian.Uint32(hash[:])/4), 0) // some time before 2004
		return os.Chtimes(path, at, at)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// CheckProject holds a project to what every generated one promises: its
// modules are tidy, gofmt, go vet and the linter have nothing to say, and its tests,
// which link all of it, are green, with these flags. It returns how many packages have
// tests, and of how many the result was in the cache.
func CheckProject(t testing.TB, dir string, testFlags ...string) (tested, cached int) {
	t.Helper()
	gofmt, err := exec.CommandContext(t.Context(), "gofmt", "-l", dir).CombinedOutput()
	if err != nil || len(gofmt) > 0 {
		t.Errorf("gofmt: %v\n%s", err, gofmt)
	}
	for _, args := range [][]string{
		{"mod", "tidy", "-diff"},
		{"vet", "./..."},
	} {
		Go(t, dir, args...)
	}
	lint(t, dir)
	out := Go(t, dir, append(append([]string{"test", "-vet=off", "-timeout", "5m"}, testFlags...), "./...")...) // vet had its say
	t.Logf("%s", out)
	for line := range strings.Lines(out) {
		if strings.HasPrefix(line, "ok ") {
			tested++
			if strings.Contains(line, "(cached)") {
				cached++
			}
		}
	}
	return tested, cached
}

// linted has the packages in which the linter has found nothing.
var linted sync.Map

// lint runs the linter on the packages of a project. Its findings about a package
// follow from the files of that, so a package that is the same in many projects is
// linted once.
func lint(t testing.TB, dir string) {
	t.Helper()
	packages := map[string]string{} // what tells one from another, by directory
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" {
			return err
		}
		content, err := os.ReadFile(path)
		packages[filepath.Dir(path)] += path + "\x00" + string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var unknown []string
	var sums [][sha256.Size]byte
	for _, at := range slices.Sorted(maps.Keys(packages)) {
		sum := sha256.Sum256([]byte(packages[at]))
		if _, known := linted.Load(sum); known {
			continue
		}
		sub, err := filepath.Rel(dir, at)
		if err != nil {
			t.Fatal(err)
		}
		unknown, sums = append(unknown, "./"+filepath.ToSlash(sub)), append(sums, sum)
	}
	if len(sums) == 0 {
		return
	}
	Lint(t, dir, unknown...)
	for _, sum := range sums {
		linted.Store(sum, true)
	}
}

// Lint runs the linter on these packages of a project. It forgets what it has found out
// about all other modules when go.mod is another, so all projects have that of the pins for
// it: those of one name then share that, which takes longer than everything else.
func Lint(t testing.TB, dir string, packages ...string) {
	t.Helper()
	for _, name := range []string{"go.mod", "go.sum"} {
		path := filepath.Join(dir, name)
		info, err1 := os.Stat(path)
		own, err2 := os.ReadFile(path)
		pins, err3 := os.ReadFile(filepath.Join(Root(t), "testdata", "pins", name))
		if err := errors.Join(err1, err2, err3); err != nil {
			t.Fatal(err)
		}
		if name == "go.mod" {
			module, _, _ := strings.Cut(string(own), "\n")
			_, requires, _ := strings.Cut(string(pins), "\n")
			pins = []byte(module + "\n" + requires)
		}
		if err := os.WriteFile(path, pins, 0o600); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := errors.Join(os.WriteFile(path, own, 0o600), os.Chtimes(path, info.ModTime(), info.ModTime())); err != nil {
				t.Error(err)
			}
		}()
	}
	Go(t, dir, append([]string{"run", linter, "run", "--allow-parallel-runners"}, packages...)...)
}
