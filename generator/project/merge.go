package project

import (
	"bytes"
	"cmp"
	"go/format"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/internal/diff3"
	"github.com/otelgen/otelgen/internal/modules"
)

// texts are the three states of a file in the form in which they are compared
// and merged: Go is formatted, and line endings are ours. Who sets other tabs,
// or has git write CRLF, has not changed the file.
type texts struct {
	base, disk, next []byte
	crlf             bool // the file on disk has the other line endings
}

func textsOf(st state) texts {
	t := texts{base: st.base, disk: st.disk.data, next: st.next}
	if t.crlf = allCRLF(t.disk) && !bytes.Contains(t.base, crlf) && !bytes.Contains(t.next, crlf); t.crlf {
		t.disk = bytes.ReplaceAll(t.disk, crlf, lf)
	}
	if path.Ext(st.path) == ".go" && !same(t.disk, t.base) && !same(t.disk, t.next) {
		t.base, t.disk, t.next = gofmt(t.base), gofmt(t.disk), gofmt(t.next)
	}
	return t
}

// restore gives a text the line endings that the file has.
func (t texts) restore(text []byte) []byte {
	if t.crlf {
		return bytes.ReplaceAll(text, lf, crlf)
	}
	return text
}

var lf, crlf = []byte("\n"), []byte("\r\n")

func allCRLF(text []byte) bool {
	n := bytes.Count(text, crlf)
	return n > 0 && n == bytes.Count(text, lf)
}

// gofmt formats what is Go.
func gofmt(source []byte) []byte {
	formatted, err := format.Source(source)
	if source == nil || err != nil {
		return source
	}
	return formatted
}

// merge merges line by line. What is no text, markers would destroy: there is
// nothing to resolve in it, not for git either, and it is reported once.
func (c *Change) merge(t texts) {
	if bytes.IndexByte(slices.Concat(t.base, t.disk, t.next), 0) >= 0 {
		c.Action = Conflict
		c.Note = "it is no text: yours stays; otelgen's is in " + baseDir + c.Path + ".base"
		return
	}
	merged, clean := diff3.Merge(t.base, t.disk, t.next)
	switch {
	case !clean:
		c.Action, c.After = Conflict, t.restore(merged)
		c.Note = "you and otelgen changed the same lines: decide between the markers"
	case bytes.Equal(merged, t.disk):
		c.Action = Keep // what we would change has been changed
	default:
		if path.Ext(c.Path) == ".go" {
			merged = gofmt(merged)
		}
		c.Action, c.After = Merge, t.restore(merged)
	}
}

const ignoreFile = ".gitignore"

// withPatterns adds to a .gitignore those lines of another that it lacks, at
// its end, where they win.
func withPatterns(yours, ours []byte) []byte {
	t := texts{crlf: allCRLF(yours)}
	have := map[string]bool{"": true}
	for line := range strings.Lines(string(yours)) {
		have[strings.TrimSpace(line)] = true
	}
	var more []byte
	for line := range strings.Lines(string(ours)) {
		if !have[strings.TrimSpace(line)] {
			more = append(more, strings.TrimSpace(line)+"\n"...)
		}
	}
	switch {
	case more == nil:
		return yours
	case len(yours) > 0 && !bytes.HasSuffix(yours, lf):
		more = slices.Concat(lf, lf, more)
	case len(yours) > 0:
		more = slices.Concat(lf, more)
	}
	return slices.Concat(yours, t.restore(more))
}

const goMod, goSum = "go.mod", "go.sum"

func isModule(p string) bool { return path.Base(p) == goMod || path.Base(p) == goSum }

// modulesLast sorts paths: what a go.mod must hold depends on the Go files
// that there will be.
func modulesLast(a, b string) int {
	rank := func(p string) int {
		if isModule(p) {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b))
}

// mergeModule decides about a go.mod or a go.sum, given what has been decided
// about other files.
func (s *snapshot) mergeModule(c *Change, next generator.Tree, sofar Plan) error {
	dir := path.Dir(c.Path)
	mod, sum := textsOf(s.state(path.Join(dir, goMod), "", next)), textsOf(s.state(path.Join(dir, goSum), "", next))
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
	case bytes.Equal(c.After, next[c.Path]):
		c.Action = Update
	}
	return nil
}

// goFiles are the Go files of a project that go mod tidy would look at, by
// path, with what they import, and the directories of its modules.
type goFiles struct {
	byPath  map[string][]string
	modules map[string]bool
}

func readGoFiles(d *disk) (goFiles, error) {
	g := goFiles{map[string][]string{}, map[string]bool{}}
	err := d.walk(".", func(p string, entry fs.DirEntry) error {
		base := path.Base(p)
		switch {
		case entry.IsDir() && p != "." && (strings.ContainsAny(base[:1], "._") || base == "vendor" || base == "testdata"):
			return fs.SkipDir // as go does
		case !entry.Type().IsRegular():
		case base == goMod:
			g.modules[path.Dir(p)] = true
		case path.Ext(p) == ".go":
			f, err := d.find(p)
			g.byPath[p] = importsOf(f.data)
			return err
		}
		return nil
	})
	return g, err
}

// importsOf returns what a Go file imports, as far as it can be read.
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

// imports returns what the Go files of the module in a directory import, once
// the plan is applied.
func (g goFiles) imports(dir string, plan Plan) []string {
	byPath := maps.Clone(g.byPath)
	for _, c := range plan {
		delete(byPath, c.From)
		delete(byPath, c.Path)
		if path.Ext(c.Path) == ".go" && c.After != nil {
			byPath[c.Path] = importsOf(c.After)
		}
	}
	var all []string
	for p, imports := range byPath {
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
