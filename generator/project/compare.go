package project

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/internal/diff3"
)

// Compare returns what it takes to bring a project to what next says. moved has
// the paths that the templates moved, old to new: what the owner changed in such
// a file moves along.
//
// Compare writes nothing. Its error names everything that prevents a plan.
func (p *Project) Compare(next generator.Tree, moved map[string]string) (Plan, error) {
	if err := next.Check(); err != nil {
		return nil, err
	}
	s, err := takeSnapshot(p, next, moved)
	if err != nil {
		return nil, inDir(p.Dir, err)
	}
	plan, err := s.compare()
	if err != nil {
		return nil, inDir(p.Dir, err)
	}
	if inTheWay := plan.inTheWay(); s.creating && len(inTheWay) > 0 {
		return nil, notEmptyError(p.Dir, inTheWay)
	}
	return plan, nil
}

// snapshot is everything that a plan depends on.
type snapshot struct {
	record   // what otelgen wrote last
	disk     map[string]file
	next     generator.Tree
	moved    map[string]string // old path to new
	unmerged map[string]bool   // the paths that git has in conflict
	code     goFiles
	creating bool // the project does not exist yet
}

// takeSnapshot reads what compare needs to know of a project.
func takeSnapshot(p *Project, next generator.Tree, moved map[string]string) (*snapshot, error) {
	s := &snapshot{record: p.record, disk: map[string]file{}, next: next, moved: moved, creating: p.SpecYAML == nil}
	d, err := openDisk(p.Dir)
	if s.creating && errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	defer d.root.Close()
	var errs []error
	read := func(p string) {
		if _, done := s.disk[p]; !done {
			s.disk[p], err = d.look(p)
			errs = append(errs, err)
		}
	}
	for p := range next {
		read(p)
	}
	var missing []string
	for p, e := range s.entries {
		read(p)
		if e.base != nil && s.disk[p].absent() {
			missing = append(missing, p)
		}
		if (e.pending != nil || bytes.Contains(s.disk[p].data, gitMarker)) && s.unmerged == nil {
			s.unmerged = unmerged(d.root.Name())
		}
	}
	if len(missing) > 0 {
		errs = append(errs, checkSparse(missing, skipped(d.root.Name())))
	}
	if slices.ContainsFunc(slices.Collect(maps.Keys(next)), isModule) {
		s.code, err = readGoFiles(d)
		errs = append(errs, err)
	}
	return s, errors.Join(errs...)
}

// gitMarker begins a conflict in a file that git merged.
var gitMarker = []byte("<<<<<<< ")

// checkSparse makes sure that missing files were deleted by the owner, and are
// not just left out of a sparse checkout.
func checkSparse(missing []string, skipped map[string]bool) error {
	left := slices.DeleteFunc(missing, func(p string) bool { return !skipped[p] })
	if len(left) == 0 {
		return nil
	}
	return fmt.Errorf("%s: missing, because this is a sparse checkout; run git sparse-checkout disable, then run the command again", listed(slices.Sorted(slices.Values(left))))
}

// compare decides about every path. It depends on the snapshot only.
func (s *snapshot) compare() (Plan, error) {
	var plan Plan
	var errs []error
	paths := s.paths()
	for _, p := range slices.SortedFunc(maps.Keys(paths), modulesLast) {
		c, err := s.change(p, paths[p], plan)
		errs = append(errs, err)
		if c.Matters() || c.Action == Keep || c.changesRecord() {
			plan = append(plan, c)
		}
	}
	if next, ok := s.next[specFile]; ok && !sameSpec(s.disk[specFile].data, next) {
		c := Change{Path: specFile, Action: Update, Before: s.disk[specFile].data, After: present(next)}
		if c.Before == nil {
			c.Action = Create
		}
		plan = append(plan, c)
	}
	s.noteImporters(plan)
	slices.SortFunc(plan, func(a, b Change) int { return cmp.Compare(a.Path, b.Path) })
	return plan, errors.Join(errs...)
}

// sameSpec reports whether two files hold the same Spec. Comments and layout,
// which belong to the owner, make no difference.
func sameSpec(disk, next []byte) bool {
	a, errA := generator.ParseSpec(specFile, disk, "")
	b, errB := generator.ParseSpec(specFile, next, "")
	if errA != nil || errB != nil || disk == nil {
		return same(disk, present(next))
	}
	return bytes.Equal(a.YAML(), b.YAML())
}

// paths returns every path to decide about, but for the Spec's, each with the
// path that the templates moved it from, or "".
func (s *snapshot) paths() map[string]string {
	all := map[string]string{}
	for p := range s.entries {
		all[p] = ""
	}
	for p := range s.next {
		all[p] = ""
	}
	delete(all, specFile)
	for _, from := range slices.Sorted(maps.Keys(s.moved)) {
		to := s.destination(from)
		if other, ok := all[to]; !ok || other != "" || !s.canMove(from, to) {
			continue
		}
		if s.open(from) {
			delete(all, to) // it moves once its conflict is resolved
			continue
		}
		delete(all, from)
		all[to] = from
	}
	return all
}

// destination returns where a file moves. If the owner skipped versions, that
// may take several steps.
func (s *snapshot) destination(p string) string {
	for range s.moved {
		p = s.moved[p]
		if _, ok := s.next[p]; ok {
			return p
		}
	}
	return ""
}

// canMove reports whether a file, or the tombstone of one, moves with the
// templates. It does if otelgen wrote it, writes nothing there any more, and has
// not written the new path yet. One of the two paths must be absent: if it is
// the old one, the owner has deleted the file, or has moved it already.
func (s *snapshot) canMove(from, to string) bool {
	_, stays := s.next[from]
	source, target := s.disk[from], s.disk[to]
	return !stays && s.entry(from).last() != nil && s.entry(to).last() == nil &&
		(source.absent() || target.absent()) && source.obstacle == "" && target.obstacle == ""
}

// entry returns the record of a path without what an update that was killed
// prepared but did not do. If the file is not what the journal announced, either
// the update did not write it, or the owner has changed it since; markers show
// that the update did.
func (s *snapshot) entry(p string) entry {
	e := s.entries[p]
	hash, journaled := s.journal[p]
	if content := s.disk[p].data; journaled && hash != hashOf(content) && !diff3.Marked(content) {
		e.pending = nil
	}
	return e
}

// begun returns the record of a path as Apply leaves it when it begins. If a
// conflict has been resolved, the owner has seen what was pending: it is the
// base from now on.
func (s *snapshot) begun(p string, open bool) entry {
	e := s.entry(p)
	if e.pending != nil && !open {
		return entry{base: e.pending}
	}
	return e
}

// open reports whether a file is in a conflict that is not resolved. A file with
// conflict markers is never merged, whatever the record says.
func (s *snapshot) open(p string) bool {
	return diff3.Marked(s.disk[p].data) || s.entry(p).pending != nil && s.unmerged[p]
}

// source returns where the file of a path is now, given the path that the
// templates moved it from, or "". The owner may have moved it already.
func (s *snapshot) source(p, from string) string {
	if s.disk[from].absent() {
		return p
	}
	return from
}

// versions returns the versions of a file that the templates moved from another
// path, or from "".
func (s *snapshot) versions(p, from string) versions {
	open := s.open(p)
	v := versions{
		base: first(s.begun(p, open).last(), s.begun(from, open).last()),
		disk: s.disk[s.source(p, from)].data,
	}
	if next, ok := s.next[p]; ok {
		v.next = present(next)
	}
	return v
}

// first returns the first of two files that is not absent.
func first(a, b []byte) []byte {
	if a == nil {
		return b
	}
	return a
}

// change decides about one path, given the path that the templates moved it
// from, or "", and the changes so far, on which those of go.mod and go.sum
// depend.
func (s *snapshot) change(p, from string, sofar Plan) (Change, error) {
	open, v := s.open(p), s.versions(p, from)
	c := Change{Path: p, Before: v.disk, After: v.disk}
	source := s.source(p, from)
	if source != p {
		c.From = source
	}
	committed := entry{base: v.next}
	var err error
	switch obstacle := s.disk[source].obstacle; {
	case open:
		c.Action, c.Note = Conflict, "this conflict is not resolved yet"
		committed = entry{base: v.base, pending: first(s.entry(p).pending, s.entry(from).pending)}
	case obstacle != "":
		err = c.leave(v, obstacle)
	case s.creating && v.base == nil && v.disk != nil && v.next != nil && mayPredate(p, false):
		err = s.adopt(&c, v, sofar)
	default:
		err = s.decide(&c, v, sofar)
		switch {
		case s.conflictOfGit(c):
			c.Action, c.After, c.Note = Conflict, c.Before, "git has a conflict in it: resolve that first"
			committed = entry{base: v.base, pending: v.next}
		case c.Action == Conflict && c.journaled():
			committed = entry{base: v.base, pending: v.next}
		case c.Action == Gone:
			committed = entry{gone: v.next}
		}
	}
	if path.Base(p) == goMod && err == nil {
		s.noteVendoring(&c, sofar)
	}
	c.records = s.recordChanges(p, from, open, committed)
	if c.journaled() {
		c.records[0].prepared.pending = v.next
	}
	return c, err
}

// conflictOfGit reports whether a file that is to be merged is in a conflict
// that does not come from otelgen. If the journal names the file, an update put
// it in conflict and was killed before it wrote the markers.
func (s *snapshot) conflictOfGit(c Change) bool {
	_, journaled := s.journal[c.Path]
	return (c.Action == Merge || c.Action == Conflict) && s.unmerged[c.Path] && !journaled && c.From == ""
}

// recordChanges returns how the record of a path changes. The record of the path
// that the templates moved it from ends.
func (s *snapshot) recordChanges(p, from string, open bool, committed entry) []recordChange {
	begun := s.begun(p, open)
	all := []recordChange{{path: p, was: s.entries[p], begun: begun, prepared: begun, committed: committed}}
	if from != "" {
		begun = s.begun(from, open)
		all = append(all, recordChange{path: from, was: s.entries[from], begun: begun, prepared: begun})
	}
	return all
}

// decide applies the table of Action.
func (s *snapshot) decide(c *Change, v versions, sofar Plan) error {
	t := v.normalized(c.Path)
	c.Action = t.action()
	switch c.Action {
	case Update, Merge:
		if isModule(c.Path) {
			return s.mergeModule(c, sofar)
		}
		if c.Action == Merge {
			c.merge(t)
		} else {
			c.After = t.restore(v.next)
		}
	case Create:
		c.After = v.next
	case Delete:
		c.After = nil
	case Conflict:
		c.merge(t)
		if c.Action == Conflict { // it does not if the file is empty
			c.Note = "it exists, and otelgen did not write it; " + c.Note
		}
	case Orphan:
		c.Note = "you changed it, and otelgen no longer writes it, so it stays"
	case Gone:
		if !same(v.base, v.next) {
			c.Note = "you deleted it, so it stays deleted, although otelgen has a new version"
		}
	}
	return nil
}

// leave decides about what the owner has replaced by something that is not a
// regular file. It stays, unless otelgen has a new version to write.
func (c *Change) leave(v versions, obstacle string) error {
	switch {
	case v.next == nil:
		c.Action, c.Note = Orphan, obstacle+", and otelgen no longer writes a file there, so it stays"
	case same(v.base, v.next):
		c.Action, c.Note = Keep, obstacle+", and stays"
	default:
		return obstacleError(c.Path, obstacle)
	}
	return nil
}
