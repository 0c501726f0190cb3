package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/otelgen/otelgen/generator"
)

// choice is the value of a slot's flag.
type choice struct {
	slot   string
	chosen map[string]string
}

// addChoices gives a command a flag for every slot.
func addChoices(cmd *cobra.Command, catalog *generator.Catalog, chosen map[string]string) {
	for _, slot := range catalog.Slots {
		usage := fmt.Sprintf("%s: %s (default %s)%s", slot.Title, strings.Join(slot.Values, ", "), slot.Default, onlyWhen(slot.When))
		cmd.Flags().Var(choice{slot.Name, chosen}, slot.Name, usage)
		var values []cobra.Completion
		for _, value := range listSlot(catalog, slot).Values {
			values = append(values, cobra.CompletionWithDesc(value.Name, value.Summary))
		}
		complete(cmd, slot.Name, values)
	}
}

// Set implements pflag.Value.
func (c choice) Set(value string) error {
	c.chosen[c.slot] = value
	return nil
}

func (c choice) String() string { return c.chosen[c.slot] }

// Type implements pflag.Value.
func (c choice) Type() string { return strings.ToUpper(c.slot) }

// onlyWhen tells a reader when there is something to choose at all.
func onlyWhen(condition generator.Condition) string {
	if len(condition) == 0 {
		return ""
	}
	return ", only with " + condition.String()
}

// flagsOf returns the flags that choose what a Spec does.
func flagsOf(catalog *generator.Catalog, spec generator.Spec) []string {
	var all []string
	for _, slot := range catalog.Slots {
		if value, chosen := spec.Slots[slot.Name]; chosen {
			all = append(all, "--"+slot.Name, value)
		}
	}
	if len(spec.Features) > 0 {
		all = append(all, "--with", strings.Join(spec.Features, ","))
	}
	return all
}

func namesOf(features []*generator.Feature) []string {
	var names []string
	for _, f := range features {
		names = append(names, f.Name)
	}
	return names
}

// completeFeatures completes the last of several names, separated by commas.
func completeFeatures(catalog *generator.Catalog) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		before := typed[:strings.LastIndex(typed, ",")+1]
		others := slices.DeleteFunc(optional(catalog), func(f *generator.Feature) bool {
			return slices.Contains(strings.Split(before, ","), f.Name)
		})
		return completions(before, others), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
}

// completions completes what is typed so far with the names of features.
func completions(before string, features []*generator.Feature) []cobra.Completion {
	var all []cobra.Completion
	for _, f := range features {
		all = append(all, cobra.CompletionWithDesc(before+f.Name, f.Summary))
	}
	return all
}
