package project

import (
	"cmp"
	"fmt"
	"io/fs"
	"slices"
)

// Plan is what an update does, sorted by path. A path for which there is
// nothing to do, to report or to record has no Change in it.
type Plan []Change

// Change is what an update does to one path.
type Change struct {
	Path   string
	From   string // where the file is before the update, if the templates moved it
	Action Action
	Note   string // what the owner should know or do, if anything

	Before, After []byte // the content of the file; nil if it is absent

	decided  bool           // a conflict is resolved, and Note says as what the file is taken
	settles  bool           // git no longer has it in conflict afterwards
	news     bool           // the owner should see Note though nothing changes
	detaches bool           // otelgen stops to write the file, or does so again
	leaves   []byte         // what an undo gives back at From
	left     []byte         // what an update that was undone left at Path, and the file that moves there replaces
	mode     fs.FileMode    // that it has; 0 if there is none, which is the usual one
	records  []recordChange // that of Path, and that of the path from which its record moves
}

// recordChange is how the record of one path changes.
type recordChange struct {
	path           string
	was, committed entry
	unrecorded     bool   // the record does not say was, but nothing, or several things
	lines          []line // what is recorded in place of committed, unless nil
}

// Action says what an update does to a path. It depends on three versions of
// the file: base, what otelgen wrote last; disk, what is there now; and next,
// what otelgen would write today. In this table, "-" is an absent file and "="
// the same content as the version named after it:
//
//	base  disk    next   action
//	any   = next         none       or move, if the templates moved it
//	own   y       x      keep       it was there before the project, or is detached, and is the owner's
//	-     -       x      create
//	-     y       x      conflict   the file exists, and otelgen did not write it
//	-     y       -      none
//	b     -       -      none
//	b     -       x      gone       the owner deleted it: it stays deleted
//	b     = b     x      update
//	b     y       = b    keep       the owner changed it, otelgen did not
//	b     y       x      merge      or conflict, if both changed the same lines
//	b     = b     -      delete
//	b     y       -      orphan     the owner changed it, otelgen no longer writes it: it stays
//
// After the update, base is next, so every difference is reported only once. A
// conflict is the exception: base stays as it is, and next is recorded as
// pending. While the file contains conflict markers, ours or git's, or git has
// it in conflict, the action is conflict and the file does not change. When the
// owner has resolved the conflict, base is what was pending, the note says as
// what the file is taken, and the table applies again. Where git restores the
// file together with the record, as git reset --hard does, nothing is pending any
// more, and the next update offers the same again.
//
// A file that is not text cannot hold conflict markers. Its conflict is
// reported once, like everything else.
type Action string

// The actions of the table, as otelgen prints them.
const (
	None     Action = "none"
	Create   Action = "create"
	Update   Action = "update"
	Merge    Action = "merge"
	Move     Action = "move"
	Keep     Action = "keep"
	Gone     Action = "gone"
	Delete   Action = "delete"
	Orphan   Action = "orphan"
	Conflict Action = "conflict"
)

// Empty reports whether the project is up to date: no file changes, no conflict
// is open, and there is no news for the owner. Apply may still have something
// to record, such as that the owner deleted a file or resolved a conflict.
func (p Plan) Empty() bool {
	return !slices.ContainsFunc(p, Change.IsNews)
}

func byPath(a, b Change) int { return cmp.Compare(a.Path, b.Path) }

// Conflicts returns the changes that need a decision of the owner.
func (p Plan) Conflicts() []Change {
	return slices.DeleteFunc(slices.Clone(p), func(c Change) bool { return c.Action != Conflict })
}

// inTheWay returns the files that keep a new project from being created. New
// accepts a directory in which an earlier run was killed, but somebody may have
// worked in it since.
func (p Plan) inTheWay() (paths []string) {
	for _, c := range p {
		if c.Action == Conflict || c.Action == Delete {
			paths = append(paths, c.Path)
		}
	}
	return paths
}

// Matters reports whether the owner should see a change: it changes a file,
// needs a decision, or has news.
func (c Change) Matters() bool {
	return c.decided || c.IsNews()
}

// IsNews is like Matters, but false for a conflict that the owner has resolved, which
// is only reported.
func (c Change) IsNews() bool {
	return c.news || c.detaches || !same(c.Before, c.After) || c.From != "" || c.Action == Conflict || c.Action == Orphan ||
		c.Note != "" && (c.Action == Gone || c.Action == Keep && isModule(c.Path))
}

// source returns where the file is before the change.
func (c Change) source() string { return cmp.Or(c.From, c.Path) }

// isNewConflict reports whether the change puts conflict markers into a file.
func (c Change) isNewConflict() bool { return c.Action == Conflict && !same(c.Before, c.After) }

// changesRecord reports whether the change changes the record.
func (c Change) changesRecord() bool {
	return slices.ContainsFunc(c.records, recordChange.isOne)
}

// isOne reports whether it is a change: something else is recorded afterwards.
func (r recordChange) isOne() bool {
	return r.unrecorded || r.lines != nil || !r.was.equal(r.committed)
}

// String returns what a change does, for messages of tests.
func (c Change) String() string {
	return fmt.Sprintf("%s %s %s (%s)", c.Action, c.From, c.Path, c.Note)
}
