package main

import (
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/otelgen/otelgen/generator"
)

func updateCommand(catalog *generator.Catalog) *cobra.Command {
	var dryRun bool
	var output format
	cmd := &cobra.Command{
		Use:   "update [DIR...]",
		Short: "Bring services to what otelgen would write today",
		Long: `Bring services to what this otelgen would write today. Each DIR is the directory
of one; without any, it is this one.

What you changed stays. Where you and otelgen changed the same lines, the file
gets markers, git has it in conflict, and the exit status is 1: decide between
them. What you deleted stays deleted; to have it back, delete its record below
.otelgen/gone as well. What the service is made of stands in .otelgen/spec.yaml:
change it there, and an update adds and removes what follows from it.

Nothing is fetched and nothing is committed.`,
		Example: `  otelgen update
  otelgen update services/*`,
		ValidArgsFunction: completeDirectories,
		RunE: func(cmd *cobra.Command, dirs []string) error {
			return updateAll(cmd, catalog, dirs, dryRun, output, func(u update) bool { return u.Conflicts > 0 })
		},
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "say what would be written, and write nothing")
	output.addTo(cmd)
	return cmd
}

func checkCommand(catalog *generator.Catalog) *cobra.Command {
	var output format
	cmd := &cobra.Command{
		Use:   "check [DIR...]",
		Short: "Say whether services are what otelgen would write today",
		Long: `Say whether services are what this otelgen would write today, but for what you
changed in them. Each DIR is the directory of one; without any, it is this one.

The exit status is 0 if an update would change nothing and 1 if it would, or if a
conflict is open. Nothing is written.`,
		Example: `  otelgen check
  otelgen check services/* --output json`,
		ValidArgsFunction: completeDirectories,
		RunE: func(cmd *cobra.Command, dirs []string) error {
			return updateAll(cmd, catalog, dirs, true, output, func(u update) bool { return !u.InSync })
		},
	}
	output.addTo(cmd)
	return cmd
}

func completeDirectories(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
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
}

// updateAll brings services up to date, or finds out what that would take. One
// that cannot be does not keep it from the others.
func updateAll(cmd *cobra.Command, catalog *generator.Catalog, dirs []string, dryRun bool, output format, differs func(update) bool) error {
	if len(dirs) == 0 {
		dirs = []string{"."}
	}
	var errs []error
	all := make([]update, len(dirs))
	for i, dir := range dirs {
		u := update{Dir: filepath.ToSlash(filepath.Clean(dir)), DryRun: dryRun, Files: []reportedFile{}}
		if err := u.run(catalog, dir); err != nil {
			errs = append(errs, err)
			u.Error = err.Error()
		} else if !output.json() {
			errs = append(errs, u.print(cmd.OutOrStdout(), cmd.ErrOrStderr()))
		}
		all[i] = u
	}
	if output.json() {
		errs = append(errs, printJSON(cmd.OutOrStdout(), all))
	}
	if err := errors.Join(errs...); err != nil || !slices.ContainsFunc(all, differs) {
		return err
	}
	return errDiffers
}

func (u *update) run(catalog *generator.Catalog, dir string) error {
	if dir == "" {
		return errors.New(`directory "": no name; name one, or none for this one`)
	}
	project, err := generator.LoadProject(filepath.Clean(dir))
	if err != nil {
		return err
	}
	plan, err := u.plan(catalog, project)
	if err != nil {
		return err
	}
	u.InSync, u.Conflicts = plan.Empty(), len(plan.Conflicts())
	for _, change := range plan {
		if change.Matters() {
			u.Files = append(u.Files, reported(change))
		}
	}
	if u.DryRun {
		return nil
	}
	return generator.Apply(project, plan) // if it is empty, for the record
}

// plan compares a service with what this otelgen would write for its Spec.
func (u *update) plan(catalog *generator.Catalog, project *generator.Project) (generator.Plan, error) {
	file := filepath.Join(project.Dir, ".otelgen", "spec.yaml")
	spec, err := generator.ParseSpec(file, project.Spec)
	if err != nil {
		return nil, err
	}
	u.Service = spec.Service
	if from, this := spec.Otelgen, thisVersion(); isRelease(from) && isRelease(this) && semver.Compare(from, this) > 0 {
		return nil, fmt.Errorf("%s: is from otelgen %s, and this is %s; get that version, or a later one", file, from, this)
	}
	spec.Otelgen = thisVersion()
	selection, err := generator.Resolve(catalog, spec)
	if err != nil {
		return nil, errors.New(file + ": " + strings.ReplaceAll(err.Error(), "\n", "\n"+file+": "))
	}
	tree, err := generator.Render(selection)
	if err != nil {
		return nil, err
	}
	return generator.Compare(project, tree, selection.Moved())
}

// isRelease leaves out what is built from a commit: who does that knows what is
// newer.
func isRelease(version string) bool {
	return semver.IsValid(version) && !module.IsPseudoVersion(version)
}

// print prints the files to out, as paths from here, and talks to err.
func (u *update) print(out, err io.Writer) error {
	var files, talk strings.Builder
	for _, file := range u.Files {
		at := path.Join(u.Dir, file.Path)
		fmt.Fprintf(&files, "%-8s  %s\n", file.Action, at)
		if file.Note != "" {
			fmt.Fprintf(&talk, "%s: %s\n", at, file.Note)
		}
	}
	outcome := "updated"
	switch {
	case u.InSync:
		outcome = "up to date"
	case u.DryRun:
		outcome = "out of date; nothing has been written"
	case u.Conflicts > 0:
		outcome = "in conflict: decide between the markers, and update again"
	}
	subject := u.Dir
	if subject == "." {
		subject = u.Service
	}
	fmt.Fprintf(err, "%s%s: %s\n", talk.String(), subject, outcome)
	_, failure := io.WriteString(out, files.String())
	return failure
}
