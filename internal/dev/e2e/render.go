package e2e

import (
	"sync"
	"testing"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/generator/project"
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
	tree, _ := render(t, catalog, spec)
	return tree
}

func render(t testing.TB, catalog *generator.Catalog, spec generator.Spec) (generator.Tree, *generator.Selection) {
	t.Helper()
	selection, err := generator.Resolve(catalog, spec)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := generator.Render(selection)
	if err != nil {
		t.Fatal(err)
	}
	return tree, selection
}

// New makes a new project in dir, which must not exist, as `otelgen new` does.
func New(t testing.TB, catalog *generator.Catalog, dir string, spec generator.Spec) {
	t.Helper()
	p, err := project.New(dir)
	if err != nil {
		t.Fatal(err)
	}
	apply(t, p, Render(t, catalog, spec))
}

// Update updates the project in dir to another Spec, as `otelgen add` and
// `otelgen remove` do.
func Update(t testing.TB, catalog *generator.Catalog, dir string, spec generator.Spec) {
	t.Helper()
	p, err := project.Begin(dir, "otelgen add", func(said string) { t.Log(said) })
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	tree, selection := render(t, catalog, spec)
	p.WriteOnce(selection.Once())
	apply(t, p, tree)
}

func apply(t testing.TB, p *project.Project, tree generator.Tree) {
	t.Helper()
	plan, err := p.Compare(tree, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Apply(plan); err != nil {
		t.Fatal(err)
	}
}
