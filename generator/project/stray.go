package project

import (
	"cmp"
	"errors"
	"maps"
	"slices"
)

// stray is a file that a command wrote where none was, or only another stray. If
// git takes the command back, as git reset --hard does, it leaves the file: it
// does not know it yet.
type stray struct {
	Path    string   `json:"path"`
	From    string   `json:"from,omitempty"` // where it was before, if it was moved
	Content []byte   `json:"content"`
	Lines   []string `json:"lines"` // what the command recorded of it

	ours bool // it is still there, and nothing of its owner's is only in it
}

// strays returns the files that an operation and those before it leave behind if
// git takes all of them back.
func (op *operation) strays() map[string]*stray {
	all := map[string]*stray{}
	for _, left := range op.Earlier {
		all[left.Path] = left
	}
	for _, s := range op.Steps {
		if len(s.Files) > 0 {
			s.leave(all)
		}
		for _, l := range s.Record {
			if left := all[l.Path]; left != nil {
				left.Lines = l.After
			}
		}
	}
	return all
}

// leave adds to strays what a step writes, and drops what it removes.
func (s step) leave(all map[string]*stray) {
	f, left := s.Files[0], new(stray)
	wasStray := all[f.Path] != nil
	delete(all, f.Path)
	if len(s.Files) > 1 {
		from := s.Files[1].Path
		left.From = from
		if earlier := all[from]; earlier != nil {
			left.From = cmp.Or(earlier.From, from)
		}
		delete(all, from)
	}
	if f.After != nil && (f.Before == nil || left.From != "" || wasStray) {
		left.Path, left.Content = f.Path, f.After
		all[f.Path] = left
	}
}

// earlier returns the files that the commands before an operation created. Git may
// bring back, as git stash pop does, those that are in the record neither before nor
// after it. They are dropped when there are more of them than paths in the record.
func (d *disk) earlier(op *operation, r *record) ([]*stray, error) {
	last, err := d.readOperation(undoFile)
	if last == nil || err != nil {
		return nil, err
	}
	after := r.after(op)
	all := last.strays()
	recorded := maps.Clone(all)
	maps.DeleteFunc(recorded, func(p string, _ *stray) bool { return r.lines[p] == nil && after.lines[p] == nil })
	if len(all)-len(recorded) > len(after.lines) {
		all = recorded
	}
	return slices.SortedFunc(maps.Values(all), func(a, b *stray) int { return cmp.Compare(a.Path, b.Path) }), nil
}

// undone returns what commands wrote here, if the record does not say so: git may
// have reset it, and left files that it did not know yet.
func (p *Project) undone(d *disk) (map[string]*stray, error) {
	f, err := d.read(undoFile)
	if err != nil || f.absent() || hasHash(f.data, &p.record) {
		return nil, err
	}
	op, err := d.readOperation(undoFile)
	if op == nil {
		return nil, err
	}
	return op.strays(), nil
}

// adoptUndone goes on from what commands that were undone recorded of the files
// that they left behind. So the owner's changes in them are merged, and stay: if they
// were not committed, they are nowhere else. The rest may be replaced and removed. A
// file that git knows belongs to the owner, who has added it without the record.
func (s *snapshot) adoptUndone(d *disk) error {
	maps.DeleteFunc(s.undone, func(p string, left *stray) bool {
		return len(left.Lines) == 0 || !s.entries[p].equal(entry{}) || !sameText(s.disk[p].data, left.Content)
	})
	if len(s.undone) == 0 {
		return nil
	}
	tracked, _ := listFiles(d.root.Name(), "\t", "--stage") // without git there are none
	var errs []error
	for _, p := range slices.Sorted(maps.Keys(s.undone)) {
		left := s.undone[p]
		if tracked[p] != "" {
			delete(s.undone, p)
			continue
		}
		e, err := s.settle(p, parseLines(left.Lines))
		errs = append(errs, err)
		version := first(e.pending, e.last())
		left.ours = same(left.Content, version) || s.isMerged(left.From, p, version)
		s.entries[p], s.unrecorded[p] = e, true
	}
	return errors.Join(errs...)
}
