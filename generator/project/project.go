package project

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Project is a directory that otelgen manages, or is about to: what otelgen
// recorded in it. What else is on the disk, Compare looks at.
type Project struct {
	Dir      string
	SpecYAML []byte // .otelgen/spec.yaml; nil as long as the project is not there

	record      record
	interrupted bool                      // a `new` that was killed has been here
	before      func(change string) error // see disk
}

// LoadProject reads what otelgen recorded in a directory.
func Load(dir string) (*Project, error) {
	d, err := openDisk(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: does not exist; name the directory of a project", dir)
	}
	if err != nil {
		return nil, err
	}
	defer d.root.Close()
	spec, err := d.file(specFile)
	if err != nil {
		return nil, inDir(dir, err)
	}
	if spec.nothing() {
		return nil, fmt.Errorf("%s: is no project of otelgen, for it has no %s; name the directory of one, or make one with otelgen new", dir, specFile)
	}
	r, err := readRecord(d)
	if err != nil {
		return nil, inDir(dir, err)
	}
	return &Project{Dir: dir, SpecYAML: spec.data, record: r}, nil
}

// NewProject checks that a project can be made in a directory: there is none,
// or it is empty but for what a fresh clone holds. A README, a license and a
// .gitignore that are there are the owner's, and stay.
//
// The plan for such a project creates everything. To apply it is all or
// nothing.
func New(dir string) (*Project, error) {
	p := &Project{Dir: dir}
	switch info, err := os.Lstat(dir); {
	case errors.Is(err, fs.ErrNotExist):
		return p, nil
	case err != nil:
		return nil, trouble(dir, "looked at", err)
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
		return nil, trouble(dir, "read", err)
	}
	var inTheWay []string
	for _, e := range entries {
		switch {
		case e.Name() == stateDir:
			p.interrupted = true
		case e.Name() == ".git" || e.Type().IsRegular() && ownersFirst(e.Name()):
		default:
			inTheWay = append(inTheWay, e.Name())
		}
	}
	if _, err := os.Lstat(filepath.Join(dir, specFile)); err == nil {
		return nil, fmt.Errorf("%s: is a project of otelgen already; name another directory", dir)
	}
	if len(inTheWay) > 0 && !p.interrupted {
		return nil, notEmpty(dir, inTheWay)
	}
	p.record, err = readRecord(d)
	return p, inDir(dir, err)
}

// ownersFirst reports whether a path is one that people have in a repository
// before they have a project.
func ownersFirst(p string) bool {
	upper := strings.ToUpper(p)
	return p == ignoreFile || !strings.Contains(p, "/") && (strings.HasPrefix(upper, "README") || strings.HasPrefix(upper, "LICENSE"))
}

func notEmpty(dir string, inTheWay []string) error {
	return fmt.Errorf("%s: is not empty: %s; move what is in it away, or name another directory", dir, listed(inTheWay))
}

// listed lists names, but not a whole home directory.
func listed(names []string) string {
	const most = 8
	if more := len(names) - most; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), more)
	}
	return strings.Join(names, ", ")
}

// inDir says of errors about paths what directory they are in.
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
