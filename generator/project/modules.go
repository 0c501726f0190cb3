package project

import (
	"bytes"
	"cmp"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"

	"github.com/otelgen/otelgen/internal/modules"
)

const goMod, goSum = "go.mod", "go.sum"

func isModule(p string) bool { return path.Base(p) == goMod || path.Base(p) == goSum }

// modulesLast compares paths so that every go.mod and go.sum comes after all
// other files: what they must hold depends on what those will import.
func modulesLast(a, b string) int {
	rank := func(p string) int {
		if isModule(p) {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b))
}

// mergeModule decides about a go.mod or a go.sum, which are merged together.
// sofar has the changes of all other files.
func (s *snapshot) mergeModule(c *Change, sofar Plan) error {
	dir := path.Dir(c.Path)
	versionsOf := func(name string) versions {
		p := path.Join(dir, name)
		return s.versions(p, "").normalized()
	}
	mod, sum := versionsOf(goMod), versionsOf(goSum)
	merged, err := modules.Merge(dir, path.Join(recordFile, dir),
		modules.Files{Mod: mod.base, Sum: sum.base},
		modules.Files{Mod: mod.disk, Sum: sum.disk},
		modules.Files{Mod: mod.next, Sum: sum.next},
		s.code.imports(dir, sofar))
	switch t := mod.action(); {
	case err != nil && path.Base(c.Path) == goSum && (t == Update || t == Merge):
		return nil // that of go.mod says it
	case err != nil:
		return err
	}
	if path.Base(c.Path) == goSum {
		c.After = sum.restore(merged.Sum)
	} else {
		c.After, c.Note = mod.restore(merged.Mod), moduleNote(merged)
	}
	switch c.Action = Merge; {
	case same(c.After, c.Before):
		c.Action = Keep
	case bytes.Equal(c.After, s.next[c.Path]):
		c.Action = Update
	}
	return nil
}

// moduleNote says where an owner's go.mod has won, and what is left to do.
func moduleNote(merged modules.Result) string {
	var notes []string
	say := func(names []string, format string) {
		if len(names) > 0 {
			notes = append(notes, fmt.Sprintf(format, listed(names)))
		}
	}
	var held []string
	for _, h := range merged.Held {
		held = append(held, fmt.Sprintf("%s %s, not %s", h.Path, h.Yours, h.Next))
	}
	say(held, "versions that you hold back were kept: %s")
	say(merged.Kept, "requirements with comments of yours were kept, although otelgen no longer needs them: %s")
	say(merged.Away, "requirements that you removed were not added again, although otelgen has new versions: %s")
	if merged.Tidy {
		notes = append(notes, "it requires other modules or versions than otelgen expects: run go mod tidy")
	}
	return strings.Join(notes, "; ")
}

// noteVendoring adds to the change of a go.mod that the vendor directory beside
// it is going to be out of date: the go command does not build then. sofar has
// the changes of all other files.
func (s *snapshot) noteVendoring(c *Change, sofar Plan) {
	dir := path.Dir(c.Path)
	if !s.code.vendored[dir] || same(c.Before, c.After) && !s.importsMore(dir, modfile.ModulePath(c.After), sofar) {
		return
	}
	if c.Note != "" {
		c.Note += "; "
	}
	c.Note += "the vendor directory is out of date: run go mod vendor"
	if c.Action == None {
		c.Action = Keep // a file that does not change is reported only if it is kept
	}
}

// importsMore reports whether a module imports packages of other modules after a
// plan that it did not import before.
func (s *snapshot) importsMore(dir, module string, plan Plan) bool {
	before := s.code.imports(dir, nil)
	return slices.ContainsFunc(s.code.imports(dir, plan), func(p string) bool {
		first, _, _ := strings.Cut(p, "/")
		return strings.Contains(first, ".") && p != module && !strings.HasPrefix(p, module+"/") && !slices.Contains(before, p)
	})
}

// noteImporters adds to the deletion of a package which of the owner's files
// still import it: they no longer compile.
func (s *snapshot) noteImporters(plan Plan) {
	deleted := map[string]*Change{} // by directory
	for i, c := range plan {
		if dir := path.Dir(c.Path); c.Action == Delete && isPackage(c.Path) && deleted[dir] == nil {
			deleted[dir] = &plan[i]
		}
	}
	if len(deleted) == 0 {
		return
	}
	after := s.code.after(plan)
	for p := range after {
		if isPackage(p) {
			delete(deleted, path.Dir(p)) // a part of the package stays
		}
	}
	module := modfile.ModulePath(s.disk[goMod].data) + "/"
	importers := map[string][]string{}
	for _, p := range slices.Sorted(maps.Keys(after)) {
		for _, imported := range after[p] {
			if dir, ok := strings.CutPrefix(imported, module); ok && deleted[dir] != nil {
				importers[dir] = append(importers[dir], p)
			}
		}
	}
	for dir, files := range importers {
		deleted[dir].Note = "its package is removed, but still imported by " + listed(files)
	}
}

// isPackage reports whether a path is that of a Go file which others can import.
func isPackage(p string) bool { return path.Ext(p) == ".go" && !strings.HasSuffix(p, "_test.go") }

// goFiles are the Go files of a project that go mod tidy reads.
type goFiles struct {
	imported map[string][]string // by the path of the file
	modules  map[string]bool     // directories with a go.mod
	vendored map[string]bool     // directories with a vendor directory that go mod vendor wrote
}

func readGoFiles(d *disk) (goFiles, error) {
	g := goFiles{map[string][]string{}, map[string]bool{}, map[string]bool{}}
	err := d.walkReadable(func(p string, entry fs.DirEntry) error {
		base := path.Base(p)
		switch {
		case entry.IsDir() && base == "vendor":
			listed, err := d.look(p + "/modules.txt")
			g.vendored[path.Dir(p)] = !listed.absent()
			return cmp.Or(err, fs.SkipDir)
		case entry.IsDir() && p != "." && (strings.ContainsAny(base[:1], "._") || base == "testdata"):
			return fs.SkipDir // the go command ignores it, too
		case !entry.Type().IsRegular():
		case base == goMod:
			g.modules[path.Dir(p)] = true
		case path.Ext(p) == ".go":
			f, err := d.look(p)
			g.imported[p] = modules.Imports(f.data)
			return err
		}
		return nil
	})
	return g, err
}

// after returns what each file imports after a plan has been applied.
func (g goFiles) after(plan Plan) map[string][]string {
	imported := maps.Clone(g.imported)
	for _, c := range plan {
		delete(imported, c.From)
		delete(imported, c.Path)
		if path.Ext(c.Path) == ".go" && c.After != nil {
			imported[c.Path] = modules.Imports(c.After)
		}
	}
	return imported
}

// imports returns the paths that the module in a directory imports after a plan
// has been applied.
func (g goFiles) imports(dir string, plan Plan) []string {
	var all []string
	for p, imports := range g.after(plan) {
		module := path.Dir(p)
		for module != "." && module != dir && !g.modules[module] {
			module = path.Dir(module)
		}
		if module == dir {
			all = append(all, imports...)
		}
	}
	return all
}
