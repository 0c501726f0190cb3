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
	switch names := presetNames(); {
	case strings.Contains(name, ","):
		return generator.Spec{}, fmt.Errorf("preset %s: a service begins with one preset; choose one of them", name)
	case !slices.Contains(names, name):
		return generator.Spec{}, fmt.Errorf("preset %s: there is no such preset; %s", name, problem.Suggest(name, names))
	}
	return generator.ParseSpec(presetFile(name), presetData(name), thisVersion())
}

// noPreset refuses the name of a preset where that of a feature is expected.
func noPreset(names []string) error {
	for _, name := range names {
		if slices.Contains(presetNames(), name) {
			return fmt.Errorf("%s: it is a preset, with which a service begins, and not a feature; otelgen list presets shows what it consists of", name)
		}
	}
	return nil
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
