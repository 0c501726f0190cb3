package e2e_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/internal/e2e"
)

// docs/adding-a-feature.md, literally: its files and nothing else are added to
// a copy of the templates, and what it promises appears. The new feature's
// tests pass.
func TestAddingAFeature(t *testing.T) {
	doc, err := os.ReadFile(filepath.Join(e2e.Root(t), "docs", "adding-a-feature.md"))
	if err != nil {
		t.Fatal(err)
	}
	templates := filepath.Join(t.TempDir(), "templates")
	if err := os.CopyFS(templates, os.DirFS(filepath.Join(e2e.Root(t), "templates"))); err != nil {
		t.Fatal(err)
	}
	added := blocks(string(doc), "`templates/([^`]+)`:")
	if len(added) != 3 {
		t.Fatalf("%d files are added, want 3", len(added))
	}
	for path, content := range added {
		path := filepath.Join(templates, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}

	catalog, err := generator.Load(os.DirFS(templates))
	if err != nil {
		t.Fatal(err)
	}
	if err := catalog.Vet(); err != nil {
		t.Error(err)
	}
	project := filepath.Join(t.TempDir(), "shop")
	e2e.New(t, catalog, project, generator.Spec{Service: "shop", Module: "shop", Features: []string{"heartbeat"}})
	promised := blocks(string(doc), "In `([^`]+)`:")
	if len(promised) != 4 {
		t.Fatalf("%d blocks are promised, want 4", len(promised))
	}
	for path, want := range promised {
		content, err := os.ReadFile(filepath.Join(project, path))
		if err != nil {
			t.Fatal(err)
		}
		squeezed := strings.Join(strings.Fields(string(content)), " ") // gofmt aligns columns
		if !strings.Contains(squeezed, strings.Join(strings.Fields(want), " ")) {
			t.Errorf("%s: there is no\n%s\nin\n%s", path, want, content)
		}
	}
	e2e.Go(t, project, "test", "./internal/heartbeat", "./internal/config")
	e2e.Go(t, project, "build", "./...")
	e2e.Go(t, project, "mod", "tidy", "-diff")
}

// blocks returns the code blocks of a Markdown text that follow a line of this
// form, by what its group matches.
func blocks(text, line string) map[string]string {
	found := map[string]string{}
	block := regexp.MustCompile("(?m)^" + line + "\n\n```[a-z]*\n((?s:.*?))^```$")
	for _, match := range block.FindAllStringSubmatch(text, -1) {
		found[match[1]] = match[2]
	}
	return found
}
