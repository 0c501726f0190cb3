//go:build matrix

package e2e_test

import (
	"fmt"
	"math/bits"
	"path/filepath"
	"strings"
	"testing"

	"github.com/otelgen/otelgen/internal/dev/e2e"
)

// Whatever is selected, the project is sound. The names differ from those of the
// committed projects in all that can differ: a long name and a short one, a path
// and none.
func TestMatrix(t *testing.T) {
	specs := e2e.EveryPair(t, e2e.Catalog(t))
	t.Logf("%d selections", len(specs))
	for i, spec := range specs {
		var name strings.Builder
		for _, slot := range e2e.Catalog(t).Slots {
			fmt.Fprintf(&name, "%s ", spec.Slots[slot.Name])
		}
		name.WriteString(strings.Join(spec.Features, " "))
		spec.Service, spec.Module = "x", "x"
		if bits.OnesCount(uint(i))%2 == 0 { // and not i%2, which goes with the last of the choices
			spec.Service, spec.Module = "order-fulfilment-service", "github.com/acme/order-fulfilment-service/v2"
		}
		t.Run(name.String(), func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "project")
			e2e.New(t, e2e.Catalog(t), dir, spec)
			e2e.CheckProject(t, e2e.Clone(t, dir))
		})
	}
}

// The default service compiles, tests included, on its owner's system as well.
func TestMatrix_OtherSystems(t *testing.T) {
	for _, system := range []string{"darwin", "windows"} {
		t.Setenv("GOOS", system)
		e2e.Go(t, filepath.Join(e2e.Root(t), "testdata", "golden", "default"), "vet", "./...")
	}
}
