package project

import (
	"bytes"
	"errors"
	"maps"
	"path"
	"slices"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/internal/diff3"
	"github.com/otelgen/otelgen/internal/git"
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

// compare decides about every path. It depends on the snapshot only.
func (s *snapshot) compare() (Plan, error) {
	var plan Plan
	var errs []error
	paths := s.paths()
	if err := s.renaming.check(s, paths); err != nil {
		return nil, err
	}
	for _, p := range slices.SortedFunc(maps.Keys(paths), modulesLast) {
		c, err := s.change(p, paths[p], plan)
		errs = append(errs, err)
		if c.Matters() || c.Action == Keep || c.changesRecord() {
			plan = append(plan, c)
		}
	}
	if next, ok := s.next[specFile]; ok {
		if c := s.changeSpec(present(next)); c.Matters() || c.changesRecord() {
			plan = append(plan, c)
		}
	}
	s.noteImporters(plan)
	others, err := s.renaming.changes(s)
	plan = append(plan, others...)
	slices.SortFunc(plan, byPath)
	return plan, errors.Join(append(errs, err)...)
}

// changeSpec decides about the Spec, which is never merged.
func (s *snapshot) changeSpec(next []byte) Change {
	disk := s.disk[specFile].data
	c := Change{Path: specFile, Action: None, Before: disk, After: disk}
	if !sameSpec(disk, next) {
		c.Action, c.After = Update, next
	}
	if git.Marked(disk) {
		c.Note = resolvedNote(specFile)
	}
	if disk == nil {
		c.Action = Create
	}
	c.records = []recordChange{{path: specFile, was: entry{base: s.spec}, committed: entry{base: next}, unrecorded: s.unrecorded[specFile]}}
	return c
}

// sameSpec reports whether two files hold the same Spec. Comments and layout,
// which belong to the owner, make no difference.
func sameSpec(disk, next []byte) bool {
	if same(disk, next) {
		return true
	}
	a, errA := generator.ParseSpec(specFile, disk, "")
	b, errB := generator.ParseSpec(specFile, next, "")
	return errA == nil && errB == nil && disk != nil && bytes.Equal(a.YAML(), b.YAML())
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

// versionOf returns the version of otelgen that a Spec names.
func versionOf(spec []byte) string {
	s, _ := generator.ParseSpec(specFile, spec, "") // an error if it is of a test
	return s.Otelgen
}

// canMove reports whether a file, or the tombstone of one, moves with the
// templates. It does if otelgen wrote it and writes nothing there any more, and
// if it has not written the new path yet and one of the two paths is absent: if
// that is the old one, the owner has deleted the file, or has moved it already.
// A file that an undone update left at the new path counts as absent.
func (s *snapshot) canMove(from, to string) bool {
	_, stays := s.next[from]
	source, target := s.disk[from], s.disk[to]
	isDetached := s.entries[from].detached != "" && s.renaming.path(from) != to // then only another name moves it
	if stays || isDetached || s.entries[from].last() == nil || s.isOurs(from) || source.obstacle != "" || target.obstacle != "" {
		return false
	}
	return s.entries[to].last() == nil && (source.absent() || target.absent()) || s.isLeft(from, to)
}

// isLeft reports whether an update that was undone moved a file, and left the
// new one behind, as git does with a file that it does not know yet. It may be
// replaced only if every change of its owner is in the old one as well.
func (s *snapshot) isLeft(from, to string) bool {
	target, next, recorded := s.disk[to].data, s.next[to], s.entries[to].last()
	if target != nil && sameText(target, next) && recorded == nil {
		return true
	}
	return s.isOurs(to) || s.isMerged(from, to, next) || s.isMerged(from, to, recorded)
}

// isOurs reports whether a file was left behind by an update that was undone, and
// has no change of its owner that is not elsewhere as well.
func (s *snapshot) isOurs(p string) bool {
	left := s.undone[p]
	return left != nil && left.ours
}

// isMerged reports whether a file is what a move from another path would write
// now, if next is otelgen's version of it.
func (s *snapshot) isMerged(from, to string, next []byte) bool {
	v := versions{base: s.entries[from].last(), disk: s.disk[from].data, next: next}
	if v.base == nil || v.disk == nil || v.next == nil {
		return false
	}
	c := Change{Path: to, After: v.disk}
	c.merge(v.normalized())
	return sameText(s.disk[to].data, c.After)
}

// begun returns the record of a path as it is when an update begins. If a
// conflict has been resolved, the owner has seen what was pending: it is the
// base from now on.
func (s *snapshot) begun(p string, open bool) entry {
	e := s.entries[p]
	if e.pending != nil && !open {
		return entry{base: e.pending}
	}
	return e
}

// open reports whether a file is in a conflict that is not resolved. A file with
// conflict markers is never merged, whatever the record says.
func (s *snapshot) open(p string) bool { return s.whyOpen(p) != "" }

// whyOpen returns the note about a conflict that is not resolved, or "".
func (s *snapshot) whyOpen(p string) string {
	disk, e := s.disk[p].data, s.entries[p]
	switch {
	case s.merged[p] != nil:
		return ""
	case diff3.Marked(disk):
		return "this conflict is not resolved yet"
	case git.Marked(disk) && !git.Marked(e.last()) && !git.Marked(s.next[p]):
		return "git has a conflict in it: resolve that first"
	case e.pending != nil && s.unmerged[p]:
		return "it has no conflict markers any more, but git still has a conflict in it: run git add " + p
	}
	return ""
}

// decided returns the note about a conflict that has been resolved: which version the
// file is taken to be. It returns "" if there was none, or it is still open.
func (s *snapshot) decided(p string) string {
	switch e, disk := s.entries[p], s.disk[p].data; {
	case e.pending == nil || s.open(p):
		return ""
	case disk == nil:
		return "resolved: deleted"
	case sameText(disk, e.pending):
		return "resolved: otelgen's version"
	case hashOf(disk) == e.yours:
		return "resolved: your version"
	}
	return "resolved: as it is now"
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
	source := s.source(p, from)
	open := s.open(source)
	v := versions{
		base: first(s.begun(source, open).last(), s.begun(from, open).last()),
		disk: first(s.merged[source], s.disk[source].data),
	}
	if next, ok := s.next[p]; ok {
		v.next = present(next)
	}
	v = s.renaming.versions(p, v)
	if s.once[p] && v.base != nil && v.next != nil && (!s.restyled || !same(v.base, v.disk)) {
		v.next = v.base
	}
	return v
}

// change decides about one path, given the path that the templates moved it
// from, or "", and the changes so far, on which those of go.mod and go.sum
// depend.
func (s *snapshot) change(p, from string, sofar Plan) (Change, error) {
	source := s.source(p, from)
	open, v := s.open(source), s.versions(p, from)
	c := Change{Path: p, Before: s.disk[source].data, After: v.disk, mode: s.disk[source].mode}
	if source != p {
		c.From, c.left = source, s.disk[p].data
	}
	committed := entry{base: v.next}
	var err error
	switch obstacle := s.disk[source].obstacle; {
	case open:
		c.Action, c.After, c.Note = Conflict, c.Before, s.whyOpen(source)
		committed = s.entries[p]
		if from != "" && committed.last() == nil {
			committed = s.entries[from]
		}
	case obstacle != "":
		err = c.leave(v, obstacle)
	case s.entries[source].detached != "":
		c.Action, c.After = Keep, s.renaming.content(p, c.Before)
		committed = entry{own: first(v.next, v.base), detached: s.entries[source].detached}
	case s.creating && v.base == nil && v.disk != nil && v.next != nil && mayPredate(p, false):
		err = s.adopt(&c, v, sofar)
		committed = adopted(c, v.next)
	case s.entries[p].own != nil && v.disk != nil && v.next != nil:
		s.keepOwn(&c, v)
		committed = adopted(c, v.next)
	default:
		err = s.decide(&c, v, sofar)
		switch {
		case s.conflictOfGit(c):
			c.Action, c.After, c.Note = Conflict, c.Before, "git has a conflict in it: resolve that first"
			committed = entry{base: v.base, pending: v.next}
		case c.isNewConflict():
			committed = entry{base: v.base, pending: v.next, yours: hashOf(v.disk)}
		case c.Action == Gone:
			committed = entry{gone: v.next}
		}
	}
	if path.Base(p) == goMod && err == nil {
		s.noteVendoring(&c, sofar)
	}
	if c.Action == None || c.Action == Keep {
		switch { // the owner's changes stay; names may have changed around them
		case !same(c.Before, c.After):
			c.Action = Update
		case c.From != "":
			c.Action = Move
		}
	}
	if decided := s.decided(p); decided != "" && c.Note == "" {
		c.Note, c.decided = decided, true
	}
	if s.merged[p] != nil && git.Marked(c.Before) && c.Note == "" {
		c.Note = resolvedNote(p)
	}
	if !open || from != "" || s.undone[p] != nil {
		c.records = s.recordChanges(p, from, committed)
	}
	return c, err
}

// conflictOfGit reports whether a file that is to be merged is in a conflict
// that does not come from otelgen.
func (s *snapshot) conflictOfGit(c Change) bool {
	return (c.Action == Merge || c.Action == Conflict) && s.unmerged[c.Path] && c.From == ""
}

// recordChanges returns how the record of a path changes. The record of the path
// that the templates moved it from ends.
func (s *snapshot) recordChanges(p, from string, committed entry) []recordChange {
	all := []recordChange{{path: p, was: s.entries[p], committed: committed, unrecorded: s.unrecorded[p]}}
	if from != "" {
		all = append(all, recordChange{path: from, was: s.entries[from], unrecorded: s.unrecorded[from]})
	}
	return all
}

// decide applies the table of Action.
func (s *snapshot) decide(c *Change, v versions, sofar Plan) error {
	t := v.normalized()
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
		if s.isCopy(c) || s.isOurs(c.Path) {
			c.Action, c.After = Delete, nil
			break
		}
		c.Note = "you changed it, and otelgen no longer writes it, so it stays"
	case Gone:
		if !same(v.base, v.next) {
			c.Note = "you deleted it, so it stays deleted, although otelgen has a new version"
		}
	}
	return nil
}

// isCopy reports whether a file that the templates moved is what otelgen wrote
// where it moved to: when git merges a move with another one, it keeps both.
func (s *snapshot) isCopy(c *Change) bool {
	to := s.destination(c.Path)
	return to != "" && s.disk[to].data != nil && (same(c.Before, s.disk[to].data) || sameText(c.Before, s.next[to]) || sameText(c.Before, s.entries[to].last()))
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
