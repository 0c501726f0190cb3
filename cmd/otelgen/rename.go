package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/otelgen/otelgen/generator"
)

func renameCommand(catalog *generator.Catalog) *cobra.Command {
	u := newUpdater(catalog)
	var dir, module string
	cmd := &cobra.Command{
		Use:   "rename [NAME]",
		Short: "Rename a service or its module",
		Long: `Rename a service, its module, or both, and update the service; see otelgen update
--help. NAME is the new name of the service, or its new module path. If the module
path is just the name of the service, it changes with the name.

The imports in your own files are changed too, and your files in a directory that
moves, move with it. otelgen lists the files that contain the old module path anywhere
else. The directory of the service is not renamed.`,
		Example: `  otelgen rename store
  otelgen rename github.com/acme/store
  otelgen rename --module github.com/acme/shop/v2`,
		Args: func(cmd *cobra.Command, args []string) error {
			if strings.TrimSpace(strings.Join(args, "")) == "" && module == "" {
				return fmt.Errorf("%s: the new name is missing; give the service's, or the module's with --module PATH", cmd.CommandPath())
			}
			return atMost(1, "a service has one name, such as "+generator.ServiceName(strings.Join(args, "-")))(cmd, args)
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		name := strings.Join(args, "")
		if strings.HasSuffix(dir, "/...") {
			return fmt.Errorf("--dir %s: each service has a name of its own; name the directory of one", dir)
		}
		u.command = strings.TrimSpace(strings.Join([]string{cmd.CommandPath(), name, module}, " "))
		u.choose = func(_ string, spec generator.Spec) (generator.Spec, error) { return renamed(spec, name, module) }
		return u.runIn(cmd, dir)
	}
	addDir(cmd, &dir)
	cmd.Flags().StringVar(&module, "module", "", "new module `PATH`")
	u.addFlags(cmd)
	return cmd
}

// renamed returns a Spec with other names.
func renamed(spec generator.Spec, name, module string) (generator.Spec, error) {
	for _, given := range []*string{&name, &module} { // as otelgen new takes them
		if !isAddress(*given) {
			continue
		}
		of, err := ofAddress(*given)
		if err != nil {
			return spec, err
		}
		*given = of.module
	}
	if strings.Contains(name, "/") {
		if module != "" && module != name {
			return spec, fmt.Errorf("module %s: the name %s is a different module path; give only one of them", module, name)
		}
		name, module = generator.ServiceName(lastElement(name)), name
	}
	if name != "" && module == "" && spec.Module == spec.Service {
		module = name
	}
	if name != "" {
		spec.Service = name
	}
	if module != "" {
		spec.Module = module
	}
	return spec, spec.Validate()
}
