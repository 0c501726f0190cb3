package main

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"maps"
	"path"
	"slices"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/internal/modules"
)

// A locker computes the lock of a catalog. It does what `go mod tidy` does
// (loadFromRoots, tidyRoots, readModGraph and keepSums in package modload of
// cmd/go), for all selections at once:
//
//   - A package that a service imports, or one of those does, comes from the
//     version of its module that the pins select, and the service requires that
//     version.
//   - What the tests of such packages need comes from versions that depend on
//     what else the service requires: the latest of those that the go.mod files
//     of all required modules name. Each version that can be the latest is in
//     the lock.
//
// So the work grows with the number of packages and modules, and not with that
// of selections.
type locker struct {
	*cache
	pinned   map[string]string         // the versions that the pins select, by module path
	services map[string]module.Version // the packages that services need, with their modules
	always   map[string]bool           // the paths of the modules that every service requires
	floor    map[string]string         // the versions that every service has at least, by module path
	versions map[string][]string       // the versions that services can select, by module path

	packages map[pkg]*modules.Package   // those that the lock is to have
	reached  map[string]map[string]bool // see reach
	problems []error
}

// A pkg is a package in a version of a module.
type pkg struct {
	module.Version
	path string
}

func newLocker(c *cache) *locker {
	return &locker{
		cache: c, services: map[string]module.Version{}, always: map[string]bool{}, versions: map[string][]string{},
		packages: map[pkg]*modules.Package{}, reached: map[string]map[string]bool{},
	}
}

// lock returns the lock of a catalog with these imports.
func (l *locker) lock(pins *modfile.File, imports []generator.Import) (*modules.Lock, error) {
	steps := []func(){
		func() { l.loadServices(pins, imports) },
		func() { l.findVersions(imports) },
		func() { l.addPackages(imports) },
	}
	for _, step := range steps {
		step()
		if err := cmp.Or(l.err, errors.Join(l.problems...)); err != nil {
			return nil, err
		}
	}
	lock, err := modules.Parse("modules.lock", (&modules.Lock{Go: pins.Go.Version, Modules: l.modules()}).Format())
	if err := cmp.Or(l.err, err); err != nil {
		return nil, err
	}
	return lock, check(lock, imports)
}

// check finds tests whose modules do not require what they import: go would look
// for some module that has it, and require that.
func check(lock *modules.Lock, imports []generator.Import) error {
	var always []string
	for _, i := range imports {
		if i.Feature.Always {
			always = append(always, i.Package)
		}
	}
	var errs []error
	for _, i := range imports {
		_, err := lock.Files("check", append(slices.Clip(always), i.Package))
		if unknown := (*modules.UnknownError)(nil); errors.As(err, &unknown) {
			err = fmt.Errorf("feature %s imports %s: a test needs package %s, which no required module has; pin versions whose go.mod files are tidy", i.Feature.Name, i.Package, unknown.Package)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (l *locker) problem(format string, args ...any) {
	l.problems = append(l.problems, fmt.Errorf(format, args...))
}

// loadServices finds all packages that services need, without tests of others.
func (l *locker) loadServices(pins *modfile.File, imports []generator.Import) {
	var required []module.Version
	for _, r := range pins.Require {
		required = append(required, r.Mod)
	}
	l.pinned = l.graph(required).selected
	var load func(importPath, importer string)
	load = func(importPath, importer string) {
		if _, done := l.services[importPath]; done {
			return
		}
		var found []module.Version
		for prefix := range prefixes(importPath) {
			m := module.Version{Path: prefix, Version: l.pinned[prefix]}
			if m.Version != "" && l.source(m, importPath) != nil {
				found = append(found, m)
			}
		}
		l.services[importPath] = module.Version{}
		switch len(found) {
		case 0:
			l.problem("%s imports %s, which no module of the pins has; add it to them and run go mod tidy there", importer, importPath)
		case 1:
			l.services[importPath] = found[0]
			for _, imported := range l.source(found[0], importPath).imports {
				load(imported, "package "+importPath)
			}
		default:
			l.problem("%s imports %s, which %s and %s both have; pin versions of which only one has it", importer, importPath, found[0], found[1])
		}
	}
	for _, i := range imports {
		load(i.Package, "feature "+i.Feature.Name)
	}
}

// findVersions finds the versions of each module that services can select.
func (l *locker) findVersions(imports []generator.Import) {
	done := map[string]bool{}
	var load func(importPath string)
	load = func(importPath string) {
		if !done[importPath] {
			done[importPath] = true
			l.always[l.services[importPath].Path] = true
			for _, imported := range l.source(l.services[importPath], importPath).imports {
				load(imported)
			}
		}
	}
	for _, i := range imports {
		if i.Feature.Always {
			load(i.Package)
		}
	}
	roots, always := map[module.Version]bool{}, map[module.Version]bool{}
	for _, m := range l.services {
		roots[m] = true
		if l.always[m.Path] {
			always[m] = true
		}
	}
	l.floor = l.graph(slices.Collect(maps.Keys(always))).selected
	all := l.graph(slices.Collect(maps.Keys(roots)))
	for m := range roots {
		if latest := all.selected[m.Path]; latest != m.Version {
			l.problem("the pins select %s, but what services import requires %s; run go get %s@%s there", m, latest, m.Path, latest)
		}
	}
	for m := range all.seen {
		if l.always[m.Path] && m.Version != l.pinned[m.Path] || semver.Compare(m.Version, l.floor[m.Path]) < 0 {
			continue
		}
		l.versions[m.Path] = append(l.versions[m.Path], m.Version)
	}
	for _, versions := range l.versions {
		slices.SortFunc(versions, semver.Compare)
	}
}

// addPackages adds the packages that services import, those of other modules
// that these import, and so on, and then the same for their tests.
func (l *locker) addPackages(imports []generator.Import) {
	var tests []string
	var addService func(importPath string)
	addService = func(importPath string) {
		key := pkg{l.services[importPath], importPath}
		if l.packages[key] != nil {
			return
		}
		p := &modules.Package{Path: importPath}
		l.packages[key] = p
		p.Imports, p.Tests = l.needs(key, true)
		for _, imported := range p.Imports {
			addService(imported)
		}
		tests = append(tests, p.Tests...)
	}
	for _, i := range imports {
		addService(i.Package)
	}
	done := map[string]bool{}
	for len(tests) > 0 {
		importPath := tests[0]
		tests = tests[1:]
		if done[importPath] {
			continue
		}
		done[importPath] = true
		owners := l.owners(importPath)
		if len(owners) == 0 {
			l.problem("tests of modules that services require import %s, which no module that these require has; pin versions whose go.mod files are tidy", importPath)
		}
		for _, m := range owners {
			key := pkg{m, importPath}
			if l.packages[key] == nil {
				p := &modules.Package{Path: importPath, Testing: true}
				l.packages[key] = p
				p.Imports, _ = l.needs(key, false)
			}
			tests = append(tests, l.packages[key].Imports...)
		}
	}
}

// owners returns the modules that can be selected and have a package.
func (l *locker) owners(importPath string) []module.Version {
	var all []module.Version
	for prefix := range prefixes(importPath) {
		for _, v := range l.versions[prefix] {
			if m := (module.Version{Path: prefix, Version: v}); l.source(m, importPath) != nil {
				all = append(all, m)
			}
		}
	}
	return all
}

// needs returns what a package needs of other modules, together with the
// packages of its own module that it imports, and what their tests need besides.
func (l *locker) needs(of pkg, withTests bool) (imports, tests []string) {
	visited := map[string]bool{}
	var own []*source
	var visit func(importPath string, others *[]string)
	visit = func(importPath string, others *[]string) {
		if visited[importPath] {
			return
		}
		visited[importPath] = true
		s := l.source(of.Version, importPath)
		if s == nil || importPath != of.path && l.between(of.Path, importPath) {
			*others = append(*others, importPath)
			return
		}
		own = append(own, s)
		for _, imported := range s.imports {
			visit(imported, others)
		}
	}
	visit(of.path, &imports)
	if withTests {
		for _, s := range own { // and not what the tests add to it
			for _, imported := range s.tests {
				visit(imported, &tests)
			}
		}
	}
	imports = l.reduce(imports, nil)
	return imports, l.reduce(tests, imports)
}

// between tells whether a package of a module might be looked for in a module
// inside of that one, too: then it has a line of its own.
func (l *locker) between(modulePath, importPath string) bool {
	for prefix := range prefixes(importPath) {
		if prefix == modulePath {
			return false
		}
		if l.versions[prefix] != nil {
			return true
		}
	}
	return false
}

// reduce leaves out what others of the packages, or those beside them, import.
func (l *locker) reduce(packages, beside []string) []string {
	slices.Sort(packages)
	for i := 0; i < len(packages); {
		q := packages[i]
		implied := func(p string) bool { return p != q && l.reach(p)[q] }
		if slices.ContainsFunc(packages, implied) || slices.ContainsFunc(beside, implied) {
			packages = slices.Delete(packages, i, i+1)
		} else {
			i++
		}
	}
	return packages
}

// reach returns the packages that a package imports, and those that these do, as
// far as it is the same for every service: through modules of which services can
// select only one version.
func (l *locker) reach(importPath string) map[string]bool {
	if all, done := l.reached[importPath]; done {
		return all
	}
	all := map[string]bool{}
	l.reached[importPath] = all
	if owners := l.owners(importPath); len(owners) == 1 {
		for _, imported := range l.source(owners[0], importPath).imports {
			all[imported] = true
			maps.Copy(all, l.reach(imported))
		}
	}
	return all
}

// modules returns the modules of the packages, and those that go has to look at
// to find these.
func (l *locker) modules() []*modules.Module {
	all := map[module.Version]*modules.Module{}
	add := func(v module.Version) *modules.Module {
		if all[v] == nil {
			all[v] = &modules.Module{Version: v, ModSum: l.modSum(v)}
		}
		return all[v]
	}
	roots := map[module.Version]bool{}
	for key, p := range l.packages {
		for prefix := range prefixes(key.path) {
			for _, v := range l.versions[prefix] {
				if m := add(module.Version{Path: prefix, Version: v}); m.Sum == "" {
					m.Sum = l.sum(m.Version)
				}
			}
		}
		add(key.Version).Packages = append(add(key.Version).Packages, p)
		if !p.Testing {
			roots[key.Version] = true
		}
	}
	for root := range roots {
		g, m := l.graph([]module.Version{root}), add(root)
		for v := range g.read {
			if v != root {
				add(v)
				m.Graph = append(m.Graph, v)
			}
		}
		for v := range g.seen {
			if known := all[v]; known != nil && known.Sum != "" && l.matters(root, v) {
				m.Requires = append(m.Requires, v)
			}
		}
	}
	return slices.Collect(maps.Values(all))
}

// matters tells whether there can be a service that selects a version because
// root requires it.
func (l *locker) matters(root, v module.Version) bool {
	given := l.always[v.Path] || v.Version == l.floor[v.Path] && !l.always[root.Path]
	return !given && v.Path != root.Path
}

// prefixes yields the paths of all modules that may have a package.
func prefixes(importPath string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for p := importPath; p != "." && p != "/"; p = path.Dir(p) {
			if !yield(p) {
				return
			}
		}
	}
}
