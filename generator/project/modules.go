package project

import (
	"bytes"
	"cmp"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"strconv"
	"strings"

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
		return s.versions(p, "").normalized(p)
	}
	mod, sum := versionsOf(goMod), versionsOf(goSum)
	merged, tidy, err := modules.Merge(dir, path.Join(baseDir, dir),
		modules.Files{Mod: mod.base, Sum: sum.base},
		modules.Files{Mod: mod.disk, Sum: sum.disk},
		modules.Files{Mod: mod.next, Sum: sum.next},
		s.code.imports(dir, sofar))
	if err != nil {
		return err
	}
	if path.Base(c.Path) == goSum {
		c.After = sum.restore(merged.Sum)
	} else if c.After = mod.restore(merged.Mod); tidy {
		c.Note = "you require other modules or versions than otelgen: run go mod tidy"
	}
	switch c.Action = Merge; {
	case same(c.After, c.Before):
		c.Action = Keep
	case bytes.Equal(c.After, s.next[c.Path]):
		c.Action = Update
	}
	return nil
}

// goFiles are the Go files of a project that go mod tidy reads.
type goFiles struct {
	imported map[string][]string // by the path of the file
	modules  map[string]bool     // directories with a go.mod
}

func readGoFiles(d *disk) (goFiles, error) {
	g := goFiles{map[string][]string{}, map[string]bool{}}
	err := d.walk(".", func(p string, entry fs.DirEntry) error {
		base := path.Base(p)
		switch {
		case entry.IsDir() && p != "." && (strings.ContainsAny(base[:1], "._") || base == "vendor" || base == "testdata"):
			return fs.SkipDir // the go command ignores it, too
		case !entry.Type().IsRegular():
		case base == goMod:
			g.modules[path.Dir(p)] = true
		case path.Ext(p) == ".go":
			f, err := d.look(p)
			g.imported[p] = importsOf(f.data)
			return err
		}
		return nil
	})
	return g, err
}

// importsOf returns the paths that a Go file imports. If it does not parse, that
// is what comes before the error.
func importsOf(source []byte) []string {
	file, _ := parser.ParseFile(token.NewFileSet(), "", source, parser.ImportsOnly|parser.SkipObjectResolution)
	if file == nil {
		return nil
	}
	var imports []string
	for _, spec := range file.Imports {
		if p, err := strconv.Unquote(spec.Path.Value); err == nil {
			imports = append(imports, p)
		}
	}
	return imports
}

// imports returns the paths that the module in a directory imports after a plan
// has been applied.
func (g goFiles) imports(dir string, plan Plan) []string {
	imported := maps.Clone(g.imported)
	for _, c := range plan {
		delete(imported, c.From)
		delete(imported, c.Path)
		if path.Ext(c.Path) == ".go" && c.After != nil {
			imported[c.Path] = importsOf(c.After)
		}
	}
	var all []string
	for p, imports := range imported {
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
