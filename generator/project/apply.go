package project

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Apply carries out a plan that Compare made for the project as it is now.
// After that the Project is out of date: load it again.
//
// In an existing directory, every file is replaced by a rename, and the record
// of a file is written after the file. If Apply is killed at any point, the next
// Compare and Apply with the Spec that is then in the project lead to the same
// result as if it had not been killed. If an update returns an error, it can be
// repeated. If the creation of a project returns an error, what it wrote is
// removed again.
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
	held, err := d.root.Open(".")
	if err != nil {
		return cannot("open", p.Dir, err)
	}
	defer held.Close()
	lock(held, true) // so that one of several runs at a time gets beyond the checks that follow
	if p.SpecYAML == nil && exists(filepath.Join(p.Dir, specFile)) {
		return madeMeanwhileError(p.Dir)
	}
	if err := d.checkUnchanged(plan); err != nil {
		return inDir(p.Dir, err)
	}
	if err := d.apply(plan); err != nil {
		if p.SpecYAML == nil && !p.interrupted {
			err = errors.Join(err, d.rollBack(plan))
		}
		return inDir(p.Dir, err)
	}
	return nil
}

// checkUnchanged checks that the files of a plan are as they were when it was
// made.
func (d *disk) checkUnchanged(plan Plan) error {
	var errs []error
	for _, c := range plan {
		if same(c.Before, c.After) && c.From == "" {
			continue
		}
		f, err := d.read(c.source())
		if err == nil && !same(f.data, c.Before) {
			err = fmt.Errorf("%s: has changed since otelgen read it; run the command again", c.source())
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// apply carries out a plan in phases, in an order that can be interrupted
// anywhere.
//
// Most changes need no preparation: once the file is written, disk equals next,
// and then the base in the record makes no difference. After a merge or a
// conflict, disk and next differ. If the record still had the old base, the next
// update would merge what is merged already, which can give another result, or
// would even merge conflict markers. So these changes are prepared: the journal
// gets the hash of what the file will hold, and what otelgen wants becomes
// pending. The next update trusts that only if the file has this hash, which
// means that it has been written.
func (d *disk) apply(plan Plan) error {
	phases := []func(Plan) error{d.begin, d.prepare, d.updateSpec, d.stageConflicts, d.writeFiles, d.commit}
	for _, phase := range phases {
		if err := phase(plan); err != nil {
			return err
		}
	}
	return nil
}

// begin records that conflicts have been resolved. After that nothing is pending
// for the files that prepare is about to make pending.
func (d *disk) begin(plan Plan) error {
	if err := d.ensure(attributesFile, []byte(attributes)); err != nil {
		return err
	}
	return d.eachRecord(plan, func(r recordChange) error { return d.writeEntry(r.path, r.was, r.begun) })
}

// prepare writes the journal, and records what is about to be merged as pending.
func (d *disk) prepare(plan Plan) error {
	var journal bytes.Buffer
	for _, c := range plan {
		if c.journaled() {
			fmt.Fprintf(&journal, "%s  %s\n", hashOf(c.After), c.Path)
		}
	}
	if journal.Len() == 0 {
		return nil
	}
	if err := d.write(journalFile, journal.Bytes()); err != nil {
		return err
	}
	return d.eachRecord(plan, func(r recordChange) error { return d.writeEntry(r.path, r.begun, r.prepared) })
}

// updateSpec writes the Spec of an existing project, before its files: if this
// run is killed, the next one goes on with the new Spec. The Spec of a new
// project is written by commit.
func (d *disk) updateSpec(plan Plan) error {
	if f, err := d.read(specFile); err != nil || f.absent() {
		return err
	}
	return d.writeSpec(plan)
}

func (d *disk) writeSpec(plan Plan) error {
	for _, c := range plan {
		if c.Path == specFile {
			return d.ensure(specFile, c.After)
		}
	}
	return nil
}

// stageConflicts makes new conflicts known to git.
func (d *disk) stageConflicts(plan Plan) error {
	conflicts := slices.DeleteFunc(plan.Conflicts(), func(c Change) bool { return !c.journaled() })
	if len(conflicts) == 0 {
		return nil
	}
	if err := d.will("stage conflicts"); err != nil {
		return err
	}
	return stage(d.root.Name(), conflicts)
}

// writeFiles moves, writes and removes the files of the project.
func (d *disk) writeFiles(plan Plan) error {
	for _, c := range plan {
		if c.Path == specFile {
			continue
		}
		if c.From != "" {
			if err := d.move(c.From, c.Path); err != nil {
				return err
			}
		}
		if err := d.replace(c.Path, c.Before, c.After); err != nil {
			return err
		}
	}
	return nil
}

// commit records what has been done, and ends with the Spec of a new project,
// which makes it one.
func (d *disk) commit(plan Plan) error {
	err := d.eachRecord(plan, func(r recordChange) error { return d.writeEntry(r.path, r.prepared, r.committed) })
	if err != nil {
		return err
	}
	if err := errors.Join(d.remove(journalFile), d.remove(scratchFile)); err != nil {
		return err
	}
	return d.writeSpec(plan)
}

func (d *disk) eachRecord(plan Plan, do func(recordChange) error) error {
	for _, c := range plan {
		for _, r := range c.records {
			if err := do(r); err != nil {
				return err
			}
		}
	}
	return nil
}

// rollBack removes what has been written of a new project, and restores what was
// there before.
func (d *disk) rollBack(plan Plan) error {
	d.before = nil
	var errs []error
	for _, c := range plan {
		if f, err := d.look(c.Path); err == nil && same(f.data, c.After) {
			errs = append(errs, d.replace(c.Path, c.After, c.Before))
		}
	}
	if err := d.root.RemoveAll(stateDir); err != nil {
		errs = append(errs, cannot("remove", stateDir, err))
	}
	return errors.Join(errs...)
}
