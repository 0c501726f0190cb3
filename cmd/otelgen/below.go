package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/generator/project"
)

// everyProject returns directories of projects, each once, with all those below DIR
// in the place of DIR/... As for the go command, a directory whose name begins with a
// dot or an underscore is left out, and so are testdata and vendor.
func everyProject(dirs []string) ([]string, error) {
	var all []string
	seen := map[string]bool{}
	add := func(dir string) {
		if clean := filepath.Clean(dir); !seen[clean] {
			seen[clean] = true
			all = append(all, dir)
		}
	}
	for _, dir := range dirs {
		top, isPattern := strings.CutSuffix(filepath.ToSlash(dir), "/...")
		if !isPattern || !exists(top+"/") {
			add(strings.TrimSuffix(dir, "/..."))
			continue
		}
		below, err := projectsBelow(top + "/")
		switch {
		case err != nil:
			return nil, err
		case len(below) == 0:
			return nil, fmt.Errorf("%s: there is no otelgen project below; name another directory, or create one with otelgen new", dir)
		}
		for _, dir := range below {
			add(dir)
		}
	}
	return all, nil
}

// onlyAbove returns an error for a directory that is not a project but has some below,
// such as the root of a repository with several services.
func onlyAbove(dir string) error {
	if exists(specFile(dir)) || dir == "" {
		return nil
	}
	near := nearBelow(dir)
	if near == "" {
		return nil
	}
	dir = filepath.Clean(dir)
	all := filepath.ToSlash(dir) + "/..."
	return fmt.Errorf("%s is not an otelgen project, but there are some below: name one, such as %s, or all of them by %s", project.Named(dir), filepath.ToSlash(near), all)
}

// nearBelow returns the directory of a project that is at most three below another, or
// "". It does not look farther, because that may be a home directory.
func nearBelow(dir string) string {
	for _, pattern := range []string{"*", "*/*", "*/*/*"} {
		files, _ := filepath.Glob(filepath.Join(dir, filepath.FromSlash(pattern), filepath.FromSlash(generator.SpecFile)))
		for _, file := range files {
			found := filepath.Dir(filepath.Dir(file))
			if name, err := filepath.Rel(dir, found); err == nil && !slices.ContainsFunc(strings.Split(filepath.ToSlash(name), "/"), isForeign) {
				return found
			}
		}
	}
	return ""
}

// projectsBelow returns the directories of projects below top, which ends in a slash:
// it may be a symbolic link.
func projectsBelow(top string) ([]string, error) {
	var all []string
	err := filepath.WalkDir(top, func(dir string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			if e, ok := errors.AsType[*fs.PathError](err); ok {
				err = e.Err
			}
			return fmt.Errorf("cannot read %s: %w; name the directories of projects one by one", dir, err)
		case !entry.IsDir():
		case dir != top && isForeign(entry.Name()):
			return fs.SkipDir
		case exists(specFile(dir)):
			all = append(all, filepath.Clean(dir))
		}
		return nil
	})
	return all, err
}

// isForeign reports whether a directory of this name has nothing of the user's.
func isForeign(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || slices.Contains([]string{"testdata", "vendor", "node_modules"}, name)
}
