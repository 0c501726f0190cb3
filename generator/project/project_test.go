package project

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/otelgen/otelgen/generator"
)

func small() generator.Tree {
	return generator.Tree{
		specFile:         []byte("service: shop\n"),
		"go.mod":         []byte("module shop\n\ngo 1.26.0\n"),
		"cmd/shop/a.go":  []byte("package main\n"),
		".gitignore":     []byte("# Secrets stay here.\n.env\n/bin/\n"),
		"README.md":      []byte("# shop\n\nHow to run it.\n"),
		"docs/README.md": nil,
	}
}

// smallProject returns the files of a project of the small tree.
func smallProject() files {
	want := files{attributesFile: attributes, ignoreOurs: ignored}
	for p, content := range small() {
		want[p] = string(content)
		if p != specFile {
			want[baseDir+p+".base"] = string(content)
		}
	}
	return want
}

// TestNew: where a project can be created, and what happens to files there.
func TestNew(t *testing.T) {
	tests := []struct {
		name string
		dir  string
		had  files
		want files  // besides what a small project has
		own  string // the file that is its owner's
	}{
		{name: "where there is nothing", dir: "shop"},
		{name: "where not even the parents are", dir: "a/b/c/shop"},
		{name: "in an empty directory", dir: "."},
		{name: "in a fresh clone", dir: ".", had: files{".git/HEAD": "ref: x\n"}},
		{name: "with a license", dir: ".", had: files{"LICENSE.txt": "MIT\n"}, want: files{"LICENSE.txt": "MIT\n"}},
		{name: "with the same README", dir: ".", had: files{"README.md": "# shop\n\nHow to run it.\n"}},
		{
			own: "README.md", name: "with a README of its own", dir: ".", had: files{"README.md": "# My shop\n\nWhat it sells.\n\nAnd to whom.\n"},
			want: files{"README.md": "# My shop\n\nWhat it sells.\n\nAnd to whom.\n"},
		},
		{name: "with an empty README", dir: ".", had: files{"README.md": ""}},
		{name: "with a README that is a heading", dir: ".", had: files{"README.md": "# My shop"}, want: files{"README.md": "# My shop\n\nHow to run it.\n"}},
		{
			name: "with a README that GitHub has written", dir: ".", had: files{"README.md": "# My shop\nSells coffee."},
			want: files{"README.md": "# My shop\n\nSells coffee.\n\nHow to run it.\n"},
		},
		{
			name: "with a README of one line", dir: ".", had: files{"README.md": "Sells coffee.\r\n"},
			want: files{"README.md": "# shop\r\n\r\nSells coffee.\r\n\r\nHow to run it.\r\n"},
		},
		{
			own: "README.md", name: "with a README that has begun to be one", dir: ".", had: files{"README.md": "# My shop\n\n## Usage\n"},
			want: files{"README.md": "# My shop\n\n## Usage\n"},
		},
		{
			name: "with what desktops, editors and bots leave", dir: ".",
			had:  files{".DS_Store": "\x00", ".idea/a/b.xml": "<x/>", ".editorconfig": "root = true\n", "renovate.json": "{}\n", "docs/index.md": "# Docs\n"},
			want: files{".DS_Store": "\x00", ".idea/a/b.xml": "<x/>", ".editorconfig": "root = true\n", "renovate.json": "{}\n", "docs/index.md": "# Docs\n"},
		},
		{
			own: "docs/README.md", name: "with a document of the same name", dir: ".", had: files{"docs/README.md": "# Docs\n"},
			want: files{"docs/README.md": "# Docs\n"},
		},
		{name: "with a go.mod, just initialised", dir: ".", had: files{"go.mod": "module shop\n\ngo 1.25.0\n"}},
		{
			name: "with a go.mod for a later Go", dir: ".", had: files{"go.mod": "module shop\n\ngo 1.27.1\n"},
			want: files{"go.mod": "module shop\n\ngo 1.27.1\n"},
		},
		{
			name: "with a go.mod that requires something", dir: ".", had: files{"go.mod": "module shop // ours\n\ngo 1.25.0\n\ntool a.org/a\n\nrequire a.org/a v1.0.0\n"},
			want: files{"go.mod": "module shop // ours\n\ngo 1.26.0\n\ntool a.org/a\n\nrequire a.org/a v1.0.0\n"},
		},
		{name: "with a readme of another name", dir: ".", had: files{"readme": "Hi.\n"}, want: files{"readme": "Hi.\n"}},
		{
			own: ".gitignore", name: "with a .gitignore: git must not track secrets", dir: ".", had: files{".gitignore": "*.exe\n/bin/"},
			want: files{".gitignore": "*.exe\n/bin/\n\n# Secrets stay here.\n.env\n"},
		}, {
			own: ".gitignore", name: "with a .gitignore with CRLF", dir: ".", had: files{".gitignore": "*.exe\r\n"},
			want: files{".gitignore": "*.exe\r\n\r\n# Secrets stay here.\r\n.env\r\n/bin/\r\n"},
		}, {
			own: ".gitignore", name: "with a .gitignore that says it all", dir: ".", had: files{".gitignore": "/bin/\n# Secrets stay here.\n.env\n*.exe\n"},
			want: files{".gitignore": "/bin/\n# Secrets stay here.\n.env\n*.exe\n"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			top := t.TempDir()
			writeDir(t, top, tt.had)
			want := smallProject()
			maps.Copy(want, tt.want)
			if tt.own != "" {
				want[ownDir+tt.own+".base"] = want[baseDir+tt.own+".base"]
				delete(want, baseDir+tt.own+".base")
			}
			dir := filepath.Join(top, tt.dir)
			mustNew(t, dir, small())
			checkDir(t, dir, want)
			if plan := mustUpdate(t, dir, small(), nil); !plan.Empty() {
				t.Errorf("right after, an update would change %q", plan)
			}
		})
	}
}

// TestNewKilledAnywhere kills the creation of a project before each change. When
// it has been repeated, the project is whole and nothing else is left.
func TestNewKilledAnywhere(t *testing.T) {
	for name, had := range map[string]files{"shop": nil, "a/shop": nil, ".": {
		".git/HEAD": "ref: x\n", ".gitignore": "*.exe\n", "README.md": "# My shop\n", "go.mod": "module shop\n\ngo 1.25.0\n", "docs/README.md": "# Docs\n",
	}} {
		var want files
		for kill, changes := 0, 0; kill <= changes; kill++ {
			top := memDir(t)
			writeDir(t, top, had)
			dir := filepath.Join(top, name)
			n, err := run(dir, small(), nil, kill)
			if kill == 0 {
				changes, want = n, readDir(t, top)
				continue
			}
			if _, again := run(dir, small(), nil, 0); err != nil || again != nil {
				t.Fatalf("killed before change %d: %v, then %v", kill, err, again)
			}
			checkDir(t, top, want)
		}
	}
}

// TestNew_KilledAndGoneOn: in a directory where a `new` was killed, or seems to
// have been, somebody may have worked since. What is theirs stays.
func TestNew_KilledAndGoneOn(t *testing.T) {
	const file = "cmd/shop/a.go"
	killed := files{attributesFile: attributes, file: "package mine\n"}
	for p, content := range small() {
		if p != specFile && p != file {
			killed[p] = string(content)
		}
	}
	whole := smallProject()
	delete(whole, specFile)
	for name, tt := range map[string]struct {
		had  files
		next generator.Tree
		want string // what is in the way
	}{
		"a record and none of ours": {had: files{attributesFile: "", file: "package mine\n"}, next: small(), want: file},
		"files without a record":    {had: killed, next: small(), want: file},
		"a record of another":       {had: whole, next: generator.Tree{specFile: nil, "go.mod": small()["go.mod"]}, want: ".gitignore, README.md, cmd/shop/a.go and docs/README.md"},
	} {
		dir := t.TempDir()
		writeDir(t, dir, tt.had)
		before := readDir(t, dir)
		p, err := New(dir)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		_, err = p.Compare(tt.next, nil)
		if want := dir + " is not empty: move " + tt.want + " away, or name another directory"; err == nil || err.Error() != want {
			t.Errorf("%s: got %v\nwant %s", name, err, want)
		}
		checkDir(t, dir, before)
	}
}

// TestNewTwiceAtOnce: of many runs that create the same project at the same time,
// one succeeds and the others fail. The project used to be incomplete when they
// shared a staging directory, and a mixture when its directory existed before.
// Staging directories of runs that were killed are removed.
func TestNewTwiceAtOnce(t *testing.T) {
	const runs, rounds = 20, 10
	tree := small()
	for i := range 100 {
		tree[fmt.Sprintf("many/%d.txt", i)] = []byte("x\n")
	}
	for _, name := range []string{"shop", "a/shop", "empty"} {
		for range rounds {
			top := memDir(t)
			first, _, _ := strings.Cut(name, "/")
			dir := filepath.Join(top, name)
			if name == "empty" {
				if err := os.Mkdir(dir, 0o755); err != nil {
					t.Fatal(err)
				}
			} else {
				writeDir(t, top, files{"." + first + ".otelgen-new-KILLED/go.mod": "", "." + first + ".otelgen-new-KILLED-TOO/x/y": ""})
			}
			var starting, running sync.WaitGroup
			starting.Add(runs)
			errs := make([]error, runs)
			for i := range runs {
				running.Go(func() {
					p, err := New(dir)
					plan, err2 := p.Compare(tree, nil)
					starting.Done()
					starting.Wait()
					errs[i] = errors.Join(err, err2, p.Apply(plan))
				})
			}
			running.Wait()
			won := 0
			for _, err := range errs {
				switch {
				case err == nil:
					won++
				case !strings.Contains(err.Error(), "another process has created it in the meantime") || strings.Contains(err.Error(), "\n"):
					t.Errorf("a run that lost says %v", err)
				}
			}
			if won != 1 {
				t.Errorf("%d runs made %s", won, name)
			}
			want := files{attributesFile: attributes, ignoreOurs: ignored}
			for p, content := range tree {
				want[p] = string(content)
				if p != specFile {
					want[baseDir+p+".base"] = string(content)
				}
			}
			checkDir(t, dir, want)
			if entries, _ := os.ReadDir(top); len(entries) != 1 {
				t.Errorf("besides %s there is something left: %q", first, entries)
			}
		}
	}
}

// TestNewBesideAnother: sweep leaves the staging directory of a run that is alive.
func TestNewBesideAnother(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "shop")
	p, _ := New(dir)
	plan, _ := p.Compare(small(), nil)
	n := 0
	p.before = func(string) error {
		if n++; n == 5 {
			sweep(top, ".shop.otelgen-new-")
		}
		return nil
	}
	if err := p.Apply(plan); err != nil {
		t.Fatal(err)
	}
	checkDir(t, dir, smallProject())
}

// TestNewFails: a new project that cannot be finished leaves nothing behind.
func TestNewFails(t *testing.T) {
	had := files{"README.md": "# My shop\n", ".gitignore": "*.exe\n", "go.mod": "module shop\n\ngo 1.25.0\n", "renovate.json": "{}\n"}
	full := errors.New("no space left on device")
	for _, name := range []string{"a/shop", "."} {
		for fail, err := 1, full; err != nil; fail++ {
			top := memDir(t)
			writeDir(t, top, had)
			p, _ := New(filepath.Join(top, name))
			n := 0
			p.before = func(string) error {
				if n++; n == fail {
					return full
				}
				return nil
			}
			plan, _ := p.Compare(small(), nil)
			if err = p.Apply(plan); err == nil {
				continue
			}
			if !errors.Is(err, full) {
				t.Errorf("%s: failing at change %d: %v", name, fail, err)
			}
			checkDir(t, top, had)
			if entries, _ := os.ReadDir(top); len(entries) != len(had) {
				t.Errorf("%s: failing at change %d: leaves %q", name, fail, entries)
			}
		}
	}
}

func TestNewRefuses(t *testing.T) {
	top := t.TempDir()
	writeDir(t, top, files{
		"file": "", "full/main.go": "", "full/go.mod": "", "full/README": "", "full/.git/HEAD": "", "full/.github/x": "", "full/pkg/x": "",
		"many/a": "", "many/b": "", "many/c": "", "many/d": "", "many/e": "", "many/f": "", "many/g": "", "many/h": "", "many/i": "", "many/j": "",
		"ours/.otelgen/spec.yaml": "service: shop\n", "readme/README/x": "", "empty/.git/HEAD": "",
	})
	for link, target := range map[string]string{"dangling": "nowhere", "link": "empty"} {
		if err := os.Symlink(target, filepath.Join(top, link)); err != nil {
			t.Fatal(err)
		}
	}
	before := readDir(t, top)
	for dir, want := range map[string]string{
		"file":     ": it is a file, not a directory; name a directory that is empty or does not exist",
		"dangling": ": it is a symbolic link, not a directory; name a directory that is empty or does not exist",
		"link":     ": it is a symbolic link, not a directory; name a directory that is empty or does not exist",
		"full":     " is not empty: move main.go and pkg away, or name another directory",
		"many":     " is not empty: move a, b, c, d, e, f, g, h and 2 more away, or name another directory",
		"readme":   " is not empty: move README away, or name another directory",
		"ours":     " is already an otelgen project: run otelgen update there, or name another directory",
	} {
		dir = filepath.Join(top, dir)
		if _, err := New(dir); err == nil || err.Error() != dir+want {
			t.Errorf("got %v\nwant %s%s", err, dir, want)
		}
	}
	if _, err := New(filepath.Join(top, "file", "shop")); err == nil || err.Error() != "cannot read "+filepath.Join(top, "file", "shop")+": part of the path is a file; choose another directory" {
		t.Errorf("below a file: %v", err)
	}
	for dir, want := range map[string]string{
		"nowhere": ": no such directory; name the directory of an otelgen project",
		"full":    " is not an otelgen project: there is no .otelgen/spec.yaml in it; name the directory of one, or create one with otelgen new",
	} {
		dir = filepath.Join(top, dir)
		if _, err := Load(dir); err == nil || err.Error() != dir+want {
			t.Errorf("got %v\nwant %s%s", err, dir, want)
		}
	}
	if _, err := Load(filepath.Join(top, "ours")); err != nil {
		t.Error(err)
	}
	checkDir(t, top, before)
}

// TestNewWhereSomebodyElseIsFaster: what appears in the place of the project just
// before it is renamed to it is not overwritten.
func TestNewWhereSomebodyElseIsFaster(t *testing.T) {
	for name, appears := range map[string]files{"directory": {"shop/main.go": "mine\n"}, "file": {"shop": "mine\n"}} {
		top := t.TempDir()
		p, err := New(filepath.Join(top, "shop"))
		if err != nil {
			t.Fatal(err)
		}
		plan, err := p.Compare(small(), nil)
		if err != nil {
			t.Fatal(err)
		}
		p.before = func(change string) error {
			if strings.HasPrefix(change, "rename ") {
				writeDir(t, top, appears)
			}
			return nil
		}
		if err := p.Apply(plan); err == nil {
			t.Errorf("%s: no error", name)
		}
		checkDir(t, top, appears)
	}
}

func TestTreeRefusesPaths(t *testing.T) {
	tree := generator.Tree{
		"ok.txt": nil, "../up": nil, "/abs": nil, "a//b": nil, ".git/hooks/pre-commit": nil, "sub/.GIT/config": nil,
		".otelgen/base/x.base": nil, ".otelgen/spec.yaml": nil, "new\nline": nil, "dir": nil, "dir/below/file": nil,
	}
	_, err := (&Project{Dir: t.TempDir()}).Compare(tree, nil)
	want := strings.Join([]string{
		`"../up": not a valid path for a file of a project`,
		`.git/hooks/pre-commit: belongs to git`,
		`.otelgen/base/x.base: belongs to otelgen's own records`,
		`"/abs": not a valid path for a file of a project`,
		`"a//b": not a valid path for a file of a project`,
		`dir: is a file and the directory of dir/below/file`,
		`"new\nline": not a valid path for a file of a project`,
		`sub/.GIT/config: belongs to git`,
	}, "\n")
	if err == nil || err.Error() != want {
		t.Errorf("got:\n%v\nwant:\n%s", err, want)
	}
}

// TestMayPredate_DirectoryNotEmpty: what may be in the directory of a new project.
func TestMayPredate_DirectoryNotEmpty(t *testing.T) {
	for name, want := range map[string]bool{
		".DS_Store": true, "Thumbs.db": true, "desktop.ini": true, ".idea/": true, ".vscode/": true, ".devcontainer/": true, "shop.iml": true,
		".git/": true, ".git": true, ".gitattributes": true, ".gitignore": true, ".editorconfig": true, ".github/": true, ".gitlab-ci.yml": true,
		".pre-commit-config.yaml": true, ".tool-versions": true, "mise.toml": true, "renovate.json": true, "renovate.json5": true,
		"catalog-info.yaml": true, "sonar-project.properties": true, "mkdocs.yml": true, "azure-pipelines.yml": true, "Jenkinsfile": true,
		"README": true, "readme.rst": true, "README.de.md": true, "LICENSE": true, "LICENSE-MIT": true, "LICENSE.MIT": true, "license.txt": true,
		"LICENCE": true, "COPYING": true, "NOTICE": true, "CODEOWNERS": true, "AUTHORS": true, "SECURITY.md": true, "CONTRIBUTING.md": true,
		"CODE_OF_CONDUCT.md": true, "CHANGELOG.md": true, "AGENTS.md": true, "docs/": true, "LICENSES/": true,
		"go.mod": true, "go.sum": true, "go.work": true,

		"main.go": false, "security.go": false, "history.py": false, "notes.txt": false, "README/": false, "cmd/": false, "src/": false, "vendor/": false,
		"Makefile": false, "Dockerfile": false, "package.json": false, "Cargo.toml": false, "pyproject.toml": false, "pom.xml": false,
		"go.mod/": false, "shop": false, "run.sh": false, "index.html": false, "a": false,
	} {
		if got := mayPredate(strings.TrimSuffix(name, "/"), strings.HasSuffix(name, "/")); got != want {
			t.Errorf("%s: %t, want %t", name, got, want)
		}
	}
}

// TestOwn: a file that was there before the project is its owner's in later
// updates, too. There would be nothing to merge it with.
func TestOwn(t *testing.T) {
	tree := func(version string) generator.Tree {
		return generator.Tree{
			specFile: nil, ".golangci.yaml": []byte("version: " + version + "\n"), ".gitignore": []byte("/bin/\n/" + version + "\n"),
			"docs/README.md": []byte("ours " + version + "\n"),
		}
	}
	dir := t.TempDir()
	had := files{".golangci.yaml": "mine: true\n", ".gitignore": "*.exe\n", "docs/README.md": "mine\n"}
	writeDir(t, dir, had)
	mustNew(t, dir, tree("1"))
	if plan := mustUpdate(t, dir, tree("1"), nil); !plan.Empty() {
		t.Errorf("right after, an update does %q", plan)
	}
	notes := map[string]string{}
	for _, c := range mustUpdate(t, dir, tree("2"), nil) {
		if c.Matters() {
			notes[c.Path] = c.Note
		}
	}
	want := map[string]string{
		".golangci.yaml": "it is yours and was kept; to see otelgen's new version, run otelgen original .golangci.yaml",
		"docs/README.md": "it is yours and was kept; to see otelgen's new version, run otelgen original docs/README.md",
		".gitignore":     "new patterns were added",
	}
	if !maps.Equal(notes, want) {
		t.Errorf("notes %q\nwant  %q", notes, want)
	}
	had[".gitignore"] = "*.exe\n\n/bin/\n/1\n\n/2\n"
	got := readDir(t, dir)
	for p, content := range had {
		if got[p] != content {
			t.Errorf("%s is %q, want %q", p, got[p], content)
		}
	}
	if plan := mustUpdate(t, dir, tree("2"), nil); !plan.Empty() {
		t.Errorf("once more: %q", plan)
	}
	if content, err := Original(dir, "docs/README.md"); err != nil || string(content) != "ours 2\n" {
		t.Errorf("the original is %q, %v", content, err)
	}
	// It is merged again once its owner takes otelgen's.
	writeDir(t, dir, files{"docs/README.md": "ours 2\n"})
	mustUpdate(t, dir, tree("2"), nil)
	mustUpdate(t, dir, tree("3"), nil)
	if got := readDir(t, dir)["docs/README.md"]; got != "ours 3\n" {
		t.Errorf("docs/README.md is %q", got)
	}
}
