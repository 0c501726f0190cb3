package generator

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// SpecFile is where a project records its Spec. It is the only file below
// StateDir that a Tree holds: the others are otelgen's record of what it wrote
// to a project, and belong to package project.
const (
	StateDir = ".otelgen"
	SpecFile = StateDir + "/spec.yaml"
)

// goMod and goSum come from the locks of the features, not from templates.
const goMod, goSum = "go.mod", "go.sum"

// Tree is what a project should hold: the content of every file by its path,
// which is relative to the project and slash-separated. The Spec is one of the
// files, at SpecFile.
type Tree map[string][]byte

// Check returns an error for every path that must not be written to a project
// (see CheckPath), and for every file that is also the directory of another. A
// Tree can come from anywhere, so check it before you write it.
func (t Tree) Check() error {
	var errs []error
	for _, p := range slices.Sorted(maps.Keys(t)) {
		if err := CheckPath(p); err != nil {
			errs = append(errs, err)
			continue
		}
		for dir := path.Dir(p); dir != "."; dir = path.Dir(dir) {
			if _, ok := t[dir]; ok {
				errs = append(errs, fmt.Errorf("%s: is a file and the directory of %s", dir, p))
			}
		}
	}
	return errors.Join(errs...)
}

// CheckPath returns an error unless p is the slash-separated, relative path of a
// file that a Tree may hold. It must not lead outside the project, into a .git
// directory, or into StateDir, except to SpecFile.
func CheckPath(p string) error {
	if !fs.ValidPath(p) || p == "." || !filepath.IsLocal(filepath.FromSlash(p)) || strings.ContainsFunc(p, isControl) {
		return fmt.Errorf("%q: not a valid path for a file of a project", p)
	}
	for elem := range strings.SplitSeq(p, "/") {
		if strings.EqualFold(elem, ".git") {
			return fmt.Errorf("%s: belongs to git", p)
		}
	}
	if top, _, _ := strings.Cut(p, "/"); strings.EqualFold(top, StateDir) && p != SpecFile {
		return fmt.Errorf("%s: belongs to otelgen's own records", p)
	}
	return nil
}

func isControl(r rune) bool { return r < ' ' }
