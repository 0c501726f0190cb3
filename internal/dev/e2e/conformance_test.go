//go:build matrix

package e2e_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/internal/dev/e2e"
)

// finding is what testdata/conformance prints of each check.
type finding struct{ Group, Check, Wrong string }

// docs/conformance.md holds what was found: nothing is wrong with any router of
// ours in any style of API, and what is wrong with what they could use instead.
func TestMatrix_Conformance(t *testing.T) {
	t.Parallel()
	harness := filepath.Join(e2e.Root(t), "testdata", "conformance")
	stock := findings(t, e2e.Go(t, harness, "run", "-mod=mod", "."))
	slots := map[string]generator.Slot{}
	for _, slot := range e2e.Catalog(t).Slots {
		slots[slot.Name] = slot
	}
	ours := map[string][]finding{}
	for _, router := range slots["router"].Values {
		for _, api := range slots["api"].Values {
			name := router + " " + api
			out, err := exec.CommandContext(t.Context(), conformingService(t, harness, router, api)).Output()
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			ours[name] = findings(t, string(out))[""]
			for _, f := range ours[name] {
				if f.Wrong != "" {
					t.Errorf("%s: %s: %s: %s", name, f.Group, f.Check, f.Wrong)
				}
			}
		}
	}
	document, made := filepath.Join(e2e.Root(t), "docs", "conformance.md"), conformance(ours, stock)
	if *update {
		if err := os.WriteFile(document, []byte(made), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if committed, err := os.ReadFile(document); err != nil || string(committed) != made {
		t.Errorf("docs/conformance.md says something else (%v); write it anew with -update:\n%s", err, made)
	}
}

// conformingService builds the harness into a service, whose operations are in the style of
// api, and in the idiom of router where that has its own.
func conformingService(t *testing.T, harness, router, api string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "shop")
	e2e.New(t, e2e.Catalog(t), dir, generator.Spec{Service: "shop", Module: "shop", Slots: map[string]string{
		"router": router, "api": api, "sample": "none",
	}})
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(harness, "_service"))); err != nil {
		t.Fatal(err)
	}
	style := filepath.Join(harness, "_styles", api+"-"+router+".go")
	if _, err := os.Stat(style); errors.Is(err, fs.ErrNotExist) {
		style = filepath.Join(harness, "_styles", api+".go")
	}
	for name, path := range map[string]string{"harness.go": filepath.Join(harness, "harness.go"), "style.go": style} {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "cmd", "conformance", name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	e2e.Go(t, dir, "list", "-mod=mod", "-deps", "./cmd/conformance") // which requires what the harness imports
	return e2e.Build(t, dir, "conformance")
}

// findings decodes what a program with the harness prints.
func findings(t *testing.T, out string) map[string][]finding {
	t.Helper()
	var all map[string][]finding
	if err := json.Unmarshal([]byte(out), &all); err != nil || len(all) == 0 {
		t.Fatalf("%v\n%s", err, out)
	}
	return all
}

const preamble = `# Conformance to the semantic conventions for HTTP servers

What a generated service records of requests, by ` + "`--router` and `--api`" + `, beside what the same routers record with the
instrumentation that their documentation recommends: otelhttp 0.72 around http.ServeMux, otelgin 0.71 with gin 1.12,
echo-opentelemetry 0.0.3 with echo 5.4. Each check is one exchange with a real server, whose spans and metrics are held to
version 1.43 of the [conventions](https://opentelemetry.io/docs/specs/semconv/http/). What answers is an operation of Huma, of an
OpenAPI document, or a handler in the idiom of the router.

This page is written by the test TestMatrix_Conformance (` + "`go test -tags matrix -run TestMatrix_Conformance ./internal/dev/e2e -update`" + `),
which fails when a check of ours does. The test TestMatrix_RoutersAreTheSame compares the spans of every router and style with each
other, attribute by attribute.

Two things differ from the conventions on purpose, on every router. ` + "`url.query`" + ` is recorded only with the feature
capture, of parameters that the configuration names, because a query may hold a token. ` + "`url.path`" + ` has ` + "`{id}`" + ` in place of a
parameter, which may identify a person.
`

// conformance is the document.
func conformance(ours, stock map[string][]finding) string {
	columns, names := [][]finding{}, []string{}
	for _, side := range []map[string][]finding{ours, stock} {
		for _, name := range slices.Sorted(maps.Keys(side)) {
			names, columns = append(names, name), append(columns, side[name])
		}
	}
	var doc strings.Builder
	doc.WriteString(preamble)
	group := ""
	for i, check := range columns[0] {
		if check.Group != group {
			group = check.Group
			fmt.Fprintf(&doc, "\n## %s\n\n| | %s |\n|---%s|\n", group, strings.Join(names, " | "), strings.Repeat("|---", len(names)))
		}
		fmt.Fprintf(&doc, "| %s |", check.Check)
		for _, column := range columns {
			cell := "yes"
			if wrong := column[i].Wrong; wrong != "" {
				cell = "**no**: " + strings.ReplaceAll(wrong, "|", "\\|")
			}
			fmt.Fprintf(&doc, " %s |", cell)
		}
		doc.WriteString("\n")
	}
	return doc.String()
}
