package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/generator/project"
)

func updateCommand(catalog *generator.Catalog) *cobra.Command {
	u := newUpdater(catalog)
	u.command = "otelgen update"
	cmd := &cobra.Command{
		Use:   "update [DIR...]",
		Short: "Bring services up to date, and keep your changes",
		Long: `Bring services up to date with this version of otelgen. Each DIR is the directory of a
service, or DIR/... for all services below DIR; the default is this directory. An
update needs no network and commits nothing, and otelgen undo reverts it.

Your changes are kept. Files that you deleted stay deleted; to restore one, run
otelgen original FILE >FILE and update again.

Where you and otelgen changed the same lines, the file gets conflict markers, as in
a git merge, and the exit status is 1. Edit the lines between the markers, run
git add FILE, and update again.

The choices of a service are in .otelgen/spec.yaml: change them there, or with otelgen
add, remove and set, which drop comments from the file.`,
		Example: `  otelgen update
  otelgen update ./services/...`,
		ValidArgsFunction: completeDirectories,
	}
	abort := cmd.Flags().Bool("abort", false, "undo the last update while there is a conflict")
	cmd.RunE = func(cmd *cobra.Command, dirs []string) error {
		if *abort {
			u.takesBack(abortUpdate)
		}
		return u.run(cmd, dirs)
	}
	u.addFlags(cmd)
	return cmd
}

// abortUpdate returns the plan that takes an update back that made conflicts.
func abortUpdate(p *project.Project) (project.Plan, error) {
	open, err := p.Open()
	if err == nil && len(open) == 0 {
		err = errors.New("otelgen update --abort: there is no conflict; otelgen undo undoes the last update")
	}
	if err != nil {
		return nil, err
	}
	return p.Undo()
}

func (u *updater) takesBack(decide func(*project.Project) (project.Plan, error)) {
	u.decide, u.did, u.would = decide, "undone", "would be undone; nothing has been written"
}

func undoCommand(catalog *generator.Catalog) *cobra.Command {
	u := newUpdater(catalog)
	u.command = "otelgen undo"
	u.takesBack((*project.Project).Undo)
	cmd := &cobra.Command{
		Use:   "undo [DIR...]",
		Short: "Undo what the last command changed",
		Long: `Undo what the last otelgen update, add, remove, set, rename or detach changed in a
service. Each DIR is the directory of a service; the default is this directory.

What you changed since then is kept. A file in which your changes overlap with those of
the command is left as it is. Undo works only where the command was run, not in another
clone. A second undo redoes the command.`,
		Example: `  otelgen undo
  otelgen undo --dry-run`,
		ValidArgsFunction: completeDirectories,
		RunE:              u.run,
	}
	u.addFlags(cmd)
	return cmd
}

func completeDirectories(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}

// updater brings services up to date, or finds out what that would take.
type updater struct {
	catalog *generator.Catalog
	decide  func(*project.Project) (project.Plan, error)                  // in place of comparing it with what otelgen writes, unless nil
	choose  func(dir string, spec generator.Spec) (generator.Spec, error) // changes what the one in dir is made of, unless nil
	accept  func(p *project.Project, before, after generator.Tree) error  // may refuse what choose leads to, unless nil
	dryRun  bool
	output  format
	checks  bool                                      // says of each file what state it is in
	command string                                    // what the user typed, but for flags and directories
	did     string                                    // how to call what it does to a service, if not "updated"
	would   string                                    // the same of a dry run
	show    func(u *update, out, err io.Writer) error // data, and talk
	differs func(*update) bool                        // for the exit status
}

// newUpdater returns an updater that changes services.
func newUpdater(catalog *generator.Catalog) updater {
	return updater{catalog: catalog, output: text, show: (*update).print, differs: inConflict}
}

// newComparer returns an updater that only says what is different in services from
// what otelgen would write.
func newComparer(catalog *generator.Catalog, show func(u *update, out, err io.Writer) error) updater {
	return updater{catalog: catalog, dryRun: true, output: text, show: show, differs: outOfDate}
}

func (u *updater) addFlags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&u.dryRun, "dry-run", false, "print what would be written, and write nothing")
	u.output.addTo(cmd)
}

// addDir adds the flag for the one service that a command is about.
func addDir(cmd *cobra.Command, dir *string) {
	cmd.Flags().StringVar(dir, "dir", "", "`DIR` of the service (default: this directory)")
}

// addDirs adds the flag for a command that may be about several services.
func addDirs(cmd *cobra.Command, dir *string) {
	cmd.Flags().StringVar(dir, "dir", "", "`DIR` of the service, or DIR/... for all services below (default: this directory)")
}

// runIn is for one directory, or the service around this one if it is not given.
func (u *updater) runIn(cmd *cobra.Command, dir string) error {
	if !cmd.Flags().Changed("dir") {
		return u.run(cmd, nil)
	}
	return u.run(cmd, []string{dir})
}

// run is for directories as arguments. A service that cannot be brought up to
// date does not keep it from the others. As many are worked on at a time as there
// are processors, and reported in their order.
func (u *updater) run(cmd *cobra.Command, dirs []string) error {
	if len(dirs) == 0 {
		dirs = []string{projectDir()}
	}
	dirs, err := everyProject(dirs)
	if err != nil {
		return err
	}
	var errs []error
	all := make([]*update, 0, len(dirs))
	differs := false
	for one := range u.each(dirs) {
		fmt.Fprint(cmd.ErrOrStderr(), one.said.String())
		switch {
		case one.err != nil && len(dirs) > 1 && !strings.Contains(one.err.Error(), one.Dir):
			one.err = errors.New(one.Dir + ": " + strings.ReplaceAll(one.err.Error(), "\n", "\n"+one.Dir+": "))
			fallthrough
		case one.err != nil:
			errs = append(errs, one.err)
			one.Error = one.err.Error()
		case !u.output.json():
			errs = append(errs, u.show(one, cmd.OutOrStdout(), cmd.ErrOrStderr()))
		}
		differs = differs || u.differs(one)
		if one.changes = nil; u.output.json() {
			all = append(all, one)
		}
	}
	if u.output.json() {
		errs = append(errs, printJSON(cmd.OutOrStdout(), all))
	}
	if err := errors.Join(errs...); err != nil || !differs {
		return err
	}
	return errDiffers
}

// each updates the services in some directories, and yields what came of it in
// their order. It is not far ahead of its caller, so memory does not grow
// with the number of services.
func (u *updater) each(dirs []string) iter.Seq[*update] {
	type result = chan *update
	results := make(chan result, runtime.GOMAXPROCS(0)-1)
	go func() {
		defer close(results)
		for _, dir := range dirs {
			r := make(result, 1)
			results <- r
			go func() {
				one := &update{Dir: filepath.ToSlash(filepath.Clean(dir)), DryRun: u.dryRun, Files: []reportedFile{}}
				one.err = u.update(one, dir, func(said string) { fmt.Fprintln(&one.said, said) })
				r <- one
			}()
		}
	}()
	return func(yield func(*update) bool) {
		for r := range results {
			if !yield(<-r) {
				return
			}
		}
	}
}

func (u *updater) update(one *update, dir string, say func(string)) error {
	if dir == "" {
		return errors.New(`directory "": the name is empty; name the directory of a service, or leave it out for this one`)
	}
	if err := onlyAbove(dir); err != nil {
		return err
	}
	p, err := u.open(filepath.Clean(dir), say)
	if unfinished, ok := errors.AsType[*project.UnfinishedError](err); ok {
		one.Unfinished, one.unfinished = unfinished.Command, unfinished.Problem()
		return nil
	}
	if err != nil {
		return err
	}
	defer p.Close()
	plan, err := u.plan(one, p)
	if err != nil {
		return err
	}
	one.InSync, one.Conflicts = plan.Empty(), len(plan.Conflicts())
	for _, change := range plan {
		if change.Matters() {
			one.changes = append(one.changes, change)
		}
		switch state := stateOf(change); {
		case u.checks && state != "":
			file := reported(change)
			file.State = state
			one.Files = append(one.Files, file)
		case change.Matters():
			one.Files = append(one.Files, reported(change))
		}
	}
	if u.dryRun {
		return nil
	}
	return p.Apply(plan) // if it is empty, for the record
}

// open reads a service, to change it or only to look at it.
func (u *updater) open(dir string, say func(string)) (*project.Project, error) {
	if u.dryRun {
		return project.Load(dir)
	}
	return project.Begin(dir, u.command, say)
}

// plan compares a service with what this otelgen would write for its Spec.
func (u *updater) plan(one *update, p *project.Project) (project.Plan, error) {
	file := specFile(p.Dir)
	spec, err := specOf(p)
	if err != nil {
		return nil, err
	}
	one.Service = spec.Service
	one.did, one.would = u.did, u.would
	if u.choose != nil {
		one.would = cmp.Or(u.would, "would be updated; nothing has been written")
	}
	if u.decide != nil {
		return u.decide(p)
	}
	was := spec
	if u.choose != nil && p.Finished != u.command { // otherwise the choice is made already
		if spec, err = u.choose(p.Dir, spec); err != nil {
			return nil, err
		}
	}
	spec.Otelgen = thisVersion()
	selection, tree, err := render(u.catalog, spec)
	if _, ofSpec := errors.AsType[*generator.ChoiceError](err); ofSpec && u.choose == nil {
		err = errors.New(file + ": " + strings.ReplaceAll(err.Error(), "\n", "\n"+file+": "))
	}
	if err != nil {
		return nil, err
	}
	if u.accept != nil {
		_, before, err := render(u.catalog, was)
		if err == nil {
			err = u.accept(p, before, tree)
		}
		if err != nil {
			return nil, err
		}
	}
	p.WriteOnce(selection.Once())
	return p.Compare(tree, selection.Moved())
}

// render returns what a Spec leads to.
func render(catalog *generator.Catalog, spec generator.Spec) (*generator.Selection, generator.Tree, error) {
	selection, err := generator.Resolve(catalog, spec)
	if err != nil {
		return nil, nil, err
	}
	tree, err := generator.Render(selection)
	return selection, tree, err
}

// update is what it takes to bring a service up to date, or has taken.
type update struct {
	Dir       string         `json:"dir"`
	Service   string         `json:"service,omitempty"`
	DryRun    bool           `json:"dry_run"`
	InSync    bool           `json:"in_sync"` // there was nothing to do
	Conflicts int            `json:"conflicts"`
	Files     []reportedFile `json:"files"`
	Error     string         `json:"error,omitempty"` // then it is as it was, unless this says otherwise

	// Unfinished is the command of a run that was interrupted or is at work. Then
	// nothing else is known.
	Unfinished string `json:"unfinished,omitempty"`

	changes    []project.Change
	did, would string // see updater
	said       bytes.Buffer

	unfinished string // Unfinished, as a sentence
	err        error
}

func inConflict(u *update) bool { return u.Conflicts > 0 }
func outOfDate(u *update) bool  { return !u.InSync }

// print prints the files to out, as paths from here, and talks to err.
func (u *update) print(out, err io.Writer) error {
	var files strings.Builder
	for _, file := range u.Files {
		fmt.Fprintf(&files, "%-8s  %s\n", file.Action, path.Join(u.Dir, file.Path))
	}
	u.talk(err)
	_, failure := io.WriteString(out, files.String())
	return failure
}

// talk says what the owner should know, and how it went.
func (u *update) talk(err io.Writer) {
	for _, file := range u.Files {
		note := file.Note
		if file.From != "" {
			note = joinNotes("moved from "+path.Join(u.Dir, file.From), note)
		}
		if note != "" {
			fmt.Fprintf(err, "%s: %s\n", path.Join(u.Dir, file.Path), note)
		}
	}
	outcome := cmp.Or(u.did, "updated")
	switch {
	case u.did != "" && u.InSync:
		outcome = "nothing to do"
	case u.did != "" && u.DryRun:
		outcome = u.would
	case u.did != "":
	case u.Unfinished != "":
		outcome = u.unfinished
	case u.InSync:
		outcome = "up to date"
	case u.DryRun && !slices.ContainsFunc(u.changes, isNew):
		outcome = "in conflict: resolve the conflicts"
	case u.DryRun:
		outcome = cmp.Or(u.would, "out of date; nothing has been written")
	case u.Conflicts > 0:
		outcome = "in conflict: resolve the conflicts, then run otelgen update again"
	}
	subject := u.Dir
	if subject == "." {
		subject = cmp.Or(u.Service, project.Named(subject))
	}
	fmt.Fprintf(err, "%s: %s\n", subject, outcome)
}

// isNew reports whether a change is more than a conflict that is open.
func isNew(c project.Change) bool {
	return c.Action != project.Conflict || !bytes.Equal(c.Before, c.After)
}
