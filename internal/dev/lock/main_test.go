package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"
	"golang.org/x/tools/txtar"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/templates"
)

// world has all that makes it hard to say what tidy writes:
//   - t is needed by tests of a, g and o only, in different versions; the older
//     ones import b, the latest u.
//   - c is from before Go pruned modules: go reads the go.mod of d, too, and of
//     what that requires, though nobody imports it.
//   - n/inner lies inside of n, and both have packages below that path. Tests of
//     g import n.
//   - o is required by everybody, and the older o that a wants never selected.
const world = `
-- modules/a.test/a@v1.0.0/go.mod --
module a.test/a

go 1.26.0

require (
	b.test/b v1.0.0
	o.test/o v1.0.0
	t.test/t v1.0.0
)
-- modules/a.test/a@v1.0.0/a.go --
package a

import _ "a.test/a/internal/deep"
-- modules/a.test/a@v1.0.0/internal/deep/deep.go --
package deep

import _ "o.test/o"
-- modules/a.test/a@v1.0.0/internal/deep/deep_test.go --
//go:build integration

package deep_test

import (
	_ "b.test/b"
	_ "t.test/t/assert"
)
-- modules/a.test/a@v1.0.0/internal/deep/make.go --
//go:build ignore

package main

import _ "nowhere.test/x"
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

require (
	b.test/b v1.0.0
	d.test/d v1.0.0
)
-- modules/c.test/c@v1.0.0/c.go --
package c
-- modules/d.test/d@v1.0.0/go.mod --
module d.test/d

go 1.26.0

require t.test/t v1.1.0
-- modules/d.test/d@v1.0.0/d.go --
package d
-- modules/g.test/g@v1.0.0/go.mod --
module g.test/g

go 1.26.0

require (
	n.test/n v1.0.0
	n.test/n/inner v1.0.0
	o.test/o v1.1.0
	t.test/t v1.2.0
	u.test/u v1.0.0
)
-- modules/g.test/g@v1.0.0/sub/g.go --
package sub
-- modules/g.test/g@v1.0.0/sub/g_windows_test.go --
package sub

import (
	_ "n.test/n"
	_ "n.test/n/inner/x"
	_ "t.test/t/assert"
	_ "u.test/u"
)
-- modules/n.test/n@v1.0.0/go.mod --
module n.test/n

go 1.26.0

require n.test/n/inner v1.0.0
-- modules/n.test/n@v1.0.0/n.go --
package n

import _ "n.test/n/inner/x"
-- modules/n.test/n@v1.0.0/inner/x/x.go --
package x
-- modules/n.test/n/inner@v1.0.0/go.mod --
module n.test/n/inner

go 1.26.0
-- modules/n.test/n/inner@v1.0.0/y/y.go --
package y
-- modules/o.test/o@v1.0.0/go.mod --
module o.test/o

go 1.26.0
-- modules/o.test/o@v1.0.0/o.go --
package o
-- modules/o.test/o@v1.1.0/go.mod --
module o.test/o

go 1.26.0

require (
	b.test/b v1.0.0
	t.test/t v1.0.0
)
-- modules/o.test/o@v1.1.0/o.go --
package o
-- modules/o.test/o@v1.1.0/o_test.go --
package o

import _ "t.test/t/assert"
-- modules/t.test/t@v1.0.0/go.mod --
module t.test/t

go 1.26.0

require b.test/b v1.0.0
-- modules/t.test/t@v1.0.0/assert/t.go --
package assert

import _ "b.test/b"
-- modules/t.test/t@v1.1.0/go.mod --
module t.test/t

go 1.26.0

require b.test/b v1.0.0
-- modules/t.test/t@v1.1.0/assert/t.go --
package assert

import _ "b.test/b"
-- modules/t.test/t@v1.2.0/go.mod --
module t.test/t

go 1.26.0

require u.test/u v1.0.0
-- modules/t.test/t@v1.2.0/assert/t.go --
package assert

import _ "u.test/u"
-- modules/u.test/u@v1.0.0/go.mod --
module u.test/u

go 1.26.0
-- modules/u.test/u@v1.0.0/u.go --
package u
-- pins/go.mod --
module pins

go 1.26.0

require (
	a.test/a v1.0.0
	b.test/b v1.1.0
	c.test/c v1.0.0
	g.test/g v1.0.0
	n.test/n v1.0.0
	n.test/n/inner v1.0.0
	o.test/o v1.1.0
)
-- pins/pins.go --
package pins

import (
	_ "a.test/a"
	_ "b.test/b"
	_ "c.test/c"
	_ "g.test/g/sub"
	_ "n.test/n"
	_ "n.test/n/inner/y"
	_ "o.test/o"
)
-- catalog/slots.yaml --
[]
-- catalog/shared/base/feature.yaml --
{title: base, summary: what every service has, always: true}
-- catalog/shared/base/files/main.go.raw --
package main

import _ "o.test/o"

func main() {}
-- catalog/feature/a/feature.yaml --
{title: a, summary: needs a}
-- catalog/feature/a/files/a.go.raw --
package main

import _ "a.test/a"
-- catalog/feature/b/feature.yaml --
{title: b, summary: needs b in a test of its own}
-- catalog/feature/b/files/b_test.go.raw --
//go:build integration

package main

import _ "b.test/b"
-- catalog/feature/c/feature.yaml --
{title: c, summary: needs c}
-- catalog/feature/c/files/c.go.raw --
package main

import _ "c.test/c"
-- catalog/feature/g/feature.yaml --
{title: g, summary: needs a package of g}
-- catalog/feature/g/files/g.go.raw --
package main

import _ "g.test/g/sub"
-- catalog/feature/n/feature.yaml --
{title: n, summary: needs n}
-- catalog/feature/n/files/n.go.raw --
package main

import _ "n.test/n"
-- catalog/feature/inner/feature.yaml --
{title: inner, summary: needs a module inside of n}
-- catalog/feature/inner/files/inner.go.raw --
package main

import _ "n.test/n/inner/y"
-- catalog/feature/others/feature.yaml --
{title: others, summary: has Go files that are no package of the service}
-- catalog/feature/others/files/testdata/x.go.raw --
package x

import _ "nowhere.test/x"
-- catalog/feature/others/files/_old/x.go.raw --
package x

import _ "nowhere.test/x"
-- catalog/feature/others/files/tools/x/go.mod.raw --
module x

go 1.26.0
-- catalog/feature/others/files/tools/x/x.go.raw --
package x

import _ "nowhere.test/x"
-- catalog/feature/others/files/make.go.raw --
//go:build ignore

package main

import _ "nowhere.test/x"
`

// worldLock is the lock of the world, less the first line and the hashes.
const worldLock = `go 1.26.0

module a.test/a v1.0.0
sum h1:x
mod h1:x
package a.test/a
import o.test/o
test b.test/b
test t.test/t/assert

module b.test/b v1.0.0
sum h1:x
mod h1:x
testing b.test/b

module b.test/b v1.1.0
sum h1:x
mod h1:x
package b.test/b

module c.test/c v1.0.0
sum h1:x
mod h1:x
require t.test/t v1.1.0
graph b.test/b v1.0.0
graph d.test/d v1.0.0
graph t.test/t v1.1.0
package c.test/c

module d.test/d v1.0.0
mod h1:x

module g.test/g v1.0.0
sum h1:x
mod h1:x
require n.test/n v1.0.0
require n.test/n/inner v1.0.0
require t.test/t v1.2.0
require u.test/u v1.0.0
package g.test/g/sub
test n.test/n
test t.test/t/assert
test u.test/u

module n.test/n v1.0.0
sum h1:x
mod h1:x
require n.test/n/inner v1.0.0
package n.test/n
import n.test/n/inner/x
package n.test/n/inner/x

module n.test/n/inner v1.0.0
sum h1:x
mod h1:x
package n.test/n/inner/y

module o.test/o v1.1.0
sum h1:x
mod h1:x
require b.test/b v1.0.0
require t.test/t v1.0.0
package o.test/o
test t.test/t/assert

module t.test/t v1.0.0
sum h1:x
mod h1:x
testing t.test/t/assert
import b.test/b

module t.test/t v1.1.0
sum h1:x
mod h1:x
testing t.test/t/assert
import b.test/b

module t.test/t v1.2.0
sum h1:x
mod h1:x
testing t.test/t/assert
import u.test/u

module u.test/u v1.0.0
sum h1:x
mod h1:x
testing u.test/u
`

// build writes a world into a directory, with a proxy that has its modules, and
// returns its catalog and its pins, which are tidy.
func build(t testing.TB, archive string) (catalog, pins string) {
	t.Helper()
	dir := t.TempDir()
	sources := map[string]module.Version{} // by directory
	for _, file := range txtar.Parse([]byte(archive)).Files {
		write(t, filepath.Join(dir, file.Name), string(file.Data))
		if source, ok := strings.CutSuffix(file.Name, "/go.mod"); ok && strings.HasPrefix(source, "modules/") {
			path, version, _ := strings.Cut(strings.TrimPrefix(source, "modules/"), "@")
			sources[filepath.Join(dir, source)] = module.Version{Path: path, Version: version}
		}
	}
	for source, m := range sources {
		proxy := filepath.Join(dir, "proxy", filepath.FromSlash(m.Path), "@v", m.Version)
		mod, err := os.ReadFile(filepath.Join(source, "go.mod"))
		if err != nil {
			t.Fatal(err)
		}
		write(t, proxy+".mod", string(mod))
		write(t, proxy+".info", `{"Version":"`+m.Version+`"}`)
		var archive bytes.Buffer
		if err := zip.CreateFromDir(&archive, m, source); err != nil {
			t.Fatal(err)
		}
		write(t, proxy+".zip", archive.String())
	}
	t.Setenv("GOPROXY", "file://"+filepath.ToSlash(filepath.Join(dir, "proxy")))
	t.Setenv("GOSUMDB", "off")
	t.Setenv("GOMODCACHE", filepath.Join(dir, "cache"))
	t.Setenv("GOFLAGS", "-modcacherw") // for the directory to be removed
	pins = filepath.Join(dir, "pins")
	tidy(t, pins)
	return filepath.Join(dir, "catalog"), pins
}

func write(t testing.TB, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func tidy(t testing.TB, dir string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"mod", "tidy"}, args...)...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go mod tidy: %v\n%s", err, out)
	}
}

// locked locks a catalog, and returns it and its lock.
func locked(t testing.TB, catalog, pins string) (*generator.Catalog, string) {
	t.Helper()
	if err := run(catalog, pins); err != nil {
		t.Fatal(err)
	}
	lock, err := os.ReadFile(filepath.Join(catalog, "modules.lock"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := generator.Load(os.DirFS(catalog))
	if err != nil {
		t.Fatal(err)
	}
	return c, string(lock)
}

func rendered(t *testing.T, c *generator.Catalog, features ...string) generator.Tree {
	t.Helper()
	s, err := generator.Resolve(c, generator.Spec{Service: "app", Module: "app", Features: features})
	if err != nil {
		t.Fatal(err)
	}
	tree, err := generator.Render(s)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// checkTidy checks that what is rendered is what tidy writes.
func checkTidy(t *testing.T, c *generator.Catalog, features ...string) {
	t.Helper()
	dir := t.TempDir()
	for path, content := range rendered(t, c, features...) {
		write(t, filepath.Join(dir, path), string(content))
	}
	tidy(t, dir, "-diff")
}

// selections returns all choices of optional features.
func selections(c *generator.Catalog) [][]string {
	all := [][]string{nil}
	for _, f := range c.Features {
		if f.Optional() {
			for _, features := range all {
				all = append(all, append(slices.Clip(features), f.Name))
			}
		}
	}
	return all
}

// Every selection of a catalog is tidy, and locked again its lock is the same.
func TestLock_IsExact(t *testing.T) {
	catalog, pins := build(t, world)
	c, lock := locked(t, catalog, pins)
	for _, features := range selections(c) {
		t.Run(strings.Join(features, "+"), func(t *testing.T) { checkTidy(t, c, features...) })
	}
	if _, again := locked(t, catalog, pins); again != lock {
		t.Errorf("locked again, it is\n%s\nnot\n%s", again, lock)
	}
}

// The lock of the templates is up to date.
func TestLock_OfTheTemplates(t *testing.T) {
	catalog, err := generator.LoadUnlocked(templates.FS)
	if err != nil {
		t.Fatal(err)
	}
	lock, err := compute(catalog, filepath.Join("..", "..", "..", "testdata", "pins"))
	if err != nil {
		t.Fatal(err)
	}
	committed, err := fs.ReadFile(templates.FS, "modules.lock")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(lock.Format(), committed) {
		t.Error("templates/modules.lock is not what make lock writes: run it")
	}
}

// The lock has what is needed, and not more: nothing that another line implies,
// and no version that no service can select.
func TestLock_IsSmall(t *testing.T) {
	catalog, pins := build(t, world)
	_, lock := locked(t, catalog, pins)
	_, lock, _ = strings.Cut(regexp.MustCompile(`h1:\S+`).ReplaceAllString(lock, "h1:x"), "\n")
	if lock != worldLock {
		t.Errorf("got:\n%s\nwant:\n%s", lock, worldLock)
	}
}

// A feature that is added does not change the modules of selections without it,
// though some of them need t as well, and g brings a version of t.
func TestLock_OfOneMoreFeature(t *testing.T) {
	catalog, pins := build(t, world)
	g := filepath.Join(catalog, "feature", "g")
	if err := os.Rename(g, filepath.Join(pins, "g")); err != nil {
		t.Fatal(err)
	}
	without, _ := locked(t, catalog, pins)
	if err := os.Rename(filepath.Join(pins, "g"), g); err != nil {
		t.Fatal(err)
	}
	with, _ := locked(t, catalog, pins)
	for _, features := range selections(without) {
		got, want := rendered(t, with, features...), rendered(t, without, features...)
		for _, file := range []string{"go.mod", "go.sum"} {
			if !bytes.Equal(got[file], want[file]) {
				t.Errorf("%v: since there is g, %s is\n%s\nnot\n%s", features, file, got[file], want[file])
			}
		}
	}
}

// withE changes the world: b imports e, which only g's go.mod mentions.
const withE = world + `
-- catalog/feature/b/files/b_test.go.raw --
package main

import _ "e.test/e"
-- modules/g.test/g@v1.0.0/go.mod --
module g.test/g

go 1.26.0

require (
	e.test/e v1.0.0
	n.test/n v1.0.0
	t.test/t v1.2.0
	u.test/u v1.0.0
)
-- modules/e.test/e@v1.0.0/e.go --
package e
-- modules/e.test/e@v1.0.0/go.mod --
module e.test/e

go 1.26.0
`

// What makes it impossible to say what tidy writes is refused, and nothing is
// written. A file that is twice in an archive is as it is there last.
func TestLock_Refuses(t *testing.T) {
	tests := []struct{ name, archive, want string }{{
		"an import that no pinned module has",
		world + `
-- catalog/feature/g/files/g.go.raw --
package main

import _ "g.test/g"
`,
		"feature g imports g.test/g, which no module of the pins has; add it to them and run go mod tidy there",
	}, {
		"an import that two pinned modules have",
		world + `
-- catalog/feature/n/files/n.go.raw --
package main

import _ "n.test/n/inner/x"
-- modules/n.test/n@v1.0.0/n.go --
package n
-- modules/n.test/n/inner@v1.0.0/x/x.go --
package x
-- modules/g.test/g@v1.0.0/sub/g_windows_test.go --
package sub
`,
		"feature n imports n.test/n/inner/x, which n.test/n/inner@v1.0.0 and n.test/n@v1.0.0 both have; pin versions of which only one has it",
	}, {
		"pins that are not enough", // go does not read the go.mod of e there
		withE + `
-- modules/e.test/e@v1.0.0/go.mod --
module e.test/e

go 1.26.0

require o.test/o v1.2.0
-- modules/o.test/o@v1.2.0/go.mod --
module o.test/o

go 1.26.0
-- modules/o.test/o@v1.2.0/o.go --
package o
`,
		"the pins select o.test/o@v1.1.0, but what services import requires v1.2.0; run go get o.test/o@v1.2.0 there",
	}, {
		"a test that imports what its module does not require", // though g does
		withE + `
-- modules/e.test/e@v1.0.0/e_test.go --
package e

import _ "u.test/u"
`,
		"feature b imports e.test/e: a test needs package u.test/u, which no required module has; pin versions whose go.mod files are tidy",
	}, {
		"a test that imports what no module requires",
		withE + `
-- modules/e.test/e@v1.0.0/e_test.go --
package e

import _ "f.test/f"
`,
		"tests of modules that services require import f.test/f, which no module that these require has; pin versions whose go.mod files are tidy",
	}}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			catalog, pins := build(t, tt.archive)
			if err := run(catalog, pins); err == nil || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
			if _, err := os.Stat(filepath.Join(catalog, "modules.lock")); err == nil {
				t.Error("a lock has been written all the same")
			}
		})
	}
}

// A module cache that has been tampered with is noticed: the pins know the hash.
func TestLock_RefusesForgedHashes(t *testing.T) {
	catalog, pins := build(t, world)
	file := filepath.Join(pins, "go.sum")
	sums, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	original, _, _ := strings.Cut(string(sums[bytes.Index(sums, []byte("g.test/g v1.0.0 ")):]), "\n")
	const forged = "g.test/g v1.0.0 h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	write(t, file, strings.Replace(string(sums), original, forged, 1))
	want := fmt.Sprintf("g.test/g@v1.0.0: its hash is %s in the module cache and %s in the go.sum of the pins; find out which one is a fake", strings.Fields(original)[2], strings.Fields(forged)[2])
	if err := run(catalog, pins); err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// Fifty optional features with a module each, which all need some of the same
// modules for their tests, in versions of their own. It is exact and takes a
// time that grows with the number of features, not with that of their pairs.
func TestLock_OfFiftyFeatures(t *testing.T) {
	const n = 50
	var archive strings.Builder
	file := func(name, format string, args ...any) {
		fmt.Fprintf(&archive, "-- %s --\n"+format+"\n", append([]any{name}, args...)...)
	}
	file("catalog/slots.yaml", "[]")
	file("catalog/shared/base/feature.yaml", "{title: base, summary: what every service has, always: true}")
	file("catalog/shared/base/files/main.go.raw", "package main\n\nfunc main() {}")
	var requires, imports strings.Builder
	for i := range n {
		m := fmt.Sprintf("f%02d.test/f", i)
		fmt.Fprintf(&requires, "require %s v1.0.0\n", m)
		fmt.Fprintf(&imports, "import _ %q\n", m)
		file(fmt.Sprintf("catalog/feature/f%02d/feature.yaml", i), "{title: f, summary: a feature}")
		file(fmt.Sprintf("catalog/feature/f%02d/files/f%02d.go.raw", i, i), "package main\n\nimport _ %q", m)
		// Each needs the next but one, tests of each a version of two helpers.
		next := fmt.Sprintf("f%02d.test/f", (i+2)%n)
		own := "modules/" + m + "@v1.0.0/"
		file(own+"f_test.go", "package f\n\nimport (\n\t_ \"h%d.test/h\"\n\t_ \"h%d.test/h\"\n)", i%5, (i+1)%5)
		mod := fmt.Sprintf("module %s\n\ngo 1.26.0\n\nrequire h%d.test/h v1.%d.0\nrequire h%d.test/h v1.%d.0\n", m, i%5, i/5, (i+1)%5, i/7)
		if i+2 < n && i%3 == 0 {
			mod += "require " + next + " v1.0.0\n"
			file(own+"f.go", "package f\n\nimport _ %q", next)
		} else {
			file(own+"f.go", "package f")
		}
		file(own+"go.mod", "%s", mod)
	}
	for h := range 5 {
		for v := range n / 5 {
			own := fmt.Sprintf("modules/h%d.test/h@v1.%d.0/", h, v)
			file(own+"go.mod", "module h%d.test/h\n\ngo 1.26.0", h)
			file(own+"h.go", "package h")
		}
	}
	file("pins/go.mod", "module pins\n\ngo 1.26.0\n\n%s", requires.String())
	file("pins/pins.go", "package pins\n\n%s", imports.String())

	catalog, pins := build(t, archive.String())
	locked(t, catalog, pins) // fills the module cache
	start := time.Now()
	c, lock := locked(t, catalog, pins)
	t.Logf("%d optional features: %v, %d lines", n, time.Since(start).Round(time.Millisecond), strings.Count(lock, "\n"))
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf("f%02d", i))
	}
	checkTidy(t, c)
	checkTidy(t, c, all...)
	for i := range 8 {
		checkTidy(t, c, slices.Concat(all[i*3:i*3+i], all[40-i:40])...)
	}
}
