//go:build matrix

package e2e_test

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/internal/dev/e2e"
)

// The servers that the templates have are what oapi-codegen makes of the documents, those
// of resources whatever their names are, in the version that services pin: owners, and
// their CI, make them again. With -update they are written into the templates; those of
// resources have it as that of gift cards.
func TestMatrix_OpenAPI(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "store")
	e2e.New(t, e2e.Catalog(t), dir, generator.Spec{
		Service: "store", Module: "store", Slots: map[string]string{"api": "openapi"}, Features: []string{"posts"},
		Resources: slices.Concat(resources, []generator.Resource{
			{Name: "gift-card", Plural: "gift-cards", Migration: "20060102150405"},
			{Name: "person", Plural: "people", Migration: "20261126000004"},            // as no rule has it
			{Name: "shop-window", Plural: "shop-windows", Migration: "20261126000005"}, // in the order of names, after all that has none
			{Name: "user-url", Plural: "user-urls", Migration: "20261126000006"},       // as the tool does not write it
		}),
	})
	code := filepath.Join(dir, "internal")
	committed := files(t, code)
	e2e.Go(t, dir, "generate", "-run", "oapi-codegen", "./...")
	checkGenerated(t, "oapi-codegen", "files/internal", committed, files(t, code))
	e2e.Go(t, filepath.Join(dir, "tools", "oapi-codegen"), "mod", "tidy", "-diff")
}
