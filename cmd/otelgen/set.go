package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/internal/problem"
)

func setCommand(catalog *generator.Catalog) *cobra.Command {
	u := newUpdater(catalog)
	var dir string
	cmd := &cobra.Command{
		Use:   "set CHOICE=VALUE...",
		Short: "Change the router, database, ... of a service",
		Long: `Change the router, the database, or another choice of which a service has one, and
update the service; see otelgen update --help. CHOICE is a flag of otelgen new without
its dashes; otelgen list shows all choices and their values. The value none removes
the part.`,
		Example: `  otelgen set router=chi
  otelgen set database=none`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fmt.Errorf("%s: a choice is missing; give one with its value, such as router=chi", cmd.CommandPath())
			}
			_, err := assignments(catalog, args)
			return err
		},
		ValidArgsFunction: completeAssignments(catalog),
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		values, err := assignments(catalog, args)
		if err != nil {
			return err
		}
		u.command = strings.Join(append([]string{cmd.CommandPath()}, args...), " ")
		u.choose = func(_ string, spec generator.Spec) (generator.Spec, error) { return catalog.Set(spec, values) }
		return u.runIn(cmd, dir)
	}
	addDirs(cmd, &dir)
	u.addFlags(cmd)
	return cmd
}

// assignments parses arguments of the form choice=value.
func assignments(catalog *generator.Catalog, args []string) (map[string]string, error) {
	values := map[string]string{}
	for i, arg := range args {
		name, value, ok := strings.Cut(arg, "=")
		if !ok || name == "" || value == "" {
			next := ""
			if i+1 < len(args) {
				next = args[i+1]
			}
			return nil, fmt.Errorf("%s: %s", quote(arg), missing(catalog, arg, next))
		}
		if command := otherCommand(catalog, name, value); command != "" {
			return nil, fmt.Errorf("%s: it is not one choice of several; did you mean %s?", arg, command)
		}
		switch other, twice := values[name]; {
		case twice && other != value:
			return nil, fmt.Errorf("%s: %s=%s is given as well; choose one of them", arg, name, other)
		}
		values[name] = value
	}
	return values, nil
}

// missing says what an argument lacks to be choice=value. next is the argument after it,
// or "".
func missing(catalog *generator.Catalog, arg, next string) string {
	words := strings.FieldsFunc(arg, func(r rune) bool { return r == '=' || r == ':' })
	for _, slot := range catalog.Slots {
		switch {
		case len(words) == 2 && words[0] == slot.Name:
			return fmt.Sprintf("a choice and its value have a = between them; did you mean %s=%s?", words[0], words[1])
		case len(words) != 1:
		case words[0] == slot.Name && slices.Contains(slot.Values, next):
			return fmt.Sprintf("a choice and its value have a = between them; did you mean %s=%s?", words[0], next)
		case words[0] == slot.Name:
			return fmt.Sprintf("the value is missing, as in %s=VALUE; %s", slot.Name, problem.Choose(slot.Values))
		case words[0] != generator.None && slices.Contains(slot.Values, words[0]):
			return fmt.Sprintf("the choice is missing; did you mean %s=%s?", slot.Name, words[0])
		}
	}
	if len(words) == 1 {
		if command := otherCommand(catalog, words[0], ""); command != "" {
			return fmt.Sprintf("it is not one choice of several; did you mean %s?", command)
		}
	}
	return "the choice or its value is missing; write both, as in router=chi"
}

// otherCommand returns the command that changes what somebody takes for a choice, or
// "": an optional feature, or a name.
func otherCommand(catalog *generator.Catalog, name, value string) string {
	switch {
	case name == "with":
		return strings.TrimSpace("otelgen add " + value)
	case slices.Contains([]string{"name", "service"}, name):
		return strings.TrimSpace("otelgen rename " + value)
	case name == "module":
		return strings.TrimSpace("otelgen rename --module " + value)
	case !slices.Contains(namesOf(optional(catalog)), name):
		return ""
	case slices.Contains([]string{"off", "false", "no", generator.None}, value):
		return "otelgen remove " + name
	}
	return "otelgen add " + name
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
