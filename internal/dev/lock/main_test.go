package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"
	"golang.org/x/tools/txtar"

	"github.com/otelgen/otelgen/generator"
)

// A world of four modules. b is needed by the tests of a, in another version
// than that of the pins, and go.sum has it for them unless b is chosen: that is
// what a pair explains. c, from before Go pruned modules, needs that version's
// go.mod whoever is chosen, and no pair explains that.
const world = `
-- modules/a.test/a@v1.0.0/go.mod --
module a.test/a

go 1.26.0

require b.test/b v1.0.0
-- modules/a.test/a@v1.0.0/a.go --
package a
-- modules/a.test/a@v1.0.0/a_test.go --
package a

import _ "b.test/b"
-- modules/b.test/b@v1.0.0/go.mod --
module b.test/b

go 1.26.0
-- modules/b.test/b@v1.0.0/b.go --
package b
-- modules/b.test/b@v1.1.0/go.mod --
module b.test/b

go 1.26.0
-- modules/b.test/b@v1.1.0/b.go --
package b
-- modules/c.test/c@v1.0.0/go.mod --
module c.test/c

go 1.16

require b.test/b v1.0.0
-- modules/c.test/c@v1.0.0/c.go --
package c
-- pins/go.mod --
module pins

go 1.26.0

require (
	a.test/a v1.0.0
	b.test/b v1.1.0
	c.test/c v1.0.0
)
-- pins/pins.go --
package pins

import (
	_ "a.test/a"
	_ "b.test/b"
	_ "c.test/c"
)
-- catalog/slots.yaml --
[]
-- catalog/base/feature.yaml --
title: base
summary: a program
-- catalog/base/modules.lock --
go 1.26.0
-- catalog/base/files/main.go.raw --
package main

func main() {}
-- catalog/a/feature.yaml --
title: a
summary: needs a
-- catalog/a/files/a.go.raw --
package main

import _ "a.test/a"
-- catalog/b/feature.yaml --
title: b
summary: needs b
-- catalog/b/files/b.go.raw --
package main

import _ "b.test/b"
`

const third = `
-- catalog/c/feature.yaml --
title: c
summary: needs c
-- catalog/c/files/c.go.raw --
package main

import _ "c.test/c"
`

// build writes a world into a directory, with a proxy that has its modules, and
// returns its catalog and its pins.
func build(t *testing.T, archive string) (catalog, pins string) {
	t.Helper()
	dir := t.TempDir()
	for _, file := range txtar.Parse([]byte(archive)).Files {
		write(t, filepath.Join(dir, file.Name), string(file.Data))
	}
	sources, err := filepath.Glob(filepath.Join(dir, "modules", "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, source := range sources {
		name, version, _ := strings.Cut(filepath.Base(source), "@")
		m := module.Version{Path: filepath.Base(filepath.Dir(source)) + "/" + name, Version: version}
		proxy := filepath.Join(dir, "proxy", filepath.FromSlash(m.Path), "@v", version)
		mod, err := os.ReadFile(filepath.Join(source, "go.mod"))
		if err != nil {
			t.Fatal(err)
		}
		write(t, proxy+".mod", string(mod))
		write(t, proxy+".info", `{"Version":"`+version+`"}`)
		archive, err := os.Create(proxy + ".zip")
		if err != nil {
			t.Fatal(err)
		}
		defer archive.Close()
		if err := zip.CreateFromDir(archive, m, source); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("GOPROXY", "file://"+filepath.ToSlash(filepath.Join(dir, "proxy")))
	t.Setenv("GOSUMDB", "off")
	t.Setenv("GOMODCACHE", filepath.Join(dir, "cache"))
	t.Setenv("GOFLAGS", "-modcacherw") // for the directory to be removed
	pins = filepath.Join(dir, "pins")
	tidy(t, pins)
	return filepath.Join(dir, "catalog"), pins
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func tidy(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"mod", "tidy"}, args...)...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go mod tidy: %v\n%s", err, out)
	}
}

// The locks say what tidy says, of a pair as well; locked again they are the
// same.
func TestLock_CorrectsPairs(t *testing.T) {
	catalog, pins := build(t, world)
	var locks [2]string
	for i := range locks {
		if err := run(catalog, pins); err != nil {
			t.Fatal(err)
		}
		for _, feature := range []string{"base", "a", "b"} {
			lock, err := os.ReadFile(filepath.Join(catalog, feature, "modules.lock"))
			if err != nil {
				t.Fatal(err)
			}
			locks[i] += string(lock)
		}
	}
	if !strings.Contains(locks[0], "\nwith a\ndrop sum b.test/b v1.0.0 h1:") || strings.Count(locks[0], "with ") != 1 {
		t.Errorf("not one correction, of the pair:\n%s", locks[0])
	}
	if locks[1] != locks[0] {
		t.Errorf("locked again, they are\n%s\nnot\n%s", locks[1], locks[0])
	}
	checkTidy(t, catalog, nil, []string{"a"}, []string{"b"}, []string{"a", "b"})
}

// checkTidy checks that these features' locks say what tidy says.
func checkTidy(t *testing.T, catalog string, selections ...[]string) {
	t.Helper()
	c, err := generator.Load(os.DirFS(catalog))
	if err != nil {
		t.Fatal(err)
	}
	for _, features := range selections {
		s, err := generator.Resolve(c, generator.Spec{Service: "app", Module: "app", Features: features})
		if err != nil {
			t.Fatal(err)
		}
		tree, err := generator.Render(s)
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		for path, content := range tree {
			write(t, filepath.Join(dir, path), string(content))
		}
		tidy(t, dir, "-diff")
	}
}

// demanding features need a value of a slot that is not the one with fewest
// modules: they require it, or what requires it, or exclude the least.
const demanding = `
-- catalog/slots.yaml --
- {name: database, title: Database, question: Which?, default: none, optional: true}
- {name: router, title: Router, question: Which?, default: full}
-- catalog/store/feature.yaml --
title: store
summary: a value that needs a
slot: database
-- catalog/store/files/store.go.raw --
package main

import _ "a.test/a"
-- catalog/full/feature.yaml --
title: full
summary: a value that needs b
slot: router
-- catalog/full/files/router.go.raw --
package main

import _ "b.test/b"
-- catalog/plain/feature.yaml --
title: plain
summary: a value that needs nothing
slot: router
-- catalog/plain/files/router.go.raw --
package main
-- catalog/jobs/feature.yaml --
title: jobs
summary: needs a database
requires: [store]
-- catalog/outbox/feature.yaml --
title: outbox
summary: needs what needs a database
requires: [jobs]
-- catalog/rich/feature.yaml --
title: rich
summary: is not for every router
conflicts: [plain]
`

// What cannot be beside the least of everything is locked beside what it needs.
func TestLock_OfWhatNeedsMoreThanTheLeast(t *testing.T) {
	catalog, pins := build(t, world+demanding)
	for _, feature := range []string{"a", "b"} {
		if err := os.RemoveAll(filepath.Join(catalog, feature)); err != nil {
			t.Fatal(err)
		}
	}
	if err := run(catalog, pins); err != nil {
		t.Fatal(err)
	}
	for _, feature := range []string{"jobs", "outbox", "rich"} {
		if lock, err := os.ReadFile(filepath.Join(catalog, feature, "modules.lock")); err == nil {
			t.Errorf("%s has what others need:\n%s", feature, lock)
		}
	}
	checkTidy(t, catalog, []string{"plain", "outbox"}, []string{"full", "outbox"}, []string{"rich"}, []string{"rich", "outbox"})
}

// What no pair explains fails, says what it is about, and nothing is written.
func TestLock_FailsForWhatNoPairExplains(t *testing.T) {
	catalog, pins := build(t, world+third)
	err := run(catalog, pins)
	const want = "base a b c: tidy says otherwise than their locks, and no pair explains it:\n" +
		"go 1.26.0\n\nwith base a b c\nadd sum b.test/b v1.0.0/go.mod h1:"
	if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Count(err.Error(), "with ") != 1 {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if _, err := os.Stat(filepath.Join(catalog, "a", "modules.lock")); err == nil {
		t.Error("locks have been written all the same")
	}
}
