package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/internal/problem"
)

// once is the value of a flag that may be given once: otherwise one of two values would
// be lost silently.
type once struct {
	pflag.Value
	given *string
	named string // what help calls the value
}

// Type implements pflag.Value: help calls the value so.
func (o *once) Type() string { return cmp.Or(o.named, o.Value.Type()) }

// several is the value of a flag that is a list.
type several struct {
	pflag.Value
	pflag.SliceValue
	named string
}

// Type implements pflag.Value.
func (s *several) Type() string { return s.named }

// Set implements pflag.Value.
func (o *once) Set(value string) error {
	if o.given != nil && *o.given != value {
		return fmt.Errorf("the flag has the value %s already; give it once", *o.given)
	}
	o.given = &value
	return o.Value.Set(value)
}

// onceEach makes every flag of every command one that may be given once, but
// for those that are lists. The name of its value goes from the usage, where
// pflag expects it in backquotes, to the type: shells print the usage as it is.
func onceEach(cmd *cobra.Command) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		named, usage := pflag.UnquoteUsage(f)
		f.Usage = usage
		if list, ok := f.Value.(pflag.SliceValue); ok {
			f.Value, f.DefValue = &several{f.Value, list, named}, "" // which help leaves out
		} else {
			f.Value = &once{Value: f.Value, named: named}
		}
	})
	for _, below := range cmd.Commands() {
		onceEach(below)
	}
}

// noEmptyFlags refuses flags with an empty value, such as that of a shell variable that
// is not set: they would count as absent.
func noEmptyFlags(flags *pflag.FlagSet) error {
	var errs []error
	flags.Visit(func(f *pflag.Flag) {
		if f.Value.String() == "" {
			errs = append(errs, noValue(f))
		}
	})
	return errors.Join(errs...)
}

func noValue(flag *pflag.Flag) error {
	if values := flag.Annotations[choicesOf]; values != nil {
		return fmt.Errorf("--%s: the value is missing; %s", flag.Name, problem.Choose(values))
	}
	return fmt.Errorf("--%s: the value is missing; give one, as in --%[1]s %s", flag.Name, flag.Value.Type())
}

// flagProblem turns an error of pflag into one that begins with the flag.
func flagProblem(cmd *cobra.Command, features []*generator.Feature, err error) error {
	var unknown *pflag.NotExistError
	var empty *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	var malformed *pflag.InvalidSyntaxError
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() != "":
		return noSuchFlag(cmd, features, "-", asTyped(unknown.GetSpecifiedShortnames()))
	case errors.As(err, &unknown):
		return noSuchFlag(cmd, features, "--", unknown.GetSpecifiedName())
	case errors.As(err, &empty):
		return noValue(empty.GetFlag())
	case errors.As(err, &malformed):
		return fmt.Errorf("%s: a flag has a name; write --NAME, or --NAME VALUE", malformed.GetSpecifiedFlag())
	case errors.As(err, &invalid) && invalid.GetFlag().Value.Type() == "bool":
		return fmt.Errorf("--%s=%s: the value is not true or false; write --%[1]s alone", invalid.GetFlag().Name, invalid.GetValue())
	case errors.As(err, &invalid):
		return fmt.Errorf("--%s %s: %w", invalid.GetFlag().Name, invalid.GetValue(), errors.Unwrap(err))
	}
	return err
}

// asTyped returns what was typed behind one dash, of which pflag has taken the first
// letters for flags: help of -help, where it knows -h.
func asTyped(rest string) string {
	for _, arg := range os.Args[1:] {
		if word, ok := strings.CutPrefix(arg, "-"); ok && !strings.HasPrefix(word, "-") && strings.HasSuffix(word, rest) {
			return word
		}
	}
	return rest
}

// noSuchFlag is the error for an unknown flag, with the one that was meant.
func noSuchFlag(cmd *cobra.Command, features []*generator.Feature, dashes, name string) error {
	hint := cmd.CommandPath() + " --help lists the flags"
	var known []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, "--"+f.Name) })
	if len(known) <= mostListed {
		hint = problem.Choose(known)
	}
	owner, meant := commandWith(cmd, name), meantFlag(cmd, features, dashes, name)
	switch {
	case owner != nil:
		hint = "it is a flag of " + owner.CommandPath() + "; write it after that"
	case meant != "":
		hint = "did you mean " + meant + "?"
	case slices.Contains([]string{"force", "overwrite", "replace", "clobber"}, name):
		hint = "no command overwrites your changes, so there is nothing to force"
	case cmd.Name() == "new" && slices.Contains([]string{"resource", "resources"}, name):
		hint = "make the service, then run otelgen add resource in its directory"
	case cmd.Name() == "new" && cmd.Flags().NArg() == 0 && checkName(name) == nil:
		hint = "to make a service of this name, run otelgen new " + name
	}
	return fmt.Errorf("%s%s: no such flag; %s", dashes, name, hint)
}

// mostListed is how many flags fit into a message.
const mostListed = 6

// commandWith returns the first command below that has a flag.
func commandWith(cmd *cobra.Command, flag string) *cobra.Command {
	for _, below := range cmd.Commands() {
		if below.Flags().Lookup(flag) != nil {
			return below
		}
	}
	return nil
}

// otherwise has, by flag, the names that other tools have for it, and those that people
// guess.
var otherwise = map[string][]string{
	"api":      {"style"},
	"database": {"db", "storage"},
	"dir":      {"C", "d", "destination", "directory", "out", "out-dir", "output-dir", "path", "target"},
	"dry-run":  {"n", "noop", "preview", "simulate", "what-if"},
	"help":     {"?", "H", "usage"},
	"module":   {"go-module", "import-path", "m", "mod", "module-path", "package", "pkg"},
	"name":     {"project", "project-name", "service", "service-name"}, // is an argument
	"no-git":   {"bare", "skip-git", "without-git"},
	"no-input": {"batch", "ci", "defaults", "no-interaction", "no-interactive", "no-prompt", "no-prompts", "non-interactive", "q", "quiet", "silent", "y", "yes"},
	"output":   {"format", "json"},
	"preset":   {"p", "profile", "t", "template"},
	"router":   {"framework", "mux", "r"},
	"with":     {"add", "enable", "f", "feature", "features", "include", "w"},
}

// arguments has what takes the place of a flag in commands whose usage has it.
var arguments = map[string]string{"name": "NAME", "with": "FEATURE", "dir": "DIR"}

// meantFlag returns what somebody most likely meant by an unknown flag: another
// spelling, a word that others use, or a value without its flag.
func meantFlag(cmd *cobra.Command, features []*generator.Feature, dashes, name string) string {
	has := func(flag string) bool { return cmd.Flags().Lookup(flag) != nil }
	if has(name) && dashes == "-" {
		return "--" + name
	}
	for flag, words := range otherwise {
		switch argument := arguments[flag]; {
		case name != flag && !slices.Contains(words, name):
		case argument != "" && strings.Contains(cmd.Use, argument):
			return cmd.CommandPath() + " " + argument
		case name == "json" && has("output"):
			return "--output json"
		case has(flag):
			return "--" + flag
		}
	}
	if flag := flagFor(cmd, features, name); flag != "" {
		return flag
	}
	var known []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
	if near := problem.Nearest(name, known); near != "" && len(name) > 1 {
		return "--" + near
	}
	return ""
}

// flagFor returns the flag that chooses what somebody has named without it.
func flagFor(cmd *cobra.Command, features []*generator.Feature, name string) string {
	has := func(flag string) bool { return cmd.Flags().Lookup(flag) != nil }
	for _, f := range features {
		switch takesFeatures := strings.Contains(cmd.Use, "FEATURE"); {
		case f.Name != name || f.Slot == "" && !f.Optional():
		case has(f.Slot):
			return "--" + f.Slot + " " + name
		case has("with"):
			return "--with " + name
		case takesFeatures:
			return name + " without dashes"
		}
	}
	if strings.Contains(cmd.Use, "FEATURE...") && slices.ContainsFunc(features, func(f *generator.Feature) bool { return f.Slot == name }) {
		return "otelgen set " + name + "=VALUE"
	}
	if strings.Contains(cmd.Use, "CHOICE") && slices.ContainsFunc(features, func(f *generator.Feature) bool { return f.Slot == name }) {
		return cmd.CommandPath() + " " + name + "=VALUE"
	}
	if has("preset") && slices.Contains(presetNames(), name) {
		return "--preset " + name
	}
	return ""
}
