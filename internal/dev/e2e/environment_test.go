package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/internal/dev/e2e"
)

// exported is what a shell may export, be it meant for the service in dir or for other
// programs: each of its variables, with a value that is none or changes much.
func exported(t *testing.T, dir string) (environment []string) {
	t.Helper()
	example, err := os.ReadFile(filepath.Join(dir, ".env.example"))
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile(`(?m)^#?([A-Z][A-Z0-9_]*)=`).FindAllStringSubmatch(string(example), -1)
	if len(names) < 50 {
		t.Fatalf("%d variables in .env.example", len(names))
	}
	for _, match := range names {
		value := "bogus"
		switch name := match[1]; {
		case strings.Contains(name, "LIMIT"):
			value = "1"
		case strings.HasSuffix(name, "SAMPLER"):
			value = "always_off"
		case strings.HasSuffix(name, "EXPORTER"):
			value = "none"
		case strings.HasSuffix(name, "ENDPOINT"):
			value = "http://127.0.0.1:1"
		}
		environment = append(environment, match[1]+"="+value)
	}
	return append(environment, "HTTP_PROXY=http://127.0.0.1:1")
}

// The variables of .env are those that neither the environment nor the command line
// of make sets. The file may have the line ends of Windows.
func TestMakeRun_TheEnvironmentWins(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "shop")
	e2e.New(t, e2e.Catalog(t), dir, generator.Spec{Service: "shop", Module: "shop"})
	dotEnv := "HTTP_ADDR=file1\r\n\r\n# comment\r\nLOG_FORMAT=file2\r\nSHUTDOWN_TIMEOUT='file 3'\r\n"
	if err := os.WriteFile(filepath.Join(dir, ".env"), []byte(dotEnv), 0o600); err != nil {
		t.Fatal(err)
	}
	run := exec.CommandContext(t.Context(), "make", "run", "LOG_FORMAT=argument")
	run.Dir = dir
	run.Env = append(os.Environ(), "GOWORK=off", "HTTP_ADDR=it's\n$HOME")
	out, err := run.CombinedOutput() // it refuses all three values, and says so
	if err == nil {
		t.Error("the service runs")
	}
	for _, want := range []string{`HTTP_ADDR: "it's\n$HOME"`, `LOG_FORMAT: "argument"`, `SHUTDOWN_TIMEOUT: "file 3"`} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %s in\n%s", want, out)
		}
	}
	if strings.Contains(string(out), "not found") {
		t.Errorf("a line of .env is taken for a command:\n%s", out)
	}
}

// make up says what is missing: a backend of that name, Docker, Compose, or an
// engine that answers. The command line wins over the environment, that over
// .env, and that over the default.
func TestMakeUp_SaysWhatIsMissing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "shop")
	e2e.New(t, e2e.Catalog(t), dir, generator.Spec{Service: "shop", Module: "shop"})
	bin, program := tools(t, "sh", "cp", "sed", "tail"), tools(t, "make")
	run := func(environment string, args ...string) string {
		cmd := exec.CommandContext(t.Context(), filepath.Join(program, "make"), append([]string{"--silent"}, args...)...)
		cmd.Dir, cmd.Env = dir, []string{"PATH=" + bin, environment}
		out, _ := cmd.CombinedOutput() // what it says is checked
		return string(out)
	}
	docker := func(script string) {
		if err := os.WriteFile(filepath.Join(bin, "docker"), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	check := func(got, want string) {
		t.Helper()
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}

	check(run("", "up"), "docker: not found; install Docker with Compose, https://")
	docker(`[ "$1" != compose ]`)
	check(run("", "up"), "docker compose: not found; install the plugin, https://")
	docker(`[ "$1" = compose ] || { echo "permission denied" >&2; exit 1; }`)
	check(run("", "up"), "permission denied\ndocker: the engine does not answer; start it\n")
	docker(`echo "$BACKEND $COMPOSE_FILE $*"`)
	check(run("", "up", "BACKEND=nope"), "BACKEND=nope: there is no such directory in deploy/backends; choose one of console jaeger lgtm otlp scout\n")
	check(run("", "ps"), "lgtm compose.yaml:deploy/backends/lgtm/compose.yaml compose ps --all\n")
	if err := os.WriteFile(filepath.Join(dir, ".env"), []byte("BACKEND=scout\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	check(run("", "ps"), "scout compose.yaml:deploy/backends/scout/compose.yaml compose ps --all\n")
	check(run("BACKEND=console", "ps"), "console compose.yaml compose ps --all\n")
	check(run("BACKEND=console", "ps", "BACKEND=jaeger"), "jaeger compose.yaml:deploy/backends/jaeger/compose.yaml compose ps --all\n")
	check(run("", "up"), "service: http://localhost:8080\nscout: https://base14.io\n")
}

// make load says what is missing: curl, or a service that answers.
func TestMakeLoad_SaysWhatIsMissing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "shop")
	e2e.New(t, e2e.Catalog(t), dir, generator.Spec{Service: "shop", Module: "shop"})
	bin, program := tools(t, "sh", "seq", "grep", "sort", "uniq"), tools(t, "make")
	curl := func(script string) {
		if err := os.WriteFile(filepath.Join(bin, "curl"), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	check := func(want string, fails bool) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), filepath.Join(program, "make"), "--silent", "load", "ROUNDS=3")
		cmd.Dir, cmd.Env = dir, []string{"PATH=" + bin}
		out, err := cmd.CombinedOutput()
		if !strings.Contains(string(out), want) || (err != nil) != fails {
			t.Errorf("%v, and no %q in\n%s", err, want, out)
		}
	}

	check("curl: not found; install it\n", true)
	curl("exit 7") // it cannot connect
	check("http://localhost:8080: no answer; start the service: make up\n", true)
	curl(`case "$*" in */livez) ;; *) echo "201 POST /orders"; esac`)
	check(" 201 POST /orders\n", false)
}

// tools returns a directory that has nothing but programs of these names.
func tools(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		program, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(program, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
