package main

import (
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	markdown "github.com/yuin/goldmark/text"
	"go.yaml.in/yaml/v4"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/templates"
)

// Every link between our documents leads to a file that is there, and to a heading
// that is in it.
func TestDocs_Links(t *testing.T) {
	t.Parallel()
	repository := os.DirFS(filepath.Join("..", ".."))
	links := 0
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/*/*.md", "templates/*.md"} {
		links += checkLinks(t, repository, pattern)
	}
	if links < 100 {
		t.Errorf("there are %d links: this looks in the wrong place", links)
	}
}

// So it is in the documents of services, whatever those are made of.
func TestDocs_LinksOfServices(t *testing.T) {
	t.Parallel()
	catalog, err := generator.Load(templates.FS)
	if err != nil {
		t.Fatal(err)
	}
	links := 0
	for _, f := range choosable(catalog) {
		spec, err := specWith(catalog, f)
		if err != nil {
			t.Fatal(err)
		}
		_, tree, err := render(catalog, spec)
		if err != nil {
			t.Fatal(err)
		}
		files := fstest.MapFS{}
		for name, content := range tree {
			files[name] = &fstest.MapFile{Data: content}
		}
		for _, pattern := range []string{"*.md", "docs/*.md", "docs/*/*.md"} {
			links += checkLinks(t, files, pattern)
		}
	}
	if links == 0 {
		t.Error("there are no links: this looks in the wrong place")
	}
}

// Each document at the top of docs has its place at the side of the site.
func TestDocs_Site(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	config, err := os.ReadFile(filepath.Join(root, "internal", "dev", "site", "hugo.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var site struct {
		Params struct {
			Navigation []struct{ Pages []string }
		}
	}
	if err := yaml.Unmarshal(config, &site); err != nil {
		t.Fatal(err)
	}
	var listed []string
	for _, group := range site.Params.Navigation {
		listed = append(listed, group.Pages...)
	}
	pages, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil || len(pages) == 0 {
		t.Fatalf("%d documents, %v", len(pages), err)
	}
	for _, page := range pages {
		if name := "docs/" + strings.TrimSuffix(filepath.Base(page), ".md"); !slices.Contains(listed, name) {
			t.Errorf("hugo.yaml: navigation: %s is in no group", name)
		}
	}
}

// checkLinks checks the links of some documents to others, and returns how many
// there are.
func checkLinks(t *testing.T, files fs.FS, pattern string) int {
	t.Helper()
	documents, err := fs.Glob(files, pattern)
	if err != nil {
		t.Fatal(err)
	}
	links := 0
	for _, name := range documents {
		document, err := readDocument(files, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, link := range document.links {
			links++
			if err := resolve(files, name, link); err != nil {
				t.Errorf("%s: %s: %v", name, link, err)
			}
		}
	}
	return links
}

// resolve tells what is wrong with a link in a document.
func resolve(files fs.FS, from, link string) error {
	to, err := url.Parse(link)
	if err != nil {
		return err
	}
	name := from
	if to.Path != "" {
		name = path.Join(path.Dir(from), to.Path)
	}
	if _, err := fs.Stat(files, name); err != nil || to.Fragment == "" {
		return err
	}
	document, err := readDocument(files, name)
	if err == nil && !slices.Contains(document.anchors, to.Fragment) {
		err = fmt.Errorf("no heading has this anchor; there are %s", strings.Join(document.anchors, ", "))
	}
	return err
}

// document is what a file of Markdown links to, other sites left out, and what can
// be linked to in it.
type document struct{ links, anchors []string }

func readDocument(files fs.FS, name string) (document, error) {
	var d document
	source, err := fs.ReadFile(files, name)
	if err != nil {
		return d, err
	}
	root := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(markdown.NewReader(source))
	link := func(destination []byte) {
		if to, err := url.Parse(string(destination)); err != nil || !to.IsAbs() {
			d.links = append(d.links, string(destination))
		}
	}
	times := map[string]int{}
	err = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Link:
			link(n.Destination)
		case *ast.Image:
			link(n.Destination)
		case *ast.Heading:
			anchor := anchorOf(plainText(n, source))
			if times[anchor]++; times[anchor] > 1 {
				anchor = fmt.Sprintf("%s-%d", anchor, times[anchor]-1)
			}
			d.anchors = append(d.anchors, anchor)
		}
		return ast.WalkContinue, nil
	})
	return d, err
}

func plainText(n ast.Node, source []byte) string {
	var out strings.Builder
	for child := n.FirstChild(); child != nil; child = child.NextSibling() {
		if leaf, ok := child.(*ast.Text); ok {
			out.Write(leaf.Segment.Value(source))
		}
		out.WriteString(plainText(child, source))
	}
	return out.String()
}

// anchorOf returns the anchor that GitHub and the site give a heading.
func anchorOf(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return -1
	}, heading)
}

func TestResolve(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{
		"README.md":      {Data: []byte("# A `b`, c\n\n## Twice\n\n## Twice\n")},
		"docs/a.md":      {Data: []byte("[x](../README.md)\n\n`[no](link)` <https://example.com>\n\n[y]\n\n[y]: b.md#c\n")},
		"docs/image.svg": {},
	}
	for link, fails := range map[string]bool{
		"../README.md": false, "../README.md#a-b-c": false, "../README.md#twice-1": false, "image.svg": false, "../docs": false,
		"../README.md#twice-2": true, "README.md": true, "#nothing": true,
	} {
		if err := resolve(files, "docs/a.md", link); (err != nil) != fails {
			t.Errorf("%s: %v, fails should be %v", link, err, fails)
		}
	}
	d, err := readDocument(files, "docs/a.md")
	if want := []string{"../README.md", "b.md#c"}; err != nil || !slices.Equal(d.links, want) {
		t.Errorf("links %q, want %q (%v)", d.links, want, err)
	}
}

// Both workflows for fleets update services in the same way.
func TestDocs_Fleets(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	var scripts [2]string
	for i, name := range []string{".github/workflows/fleet.yaml", "docs/fleets.gitlab.yaml"} {
		content, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		_, script, found := strings.Cut(string(content), "# What somebody has committed")
		script, _, alsoFound := strings.Cut(script, "push() {")
		if !found || !alsoFound {
			t.Fatalf("%s: the part that updates is not there", name)
		}
		for line := range strings.Lines(script) {
			scripts[i] += strings.TrimLeft(line, " ")
		}
	}
	if scripts[0] != scripts[1] {
		t.Errorf("they differ:\n%s", firstDifference(scripts[0], scripts[1]))
	}
}
