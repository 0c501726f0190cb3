package releases_test

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/internal/dev/e2e"
	"github.com/otelgen/otelgen/internal/dev/releases"
	"github.com/otelgen/otelgen/templates"
)

// The releases differ in every way that an update has to deal with, and the
// service of each of them builds.
func TestLater(t *testing.T) {
	spec := generator.Spec{Service: "shop", Module: "example.com/shop", Features: []string{"background", "cors"}}
	var last generator.Tree
	for n := range 3 {
		files, err := releases.Later(templates.FS, n)
		if err != nil {
			t.Fatal(err)
		}
		catalog, err := generator.Load(files)
		if err != nil {
			t.Fatal(err)
		}
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
