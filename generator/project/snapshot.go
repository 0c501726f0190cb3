package project

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/internal/diff3"
	"github.com/otelgen/otelgen/internal/git"
)

// snapshot is everything that a plan depends on.
type snapshot struct {
	entries    map[string]entry // what otelgen wrote last
	unrecorded map[string]bool  // the paths of which the record says something else: nothing, or several things
	spec       []byte           // the Spec for which otelgen wrote it
	disk       map[string]file
	next       generator.Tree
	moved      map[string]string // old path to new
	once       map[string]bool   // paths that are written only once
	restyled   bool              // the router, the database or another slot has another value: what the owner has not changed follows
	unmerged   map[string]bool   // the paths that git has in conflict
	merged     map[string][]byte // what two branches that git merges are together, where that is certain
	undone     map[string]*stray // what commands wrote here, if that has been undone other than by otelgen undo
	renaming   renaming
	code       goFiles
	creating   bool // the project does not exist yet
}

// takeSnapshot reads what compare needs to know of a project.
func takeSnapshot(p *Project, next generator.Tree, moved map[string]string) (*snapshot, error) {
	s := &snapshot{
		entries: map[string]entry{}, unrecorded: map[string]bool{}, disk: map[string]file{}, merged: map[string][]byte{},
		next: next, moved: map[string]string{}, once: p.once, creating: p.SpecYAML == nil,
	}
	maps.Copy(s.moved, moved) // to which those are added that the names of the service and git have moved
	d, err := openDisk(p.Dir)
	if s.creating && errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	defer d.root.Close()
	d.folders = map[string]bool{}
	if s.undone, err = p.undone(d); err != nil {
		return nil, err
	}
	var errs []error
	for _, paths := range []map[string]bool{keys(next), keys(p.record.lines), keys(s.undone)} {
		for name := range paths {
			if _, done := s.disk[name]; !done {
				s.disk[name], err = d.look(name)
				errs = append(errs, err)
			}
		}
	}
	if p.unfinished != nil {
		s.takeBack(p.unfinished)
	}
	errs = append(errs, s.readSpec(p.record.lines[specFile]))
	lines := maps.Clone(p.record.lines)
	delete(lines, specFile)
	if s.unrecorded[specFile] {
		s.takeAlong(lines)
	}
	for name, lines := range lines {
		s.unrecorded[name] = s.unrecorded[name] || len(lines) > 1
		s.entries[name], err = s.settle(name, lines)
		errs = append(errs, err)
	}
	errs = append(errs, s.adoptUndone(d))
	s.followGit()
	errs = append(errs, s.renaming.readOthers(d, s), s.askGit(d), s.readCode(d))
	return s, errors.Join(append(errs, s.mergeBranches(d, p.record))...)
}

// readSpec finds out for which Spec otelgen wrote the project, and which names the
// service and its module had in it.
func (s *snapshot) readSpec(lines []line) error {
	recorded, err := s.settle(specFile, lines)
	s.spec, s.unrecorded[specFile] = recorded.base, len(lines) > 1
	was, now := s.specs(s.spec)
	s.restyled = !maps.Equal(was.Slots, now.Slots)
	errs := []error{err}
	if len(lines) > 1 {
		for _, l := range lines { // of branches that git has merged, one may have other names
			e, err := l.entry()
			errs = append(errs, err)
			if a, b := s.specs(e.base); a.Service != b.Service || a.Module != b.Module {
				was, now = a, b
			}
		}
	}
	s.renaming = newRenaming(was, now)
	return errors.Join(errs...)
}

// specs returns the Spec for which otelgen wrote the project, from what is recorded
// of that, and the next one. They are empty if they do not differ, or if one of them
// is not valid: then nothing follows from them.
func (s *snapshot) specs(recorded []byte) (was, now generator.Spec) {
	recorded = first(recorded, s.disk[specFile].data)
	if same(recorded, s.next[specFile]) {
		return was, now
	}
	was, errWas := generator.ParseSpec(specFile, recorded, "")
	now, errNow := generator.ParseSpec(specFile, s.next[specFile], "")
	if errWas != nil || errNow != nil {
		return generator.Spec{}, generator.Spec{}
	}
	return was, now
}

func keys[V any](m map[string]V) map[string]bool {
	all := make(map[string]bool, len(m))
	for k := range m {
		all[k] = true
	}
	return all
}

// askGit asks git what it has in conflict, if that can make a difference, and
// about files that are missing.
func (s *snapshot) askGit(d *disk) error {
	var missing []string
	for p, e := range s.entries {
		content := s.disk[p].data
		if e.base != nil && s.disk[p].absent() {
			missing = append(missing, p)
		}
		if (e.pending != nil || git.Marked(content)) && s.unmerged == nil {
			s.unmerged = unmerged(d.root.Name())
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return checkSparse(missing, skipped(d.root.Name()))
}

// checkSparse makes sure that missing files were deleted by the owner, and are
// not just left out of a sparse checkout.
func checkSparse(missing []string, skipped map[string]bool) error {
	left := slices.DeleteFunc(missing, func(p string) bool { return !skipped[p] })
	if len(left) == 0 {
		return nil
	}
	return fmt.Errorf("%s: missing, because this is a sparse checkout; run git sparse-checkout disable, then run the command again", listed(slices.Sorted(slices.Values(left))))
}

// readCode reads the Go files of the project, if what they import matters.
func (s *snapshot) readCode(d *disk) error {
	needed, err := s.needsCode(d)
	if err == nil && needed {
		s.code, err = readGoFiles(d)
	}
	return err
}

// needsCode reports whether a go.mod or go.sum may have to be merged or has a
// vendor directory beside it, or a Go file goes.
func (s *snapshot) needsCode(d *disk) (bool, error) {
	for p := range s.entries {
		if _, stays := s.next[p]; !stays && path.Ext(p) == ".go" && s.disk[p].data != nil {
			return true, nil
		}
	}
	for p, next := range s.next {
		if !isModule(p) {
			continue
		}
		vendored, err := d.look(path.Join(path.Dir(p), "vendor", "modules.txt"))
		if err != nil || !vendored.absent() || s.disk[p].data != nil && !same(s.disk[p].data, next) {
			return true, err
		}
	}
	return false, nil
}

// settle returns the record of a path. Git may have merged the records of
// two branches that were both updated. Then several lines say what otelgen wrote
// last, and the file on the disk decides which one counts: the file itself, if it has
// no change of the owner; else the line that matches the file, the one that otelgen
// would write today, or one with which there is no conflict.
func (s *snapshot) settle(p string, lines []line) (entry, error) {
	if lines == nil {
		return entry{}, nil
	}
	disk, next := s.disk[p].data, s.next[p]
	if next == nil {
		next = s.next[s.renaming.path(p)]
	}
	all := make([]entry, len(lines))
	var errs []error
	for i, l := range lines {
		var err error
		all[i], err = l.entry(disk, next)
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return entry{}, err
	}
	version := func(e entry) []byte { return first(e.pending, e.last()) }
	if len(all) > 1 && !git.Marked(disk) {
		for _, e := range all {
			if renamed := s.renaming.stale(version(e), disk, next); !same(renamed, disk) {
				s.merged[p], disk = renamed, renamed
			}
		}
	}
	if s.unedited(disk, next, all) {
		return entry{base: disk}, nil
	}
	if len(all) == 1 {
		return all[0], nil
	}
	for _, fits := range []func(entry) bool{
		func(e entry) bool { return diff3.Marked(disk) && e.pending != nil },
		func(e entry) bool { return disk == nil && e.gone != nil },
		func(e entry) bool { return same(disk, version(e)) },
		func(e entry) bool { return next != nil && same(next, version(e)) },
		func(e entry) bool {
			_, clean := diff3.Merge(version(e), disk, next)
			return clean
		},
	} {
		if i := slices.IndexFunc(all, fits); i >= 0 {
			return all[i], nil
		}
	}
	return all[0], nil
}

// unedited reports whether there is nothing of its owner's in a file that git has
// merged, or has in conflict: both sides are as otelgen wrote them, or every line is
// from a version that otelgen wrote and what otelgen would write of those is there.
func (s *snapshot) unedited(disk, next []byte, recorded []entry) bool {
	ours, theirs, marked := git.Sides(disk)
	if !marked {
		return len(recorded) > 1 && onlyWritten(disk, next, recorded)
	}
	written := func(side []byte) bool {
		return same(side, next) || slices.ContainsFunc(recorded, func(e entry) bool { return same(side, e.last()) || same(side, e.pending) })
	}
	return written(ours) && written(theirs)
}

// takeBack makes the disk what it was before a creation that was interrupted:
// Apply will do the same.
func (s *snapshot) takeBack(op *operation) {
	for _, step := range op.Steps {
		for _, f := range step.Files {
			if s.disk[f.Path].obstacle == "" && same(s.disk[f.Path].data, f.After) {
				s.disk[f.Path] = file{data: f.Before}
			}
		}
	}
}
