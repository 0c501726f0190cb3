package project

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"

	"github.com/otelgen/otelgen/generator"
)

// Adopt returns a directory with the files of a project of which nothing is
// recorded: its record is gone, or it is a copy that was made by hand. It may
// have a Spec.
func Adopt(dir, command string) (*Project, error) {
	d, err := openDisk(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: no such directory; name the directory of a service", dir)
	}
	if info, statErr := os.Stat(dir); statErr == nil && !info.IsDir() {
		return nil, fmt.Errorf("%s: not a directory; name the directory of a service", dir)
	}
	if err != nil {
		return nil, err
	}
	defer d.root.Close()
	p := &Project{Dir: dir, Command: command}
	if err := p.read(d); err != nil {
		return nil, inDir(dir, err)
	}
	op, err := d.readOperation(journalFile)
	switch {
	case err != nil:
		return nil, inDir(dir, err)
	case op != nil:
		return nil, &UnfinishedError{Dir: dir, Command: op.command(), AtWork: d.isLocked()}
	case len(p.record.lines) > 0:
		return nil, fmt.Errorf("%s is already an otelgen project: run otelgen update there", Named(dir))
	}
	return p, nil
}

// Adoption returns the plan that records of a project what otelgen would write,
// and changes no file but the Spec. Every difference from that counts as the owner's
// change, and every missing file as deleted by the owner.
func (p *Project) Adoption(next generator.Tree) (Plan, error) {
	return p.planFor(slices.Sorted(maps.Keys(next)), func(d *disk, name string) (Change, error) {
		f, err := d.look(name)
		content := present(next[name])
		c := Change{Path: name, Action: Keep, Before: f.data, After: f.data}
		recorded := entry{base: content}
		switch {
		case name == specFile:
			c.Action = None
			if !sameSpec(f.data, content) {
				c.Action, c.After = Create, content
			}
		case f.absent():
			c.Action, recorded = Gone, entry{gone: content}
		case sameText(f.data, content):
			c.Action = None
		}
		c.records = []recordChange{{path: name, committed: recorded}}
		return c, err
	})
}

// planFor returns the changes that decide makes for some paths, except those without
// a path.
func (p *Project) planFor(names []string, decide func(d *disk, name string) (Change, error)) (Plan, error) {
	d, err := openDisk(p.Dir)
	if err != nil {
		return nil, err
	}
	defer d.root.Close()
	var plan Plan
	var errs []error
	for _, name := range names {
		c, err := decide(d, name)
		if errs = append(errs, err); c.Path != "" {
			plan = append(plan, c)
		}
	}
	return plan, inDir(p.Dir, errors.Join(errs...))
}
