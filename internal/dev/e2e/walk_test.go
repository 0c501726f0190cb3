package e2e_test

import (
	"bytes"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/internal/dev/e2e"
)

// docs/adding-a-feature.md, literally: its files and nothing else are added to
// a copy of the templates, and what it promises appears, for those who choose it.
// The new feature's tests pass.
func TestAddingAFeature(t *testing.T) {
	doc, err := os.ReadFile(filepath.Join(e2e.Root(t), "docs", "adding-a-feature.md"))
	if err != nil {
		t.Fatal(err)
	}
	added := blocks(string(doc), "`templates/([^`]+)`:")
	if len(added) != 6 {
		t.Fatalf("%d files are added, want 6", len(added))
	}
	catalog, err := loadWith(t, added)
	if err != nil {
		t.Fatal(err)
	}
	if err := catalog.Vet(); err != nil {
		t.Error(err)
	}
	spec := generator.Spec{Service: "shop", Module: "shop"}
	without := e2e.Render(t, catalog, spec)
	if !maps.EqualFunc(without, e2e.Render(t, e2e.Catalog(t), spec), bytes.Equal) {
		t.Error("who does not choose it does not get what there was before")
	}
	spec.Features = []string{"heartbeat"}
	with := e2e.Render(t, catalog, spec)
	for path := range added {
		path, isFile := strings.CutPrefix(strings.TrimSuffix(strings.TrimSuffix(path, ".tmpl"), ".raw"), "feature/heartbeat/files/")
		if isFile && (with[path] == nil || without[path] != nil) {
			t.Errorf("%s is not there for those who choose it, and for nobody else", path)
		}
	}
	promised := blocks(string(doc), "In `([^`]+)`:")
	if len(promised) != 6 {
		t.Fatalf("%d blocks are promised, want 6", len(promised))
	}
	aligned := regexp.MustCompile(` +`) // columns, by gofmt
	for path, want := range promised {
		says := func(tree generator.Tree) bool {
			return strings.Contains(aligned.ReplaceAllString(string(tree[path]), " "), aligned.ReplaceAllString(want, " "))
		}
		if !says(with) || says(without) {
			t.Errorf("%s does not say, for those who choose it and for nobody else:\n%s\nbut\n%s", path, want, with[path])
		}
	}
	project := filepath.Join(t.TempDir(), "shop")
	e2e.New(t, catalog, project, spec)
	checkCompose(t, "compose.yaml", with["compose.yaml"])
	checkCompose(t, "deploy/heartbeat.yaml", with["deploy/heartbeat.yaml"])
	help, err := exec.CommandContext(t.Context(), "make", "-C", project).CombinedOutput()
	if err != nil || !strings.Contains(string(help), "make heartbeat ") {
		t.Errorf("make does not list the target: %v\n%s", err, help)
	}
	e2e.Go(t, project, "test", "./internal/heartbeat", "./internal/config", "./cmd/shop")
	e2e.Go(t, project, "build", "./...")
	e2e.Go(t, project, "mod", "tidy", "-diff")
}

// loadWith loads the templates with more files: features of a test's own.
func loadWith(t *testing.T, added map[string]string) (*generator.Catalog, error) {
	t.Helper()
	templates := filepath.Join(t.TempDir(), "templates")
	if err := os.CopyFS(templates, os.DirFS(filepath.Join(e2e.Root(t), "templates"))); err != nil {
		t.Fatal(err)
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
	return generator.Load(os.DirFS(templates))
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
