package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/generator/project"
)

func doctorCommand(catalog *generator.Catalog) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "doctor [DIR]",
		Short: "Find out why a service does not build, start or report",
		Long: `Check this machine and a service for problems, and print how to solve each of them.
otelgen checks Go, git and make, the caches of Go, the module proxy, containers, the
port of the service, the collector at OTEL_EXPORTER_OTLP_ENDPOINT (by an empty export),
misspelt environment variables, and whether the service is up to date. The variables
are those of the environment and, where it has none, of the service's .env.

The exit status is 1 if there is a problem.`,
		Example: `  otelgen doctor
  OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318 otelgen doctor shop`,
		Args: atMost(1, "otelgen doctor looks at one service"),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			d := doctor{catalog: catalog, out: cmd.OutOrStdout(), dir: cmp.Or(strings.Join(args, ""), projectDir())}
			if len(args) > 0 && !exists(specFile(d.dir)) {
				_, err := project.Load(d.dir)
				return err // what is named is meant
			}
			return d.run(cmd.Context())
		},
	}
	return cmd
}

// doctor examines a machine and a service.
type doctor struct {
	catalog *generator.Catalog
	out     io.Writer
	dir     string
	ill     bool
	file    map[string]string // the variables of .env
}

func (d *doctor) run(ctx context.Context) error {
	d.file = dotenv(d.dir)
	d.program(ctx, "Go", "get it from https://go.dev/dl", "go", "env", "GOVERSION")
	d.caches(ctx)
	d.program(ctx, "git", "get it from https://git-scm.com; without it a service has no repository, and updates cannot stage conflicts", "git", "--version")
	d.program(ctx, "make", "install it (xcode-select --install, apt-get install make), or run what the Makefile has", "make", "--version")
	d.modules(ctx)
	d.containers(ctx)
	d.port()
	d.endpoint(ctx)
	environment := os.Environ()
	for name := range d.file {
		environment = append(environment, name+"="+d.getenv(name))
	}
	slices.Sort(environment)
	d.variables(slices.Compact(environment))
	d.service()
	if d.ill {
		return errDiffers
	}
	return nil
}

// fine and wrong print a finding.
func (d *doctor) fine(subject, text string) { fmt.Fprintf(d.out, "ok    %s: %s\n", subject, text) }

func (d *doctor) note(subject, text string) { fmt.Fprintf(d.out, "note  %s: %s\n", subject, text) }

func (d *doctor) wrong(subject, text string) {
	d.ill = true
	fmt.Fprintf(d.out, "wrong %s: %s\n", subject, text)
}

// examination is how long one examination may take.
const examination = 10 * time.Second

// output runs a command in the directory of the service, and returns the first line
// that it prints. If it fails, that is the error.
func (d *doctor) output(ctx context.Context, command ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, examination)
	defer cancel()
	cmd := exec.CommandContext(ctx, command[0], command[1:]...) //nolint:gosec // the commands are ours
	cmd.Dir = d.dir
	out, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		err = errors.New(cmp.Or(firstLine(exit.Stderr), err.Error()))
	}
	return firstLine(out), err
}

func firstLine(text []byte) string {
	first, _, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	return first
}

func (d *doctor) program(ctx context.Context, subject, remedy string, command ...string) {
	version, err := d.output(ctx, command...)
	if err != nil {
		d.wrong(subject, fmt.Sprintf("%s does not run (%v); %s", command[0], err, remedy))
		return
	}
	d.fine(subject, version)
}

// caches finds out whether the go command can write what it downloads and compiles.
func (d *doctor) caches(ctx context.Context) {
	for _, name := range []string{"GOCACHE", "GOMODCACHE"} {
		dir, err := d.output(ctx, "go", "env", name)
		if err != nil {
			return // Go is missing, which has been said
		}
		if err := writable(dir); err != nil {
			d.wrong("caches", fmt.Sprintf("%s is %s, which is not writable (%v); set it to a directory that is", name, cmp.Or(dir, "empty"), err))
			return
		}
	}
	d.fine("caches", "Go can write to them")
}

// writable tries to write to a directory or, if it does not exist, where it would be
// created.
func writable(dir string) error {
	for dir != "" && dir != filepath.Dir(dir) && !exists(dir) {
		dir = filepath.Dir(dir)
	}
	f, err := os.CreateTemp(dir, ".otelgen-doctor-")
	if err != nil {
		return errors.Unwrap(err)
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// modules finds out whether the modules of a service can be fetched.
func (d *doctor) modules(ctx context.Context) {
	proxies, err := d.output(ctx, "go", "env", "GOPROXY")
	if err != nil {
		return // Go is missing, which has been said
	}
	first := strings.FieldsFunc(proxies, func(r rune) bool { return r == ',' || r == '|' })
	if len(first) == 0 || first[0] == "direct" || first[0] == "off" {
		d.note("modules", "GOPROXY is "+proxies+": modules that are not in the module cache may be out of reach")
		return
	}
	if !strings.HasPrefix(first[0], "http") {
		d.note("modules", "GOPROXY is "+first[0]+", which only the go command can read")
		return
	}
	proxy := first[0]
	if u, err := url.Parse(proxy); err == nil {
		proxy = u.Redacted() // it may have a password
	}
	status, err := answer(ctx, http.MethodGet, first[0]+"/golang.org/x/mod/@v/list", nil, "")
	if err != nil || status != http.StatusOK {
		d.wrong("modules", fmt.Sprintf("%s does not serve them (%s); set GOPROXY to one that does, or set HTTPS_PROXY if this network needs a proxy", proxy, failure(status, err)))
		return
	}
	d.fine("modules", proxy+" serves them")
}

// containers finds out whether "make up" can work.
func (d *doctor) containers(ctx context.Context) {
	version, err := d.output(ctx, "docker", "compose", "version", "--short")
	if err != nil {
		d.note("containers", "docker compose does not run; make up needs it, but make run does not")
		return
	}
	if _, err := d.output(ctx, "docker", "info", "--format", "{{.ServerVersion}}"); err != nil {
		d.note("containers", "Docker does not answer; start it before make up, or get access to its socket")
		return
	}
	d.fine("containers", "docker compose "+version)
}

// port finds out whether the service can listen.
func (d *doctor) port() {
	address := cmp.Or(d.getenv("HTTP_ADDR"), ":"+cmp.Or(d.getenv("PORT"), "8080"))
	listener, err := net.Listen("tcp", address) //nolint:noctx // it is closed at once
	if err != nil {
		d.wrong("port", fmt.Sprintf("%s is in use or not allowed (%v); stop the program that listens there, or set HTTP_ADDR to another address, such as :8081", address, err))
		return
	}
	_ = listener.Close()
	d.fine("port", address+" is free")
}

// endpoint sends an empty export of traces to where the environment says.
func (d *doctor) endpoint(ctx context.Context) {
	base := d.getenv("OTEL_EXPORTER_OTLP_ENDPOINT")
	if base == "" {
		d.note("telemetry", "OTEL_EXPORTER_OTLP_ENDPOINT is not set: nothing is exported; make up starts a collector and sets it")
		return
	}
	u, err := url.Parse(base)
	if err != nil || u.Host == "" {
		d.wrong("telemetry", fmt.Sprintf("OTEL_EXPORTER_OTLP_ENDPOINT=%s is not a URL; write http://HOST:4318", base))
		return
	}
	if d.getenv("OTEL_EXPORTER_OTLP_PROTOCOL") == "grpc" {
		d.note("telemetry", "OTEL_EXPORTER_OTLP_PROTOCOL is grpc, which this command does not speak; only the connection is tried")
		d.connection(ctx, base, u)
		return
	}
	target := strings.TrimSuffix(base, "/") + "/v1/traces"
	status, err := answer(ctx, http.MethodPost, target, []byte(`{"resourceSpans":[]}`), d.getenv("OTEL_EXPORTER_OTLP_HEADERS"))
	switch {
	case err != nil:
		d.wrong("telemetry", fmt.Sprintf("%s does not answer (%v); check that the collector is running, and that the port is that of OTLP over HTTP, 4318", target, err))
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		d.wrong("telemetry", fmt.Sprintf("%s requires credentials (%d); set OTEL_EXPORTER_OTLP_HEADERS", target, status))
	case status != http.StatusOK:
		d.wrong("telemetry", fmt.Sprintf("%s answers with %d, not as OTLP does; write the endpoint without /v1/traces, and with port 4318", target, status))
	default:
		d.fine("telemetry", target+" takes traces")
	}
}

func (d *doctor) connection(ctx context.Context, base string, u *url.URL) {
	dialer := net.Dialer{Timeout: examination}
	conn, err := dialer.DialContext(ctx, "tcp", u.Host)
	if err != nil {
		d.wrong("telemetry", fmt.Sprintf("%s does not answer (%v); check that the collector is running, and that the port is that of OTLP over gRPC, 4317", base, err))
		return
	}
	_ = conn.Close()
	d.fine("telemetry", base+" takes connections")
}

// answer sends a request with headers in the form of OTEL_EXPORTER_OTLP_HEADERS, and
// returns the status of the answer.
func answer(ctx context.Context, method, target string, body []byte, headers string) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, examination)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	for header := range strings.SplitSeq(headers, ",") {
		if name, value, ok := strings.Cut(header, "="); ok {
			if unescaped, err := url.PathUnescape(strings.TrimSpace(value)); err == nil {
				request.Header.Set(strings.TrimSpace(name), unescaped)
			}
		}
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	return response.StatusCode, nil
}

func failure(status int, err error) string {
	if err != nil {
		return err.Error()
	}
	return http.StatusText(status)
}

// getenv returns a variable of the environment or, if it is not set there, of .env. That
// is what it is for a service that is started by "make run".
func (d *doctor) getenv(name string) string {
	if value, ok := os.LookupEnv(name); ok {
		return value
	}
	return d.file[name]
}

// dotenv returns the variables that the .env of a service sets. The Makefile has sh read
// that file. To look at a service must run nothing of it, so a value that only sh can
// work out is left out.
func dotenv(dir string) map[string]string {
	if !exists(specFile(dir)) {
		return nil
	}
	content, _ := os.ReadFile(filepath.Join(dir, ".env")) // what cannot be read sets none
	all := map[string]string{}
	for line := range strings.Lines(string(content)) {
		name, value, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "export "), "=")
		if !ok || strings.HasPrefix(name, "#") {
			continue
		}
		quoted, literal := strings.CutPrefix(value, "'")
		switch {
		case literal:
			value, _, ok = strings.Cut(quoted, "'")
		case strings.ContainsAny(value, "$`\\"):
			ok = false
		case strings.HasPrefix(value, `"`):
			value, _, ok = strings.Cut(value[1:], `"`)
		default:
			if i := strings.IndexAny(value, " \t"); i >= 0 { // then comes a comment
				value = value[:i]
			}
		}
		if ok {
			all[name] = value
		} else {
			delete(all, name)
		}
	}
	return all
}

// variables finds names in an environment that are almost those of variables that the
// service reads. A service itself says so, too, when it starts.
func (d *doctor) variables(environment []string) {
	known := variablesIn(d.dir)
	if known == nil {
		return
	}
	misspelt := false
	for _, entry := range environment {
		name, value, _ := strings.Cut(entry, "=")
		if value == "" || slices.Contains(known, name) {
			continue
		}
		i := slices.IndexFunc(known, func(candidate string) bool { return almost(name, candidate) })
		if i >= 0 {
			misspelt = true
			d.wrong("variables", fmt.Sprintf("the service does not read %s; did you mean %s?", name, known[i]))
		}
	}
	if !misspelt {
		d.fine("variables", "none is misspelt")
	}
}

// variableName is the name of a variable of several words.
var variableName = regexp.MustCompile(`\b[A-Z][A-Z0-9]*(_[A-Z0-9]+)+\b`)

// variablesIn returns the names of variables in what documents those of a service, and
// in its code. It is nil if there is no service.
func variablesIn(dir string) []string {
	var all []string
	add := func(file string) {
		content, _ := os.ReadFile(file) // what cannot be read has none
		all = append(all, variableName.FindAllString(string(content), -1)...)
	}
	add(filepath.Join(dir, ".env.example"))
	for _, name := range []string{"config", "telemetry"} {
		files, _ := filepath.Glob(filepath.Join(dir, "internal", name, "*.go")) // the pattern is valid
		for _, file := range files {
			if !strings.HasSuffix(file, "_test.go") {
				add(file)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// almost reports whether two names begin with the same word and differ in at most two
// letters, all in one place: other programs have variables such as HTTP_PROXY.
func almost(a, b string) bool {
	word, _, _ := strings.Cut(a, "_")
	if !strings.HasPrefix(b, word+"_") {
		return false
	}
	for a != "" && b != "" && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for a != "" && b != "" && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return max(len(a), len(b)) <= 2
}

// service says of the project, if there is one, what otelgen check does.
func (d *doctor) service() {
	if !exists(specFile(d.dir)) {
		d.note("service", "there is none here; run otelgen doctor in the directory of a service, or name that directory")
		return
	}
	u := newComparer(d.catalog, nil)
	one := &update{Dir: d.dir}
	if err := u.update(one, d.dir, func(string) {}); err != nil {
		d.wrong("service", err.Error())
		return
	}
	switch {
	case one.Unfinished != "":
		d.wrong("service", one.unfinished)
	case one.Conflicts > 0:
		d.wrong("service", fmt.Sprintf("%s has conflicts in %s; otelgen check lists them, and docs/updating.md of otelgen explains how to resolve them", one.Service, counted(one.Conflicts)))
	case !one.InSync:
		d.note("service", fmt.Sprintf("%s is outdated in %s; otelgen diff prints what an update would change, and otelgen update changes it", one.Service, counted(len(one.changes))))
	default:
		d.fine("service", one.Service+" is up to date")
	}
}
