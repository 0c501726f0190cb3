//go:build matrix

package e2e_test

import (
	"path/filepath"
	"testing"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/internal/dev/e2e"
)

// The servers that the templates have are what oapi-codegen makes of the documents,
// in the version that services pin, whatever service and module are called: owners, and
// their CI, make them again. With -update they are written into the templates.
func TestMatrix_OpenAPI(t *testing.T) {
	t.Setenv("CGO_ENABLED", "0")
	dir := filepath.Join(t.TempDir(), "store")
	e2e.New(t, e2e.Catalog(t), dir, generator.Spec{
		Service: "store", Module: "store", Slots: map[string]string{"api": "openapi"}, Features: []string{"posts"},
	})
	code := filepath.Join(dir, "internal")
	committed := files(t, code)
	e2e.Go(t, dir, "generate", "-run", "oapi-codegen", "./...")
	checkGenerated(t, "oapi-codegen", "files/internal", committed, files(t, code))
	e2e.Go(t, filepath.Join(dir, "tools", "oapi-codegen"), "mod", "tidy", "-diff")
}
