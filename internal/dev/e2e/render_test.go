package e2e_test

import (
	"bytes"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/internal/dev/e2e"
	"github.com/otelgen/otelgen/templates"
)

// A selection gives the same bytes each time: from a catalog that was read in
// another order, or from a disk, and while others render from it.
func TestSelections_RenderTheSame(t *testing.T) {
	specs := e2e.EveryPair(t, e2e.Catalog(t))
	want := make([]generator.Tree, len(specs))
	for i, spec := range specs {
		want[i] = e2e.Render(t, e2e.Catalog(t), spec)
	}
	disk := os.DirFS(filepath.Join(e2e.Root(t), "templates"))
	for from, files := range map[string]fs.FS{"the same": templates.FS, "another order": backwards{templates.FS}, "a disk": disk} {
		c, err := generator.Load(files)
		if err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for i, spec := range specs {
			all.Go(func() {
				if got := e2e.Render(t, c, spec); !maps.EqualFunc(got, want[i], bytes.Equal) {
					t.Errorf("%v %v, from %s: another tree", spec.Slots, spec.Features, from)
				}
			})
		}
		all.Wait()
	}
}

// backwards lists directories from their end.
type backwards struct{ fs.FS }

func (b backwards) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(b.FS, name)
	slices.Reverse(entries)
	return entries, err
}

// Selections, resolved and rendered on all processors: how fast tests can go
// through them.
func BenchmarkRender_Selections(b *testing.B) {
	specs := e2e.EveryTriple(b, e2e.Catalog(b))
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for i := 0; p.Next(); i++ {
			e2e.Render(b, e2e.Catalog(b), specs[i%len(specs)])
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "selections/s")
}

// Selections, rendered and kept: what a test needs that looks at all of them at
// once.
func BenchmarkRender_Everything(b *testing.B) {
	specs := e2e.EveryTriple(b, e2e.Catalog(b))
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var trees []generator.Tree
	b.ReportAllocs()
	for b.Loop() {
		trees = nil
		for _, spec := range specs {
			trees = append(trees, e2e.Render(b, e2e.Catalog(b), spec))
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(len(trees)), "selections")
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/(1<<20), "MiB-kept")
}
