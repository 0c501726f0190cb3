package e2e_test

import (
	"path/filepath"
	"testing"

	"github.com/otelgen/otelgen/internal/dev/e2e"
)

// A service that nobody touched, and that is updated to another selection, is
// what it would have been from the beginning, record included.
func TestUpdate_ToAnotherSelection(t *testing.T) {
	specs := e2e.EveryPair(t, e2e.Catalog(t))
	for i, to := range specs {
		from := specs[(i+len(specs)/2+1)%len(specs)]
		dir, fresh := filepath.Join(t.TempDir(), "shop"), filepath.Join(t.TempDir(), "shop")
		e2e.New(t, e2e.Catalog(t), dir, from)
		e2e.New(t, e2e.Catalog(t), fresh, to)
		e2e.Update(t, e2e.Catalog(t), dir, to)
		got, want := files(t, dir), files(t, fresh)
		delete(got, "/.otelgen/undo") // what git does not see either
		for path := range want {
			if got[path] != want[path] {
				t.Errorf("%v %v to %v %v: %s is another", from.Slots, from.Features, to.Slots, to.Features, path)
			}
			delete(got, path)
		}
		for path := range got {
			t.Errorf("%v %v to %v %v: %s is left", from.Slots, from.Features, to.Slots, to.Features, path)
		}
	}
}
