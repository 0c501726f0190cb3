package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/generator/project"
)

func addResourceCommand(catalog *generator.Catalog) *cobra.Command {
	var plural string
	add := func(dir, name string, spec generator.Spec) (generator.Spec, error) {
		last, err := lastMigration(dir)
		if err != nil {
			return spec, err
		}
		r, err := generator.NewResource(name, plural, spec.NextMigration(time.Now(), last))
		if err != nil {
			return spec, err
		}
		return spec.WithResource(r)
	}
	u := newUpdater(catalog)
	u.accept = onlyNew
	cmd := resourceCommand(u, add, &cobra.Command{
		Short: "Add a resource to a service",
		Long: `Add a resource to a service: something that it creates, reads and lists, such as
products. NAME is the singular, in lower-case words with hyphens between them.

The resource is written in the service's own style, with a store in its database,
telemetry and tests, and is wired in. Its code is yours from then on: updates change
only the wiring. If you later choose another router, API or database, the files that
you have not changed are written anew.

The command also updates the service; see otelgen update --help.`,
		Example: `  otelgen add resource product
  otelgen add resource person --plural people`,
	})
	cmd.Flags().StringVar(&plural, "plural", "", "plural `NAME`, if it is irregular")
	return cmd
}

func removeResourceCommand(catalog *generator.Catalog) *cobra.Command {
	remove := func(_, name string, spec generator.Spec) (generator.Spec, error) { return spec.WithoutResource(name) }
	return resourceCommand(newUpdater(catalog), remove, &cobra.Command{
		Short: "Remove a resource from a service",
		Long: `Remove a resource that otelgen added to a service: its wiring, and those of its files
that you have not changed. The table in the database is not dropped.`,
		Example: `  otelgen remove resource product`,
	})
}

// resourceCommand completes a command that changes the resources of a service.
func resourceCommand(u updater, change func(dir, name string, spec generator.Spec) (generator.Spec, error), cmd *cobra.Command) *cobra.Command {
	var dir string
	addDirs(cmd, &dir)
	u.addFlags(cmd)
	cmd.Use = "resource NAME"
	cmd.Args = func(cmd *cobra.Command, names []string) error {
		if strings.Join(names, "") == "" {
			return fmt.Errorf("%s: the name is missing; give the name of one resource, such as product", cmd.CommandPath())
		}
		hint := cmd.CommandPath() + " takes one resource at a time"
		if len(names) > 1 && strings.ContainsAny(names[1], ":=") { // as others declare fields
			hint = "every resource begins with the same fields; change them in its code"
		}
		return atMost(1, hint)(cmd, names)
	}
	cmd.ValidArgsFunction = cobra.NoFileCompletions
	cmd.RunE = func(cmd *cobra.Command, names []string) error {
		u.command = cmd.CommandPath() + " " + names[0]
		u.choose = func(dir string, spec generator.Spec) (generator.Spec, error) { return change(dir, names[0], spec) }
		return u.runIn(cmd, dir)
	}
	return cmd
}

var migrationFile = regexp.MustCompile(`^([0-9]{14})_.*\.sql$`)

// lastMigration returns the number of the last migration that there is below dir, or
// "" if there is none.
func lastMigration(dir string) (last string, err error) {
	err = filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrPermission) && name != dir {
			return fs.SkipDir // such as the data of a database in a container
		}
		if err != nil {
			return err
		}
		if hidden := strings.HasPrefix(entry.Name(), ".") && name != dir; entry.IsDir() && (hidden || entry.Name() == "vendor") {
			return fs.SkipDir
		}
		if match := migrationFile.FindStringSubmatch(entry.Name()); match != nil {
			last = max(last, match[1])
		}
		return nil
	})
	return last, err
}

// onlyNew reports what keeps otelgen from adding files: the directory of a package
// that is there already, or a file. before is the service without them.
func onlyNew(p *project.Project, before, after generator.Tree) error {
	known := map[string]bool{}
	for name := range before {
		for ; name != "."; name = path.Dir(name) {
			known[name] = true
		}
	}
	var inTheWay []string
	for name := range after {
		if known[name] {
			continue
		}
		for dir := path.Dir(name); dir != "." && !known[dir]; dir = path.Dir(dir) {
			name = dir
		}
		if _, err := os.Lstat(filepath.Join(p.Dir, filepath.FromSlash(name))); err == nil && !slices.Contains(inTheWay, name) {
			inTheWay = append(inTheWay, name)
		}
	}
	if len(inTheWay) == 0 {
		return nil
	}
	slices.Sort(inTheWay)
	return fmt.Errorf("%s: it exists already; choose another name for the resource, or move the file away", strings.Join(inTheWay, ", "))
}
