package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/internal/problem"
)

func listCommand(catalog *generator.Catalog) *cobra.Command {
	var output format
	cmd := &cobra.Command{
		Use:   "list [features|presets]",
		Short: "List all choices, features and presets",
		Long: `List the choices of which a service has one each, such as the router, the optional
features, and the presets, which are selections to start from. otelgen show FEATURE
describes one of them.`,
		Example: `  otelgen list
  otelgen list features --output json`,
		Args:      atMost(1, "list features or presets, or both without an argument"),
		ValidArgs: []cobra.Completion{"features\tchoices and optional features", "presets\tselections to start from"},
		RunE: func(cmd *cobra.Command, args []string) error {
			l, err := newListing(catalog, args)
			if err != nil {
				return err
			}
			if output.json() {
				return printJSON(cmd.OutOrStdout(), l)
			}
			return l.print(cmd.OutOrStdout())
		},
	}
	output.addTo(cmd)
	return cmd
}

// listing is what there is to choose from, as it is printed.
type listing struct {
	Slots    []listedSlot    `json:"slots,omitempty"`
	Areas    []listedArea    `json:"areas,omitempty"`
	Features []listedFeature `json:"features,omitempty"`
	Presets  []listedPreset  `json:"presets,omitempty"`
}

type listedSlot struct {
	Name     string              `json:"name"`
	Title    string              `json:"title"`
	Question string              `json:"question"`
	Default  string              `json:"default"`
	When     generator.Condition `json:"when,omitempty"`
	Values   []listedFeature     `json:"values"`
}

type listedArea struct {
	Name     string `json:"name"`
	Title    string `json:"title"`
	Question string `json:"question"`
}

type listedFeature struct {
	Name      string   `json:"name"`
	Area      string   `json:"area,omitempty"`
	Title     string   `json:"title,omitempty"`
	Summary   string   `json:"summary,omitempty"`
	Requires  []string `json:"requires,omitempty"`
	Conflicts []string `json:"conflicts,omitempty"`
}

type listedPreset struct {
	Name     string            `json:"name"`
	Slots    map[string]string `json:"slots"`
	Features []string          `json:"features,omitempty"`

	flags []string
}

func newListing(catalog *generator.Catalog, topics []string) (listing, error) {
	var l listing
	topic := strings.Join(topics, "")
	switch _, err := catalog.Named(topic); {
	case slices.Contains([]string{"", "features", "presets"}, topic):
	case err == nil:
		return l, fmt.Errorf("%s: it is a feature; did you mean otelgen show %[1]s?", topic)
	default:
		return l, fmt.Errorf("%s: no such list; %s", topic, problem.Suggest(topic, []string{"features", "presets"}))
	}
	if topic != "presets" {
		for _, slot := range catalog.Slots {
			l.Slots = append(l.Slots, listSlot(catalog, slot))
		}
		for _, area := range areas(catalog) {
			l.Areas = append(l.Areas, listedArea{area.Name, area.Title, area.Question})
			for _, f := range area.features {
				l.Features = append(l.Features, listFeature(catalog, f))
			}
		}
	}
	if topic != "features" {
		for _, name := range presetNames() {
			one, err := listPreset(catalog, name)
			if err != nil {
				return l, err
			}
			l.Presets = append(l.Presets, one)
		}
	}
	return l, nil
}

func listSlot(catalog *generator.Catalog, slot generator.Slot) listedSlot {
	l := listedSlot{Name: slot.Name, Title: slot.Title, Question: slot.Question, Default: slot.Default, When: slot.When}
	for _, value := range slot.Values {
		listed := listedFeature{Name: value, Summary: "no " + inSentence(slot.Title)}
		for _, f := range catalog.Features {
			if f.Name == value {
				listed = listFeature(catalog, f)
			}
		}
		l.Values = append(l.Values, listed)
	}
	return l
}

// listFeature lists a feature with what else people choose that comes with it, and
// with what cannot, whichever of the two says so.
func listFeature(catalog *generator.Catalog, f *generator.Feature) listedFeature {
	listed := listedFeature{Name: f.Name, Area: f.Area, Title: f.Title, Summary: f.Summary}
	for _, other := range choosable(catalog) {
		if slices.Contains(f.Requires, other.Name) {
			listed.Requires = append(listed.Requires, other.Name)
		}
		if slices.Contains(f.Conflicts, other.Name) || slices.Contains(other.Conflicts, f.Name) {
			listed.Conflicts = append(listed.Conflicts, other.Name)
		}
	}
	return listed
}

// listPreset lists what a preset comes to, defaults included.
func listPreset(catalog *generator.Catalog, name string) (listedPreset, error) {
	spec, err := preset(name)
	if err != nil {
		return listedPreset{}, err
	}
	spec.Service, spec.Module = "any", anyModule
	selection, err := generator.Resolve(catalog, spec)
	if err != nil {
		return listedPreset{}, err
	}
	return listedPreset{name, selection.Spec.Slots, selection.Spec.Features, flagsOf(catalog, selection.Spec)}, nil
}

// optional returns the features that are chosen by --with.
func optional(catalog *generator.Catalog) []*generator.Feature {
	return slices.DeleteFunc(slices.Clone(catalog.Features), func(f *generator.Feature) bool {
		return !f.Optional()
	})
}

// area is an area with its features.
type area struct {
	generator.Area
	features []*generator.Feature
}

// areas returns the areas of the features that are chosen by --with. Features without
// an area, which only a catalog without areas has, are in one of their own.
func areas(catalog *generator.Catalog) []area {
	var all []area
	for _, a := range append(slices.Clone(catalog.Areas), generator.Area{Title: "Features", Question: "What else should it have?"}) {
		one := area{Area: a}
		for _, f := range optional(catalog) {
			if f.Area == a.Name {
				one.features = append(one.features, f)
			}
		}
		if one.features != nil {
			all = append(all, one)
		}
	}
	return all
}

// print prints the listing for people.
func (l listing) print(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	between := ""
	section := func(title string) {
		fmt.Fprintf(table, "%s%s\n", between, title)
		between = "\n"
	}
	for _, slot := range l.Slots {
		section(fmt.Sprintf("%s, --%s%s", slot.Title, slot.Name, onlyWhen(slot.When)))
		for _, value := range slot.Values {
			note := value.Summary
			if value.Name == slot.Default {
				note = strings.TrimSpace(note + " (default)")
			}
			fmt.Fprintf(table, "  %s\t%s\n", value.Name, note)
		}
	}
	for _, area := range l.Areas {
		section(area.Title + ", --with")
		for _, f := range l.Features {
			if f.Area == area.Name {
				fmt.Fprintf(table, "  %s\t%s\n", f.Name, f.Summary)
			}
		}
	}
	if len(l.Presets) > 0 {
		section("Presets, --preset")
		for _, p := range l.Presets {
			fmt.Fprintf(table, "  %s\t%s\n", p.Name, strings.Join(p.flags, " "))
		}
	}
	return table.Flush()
}

// inSentence returns a title as it is within a sentence: in lower case, unless it is
// an abbreviation.
func inSentence(title string) string {
	if strings.ToUpper(title) == title {
		return title
	}
	return strings.ToLower(title)
}
