package project

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/internal/diff3"
)

// Compare says what it takes to make a project what it should be. moved tells
// which paths the templates have moved, old to new: what its owner changed in
// such a file follows it.
//
// Compare changes nothing. Its error names everything that prevents a plan.
func (p *Project) Compare(next generator.Tree, moved map[string]string) (Plan, error) {
	if err := next.Check(); err != nil {
		return nil, err
	}
	s, err := look(p, next)
	if err != nil {
		return nil, inDir(p.Dir, err)
	}
	plan, err := s.compare(next, moved)
	if err != nil {
		return nil, inDir(p.Dir, err)
	}
	if inTheWay := plan.inTheWay(); s.adopt && len(inTheWay) > 0 {
		return nil, notEmpty(p.Dir, inTheWay)
	}
	return plan, nil
}

// snapshot is all that a plan depends on besides what should be.
type snapshot struct {
	record
	disk     map[string]found
	unmerged map[string]bool // paths that git has in conflict
	code     goFiles
	adopt    bool // the project is being made
}

// look reads what there is to see of a project.
func look(p *Project, next generator.Tree) (*snapshot, error) {
	s := &snapshot{record: p.record, disk: map[string]found{}, adopt: p.SpecYAML == nil}
	d, err := openDisk(p.Dir)
	if s.adopt && errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	defer d.root.Close()
	var errs []error
	see := func(p string) {
		if _, seen := s.disk[p]; !seen {
			s.disk[p], err = d.find(p)
			errs = append(errs, err)
		}
	}
	for p := range next {
		see(p)
	}
	var missing []string
	for p, e := range s.entries {
		see(p)
		if e.base != nil && s.disk[p].nothing() {
			missing = append(missing, p)
		}
		if (e.pending != nil || bytes.Contains(s.disk[p].data, gitMark)) && s.unmerged == nil {
			s.unmerged = unmerged(d.root.Name())
		}
	}
	if len(missing) > 0 {
		errs = append(errs, notSparse(missing, skipped(d.root.Name())))
	}
	if slices.ContainsFunc(slices.Collect(maps.Keys(next)), isModule) {
		s.code, err = readGoFiles(d)
		errs = append(errs, err)
	}
	return s, errors.Join(errs...)
}

// notSparse makes sure that what is missing has been deleted by the project's
// owner, rather than left out by git: that has no tombstone.
func notSparse(missing []string, skipped map[string]bool) error {
	left := slices.DeleteFunc(missing, func(p string) bool { return !skipped[p] })
	if len(left) == 0 {
		return nil
	}
	return fmt.Errorf("%s: is left out of the sparse checkout; run git sparse-checkout disable", listed(slices.Sorted(slices.Values(left))))
}

// sameSpec tells whether two files have the same Spec: the owner may comment it.
func sameSpec(disk, next []byte) bool {
	a, errA := generator.ParseSpec(specFile, disk)
	b, errB := generator.ParseSpec(specFile, next)
	if errA != nil || errB != nil || disk == nil {
		return same(disk, present(next))
	}
	return bytes.Equal(a.YAML(), b.YAML())
}

// gitMark begins a conflict of git's own making.
var gitMark = []byte("<<<<<<< ")

// compare is a pure function.
func (s *snapshot) compare(next generator.Tree, moved map[string]string) (Plan, error) {
	var plan Plan
	var errs []error
	paths := s.paths(next, moved)
	for _, p := range slices.SortedFunc(maps.Keys(paths), modulesLast) {
		c, err := s.change(s.state(p, paths[p], next), next, plan)
		errs = append(errs, err)
		if c.Matters() || c.Action == Keep || !slices.ContainsFunc(c.records, recording.idle) {
			plan = append(plan, c)
		}
	}
	if content, ok := next[specFile]; ok && !sameSpec(s.disk[specFile].data, content) {
		c := Change{Path: specFile, Before: s.disk[specFile].data, After: present(content), Base: present(content)}
		c.Action = action(c.Before, c.Before, c.After)
		plan = append(plan, c)
	}
	slices.SortFunc(plan, func(a, b Change) int { return cmp.Compare(a.Path, b.Path) })
	return plan, errors.Join(errs...)
}

// paths returns every path to decide about, with the path that the templates
// moved it from, if any.
func (s *snapshot) paths(next generator.Tree, moved map[string]string) map[string]string {
	all := map[string]string{}
	for p := range s.entries {
		all[p] = ""
	}
	for p := range next {
		all[p] = ""
	}
	delete(all, specFile)
	for _, from := range slices.Sorted(maps.Keys(moved)) {
		to := destination(from, next, moved)
		if other, ok := all[to]; !ok || other != "" || !s.canMove(from, to, next) {
			continue
		}
		if s.open(from) {
			delete(all, to) // first things first
			continue
		}
		delete(all, from)
		all[to] = from
	}
	return all
}

// destination follows the moves of several versions at once.
func destination(p string, next generator.Tree, moved map[string]string) string {
	for range moved {
		p = moved[p]
		if _, ok := next[p]; ok {
			return p
		}
	}
	return ""
}

// canMove reports whether a file, or its tombstone, can move: it is ours, we
// no longer want it where it is, and where it goes nothing is in the way. A
// file that its owner has moved already has moved.
func (s *snapshot) canMove(from, to string, next generator.Tree) bool {
	_, stays := next[from]
	there, here := s.disk[from], s.disk[to]
	return !stays && s.last(from) != nil && s.last(to) == nil &&
		(there.nothing() || here.nothing()) && there.odd == "" && here.odd == ""
}

// entry returns what is recorded of a path, and is true.
func (s *snapshot) entry(p string) entry {
	e := s.entries[p]
	hash, announced := s.journal[p]
	if content := s.disk[p].data; announced && hash != hashOf(content) && !diff3.Marked(content) {
		e.pending = nil // it never came to that, or its owner has gone on since
	}
	return e
}

func (s *snapshot) last(p string) []byte { return s.entry(p).last() }

// open reports whether a conflict is not resolved. With our markers in it a
// file is never merged again, whatever is recorded of it.
func (s *snapshot) open(p string) bool {
	return diff3.Marked(s.disk[p].data) || s.entry(p).pending != nil && s.unmerged[p]
}

// state is what there is to know about a path.
type state struct {
	path, from string // from, only if the file has yet to move
	base, next []byte
	disk       found
	open       bool
	pending    []byte
	records    []recording // how to record what is decided
}

func (s *snapshot) state(p, from string, next generator.Tree) state {
	st := state{path: p, disk: s.disk[p], open: s.open(p)}
	if content, ok := next[p]; ok {
		st.next = present(content)
	}
	ours := []string{p}
	if from != "" {
		ours = append(ours, from)
	}
	for _, at := range ours {
		e := s.entry(at)
		st.pending = first(st.pending, e.pending)
		if e.pending != nil && !st.open {
			e = entry{base: e.pending} // the conflict is resolved: the owner has seen what we wanted
		}
		st.base = first(st.base, e.last())
		st.records = append(st.records, recording{path: at, was: s.entries[at], settled: e})
	}
	if from != "" && !s.disk[from].nothing() {
		st.from, st.disk = from, s.disk[from]
	}
	return st
}

func first(a, b []byte) []byte {
	if a == nil {
		return b
	}
	return a
}

// change decides about one path.
func (s *snapshot) change(st state, next generator.Tree, sofar Plan) (Change, error) {
	c := Change{Path: st.path, From: st.from, Before: st.disk.data, After: st.disk.data}
	now := entry{base: st.next}
	var err error
	switch {
	case st.open:
		c.Action, c.Note = Conflict, "it is not resolved yet"
		now = entry{base: st.base, pending: st.pending}
	case st.disk.odd != "":
		err = c.leave(st)
	case s.adopt && st.base == nil && st.disk.data != nil && st.next != nil && ownersFirst(st.path):
		c.adopt(st)
	default:
		err = s.decide(&c, st, next, sofar)
		_, ours := s.journal[c.Path]
		switch {
		case (c.Action == Merge || c.Action == Conflict) && s.unmerged[c.Path] && !ours && c.From == "":
			c.Action, c.After, c.Note = Conflict, c.Before, "git has it in conflict: resolve that first"
			now = entry{base: st.base, pending: st.next}
		case c.Action == Conflict && c.announced():
			c.sides = [][]byte{st.base, st.disk.data, st.next}
			now = entry{base: st.base, pending: st.next}
		case c.Action == Gone:
			now = entry{gone: st.next}
		}
	}
	c.Base = now.last()
	c.records = st.recordings(&c, now)
	return c, err
}

// leave decides about what is no file any more.
func (c *Change) leave(st state) error {
	switch {
	case st.next == nil:
		c.Action, c.Note = Orphan, st.disk.odd+", and otelgen no longer writes it: it stays"
	case same(st.base, st.next):
		c.Action, c.Note = Keep, st.disk.odd+": it stays"
	default:
		return oddError(st.path, st.disk.odd)
	}
	return nil
}

// adopt decides about a file that was there before the project. It counts as
// its owner's version of what we would have written, except that git must not
// track what a service keeps to itself: secrets, for one.
func (c *Change) adopt(st state) {
	c.Action, c.Note = Keep, "it was here first and stays"
	if same(c.Before, st.next) {
		c.Action, c.Note = None, ""
	} else if st.path == ignoreFile {
		if c.After = withPatterns(c.Before, st.next); !same(c.Before, c.After) {
			c.Action, c.Note = Merge, "it was here first and has been added to"
		}
	}
}

// decide is the table, with what its actions do to the disk.
func (s *snapshot) decide(c *Change, st state, next generator.Tree, sofar Plan) error {
	t := textsOf(st)
	c.Action = action(t.base, t.disk, t.next)
	switch c.Action {
	case Update, Merge:
		if isModule(st.path) {
			return s.mergeModule(c, next, sofar)
		}
		if c.Action == Merge {
			c.merge(t)
		} else {
			c.After = t.restore(st.next)
		}
	case Create:
		c.After = st.next
	case Delete:
		c.After = nil
	case Conflict:
		if c.merge(t); c.Action == Conflict { // an empty file has nothing to say against ours
			c.Note = "it exists, and otelgen does not know it; " + c.Note
		}
	case Orphan:
		c.Note = "you changed it, and otelgen no longer writes it: it stays"
	case Gone:
		if !same(st.base, st.next) {
			c.Note = "you deleted it, and it would have changed: it stays deleted"
		}
	}
	return nil
}

// recording is what is recorded of a path while a change is applied; see apply.
type recording struct {
	path      string
	was       entry
	settled   entry // without the conflicts that have been resolved
	announced entry // with what is going to be merged or in conflict
	now       entry
}

// recordings completes the recordings of a change, given what is recorded of
// the path from now on.
func (st state) recordings(c *Change, now entry) []recording {
	r := st.records
	r[0].announced, r[0].now = r[0].settled, now
	if c.announced() {
		r[0].announced.pending = st.next
	}
	if len(r) > 1 {
		r[1].announced = r[1].settled // and now is nothing
	}
	return r
}

func (r recording) idle() bool { return r.was.equal(r.now) }
