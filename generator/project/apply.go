package project

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Apply carries out a plan that Compare or Undo made for the project as it is
// now. After that the Project is out of date.
//
// Apply first writes down everything that it is going to do, then changes the
// files, then the record: see operation. A run that is killed at any point, also
// by a power cut, leaves files that are whole and a journal, from which the next
// command goes on. A file that its owner saved since Compare read it is never
// replaced: Apply does the rest, and returns an error that names it. If the
// creation of a project returns an error, what it wrote is removed again.
func (p *Project) Apply(plan Plan) error {
	if _, err := os.Lstat(p.Dir); p.SpecYAML == nil && errors.Is(err, fs.ErrNotExist) {
		return p.create(plan)
	}
	d, err := openDisk(p.Dir)
	if err != nil {
		return err
	}
	defer d.root.Close()
	d.before = p.before
	if p.lock == nil {
		defer p.Close()
		if err := p.lockNow(d); err != nil {
			return err
		}
	}
	return inDir(p.Dir, p.apply(d, plan))
}

// lockNow locks a project that was read without a lock, and makes sure that
// nobody has changed it since.
func (p *Project) lockNow(d *disk) error {
	held, err := d.root.Open(".")
	if err != nil {
		return cannot("open", p.Dir, err)
	}
	lock(held, true)
	p.lock = held
	if p.SpecYAML == nil && exists(filepath.Join(p.Dir, specFile)) {
		return madeMeanwhileError(p.Dir)
	}
	if p.SpecYAML == nil {
		return nil
	}
	now, err := readRecord(d)
	if err != nil {
		return inDir(p.Dir, err)
	}
	if op, err := d.readOperation(journalFile); op != nil || err != nil || string(recordHash(&now)) != string(recordHash(&p.record)) {
		return errors.Join(err, fmt.Errorf("%s: another run of otelgen has changed it in the meantime; run the command again", Named(p.Dir)))
	}
	return nil
}

func (p *Project) apply(d *disk, plan Plan) error {
	if p.unfinished != nil { // a creation, which starts again
		if err := d.takeBack(p.unfinished, &p.record); err != nil {
			return err
		}
	}
	if err := d.checkUnchanged(plan); err != nil {
		return err
	}
	op := p.operation(plan)
	if len(op.Steps) == 0 && p.record.legacy == nil {
		return nil
	}
	if err := d.carryOut(op, &p.record); err != nil {
		if op.Creates && !p.interrupted {
			err = errors.Join(err, d.rollBack(op, &p.record))
		}
		return err
	}
	return nil
}

// checkUnchanged checks that the files of a plan are as they were when it was
// made.
func (d *disk) checkUnchanged(plan Plan) error {
	var errs []error
	for _, c := range plan {
		for _, change := range c.files() {
			f, err := d.read(change.Path)
			if err == nil && !same(f.data, change.Before) {
				err = fmt.Errorf("%s: has changed since otelgen read it; run the command again", change.Path)
			}
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// carryOut writes an operation down, performs it, and keeps it to be undone.
// An operation that changes only the record needs no journal, with two exceptions:
// one that takes over from an operation that was undone, which must not be found
// again, and one that detaches files, which can be undone.
func (d *disk) carryOut(op *operation, r *record) error {
	err := errors.Join(d.ensure(ignoreOurs, []byte(ignored)), d.ensure(attributesFile, []byte(attributes)))
	journaled := op.changesFiles() || op.recorded
	if err == nil && journaled {
		if op.Earlier, err = d.earlier(op, r); err == nil {
			err = d.writeOperation(journalFile, op, r)
		}
	}
	if err != nil {
		return err
	}
	return d.finish(op, r, journaled)
}

// finish performs an operation that may be in the journal.
func (d *disk) finish(op *operation, r *record, journaled bool) error {
	changed, err := d.perform(op, r)
	if err != nil {
		return err
	}
	if journaled && op.Creates {
		err = d.remove(journalFile)
	} else if journaled {
		err = d.place(journalFile, undoFile)
	}
	err = errors.Join(err, d.remove(scratchFile))
	for _, p := range changed {
		err = errors.Join(err, fmt.Errorf("%s: has changed since otelgen read it, and stays as it is; run the command again", p))
	}
	return err
}

// takeBack undoes an operation that was interrupted.
func (d *disk) takeBack(op *operation, r *record) error {
	if _, err := d.perform(op.reversed(), r); err != nil {
		return err
	}
	return d.remove(journalFile)
}

// rollBack removes what has been written of a new project, and restores what was
// there before.
func (d *disk) rollBack(op *operation, r *record) error {
	d.before = nil
	_, err := d.perform(op.reversed(), r)
	if left := d.root.RemoveAll(stateDir); left != nil {
		err = errors.Join(err, cannot("remove", stateDir, left))
	}
	return err
}
