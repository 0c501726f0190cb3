package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/generator/project"
	"github.com/otelgen/otelgen/internal/problem"
)

func explainCommand(catalog *generator.Catalog) *cobra.Command {
	var output format
	cmd := &cobra.Command{
		Use:   "explain FILE...",
		Short: "Explain which feature a file belongs to",
		Long: `Explain which feature each file of a service belongs to, why the service has that
feature, and whether you changed the file.`,
		Example: `  otelgen explain cmd/shop/serve.go`,
		Args: func(cmd *cobra.Command, files []string) error {
			if len(files) == 0 {
				return fmt.Errorf("%s: the name of a file is missing; give one or more, such as go.mod", cmd.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, files []string) error {
			all := []explained{}
			var errs []error
			for _, file := range files {
				one, err := explain(catalog, file)
				if err != nil {
					errs = append(errs, err)
					continue
				}
				all = append(all, one)
			}
			if output.json() {
				return errors.Join(append(errs, printJSON(cmd.OutOrStdout(), all))...)
			}
			for _, one := range all {
				one.print(cmd.OutOrStdout())
			}
			return errors.Join(errs...)
		},
	}
	output.addTo(cmd)
	return cmd
}

// explained is what is known about a file.
type explained struct {
	File    string   `json:"file"`
	Service string   `json:"service"`
	Feature string   `json:"feature,omitempty"` // that it is from; "" if it is the owner's, or follows from all
	Summary string   `json:"summary,omitempty"` // of that
	Because []string `json:"because,omitempty"` // choices, or features, that bring the feature
	State   string   `json:"state"`
}

func explain(catalog *generator.Catalog, file string) (explained, error) {
	dir := projectOf(file)
	if dir == "" {
		return explained{}, fmt.Errorf("%s: it is not in an otelgen project; name a file of one", file)
	}
	below, err := relative(dir, file)
	if err != nil {
		return explained{}, err
	}
	p, err := project.Load(dir)
	if err != nil {
		return explained{}, err
	}
	spec, err := specOf(p)
	if err != nil {
		return explained{}, err
	}
	spec.Otelgen = thisVersion()
	selection, tree, err := render(catalog, spec)
	if err != nil {
		return explained{}, err
	}
	e := explained{File: filepath.ToSlash(below), Service: spec.Service}
	next, ours := tree[e.File]
	info, statErr := os.Stat(file)
	switch disk, err := os.ReadFile(file); {
	case statErr == nil && info.IsDir():
		return explained{}, fmt.Errorf("%s: it is a directory; name a file in it", file)
	case !ours && err != nil:
		wayOut := cmp.Or(didYouMean(e.File, tree), "name a file of the service")
		if _, err := catalog.Named(file); err == nil {
			wayOut = "did you mean otelgen show " + file + "?"
		}
		return explained{}, fmt.Errorf("%s: no such file; %s", file, wayOut)
	case !ours:
		e.State = "yours: otelgen did not write it"
		return e, nil
	case err != nil:
		e.State = "deleted: otelgen wrote it, and updates do not write it again"
		if _, unwritten := project.Original(dir, e.File); unwritten != nil {
			e.State = "missing: an update writes it"
		}
	case bytes.Equal(disk, next):
		e.State = "unchanged"
	default:
		e.State = "changed: otelgen diff --mine prints your changes, and otelgen diff those of an update"
	}
	if owner := selection.Owners()[e.File]; owner != nil {
		e.Feature, e.Summary = owner.Name, owner.Summary
		e.Because = because(selection, owner)
	}
	return e, nil
}

// didYouMean asks whether the file of a tree that is most like another was meant. It
// is "" if none is like it.
func didYouMean(file string, tree generator.Tree) string {
	near := problem.Nearest(file, slices.Collect(maps.Keys(tree)))
	if near == "" {
		return ""
	}
	return "did you mean " + near + "?"
}

// relative returns a file as a path from a directory, which may be above the
// current one.
func relative(dir, file string) (string, error) {
	from, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	to, err := filepath.Abs(file)
	if err != nil {
		return "", err
	}
	return filepath.Rel(from, to)
}

// because says what brings a feature to a selection.
func because(s *generator.Selection, f *generator.Feature) []string {
	switch {
	case f.Always:
		return []string{"every service has it"}
	case f.Slot != "":
		return []string{"the " + f.Slot + " is " + f.Name}
	case f.Joint():
		return []string{"the service has " + f.When.String()}
	case f.Optional() && slices.Contains(s.Spec.Features, f.Name) && len(s.RequiredBy(f.Name)) == 0:
		return []string{"it is chosen"}
	}
	var all []string
	for _, other := range s.RequiredBy(f.Name) {
		all = append(all, other.Name+" requires it")
	}
	return all
}

func (e explained) print(w io.Writer) {
	fmt.Fprintln(w, e.File)
	feature := cmp.Or(e.Feature, "otelgen itself: it follows from all that the service is made of")
	if e.Summary != "" {
		feature += ": " + e.Summary
	}
	if !strings.HasPrefix(e.State, "yours") {
		fmt.Fprintf(w, "  from   %s\n", feature)
	}
	if len(e.Because) > 0 {
		fmt.Fprintf(w, "  why    %s\n", strings.Join(e.Because, ", "))
	}
	fmt.Fprintf(w, "  state  %s\n", e.State)
}
