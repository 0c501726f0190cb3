package project

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/otelgen/otelgen/internal/diff3"
	"github.com/otelgen/otelgen/internal/git"
)

// Edited reports whether the owner changed the file since otelgen wrote it. That
// is not a problem: what changed stays.
func (c Change) Edited() bool {
	switch {
	case c.Action == Keep || c.Action == Merge || c.Action == Orphan || c.isNewConflict():
		return !slices.ContainsFunc(c.records, func(r recordChange) bool { return r.committed.own != nil })
	}
	return false
}

// Mine returns what the owner changed since otelgen wrote it last, from what that
// was to what is there now. It is to be looked at: Apply cannot do anything with
// it. Left out are files that are in conflict, that the owner added, and that
// were there before the project.
func (p *Project) Mine() (Plan, error) {
	return p.planFor(slices.Sorted(maps.Keys(p.record.lines)), p.mine)
}

// mine returns what the owner changed in one file. If git has merged several records
// of it, the one that the file still matches counts.
func (p *Project) mine(d *disk, name string) (Change, error) {
	f, err := d.look(name)
	v := versions{disk: f.data}.normalized()
	if err != nil || name == specFile || isInConflict(v.disk) {
		return Change{}, err
	}
	c := Change{Path: name, Action: Keep}
	for i, l := range p.record.lines[name] {
		e, err := l.entry(v.disk)
		if err != nil {
			return Change{}, err
		}
		version := first(e.pending, e.base, e.gone)
		if e.own != nil || same(version, v.disk) {
			return Change{}, nil
		}
		if i == 0 {
			c.Before, c.After, c.Note = version, v.disk, f.obstacle
		}
	}
	if c.After == nil {
		c.Action = Gone
	}
	return c, nil
}

// Detach returns the plan by which files become their owner's: no update changes
// them any more. Their names are paths in the project.
func (p *Project) Detach(files []string) (Plan, error) {
	return p.planFor(slices.Compact(slices.Sorted(slices.Values(files))), p.detach)
}

func (p *Project) detach(d *disk, name string) (Change, error) {
	f, err := d.look(name)
	lines := p.record.lines[name]
	switch {
	case err != nil:
		return Change{}, err
	case name == specFile || isModule(name):
		return Change{}, fmt.Errorf("%s: it cannot be detached, because every feature has a part in it; what you changed in it stays", name)
	case len(lines) == 0:
		return Change{}, p.notOurs(name, "it is yours already")
	case f.data == nil:
		return Change{}, fmt.Errorf("%s: %s; no update writes it again", name, cmp.Or(f.obstacle, "you deleted it"))
	case isInConflict(f.data):
		return Change{}, fmt.Errorf("%s: it is in conflict; resolve that, then run the command again", name)
	}
	e, err := lines[0].entry(f.data)
	return Change{
		Path: name, Action: Keep, Note: nowDetached, detaches: true, Before: f.data, After: f.data,
		records: []recordChange{{path: name, lines: entry{own: first(e.pending, e.last()), detached: hashOf(f.data)}.lines(name)}},
	}, err
}

const nowDetached = "it is yours now, and updates no longer change it"

// detached reports whether lines of the record say that a file is.
func detached(lines []line) bool {
	return slices.ContainsFunc(lines, func(l line) bool { _, ok := l.part(kindDetached); return ok })
}

// isInConflict reports whether a text has the markers of a conflict, ours or git's.
func isInConflict(text []byte) bool { return diff3.Marked(text) || git.Marked(text) }

// Forget removes everything that otelgen has recorded about the project, including
// the Spec. The project is then no longer an otelgen project.
func (p *Project) Forget() error {
	d, err := openDisk(p.Dir)
	if err != nil {
		return err
	}
	defer d.root.Close()
	if err := d.root.RemoveAll(stateDir); err != nil {
		return cannot("remove", stateDir, err)
	}
	return nil
}
