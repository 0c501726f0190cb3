//go:build npm

package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/otelgen/otelgen/internal/dev/e2e"
)

// Redocly and Spectral find no error in the document of a service, whatever style its
// API is written in, and the TypeScript client that openapi-typescript makes of it
// compiles and works. They come from npm, in the versions of
// testdata/openapi/typescript/package.json.
func TestNPM_Documents(t *testing.T) {
	workshop := t.TempDir()
	if err := os.CopyFS(workshop, os.DirFS(filepath.Join(e2e.Root(t), "testdata", "openapi", "typescript"))); err != nil {
		t.Fatal(err)
	}
	run := func(t *testing.T, environment string, command ...string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
		cmd.Dir, cmd.Env = workshop, append(os.Environ(), "REDOCLY_TELEMETRY=off", "REDOCLY_SUPPRESS_UPDATE_NOTICE=true", environment)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%v: %v\n%s", command, err, out)
		}
		t.Logf("%v\n%s", command, out)
	}
	run(t, "", "npm", "install", "--no-audit", "--no-fund", "--no-package-lock")
	for _, api := range []string{"openapi", "huma", "plain"} {
		t.Run(api, func(t *testing.T) {
			address := documented(t, filepath.Join(t.TempDir(), "store"), api)
			document := filepath.Join(workshop, "openapi.json")
			if err := os.WriteFile(document, e2e.Get(t, "http://"+address+"/openapi.json"), 0o600); err != nil {
				t.Fatal(err)
			}
			run(t, "", "npx", "redocly", "lint", "--extends=recommended", document)
			run(t, "", "npx", "spectral", "lint", "--ruleset=spectral.yaml", "--fail-severity=error", document)
			// Without this, members that have a default would have to be in every request.
			run(t, "", "npx", "openapi-typescript", "--default-non-nullable=false", "-o", "schema.d.ts", document)
			run(t, "", "npx", "tsc")
			run(t, "SERVICE=http://"+address, "node", "drive.js")
		})
	}
}
