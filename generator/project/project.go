// Package project brings a directory to what a generator.Tree says, now and at
// every later update, and keeps what its owner changed in it.
//
// Load and New return a Project: a directory, with the record of what otelgen
// wrote there. Compare compares it with a Tree and returns a Plan, a list of
// Changes with one for each path, and writes nothing. Apply carries out a Plan.
//
// Three versions of a file decide what happens to it: base, what otelgen wrote
// last; disk, what is there now; and next, what the Tree says. See Action.
package project

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/otelgen/otelgen/internal/problem"
)

// Project is a directory that otelgen manages or is about to create, with what
// otelgen recorded in it.
type Project struct {
	Dir      string
	SpecYAML []byte // the content of generator.SpecFile; nil if the project does not exist yet

	record      record
	interrupted bool                      // an earlier run was killed while it created the project
	before      func(change string) error // see disk
}

// Load reads the record of the project in a directory.
func Load(dir string) (*Project, error) {
	d, err := openDisk(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: does not exist; name the directory of an otelgen project", dir)
	}
	if err != nil {
		return nil, err
	}
	defer d.root.Close()
	spec, err := d.read(specFile)
	if err != nil {
		return nil, inDir(dir, err)
	}
	if spec.absent() {
		return nil, fmt.Errorf("%s is not an otelgen project: there is no %s in it; name the directory of one, or create one with otelgen new", named(dir), specFile)
	}
	r, err := readRecord(d)
	if err != nil {
		return nil, inDir(dir, err)
	}
	return &Project{Dir: dir, SpecYAML: spec.data, record: r}, nil
}

// New returns a project that does not exist yet. Its directory must not exist
// either, or hold nothing but what may be in a repository before its program:
// documents, hidden files, the configuration of tools, and a go.mod.
//
// The Plan for such a project creates every file that is not there, and Apply
// creates all of them or none. What is there belongs to the owner and stays.
func New(dir string) (*Project, error) {
	p := &Project{Dir: dir}
	switch info, err := os.Lstat(dir); {
	case errors.Is(err, fs.ErrNotExist):
		return p, nil
	case err != nil:
		return nil, cannot("read", dir, err)
	case !info.IsDir():
		return nil, fmt.Errorf("%s: is %s; name a directory that is empty or does not exist", dir, kindOf(info.Mode()))
	}
	d, err := openDisk(dir)
	if err != nil {
		return nil, err
	}
	defer d.root.Close()
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, cannot("read", dir, err)
	}
	var inTheWay []string
	for _, e := range entries {
		switch {
		case e.Name() == stateDir:
			p.interrupted = true
		case !mayPredate(e.Name(), e.IsDir()):
			inTheWay = append(inTheWay, e.Name())
		}
	}
	if exists(filepath.Join(dir, specFile)) {
		return nil, fmt.Errorf("%s is already an otelgen project: run otelgen update there, or name another directory", named(dir))
	}
	if len(inTheWay) > 0 && !p.interrupted {
		return nil, notEmptyError(dir, inTheWay)
	}
	p.record, err = readRecord(d)
	return p, inDir(dir, err)
}

func notEmptyError(dir string, inTheWay []string) error {
	return fmt.Errorf("%s is not empty: move %s away, or name another directory", named(dir), listed(inTheWay))
}

// named returns what a message calls a directory.
func named(dir string) string {
	if dir == "." {
		return "the current directory"
	}
	return dir
}

// listed joins names for a message, at most eight of them.
func listed(names []string) string {
	const most = 8
	if more := len(names) - most; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), more)
	}
	return problem.Listed(names, "and")
}

// inDir prefixes errors about paths in a project with its directory.
func inDir(dir string, err error) error {
	if err == nil || dir == "." {
		return err
	}
	several, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return fmt.Errorf("%s: %w", dir, err)
	}
	var errs []error
	for _, err := range several.Unwrap() {
		errs = append(errs, inDir(dir, err))
	}
	return errors.Join(errs...)
}
