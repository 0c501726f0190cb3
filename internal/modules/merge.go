package modules

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
)

// Files are the two files of a module that Merge merges together: what go.sum
// must hold depends on go.mod.
type Files struct{ Mod, Sum []byte }

// A Result is what Merge makes of a module.
type Result struct {
	Files

	// Tidy says that `go mod tidy` may find something to do: nobody but the
	// network knows what your versions and theirs need together.
	Tidy bool

	Held []Held   // versions that next changes and you hold back
	Kept []string // modules and directives that next drops and you wrote a comment about
	Away []string // modules that you removed and that next requires in another version
}

// Held is a version of a module that its owner holds back.
type Held struct{ Path, Yours, Next string }

// Merge brings the change from base to next into yours, as data: text that git
// would call a conflict, two new versions on neighbouring lines, is none. What
// you wrote into go.mod yourself stays, with its comments, and what you removed
// stays away unless your code imports it. A version stays if you wrote a comment
// about it, went back to it, or exclude that of next.
//
// The module lies in dir, and base in recorded, which errors name; imports are
// the import paths in its Go files.
func Merge(dir, recorded string, base, yours, next Files, imports []string) (Result, error) {
	if err := errors.Join(unmerged(path.Join(dir, "go.mod"), yours.Mod), unmerged(path.Join(dir, "go.sum"), yours.Sum)); err != nil {
		return Result{}, err
	}
	b, errBase := parseFiles(recorded, base)
	y, errYours := parseFiles(dir, yours)
	n, errNext := parseFiles(dir, next)
	if err := errors.Join(errBase, errYours, errNext); err != nil {
		return Result{}, err
	}
	var r Result
	reqs, more := r.mergeRequires(b, y, n, imports)
	sums, err := mergeSums(dir, b, y, n, reqs, more)
	if err != nil {
		return Result{}, err
	}
	r.Sum = formatSums(sums)
	asNext := maps.Equal(reqs, n.requires)
	r.Tidy = !asNext && (!maps.Equal(reqs, y.requires) || !maps.Equal(b.requires, n.requires))
	if asNext && bytes.Equal(yours.Mod, base.Mod) {
		r.Mod = next.Mod
		return r, nil
	}
	file, changed, err := r.mergeDirectives(b.file, y.file, n.file)
	if err != nil {
		return Result{}, fmt.Errorf("%s: %w", path.Join(dir, "go.mod"), err)
	}
	if !changed && maps.Equal(reqs, y.requires) {
		r.Mod = yours.Mod
		return r, nil
	}
	setRequires(file, reqs)
	if r.Mod, err = file.Format(); err == nil {
		r.Mod = withComments(r.Mod, base.Mod, yours.Mod)
	}
	return r, err
}

// unmerged returns an error if git has left a conflict in a file.
func unmerged(file string, content []byte) error {
	for line := range bytes.Lines(content) {
		if bytes.HasPrefix(line, []byte("<<<<<<< ")) || bytes.HasPrefix(line, []byte(">>>>>>> ")) {
			return fmt.Errorf("%s: git has a conflict in it; resolve that, then run the command again", file)
		}
	}
	return nil
}

// side is one of the three states of a module.
type side struct {
	file     *modfile.File
	requires map[string]Require
	comments map[string]string // about what it requires
	sums     map[Sum]bool
}

func parseFiles(dir string, files Files) (side, error) {
	f, errMod := modfile.Parse(path.Join(dir, "go.mod"), files.Mod, nil)
	sums, errSum := parseSums(path.Join(dir, "go.sum"), files.Sum)
	if err := errors.Join(errMod, errSum); err != nil {
		return side{}, fmt.Errorf("%w; repair that, then run again", err)
	}
	return side{f, requires(f), requireComments(f), sums}, nil
}

// mergeRequires merges what the three sides require. more says that yours
// requires something that next does not.
func (r *Result) mergeRequires(base, yours, next side, imports []string) (merged map[string]Require, more bool) {
	merged = map[string]Require{}
	used := usedModules(base, yours, next, imports)
	dropped := map[string]Require{}
	for _, p := range slices.Sorted(maps.Keys(yours.requires)) {
		y, b := yours.requires[p], base.requires[p]
		n, isOurs := next.requires[p]
		more = more || y.Version != b.Version && y.Version != n.Version
		switch {
		case isOurs && holds(base, yours, p, n.Version):
			merged[p], more = Require{y.Version, indirect(base, yours, next, p)}, true
			if n.Version != b.Version {
				r.Held = append(r.Held, Held{p, y.Version, n.Version})
			}
		case isOurs:
			merged[p] = Require{pick(b.Version, y.Version, n.Version, newerVersion), indirect(base, yours, next, p)}
		case y != b: // you added it, or changed it
			merged[p] = y
		case yours.comments[p] != base.comments[p]:
			merged[p], more = y, true
			r.Kept = append(r.Kept, p)
		default:
			dropped[p], more = y, more || used[p]
		}
	}
	if more {
		// Your requirements may need modules that we no longer need: only the
		// network knows. A require too many does no harm, one too few breaks
		// the build.
		maps.Copy(merged, dropped)
	}
	for _, p := range slices.Sorted(maps.Keys(next.requires)) {
		n := next.requires[p]
		_, isYours := yours.requires[p]
		b, wasOurs := base.requires[p]
		switch {
		case isYours:
		case !wasOurs || used[p]:
			merged[p] = n
		case n != b:
			r.Away = append(r.Away, p)
		}
	}
	return merged, more
}

// holds tells whether you hold a module back that next wants in another version.
func holds(base, yours side, p, next string) bool {
	y, b := yours.requires[p].Version, base.requires[p].Version
	return y != next && (yours.comments[p] != base.comments[p] ||
		b != "" && semver.Compare(y, b) < 0 ||
		slices.ContainsFunc(yours.file.Exclude, func(x *modfile.Exclude) bool { return x.Mod == module.Version{Path: p, Version: next} }))
}

// indirect tells whether a module is required for other modules only.
func indirect(base, yours, next side, p string) bool {
	y, n := yours.requires[p].Indirect, next.requires[p].Indirect
	if b, ok := base.requires[p]; ok {
		return pick(b.Indirect, y, n, nil)
	}
	return y && n
}

// usedModules tells which modules the imports and the tools of yours come from:
// the longest path that fits.
func usedModules(base, yours, next side, imports []string) map[string]bool {
	for _, t := range yours.file.Tool {
		imports = append(slices.Clip(imports), t.Path)
	}
	used := map[string]bool{}
	for _, p := range imports {
		for ; p != "." && p != "/"; p = path.Dir(p) {
			if base.requires[p] != (Require{}) || yours.requires[p] != (Require{}) || next.requires[p] != (Require{}) {
				used[p] = true
				break
			}
		}
	}
	return used
}

// mergeSums merges what the three sides have sums for: all but what only base
// needs.
func mergeSums(dir string, base, yours, next side, reqs map[string]Require, more bool) (map[Sum]bool, error) {
	merged := maps.Clone(yours.sums)
	maps.Copy(merged, next.sums)
	for s := range base.sums {
		// Where you require more than we do, it may need what we no longer do,
		// with one exception: of a module only the one version that is built
		// has its content summed.
		r, required := reqs[s.Module.Path]
		superseded := required && r.Version != s.Module.Version && !strings.HasSuffix(s.Module.Version, "/go.mod")
		if !next.sums[s] && (!more || superseded) {
			delete(merged, s)
		}
	}
	type subject struct {
		module    module.Version
		algorithm string
	}
	seen := map[subject]string{}
	var errs []error
	for s := range merged {
		algorithm, _, _ := strings.Cut(s.Hash, ":")
		about := subject{s.Module, algorithm}
		if hash, ok := seen[about]; ok && hash != s.Hash {
			errs = append(errs, fmt.Errorf("%s: %s %s has two hashes, %s and %s: find out which one is right before you go on",
				path.Join(dir, "go.sum"), s.Module.Path, s.Module.Version, min(hash, s.Hash), max(hash, s.Hash)))
		}
		seen[about] = s.Hash
	}
	return merged, errors.Join(errs...)
}

// pick merges one value. Where both sides changed it, tie decides, or yours
// wins.
func pick[T comparable](base, yours, next T, tie func(yours, next T) T) T {
	switch {
	case yours == base:
		return next
	case next == base || yours == next || tie == nil:
		return yours
	}
	return tie(yours, next)
}

func newerVersion(a, b string) string {
	if semver.Compare(a, b) >= 0 {
		return a
	}
	return b
}
