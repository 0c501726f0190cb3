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

// Tree is what a project should hold: content by path. Paths are relative to
// the project, with slashes. The Spec is one of the files, under the path
// .otelgen/spec.yaml; nothing else in .otelgen is.
type Tree map[string][]byte

// check finds paths that must not be written, whoever wrote the templates.
func (t Tree) check() error {
	var errs []error
	for _, p := range slices.Sorted(maps.Keys(t)) {
		if err := checkPath(p); err != nil {
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

func checkPath(p string) error {
	if !fs.ValidPath(p) || p == "." || !filepath.IsLocal(filepath.FromSlash(p)) || strings.ContainsFunc(p, isControl) {
		return fmt.Errorf("%q: is no path of a file in a project", p)
	}
	for elem := range strings.SplitSeq(p, "/") {
		if strings.EqualFold(elem, ".git") {
			return fmt.Errorf("%s: belongs to git", p)
		}
	}
	if top, _, _ := strings.Cut(p, "/"); strings.EqualFold(top, stateDir) && p != specFile {
		return fmt.Errorf("%s: belongs to otelgen's own records", p)
	}
	return nil
}

func isControl(r rune) bool { return r < ' ' }
