package generator_test

import (
	"fmt"
	"log"
	"maps"
	"slices"

	"golang.org/x/tools/txtar"

	"github.com/otelgen/otelgen/generator"
)

// This catalog has two features. Every service has the first, which owns the
// README; the second is optional, and adds a line to it.
const catalogFiles = `
-- slots.yaml --
[]
-- shared/service/feature.yaml --
title: Service
summary: what every service has
always: true
index:
  files: [README.md]
  lists: {about: line}
-- modules.lock --
go 1.26.0
-- shared/service/files/README.md.tmpl --
# {{.Service}}
{{range .Lists.about}}
- {{.}}
{{- end}}
-- shared/service/files/cmd/__service__/main.go.tmpl --
package main

func main() { println("{{.Service}}") }
-- feature/counter/feature.yaml --
title: Counter
summary: counts requests
adds:
  about: ["{{.Service}} counts its requests."]
-- feature/counter/files/counter/counter.go.tmpl --
// Package counter counts requests.
package counter
`

func Example() {
	files, err := txtar.FS(txtar.Parse([]byte(catalogFiles)))
	if err != nil {
		log.Fatal(err)
	}
	catalog, err := generator.Load(files)
	if err != nil {
		log.Fatal(err)
	}
	spec := generator.Spec{Service: "shop", Module: "example.com/shop", Features: []string{"counter"}}
	selection, err := generator.Resolve(catalog, spec)
	if err != nil {
		log.Fatal(err)
	}
	tree, err := generator.Render(selection)
	if err != nil {
		log.Fatal(err)
	}
	for _, path := range slices.Sorted(maps.Keys(tree)) {
		fmt.Println(path)
	}
	fmt.Printf("\n%s", tree["README.md"])
	// Output:
	// .otelgen/spec.yaml
	// README.md
	// cmd/shop/main.go
	// counter/counter.go
	// go.mod
	// go.sum
	//
	// # shop
	//
	// - shop counts its requests.
}
