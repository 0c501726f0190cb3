package modules

import (
	"slices"
	"testing"
)

func TestImports(t *testing.T) {
	tests := []struct {
		name, source string
		want         []string
	}{
		{"one", "package p\n\nimport \"a.org/a\"\n", []string{"a.org/a"}},
		{"some, with names", "package p\n\nimport (\n\t\"fmt\"\n\t. \"a.org/a\"\n\t_ `a.org/b`\n)\n\nimport c \"a.org/c\"\n", []string{"fmt", "a.org/a", "a.org/b", "a.org/c"}},
		{"none", "package p\n", nil},
		{"no Go", "import \"a.org/a\"\n", nil},
		{"what follows is no Go", "package p\n\nimport \"a.org/a\"\n\nfunc {{\n", []string{"a.org/a"}},
		{"a tag", "//go:build integration\n\npackage p\n\nimport \"a.org/a\"\n", []string{"a.org/a"}},
		{"not a tag", "// Copyright\n\n//go:build !linux && !integration\n\npackage p\n\nimport \"a.org/a\"\n", []string{"a.org/a"}},
		{"both", "//go:build linux && !linux\n\npackage p\n\nimport \"a.org/a\"\n", []string{"a.org/a"}},
		{"ignored", "//go:build ignore\n\npackage p\n\nimport \"a.org/a\"\n", nil},
		{"ignored with more", "//go:build linux && ignore\n\npackage p\n\nimport \"a.org/a\"\n", nil},
		{"not ignored", "//go:build !ignore\n\npackage p\n\nimport \"a.org/a\"\n", []string{"a.org/a"}},
		{"perhaps ignored", "//go:build ignore || linux\n\npackage p\n\nimport \"a.org/a\"\n", []string{"a.org/a"}},
		{"ignored as of old", "// +build ignore\n\npackage p\n\nimport \"a.org/a\"\n", nil},
		{"ignored as of old, among others", "// +build linux\n// +build ignore,amd64\n\npackage p\n\nimport \"a.org/a\"\n", nil},
		{"the new form counts", "//go:build linux\n// +build ignore\n\npackage p\n\nimport \"a.org/a\"\n", []string{"a.org/a"}},
		{"documentation", "// +build ignore\npackage p\n\nimport \"a.org/a\"\n", []string{"a.org/a"}},
		{"below the package clause", "package p\n\n//go:build ignore\n\nimport \"a.org/a\"\n", []string{"a.org/a"}},
	}
	for _, tt := range tests {
		if got := Imports([]byte(tt.source)); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestExternal(t *testing.T) {
	for importPath, want := range map[string]bool{
		"fmt": false, "net/http": false, "C": false, "internal/order": false, "../order": false, "": false, " /internal/v1.2": false,
		"a.org/a": true, "go.opentelemetry.io/otel": true,
	} {
		if External(importPath) != want {
			t.Errorf("%s: %v", importPath, !want)
		}
	}
}
