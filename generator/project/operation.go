package project

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/otelgen/otelgen/internal/diff3"
)

// operation is everything that a run does to a project. It is written down,
// as the journal, before the first file of the project changes. If the run is
// killed, the next command of any version finishes it from there, without
// comparing anything again. When it is done, the journal becomes undo: the same
// operation, read backwards, takes it back.
type operation struct {
	Command string `json:"command"` // what the user typed
	Otelgen string `json:"otelgen"` // the version that the project comes from with it
	Creates bool   `json:"creates,omitempty"`
	Steps   []step `json:"steps"`

	// Merged is the record before, if git had merged it, and Restores the one after, if
	// that is to be as git had merged it. For git, the file is then unchanged.
	Merged   []byte `json:"merged,omitempty"`
	Restores []byte `json:"restores,omitempty"`

	// Earlier are the files that earlier commands created. If git takes all of
	// them back, it leaves these as well.
	Earlier []*stray `json:"earlier,omitempty"`

	recorded bool // what it changes only in the record is not to be lost, or found again
}

// step is what happens together: all of it, or nothing.
type step struct {
	Files    []fileChange `json:"files,omitempty"`
	Record   []lineChange `json:"record,omitempty"`
	Conflict *stages      `json:"conflict,omitempty"` // one that is new
	Settles  string       `json:"settles,omitempty"`  // the path of one that is over for git
}

// fileChange is the content of a file before and after; nil if it is absent.
type fileChange struct {
	Path   string      `json:"path"`
	Before []byte      `json:"before"`
	After  []byte      `json:"after"`
	Mode   fs.FileMode `json:"mode,omitempty"` // of a file that is written where none is, also by an undo
}

// lineChange holds the lines of the record for a path, before and after an operation.
type lineChange struct {
	Path   string   `json:"path"`
	Before []string `json:"before,omitempty"`
	After  []string `json:"after,omitempty"`
}

// command returns how to call an operation that may be unknown.
func (op *operation) command() string {
	if op == nil || op.Command == "" {
		return "another run of otelgen"
	}
	return op.Command
}

// operation returns what it takes to carry out a plan.
func (p *Project) operation(plan Plan) *operation {
	op := &operation{Command: p.Command, Creates: p.SpecYAML == nil, Merged: p.record.merged, Restores: p.restores}
	var last []step
	compressed := linesOf(plan)
	for _, c := range plan {
		s := step{Files: c.files()}
		op.recorded = op.recorded || c.detaches
		for i := range c.records {
			r := &c.records[i]
			had := p.record.lines[r.path]
			lines := r.lines
			switch {
			case !r.isOne():
				lines = had
			case lines == nil:
				lines = compressed[r]
			}
			left := had == nil && r.unrecorded // by an update that was undone
			if left {
				had, op.recorded = r.was.lines(r.path), true
			}
			written := s.Files != nil && r.path == c.Path // it may become a stray, with what is recorded of it
			if left || written || !sameLines(had, lines) {
				s.Record = append(s.Record, lineChange{r.path, texts(had), texts(lines)})
			}
		}
		if c.isNewConflict() {
			committed := c.records[0].committed
			s.Conflict = &stages{Path: c.Path, From: c.From, Base: committed.base, Yours: c.Before, Next: committed.pending}
		}
		if c.settles {
			s.Settles = c.source()
		}
		switch {
		case s.Files == nil && s.Record == nil:
		case c.Path == specFile:
			op.Otelgen = versionOf(c.After)
			last = append(last, s) // it makes a new project one
		default:
			op.Steps = append(op.Steps, s)
		}
	}
	op.Steps = append(op.Steps, last...)
	return op
}

// linesOf returns the lines for what a plan commits to the record. All processors
// share the work: to compress a new project takes as long as to write it.
func linesOf(plan Plan) map[*recordChange][]line {
	var changes []*recordChange
	for _, c := range plan {
		for i := range c.records {
			if r := &c.records[i]; r.isOne() && r.lines == nil {
				changes = append(changes, r)
			}
		}
	}
	lines := make([][]line, len(changes))
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(changes)) {
		workers.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(changes)); i = next.Add(1) - 1 {
				lines[i] = changes[i].committed.lines(changes[i].path)
			}
		})
	}
	workers.Wait()
	of := make(map[*recordChange][]line, len(changes))
	for i, r := range changes {
		of[r] = lines[i]
	}
	return of
}

func texts(lines []line) (all []string) {
	for _, l := range lines {
		all = append(all, l.text)
	}
	return all
}

// files returns how a change changes the disk.
func (c Change) files() []fileChange {
	if c.From == "" {
		if same(c.Before, c.After) {
			return nil
		}
		return []fileChange{{c.Path, c.Before, c.After, c.mode}}
	}
	return []fileChange{{c.Path, c.left, c.After, c.mode}, {c.From, c.Before, c.leaves, c.mode}}
}

// changesFiles reports whether an operation changes more than the record, which
// one rename changes.
func (op *operation) changesFiles() bool {
	return slices.ContainsFunc(op.Steps, func(s step) bool { return s.Files != nil })
}

// reversed returns the operation that takes this one back.
func (op *operation) reversed() *operation {
	back := &operation{Command: op.Command, Otelgen: op.Otelgen, Creates: op.Creates}
	for _, s := range slices.Backward(op.Steps) {
		var b step
		for _, f := range slices.Backward(s.Files) {
			b.Files = append(b.Files, fileChange{f.Path, f.After, f.Before, f.Mode})
		}
		for _, l := range s.Record {
			b.Record = append(b.Record, lineChange{l.Path, l.After, l.Before})
		}
		back.Steps = append(back.Steps, b)
	}
	return back
}

// perform carries out an operation, or what is left of it. It returns the files
// that somebody has changed since the operation was decided on: they stay, and
// so does what is recorded of them.
func (d *disk) perform(op *operation, r *record) (changed []string, err error) {
	if err := d.stage(op); err != nil {
		return nil, err
	}
	for _, s := range op.Steps {
		left, err := d.performStep(s)
		if err != nil {
			return nil, err
		}
		if left != "" {
			changed = append(changed, left)
			continue
		}
		r.apply(s)
	}
	unstage(d.root.Name(), op)
	d.flush() // before the record says so
	err = d.writeRecord(r, op.Restores)
	if op.Restores != nil {
		refresh(d.root.Name())
	}
	return changed, err
}

// after returns the record that an operation leads to.
func (r *record) after(op *operation) record {
	after := record{lines: maps.Clone(r.lines)}
	for _, s := range op.Steps {
		after.apply(s)
	}
	return after
}

// apply records what a step records.
func (r *record) apply(s step) {
	for _, l := range s.Record {
		r.set(l.Path, parseLines(l.After))
	}
}

func parseLines(texts []string) (lines []line) {
	for _, text := range texts {
		if l, ok := parseLine(text); ok {
			lines = append(lines, l)
		}
	}
	return lines
}

// performStep brings the files of a step from before to after. It returns the
// first one that has changed since.
func (d *disk) performStep(s step) (changed string, err error) {
	pending := make([]bool, len(s.Files))
	for i, f := range s.Files {
		disk, err := d.look(f.Path)
		if err != nil {
			return "", err
		}
		switch pending[i] = !same(disk.data, f.After) || disk.obstacle != ""; {
		case !pending[i]:
		case disk.obstacle != "", !same(disk.data, f.Before) && !f.isIn(disk.data):
			return f.Path, nil
		case !same(disk.data, f.Before):
			pending[i] = false
		}
	}
	for i, f := range s.Files {
		if !pending[i] {
			continue
		}
		if err := d.replace(f); errors.Is(err, errChanged) {
			return f.Path, nil
		} else if err != nil {
			return "", err
		}
	}
	return "", nil
}

// isIn reports whether a file has the change: its owner has gone on from there
// after a run that was killed.
func (f fileChange) isIn(content []byte) bool {
	if f.Before == nil || f.After == nil || content == nil {
		return false
	}
	merged, clean := diff3.Merge(f.Before, content, f.After)
	return clean && bytes.Equal(merged, content)
}

// writeRecord writes the record, as git had merged it if that is wanted and says the
// same, and removes the files of the first form.
func (d *disk) writeRecord(r *record, merged []byte) error {
	var err error
	if len(r.lines) == 0 {
		err = d.remove(recordFile)
	} else {
		err = d.ensure(recordFile, r.formatAs(merged))
	}
	if err != nil {
		return err
	}
	for _, p := range r.legacy {
		if err := d.remove(p); err != nil {
			return err
		}
	}
	r.legacy = nil
	d.flush()
	return nil
}

// writeOperation writes an operation to a file. The first line is the hash of the
// record that it leads to, from which a command sees quickly that nothing has been
// undone. It is another word if that record does not mention all files of earlier
// commands. The second line is the operation as JSON, compressed, so that a search
// over the project does not find it.
func (d *disk) writeOperation(p string, op *operation, r *record) error {
	after := r.after(op)
	text, err := json.Marshal(op)
	if err != nil {
		panic(err) // there is nothing in it that JSON lacks
	}
	head := recordHash(&after)
	for p, left := range op.strays() {
		if after.lines[p] == nil && len(left.Lines) > 0 {
			head = []byte("strays")
		}
	}
	if err := d.write(p, slices.Concat(head, lf, []byte(compress(text, fastest)))); err != nil {
		return err
	}
	d.flush()
	return nil
}

// hasHash reports whether a file that holds an operation leads to a record.
func hasHash(file []byte, r *record) bool {
	hash, _, _ := bytes.Cut(file, lf)
	return bytes.Equal(hash, recordHash(r))
}

func recordHash(r *record) []byte {
	return []byte(encoding.EncodeToString([]byte(hashOf(r.format()))))
}

// readOperation returns the operation that a file holds, or nil. Of a journal of
// the first form nothing is left to do: see legacy.go.
func (d *disk) readOperation(p string) (*operation, error) {
	f, err := d.read(p)
	if err != nil || f.absent() {
		return nil, err
	}
	hash, text, _ := bytes.Cut(f.data, lf)
	if bytes.Contains(hash, []byte("  ")) {
		return nil, nil
	}
	op := new(operation)
	content, err := decompress(string(text))
	if err == nil {
		err = json.Unmarshal(content, op)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: it is not as otelgen wrote it (%w); delete it", p, err)
	}
	return op, nil
}
