package modules

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
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

func lock(t *testing.T, f Files) *Lock {
	t.Helper()
	l, err := Tidied(f.Mod, f.Sum)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func files(t *testing.T, l *Lock) Files {
	t.Helper()
	mod, sum, err := l.Files("example.com/shop")
	if err != nil {
		t.Fatal(err)
	}
	return Files{mod, sum}
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

func TestLocksGiveBackWhatTidyWrote(t *testing.T) {
	for _, name := range []string{"otlp", "prom", "both"} {
		want := tidied(t, name)
		l := lock(t, want)
		compare(t, name, files(t, l), want)
		again, err := Parse(name, l.Format())
		if err != nil || !reflect.DeepEqual(again, l) {
			t.Errorf("%s: parsed again it differs (%v):\n%s", name, err, again.Format())
		}
	}
}

func TestUniteEqualsTidy(t *testing.T) {
	locks := map[string]*Lock{"otlp": lock(t, tidied(t, "otlp")), "prom": lock(t, tidied(t, "prom"))}
	both := lock(t, tidied(t, "both"))
	correction := Correct(Unite(locks), both, "prom")
	locks["otlp"].Corrections = append(locks["otlp"].Corrections, correction)

	stored, err := Parse("otlp", locks["otlp"].Format())
	if err != nil || !reflect.DeepEqual(stored, locks["otlp"]) {
		t.Errorf("a lock with a correction, parsed again, differs (%v):\n%s", err, locks["otlp"].Format())
	}
	compare(t, "both", files(t, Unite(locks)), tidied(t, "both"))
	compare(t, "without prom the correction does not count",
		files(t, Unite(map[string]*Lock{"otlp": locks["otlp"]})), tidied(t, "otlp"))
}

func TestUnite(t *testing.T) {
	parse := func(lines ...string) *Lock {
		l, err := Parse("modules.lock", []byte(strings.Join(lines, "\n")))
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	got := Unite(map[string]*Lock{
		"a": parse("go 1.26.0", "require m.org/x v1.0.0 // indirect", "require m.org/y v1.10.0", "require m.org/z v1.0.0 // indirect",
			"sum m.org/x v1.0.0 h1:x",
			"with b", "drop require m.org/z v1.0.0 // indirect", "drop require m.org/x v1.0.0 // indirect", "add sum m.org/p v1.0.0 h1:p",
			"with b c", "add sum m.org/q v1.0.0 h1:q"),
		"b": parse("go 1.27.1", "require m.org/x v1.0.0", "require m.org/y v1.9.0 // indirect", "sum m.org/x v1.0.0/go.mod h1:xm"),
		"d": parse("go 1.26.5"),
	})
	want := strings.TrimLeft(`
go 1.27.1
require m.org/x v1.0.0
require m.org/y v1.10.0
sum m.org/p v1.0.0 h1:p
sum m.org/x v1.0.0 h1:x
sum m.org/x v1.0.0/go.mod h1:xm
`, "\n")
	if string(got.Format()) != want {
		t.Errorf("got:\n%s\nwant:\n%s", got.Format(), want)
	}
}

func TestParseNamesEveryWrongLine(t *testing.T) {
	_, err := Parse("x/modules.lock", []byte(strings.TrimLeft(`
# a comment is fine, and so is an empty line

go 1.26
go 1.27
go fast
require m.org/x v1
require m.org/x v1.0.0
require m.org/x v1.0.0
require m.org/y v1.0.0 // sometimes
replace m.org/x => ../x
sum m.org/x v1.0.0
sum m.org/x latest h1:x
sum m.org/x v1.0.0 x
add sum m.org/x v1.0.0 h1:x
with b a
with b
require m.org/z v1.0.0
drop
`, "\n")))
	want := []string{
		"x/modules.lock:4: go: is there twice",
		`x/modules.lock:5: "fast" is not a version of Go`,
		`x/modules.lock:6: require m.org/x: "v1" is not a version in full`,
		"x/modules.lock:8: require m.org/x: is there twice",
		`x/modules.lock:9: require "m.org/y v1.0.0 // sometimes": takes a module path, a version, and // indirect or nothing`,
		`x/modules.lock:10: "replace": a line begins with go, require, sum or with`,
		`x/modules.lock:11: "m.org/x v1.0.0": a sum is a module path, a version and a hash`,
		`x/modules.lock:12: m.org/x: "latest" is not a version`,
		`x/modules.lock:13: m.org/x: "x" is not a hash`,
		`x/modules.lock:14: "add": a line begins with go, require, sum or with`,
		"x/modules.lock:15: with: takes the names of features, sorted",
		"x/modules.lock:17: \"require\": a section `with` holds lines that begin with add or drop",
		"x/modules.lock:18: \"drop\": a section `with` holds lines that begin with add or drop",
	}
	if err == nil || err.Error() != strings.Join(want, "\n") {
		t.Errorf("got:\n%v\nwant:\n%s", err, strings.Join(want, "\n"))
	}
	if _, err := Parse("empty", nil); err == nil || err.Error() != "empty: has no line `go VERSION`" {
		t.Errorf("of an empty file: %v", err)
	}
}
