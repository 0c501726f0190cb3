package project

import (
	"cmp"
	"slices"
)

// Plan is what an update comes to, in the order of its paths. A path that is
// as it should be is not in it.
type Plan []Change

// Change is what happens to one path.
type Change struct {
	Path   string
	From   string // where the file is now, if the templates moved it
	Action Action
	Note   string // what the owner should know or do about it, if anything

	Before, After []byte // what the disk holds; nil is no file
	Base          []byte // what is recorded as otelgen's own afterwards

	records []recording
	sides   [][]byte // base, yours and next of a conflict that is new
}

// Action says in a word what happens to a path. What it depends on are base,
// what otelgen wrote last; disk; and next, what it would write today:
//
//	base  disk    next   action
//	any   = next         none
//	-     -       x      create
//	-     y       x      conflict   it exists and was never ours
//	b     -       -      none
//	b     -       x      gone       its owner deleted it: so it stays
//	b     = b     x      update
//	b     y       = b    keep       its owner changed it
//	b     y       x      merge      or conflict, if both changed the same lines
//	b     = b     -      delete
//	b     y       -      orphan     its owner changed what we no longer write: it stays
//
// Afterwards base is next, so that what is reported is reported once; except
// that a conflict leaves base, and next is pending. As long as our markers are
// in the file, or git has it in conflict, the action is conflict and changes
// nothing. Then base is what was pending, and the table holds again.
// What is no text has no markers: its conflict is reported once as well.
type Action string

const (
	None     Action = "none"
	Create   Action = "create"
	Update   Action = "update"
	Merge    Action = "merge"
	Keep     Action = "keep"
	Gone     Action = "gone"
	Delete   Action = "delete"
	Orphan   Action = "orphan"
	Conflict Action = "conflict"
)

// Empty reports whether the project is as it should be: no file changes, no
// conflict is open and there is no news. (To apply an empty plan can still
// bring the record up to date: that a file was deleted, that a conflict has
// been resolved. Compare sees that without a record.)
func (p Plan) Empty() bool {
	return !slices.ContainsFunc(p, Change.Matters)
}

// Conflicts are the changes that the owner has to decide.
func (p Plan) Conflicts() []Change {
	return slices.DeleteFunc(slices.Clone(p), func(c Change) bool { return c.Action != Conflict })
}

// inTheWay are the files that a new project must not touch: where a `new` was
// killed, and perhaps only there its record is, somebody may have gone on.
func (p Plan) inTheWay() (paths []string) {
	for _, c := range p {
		if c.Action == Conflict || c.Action == Delete {
			paths = append(paths, c.Path)
		}
	}
	return paths
}

// Matters reports whether a change is one to the owner.
func (c Change) Matters() bool {
	return !same(c.Before, c.After) || c.From != "" || c.Action == Conflict || c.Action == Orphan ||
		c.Note != "" && (c.Action == Gone || c.Action == Keep && isModule(c.Path))
}

// at is where the file is before the change.
func (c Change) at() string { return cmp.Or(c.From, c.Path) }

// announced reports whether the record has to know of a change beforehand: see
// apply.
func (c Change) announced() bool {
	return (c.Action == Merge || c.Action == Conflict) && !same(c.Before, c.After)
}

// action is that table. It is pure and total; its arguments are in the form in
// which they are compared.
func action(base, disk, next []byte) Action {
	switch {
	case same(disk, next):
		return None
	case base == nil && disk == nil:
		return Create
	case base == nil && next == nil:
		return None // it never was our business
	case base == nil:
		return Conflict
	case disk == nil:
		return Gone
	case next == nil && same(disk, base):
		return Delete
	case next == nil:
		return Orphan
	case same(disk, base):
		return Update
	case same(next, base):
		return Keep
	}
	return Merge
}
