package main

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/otelgen/otelgen/generator"
)

func addCommand(catalog *generator.Catalog) *cobra.Command {
	missing := func(has []string, name string) bool { return !slices.Contains(has, name) }
	cmd := choosingCommand(catalog, catalog.With, missing, &cobra.Command{
		Use:   "add FEATURE...",
		Short: "Add features to a service",
		Long: `Add features to a service, and update it; see otelgen update --help. A router, a
database or another choice of which a service has one replaces the current one.
otelgen list shows all features.`,
		Example: `  otelgen add background
  otelgen add sqlite chi
  otelgen add resource product`,
	})
	cmd.AddCommand(addResourceCommand(catalog))
	return cmd
}

func removeCommand(catalog *generator.Catalog) *cobra.Command {
	cmd := choosingCommand(catalog, catalog.Without, slices.Contains[[]string], &cobra.Command{
		Use:   "remove FEATURE...",
		Short: "Remove features from a service",
		Long: `Remove features from a service, and update it; see otelgen update --help. A file
that you changed is not removed.`,
		Example: `  otelgen remove background
  otelgen remove resource product`,
	})
	cmd.AddCommand(removeResourceCommand(catalog))
	return cmd
}

// choosingCommand completes a command that changes what a service is made of.
// offers tells which features a shell offers for a service that has some.
func choosingCommand(catalog *generator.Catalog, change func(generator.Spec, ...string) (generator.Spec, error),
	offers func(has []string, name string) bool, cmd *cobra.Command,
) *cobra.Command {
	u := newUpdater(catalog)
	var dir string
	addDirs(cmd, &dir)
	u.addFlags(cmd)
	cmd.Args = func(cmd *cobra.Command, names []string) error {
		if len(names) == 0 {
			return fmt.Errorf("%s: the name of a feature is missing; otelgen list shows all of them", cmd.CommandPath())
		}
		return nil
	}
	cmd.ValidArgsFunction = func(_ *cobra.Command, named []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		has, known := featuresIn(cmp.Or(dir, projectDir()))
		offered := slices.DeleteFunc(choosable(catalog), func(f *generator.Feature) bool {
			return slices.Contains(named, f.Name) || known && !offers(has, f.Name)
		})
		return completions("", offered), cobra.ShellCompDirectiveNoFileComp
	}
	cmd.RunE = func(cmd *cobra.Command, names []string) error {
		u.command = strings.Join(append([]string{cmd.CommandPath()}, names...), " ")
		names = strings.FieldsFunc(strings.Join(names, ","), func(r rune) bool { return r == ',' }) // as --with takes them
		if err := noPreset(names); err != nil {
			return err
		}
		u.choose = func(_ string, spec generator.Spec) (generator.Spec, error) { return change(spec, names...) }
		return u.runIn(cmd, dir)
	}
	return cmd
}

// featuresIn returns the features that the service in a directory names, if
// there is one.
func featuresIn(dir string) (names []string, known bool) {
	file := specFile(dir)
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, false
	}
	spec, err := generator.ParseSpec(file, data, thisVersion())
	return slices.Concat(slices.Collect(maps.Values(spec.Slots)), spec.Features), err == nil
}
