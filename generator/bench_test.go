package generator

import (
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"testing"
)

// templates is the catalog that otelgen comes with: the one to be fast with.
var templates = os.DirFS("../templates")

func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		loaded(b, templates)
	}
}

func BenchmarkVet(b *testing.B) {
	c := loaded(b, templates)
	for b.Loop() {
		_ = c.Vet()
	}
}

func BenchmarkResolve(b *testing.B) {
	c := loaded(b, templates)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Resolve(c, shop(nil)); err != nil {
			b.Fatal(err)
		}
	}
}

// Each service has a name of its own, or what the catalog remembers would count.
func BenchmarkRender(b *testing.B) {
	c := loaded(b, templates)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		name := fmt.Sprintf("shop%d", i)
		rendered(b, c, Spec{Service: name, Module: "example.com/" + name})
	}
}

// Selections, resolved and rendered on all processors: how fast tests can go
// through what there is.
func BenchmarkRender_Selections(b *testing.B) {
	c := loaded(b, templates)
	all := selections(c)
	specs := slices.Sorted(maps.Keys(all))
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for i := 0; p.Next(); i++ {
			rendered(b, c, all[specs[i%len(specs)]])
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "selections/s")
}

// Everything there is, rendered and kept: what a test needs that looks at all
// of it at once.
func BenchmarkRender_Everything(b *testing.B) {
	c := loaded(b, templates)
	all := selections(c)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var trees []Tree
	b.ReportAllocs()
	for b.Loop() {
		trees = nil
		for _, spec := range all {
			trees = append(trees, rendered(b, c, spec))
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(len(trees)), "selections")
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/(1<<20), "MiB-kept")
}
