// Command wasm prints the Tree of the default service as JSON. Built with
// GOOS=js GOARCH=wasm, it shows that package generator works in a browser.
package main

import (
	"encoding/json"
	"log"
	"os"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/templates"
)

func main() {
	tree, err := render()
	if err != nil {
		log.Fatal(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(tree); err != nil {
		log.Fatal(err)
	}
}

func render() (generator.Tree, error) {
	catalog, err := generator.Load(templates.FS)
	if err != nil {
		return nil, err
	}
	selection, err := generator.Resolve(catalog, generator.Spec{Service: "shop", Module: "example.com/shop"})
	if err != nil {
		return nil, err
	}
	return generator.Render(selection)
}
