package project

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
)

// disk is the directory of a project. It reads and writes regular files only,
// and never through a symbolic link: os.Root refuses links that lead outside,
// but with a link that stays inside, writing one path would change another.
type disk struct {
	root *os.Root

	// before is called before every change, if it is set; an error prevents
	// the change. Tests kill us with it, anywhere.
	before func(change string) error

	// unseen says that nobody sees the directory yet, as it is renamed when
	// it is done: its files need not be written elsewhere first.
	unseen bool
}

// found is what there is at a path.
type found struct {
	data []byte // nil if there is nothing, or no regular file
	mode fs.FileMode
	odd  string // says what there is instead of a regular file
}

func (f found) nothing() bool { return f.data == nil && f.odd == "" }

func openDisk(dir string) (*disk, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, trouble(dir, "opened", err)
	}
	return &disk{root: root}, nil
}

// find returns what there is at a path, having looked at every directory on
// the way.
func (d *disk) find(p string) (found, error) {
	for i := range len(p) + 1 {
		last := i == len(p)
		if !last && p[i] != '/' {
			continue
		}
		info, err := d.root.Lstat(p[:i])
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return found{}, nil
		case err != nil:
			return found{}, trouble(p[:i], "looked at", err)
		case !last && info.IsDir():
		case last && info.Mode().IsRegular():
			data, err := d.root.ReadFile(p)
			if err != nil {
				return found{}, trouble(p, "read", err)
			}
			return found{data: present(data), mode: info.Mode()}, nil
		default:
			return found{mode: info.Mode(), odd: p[:i] + " is " + kindOf(info.Mode())}, nil
		}
	}
	return found{}, nil
}

// present returns content that is not nil, which would be no file.
func present(content []byte) []byte { return append([]byte{}, content...) }

func kindOf(m fs.FileMode) string {
	switch {
	case m.IsRegular():
		return "a file"
	case m.IsDir():
		return "a directory"
	case m&fs.ModeSymlink != 0:
		return "a symbolic link"
	}
	return "no regular file"
}

// file returns the regular file at a path, or nothing. Anything else is an
// error.
func (d *disk) file(p string) (found, error) {
	f, err := d.find(p)
	if err == nil && f.odd != "" {
		err = oddError(p, f.odd)
	}
	return f, err
}

func oddError(p, odd string) error {
	return fmt.Errorf("%s: cannot be a file, because %s; move that out of the way", p, odd)
}

// scratch is where a file is written before it is renamed to its place.
const scratch = stateDir + "/tmp"

// write makes a file, or replaces one, which keeps its mode.
func (d *disk) write(p string, data []byte) error {
	old, err := d.file(p)
	if err != nil {
		return err
	}
	if err := d.will("write " + p); err != nil {
		return err
	}
	if d.unseen {
		if err := errors.Join(d.root.MkdirAll(path.Dir(p), 0o755), d.root.WriteFile(p, data, 0o644)); err != nil {
			return trouble(p, "written", err)
		}
		return nil
	}
	if err := d.writeScratch(data, old.mode); err != nil {
		return trouble(p, "written", err)
	}
	err = d.will("place " + p)
	if err == nil {
		err = d.rename(scratch, p)
	}
	if err != nil {
		_ = d.root.Remove(scratch) // if that fails as well, the next run does it
	}
	return err
}

func (d *disk) writeScratch(data []byte, mode fs.FileMode) error {
	if _, err := d.file(scratch); err != nil {
		return err
	}
	if err := d.root.MkdirAll(stateDir, 0o755); err != nil {
		return err
	}
	if err := d.root.Remove(scratch); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err // it is left from a run that was killed
	}
	f, err := d.root.OpenFile(scratch, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if mode != 0 {
		err = errors.Join(err, f.Chmod(mode.Perm()))
	}
	return errors.Join(err, f.Close())
}

// move renames a file to a path where there is none.
func (d *disk) move(from, to string) error {
	_, errFrom := d.file(from)
	at, errTo := d.file(to)
	if !at.nothing() {
		errTo = fmt.Errorf("%s: is there already", to)
	}
	if err := errors.Join(errFrom, errTo, d.will("move "+from)); err != nil {
		return err
	}
	if err := d.rename(from, to); err != nil {
		return err
	}
	d.prune(from)
	return nil
}

func (d *disk) rename(from, to string) error {
	if err := d.root.MkdirAll(path.Dir(to), 0o755); err != nil {
		return trouble(to, "written", err)
	}
	if err := d.root.Rename(from, to); err != nil {
		return trouble(to, "written", err)
	}
	return nil
}

// remove deletes a file, if it is there, and the directories that are empty
// then.
func (d *disk) remove(p string) error {
	f, err := d.file(p)
	if err != nil {
		return err
	}
	if !f.nothing() {
		if err := d.will("remove " + p); err != nil {
			return err
		}
		if err := d.root.Remove(p); err != nil {
			return trouble(p, "removed", err)
		}
	}
	d.prune(p)
	return nil
}

// prune removes the directories above a path as far as they are empty.
func (d *disk) prune(p string) {
	for dir := path.Dir(p); dir != "." && d.root.Remove(dir) == nil; {
		dir = path.Dir(dir)
	}
}

// walk visits a directory, if there is one, and what is below it.
func (d *disk) walk(dir string, visit func(p string, entry fs.DirEntry) error) error {
	switch at, err := d.find(dir); {
	case err != nil || at.nothing():
		return err
	case !at.mode.IsDir():
		return fmt.Errorf("%s: cannot be a directory, because %s; move that out of the way", dir, cmp.Or(at.odd, "it is a file"))
	}
	return fs.WalkDir(d.root.FS(), dir, func(p string, entry fs.DirEntry, err error) error {
		if err != nil {
			return trouble(p, "read", err)
		}
		return visit(p, entry)
	})
}

func (d *disk) will(change string) error {
	if d.before == nil {
		return nil
	}
	return d.before(change)
}

// trouble says what the operating system would not do, in our order of words.
func trouble(p, participle string, err error) error {
	var pathError *fs.PathError
	var linkError *os.LinkError
	switch {
	case errors.As(err, &pathError):
		err = pathError.Err
	case errors.As(err, &linkError):
		err = linkError.Err
	}
	return fmt.Errorf("%s: cannot be %s: %w", p, participle, err)
}
