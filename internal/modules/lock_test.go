package modules

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
)

// tidied returns what `go mod tidy` wrote for a real program: one that sends
// spans by OTLP, one that has Prometheus metrics, and one that does both.
func tidied(t *testing.T, name string) Files {
	t.Helper()
	read := func(file string) []byte {
		data, err := os.ReadFile(filepath.Join("testdata", file))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	return Files{Mod: read(name + ".mod"), Sum: read(name + ".sum")}
}

func compare(t *testing.T, what string, got, want Files) {
	t.Helper()
	if string(got.Mod) != string(want.Mod) {
		t.Errorf("%s: go.mod:\n%s\nwant:\n%s", what, got.Mod, want.Mod)
	}
	if string(got.Sum) != string(want.Sum) {
		t.Errorf("%s: go.sum:\n%s\nwant:\n%s", what, got.Sum, want.Sum)
	}
}

// world is a lock with all that a lock can say. a imports b; the tests of a need
// t, of which a and d require different versions and only the later needs u.
// d is not pruned, so the go.mod of what it requires is read.
// o/inner lies inside of o, and both have a package inner/x: go does not look
// into o/inner if only o is required.
const world = `# A comment.
go 1.26.0

module a.org/a v1.0.0
sum h1:a
mod h1:am
require b.org/b v1.0.0
require t.org/t v1.0.0
require u.org/u v1.0.0
package a.org/a
import b.org/b/sub
test t.org/t

module b.org/b v1.0.0
sum h1:b0
mod h1:b0m

module b.org/b v1.1.0
sum h1:b1
mod h1:b1m
package b.org/b/sub

module d.org/d v1.0.0
sum h1:d
mod h1:dm
require t.org/t v1.10.0
graph t.org/t v1.10.0
package d.org/d

module o.org/o v1.0.0
sum h1:o
mod h1:om
require o.org/o/inner v1.0.0
package o.org/o
import o.org/o/inner/x
package o.org/o/inner/x

module o.org/o/inner v1.0.0
sum h1:oi
mod h1:oim
testing o.org/o/inner/x
package o.org/o/inner/y

module t.org/t v1.0.0
sum h1:t0
mod h1:t0m
testing t.org/t

module t.org/t v1.10.0
sum h1:t1
mod h1:t1m
testing t.org/t
import u.org/u

module u.org/u v1.0.0
sum h1:u
mod h1:um
testing u.org/u
`

func parse(t *testing.T, lock string) *Lock {
	t.Helper()
	l, err := Parse("modules.lock", []byte(lock))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestLock_Files(t *testing.T) {
	l := parse(t, world)
	tests := []struct {
		name      string
		imports   []string
		mod, sums []string
	}{
		{"nothing", nil, nil, nil},
		{"a package, what it imports and what its tests need, each in its version", []string{"a.org/a"},
			[]string{"a.org/a v1.0.0", "b.org/b v1.1.0 // indirect"},
			[]string{"a.org/a v1.0.0 h1:a", "a.org/a v1.0.0/go.mod h1:am", "b.org/b v1.1.0 h1:b1", "b.org/b v1.1.0/go.mod h1:b1m", "t.org/t v1.0.0 h1:t0", "t.org/t v1.0.0/go.mod h1:t0m"}},
		{"what is imported, too, is direct", []string{"b.org/b/sub", "a.org/a", "b.org/b/sub"},
			[]string{"a.org/a v1.0.0", "b.org/b v1.1.0"},
			[]string{"a.org/a v1.0.0 h1:a", "a.org/a v1.0.0/go.mod h1:am", "b.org/b v1.1.0 h1:b1", "b.org/b v1.1.0/go.mod h1:b1m", "t.org/t v1.0.0 h1:t0", "t.org/t v1.0.0/go.mod h1:t0m"}},
		{"a module that is not pruned", []string{"d.org/d"},
			[]string{"d.org/d v1.0.0"},
			[]string{"d.org/d v1.0.0 h1:d", "d.org/d v1.0.0/go.mod h1:dm", "t.org/t v1.10.0/go.mod h1:t1m"}},
		{"a later version of what tests need, and what that needs", []string{"a.org/a", "d.org/d"},
			[]string{"a.org/a v1.0.0", "b.org/b v1.1.0 // indirect", "d.org/d v1.0.0"},
			[]string{"a.org/a v1.0.0 h1:a", "a.org/a v1.0.0/go.mod h1:am", "b.org/b v1.1.0 h1:b1", "b.org/b v1.1.0/go.mod h1:b1m", "d.org/d v1.0.0 h1:d", "d.org/d v1.0.0/go.mod h1:dm",
				"t.org/t v1.10.0 h1:t1", "t.org/t v1.10.0/go.mod h1:t1m", "u.org/u v1.0.0 h1:u", "u.org/u v1.0.0/go.mod h1:um"}},
		{"a module that might have had a package, but is not required", []string{"o.org/o"},
			[]string{"o.org/o v1.0.0"},
			[]string{"o.org/o v1.0.0 h1:o", "o.org/o v1.0.0/go.mod h1:om"}},
		{"a module that might have had a package", []string{"o.org/o", "o.org/o/inner/y"},
			[]string{"o.org/o v1.0.0", "o.org/o/inner v1.0.0"},
			[]string{"o.org/o v1.0.0 h1:o", "o.org/o v1.0.0/go.mod h1:om", "o.org/o/inner v1.0.0 h1:oi", "o.org/o/inner v1.0.0/go.mod h1:oim"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := l.Files("example.com/shop", tt.imports)
			if err != nil {
				t.Fatal(err)
			}
			f, err := modfile.Parse("go.mod", got.Mod, nil)
			if err != nil {
				t.Fatal(err)
			}
			var requires []string
			for _, r := range f.Require {
				line := r.Mod.Path + " " + r.Mod.Version
				if r.Indirect {
					line += " // indirect"
				}
				requires = append(requires, line)
			}
			if f.Module.Mod.Path != "example.com/shop" || f.Go.Version != "1.26.0" || strings.Join(requires, "\n") != sortedLines(tt.mod) {
				t.Errorf("go.mod:\n%s\nwant:\n%s", got.Mod, sortedLines(tt.mod))
			}
			if want := strings.Join(append(tt.sums, ""), "\n"); string(got.Sum) != want {
				t.Errorf("go.sum:\n%s\nwant:\n%s", got.Sum, want)
			}
		})
	}
}

// sortedLines puts indirect requirements behind the others.
func sortedLines(requires []string) string {
	var direct, indirect []string
	for _, r := range requires {
		if strings.HasSuffix(r, "// indirect") {
			indirect = append(indirect, r)
		} else {
			direct = append(direct, r)
		}
	}
	return strings.Join(append(direct, indirect...), "\n")
}

func TestLock_DoesNotKnow(t *testing.T) {
	l := parse(t, world)
	for _, importPath := range []string{"a.org/a/sub", "t.org/t", "m.org/m"} {
		if l.Knows(importPath) {
			t.Errorf("knows %s", importPath)
		}
		var unknown *UnknownError
		if _, err := l.Files("example.com/shop", []string{"a.org/a", importPath}); !errors.As(err, &unknown) || unknown.Package != importPath {
			t.Errorf("%s: %v", importPath, err)
		}
	}
	if !l.Knows("b.org/b/sub") {
		t.Error("does not know b.org/b/sub")
	}
	for path, want := range map[string]bool{"a.org/a": true, "b.org/b": true, "d.org/d": false, "t.org/t": false, "m.org/m": false} {
		if l.Requires(path, []string{"m.org/m", "a.org/a"}) != want {
			t.Errorf("with a, requires %s: %v", path, !want)
		}
	}
}

func TestLock_FormatGivesBackWhatIsParsed(t *testing.T) {
	l := parse(t, world)
	again := parse(t, string(l.Format()))
	if !reflect.DeepEqual(again, l) {
		t.Errorf("parsed again it differs:\n%s", again.Format())
	}
	_, lock, _ := strings.Cut(world, "\n")
	_, formatted, _ := strings.Cut(string(l.Format()), "\n")
	if formatted != lock {
		t.Errorf("got:\n%s\nwant:\n%s", formatted, lock)
	}
}

func TestParse_NamesEveryWrongLine(t *testing.T) {
	_, err := Parse("modules.lock", []byte(strings.TrimLeft(`
# a comment is fine, and so is an empty line

sum h1:x
go 1.26
go 1.27
go fast
with b
module m.org/x v1
module m.org/x
module m.org/x v1.2.0
mod x
mod h1:x
mod h1:y
import m.org/y
package m.org/y
package m.org/x
package m.org/x
require m.org/y v1.0.0
testing m.org/x/z
test m.org/y
module m.org/x v1.1.0
module m.org/x v1.2.0
`, "\n")))
	want := []string{
		"modules.lock:3: sum: stands before the first module",
		"modules.lock:5: go: declared twice",
		`modules.lock:6: "fast" is not a version of Go`,
		`modules.lock:7: "with": a line begins with go, module, sum, mod, require, graph, package, testing, import or test`,
		`modules.lock:8: module m.org/x: "v1" is not a full version`,
		`modules.lock:9: module "m.org/x": takes PATH VERSION`,
		`modules.lock:11: "x" is not a hash`,
		"modules.lock:13: mod: declared twice",
		"modules.lock:14: import: stands before the first package of the module",
		"modules.lock:15: package m.org/y: is not in module m.org/x",
		"modules.lock:17: package m.org/x: does not come after m.org/x; packages are sorted",
		"modules.lock:18: require: stands after a package; move it to the module",
		"modules.lock:20: test: is below testing m.org/x/z; tests of what only tests need do not count",
		"modules.lock:21: module m.org/x@v1.1.0: does not come after m.org/x@v1.2.0; modules are sorted",
		"modules.lock:22: module m.org/x@v1.2.0: does not come after m.org/x@v1.2.0; modules are sorted",
	}
	if err == nil || err.Error() != strings.Join(want, "\n") {
		t.Errorf("got:\n%v\nwant:\n%s", err, strings.Join(want, "\n"))
	}
	if _, err := Parse("empty", nil); err == nil || err.Error() != "empty: has no line `go VERSION`" {
		t.Errorf("of an empty file: %v", err)
	}
}

func TestParse_NamesWhatIsMissing(t *testing.T) {
	tests := []struct{ old, replacement, want string }{
		{"mod h1:um\n", "", "modules.lock: module u.org/u@v1.0.0: has no line mod; run make lock"},
		{"sum h1:u\n", "", "modules.lock: module a.org/a@v1.0.0: needs u.org/u@v1.0.0, which has no sum here; run make lock"},
		{"graph t.org/t v1.10.0", "graph t.org/t v1.11.0", "modules.lock: module d.org/d@v1.0.0: needs t.org/t@v1.11.0, which is not here; run make lock"},
		{"import b.org/b/sub", "import b.org/b", "modules.lock: package a.org/a: needs b.org/b, which is not here; run make lock"},
		{"testing t.org/t\nimport", "package t.org/t\nimport", "modules.lock: package t.org/t: imports u.org/u, which is for tests only; run make lock"},
		{"testing o.org/o/inner/x", "package o.org/o/inner/x", "modules.lock: package o.org/o/inner/x: is in o.org/o@v1.0.0 and in o.org/o/inner@v1.0.0; run make lock"},
	}
	for _, tt := range tests {
		if strings.Count(world, tt.old) == 0 {
			t.Fatalf("the lock has no %q", tt.old)
		}
		_, err := Parse("modules.lock", []byte(strings.Replace(world, tt.old, tt.replacement, 1)))
		if err == nil || !strings.Contains(err.Error()+"\n", tt.want+"\n") {
			t.Errorf("got  %v\nwant %s", err, tt.want)
		}
	}
}
