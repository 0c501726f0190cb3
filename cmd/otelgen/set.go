package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/otelgen/otelgen/generator"
)

func setCommand(catalog *generator.Catalog) *cobra.Command {
	u := newUpdater(catalog)
	var dir string
	cmd := &cobra.Command{
		Use:   "set CHOICE=VALUE...",
		Short: "Choose another router, database, ... for a service",
		Long: `Choose another router, database, or other part of which a service has one, and
bring the service to what this otelgen would write today; otelgen update --help
says how. CHOICE is a flag of otelgen new without its dashes; otelgen list shows
all choices and their values. With the value none, the service does without.`,
		Example: `  otelgen set router=chi
  otelgen set database=none`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fmt.Errorf("%s: a choice is missing; give one with its value, such as router=chi", cmd.CommandPath())
			}
			_, err := assignments(args)
			return err
		},
		ValidArgsFunction: completeAssignments(catalog),
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		values, err := assignments(args)
		if err != nil {
			return err
		}
		u.command = strings.Join(append([]string{cmd.CommandPath()}, args...), " ")
		u.choose = func(spec generator.Spec) (generator.Spec, error) { return catalog.Set(spec, values) }
		return u.runIn(cmd, dir)
	}
	addDir(cmd, &dir)
	u.addFlags(cmd)
	return cmd
}

// assignments parses arguments of the form choice=value.
func assignments(args []string) (map[string]string, error) {
	values := map[string]string{}
	for _, arg := range args {
		name, value, ok := strings.Cut(arg, "=")
		switch other, twice := values[name]; {
		case !ok || name == "" || value == "":
			return nil, fmt.Errorf("%s: the choice or its value is missing; write both, as in router=chi", quote(arg))
		case twice && other != value:
			return nil, fmt.Errorf("%s: %s=%s is given as well; choose one of them", arg, name, other)
		}
		values[name] = value
	}
	return values, nil
}

// completeAssignments completes first the choice, then its value.
func completeAssignments(catalog *generator.Catalog) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		name, _, valued := strings.Cut(typed, "=")
		var all []cobra.Completion
		for _, slot := range catalog.Slots {
			switch {
			case !valued:
				all = append(all, cobra.CompletionWithDesc(slot.Name+"=", slot.Title))
			case slot.Name == name:
				for _, value := range listSlot(catalog, slot).Values {
					all = append(all, cobra.CompletionWithDesc(name+"="+value.Name, value.Summary))
				}
			}
		}
		directive := cobra.ShellCompDirectiveNoFileComp
		if !valued {
			directive |= cobra.ShellCompDirectiveNoSpace
		}
		return all, directive
	}
}
