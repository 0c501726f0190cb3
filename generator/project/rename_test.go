package project

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/otelgen/otelgen/generator"
)

// TestRename_OnlyNames: a new name is no change of the owner's, and nothing else
// counts as one. What the owner and otelgen both changed beside it is a conflict.
func TestRename_OnlyNames(t *testing.T) {
	tree := func(service, content string) generator.Tree {
		return generator.Tree{specFile: []byte("service: " + service + "\nmodule: example.com/" + service + "\n"), "f.txt": []byte(content)}
	}
	for name, tt := range map[string]struct{ base, disk, next, want string }{
		"only the name":            {"shop\na\nb\n", "shop\nmine\na\nb\n", "store\na\nb\n", "store\nmine\na\nb\n"},
		"its alignment":            {"shop:  a\n", "shop:  a\nmine\n", "store: a\n", "store: a\nmine\n"},
		"the module":               {"use example.com/shop/x\n", "mine\nuse example.com/shop/x\n", "use example.com/store/x\n", "mine\nuse example.com/store/x\n"},
		"another line, twice":      {"shop\na\nb\na\n", "shop\na\nb\na mine\n", "store\nA\nb\nA\n", "store\nA\nb\n<<<<<<< yours\na mine\n||||||| base\na\n=======\nA\n>>>>>>> otelgen\n"},
		"the name, twice":          {"shop\nb\nshop\n", "shop\nb\nshop mine\n", "store\nb\nstore\n", "store\nb\n<<<<<<< yours\nshop mine\n||||||| base\nshop\n=======\nstore\n>>>>>>> otelgen\n"},
		"the same line, otherwise": {"shop a\n", "shop a mine\n", "store b\n", "<<<<<<< yours\nshop a mine\n||||||| base\nshop a\n=======\nstore b\n>>>>>>> otelgen\n"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := repository(t, nil)
			mustNew(t, dir, tree("shop", tt.base))
			writeDir(t, dir, files{"f.txt": tt.disk})
			plan := mustUpdate(t, dir, tree("store", tt.next), nil)
			if got := readDir(t, dir)["f.txt"]; got != tt.want {
				t.Errorf("%q leads to\n%s\nwant\n%s", plan, got, tt.want)
			}
		})
	}
}

// TestRename_GoMod: the new path takes the place of the old one where a go.mod names
// it, and nowhere else.
func TestRename_GoMod(t *testing.T) {
	r := renaming{module: [2]string{"mod", "example.com/mod"}}
	for was, want := range map[string]string{
		"module mod\n": "module example.com/mod\n",
		"// The module mod.\nmodule  mod // mine\r\n":  "// The module mod.\nmodule example.com/mod // mine\r\n",
		"module \"mod\"\n\ngo 1.26.0\n":                "module example.com/mod\n\ngo 1.26.0\n",
		"module (\n\tmod\n)\n":                         "module (\n\texample.com/mod\n)\n",
		"module mods\n":                                "module mods\n",
		"module a\n\nreplace example.com/mod => ./x\n": "module a\n\nreplace example.com/mod => ./x\n",
		"module mod/x\n\nrequire (\n\tmod v0.0.0 // ours\n\tmodern.org/x v1.0.0\n)\n\nreplace mod => ../\n": "module example.com/mod/x\n\nrequire (\n\texample.com/mod v0.0.0 // ours\n\tmodern.org/x v1.0.0\n)\n\nreplace example.com/mod => ../\n",
	} {
		if got := string(r.content(goMod, []byte(was))); got != want {
			t.Errorf("%q becomes %q, want %q", was, got, want)
		}
	}
}

// TestRename_FilesOfTheOwner: what can be read comes along, and only a text that names
// the old path is worth a look. What is too large for a text is not even read.
func TestRename_FilesOfTheOwner(t *testing.T) {
	tree := func(service string) generator.Tree {
		return generator.Tree{
			specFile:                      []byte("service: " + service + "\nmodule: example.com/" + service + "\n"),
			"cmd/" + service + "/main.go": []byte("package main\n"),
			"go.mod":                      []byte("module example.com/" + service + "\n\ngo 1.26.0\n"), // so that imports matter
		}
	}
	dir := t.TempDir()
	mustNew(t, dir, tree("shop"))
	writeDir(t, dir, files{
		"bin/shop":         "\x7fELF\x00 example.com/shop",
		"cmd/shop/model":   strings.Repeat("\n", 2<<20),
		"cmd/shop/mine.go": "package main\n\nimport _ \"example.com/shop/internal/mine\"\n",
		"data/dump.sql":    strings.Repeat("\n", 2<<20) + "example.com/shop\n",
		"data/pg/PG":       "17\n",
		"notes.txt":        "example.com/shop\n",
		"secret.txt":       "example.com/shop\n",
	})
	if err := os.Symlink("main.go", filepath.Join(dir, "cmd", "shop", "link.go")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"data/pg", "secret.txt"} {
		name = filepath.Join(dir, name)
		if err := os.Chmod(name, 0); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.Chmod(name, 0o700) })
	}
	stopBeingRoot(t, dir)
	plan := mustUpdate(t, dir, tree("store"), nil)
	var got []string
	for _, c := range plan {
		if c.Matters() && c.Path != specFile {
			got = append(got, c.String())
		}
	}
	want := []string{
		"keep  cmd/shop/link.go (it is a symbolic link, so it stays: move it yourself)",
		"move cmd/shop/main.go cmd/store/main.go ()",
		"update cmd/shop/mine.go cmd/store/mine.go ()",
		"move cmd/shop/model cmd/store/model ()",
		"update  go.mod ()",
		"keep  notes.txt (it names example.com/shop outside of imports: check that yourself)",
	}
	if !slices.Equal(got, want) {
		t.Errorf("the plan is\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestRename_ModulesBelow: a module of the owner below the service keeps its name, and
// what imports it goes on to do so. What it imports of the service has the new path,
// which its go.mod requires. A copy of the service is no module below it.
func TestRename_ModulesBelow(t *testing.T) {
	tree := func(service string) generator.Tree {
		return generator.Tree{
			specFile: []byte("service: " + service + "\nmodule: example.com/" + service + "\n"),
			"go.mod": []byte("module example.com/" + service + "\n\ngo 1.26.0\n"),
		}
	}
	code := func(service string) string {
		return "package x\n\nimport (\n\t_ \"example.com/shop/tools/gen\"\n\t_ \"example.com/shop/tools/gen/sub\"\n\t_ \"example.com/" + service + "/internal/mine\"\n\t_ \"example.com/" + service + "/tools/generate\"\n)\n"
	}
	mod := func(service string) string {
		return "module example.com/shop/tools/gen\n\ngo 1.26.0\n\nrequire example.com/" + service + " v0.0.0\n\nreplace example.com/" + service + " => ../..\n"
	}
	dir := t.TempDir()
	mustNew(t, dir, tree("shop"))
	writeDir(t, dir, files{"internal/mine/x.go": code("shop"), "tools/gen/x.go": code("shop"), "tools/gen/go.mod": mod("shop"), "copy/go.mod": "module example.com/shop\n"})
	plan := mustUpdate(t, dir, tree("store"), nil)
	got, all := readDir(t, dir), files{"internal/mine/x.go": code("store"), "tools/gen/x.go": code("store"), "tools/gen/go.mod": mod("store"), "copy/go.mod": "module example.com/store\n"}
	for name, want := range all {
		if got[name] != want {
			t.Errorf("%s is\n%s\nwant\n%s", name, got[name], want)
		}
	}
	for _, c := range plan {
		if noted := c.Path == "tools/gen/go.mod"; noted != (c.Note != "") {
			t.Errorf("the note of %s is %q", c.Path, c.Note)
		}
	}
}

// TestRename_NotUTF8: the journal cannot hold such a name, so an undo would not find
// the file.
func TestRename_NotUTF8(t *testing.T) {
	tree := func(service string) generator.Tree {
		return generator.Tree{specFile: []byte("service: " + service + "\nmodule: m\n"), "cmd/" + service + "/main.go": []byte("package main\n")}
	}
	dir := t.TempDir()
	mustNew(t, dir, tree("shop"))
	if err := os.WriteFile(filepath.Join(dir, "cmd", "shop", "caf\xe9.txt"), nil, 0o644); err != nil {
		return // the file system has no such names, as that of macOS
	}
	p := mustBegin(t, dir)
	defer p.Close()
	if _, err := p.Compare(tree("store"), nil); err == nil || !strings.Contains(err.Error(), `"cmd/shop/caf\xe9.txt": its name is not UTF-8`) {
		t.Errorf("the error is %v", err)
	}
}
