package project

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// create creates a project whose directory does not exist. It builds the project
// in a staging directory beside its place, and renames that. If directories above
// the project are missing, too, the staging directory stands for the topmost of
// them, so that one rename creates everything.
//
// If several runs create the same project, the first to rename wins: a directory
// cannot be renamed to one that is not empty. Each run has a staging directory
// of its own, and holds a lock on it that tells sweep that it is in use.
func (p *Project) create(plan Plan) (err error) {
	top, below := filepath.Clean(p.Dir), "."
	for !exists(filepath.Dir(top)) {
		top, below = filepath.Dir(top), filepath.Join(filepath.Base(top), below)
	}
	prefix := "." + filepath.Base(top) + ".otelgen-new-"
	sweep(filepath.Dir(top), prefix)
	staging, held, err := makeStaging(filepath.Dir(top), prefix)
	if err != nil {
		return cannot("create", p.Dir, err)
	}
	defer held.Close()
	defer func() {
		if err == nil {
			return
		}
		if exists(top) {
			err = madeMeanwhileError(top)
		}
		if runtime.GOOS == "windows" {
			held.Close()
		}
		if left := os.RemoveAll(staging); left != nil {
			err = errors.Join(err, cannot("remove", staging, left))
		}
	}()
	if err := os.MkdirAll(filepath.Join(staging, below), 0o755); err != nil {
		return cannot("create", p.Dir, err)
	}
	d, err := openDisk(filepath.Join(staging, below))
	if err != nil {
		return err
	}
	d.before = p.before
	err = d.fill(plan)
	d.root.Close() // because Windows does not rename a directory that is open
	if err != nil {
		return inDir(p.Dir, err)
	}
	if err := d.will("rename " + staging); err != nil {
		return err
	}
	if runtime.GOOS == "windows" {
		held.Close()
	}
	if err := os.Rename(staging, top); err != nil {
		return cannot("create", p.Dir, err)
	}
	return nil
}

// fill writes the files of a new project and their record to its staging directory.
// Only this run knows the directory, so nothing is in the way, and os.Root, which
// opens every directory on the way again for each file, would protect nothing. The
// record is compressed meanwhile.
func (d *disk) fill(plan Plan) error {
	recorded := make(chan []byte, 1)
	go func() { recorded <- recordOf(plan) }()
	for _, c := range plan {
		if err := d.writeNew(c.Path, c.After); err != nil {
			return err
		}
	}
	return errors.Join(d.writeNew(ignoreOurs, []byte(ignored)), d.writeNew(attributesFile, []byte(attributes)), d.writeNew(recordFile, <-recorded))
}

// recordOf returns the record of a new project.
func recordOf(plan Plan) []byte {
	var r record
	for change, lines := range linesOf(plan) {
		r.set(change.path, lines)
	}
	return r.format()
}

// writeNew creates a file in a staging directory.
func (d *disk) writeNew(p string, content []byte) error {
	if err := d.will("write " + p); err != nil {
		return err
	}
	name := filepath.Join(d.root.Name(), filepath.FromSlash(p))
	err := os.WriteFile(name, content, 0o644)
	if errors.Is(err, fs.ErrNotExist) { // the first file of its directory
		err = errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, content, 0o644))
	}
	if err != nil {
		return cannot("write", p, err)
	}
	return nil
}

// makeStaging makes a staging directory and locks it. Before it is locked,
// another run may sweep it away; then makeStaging makes another.
func makeStaging(dir, prefix string) (staging string, held *os.File, err error) {
	for {
		staging = filepath.Join(dir, prefix+rand.Text()) // not os.MkdirTemp, whose directories only their owner may enter
		if err := os.Mkdir(staging, 0o755); err != nil {
			return "", nil, err
		}
		held, err := os.Open(staging)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return "", nil, errors.Join(err, os.Remove(staging))
		}
		lock(held, true)     // without effect on file systems that have no locks, where sweep removes nothing
		if exists(staging) { // as its name is random, it is still the same directory
			return staging, held, nil
		}
		held.Close()
	}
}

// sweep removes the staging directories of runs that were killed. Their locks
// ended with them; their age would say nothing, because a computer may sleep
// while a run is at work. Where there are no locks, sweep removes nothing.
//
// On Windows, the lock is that a directory cannot be renamed while it is open. A
// run gives this lock up just before it renames its staging directory. So sweep
// renames a directory before it removes it: if the run is still alive, its own
// rename fails, and no part of a project gets the project's name.
//
// Errors are ignored, because a staging directory that is left does no harm.
func sweep(dir, prefix string) {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if e.IsDir() && strings.HasPrefix(e.Name(), prefix) {
			sweepOne(filepath.Join(dir, e.Name()), filepath.Join(dir, prefix+rand.Text()))
		}
	}
}

func sweepOne(staging, swept string) {
	held, err := os.Open(staging)
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
	if os.Rename(staging, swept) == nil {
		_ = os.RemoveAll(swept)
	}
}

func madeMeanwhileError(dir string) error {
	return fmt.Errorf("%s: another process has created it in the meantime; name another directory, or remove it and run the command again", dir)
}
