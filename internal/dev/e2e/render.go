package e2e

import (
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
