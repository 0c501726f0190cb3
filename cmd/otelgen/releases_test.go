package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/templates"
)

// A service with an earlier form of the record is updated like any other, and
// has the form of today after that. What its owner did is still known. See
// testdata/releases.
func TestUpdate_OfEarlierForms(t *testing.T) {
	catalog, err := generator.Load(templates.FS)
	if err != nil {
		t.Fatal(err)
	}
	for archive, want := range map[string]struct {
		conflicts []string
		files     map[string]string // path to a text in it, or to nothing if it is absent
	}{
		"form1-unedited": {},
		"form1-edited": {conflicts: []string{"Dockerfile"}, files: map[string]string{
			"cmd/shop/serve.go":     "// What the owner added.\n",
			"internal/mine/mine.go": "github.com/acme/shop/internal/problem",
			"AGENTS.md":             "",
			"Makefile":              "run: mine\n",
			"Dockerfile":            "<<<<<<< yours\nEXPOSE 2\n",
		}},
	} {
		t.Run(archive, func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join("..", "..", "testdata", "releases", archive+".tar.gz")
			if out, err := exec.Command("tar", "-C", dir, "-xzf", file).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			for range 2 { // the second time from the form of today
				u := updater{catalog: catalog, command: "otelgen update"}
				var one update
				if err := u.update(&one, dir, func(said string) { t.Log(said) }); err != nil {
					t.Fatal(err)
				}
				var conflicts []string
				for _, f := range one.Files {
					if f.Action == "conflict" {
						conflicts = append(conflicts, f.Path)
					}
				}
				if got := strings.Join(conflicts, " "); got != strings.Join(want.conflicts, " ") {
					t.Errorf("conflicts in %s, want %v", got, want.conflicts)
				}
				for _, legacy := range []string{"base", "gone", "pending"} {
					if exists(filepath.Join(dir, ".otelgen", legacy)) {
						t.Errorf(".otelgen/%s is still there", legacy)
					}
				}
				for p, text := range want.files {
					content, err := os.ReadFile(filepath.Join(dir, p))
					if exists := err == nil; exists != (text != "") || !strings.Contains(string(content), text) {
						t.Errorf("%s: %v: lacks %q", p, err, text)
					}
				}
			}
		})
	}
}
