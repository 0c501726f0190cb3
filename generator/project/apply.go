package project

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// Apply carries out a plan that Compare made of the project as it is now. The
// Project is out of date afterwards: load it again.
//
// A project that is not there is built beside its place and renamed into it. In
// a directory that is there every file is replaced in one go, and the record
// is written after the files that it is about, but for the Spec: killed anywhere,
// Apply leaves a project that Compare and Apply, with the Spec that they find,
// bring to the same end. If it fails, an update can be run again; a new project
// is taken back.
func (p *Project) Apply(plan Plan) error {
	_, err := os.Lstat(p.Dir)
	if p.SpecYAML == nil && errors.Is(err, fs.ErrNotExist) {
		return build(p, plan)
	}
	d, err := openDisk(p.Dir)
	if err != nil {
		return err
	}
	defer d.root.Close()
	d.before = p.before
	held, err := d.root.Open(".")
	if err != nil {
		return trouble(p.Dir, "opened", err)
	}
	defer held.Close()
	lock(held, true) // of several runs each finds what those before have done
	if p.SpecYAML == nil && exists(filepath.Join(p.Dir, specFile)) {
		return meanwhile(p.Dir)
	}
	if err := d.unchanged(plan); err != nil {
		return inDir(p.Dir, err)
	}
	if err := d.apply(plan); err != nil {
		if p.SpecYAML == nil && !p.interrupted {
			err = errors.Join(err, d.takeBack(plan))
		}
		return inDir(p.Dir, err)
	}
	return nil
}

// build makes a project where there is nothing, perhaps not even the directory
// that it is to be in: one rename makes them all.
//
// Of several runs that build the same, the first to rename wins: a directory is
// never renamed onto one that has something in it. Each has a scratch directory
// of its own, and holds a lock on it, by which sweep tells what is in use.
func build(p *Project, plan Plan) (err error) {
	top, below := filepath.Clean(p.Dir), "."
	for !exists(filepath.Dir(top)) {
		top, below = filepath.Dir(top), filepath.Join(filepath.Base(top), below)
	}
	prefix := "." + filepath.Base(top) + ".otelgen-new-"
	sweep(filepath.Dir(top), prefix)
	beside, held, err := reserve(filepath.Dir(top), prefix)
	if err != nil {
		return trouble(p.Dir, "made", err)
	}
	defer held.Close()
	defer func() {
		if err == nil {
			return
		}
		if exists(top) {
			err = meanwhile(top)
		}
		if runtime.GOOS == "windows" {
			held.Close()
		}
		if left := os.RemoveAll(beside); left != nil {
			err = errors.Join(err, trouble(beside, "removed", left))
		}
	}()
	if err := os.MkdirAll(filepath.Join(beside, below), 0o755); err != nil {
		return trouble(p.Dir, "made", err)
	}
	d, err := openDisk(filepath.Join(beside, below))
	if err != nil {
		return err
	}
	d.before, d.unseen = p.before, true
	err = d.apply(plan)
	d.root.Close() // a directory that is open cannot be renamed everywhere
	if err != nil {
		return inDir(p.Dir, err)
	}
	if err := d.will("rename " + beside); err != nil {
		return err
	}
	if runtime.GOOS == "windows" {
		held.Close()
	}
	if err := os.Rename(beside, top); err != nil {
		return trouble(p.Dir, "made", err)
	}
	return nil
}

// reserve makes a scratch directory and locks it. Until it is locked, another run
// may sweep it, once: then there is a next.
func reserve(dir, prefix string) (beside string, held *os.File, err error) {
	for {
		beside = filepath.Join(dir, prefix+rand.Text()) // os.MkdirTemp would keep everybody else out
		if err := os.Mkdir(beside, 0o755); err != nil {
			return "", nil, err
		}
		held, err := os.Open(beside)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return "", nil, errors.Join(err, os.Remove(beside))
		}
		lock(held, true)    // some file systems have no locks; see sweep
		if exists(beside) { // no other ever gets this name
			return beside, held, nil
		}
		held.Close()
	}
}

// sweep removes the scratch directories of runs that were killed: their locks
// ended with them. Age would not tell: a computer may sleep in the middle.
//
// Where there are no locks, nothing is swept. On Windows a directory that is open
// cannot be renamed, and that is the lock: it ends just before the directory gets
// its name. Even so a part never gets it: what is swept is first renamed, at
// once, and then whoever was about to rename it can only fail. That something
// cannot be swept is no reason to fail: it is in nobody's way.
func sweep(dir, prefix string) {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if e.IsDir() && strings.HasPrefix(e.Name(), prefix) {
			sweepOne(filepath.Join(dir, e.Name()), filepath.Join(dir, prefix+rand.Text()))
		}
	}
}

func sweepOne(left, swept string) {
	held, err := os.Open(left)
	if err != nil {
		return
	}
	defer held.Close()
	if !lock(held, false) {
		return
	}
	if runtime.GOOS == "windows" {
		held.Close()
	}
	if os.Rename(left, swept) == nil {
		_ = os.RemoveAll(swept)
	}
}

func meanwhile(dir string) error {
	return fmt.Errorf("%s: has been made in the meantime; run again", dir)
}

func exists(dir string) bool {
	_, err := os.Lstat(dir)
	return err == nil
}

// unchanged checks that what the plan is about is as it was when it was made.
func (d *disk) unchanged(plan Plan) error {
	var errs []error
	for _, c := range plan {
		if same(c.Before, c.After) && c.From == "" {
			continue
		}
		at, err := d.file(c.at())
		if err == nil && !same(at.data, c.Before) {
			err = fmt.Errorf("%s: has changed in the meantime; run again", c.at())
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// apply is a plan in the order that can be interrupted.
//
// Most changes need no care: once the file is written, disk and next are equal,
// and what the record says of base does not matter. That is not so where disk
// and next differ afterwards, in a merge or a conflict: to merge again what has
// been merged is not always the same, and markers must not be merged at all. So
// these are announced: what they want is recorded as pending first, together
// with a hash of what the disk is going to hold. If it does hold that, it has
// happened, and pending counts; if not, it does not.
func (d *disk) apply(plan Plan) error {
	steps := []func(Plan) error{d.settle, d.announce, d.choose, d.stage, d.files, d.conclude}
	for _, step := range steps {
		if err := step(plan); err != nil {
			return err
		}
	}
	return nil
}

// settle records which conflicts have been resolved. Pending has to be free for
// what comes.
func (d *disk) settle(plan Plan) error {
	if err := d.ensure(attributesFile, []byte(attributes)); err != nil {
		return err
	}
	return d.each(plan, func(r recording) error { return d.record(r.path, r.was, r.settled) })
}

// announce records what merges and conflicts are going to be.
func (d *disk) announce(plan Plan) error {
	var journal bytes.Buffer
	for _, c := range plan {
		if c.announced() {
			fmt.Fprintf(&journal, "%s  %s\n", hashOf(c.After), c.Path)
		}
	}
	if journal.Len() == 0 {
		return nil
	}
	if err := d.write(journalFile, journal.Bytes()); err != nil {
		return err
	}
	return d.each(plan, func(r recording) error { return d.record(r.path, r.settled, r.announced) })
}

// choose records what the files are going to be of, in a project that is there:
// whoever comes after us, should we be killed, goes on with it. A project that is
// not there is none before it is whole.
func (d *disk) choose(plan Plan) error {
	if at, err := d.file(specFile); err != nil || at.nothing() {
		return err
	}
	return d.spec(plan)
}

func (d *disk) spec(plan Plan) error {
	for _, c := range plan {
		if c.Path == specFile {
			return d.ensure(specFile, c.After)
		}
	}
	return nil
}

// stage tells git of new conflicts.
func (d *disk) stage(plan Plan) error {
	conflicts := slices.DeleteFunc(plan.Conflicts(), func(c Change) bool { return c.sides == nil })
	if len(conflicts) == 0 {
		return nil
	}
	if err := d.will("stage conflicts"); err != nil {
		return err
	}
	return stage(d.root.Name(), conflicts)
}

// files makes the files what they should be.
func (d *disk) files(plan Plan) error {
	for _, c := range plan {
		if c.Path == specFile {
			continue
		}
		if c.From != "" {
			if err := d.move(c.From, c.Path); err != nil {
				return err
			}
		}
		if err := d.replace(c.Path, c.Before, c.After); err != nil {
			return err
		}
	}
	return nil
}

func (d *disk) replace(p string, before, after []byte) error {
	switch {
	case same(before, after):
		return nil
	case after == nil:
		return d.remove(p)
	}
	return d.write(p, after)
}

// conclude records what has been done, last of all the Spec of a new project.
func (d *disk) conclude(plan Plan) error {
	if err := d.each(plan, func(r recording) error { return d.record(r.path, r.announced, r.now) }); err != nil {
		return err
	}
	if err := errors.Join(d.remove(journalFile), d.remove(scratch)); err != nil {
		return err
	}
	return d.spec(plan)
}

func (d *disk) each(plan Plan, do func(recording) error) error {
	for _, c := range plan {
		for _, r := range c.records {
			if err := do(r); err != nil {
				return err
			}
		}
	}
	return nil
}

// ensure writes a file unless it is as it should be.
func (d *disk) ensure(p string, content []byte) error {
	if at, err := d.file(p); err != nil || same(at.data, content) {
		return err
	}
	return d.write(p, content)
}

// takeBack undoes what has been done of a plan for a new project.
func (d *disk) takeBack(plan Plan) error {
	d.before = nil
	var errs []error
	for _, c := range plan {
		if at, err := d.find(c.Path); err == nil && same(at.data, c.After) {
			errs = append(errs, d.replace(c.Path, c.After, c.Before))
		}
	}
	if err := d.root.RemoveAll(stateDir); err != nil {
		errs = append(errs, trouble(stateDir, "removed", err))
	}
	return errors.Join(errs...)
}
