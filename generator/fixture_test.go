package generator

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/tools/txtar"
)

// fixture is the catalog of testdata/catalog.txtar, which a test may change.
type fixture struct {
	testing.TB
	files fstest.MapFS
}

func newFixture(t testing.TB) fixture {
	t.Helper()
	archive, err := txtar.ParseFile("testdata/catalog.txtar")
	if err != nil {
		t.Fatal(err)
	}
	f := fixture{t, fstest.MapFS{}}
	for _, file := range archive.Files {
		f.write(file.Name, string(file.Data))
	}
	return f
}

func (f fixture) write(name, content string) {
	f.files[name] = &fstest.MapFile{Data: []byte(content)}
}

// replace changes a file of the catalog, which must contain the old text.
func (f fixture) replace(name, old, replacement string) {
	f.Helper()
	file := f.files[name]
	if file == nil || !strings.Contains(string(file.Data), old) {
		f.Fatalf("the fixture has no %s with %q", name, old)
	}
	f.write(name, strings.Replace(string(file.Data), old, replacement, 1))
}

// loaded returns the catalog, which must be without problems.
func loaded(t testing.TB, files fs.FS) *Catalog {
	t.Helper()
	c, err := Load(files)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// shop is a Spec of the fixture.
func shop(slots map[string]string, features ...string) Spec {
	return Spec{Otelgen: "v1.2.3", Service: "shop", Module: "example.com/shop", Slots: slots, Features: features}
}

// rendered resolves and renders a Spec, which must be without problems.
func rendered(t testing.TB, c *Catalog, spec Spec) Tree {
	t.Helper()
	s, err := Resolve(c, spec)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := Render(s)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// lines compares an error with the lines that it should have.
func lines(t testing.TB, err error, want ...string) {
	t.Helper()
	var got []string
	if err != nil {
		got = strings.Split(err.Error(), "\n")
	}
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(want):
			t.Errorf("unexpected: %s", got[i])
		case i >= len(got):
			t.Errorf("missing:    %s", want[i])
		case got[i] != want[i]:
			t.Errorf("got:  %s\nwant: %s", got[i], want[i])
		}
	}
}
