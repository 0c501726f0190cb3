package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/otelgen/otelgen/generator"
)

// newOptions are the arguments of otelgen new, as they are given.
type newOptions struct {
	name    string
	module  string
	dir     string
	slots   map[string]string
	with    []string
	preset  string
	dryRun  bool
	noGit   bool
	noInput bool
	output  format
}

func newCommand(catalog *generator.Catalog) *cobra.Command {
	o := newOptions{slots: map[string]string{}}
	cmd := &cobra.Command{
		Use:   "new NAME",
		Short: "Make a new service",
		Long: `Make a new service: complete, tested, and observable from its first commit.

NAME is the name of the service, or its module path. The module of a plain name
is what its surroundings say, if they do: go.mod in its directory or above, the modules of a
go.work, or the git remote. The service goes to a directory of its name. That may
hold what a new repository has before its program, such as documents, hidden
files and a go.mod, which stay.

On a terminal, what the flags leave open is asked; otelgen list shows what there
is to choose from. Nothing is fetched, nothing is committed, and if anything is
wrong nothing is written.`,
		Example: `  otelgen new shop
  otelgen new github.com/acme/shop/v2 --preset minimal
  otelgen new shop --dir . --no-input      # in a fresh clone`,
		Args:              oneName(catalog),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := noEmptyFlags(cmd.Flags()); err != nil {
				return err
			}
			o.name = strings.Join(args, "")
			return runNew(cmd, catalog, o)
		},
	}
	o.addFlags(cmd, catalog)
	return cmd
}

func (o *newOptions) addFlags(cmd *cobra.Command, catalog *generator.Catalog) {
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&o.module, "module", "", "module `PATH`, if NAME does not say")
	flags.StringVar(&o.dir, "dir", "", "`DIR` of the service (default: its name)")
	addChoices(cmd, catalog, o.slots)
	flags.StringSliceVar(&o.with, "with", nil, "optional `FEATURES`, separated by commas: "+strings.Join(namesOf(optional(catalog)), ", "))
	flags.StringVar(&o.preset, "preset", "", "`PRESET` to begin with: "+strings.Join(presetNames(), ", "))
	flags.BoolVar(&o.dryRun, "dry-run", false, "print what would be written, and write nothing")
	flags.BoolVar(&o.noGit, "no-git", false, "do not create a git repository")
	flags.BoolVar(&o.noInput, "no-input", false, "ask nothing, even on a terminal")
	o.output.addTo(cmd)
	complete(cmd, "preset", presetNames())
	if err := cmd.RegisterFlagCompletionFunc("with", completeFeatures(catalog)); err != nil {
		panic(err) // there is no such flag
	}
}

// oneName refuses more than one NAME, and says where the other words belong.
func oneName(catalog *generator.Catalog) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		hint := "a service has one name, such as " + generator.ServiceName(strings.Join(args, "-"))
		for _, arg := range args[min(1, len(args)):] {
			if flag := flagFor(cmd, catalog.Features, arg); flag != "" {
				hint = "did you mean " + flag + "?"
			}
		}
		return atMost(1, hint)(cmd, args)
	}
}

// runNew fills a Spec, by flags and answers, and makes a project of it.
func runNew(cmd *cobra.Command, catalog *generator.Catalog, o newOptions) error {
	var ask asker
	if !o.noInput {
		ask = onTerminal(cmd.InOrStdin(), cmd.ErrOrStderr())
	}
	if o.name == "" && ask != nil {
		name, err := ask.line("What is the service called? Its name, or its module path", checkName)
		if err != nil {
			return err
		}
		o.name = name
	}
	s, err := o.parse(catalog)
	if ask != nil && err == nil && o.preset == "" {
		asked, err := answer(ask, catalog, &s.spec, !cmd.Flags().Changed("with"))
		if err != nil {
			return err
		}
		if asked {
			command := withoutQuestions(cmd.Flags(), o.name, flagsOf(catalog, s.spec))
			fmt.Fprintf(cmd.ErrOrStderr(), "\nThe same without questions:\n\n  %s\n\n", command)
		}
	}
	if err := s.compare(catalog, err); err != nil {
		return err
	}
	if !o.dryRun {
		if err := s.make(!o.noGit); err != nil {
			return err
		}
	}
	return reportOn(s, o).print(cmd.OutOrStdout(), cmd.ErrOrStderr(), o.output)
}
