package releases_test

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/internal/dev/e2e"
	"github.com/otelgen/otelgen/internal/dev/releases"
	"github.com/otelgen/otelgen/templates"
)

// later returns the catalog of a release.
func later(t *testing.T, n int) *generator.Catalog {
	t.Helper()
	files, err := releases.Later(templates.FS, n)
	if err != nil {
		t.Fatal(err)
	}
	catalog, err := generator.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	return catalog
}

// The releases differ in every way that an update has to deal with, and the
// service of each of them builds.
func TestLater(t *testing.T) {
	spec := generator.Spec{Service: "shop", Module: "example.com/shop", Features: []string{"background", "cors"}}
	var last generator.Tree
	for n := range 3 {
		catalog := later(t, n)
		selection, err := generator.Resolve(catalog, spec)
		if err != nil {
			t.Fatal(err)
		}
		tree, err := generator.Render(selection)
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir() + "/shop"
		e2e.New(t, catalog, dir, spec)
		e2e.Go(t, dir, "build", "./...")
		var changed, came, gone int
		for p, content := range tree {
			switch old, ok := last[p]; {
			case !ok:
				came++
			case !bytes.Equal(old, content):
				changed++
			}
		}
		for p := range last {
			if tree[p] == nil {
				gone++
			}
		}
		moved := selection.Moved()
		t.Logf("release %d: %d files changed, %d came, %d went, moved are %v", n, changed, came, gone, slices.Sorted(maps.Keys(moved)))
		if n > 0 && (changed < 10 || came < 3 || gone < 3 || len(moved) < 3) {
			t.Errorf("release %d: %d files changed, %d came, %d went, %d moved: this tests little", n, changed, came, gone, len(moved))
		}
		if old, now := string(last["go.mod"]), string(tree["go.mod"]); n == 1 && old == now {
			t.Error("release 1: no module has another version")
		}
		if n == 2 && !strings.Contains(string(tree["cmd/shop/serve.go"]), "internal/run/lifecycle") {
			t.Error("release 2: no package has another directory")
		}
		last = tree
	}
}

// Whatever a service is made of, with each release Go files change, move, and do
// both, other files change, and one comes. There are files that change, and that
// move, with both.
func TestLater_EverySelection(t *testing.T) {
	const releasesOfAll = 3
	services := map[string][releasesOfAll]generator.Tree{}
	var moved [releasesOfAll]map[string]string
	for n := range moved {
		catalog := later(t, n)
		moved[n] = map[string]string{}
		for _, spec := range e2e.Alone(t, catalog) {
			selection, err := generator.Resolve(catalog, spec)
			if err != nil {
				t.Fatal(err)
			}
			maps.Copy(moved[n], selection.Moved())
			name := fmt.Sprint(spec.Slots, spec.Features)
			service := services[name]
			if service[n], err = generator.Render(selection); err != nil {
				t.Fatal(err)
			}
			services[name] = service
		}
	}
	want := []string{
		"changes 1", "changes 2", "changes 1, changes 2", "moves 1", "moves 2", "moves 1, moves 2",
		"changes and moves 1", "changes and moves 2", "lines 1", "lines 2", "comes 1", "comes 2", "goes 2",
	}
	for name, service := range services {
		has := map[string]bool{}
		for p := range service[0] {
			var changes, moves []string
			was := p
			for n := 1; n < len(service); n++ {
				now := cmp.Or(moved[n][p], p)
				changed := strings.Contains(string(service[n][now]), fmt.Sprintf(`_ = "release %d"`, n))
				if changed {
					changes = append(changes, fmt.Sprint("changes ", n))
				}
				if was != now {
					moves = append(moves, fmt.Sprint("moves ", n))
				}
				has[fmt.Sprint("changes and moves ", n)] = has[fmt.Sprint("changes and moves ", n)] || changed && was != now
				has[fmt.Sprint("lines ", n)] = has[fmt.Sprint("lines ", n)] || p != "README.md" && strings.Contains(string(service[n][now]), fmt.Sprintf("# Release %d.", n))
				was = now
			}
			has[strings.Join(changes, ", ")], has[strings.Join(moves, ", ")] = true, true
		}
		for n := 1; n < len(service); n++ {
			has[fmt.Sprint("comes ", n)] = service[n][fmt.Sprintf("internal/problem/release%d.go", n)] != nil
			has[fmt.Sprint("goes ", n)] = service[n][fmt.Sprintf("internal/problem/release%d.go", n-1)] == nil
		}
		for _, kind := range want {
			if !has[kind] {
				t.Errorf("%s: nothing %s", name, kind)
			}
		}
	}
}
