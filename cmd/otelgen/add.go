package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/otelgen/otelgen/generator"
)

func addCommand(catalog *generator.Catalog) *cobra.Command {
	return choosingCommand(catalog, add, &cobra.Command{
		Use:   "add FEATURE...",
		Short: "Add features to a service",
		Long: `Add features to a service, and bring it to what this otelgen would write today;
otelgen update --help says how. A value of a slot takes the place of the one that
the service has. otelgen list shows what there is to choose from.`,
		Example: `  otelgen add background
  otelgen add sqlite chi`,
	})
}

func removeCommand(catalog *generator.Catalog) *cobra.Command {
	return choosingCommand(catalog, remove, &cobra.Command{
		Use:   "remove FEATURE...",
		Short: "Remove features from a service",
		Long: `Remove features from a service, and bring it to what this otelgen would write
today; otelgen update --help says how. What you changed in a file that goes stays
with the file.`,
		Example: `  otelgen remove background`,
	})
}

// choosingCommand completes a command that changes what a service is made of.
func choosingCommand(catalog *generator.Catalog, change func(*generator.Catalog, *generator.Spec, []string) error, cmd *cobra.Command) *cobra.Command {
	u := updater{catalog: catalog, show: (*update).print, differs: inConflict}
	dir := cmd.Flags().String("dir", ".", "`DIR` of the service")
	u.addFlags(cmd)
	cmd.Args = func(cmd *cobra.Command, names []string) error {
		if len(names) == 0 {
			return fmt.Errorf("%s: no feature; name one, which otelgen list knows", cmd.CommandPath())
		}
		return nil
	}
	cmd.ValidArgsFunction = func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		var all []cobra.Completion
		for _, f := range catalog.Features {
			if f.Optional() || f.Slot != "" {
				all = append(all, cobra.CompletionWithDesc(f.Name, f.Summary))
			}
		}
		return all, cobra.ShellCompDirectiveNoFileComp
	}
	cmd.RunE = func(cmd *cobra.Command, names []string) error {
		u.choose = func(spec *generator.Spec) error { return change(catalog, spec, names) }
		return u.run(cmd, []string{*dir})
	}
	return cmd
}

// add adds features to what is chosen. Whether there are such, Resolve tells.
func add(catalog *generator.Catalog, spec *generator.Spec, names []string) error {
	given := map[string]string{}
	var errs []error
	for _, name := range names {
		i := slices.IndexFunc(catalog.Features, func(f *generator.Feature) bool { return f.Name == name && f.Slot != "" })
		switch {
		case i >= 0:
			slot := catalog.Features[i].Slot
			if err := (choice{slot, given}).Set(name); err != nil {
				errs = append(errs, fmt.Errorf("%s %s: %w", slot, name, err))
			}
		case !slices.Contains(spec.Features, name):
			spec.Features = append(spec.Features, name)
		}
	}
	if spec.Slots == nil { // its owner has written it
		spec.Slots = given
	}
	maps.Copy(spec.Slots, given)
	leaveOut(catalog, spec)
	return errors.Join(errs...)
}

// remove takes features from what is chosen.
func remove(catalog *generator.Catalog, spec *generator.Spec, names []string) error {
	had := strings.Join(chosen(*spec), ", ")
	var errs []error
	for _, name := range names {
		inSlot := func(slot generator.Slot) bool { return spec.Slots[slot.Name] == name && name != "none" }
		if i := slices.Index(spec.Features, name); i >= 0 {
			spec.Features = slices.Delete(spec.Features, i, i+1)
		} else if i := slices.IndexFunc(catalog.Slots, inSlot); i < 0 {
			errs = append(errs, fmt.Errorf("%s: is not in the service; it has %s", name, had))
		} else if slot := catalog.Slots[i]; !slot.Optional {
			errs = append(errs, fmt.Errorf("%s: something is needed as %s; add another instead", name, slot.Name))
		} else {
			spec.Slots[slot.Name] = "none"
		}
	}
	leaveOut(catalog, spec)
	return errors.Join(append(errs, required(catalog, *spec, names))...)
}

// required reports which of the features that have been removed come back, for
// something else requires them.
func required(catalog *generator.Catalog, spec generator.Spec, removed []string) error {
	selection, err := generator.Resolve(catalog, spec)
	if err != nil {
		return nil //nolint:nilerr // is reported when the service is resolved
	}
	var errs []error
	for _, f := range selection.Features {
		for _, name := range f.Requires {
			if slices.Contains(removed, name) {
				errs = append(errs, fmt.Errorf("%s: %s requires it; remove that as well", name, f.Name))
			}
		}
	}
	return errors.Join(errs...)
}

// chosen returns what a Spec is made of, by name.
func chosen(spec generator.Spec) []string {
	names := slices.Concat(slices.Collect(maps.Values(spec.Slots)), spec.Features)
	slices.Sort(names)
	return slices.DeleteFunc(names, func(name string) bool { return name == "none" })
}

// leaveOut forgets the values of slots that do not exist with what is chosen.
func leaveOut(catalog *generator.Catalog, spec *generator.Spec) {
	choices := map[string]string{}
	maps.Copy(choices, spec.Slots)
	for _, name := range spec.Features {
		choices[name] = "on"
	}
	for _, slot := range catalog.Slots {
		if !slot.When.Holds(choices) {
			delete(choices, slot.Name)
			delete(spec.Slots, slot.Name)
		}
	}
}
