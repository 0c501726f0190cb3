//go:build matrix

package e2e_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/tools/go/packages"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/internal/dev/e2e"
)

// Whatever is selected, the project is sound. The names differ from those of the
// committed projects in all that can differ: a long name and a short one, a path
// and none. Projects of one name are cloned to one directory, one after the
// other, so that Go builds and tests a package once that is the same in many: one name
// is that of all features with the default API, the other that of each alone, and of
// all with another API.
//
// Each optional feature is there alone, and each value of a slot with all of them, or with
// those of the preset full. That all that can be together compiles is for
// TestSelections_TypeCheck to see, which takes no time. The race detector triples what
// a project takes, and races come from what is together, so one project with all features
// is tested with it, without a database: TestMatrix_Servers has databases with it.
func TestMatrix(t *testing.T) {
	t.Parallel()
	names := [...]generator.Spec{
		{Service: "x", Module: "x"},
		{Service: "order-fulfilment-service", Module: "github.com/acme/order-fulfilment-service/v2"},
	}
	alone := slices.DeleteFunc(e2e.Alone(t, e2e.Catalog(t)), func(spec generator.Spec) bool { return len(spec.Features) == 0 })
	alone = e2e.DifferentCode(t, e2e.Catalog(t), alone)
	specs := e2e.DifferentCode(t, e2e.Catalog(t), slices.Concat(alone, richWithFull(t)))
	defaultAPI, _ := e2e.Catalog(t).Complete(nil)
	named := func(j int) int { // which name a project has
		if j >= len(alone) && specs[j].Slots["api"] == defaultAPI["api"] {
			return 0
		}
		return 1
	}
	raced := len(alone) + slices.IndexFunc(specs[len(alone):], func(spec generator.Spec) bool { return spec.Slots["database"] == generator.None })
	ci := []string{"github", "gitlab", "none"} // which changes no code, but tests read its files
	var mu sync.Mutex
	var tested, cached int
	t.Run("all", func(t *testing.T) {
		for i, name := range names {
			t.Run(name.Service, func(t *testing.T) {
				t.Parallel()
				place := filepath.Join(t.TempDir(), "project")
				for j, spec := range specs {
					if named(j) != i {
						continue
					}
					spec.Service, spec.Module = name.Service, name.Module
					spec.Slots = maps.Clone(spec.Slots)
					spec.Slots["ci"] = ci[j%len(ci)]
					t.Run(describe(t, spec), func(t *testing.T) {
						made := filepath.Join(t.TempDir(), "made")
						e2e.New(t, e2e.Catalog(t), made, spec)
						e2e.CloneTo(t, made, place)
						var flags []string
						if j == raced {
							flags = []string{"-race"}
						}
						n, hits := e2e.CheckProject(t, place, flags...)
						mu.Lock()
						defer mu.Unlock()
						tested, cached = tested+n, cached+hits
					})
				}
			})
		}
	})
	t.Logf("%d selections; %d packages with tests, %d of them as in an earlier selection", len(specs), tested, cached)
}

// richWithFull returns the rich Specs. The preset full takes the place of the one that
// chooses the same, for what that one has besides is in others, too.
func richWithFull(t *testing.T) []generator.Spec {
	t.Helper()
	spec := preset(t, "full")
	spec.Service, spec.Module = "shop", "shop"
	full, err := generator.Resolve(e2e.Catalog(t), spec)
	if err != nil {
		t.Fatal(err)
	}
	code := func(spec generator.Spec) map[string]string {
		choices := maps.Clone(spec.Slots)
		delete(choices, "backend") // which changes no code, as CI does not
		delete(choices, "ci")
		return choices
	}
	specs := e2e.Rich(t, e2e.Catalog(t))
	place := slices.IndexFunc(specs, func(spec generator.Spec) bool { return maps.Equal(code(spec), code(full.Spec)) })
	if place < 0 {
		t.Fatal("no rich selection chooses what the preset full does")
	}
	specs[place] = full.Spec
	return specs
}

// describe names a selection.
func describe(t *testing.T, spec generator.Spec) string {
	t.Helper()
	var name strings.Builder
	for _, slot := range e2e.Catalog(t).Slots {
		fmt.Fprintf(&name, "%s ", spec.Slots[slot.Name])
	}
	name.WriteString(strings.Join(spec.Features, " "))
	return strings.TrimSpace(name.String())
}

// The default service type-checks, tests included, on its owner's system as well.
func TestMatrix_OtherSystems(t *testing.T) {
	t.Parallel()
	for _, system := range []string{"darwin", "windows"} {
		found, err := packages.Load(&packages.Config{
			Mode: packages.LoadAllSyntax, Tests: true, Env: append(os.Environ(), "GOWORK=off", "GOOS="+system),
			Dir: filepath.Join(e2e.Root(t), "testdata", "golden", "default"),
		}, "./...")
		if err != nil || len(found) < 30 {
			t.Fatalf("%s: %d packages, %v", system, len(found), err)
		}
		packages.Visit(found, nil, func(p *packages.Package) {
			for _, problem := range p.Errors {
				t.Errorf("%s: %v", system, problem)
			}
		})
	}
}

// A service with resources is as sound as one without: it builds, its tests are green, and
// the linter has nothing to say. TestMatrix has one that shares memory, with the race
// detector.
func TestMatrix_Resources(t *testing.T) {
	t.Parallel()
	place := filepath.Join(t.TempDir(), "project")
	for name, spec := range map[string]generator.Spec{
		"default":             {},
		"plain gin sqlite":    {Slots: map[string]string{"api": "plain", "router": "gin", "database": "sqlite", "store": "gorm"}},
		"plain echo postgres": {Slots: map[string]string{"api": "plain", "router": "echo", "database": "postgres"}, Features: []string{"auth"}},
	} {
		t.Run(name, func(t *testing.T) {
			spec.Service, spec.Module, spec.Resources = "shop", "shop", resources
			dir := filepath.Join(t.TempDir(), "made")
			e2e.New(t, e2e.Catalog(t), dir, spec)
			e2e.CloneTo(t, dir, place)
			e2e.CheckProject(t, place)
		})
	}
}
