package e2e_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"go/ast"
	"go/build/constraint"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/internal/dev/e2e"
	"github.com/otelgen/otelgen/templates"
)

// Whatever is selected type-checks, tests included, against the modules of the
// pins, with and without what is behind a build tag. What is the same in many
// selections is parsed and checked once.
func TestSelections_TypeCheck(t *testing.T) {
	specs := e2e.EveryTriple(t, e2e.Catalog(t))
	c := &checker{fset: token.NewFileSet(), parsed: map[[32]byte]*ast.File{}, checked: map[[32]byte]*types.Package{}}
	imports := map[string]bool{"std": true}
	for _, spec := range specs {
		for _, file := range c.open(t, spec, "integration").files {
			for _, imported := range file.Imports {
				name := strings.Trim(imported.Path.Value, `"`)
				if first, _, _ := strings.Cut(name, "/"); strings.Contains(first, ".") {
					imports[name] = true
				}
			}
		}
	}
	c.external = importer.ForCompiler(c.fset, "gc", exportData(t, slices.Sorted(maps.Keys(imports))))
	for _, spec := range specs { // rendered once more, for all of them take much memory
		for _, tag := range []string{"", "integration"} {
			for _, err := range c.open(t, spec, tag).checkAll() {
				t.Errorf("%v %v %s: %v", spec.Slots, spec.Features, tag, err)
			}
		}
	}
	t.Logf("%d selections, %d files, %d packages", len(specs), len(c.parsed), len(c.checked))
}

// Joints are few: before one is added here, the seam was looked for that would
// have made it needless, and its reason is in its feature.yaml.
func TestJoints(t *testing.T) {
	var joints []string
	for _, f := range e2e.Catalog(t).Features {
		if f.Joint() {
			joints = append(joints, f.Name)
		}
	}
	slices.Sort(joints)
	want := []string{
		"auth-huma",
		"auth-openapi",
		"background-orders",
		"client-orders",
		"collection-gorm",
		"collection-huma",
		"collection-memory",
		"collection-mysql",
		"collection-openapi",
		"collection-plain",
		"collection-plain-echo",
		"collection-plain-gin",
		"collection-plain-nethttp",
		"collection-postgres",
		"collection-relational",
		"collection-sql",
		"collection-sql-mysql",
		"collection-sql-numbered",
		"collection-sqlc",
		"collection-sqlc-mysql",
		"collection-sqlc-postgres",
		"collection-sqlc-sqlite",
		"collection-sqlite",
		"connect-orders",
		"flags-orders",
		"gorm-mysql",
		"gorm-postgres",
		"gorm-sqlite",
		"grpc-orders",
		"jobs-orders",
		"jobs-postgres",
		"jobs-sqlite",
		"kafka-orders",
		"kafka-orders-memory",
		"kafka-orders-relational",
		"kafka-relational",
		"nats-orders",
		"nats-orders-memory",
		"nats-orders-relational",
		"nats-relational",
		"orders-dbserver",
		"orders-gorm",
		"orders-huma",
		"orders-memory",
		"orders-mysql",
		"orders-openapi",
		"orders-plain",
		"orders-plain-chi",
		"orders-plain-echo",
		"orders-plain-gin",
		"orders-plain-nethttp",
		"orders-plain-stdlib",
		"orders-postgres",
		"orders-relational",
		"orders-sql",
		"orders-sql-mysql",
		"orders-sql-numbered",
		"orders-sqlc",
		"orders-sqlc-json",
		"orders-sqlc-mysql",
		"orders-sqlc-postgres",
		"orders-sqlc-sqlite",
		"orders-sqlite",
		"plain-echo",
		"plain-gin",
		"plain-nethttp",
		"plain-validator",
		"posts-client",
		"posts-gorm",
		"posts-huma",
		"posts-mysql",
		"posts-openapi",
		"posts-plain",
		"posts-postgres",
		"posts-relational",
		"posts-sql",
		"posts-sql-mysql",
		"posts-sql-numbered",
		"posts-sqlc",
		"posts-sqlc-mysql",
		"posts-sqlc-postgres",
		"posts-sqlc-sqlite",
		"posts-sqlite",
		"posts-tenancy",
		"realtime-orders",
		"realtime-orders-huma",
		"redis-orders",
		"redis-ratelimit",
		"redis-users",
		"sqlc-bare",
		"tenancy-orders",
		"tenancy-ratelimit",
		"users-gorm",
		"users-huma",
		"users-mysql",
		"users-openapi",
		"users-plain",
		"users-relational",
		"users-sql",
		"users-sql-mysql",
		"users-sql-numbered",
		"users-sqlc",
		"users-sqlc-mysql",
		"users-sqlc-postgres",
		"users-sqlc-sqlite",
		"users-standard",
		"users-tenancy",
	}
	if !slices.Equal(joints, want) {
		t.Errorf("joints are %v, want %v", joints, want)
	}
}

// Jobs may use any part of a service, so what works them is built after all parts but
// the server, which brings more of them, and ends before those parts.
func TestWiring_JobsEndFirst(t *testing.T) {
	serve := string(e2e.Render(t, e2e.Catalog(t), generator.Spec{
		Service: "shop", Module: "example.com/acme/shop", Slots: map[string]string{"database": "sqlite"},
		Features: []string{"background", "client", "grpc", "jobs", "redis"},
	})["cmd/shop/serve.go"])
	var closed []string
	for line := range strings.Lines(serve) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "parts.OnClose("); ok {
			closed = append(closed, strings.Split(name, ",")[0])
		}
	}
	slices.Reverse(closed)
	if own, calls := strings.Index(serve, "addOwn("), strings.Index(serve, "grpcserver.New("); own < 0 || own > calls {
		t.Errorf("calls are served without what the owner has added:\n%s", serve)
	}
	if want := []string{`"grpc server"`, `"http server"`, `"job worker"`, `"background jobs"`}; len(closed) < 7 || !slices.Equal(closed[:4], want) {
		t.Errorf("parts end in the order %v, want %v first", closed, want)
	}
}

// The templates keep the rule: what Load does not see of it, Vet does.
func TestTemplates_KeepTheRule(t *testing.T) {
	if err := e2e.Catalog(t).Vet(); err != nil {
		t.Error(err)
	}
}

// No template names a feature but its own and those that it joins, comments and
// prose included: what it said of others would be wrong without them.
func TestTemplates_NameNoOtherFeature(t *testing.T) {
	// Words that are said for other reasons as well.
	words := []string{"admin", "auth", "background", "client", "collection", "page", "orders", "plain", "sql", "stdlib", "echo", "edge", "command", "config", "grpc", "rpc", "deploy", "http", "integration", "lifecycle", "principal", "project", "telemetry", "users", "connect", "cors", "openapi", "contract"}
	words = append(words, "alerts", "console", "github", "gitlab", "jaeger", "kubernetes", "lgtm", "otlp", "sampling", "scout") // every service has all backends
	features := e2e.Catalog(t).Features
	words = append(words, "jobs", "dashboards", "flags") // which a queue holds, a workflow consists of, and Kubernetes has; which files for Grafana link; and which commands and traces have
	for _, f := range features {
		knows := slices.Concat(words, []string{f.Name}, f.Requires, slices.Collect(maps.Keys(f.When)), slices.Concat(slices.Collect(maps.Values(f.When))...))
		var others []string
		for _, other := range features {
			if !slices.Contains(knows, other.Name) {
				others = append(others, regexp.QuoteMeta(other.Name))
			}
		}
		named := regexp.MustCompile(`(?i)\b(` + strings.Join(others, "|") + `)\b`)
		err := fs.WalkDir(templates.FS, f.Folder, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasPrefix(path, f.Folder+"/files/") || strings.HasPrefix(entry.Name(), "go.") {
				return err // modules are not ours to name
			}
			content, err := fs.ReadFile(templates.FS, path)
			n := 0
			for line := range strings.Lines(string(content)) {
				if n++; named.MatchString(line) {
					t.Errorf("%s:%d: names %s, which it does not join", path, n, named.FindString(line))
				}
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// No two migrations of a service have one version, with which it would not start. Those of
// River are numbers upon a version that no file has.
func TestSelections_MigrationsDiffer(t *testing.T) {
	epoch := regexp.MustCompile(`riverEpoch = (\d+)`)
	for _, spec := range e2e.EveryPair(t, e2e.Catalog(t)) {
		files := map[string]string{}
		add := func(version, name string) {
			if files[version] != "" {
				t.Errorf("%v %v: %s and %s", spec.Slots, spec.Features, files[version], name)
			}
			files[version] = name
		}
		for name, content := range e2e.Render(t, e2e.Catalog(t), spec) {
			if version, _, found := strings.Cut(path.Base(name), "_"); found && path.Base(path.Dir(name)) == "migrations" {
				add(version, name)
			} else if match := epoch.FindSubmatch(content); match != nil {
				add(string(match[1]), name)
			}
		}
	}
}

// The go.mod and go.sum of a selection are what `go mod tidy` would write.
func TestSelections_AreTidy(t *testing.T) {
	for i, spec := range e2e.DifferentCode(t, e2e.Catalog(t), e2e.EveryPair(t, e2e.Catalog(t))) {
		dir := filepath.Join(t.TempDir(), strconv.Itoa(i))
		e2e.New(t, e2e.Catalog(t), dir, spec)
		e2e.Go(t, dir, "mod", "tidy", "-diff")
	}
}

// exportData finds the compiled packages of the standard library and of the
// modules that projects import, in the versions of the pins.
func exportData(t *testing.T, imports []string) importer.Lookup {
	t.Helper()
	args := []string{"list", "-export", "-deps", "-f={{.ImportPath}} {{.Export}}"}
	list := e2e.Go(t, filepath.Join(e2e.Root(t), "testdata", "pins"), append(args, imports...)...)
	files := map[string]string{}
	for line := range strings.Lines(list) {
		if name, file, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			files[name] = file
		}
	}
	return func(name string) (io.ReadCloser, error) {
		if files[name] == "" {
			return nil, fmt.Errorf("%s: not among the packages of testdata/pins", name)
		}
		return os.Open(files[name])
	}
}

// checker checks packages of projects. A file is known by its hash, and a
// package by that of what it and the packages of the project that it imports
// consist of.
type checker struct {
	fset     *token.FileSet
	external types.Importer
	parsed   map[[32]byte]*ast.File
	checked  map[[32]byte]*types.Package
}

// project is a project as far as it is Go.
type project struct {
	*checker
	module   string
	files    map[string]file
	packages map[string]*types.Package // those that have been checked, by name
	errs     []error
}

type file struct {
	*ast.File
	hash [32]byte
}

// open renders a project and parses the files that are compiled with a build tag.
func (c *checker) open(t *testing.T, spec generator.Spec, tag string) *project {
	t.Helper()
	p := &project{checker: c, module: spec.Module, files: map[string]file{}, packages: map[string]*types.Package{}}
	for name, content := range e2e.Render(t, e2e.Catalog(t), spec) {
		if !strings.HasSuffix(name, ".go") || !compiled(content, tag) {
			continue
		}
		hash := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s", name, content))
		if c.parsed[hash] == nil {
			parsed, err := parser.ParseFile(c.fset, name, content, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			c.parsed[hash] = parsed
		}
		p.files[name] = file{c.parsed[hash], hash}
	}
	return p
}

// compiled reports whether a Go file is compiled with a build tag.
func compiled(content []byte, tag string) bool {
	for line := range strings.Lines(string(content)) {
		if strings.HasPrefix(line, "package ") {
			break
		}
		if expression, err := constraint.Parse(strings.TrimSpace(line)); err == nil {
			return expression.Eval(func(name string) bool { return name == tag || strings.HasPrefix(name, "go1.") })
		}
	}
	return true
}

// checkAll checks all packages of a project and returns what is wrong.
func (p *project) checkAll() []error {
	dirs := map[string]bool{}
	for file := range p.files {
		dirs[path.Dir(file)] = true
	}
	for _, dir := range slices.Sorted(maps.Keys(dirs)) {
		isTest := func(name string) bool { return strings.HasSuffix(name, "_test.go") }
		p.check(dir, dir, func(name, _ string) bool { return !isTest(name) })
		p.check(dir, dir+" [test]", func(_, pkg string) bool { return !strings.HasSuffix(pkg, "_test") })
		p.check(dir, dir+"_test", func(_, pkg string) bool { return strings.HasSuffix(pkg, "_test") })
	}
	return p.errs
}

// check checks the files of a directory for which use, given the names of file
// and package, is true.
func (p *project) check(dir, name string, use func(file, pkg string) bool) *types.Package {
	if pkg, done := p.packages[name]; done {
		return pkg
	}
	var files []*ast.File
	hash := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(p.files)) {
		if file := p.files[name]; path.Dir(name) == dir && use(path.Base(name), file.Name.Name) {
			files = append(files, file.File)
			hash.Write(file.hash[:])
		}
	}
	if len(files) == 0 {
		return nil
	}
	own := importerFunc(p.importOwn(hash))
	for _, file := range files { // first what it imports, for the hash
		for _, spec := range file.Imports {
			_, _ = own(strings.Trim(spec.Path.Value, `"`))
		}
	}
	key := [32]byte(hash.Sum(nil))
	if p.checked[key] == nil {
		config := types.Config{Importer: own, GoVersion: "go1.26", Error: func(err error) { p.errs = append(p.errs, err) }}
		p.checked[key], _ = config.Check(path.Join(p.module, name), p.fset, files, nil) // its errors have been collected
	}
	p.packages[name] = p.checked[key]
	return p.packages[name]
}

// importOwn imports packages of the project from its tree, and writes into
// hash what they are.
func (p *project) importOwn(hash io.Writer) func(string) (*types.Package, error) {
	return func(name string) (*types.Package, error) {
		dir, ok := strings.CutPrefix(name, p.module+"/")
		if !ok {
			return p.external.Import(name)
		}
		pkg := p.check(dir, dir, func(file, _ string) bool { return !strings.HasSuffix(file, "_test.go") })
		if pkg == nil {
			return nil, errors.New("no such package in the project")
		}
		fmt.Fprintf(hash, "%p\x00", pkg)
		return pkg, nil
	}
}

type importerFunc func(string) (*types.Package, error)

func (f importerFunc) Import(name string) (*types.Package, error) { return f(name) }
