package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/otelgen/otelgen/generator"
)

func showCommand(catalog *generator.Catalog) *cobra.Command {
	var output format
	cmd := &cobra.Command{
		Use:   "show FEATURE",
		Short: "Describe a feature",
		Long: `Describe a feature: its files, the environment variables that it reads, and the
features that it requires. otelgen list shows all features.`,
		Example: `  otelgen show auth
  otelgen show sqlite --output json`,
		Args: atMost(1, "otelgen show takes one feature"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := noPreset(args); err != nil {
				return err
			}
			shown, err := newShown(catalog, strings.Join(args, ""))
			if err != nil {
				return err
			}
			if output.json() {
				return printJSON(cmd.OutOrStdout(), shown)
			}
			return shown.print(cmd.OutOrStdout())
		},
	}
	cmd.ValidArgsFunction = func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return completions("", choosable(catalog)), cobra.ShellCompDirectiveNoFileComp
	}
	output.addTo(cmd)
	return cmd
}

// choosable returns the features that people choose.
func choosable(catalog *generator.Catalog) []*generator.Feature {
	return slices.DeleteFunc(slices.Clone(catalog.Features), func(f *generator.Feature) bool { return f.Slot == "" && !f.Optional() })
}

// shown is a feature, as it is printed.
type shown struct {
	listedFeature
	Flag      string              `json:"flag"`            // that chooses it
	Needs     generator.Condition `json:"needs,omitempty"` // what it cannot do without
	Files     []string            `json:"files"`
	Variables []shownVariable     `json:"variables"`
}

type shownVariable struct {
	Name        string `json:"name"`
	Default     string `json:"default,omitempty"`
	Development string `json:"development,omitempty"`
	Example     string `json:"example,omitempty"`
	Secret      bool   `json:"secret,omitempty"`
	Doc         string `json:"doc,omitempty"`
}

func newShown(catalog *generator.Catalog, name string) (shown, error) {
	if name == "" {
		return shown{}, fmt.Errorf("otelgen show: the name of a feature is missing; otelgen list shows all of them")
	}
	f, err := catalog.Named(name)
	if err != nil {
		return shown{}, err
	}
	files, err := filesOf(catalog, f)
	if err != nil {
		return shown{}, err
	}
	s := shown{listedFeature: listFeature(catalog, f), Flag: "--with " + name, Needs: f.When, Files: files}
	if f.Slot != "" {
		s.Flag = "--" + f.Slot + " " + name
	}
	for _, v := range f.Variables(generator.Spec{Service: exampleName, Module: anyModule}) {
		s.Variables = append(s.Variables, shownVariable(v))
	}
	return s, nil
}

// exampleName is what a service is called where it needs a name to be shown.
const exampleName = "shop"

// filesOf returns the files that a service has with a feature, beside nothing
// but defaults, and does not have without.
func filesOf(catalog *generator.Catalog, f *generator.Feature) ([]string, error) {
	spec, err := specWith(catalog, f)
	if err != nil {
		return nil, err
	}
	selection, err := generator.Resolve(catalog, spec)
	if err != nil {
		return nil, err
	}
	var files []string
	for p, owner := range selection.Owners() {
		if isOf(owner, f) {
			files = append(files, p)
		}
	}
	slices.Sort(files)
	return files, nil
}

// specWith returns the Spec of a service that has a feature, and nothing else but
// defaults.
func specWith(catalog *generator.Catalog, f *generator.Feature) (generator.Spec, error) {
	spec := generator.Spec{Otelgen: thisVersion(), Service: exampleName, Module: anyModule, Slots: map[string]string{}}
	if f.Slot == "" {
		spec.Features = []string{f.Name}
	} else {
		spec.Slots[f.Slot] = f.Name
	}
	choices, err := catalog.Choices(spec)
	if err != nil {
		return spec, err
	}
	whole, _ := catalog.Complete(choices) // a value of a slot may need another slot
	for _, slot := range catalog.Slots {
		if slot.When.Holds(whole) {
			spec.Slots[slot.Name] = whole[slot.Name]
		}
	}
	return spec, nil
}

// sentence makes a sentence of a summary.
func sentence(summary string) string { return strings.ToUpper(summary[:1]) + summary[1:] + "." }

// isOf reports whether a feature is another one, or a part of it.
func isOf(part, f *generator.Feature) bool {
	return part == f || strings.HasPrefix(part.Folder, f.Folder+"/")
}

func (s shown) print(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	heading := s.Name
	if !strings.EqualFold(s.Title, s.Name) {
		heading += ": " + s.Title
	}
	fmt.Fprintf(table, "%s\n%s\n\n", heading, sentence(s.Summary))
	fmt.Fprintf(table, "Choose it\t%s\n", s.Flag)
	if len(s.Needs) > 0 {
		fmt.Fprintf(table, "Needs\t%s\n", s.Needs)
	}
	if len(s.Requires) > 0 {
		fmt.Fprintf(table, "Comes with\t%s\n", strings.Join(s.Requires, ", "))
	}
	if len(s.Conflicts) > 0 {
		fmt.Fprintf(table, "Not with\t%s\n", strings.Join(s.Conflicts, ", "))
	}
	if len(s.Files) > 0 {
		fmt.Fprint(table, "\nFiles\n")
	}
	for _, file := range s.Files {
		fmt.Fprintf(table, "  %s\n", file)
	}
	if len(s.Variables) > 0 {
		fmt.Fprint(table, "\nEnvironment variables\n")
	}
	for _, v := range s.Variables {
		value := v.Default
		switch {
		case v.Secret:
			value = "a secret"
		case v.Default == "" && v.Example != "":
			value = "for example " + v.Example
		case v.Default == "":
			value = "none"
		}
		fmt.Fprintf(table, "  %s\t%s\n", v.Name, value)
	}
	return table.Flush()
}
