package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime/debug"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/otelgen/otelgen/generator"
)

// run runs a command line with a catalog of templates and returns the exit code.
// Data goes to stdout, talk to stderr.
func run(templates fs.FS, args []string) int {
	debug.SetGCPercent(400) // a command ends before collecting garbage pays
	catalog, err := generator.Load(templates)
	if err == nil {
		root := rootCommand(catalog)
		root.SetArgs(args)
		err = root.Execute()
	}
	if err != nil && !errors.Is(err, errDiffers) {
		fmt.Fprintln(os.Stderr, err)
	}
	return exitCode(err)
}

// Exit codes are those of diff(1).
const (
	done     = 0
	differ   = 1
	couldNot = 2
)

// errDiffers is the outcome of a command that has done, and said, what it had to.
var errDiffers = errors.New("it differs")

func exitCode(err error) int {
	switch {
	case err == nil:
		return done
	case errors.Is(err, errDiffers):
		return differ
	default:
		return couldNot
	}
}

// rootCommand makes the command line. What can be chosen comes from the
// catalog: a new feature needs no code here.
func rootCommand(catalog *generator.Catalog) *cobra.Command {
	root := &cobra.Command{
		Use:           "otelgen",
		Short:         "Scaffold Go services that are observable from their first commit",
		Version:       thisVersion(),
		SilenceErrors: true, // run prints them
		SilenceUsage:  true,
		Args:          noSuchCommand,

		SuggestionsMinimumDistance: 2,

		RunE: help,
	}
	root.SetVersionTemplate(identity(thisVersion()))
	root.SetFlagErrorFunc(flagProblem)
	root.AddCommand(newCommand(catalog), updateCommand(catalog), checkCommand(catalog), diffCommand(catalog),
		addCommand(catalog), removeCommand(catalog), listCommand(catalog), versionCommand())
	root.InitDefaultCompletionCmd()
	root.InitDefaultHelpCmd()
	strictArguments(root)
	return root
}

func help(cmd *cobra.Command, _ []string) error { return cmd.Help() }

// strictArguments has the commands that come with cobra refuse what they do not
// know. They would explain something else.
func strictArguments(root *cobra.Command) {
	for _, cmd := range root.Commands() {
		switch cmd.Name() {
		case "help":
			cmd.Args = func(_ *cobra.Command, args []string) error {
				explained, unknown, err := root.Find(args)
				if err != nil {
					return err
				}
				return noSuchCommand(explained, unknown)
			}
		case "completion":
			cmd.Args, cmd.RunE = noSuchCommand, help
			for _, shell := range cmd.Commands() {
				shell.Args = atMost(0, shell.CommandPath()+" takes none")
			}
		}
	}
}

func noSuchCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := cmd.CommandPath() + " --help lists them"
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		hint = "did you mean " + near[0] + "?"
	}
	return fmt.Errorf("%s: no such command; %s", args[0], hint)
}

// atMost allows so many arguments, and says what else they might have been.
func atMost(n int, hint string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) > n {
			return fmt.Errorf("%s: one argument too many; %s", args[n], hint)
		}
		return nil
	}
}

// noEmptyFlags finds flags that have got an empty value, which would pass for no
// flag at all: that of a variable that is not set.
func noEmptyFlags(flags *pflag.FlagSet) error {
	var errs []error
	flags.Visit(func(f *pflag.Flag) {
		if f.Value.String() == "" {
			errs = append(errs, noValue(f.Name))
		}
	})
	return errors.Join(errs...)
}

func noValue(flag string) error {
	return fmt.Errorf("--%s: no value; give it one, as in --%[1]s VALUE", flag)
}

// flagProblem says what is wrong with a flag in our order of words.
func flagProblem(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var empty *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	var malformed *pflag.InvalidSyntaxError
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() != "":
		return fmt.Errorf("-%s: no such flag; %s --help lists them", unknown.GetSpecifiedName(), cmd.CommandPath())
	case errors.As(err, &unknown):
		return fmt.Errorf("--%s: no such flag; %s --help lists them", unknown.GetSpecifiedName(), cmd.CommandPath())
	case errors.As(err, &empty):
		return noValue(empty.GetFlag().Name)
	case errors.As(err, &malformed):
		return fmt.Errorf("%s: not the form of a flag; write --NAME, or --NAME VALUE", malformed.GetSpecifiedFlag())
	case errors.As(err, &invalid) && invalid.GetFlag().Value.Type() == "bool":
		return fmt.Errorf("--%s %s: neither true nor false; leave the value out", invalid.GetFlag().Name, invalid.GetValue())
	case errors.As(err, &invalid):
		return fmt.Errorf("--%s %s: %w", invalid.GetFlag().Name, invalid.GetValue(), errors.Unwrap(err))
	}
	return err
}
