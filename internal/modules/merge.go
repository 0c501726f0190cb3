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

// Merge brings the change from base to next into yours, as data: text that git
// would call a conflict, two new versions on neighbouring lines, is none. What
// you wrote into go.mod yourself stays, with its comments.
//
// The module lies in dir, and base in recorded, which errors name; imports are the import paths in
// its Go files. tidy says that `go mod tidy` may find something to do: nobody
// but the network knows what your versions and ours need together.
func Merge(dir, recorded string, base, yours, next Files, imports []string) (merged Files, tidy bool, err error) {
	b, errBase := parseFiles(recorded, base)
	y, errYours := parseFiles(dir, yours)
	n, errNext := parseFiles(dir, next)
	if err := errors.Join(errBase, errYours, errNext); err != nil {
		return Files{}, false, err
	}
	reqs, more := mergeRequires(b, y, n, imports)
	sums, err := mergeSums(dir, b, y, n, reqs, more)
	if err != nil {
		return Files{}, false, err
	}
	merged.Sum = formatSums(sums)
	asNext := maps.Equal(reqs, n.requires)
	tidy = !asNext && (!maps.Equal(reqs, y.requires) || !maps.Equal(b.requires, n.requires))
	if asNext && bytes.Equal(yours.Mod, base.Mod) {
		merged.Mod = next.Mod
		return merged, tidy, nil
	}
	file, changed, err := mergeDirectives(b.file, y.file, n.file)
	if err != nil {
		return Files{}, false, fmt.Errorf("%s: %w", path.Join(dir, "go.mod"), err)
	}
	if !changed && maps.Equal(reqs, y.requires) {
		merged.Mod = yours.Mod
		return merged, tidy, nil
	}
	setRequires(file, reqs)
	merged.Mod, err = file.Format()
	return merged, tidy, err
}

// side is one of the three states of a module.
type side struct {
	file     *modfile.File
	requires map[string]Require
	sums     map[Sum]bool
}

func parseFiles(dir string, files Files) (side, error) {
	f, errMod := modfile.Parse(path.Join(dir, "go.mod"), files.Mod, nil)
	sums, errSum := parseSums(path.Join(dir, "go.sum"), files.Sum)
	if err := errors.Join(errMod, errSum); err != nil {
		return side{}, fmt.Errorf("%w; repair that, then run again", err)
	}
	return side{f, requires(f), sums}, nil
}

// mergeRequires merges what the three sides require. more says that yours
// requires something that next does not.
func mergeRequires(base, yours, next side, imports []string) (merged map[string]Require, more bool) {
	merged = map[string]Require{}
	used := usedModules(base, yours, next, imports)
	dropped := map[string]Require{}
	for p, y := range yours.requires {
		b, wasOurs := base.requires[p]
		n, isOurs := next.requires[p]
		more = more || y.Version != b.Version
		switch {
		case isOurs:
			indirect := y.Indirect && n.Indirect
			if wasOurs {
				indirect = pick(b.Indirect, y.Indirect, n.Indirect, nil)
			}
			merged[p] = Require{pick(b.Version, y.Version, n.Version, newerVersion), indirect}
		case y != b: // you added it, or changed it
			merged[p] = y
		default:
			dropped[p], more = y, more || used[p]
		}
	}
	if more {
		// What you require may need modules that we no longer do: only the
		// network knows. A require too many does no harm, one too few breaks
		// the build.
		maps.Copy(merged, dropped)
	}
	for p, n := range next.requires {
		// What you removed comes back if your code imports it, or if a new
		// version of something that you kept may need it.
		_, isYours := yours.requires[p]
		b, wasOurs := base.requires[p]
		if !isYours && (!wasOurs || used[p] || n.Indirect && n != b) {
			merged[p] = n
		}
	}
	return merged, more
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
			errs = append(errs, fmt.Errorf("%s: %s %s has two hashes, %s and %s: find out which one is a fake before going on",
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
