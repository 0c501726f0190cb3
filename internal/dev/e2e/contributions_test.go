package e2e_test

import (
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

// uploads is a feature that keeps files, as another may do beside it.
var uploads = map[string]string{
	"feature/uploads/feature.yaml": `
title: Uploads
summary: files that stay
area: operations
adds:
  environment:
    - {name: UPLOADS_PATH, value: /var/lib/uploads}
  mounts:
    - {volume: uploads, path: /var/lib/uploads}
`,
}

// session is a feature whose variables have values that sh would take apart.
var session = map[string]string{
	"feature/session/feature.yaml": `
title: Session
summary: who is there
area: identity
env:
  variables:
    - {name: SESSION_STORE, default: "postgres://u@h/db?sslmode=disable&pool_max_conns=4", doc: Where sessions are.}
    - {name: SESSION_GREETING, default: "$HOME (x); ~ #y"}
    - {name: SESSION_KEY, secret: true, doc: Signs cookies.}
    - {name: SESSION_SALT, secret: true}
config:
  - {field: Session, type: session.Config, import: internal/session}
`,
	"feature/session/files/internal/session/session.go.tmpl": `// Package session knows who is there.
package session

// Config is what the environment says about sessions.
type Config struct {
	Store    string ` + "`env:\"SESSION_STORE\" envDefault:\"postgres://u@h/db?sslmode=disable&pool_max_conns=4\"`" + `
	Key      string ` + "`env:\"SESSION_KEY\"`" + `
	Salt     string ` + "`env:\"SESSION_SALT\"`" + `
	Greeting string ` + "`env:\"SESSION_GREETING\" envDefault:\"$HOME (x); ~ #y\"`" + `
}
`,
}

// newSession makes a project that has sessions.
func newSession(t *testing.T) (dir string) {
	t.Helper()
	catalog, err := loadWith(t, session)
	if err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(t.TempDir(), "shop")
	e2e.New(t, catalog, dir, generator.Spec{Service: "shop", Module: "shop", Features: []string{"session"}})
	return dir
}

// uncomment puts all that a project's .env.example shows into use.
func uncomment(t *testing.T, dir string) {
	t.Helper()
	example := filepath.Join(dir, ".env.example")
	content, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(example, regexp.MustCompile(`(?m)^#([A-Z])`).ReplaceAll(content, []byte("$1")), 0o600); err != nil {
		t.Fatal(err)
	}
}

// sourced returns what sh makes of the .env that make creates.
func sourced(t *testing.T, dir string) map[string]string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", "make env >&2 && env -i sh -c 'set -a && . ./.env && env'")
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for line := range strings.Lines(string(out)) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		all[name] = value
	}
	return all
}

// A line of .env.example that is uncommented sets what it says, whatever that
// means to sh, and the project's own test knows it as the default.
func TestEnvExample_IsReadAsItIs(t *testing.T) {
	dir := newSession(t)
	uncomment(t, dir)
	got := sourced(t, dir)
	for name, want := range map[string]string{
		"SESSION_STORE":           "postgres://u@h/db?sslmode=disable&pool_max_conns=4",
		"SESSION_GREETING":        "$HOME (x); ~ #y",
		"OTEL_BSP_SCHEDULE_DELAY": "5000",
	} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
	e2e.Go(t, dir, "test", "./internal/config")
}

// make env makes up each secret that .env lacks, once, and touches no other:
// neither what it made up before nor what the owner put there.
func TestSecrets_AreMadeUp(t *testing.T) {
	dir := newSession(t)
	secret := regexp.MustCompile(`^[0-9a-f]{64}$`)
	first := sourced(t, dir)
	if !secret.MatchString(first["SESSION_KEY"]) || !secret.MatchString(first["SESSION_SALT"]) || first["SESSION_KEY"] == first["SESSION_SALT"] {
		t.Errorf("no secrets: %v", first)
	}
	env := filepath.Join(dir, ".env")
	if info, err := os.Stat(env); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others can read it: %v, %v", info, err)
	}
	if again := sourced(t, dir); !maps.Equal(again, first) {
		t.Errorf("%v, and then %v", first, again)
	}
	if err := os.WriteFile(env, []byte("SESSION_KEY=\nSESSION_SALT_FILE=/run/secrets/salt"), 0o600); err != nil {
		t.Fatal(err)
	}
	own := sourced(t, dir)
	if _, made := own["SESSION_SALT"]; made || own["SESSION_SALT_FILE"] != "/run/secrets/salt" || !secret.MatchString(own["SESSION_KEY"]) {
		t.Errorf("the owner's is not kept, or what is empty not made up: %v", own)
	}

	content, err := os.ReadFile(filepath.Join(dir, ".env.example"))
	if want := "# Signs cookies.\n# A secret: `make env` makes one up for this machine.\n#SESSION_KEY=\n"; err != nil || !strings.Contains(string(content), want) {
		t.Errorf("no\n%s\nin\n%s", want, content)
	}
	without := e2e.Render(t, e2e.Catalog(t), generator.Spec{Service: "shop", Module: "shop"})
	if makefile := string(without["Makefile"]); !strings.Contains(makefile, ", once\n\n.env:\n") {
		t.Errorf("there is no secret, and something for it:\n%s", makefile)
	}
}

// However many features write to a disk, compose.yaml and Dockerfile give each
// its volume, and a list without items leaves nothing.
func TestMounts(t *testing.T) {
	catalog, err := loadWith(t, uploads)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		database                   string
		features                   []string
		compose, composeEnd, mkdir string
	}{
		{database: "none"},
		{
			"sqlite", nil,
			"    volumes:\n      - database:/data\n",
			"\nvolumes: # kept by \"make down\"\n  database:\n",
			"RUN mkdir -p /mnt/data && chown 65532:0 /mnt/data && chmod 770 /mnt/data\n",
		},
		{
			"sqlite", []string{"uploads"},
			"    volumes:\n      - database:/data\n      - uploads:/var/lib/uploads\n",
			"\nvolumes: # kept by \"make down\"\n  database:\n  uploads:\n",
			"RUN mkdir -p /mnt/data /mnt/var/lib/uploads && chown 65532:0 /mnt/data /mnt/var/lib/uploads && chmod 770 /mnt/data /mnt/var/lib/uploads\n",
		},
	} {
		tree := e2e.Render(t, catalog, generator.Spec{
			Service: "shop", Module: "shop", Slots: map[string]string{"database": c.database}, Features: c.features,
		})
		checkCompose(t, "compose.yaml", tree["compose.yaml"]) // a key that is there twice is no YAML
		checkDockerfile(t, string(tree["Dockerfile"]))
		cp := "/usr/local/bin/shop\n"
		if c.mkdir != "" {
			cp = "COPY --from=build /mnt/ /\n"
		}
		for file, parts := range map[string][]string{
			"compose.yaml": {"8080\" # http\n" + c.compose + "    depends_on: #", "    mem_limit: 512m\n" + c.composeEnd},
			"Dockerfile":   {"./cmd/shop\n" + c.mkdir + "\n# Certificates", cp + "# A number"},
		} {
			for _, part := range parts {
				if !strings.Contains(string(tree[file]), part) {
					t.Errorf("%s %v: no\n%s\nin\n%s", c.database, c.features, part, tree[file])
				}
			}
		}
		if c.composeEnd == "" && !strings.HasSuffix(string(tree["compose.yaml"]), "    mem_limit: 512m\n") {
			t.Errorf("%s %v: something is left in\n%s", c.database, c.features, tree["compose.yaml"])
		}
	}
}

// Two features that can be selected together do not share a volume, a mount
// point, a variable of the image or a command.
func TestContributions_OneOfEach(t *testing.T) {
	_, err := loadWith(t, map[string]string{"feature/uploads/feature.yaml": `
title: Uploads
summary: files that stay
area: operations
adds:
  commands:
    - {name: migrate, summary: move files, run: move}
  environment:
    - {name: DATABASE_PATH, value: x}
  mounts:
    - {volume: database, path: /data}
`})
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{
		"uploads/feature.yaml:7:14: commands name migrate: relational has it, too (",
		"uploads/feature.yaml:9:14: environment name DATABASE_PATH: sqlite has it, too (",
		"uploads/feature.yaml:11:16: mounts volume database: sqlite has it, too (",
		"uploads/feature.yaml:11:32: mounts path /data: sqlite has it, too (",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %s in\n%v", want, err)
		}
	}
}

// Paths without telemetry are those of the parts that the service has.
func TestQuietPaths(t *testing.T) {
	for _, c := range []struct {
		api, sample string
		documented  bool
	}{{"huma", "none", true}, {"openapi", "none", true}, {"plain", "none", false}, {"plain", "orders", true}} {
		tree := e2e.Render(t, e2e.Catalog(t), generator.Spec{
			Service: "shop", Module: "shop", Slots: map[string]string{"api": c.api, "sample": c.sample},
		})
		paths := string(tree["internal/httpserver/instrument.go"])
		if !strings.Contains(paths, `"/readyz",`) || strings.Contains(paths, "\"/docs\",\n") != c.documented {
			t.Errorf("%s, %s:\n%s", c.api, c.sample, paths)
		}
	}
}
