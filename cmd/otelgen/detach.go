package main

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/generator/project"
)

func detachCommand(catalog *generator.Catalog) *cobra.Command {
	u := newUpdater(catalog)
	cmd := &cobra.Command{
		Use:   "detach FILE...",
		Short: "Stop updating files, or a whole service",
		Long: `Stop updating files: they become yours, and no update changes, moves or removes them
any more. If a later version of otelgen moves such a file, yours stays and the new one
is written beside it. otelgen undo reverts a detach, if it was the last command.

With --all, otelgen removes the directory .otelgen, its record of the service. Nothing
else changes. otelgen adopt makes a new record.`,
		Example: `  otelgen detach Dockerfile
  otelgen detach --all`,
	}
	all := cmd.Flags().Bool("all", false, "detach the whole service")
	cmd.Args = func(cmd *cobra.Command, files []string) error {
		switch {
		case *all && len(files) > 0:
			return fmt.Errorf("%s: --all detaches the whole service; leave out the file, or --all", files[0])
		case !*all && len(files) == 0:
			return fmt.Errorf("%s: the name of a file is missing; give one or more, or --all for the whole service", cmd.CommandPath())
		}
		return nil
	}
	cmd.RunE = func(cmd *cobra.Command, files []string) error {
		if *all {
			return detachAll(cmd, u)
		}
		dir, below, err := inOneProject(files)
		if err != nil {
			return err
		}
		u.command = cmd.CommandPath()
		u.decide = func(p *project.Project) (project.Plan, error) { return p.Detach(below) }
		u.did, u.would = "detached", "would be detached; nothing has been written"
		return u.run(cmd, []string{dir})
	}
	u.addFlags(cmd)
	return cmd
}

// inOneProject returns the project that all of some files are in, and their paths
// in it.
func inOneProject(files []string) (dir string, below []string, err error) {
	var errs []error
	for _, file := range files {
		at := projectOf(file)
		switch {
		case at == "":
			errs = append(errs, fmt.Errorf("%s: it is not in an otelgen project; name a file of one", file))
			continue
		case dir != "" && filepath.Clean(at) != filepath.Clean(dir):
			errs = append(errs, fmt.Errorf("%s: it is in another project than %s; name files of one project", file, files[0]))
			continue
		}
		dir = at
		name, err := relative(at, file)
		errs = append(errs, err)
		below = append(below, filepath.ToSlash(name))
	}
	return dir, below, errors.Join(errs...)
}

// detachAll makes a service one that otelgen does not know.
func detachAll(cmd *cobra.Command, u updater) error {
	dir := projectDir()
	p, err := u.open(dir, func(said string) { fmt.Fprintln(cmd.ErrOrStderr(), said) })
	if err != nil {
		return err
	}
	defer p.Close()
	spec, err := specOf(p)
	if err != nil {
		return err
	}
	if u.dryRun {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s: would be detached, and %s removed; nothing has been written\n", spec.Service, filepath.Join(dir, generator.StateDir))
		return nil
	}
	if err := p.Forget(); err != nil {
		return err
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "%s: detached; otelgen adopt makes a new record\n", spec.Service)
	return nil
}
