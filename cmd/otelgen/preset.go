package main

import (
	"embed"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/internal/problem"
)

// presets are Specs without names, one file each. They are data that names
// features, as a user would, so the catalog need not know of them.
//
//go:embed presets/*.yaml
var presets embed.FS

// presetNames returns the names of the presets, sorted.
func presetNames() []string {
	files, err := presets.ReadDir("presets")
	if err != nil {
		panic(err) // it is embedded
	}
	var names []string
	for _, file := range files {
		names = append(names, strings.TrimSuffix(file.Name(), ".yaml"))
	}
	return names
}

// preset returns the Spec that goes by a name.
func preset(name string) (generator.Spec, error) {
	if names := presetNames(); !slices.Contains(names, name) {
		return generator.Spec{}, fmt.Errorf("preset %s: there is no such preset; %s", name, problem.Suggest(name, names))
	}
	return generator.ParseSpec(presetFile(name), presetData(name), thisVersion())
}

// presetSummary returns the first line of a preset, a comment that says what it
// is.
func presetSummary(name string) string {
	first, _, _ := strings.Cut(string(presetData(name)), "\n")
	return strings.TrimPrefix(first, "# ")
}

func presetFile(name string) string { return path.Join("presets", name+".yaml") }

func presetData(name string) []byte {
	data, err := presets.ReadFile(presetFile(name))
	if err != nil {
		panic(err) // it is embedded
	}
	return data
}
