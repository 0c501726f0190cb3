package generator

import (
	"bytes"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/otelgen/otelgen/internal/modules"
	"github.com/otelgen/otelgen/internal/problem"
)

// Import says that a feature imports a package of another module.
type Import struct {
	Package string
	Feature *Feature
}

// Imports returns the packages of other modules that projects can import, and
// why, in reading order.
func (c *Catalog) Imports() []Import {
	var all []Import
	for _, f := range c.Features {
		for _, importPath := range importsOf([]*Feature{f}, f.contributes.Wiring) {
			all = append(all, Import{importPath, f})
		}
	}
	return all
}

// importsOf returns the packages of other modules that a project with these
// features and steps imports. A package may be there more than once.
func importsOf(features []*Feature, steps []step) []string {
	var all []string
	for _, f := range features {
		for _, file := range f.files {
			all = append(all, file.imports...)
		}
		for _, field := range f.contributes.Config {
			if modules.External(field.Import) {
				all = append(all, field.Import)
			}
		}
	}
	for _, step := range steps {
		for _, importPath := range []string{step.Import, step.TypeImport} {
			if modules.External(importPath) {
				all = append(all, importPath)
			}
		}
	}
	return all
}

// nestedModules returns the directories of a project that have a go.mod of their
// own.
func (l *loader) nestedModules() []string {
	var nested []string
	for _, f := range l.Features {
		for _, file := range f.files {
			if path.Base(outputOf(file.path)) == goMod {
				nested = append(nested, path.Dir(file.path))
			}
		}
	}
	return nested
}

// findImports finds what the Go files of a feature import. Index files may import
// more, but what is printed there says so itself.
func (f *Feature) findImports(nested []string) {
	for i := range f.files {
		if file := &f.files[i]; isPackageFile(file.path, nested) {
			file.imports = slices.DeleteFunc(modules.Imports(withoutActions(file.raw)), func(importPath string) bool { return !modules.External(importPath) })
		}
	}
}

// isPackageFile tells whether a file belongs to a package of the project's own
// module, as the go command has it.
func isPackageFile(name string, nested []string) bool {
	if path.Ext(name) != ".go" || slices.ContainsFunc(nested, func(dir string) bool { return strings.HasPrefix(name, dir+"/") }) {
		return false
	}
	parts := strings.Split(strings.ReplaceAll(name, serviceInPath, "x"), "/")
	return !slices.ContainsFunc(parts, func(part string) bool { return part[0] == '_' || part[0] == '.' || part == "testdata" })
}

// withoutActions blanks the actions of a template, so that it can be parsed as
// Go at least to the end of its imports.
func withoutActions(source []byte) []byte {
	blank := bytes.Clone(source)
	for rest := blank; ; {
		begin := bytes.Index(rest, []byte("{{"))
		if begin < 0 {
			return blank
		}
		rest = rest[begin:]
		end := bytes.Index(rest, []byte("}}"))
		if end < 0 {
			return blank
		}
		for i := range end + len("}}") {
			if rest[i] != '\n' {
				rest[i] = ' '
			}
		}
		rest = rest[end:]
	}
}

// checkImports reports packages that the lock does not know.
func (l *loader) checkImports() {
	if !l.locked || l.lock == nil {
		return
	}
	unknown := func(importPath string) bool { return modules.External(importPath) && !l.lock.Knows(importPath) }
	for _, f := range l.Features {
		report := func(importPath string, at problem.Position) {
			l.problems.Add(at, "feature %s imports %s, which %s does not know; add it to testdata/pins and run make lock", f.Name, importPath, lockFile)
		}
		for _, file := range f.files {
			for _, importPath := range file.imports {
				if unknown(importPath) {
					before, _, _ := bytes.Cut(file.raw, []byte(strconv.Quote(importPath)))
					report(importPath, problem.Position{Path: file.disk, Line: 1 + bytes.Count(before, []byte("\n"))})
				}
			}
		}
		for i, field := range f.contributes.Config {
			if unknown(field.Import) {
				report(field.Import, f.doc.At("config", i, "import"))
			}
		}
		for i, step := range f.contributes.Wiring {
			if unknown(step.Import) {
				report(step.Import, f.doc.At("wiring", i, "import"))
			}
			if unknown(step.TypeImport) {
				report(step.TypeImport, f.doc.At("wiring", i, "type_import"))
			}
		}
	}
}
