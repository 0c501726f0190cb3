package main

import (
	"path/filepath"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/generator/project"
)

// projectDir returns the directory of the project that the current directory is
// in, as a path from here: "." or "../..". It is "." if there is none.
func projectDir() string {
	if dir := projectOf("here"); dir != "" {
		return dir
	}
	return "."
}

// projectOf returns the directory of the project that a file is in, or "".
func projectOf(file string) string {
	for dir := filepath.Dir(file); ; dir = filepath.Join(dir, "..") {
		if exists(specFile(dir)) {
			return dir
		}
		if at, err := filepath.Abs(dir); err != nil || at == filepath.Dir(at) {
			return ""
		}
	}
}

// specFile returns the file with the Spec of a project.
func specFile(dir string) string { return filepath.Join(dir, filepath.FromSlash(generator.SpecFile)) }

// specOf returns the Spec of a project.
func specOf(p *project.Project) (generator.Spec, error) {
	return p.Spec(specFile(p.Dir), thisVersion())
}
