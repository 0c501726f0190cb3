package main

import (
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/generator/project"
)

func checkCommand(catalog *generator.Catalog) *cobra.Command {
	u := newComparer(catalog, (*update).printStates)
	u.checks = true
	cmd := &cobra.Command{
		Use:   "check [DIR...]",
		Short: "Report whether services are up to date",
		Long: `Report whether services are up to date with this version of otelgen. Each DIR is the
directory of a service, or DIR/... for all services below DIR; the default is this
directory. otelgen lists each file that is:

  outdated  an update would change it
  edited    you changed it, which is fine; otelgen diff --mine prints how
  pending   it has a conflict that you have not resolved yet

The exit status is 0 if an update would change nothing, and 1 if it would change
something or there is a conflict. Nothing is written.

With --output github it prints an annotation for GitHub Actions for each file: a
warning, a notice or an error.`,
		Example: `  otelgen check
  otelgen check ./... --output json`,
		ValidArgsFunction: completeDirectories,
	}
	cmd.RunE = func(cmd *cobra.Command, dirs []string) error {
		if u.output == github {
			u.show = (*update).annotate
		}
		return u.run(cmd, dirs)
	}
	u.output.addTo(cmd, github)
	return cmd
}

// The states of a file that is not as otelgen wrote it, or would write it.
const (
	outdated = "outdated" // otelgen has something new
	edited   = "edited"   // the owner changed it
	pending  = "pending"  // a conflict is open
)

// stateOf returns the state of a file that a plan has a change for, or "" if it is
// as it should be. A file that both have changed is outdated.
func stateOf(c project.Change) string {
	switch {
	case !isNew(c):
		return pending
	case c.IsNews():
		return outdated
	case c.Edited():
		return edited
	}
	return ""
}

// printStates prints the files with the states that they are in, as paths from
// here, and talks to err.
func (u *update) printStates(out, err io.Writer) error {
	var files strings.Builder
	paint := painterFor(out)
	coloured := map[string]func(string) string{outdated: paint.yellow, edited: paint.green, pending: paint.red}
	for _, file := range u.Files {
		if file.State == "" {
			continue // it is decided, and as it should be
		}
		fmt.Fprintf(&files, "%s  %s", coloured[file.State](fmt.Sprintf("%-8s", file.State)), path.Join(u.Dir, file.Path))
		if file.State == outdated {
			fmt.Fprintf(&files, " (%s)", file.Action)
		}
		fmt.Fprintln(&files)
	}
	u.talk(err)
	_, failure := io.WriteString(out, files.String())
	return failure
}

// annotate prints the states of files as commands for the log of a workflow, from
// which GitHub makes annotations, and talks to err. See
// https://docs.github.com/actions/reference/workflow-commands-for-github-actions.
func (u *update) annotate(out, err io.Writer) error {
	var log strings.Builder
	if u.Unfinished != "" {
		fmt.Fprintf(&log, "::error title=otelgen::%s\n", data(u.Dir+": "+u.unfinished))
	}
	for _, file := range u.Files {
		var level, says string
		switch file.State {
		case pending:
			level, says = "error", file.Note
		case outdated:
			level, says = "warning", joinNotes(fmt.Sprintf("an update would change it (%s); run otelgen update", file.Action), file.Note)
		case edited:
			level, says = "notice", "you changed it since otelgen wrote it; an update keeps your changes"
		default:
			continue
		}
		fmt.Fprintf(&log, "::%s file=%s,title=%s::%s\n", level, property(inWorkspace(path.Join(u.Dir, file.Path))), property("otelgen: "+file.State), data(says))
	}
	u.talk(err)
	_, failure := io.WriteString(out, log.String())
	return failure
}

// inWorkspace returns a file as a path from the checkout of the workflow, as
// annotations have it.
func inWorkspace(file string) string {
	workspace := os.Getenv("GITHUB_WORKSPACE")
	if workspace == "" {
		return file
	}
	below, err := relative(workspace, file)
	if err != nil {
		return file
	}
	return filepath.ToSlash(below)
}

// data escapes the message of a workflow command, and property a value in front
// of it.
func data(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

func property(s string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(data(s))
}
