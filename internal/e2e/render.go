package e2e

import (
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/templates"
)

// catalog is loaded once for all tests of a package.
var catalog = sync.OnceValues(func() (*generator.Catalog, error) { return generator.Load(templates.FS) })

// Catalog returns the templates.
func Catalog(t testing.TB) *generator.Catalog {
	t.Helper()
	c, err := catalog()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Render renders a Spec of a catalog.
func Render(t testing.TB, catalog *generator.Catalog, spec generator.Spec) generator.Tree {
	t.Helper()
	selection, err := generator.Resolve(catalog, spec)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := generator.Render(selection)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// New makes a new project in dir, which must not exist, as `otelgen new` does.
func New(t testing.TB, catalog *generator.Catalog, dir string, spec generator.Spec) {
	t.Helper()
	project, err := generator.NewProject(dir)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := generator.Compare(project, Render(t, catalog, spec), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := generator.Apply(project, plan); err != nil {
		t.Fatal(err)
	}
}

// Specs returns the total Spec of every selection that there is.
func Specs(t testing.TB) []generator.Spec {
	t.Helper()
	c := Catalog(t)
	specs := []generator.Spec{{Service: "shop", Module: "shop", Slots: map[string]string{}}}
	for _, slot := range c.Slots {
		values := slot.Values
		if len(slot.When) > 0 { // where it does not exist it has no value
			values = append(slices.Clone(values), "")
		}
		specs = multiply(specs, values, func(spec *generator.Spec, value string) {
			spec.Slots = maps.Clone(spec.Slots)
			if value != "" {
				spec.Slots[slot.Name] = value
			}
		})
	}
	for _, f := range c.Features {
		if f.Optional() {
			specs = multiply(specs, []string{"", f.Name}, func(spec *generator.Spec, name string) {
				if name != "" {
					spec.Features = append(slices.Clone(spec.Features), name)
				}
			})
		}
	}
	total := map[string]generator.Spec{}
	for _, spec := range specs {
		if selection, err := generator.Resolve(c, spec); err == nil {
			total[string(selection.Spec.YAML())] = selection.Spec
		}
	}
	all := make([]generator.Spec, 0, len(total))
	for _, name := range slices.Sorted(maps.Keys(total)) {
		all = append(all, total[name])
	}
	return all
}

func multiply(specs []generator.Spec, values []string, set func(*generator.Spec, string)) []generator.Spec {
	var all []generator.Spec
	for _, spec := range specs {
		for _, value := range values {
			varied := spec
			set(&varied, value)
			all = append(all, varied)
		}
	}
	return all
}
