// Package modules knows what a service needs of other modules, exactly, without
// asking the network.
//
// At release time every feature is tidied alone and what `go mod tidy` wrote is
// stored beside it as modules.lock. Unite puts the locks of the chosen features
// together again, and Merge brings the result into a project whose owner has
// changed go.mod too.
//
// # The lock file
//
// One fact a line, sorted, so that a new version is one changed line in a
// review:
//
//	# A comment.
//	go 1.26.0
//	require github.com/jackc/pgx/v5 v5.8.0
//	require golang.org/x/text v0.43.0 // indirect
//	sum github.com/jackc/pgx/v5 v5.8.0 h1:uJhdHNq...=
//	sum github.com/jackc/pgx/v5 v5.8.0/go.mod h1:VSbV8...=
//
//	with river
//	add sum github.com/kr/text v0.2.0 h1:5Nx0Ya0...=
//	drop require golang.org/x/exp v0.0.0-20251023183803-a4bb9ffd2546 // indirect
//
// A section `with` corrects what the union of this lock with those of the named
// features gets wrong. It counts when all of them are chosen. Of two features
// either may hold the correction.
package modules

import (
	"errors"
	"go/version"
	"maps"
	"slices"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
)

// Needs is what a go.mod and a go.sum say of other modules.
type Needs struct {
	Requires map[string]Require // by module path
	Sums     map[Sum]bool
}

// A Require is the version of a required module.
type Require struct {
	Version  string
	Indirect bool
}

// A Sum is one line of go.sum. The version of a line for a go.mod file ends in
// /go.mod.
type Sum struct {
	Module module.Version
	Hash   string
}

// String returns the line.
func (s Sum) String() string { return s.Module.Path + " " + s.Module.Version + " " + s.Hash }

// A Lock is what one feature needs, or several together.
type Lock struct {
	Go string // the least version of Go
	Needs
	Corrections []Correction
}

// A Correction is what changes when a feature is chosen together with others.
type Correction struct {
	With      []string
	Add, Drop Needs
}

func newNeeds() Needs { return Needs{map[string]Require{}, map[Sum]bool{}} }

// Unite returns what the features of the locks, which are by feature name, need
// together.
func Unite(locks map[string]*Lock) *Lock {
	all := &Lock{Needs: newNeeds()}
	names := slices.Sorted(maps.Keys(locks))
	for _, name := range names {
		if l := locks[name]; all.Go == "" || newerGo(l.Go, all.Go) {
			all.Go = l.Go
		}
		all.add(locks[name].Needs)
	}
	for _, name := range names {
		for _, c := range locks[name].Corrections {
			if !slices.ContainsFunc(c.With, func(other string) bool { return locks[other] == nil }) {
				all.drop(c.Drop)
				all.add(c.Add)
			}
		}
	}
	return all
}

func (n Needs) add(more Needs) {
	for path, r := range more.Requires {
		old, ok := n.Requires[path]
		if ok && semver.Compare(old.Version, r.Version) > 0 {
			r.Version = old.Version
		}
		r.Indirect = r.Indirect && (!ok || old.Indirect)
		n.Requires[path] = r
	}
	maps.Copy(n.Sums, more.Sums)
}

// drop takes away exactly these needs: what is needed in another version, or
// directly, is needed for another reason.
func (n Needs) drop(less Needs) {
	maps.DeleteFunc(n.Requires, func(path string, r Require) bool { return less.Requires[path] == r })
	maps.DeleteFunc(n.Sums, func(s Sum, _ bool) bool { return less.Sums[s] })
}

// Correct returns the correction that makes the union of some features what
// tidy says it is.
func Correct(united, tidy *Lock, with ...string) Correction {
	c := Correction{With: with, Add: newNeeds(), Drop: newNeeds()}
	c.Add.add(tidy.Needs)
	c.Add.drop(united.Needs)
	c.Drop.add(united.Needs)
	c.Drop.drop(tidy.Needs)
	return c
}

// Files returns a go.mod and a go.sum as `go mod tidy` formats them.
func (l *Lock) Files(modulePath string) (mod, sum []byte, err error) {
	f := new(modfile.File)
	if err := errors.Join(f.AddModuleStmt(modulePath), f.AddGoStmt(l.Go)); err != nil {
		return nil, nil, err
	}
	setRequires(f, l.Requires)
	mod, err = f.Format()
	return mod, formatSums(l.Sums), err
}

// Tidied returns the lock that says what a go.mod and a go.sum say.
func Tidied(mod, sum []byte) (*Lock, error) {
	f, err := modfile.Parse("go.mod", mod, nil)
	if err != nil {
		return nil, err
	}
	if f.Go == nil {
		return nil, errors.New("go.mod: has no go directive")
	}
	sums, err := parseSums("go.sum", sum)
	return &Lock{Go: f.Go.Version, Needs: Needs{requires(f), sums}}, err
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

func newerGo(a, b string) bool { return version.Compare("go"+a, "go"+b) > 0 }
