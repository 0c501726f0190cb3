//go:build npm

package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/otelgen/otelgen/generator"
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

// The file for GitLab is what its schema says, and has the jobs that it seems to have: a job that has the name of a
// keyword is none.
func TestNPM_GitLab(t *testing.T) {
	workshop, dir := t.TempDir(), filepath.Join(t.TempDir(), "shop")
	e2e.New(t, e2e.Catalog(t), dir, generator.Spec{
		Service: "shop", Module: "shop", Slots: map[string]string{"ci": "gitlab", "database": "postgres"}, Features: []string{"redis"},
	})
	run := func(dir string, command ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %v\n%s", command, err, out)
		}
		return string(out)
	}
	run(workshop, "npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "gitlab-ci-local@4.62.0") // later ones need a later Node.js
	run(dir, "git", "init", "--quiet", "--initial-branch=main")
	run(dir, "git", "remote", "add", "origin", "https://gitlab.com/acme/shop.git")
	run(dir, "git", "-c", "user.name=ada", "-c", "user.email=ada@example.com", "commit", "--quiet", "--allow-empty", "--message=shop")
	out := run(dir, filepath.Join(workshop, "node_modules", ".bin", "gitlab-ci-local"), "--list-all", "--json-schema-validation")
	if !strings.Contains(out, "json schema validated") {
		t.Error(out)
	}
	for _, job := range []string{"lint", "test", "integration", "generated", "container", "vulnerabilities", "secrets", "release"} {
		if !strings.Contains(out, "\n"+job+" ") {
			t.Errorf("no job %s in\n%s", job, out)
		}
	}
}
