package project

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"syscall"
)

// disk is the directory of a project. It reads and writes regular files only,
// and never through a symbolic link. os.Root refuses links that lead outside;
// a link that stays inside is refused as well, because with it the write to one
// path would change another.
type disk struct {
	root *os.Root

	// before, if it is set, is called before every change; its error prevents
	// the change. Tests use it to fail, or to kill the run, at any point.
	before func(change string) error

	// dirty are the directories with names that have changed, and that a power
	// cut could bring back.
	dirty map[string]bool

	// folders are directories that look has seen, if they are not going to change.
	folders map[string]bool
}

// file is what is at a path: a regular file, something else, or nothing.
type file struct {
	data     []byte // nil unless it is a regular file
	mode     fs.FileMode
	obstacle string // if it is something else: what prevents a regular file here
}

// absent reports whether nothing is at the path.
func (f file) absent() bool { return f.data == nil && f.obstacle == "" }

func openDisk(dir string) (*disk, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, cannot("open", dir, err)
	}
	return &disk{root: root, dirty: map[string]bool{}}, nil
}

// look returns what is at a path. If a part of the path is not a
// directory, that part is the obstacle.
func (d *disk) look(p string) (file, error) {
	for i := range len(p) + 1 {
		last := i == len(p)
		if !last && (p[i] != '/' || d.folders[p[:i]]) {
			continue
		}
		info, err := d.root.Lstat(p[:i])
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return file{}, nil
		case err != nil:
			return file{}, cannot("read", p[:i], err)
		case !last && info.IsDir():
			if d.folders != nil {
				d.folders[p[:i]] = true
			}
		case last && info.Mode().IsRegular():
			data, err := d.root.ReadFile(p)
			if err != nil {
				return file{}, cannot("read", p, err)
			}
			return file{data: present(data), mode: info.Mode()}, nil
		default:
			return file{mode: info.Mode(), obstacle: p[:i] + " is " + kindOf(info.Mode())}, nil
		}
	}
	return file{}, nil
}

// present returns content as a slice that is not nil, even if it is empty: nil
// stands for an absent file.
func present(content []byte) []byte {
	if content == nil {
		return []byte{}
	}
	return content
}

func kindOf(m fs.FileMode) string {
	switch {
	case m.IsRegular():
		return "a file"
	case m.IsDir():
		return "a directory"
	case m&fs.ModeSymlink != 0:
		return "a symbolic link"
	}
	return "a special file"
}

// read returns the regular file at a path, which may be absent. Anything else
// at the path is an error.
func (d *disk) read(p string) (file, error) {
	f, err := d.look(p)
	if err == nil && f.obstacle != "" {
		err = obstacleError(p, f.obstacle)
	}
	return f, err
}

func obstacleError(p, obstacle string) error {
	return fmt.Errorf("%s: cannot be a file, because %s; move that out of the way", p, obstacle)
}

// scratchFile is where a file is written before it is renamed to its place.
const scratchFile = stateDir + "/tmp"

// errChanged says that a file is not what it was when it was compared.
var errChanged = errors.New("it has changed")

// write creates a file, or replaces one and keeps its mode.
func (d *disk) write(p string, data []byte) error { return d.writeIf(p, data, 0, nil) }

// writeIf writes a file if check, unless it is nil, says so just before the new
// content takes the place of the old. A file that was absent gets a mode.
func (d *disk) writeIf(p string, data []byte, mode fs.FileMode, check func() error) error {
	old, err := d.read(p)
	if err != nil {
		return err
	}
	if err := d.will("write " + p); err != nil {
		return err
	}
	if _, err := d.read(scratchFile); err != nil {
		return err
	}
	if err := d.writeScratch(data, cmp.Or(old.mode, mode)); err != nil {
		return cannot("write", p, err)
	}
	err = d.will("place " + p)
	if err == nil && check != nil {
		err = check()
	}
	if err == nil {
		err = d.rename(scratchFile, p)
	}
	if err != nil {
		_ = d.root.Remove(scratchFile) // the next run removes it otherwise
	}
	return err
}

// writeScratch writes the scratch file, so that it is whole even after a power
// cut.
func (d *disk) writeScratch(data []byte, mode fs.FileMode) error {
	if err := d.root.MkdirAll(stateDir, 0o755); err != nil {
		return err
	}
	if err := d.root.Remove(scratchFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err // a run that was killed left it
	}
	f, err := d.root.OpenFile(scratchFile, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if mode != 0 {
		err = errors.Join(err, f.Chmod(mode.Perm()))
	}
	return errors.Join(err, f.Sync(), f.Close())
}

// flush makes sure that a power cut does not undo what has been renamed and
// removed so far. Not every system can do that to a directory, so errors do not
// count.
func (d *disk) flush() {
	for dir := range d.dirty {
		if f, err := d.root.Open(dir); err == nil {
			_ = f.Sync()
			_ = f.Close()
		}
	}
	clear(d.dirty)
}

// place renames a file, in place of another if there is one.
func (d *disk) place(from, to string) error {
	if err := d.will("place " + to); err != nil {
		return err
	}
	return d.rename(from, to)
}

func (d *disk) rename(from, to string) error {
	if err := d.root.MkdirAll(path.Dir(to), 0o755); err != nil {
		return cannot("write", to, err)
	}
	if err := d.root.Rename(from, to); err != nil {
		return cannot("write", to, err)
	}
	d.dirty[path.Dir(to)] = true
	return nil
}

// remove removes a file, if there is one, and the directories that it leaves
// empty.
func (d *disk) remove(p string) error { return d.removeIf(p, nil) }

// removeIf removes a file if check, unless it is nil, says so just before.
func (d *disk) removeIf(p string, check func() error) error {
	f, err := d.read(p)
	if err != nil {
		return err
	}
	if !f.absent() {
		if err := d.will("remove " + p); err != nil {
			return err
		}
		if check != nil {
			if err := check(); err != nil {
				return err
			}
		}
		if err := d.root.Remove(p); err != nil {
			return cannot("remove", p, err)
		}
		d.dirty[path.Dir(p)] = true
	}
	d.prune(p)
	return nil
}

// prune removes the empty directories above a path.
func (d *disk) prune(p string) {
	for dir := path.Dir(p); dir != "." && d.root.Remove(dir) == nil; {
		dir = path.Dir(dir)
	}
}

// replace changes a file, unless it has changed since it was compared. Between
// the last look at it and its replacement there is one system call.
func (d *disk) replace(f fileChange) error {
	check := func() error {
		if disk, err := d.look(f.Path); err != nil {
			return err
		} else if !same(disk.data, f.Before) || disk.obstacle != "" {
			return errChanged
		}
		return nil
	}
	if f.After != nil {
		return d.writeIf(f.Path, f.After, f.Mode, check)
	}
	return d.removeIf(f.Path, check)
}

// ensure writes a file unless it has that content already.
func (d *disk) ensure(p string, content []byte) error {
	if f, err := d.read(p); err != nil || same(f.data, content) {
		return err
	}
	return d.write(p, content)
}

// walk visits everything in a directory, which may be absent.
func (d *disk) walk(dir string, visit func(p string, entry fs.DirEntry) error) error {
	switch f, err := d.look(dir); {
	case err != nil || f.absent():
		return err
	case !f.mode.IsDir():
		return fmt.Errorf("%s: cannot be a directory, because %s; move that out of the way", dir, cmp.Or(f.obstacle, "it is a file"))
	}
	return fs.WalkDir(d.root.FS(), dir, func(p string, entry fs.DirEntry, err error) error {
		if err != nil {
			return cannot("read", p, err)
		}
		return visit(p, entry)
	})
}

// walkReadable visits everything in the project but the directories that the user may
// not read, such as one with the data of a database that runs in a container: none
// of the owner's code is in there.
func (d *disk) walkReadable(visit func(p string, entry fs.DirEntry) error) error {
	return fs.WalkDir(d.root.FS(), ".", func(p string, entry fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrPermission) && p != ".":
			return fs.SkipDir
		case err != nil:
			return cannot("read", p, err)
		}
		return visit(p, entry)
	})
}

// will calls d.before.
func (d *disk) will(change string) error {
	if d.before == nil {
		return nil
	}
	return d.before(change)
}

// cannot returns an error that says what the operating system refused to do with
// a path, such as "read" or "write", and what to do if it lacks permission.
func cannot(do, p string, err error) error {
	var pathError *fs.PathError
	var linkError *os.LinkError
	switch {
	case errors.As(err, &pathError):
		err = pathError.Err
	case errors.As(err, &linkError):
		err = linkError.Err
	}
	hint := ""
	switch {
	case errors.Is(err, fs.ErrPermission):
		hint = "; run as a user who may, or choose another directory"
	case errors.Is(err, syscall.ENOTDIR):
		err, hint = errors.New("part of the path is a file"), "; choose another directory"
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.EROFS):
		hint = "; choose another directory"
	}
	return fmt.Errorf("cannot %s %s: %w%s", do, p, err, hint)
}

func exists(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}
