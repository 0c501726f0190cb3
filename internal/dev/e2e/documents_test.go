//go:build matrix || npm

package e2e_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/internal/dev/e2e"
)

// The OpenAPI document of a service passes what linters recommend, with all that it can
// have, whatever style the API is written in; and the client that oapi-codegen makes of
// it compiles and works, the same one for each.
func TestMatrix_Documents(t *testing.T) {
	t.Parallel()
	workshop := filepath.Join(t.TempDir(), "store") // where clients are made
	for _, api := range []string{"openapi", "huma", "plain"} {
		dir := filepath.Join(t.TempDir(), "store")
		if api == "openapi" {
			dir = workshop
		}
		address := documented(t, dir, api)
		if api == "openapi" {
			if err := os.CopyFS(workshop, os.DirFS(filepath.Join(e2e.Root(t), "testdata", "openapi", "_service"))); err != nil {
				t.Fatal(err)
			}
		}
		path := "/openapi.json"
		if api == "huma" {
			path = "/openapi-3.0.json" // which oapi-codegen reads
		}
		document := filepath.Join(t.TempDir(), "openapi.json")
		if err := os.WriteFile(document, e2e.Get(t, "http://"+address+path), 0o600); err != nil {
			t.Fatal(err)
		}
		e2e.Go(t, workshop, "run", "./cmd/lint", document)

		if err := os.MkdirAll(filepath.Join(workshop, "client"), 0o750); err != nil {
			t.Fatal(err)
		}
		e2e.Go(t, workshop, "tool", "-modfile=tools/oapi-codegen/go.mod", "oapi-codegen",
			"-generate", "types,client", "-package", "client", "-o", "client/client.gen.go", document)
		e2e.Go(t, workshop, "run", "./cmd/drive", "http://"+address)
	}
}

// documented makes a service in dir with all that the document of an API can have, and
// returns the address at which it serves until the end of the test.
func documented(t *testing.T, dir, api string) (address string) {
	t.Helper()
	e2e.New(t, e2e.Catalog(t), dir, generator.Spec{
		Service: "store", Module: "store", Slots: map[string]string{"api": api}, Features: []string{"realtime", "users"}, Resources: resources[:1],
	})
	address = e2e.FreeAddress(t)
	store := e2e.Start(t, []string{"HTTP_ADDR=" + address, "ENVIRONMENT=development", "SHUTDOWN_GRACE=0s"}, e2e.Build(t, dir, "store"))
	t.Cleanup(func() {
		if code := store.Stop(); code != 0 {
			t.Errorf("%s: exit status %d\n%s", api, code, &store.Stderr)
		}
	})
	store.AwaitOK("http://" + address + "/readyz")
	return address
}
