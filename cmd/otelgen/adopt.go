package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/mod/modfile"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/generator/project"
)

func adoptCommand(catalog *generator.Catalog) *cobra.Command {
	var output format
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "adopt [DIR]",
		Short: "Record the choices of a service whose record is lost",
		Long: `Find out which choices a service was made with, and record them, so that otelgen can
update it again. Use it for a service whose directory .otelgen is lost, and for a copy
that was made by hand. DIR is the directory of the service; the default is this one.

otelgen compares the service with what it would write for different choices, takes
those that match the most lines, and prints them as an otelgen new command. It writes
only to .otelgen. Every other difference counts as your change, and every missing file
as deleted by you; otelgen diff --mine prints them. If you know which version of
otelgen made the service, adopt it with that version and then update it with the
newest. Resources are found only if .otelgen/spec.yaml exists.`,
		Example: `  otelgen adopt --dry-run
  otelgen adopt services/shop`,
		Args:              atMost(1, "otelgen adopt takes one service"),
		ValidArgsFunction: completeDirectories,
		RunE: func(cmd *cobra.Command, args []string) error {
			a, err := adopt(catalog, filepath.Clean(cmp.Or(strings.Join(args, ""), ".")), dryRun)
			if err != nil {
				return err
			}
			if output.json() {
				return printJSON(cmd.OutOrStdout(), a)
			}
			fmt.Fprintln(cmd.OutOrStdout(), a.Command)
			fmt.Fprintf(cmd.ErrOrStderr(), "%s: %s\n", a.Service, a.outcome())
			return nil
		},
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "print what would be recorded, and write nothing")
	output.addTo(cmd)
	return cmd
}

// adoption is what has been found out about a service.
type adoption struct {
	Dir      string            `json:"dir"`
	Service  string            `json:"service"`
	Module   string            `json:"module"`
	Slots    map[string]string `json:"slots"`
	Features []string          `json:"features,omitempty"`
	Command  string            `json:"command"` // that makes such a service
	Same     int               `json:"same"`    // files that are as this otelgen writes them
	Edited   []string          `json:"edited"`  // files that differ
	Missing  []string          `json:"missing"` // files that are not there
	DryRun   bool              `json:"dry_run"`
}

func adopt(catalog *generator.Catalog, dir string, dryRun bool) (*adoption, error) {
	p, err := project.Adopt(dir, "otelgen adopt")
	if err != nil {
		return nil, err
	}
	guesses, err := guess(p)
	if err != nil {
		return nil, err
	}
	f := fitting{catalog: catalog, dir: dir, files: map[string]map[string]int{}}
	if err := f.improve(guesses); err != nil {
		return nil, err
	}
	if f.common*2 <= f.total {
		return nil, fmt.Errorf("%s: otelgen did not make this service: only %d of %d lines match the closest choices; name another directory", project.Named(dir), f.common, f.total)
	}
	plan, err := p.Adoption(f.tree)
	if err != nil {
		return nil, err
	}
	a := &adoption{
		Dir: filepath.ToSlash(dir), Service: f.spec.Service, Module: f.spec.Module, Slots: f.spec.Slots, Features: f.spec.Features,
		Edited: []string{}, Missing: []string{}, DryRun: dryRun,
	}
	a.Command = strings.Join(append([]string{"otelgen", "new", f.spec.Service, "--module", f.spec.Module}, flagsOf(catalog, f.spec)...), " ")
	for _, c := range plan {
		switch {
		case c.Path == generator.SpecFile:
		case c.Action == project.None:
			a.Same++
		case c.Action == project.Gone:
			a.Missing = append(a.Missing, c.Path)
		default:
			a.Edited = append(a.Edited, c.Path)
		}
	}
	if dryRun {
		return a, nil
	}
	return a, p.Apply(plan)
}

func (a *adoption) outcome() string {
	outcome := "adopted"
	if a.DryRun {
		outcome = "would be adopted; nothing has been written"
	}
	return fmt.Sprintf("%s (%s as this otelgen writes them, %d different, %d missing)", outcome, counted(a.Same), len(a.Edited), len(a.Missing))
}

// guess returns the Spec of a project, or, if it has none, one for each name that
// the service may have: that of a program.
func guess(p *project.Project) ([]generator.Spec, error) {
	if p.SpecYAML != nil {
		spec, err := specOf(p)
		return []generator.Spec{spec}, err
	}
	mod, err := os.ReadFile(filepath.Join(p.Dir, "go.mod"))
	if err != nil {
		return nil, fmt.Errorf("%s: there is no go.mod in it; name the directory of a service that otelgen made", project.Named(p.Dir))
	}
	mains, err := filepath.Glob(filepath.Join(p.Dir, "cmd", "*", "main.go"))
	if err != nil {
		return nil, err
	}
	var all []generator.Spec
	for _, file := range mains {
		spec := generator.Spec{Service: filepath.Base(filepath.Dir(file)), Module: modfile.ModulePath(mod)}
		if spec.Validate() == nil {
			all = append(all, spec)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s: there is no program in cmd; name the directory of a service that otelgen made", project.Named(p.Dir))
	}
	return all, nil
}

// fitting is a search for the choices that a directory fits best.
type fitting struct {
	catalog *generator.Catalog
	dir     string
	files   map[string]map[string]int // that have been read: how often each line is in them

	spec          generator.Spec // the best so far
	tree          generator.Tree
	common, total int // lines of the tree: that are there, and all
}

// improve starts from the best of some Specs and changes one choice at a time, as long
// as that makes it better.
func (f *fitting) improve(guesses []generator.Spec) error {
	for _, spec := range guesses {
		if _, err := f.try(spec); err != nil {
			return err
		}
	}
	for improved := true; improved; {
		improved = false
		for _, other := range f.neighbours() {
			if better, err := f.try(other); err == nil && better { // an error: it cannot be chosen
				improved = true
			}
		}
	}
	return nil
}

// neighbours returns the Specs that differ from the best in one choice.
func (f *fitting) neighbours() (all []generator.Spec) {
	add := func(spec generator.Spec, err error) {
		if err == nil {
			all = append(all, spec)
		}
	}
	for _, slot := range f.catalog.Slots {
		for _, value := range append(slices.Clone(slot.Values), generator.None) {
			if value != f.spec.Slots[slot.Name] {
				add(f.catalog.Set(f.spec, map[string]string{slot.Name: value}))
			}
		}
	}
	for _, feature := range optional(f.catalog) {
		if slices.Contains(f.spec.Features, feature.Name) {
			add(f.catalog.Without(f.spec, feature.Name))
		} else {
			add(f.catalog.With(f.spec, feature.Name))
		}
	}
	return all
}

// try keeps a Spec if it is better than the best so far. Each of its lines that the
// directory has counts for it, and each other line against it.
func (f *fitting) try(spec generator.Spec) (better bool, err error) {
	spec.Otelgen = thisVersion()
	selection, tree, err := render(f.catalog, spec)
	if err != nil {
		return false, err
	}
	common, total := 0, 0
	for name, content := range tree {
		if name == generator.SpecFile {
			continue
		}
		here := f.lines(name)
		for line, n := range linesOf(content) {
			common, total = common+min(n, here[line]), total+n
		}
	}
	if f.tree != nil && 2*common-total <= 2*f.common-f.total {
		return false, nil
	}
	f.spec, f.tree, f.common, f.total = selection.Spec, tree, common, total
	return true, nil
}

// lines returns the lines of a file that is there.
func (f *fitting) lines(name string) map[string]int {
	if _, read := f.files[name]; !read {
		content, _ := os.ReadFile(filepath.Join(f.dir, filepath.FromSlash(name))) // what cannot be read has none
		f.files[name] = linesOf(content)
	}
	return f.files[name]
}

// linesOf returns how often each line is in a text. Empty ones do not count.
func linesOf(text []byte) map[string]int {
	lines := map[string]int{}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" {
			lines[line]++
		}
	}
	return lines
}
