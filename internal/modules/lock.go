// Package modules knows what a service needs of other modules, exactly, without
// asking the network.
//
// At release time `make lock` writes down facts about modules: what their
// packages import and what their go.mod files require. From these and the
// packages that a service imports, [Lock.Files] computes what `go mod tidy`
// would write. [Merge] brings that into a project whose owner has changed go.mod
// too.
//
// # The lock file
//
// A catalog has one. It consists of one fact a line, in paragraphs, so that a
// new version is a few changed lines in a review:
//
//	# A comment.
//	go 1.26.0
//
//	module github.com/pressly/goose/v3 v3.29.0
//	sum h1:uJhdHNq...=
//	mod h1:VSbV8...=
//	require github.com/stretchr/testify v1.12.1
//	package github.com/pressly/goose/v3
//	import github.com/mfridman/interpolate
//	test github.com/stretchr/testify/require
//
//	module github.com/stretchr/testify v1.12.1
//	sum h1:ysH9KZz...=
//	mod h1:Vm1ZOPe...=
//	testing github.com/stretchr/testify/require
//	import go.yaml.in/yaml/v3
//
// A line is about the module, or the package, above it:
//
//	go VERSION            the least version of Go that a service needs
//	module PATH VERSION   a version of a module that a service can select
//	sum HASH              what go.sum says of the module; left out if go needs only its go.mod
//	mod HASH              what go.sum says of its go.mod
//	require PATH VERSION  its go.mod requires this version, which a service can select
//	graph PATH VERSION    it is an unpruned module, so that go reads this go.mod, too
//	package PATH          a package of the module that services can import
//	testing PATH          a package of the module that only tests of others need
//	import PATH           the package imports this one of another module
//	test PATH             its tests do
//
// A package stands for all packages of its module that it imports. Lines that
// follow from others are omitted: an import that another import of the package
// has, and a requirement that makes no difference because every service requires
// the version or a later one.
package modules

import (
	"fmt"
	"maps"
	"path"
	"slices"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
)

// A Lock has all facts about the modules of a catalog's services. It can be used
// concurrently.
type Lock struct {
	Go      string    // the least version of Go, as go.mod has it
	Modules []*Module // sorted by path and version

	versions map[string][]*Module  // by path, the latest last
	packages map[string][]*Package // by import path, in different modules
}

// A Module is one version of a module.
type Module struct {
	module.Version
	Sum    string // of its content, as go.sum has it; "" if no service needs it
	ModSum string // of its go.mod

	// Requires are the versions that it adds to the graph of modules of a service
	// that requires it. They are in the lock, too.
	Requires []module.Version

	// Graph are the versions whose go.mod files such a service reads, besides the
	// module's own: those that an unpruned module (before Go 1.17) requires, and
	// what these require.
	Graph []module.Version

	Packages []*Package

	rank            int // in order of version, among those of the same path
	requires, graph []*Module
}

// A Package is a package of a module together with all packages of that module
// that it imports.
type Package struct {
	Path    string
	Testing bool     // only tests of other modules need it: a service cannot import it
	Imports []string // packages of other modules
	Tests   []string // packages of other modules that its tests need besides

	module *Module
}

// UnknownError says that a package is needed, and none of the modules that a
// service selects has it, as far as the lock knows.
type UnknownError struct{ Package string }

func (e *UnknownError) Error() string {
	return fmt.Sprintf("package %s: is in none of the modules that modules.lock has for this; run make lock", e.Package)
}

// Knows tells whether a service may import a package of another module.
func (l *Lock) Knows(importPath string) bool { return l.service(importPath) != nil }

// Has tells whether there are facts about a module.
func (l *Lock) Has(modulePath string) bool { return l.versions[modulePath] != nil }

// Requires tells whether a service that imports these packages of other modules
// requires a certain module. It ignores packages that the lock does not know.
func (l *Lock) Requires(modulePath string, imports []string) bool {
	n := newNeeds(l)
	_, _ = n.load(slices.DeleteFunc(slices.Clone(imports), func(importPath string) bool { return !l.Knows(importPath) }))
	return slices.ContainsFunc(l.versions[modulePath], func(m *Module) bool { return n.roots[m] })
}

// service returns the package that a service imports by this path, or nil.
func (l *Lock) service(importPath string) *Package {
	for _, p := range l.packages[importPath] {
		if !p.Testing {
			return p
		}
	}
	return nil
}

// Files returns what `go mod tidy` writes for a module whose packages and tests
// import these packages of other modules. If one of them is not in the lock, the
// error is an [*UnknownError].
func (l *Lock) Files(modulePath string, imports []string) (Files, error) {
	n := newNeeds(l)
	direct, err := n.load(imports)
	if err != nil {
		return Files{}, err
	}
	n.selectVersions()
	if err := n.loadTests(); err != nil {
		return Files{}, err
	}
	f := new(modfile.File)
	if err := f.AddModuleStmt(modulePath); err != nil {
		return Files{}, err
	}
	if err := f.AddGoStmt(l.Go); err != nil {
		return Files{}, err
	}
	requires := make(map[string]Require, len(n.roots))
	for m := range n.roots {
		requires[m.Path] = Require{m.Version.Version, !direct[m]}
	}
	setRequires(f, requires)
	mod, err := f.Format()
	return Files{mod, formatSums(n.sums)}, err
}

// needs are what a service needs, in the making. They follow cmd/go step by
// step: loadFromRoots, readModGraph and keepSums of its package modload.
type needs struct {
	lock     *Lock
	all      []*Package         // what "all" is in `go help packages`
	loaded   map[*Package]bool  // that, and what the tests need
	roots    map[*Module]bool   // the modules of all: those that go.mod requires
	selected map[string]*Module // by path
	sums     map[Sum]bool
}

func newNeeds(l *Lock) *needs {
	return &needs{lock: l, loaded: map[*Package]bool{}, roots: map[*Module]bool{}, selected: map[string]*Module{}, sums: map[Sum]bool{}}
}

// load finds all packages that the imported ones import, and returns the modules
// of the imported ones.
func (n *needs) load(imports []string) (direct map[*Module]bool, err error) {
	add := func(importPath string) (*Module, error) {
		p := n.lock.service(importPath)
		if p == nil {
			return nil, &UnknownError{importPath}
		}
		if !n.loaded[p] {
			n.loaded[p], n.roots[p.module] = true, true
			n.all = append(n.all, p)
		}
		return p.module, nil
	}
	direct = map[*Module]bool{}
	for _, importPath := range imports {
		m, err := add(importPath)
		if err != nil {
			return nil, err
		}
		direct[m] = true
	}
	for i := 0; i < len(n.all); i++ {
		for _, importPath := range n.all[i].Imports {
			if _, err := add(importPath); err != nil {
				return nil, err
			}
		}
	}
	return direct, nil
}

// selectVersions selects the latest version of each module that a root is or
// requires. Every go.mod that this takes is in go.sum.
func (n *needs) selectVersions() {
	see := func(m *Module) {
		if old := n.selected[m.Path]; old == nil || old.rank < m.rank {
			n.selected[m.Path] = m
		}
	}
	for root := range n.roots {
		see(root)
		n.sumMod(root)
		for _, m := range root.requires {
			see(m)
		}
		for _, m := range root.graph {
			n.sumMod(m)
		}
	}
}

// loadTests loads the tests of all packages, and adds the sums of every module
// that a loaded package may come from: go makes sure that it is one.
func (n *needs) loadTests() error {
	queue := slices.Clone(n.all)
	add := func(importPath string) error {
		p := n.find(importPath)
		if p == nil {
			return &UnknownError{importPath}
		}
		if !n.loaded[p] {
			n.loaded[p] = true
			queue = append(queue, p)
		}
		return nil
	}
	for _, p := range n.all {
		for _, importPath := range p.Tests {
			if err := add(importPath); err != nil {
				return err
			}
		}
	}
	for i := 0; i < len(queue); i++ {
		p := queue[i]
		for _, importPath := range p.Imports {
			if err := add(importPath); err != nil {
				return err
			}
		}
		n.sumMod(p.module)
		for prefix := p.Path; prefix != "."; prefix = path.Dir(prefix) {
			// Go does not look elsewhere if a module that go.mod requires has the package.
			if m := n.selected[prefix]; m != nil && (n.roots[m] || !n.roots[p.module]) {
				n.sums[Sum{m.Version, m.Sum}] = true
			}
		}
	}
	return nil
}

// find returns the package with an import path in the selected modules, or nil.
// The modules that go.mod requires come first.
func (n *needs) find(importPath string) *Package {
	var found *Package
	for _, p := range n.lock.packages[importPath] {
		if n.roots[p.module] {
			return p
		}
		if n.selected[p.module.Path] == p.module {
			found = p
		}
	}
	return found
}

func (n *needs) sumMod(m *Module) {
	n.sums[Sum{module.Version{Path: m.Path, Version: m.Version.Version + "/go.mod"}, m.ModSum}] = true
}

// link connects the facts, and returns what is missing or contradicts itself.
func (l *Lock) link() []error {
	var errs []error
	report := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	l.versions, l.packages = map[string][]*Module{}, map[string][]*Package{}
	byVersion := make(map[module.Version]*Module, len(l.Modules))
	for _, m := range l.Modules {
		if m.ModSum == "" {
			report("module %s: has no line mod", m.Version)
		}
		m.rank = len(l.versions[m.Path])
		l.versions[m.Path] = append(l.versions[m.Path], m)
		byVersion[m.Version] = m
		for _, p := range m.Packages {
			if other := l.service(p.Path); other != nil && !p.Testing {
				report("package %s: is in %s and in %s", p.Path, other.module.Version, m.Version)
			}
			p.module = m
			l.packages[p.Path] = append(l.packages[p.Path], p)
		}
	}
	find := func(m *Module, v module.Version, summed bool) *Module {
		other := byVersion[v]
		switch {
		case other == nil:
			report("module %s: needs %s, which is not here", m.Version, v)
		case summed && other.Sum == "":
			report("module %s: needs %s, which has no sum here", m.Version, v)
		}
		return other
	}
	for _, m := range l.Modules {
		for _, v := range m.Requires {
			m.requires = append(m.requires, find(m, v, true))
		}
		for _, v := range m.Graph {
			m.graph = append(m.graph, find(m, v, false))
		}
		for _, p := range m.Packages {
			find(m, m.Version, true)
			for _, importPath := range slices.Concat(p.Imports, p.Tests) {
				if l.packages[importPath] == nil {
					report("package %s: needs %s, which is not here", p.Path, importPath)
				}
			}
			for _, importPath := range p.Imports {
				if !p.Testing && l.packages[importPath] != nil && l.service(importPath) == nil {
					report("package %s: imports %s, which is for tests only", p.Path, importPath)
				}
			}
		}
	}
	return errs
}

// A Require is the version of a required module.
type Require struct {
	Version  string
	Indirect bool
}

func requires(f *modfile.File) map[string]Require {
	all := make(map[string]Require, len(f.Require))
	for _, r := range f.Require {
		all[r.Mod.Path] = Require{r.Mod.Version, r.Indirect}
	}
	return all
}

func setRequires(f *modfile.File, requires map[string]Require) {
	var list []*modfile.Require
	for _, path := range slices.Sorted(maps.Keys(requires)) {
		r := requires[path]
		list = append(list, &modfile.Require{Mod: module.Version{Path: path, Version: r.Version}, Indirect: r.Indirect})
	}
	f.SetRequireSeparateIndirect(list)
	f.Cleanup()
}
