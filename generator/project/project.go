// Package project brings a directory to what a generator.Tree says, now and at
// every later update, and keeps what its owner changed in it.
//
// Load, Begin and New return a Project: a directory, with the record of what
// otelgen wrote there. Compare compares it with a Tree and returns a Plan, a
// list of Changes with one for each path, and writes nothing. Apply carries out
// a Plan, and Undo returns the Plan that takes the last one back.
//
// Three versions of a file decide what happens to it: base, what otelgen wrote
// last; disk, what is there now; and next, what the Tree says. See Action.
package project

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/otelgen/otelgen/internal/problem"
)

// Project is a directory that otelgen manages or is about to create, with what
// otelgen recorded in it.
type Project struct {
	Dir      string
	SpecYAML []byte // the content of generator.SpecFile; nil if the project does not exist yet

	// Command is what the user typed, such as "otelgen add background". If the
	// run is killed, it is how the next one calls what it finishes.
	Command string

	// Finished is the command of an earlier run that was killed, which Begin has
	// finished.
	Finished string

	record      record
	once        map[string]bool // paths that are written only once
	unfinished  *operation      // of an earlier run that was killed; Begin leaves none
	restores    []byte          // the record as git had merged it, to which Undo leads
	interrupted bool            // an earlier run was killed while it created the project
	lock        *os.File        // is held until Close, unless nil

	before func(change string) error // see disk
}

// Load reads a project to look at it. Its error is an *UnfinishedError if a run
// was killed, or is still at work: then there is no saying what the project is.
func Load(dir string) (*Project, error) {
	d, err := openProject(dir)
	if err != nil {
		return nil, err
	}
	defer d.root.Close()
	if op, err := d.readOperation(journalFile); op != nil || err != nil {
		return nil, cmp.Or(inDir(dir, err), error(&UnfinishedError{Dir: dir, Command: op.command(), AtWork: d.isLocked()}))
	}
	p := &Project{Dir: dir}
	return p, inDir(dir, p.read(d))
}

// Original returns a file as otelgen wrote it last, or would have written it if it
// were not deleted, the owner's own, or in conflict.
func Original(dir, file string) ([]byte, error) {
	p, err := Load(dir)
	if err != nil {
		return nil, err
	}
	file = path.Clean(filepath.ToSlash(file))
	lines := p.record.lines[file]
	if len(lines) == 0 {
		return nil, inDir(dir, p.notOurs(file, "name a file that it wrote"))
	}
	e, err := lines[0].entry()
	return first(e.pending, e.last()), inDir(dir, err)
}

// UnfinishedError says that a run of otelgen is at work, or was interrupted.
type UnfinishedError struct {
	Dir, Command string
	AtWork       bool
}

func (e *UnfinishedError) Error() string {
	return fmt.Sprintf("%s: %s", e.Dir, e.Problem())
}

// Problem returns the error without the directory.
func (e *UnfinishedError) Problem() string {
	if e.AtWork {
		return e.Command + " is running there; wait until it is done"
	}
	return e.Command + " was interrupted; otelgen update finishes it, and otelgen undo finishes it and takes it back"
}

// Begin reads a project to change it. The caller closes it.
//
// One run at a time changes a project, but for Windows, where there is no lock. If
// another one is at work, Begin says so and waits. If an earlier one was killed, Begin finishes what it had begun,
// says so, and sets Finished.
func Begin(dir, command string, say func(string)) (*Project, error) {
	return begin(&Project{Dir: dir, Command: command}, say)
}

func begin(p *Project, say func(string)) (*Project, error) {
	d, err := openProject(p.Dir)
	if err != nil {
		return nil, err
	}
	defer d.root.Close()
	d.before = p.before
	if p.lock, err = d.root.Open("."); err != nil {
		return nil, cannot("open", p.Dir, err)
	}
	if !lock(p.lock, false) {
		other, _ := d.look(lockFile) // it may not have got that far
		say(fmt.Sprintf("%s: waiting for %s, which is running there", Named(p.Dir), cmp.Or(string(other.data), "another run of otelgen")))
		lock(p.lock, true)
	}
	d.sayLocked(p.Command)
	op, err := d.readOperation(journalFile)
	if err == nil {
		err = errors.Join(p.read(d), d.remove(scratchFile)) // a run that was killed left that
	}
	if err == nil && op != nil {
		if err = d.finish(op, &p.record, true); err == nil {
			p.Finished = op.Command
			say(fmt.Sprintf("%s: finished %s, which was interrupted", Named(p.Dir), op.command()))
			err = p.read(d)
		}
	}
	if err != nil {
		p.Close()
		return nil, inDir(p.Dir, err)
	}
	return p, nil
}

// Close lets other runs of otelgen change the project.
func (p *Project) Close() {
	if p.lock == nil {
		return
	}
	if d, err := openDisk(p.Dir); err == nil {
		d.sayLocked("")
		_ = d.root.Close()
	}
	_ = p.lock.Close() // it is a directory that nobody wrote to
	p.lock = nil
}

// isLocked reports whether a run is at work.
func (d *disk) isLocked() bool {
	dir, err := d.root.Open(".")
	if err != nil {
		return false
	}
	defer dir.Close()
	return !lock(dir, false)
}

// sayLocked lets others know what is at work; nothing, if command is empty. It is
// the lock that counts, so errors do not.
func (d *disk) sayLocked(command string) {
	switch f, err := d.look(lockFile); {
	case err != nil || f.obstacle != "":
	case command != "":
		_ = d.root.WriteFile(lockFile, []byte(command), 0o644)
	case !f.absent():
		_ = d.root.Remove(lockFile)
	}
}

// openProject opens the directory of a project that exists.
func openProject(dir string) (*disk, error) {
	d, err := openDisk(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: no such directory; name the directory of an otelgen project", dir)
	}
	if info, statErr := os.Stat(dir); statErr == nil && !info.IsDir() {
		return nil, fmt.Errorf("%s: not a directory; name the directory of an otelgen project", dir)
	}
	if err != nil {
		return nil, err
	}
	spec, err := d.read(specFile)
	switch {
	case err != nil:
		err = inDir(dir, err)
	case spec.absent() && exists(filepath.Join(dir, journalFile)):
		err = fmt.Errorf("%s is not an otelgen project yet: otelgen new was interrupted there; run that again", Named(dir))
	case spec.absent():
		err = fmt.Errorf("%s is not an otelgen project: there is no %s in it; %s the directory of one, or create one with otelgen new", Named(dir), specFile, reach(dir))
	}
	if err != nil {
		d.root.Close()
		return nil, err
	}
	return d, nil
}

// read reads the Spec and the record.
func (p *Project) read(d *disk) error {
	spec, err := d.read(specFile)
	if err != nil {
		return err
	}
	p.SpecYAML = spec.data
	p.record, err = readRecord(d)
	return err
}

// notOurs is the error for a file of which nothing is recorded, with the way out if
// there is one.
func (p *Project) notOurs(file, wayOut string) error {
	near := problem.Nearest(file, slices.Collect(maps.Keys(p.record.lines)))
	info, err := os.Stat(filepath.Join(p.Dir, filepath.FromSlash(file)))
	switch {
	case file == stateDir || strings.HasPrefix(file, stateDir+"/"):
		return fmt.Errorf("%s: it is part of otelgen's record of the service; name another file", file)
	case err == nil && info.IsDir():
		return fmt.Errorf("%s: it is a directory; name a file in it", file)
	case exists(filepath.Join(p.Dir, filepath.FromSlash(file))):
		return fmt.Errorf("%s: otelgen did not write it; %s", file, wayOut)
	case near != "":
		return fmt.Errorf("%s: no such file; did you mean %s?", file, near)
	}
	return fmt.Errorf("%s: no such file; name one that otelgen wrote", file)
}

// New returns a project that does not exist yet. Its directory must not exist
// either, or hold nothing but what may be in a repository before its program:
// documents, hidden files, the configuration of tools, and a go.mod.
//
// The Plan for such a project creates every file that is not there, and Apply
// creates all of them or none. Existing files belong to the owner and stay.
func New(dir string) (*Project, error) {
	p := &Project{Dir: dir}
	switch info, err := os.Lstat(dir); {
	case errors.Is(err, fs.ErrNotExist):
		return p, nil
	case err != nil:
		return nil, cannot("read", dir, err)
	case !info.IsDir():
		return nil, fmt.Errorf("%s: it is %s, not a directory; name a directory that is empty or does not exist", dir, kindOf(info.Mode()))
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
		return nil, fmt.Errorf("%s is already an otelgen project: run otelgen update there, or name another directory", Named(dir))
	}
	if len(inTheWay) > 0 && !p.interrupted {
		return nil, notEmptyError(dir, inTheWay)
	}
	var errRecord error
	p.record, errRecord = readRecord(d)
	p.unfinished, err = d.readOperation(journalFile)
	return p, inDir(dir, errors.Join(errRecord, err))
}

func notEmptyError(dir string, inTheWay []string) error {
	return fmt.Errorf("%s is not empty: move %s away, or name another directory", Named(dir), listed(inTheWay))
}

// WriteOnce says which paths of the next Tree are written only once. What otelgen
// wrote to them counts as what it would write today, so that an update finds nothing new
// in them, whatever their owner has done to them since. There are two exceptions:
// another name of the service or its module, and, in a file that the owner has not
// changed, another value of a slot, such as another router.
func (p *Project) WriteOnce(paths []string) {
	p.once = map[string]bool{}
	for _, name := range paths {
		p.once[name] = true
	}
}

// Named returns what a message calls the directory of a project.
func Named(dir string) string {
	if dir == "." {
		return "the current directory"
	}
	return dir
}

// reach is how a user gives a command another directory than this one.
func reach(dir string) string {
	if dir == "." {
		return "change to"
	}
	return "name"
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
