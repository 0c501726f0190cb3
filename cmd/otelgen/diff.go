package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/generator/project"
)

func diffCommand(catalog *generator.Catalog) *cobra.Command {
	u := newComparer(catalog, (*update).patch)
	u.command = "otelgen diff"
	cmd := &cobra.Command{
		Use:   "diff [DIR...]",
		Short: "Print what an update would change, or what you changed",
		Long: `Print what an update would change, as a patch. Each DIR is the directory of a
service; the default is this directory. Paths are relative to this directory, or to
the service if it is not below. The exit status is that of otelgen check.

With --mine, print what you changed since otelgen wrote the files. Files with a
conflict, and files that otelgen did not write, are omitted. The exit status is 1 if
you changed anything.

With --with and --without, print what otelgen add and remove would change.`,
		Example: `  otelgen diff
  otelgen diff --mine
  otelgen diff --with chi,auth --without cors`,
		ValidArgsFunction: completeDirectories,
	}
	mine := cmd.Flags().Bool("mine", false, "print what you changed since otelgen wrote it")
	with := cmd.Flags().StringSlice("with", nil, "print what adding `FEATURES`, separated by commas, would change")
	without := cmd.Flags().StringSlice("without", nil, "print what removing `FEATURES` would change")
	if err := cmd.RegisterFlagCompletionFunc("with", completeFeatures(catalog)); err != nil {
		panic(err) // there is no such flag
	}
	cmd.RunE = func(cmd *cobra.Command, dirs []string) error {
		chooses := len(*with)+len(*without) > 0
		switch {
		case *mine && chooses:
			return errors.New("--mine: it cannot be combined with --with or --without; give one or the other")
		case slices.ContainsFunc(*with, func(name string) bool { return slices.Contains(*without, name) }):
			return errors.New("--without: it names a feature that --with names, too; give it once")
		case *mine:
			u.decide, u.show = (*project.Project).Mine, (*update).patchOfMine
		case chooses:
			u.did, u.would = "changed", "would be changed; nothing has been written"
			u.choose = func(_ string, spec generator.Spec) (generator.Spec, error) {
				spec, err := catalog.With(spec, *with...)
				if err != nil || len(*without) == 0 {
					return spec, err
				}
				return catalog.Without(spec, *without...)
			}
		}
		return u.run(cmd, dirs)
	}
	return cmd
}

// patchOfMine prints what the owner changed. It prints no messages.
func (u *update) patchOfMine(out, err io.Writer) error {
	if u.Unfinished != "" {
		u.talk(err)
		return nil
	}
	return u.printPatch(out)
}

// devNull stands for an absent file in a patch, on every system.
const devNull = "/dev/null"

// patch prints what an update would change, and what is to be said of it.
func (u *update) patch(out, err io.Writer) error {
	u.talk(err)
	return u.printPatch(out)
}

// printPatch prints what git apply and patch -p1 would do from here, or, if the
// service is elsewhere, from there.
func (u *update) printPatch(out io.Writer) error {
	dir := u.Dir
	if !filepath.IsLocal(filepath.FromSlash(dir)) {
		dir = "." // git takes no paths that lead outside
	}
	var all bytes.Buffer
	for _, c := range u.changes {
		all.Write(patchOf(c, dir))
	}
	_, failure := io.WriteString(out, painterFor(out).patch(all.String()))
	return failure
}

// ended returns a path as patches have it: with a tab behind it if there is a space in
// it, without which patch takes it for two.
func ended(name string) string {
	if strings.Contains(name, " ") {
		return name + "\t"
	}
	return name
}

// patchOf returns the patch for one change.
func patchOf(c project.Change, dir string) []byte {
	from, to := path.Join(dir, cmp.Or(c.From, c.Path)), path.Join(dir, c.Path)
	before, after := "a/"+from, "b/"+to
	if c.Before == nil {
		before = devNull
	}
	if c.After == nil {
		after = devNull
	}
	var patch bytes.Buffer
	if c.From != "" {
		fmt.Fprintf(&patch, "diff --git %s %s\nrename from %s\nrename to %s\n", before, after, from, to)
	}
	if bytes.IndexByte(slices.Concat(c.Before, c.After), 0) >= 0 {
		fmt.Fprintf(&patch, "Binary files %s and %s differ\n", before, after)
		return patch.Bytes()
	}
	text := diff.Diff(ended(before), c.Before, ended(after), c.After)
	if c.From != "" { // the line of git says more than that of diff
		_, text, _ = bytes.Cut(text, []byte("\n"))
	}
	patch.Write(text)
	return patch.Bytes()
}
