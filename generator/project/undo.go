package project

import (
	"errors"
	"fmt"
	"slices"

	"github.com/otelgen/otelgen/internal/diff3"
)

// Undo returns the plan that takes back what the last run did to the project.
// After it has been applied, Undo returns the plan that does it again.
//
// Changes that the owner has made since are kept. Where they overlap with those
// that are undone, the file stays as it is, and a conflict in it
// stays open.
func (p *Project) Undo() (Plan, error) {
	d, err := openDisk(p.Dir)
	if err != nil {
		return nil, err
	}
	defer d.root.Close()
	op, err := d.readOperation(undoFile)
	if err != nil {
		return nil, inDir(p.Dir, err)
	}
	if op == nil {
		return nil, inDir(p.Dir, errors.New("otelgen undo: there is nothing to undo, because no command has changed this service here; use git for earlier states"))
	}
	if !p.isAfter(op) {
		return nil, inDir(p.Dir, fmt.Errorf("otelgen undo: since %s, git has restored another state of the project; go back to where it was run, or use git", op.command()))
	}
	p.restores = op.Merged
	u := undoing{p: p, d: d, unmerged: unmerged(d.root.Name())}
	var plan Plan
	for _, s := range op.Steps {
		c, err := u.change(s)
		if err != nil {
			return nil, inDir(p.Dir, err)
		}
		if c.Matters() || c.changesRecord() {
			plan = append(plan, c)
		}
	}
	slices.SortFunc(plan, byPath)
	return plan, nil
}

// isAfter reports whether the record says what an operation left, or what was
// there before it.
func (p *Project) isAfter(op *operation) bool {
	for _, s := range op.Steps {
		for _, l := range s.Record {
			now := p.record.lines[l.Path]
			if !sameLines(now, parseLines(l.Before)) && !sameLines(settled(now), settled(parseLines(l.After))) {
				return false
			}
		}
	}
	return true
}

func sameLines(a, b []line) bool { return slices.EqualFunc(a, b, line.equal) }

// settled returns lines of the record without what an update records even if it has
// nothing to do: that a conflict is over, and that a file is deleted, or there again.
func settled(lines []line) []line {
	var all []line
	for _, l := range lines {
		p, ok := l.part(kindPending)
		if !ok {
			p, ok = l.part(kindGone)
		}
		if ok {
			l.parts = []part{{kindBase, p.hash, p.data}}
		}
		all = append(all, l)
	}
	return all
}

// undoing is what it takes to take steps back.
type undoing struct {
	p        *Project
	d        *disk
	unmerged map[string]bool
}

// change returns the change that takes a step back. A step changes one file, or
// moves one: then it has written it to one path before it removed it from
// another.
func (u undoing) change(s step) (Change, error) {
	var c Change
	for _, l := range s.Record {
		if before := parseLines(l.Before); !sameLines(u.p.record.lines[l.Path], before) {
			c.records = append(c.records, recordChange{path: l.Path, lines: append([]line{}, before...)})
		}
	}
	if len(s.Files) == 0 {
		if len(s.Record) > 0 {
			c.Path = s.Record[0].Path
			u.attach(&c, s.Record[0])
		}
		return c, nil
	}
	f := s.Files[0]
	c.Path, c.mode = f.Path, f.Mode
	if len(s.Files) > 1 {
		c.Path, c.From, c.leaves = s.Files[1].Path, f.Path, f.Before
		f.Before = s.Files[1].Before
	}
	now, err := u.d.look(f.Path)
	if err != nil {
		return c, err
	}
	c.Before = now.data
	c.Action, c.After = u.takeBack(f, now, s.Conflict)
	switch {
	case c.Action == Orphan:
		// The record stays as well, so that the next update merges as it would have
		// without the undo.
		c.Path, c.From, c.leaves, c.Note, c.records = f.Path, "", nil, "you have changed it since, so it stays", nil
	case c.From != "" && now.data == nil: // it has been taken back already
		old, err := u.d.look(c.Path)
		c.From, c.Before, c.After = "", old.data, old.data
		return c, err
	}
	if c.From != "" && c.Action == None {
		c.Action = Move
	}
	c.settles = s.Conflict != nil && u.unmerged[f.Path] && c.Action != Orphan
	return c, nil
}

// attach takes back that a file was detached, or detaches it again.
func (u undoing) attach(c *Change, l lineChange) {
	was, is := detached(parseLines(l.Before)), detached(parseLines(l.After))
	if was == is || len(c.records) == 0 {
		return
	}
	c.Action, c.detaches, c.Note = Keep, true, nowDetached
	if is {
		c.Note = "updates change it again"
	}
}

// takeBack returns what becomes of a file.
func (u undoing) takeBack(f fileChange, now file, conflict *stages) (Action, []byte) {
	disk := now.data
	switch {
	case same(disk, f.Before) && now.obstacle == "":
		return None, disk
	case same(disk, f.After):
		switch {
		case f.Before == nil:
			return Delete, nil
		case disk == nil:
			return Create, f.Before
		}
		return Update, f.Before
	case disk == nil || f.Before == nil || f.After == nil:
		return Orphan, disk
	}
	from, to := f.After, f.Before
	if conflict != nil && !diff3.Marked(disk) {
		from, to = conflict.Next, conflict.Base
	}
	if merged, clean := diff3.Merge(from, disk, to); clean && !diff3.Marked(merged) {
		return Merge, merged
	}
	return Orphan, disk
}

// Open returns the files of a project that are in an open conflict.
func (p *Project) Open() ([]string, error) {
	d, err := openDisk(p.Dir)
	if err != nil {
		return nil, err
	}
	defer d.root.Close()
	var open []string
	unmerged := unmerged(d.root.Name())
	for name, lines := range p.record.lines {
		f, err := d.look(name)
		if err != nil {
			return nil, inDir(p.Dir, err)
		}
		pending := slices.ContainsFunc(lines, func(l line) bool { _, ok := l.part(kindPending); return ok })
		if pending && (diff3.Marked(f.data) || unmerged[name]) {
			open = append(open, name)
		}
	}
	slices.Sort(open)
	return open, nil
}
