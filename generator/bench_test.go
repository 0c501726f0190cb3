package generator

import (
	"fmt"
	"os"
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
