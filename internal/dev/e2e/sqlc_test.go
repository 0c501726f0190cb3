//go:build matrix

package e2e_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/internal/dev/e2e"
	"github.com/otelgen/otelgen/templates"
)

// The code of queries that the templates have is what sqlc makes of them, on each
// database, with and without the sample, and of resources whatever their names
// are, in the version that services pin: their owners, and their CI, make it again.
// With -update it is written into the templates; those of resources have it as
// that of gift cards.
func TestMatrix_Queries(t *testing.T) {
	t.Parallel()
	catalog := e2e.Catalog(t)
	for _, database := range catalog.Options(generator.Choices{"store": "sqlc"}, "database") {
		for _, sample := range catalog.Options(generator.Choices{"store": "sqlc"}, "sample") {
			t.Run(database+","+sample, func(t *testing.T) {
				spec := generator.Spec{
					Service: "shop", Module: "example.com/acme/shop",
					Slots:    map[string]string{"database": database, "store": "sqlc", "sample": sample},
					Features: []string{"posts"}, // and users
					Resources: slices.Concat(resources, []generator.Resource{
						{Name: "gift-card", Plural: "gift-cards", Migration: "20060102150405"},
						{Name: "item", Plural: "items", Migration: "20261126000003"},               // as sqlc names a variable
						{Name: "person", Plural: "people", Migration: "20261126000004"},            // as no rule has it
						{Name: "shop-window", Plural: "shop-windows", Migration: "20261126000005"}, // as Go names an operating system
					}),
				}
				dir := filepath.Join(t.TempDir(), "shop")
				e2e.New(t, catalog, dir, spec)
				queries := filepath.Join(dir, "internal", "database", "queries")
				committed := files(t, queries)
				e2e.GoWith(t, []string{"CGO_ENABLED=0"}, dir, "generate", "./internal/database/queries") // as in a service's own Makefile
				checkGenerated(t, "sqlc", "files/internal/database/queries", committed, files(t, queries))
				e2e.Go(t, filepath.Join(dir, "tools", "sqlc"), "mod", "tidy", "-diff")
			})
		}
	}
}

// checkGenerated compares the files that a tool generated with those that the
// templates have below a directory, or writes them there with -update.
func checkGenerated(t *testing.T, tool, dir string, committed, generated map[string]string) {
	t.Helper()
	if len(generated) != len(committed) {
		t.Errorf("%d files, and %d before", len(generated), len(committed))
	}
	for name, content := range generated {
		if content == committed[name] {
			continue
		}
		if *update {
			replace(t, dir+name+".raw", committed[name], content)
			continue
		}
		t.Errorf("%s: %s makes it otherwise; with -update it is written anew", name, tool)
	}
}

// replace writes the files of templates anew that end with a path and have a
// content.
func replace(t *testing.T, path, old, content string) {
	t.Helper()
	err := fs.WalkDir(templates.FS, ".", func(name string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, "/"+path) {
			return err
		}
		name = filepath.Join(e2e.Root(t), "templates", filepath.FromSlash(name))
		if is, err := os.ReadFile(name); err != nil || string(is) != old {
			return err
		}
		return os.WriteFile(name, []byte(content), 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
}
