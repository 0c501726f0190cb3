package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/tools/go/packages"
)

// switches is the package that switches a fault on in a running test: the one
// whose number is in a file beside the executable. Tests that start the service
// start the executable itself, so the fault is there as well.
const switches = `package mutant

import (
	"os"
	"strconv"
)

var on = func() int {
	executable, _ := os.Executable()
	content, _ := os.ReadFile(executable + ".mutant")
	n, _ := strconv.Atoi(string(content))
	return n
}()

func On(n int) bool  { return n == on }
func Off(n int) bool { return n != on }

func Zero[T any](n int, value T) T {
	if n == on {
		return *new(T)
	}
	return value
}

func Not(n int, condition bool) bool { return condition != (n == on) }

func Text[T ~string](n int, value T) T {
	if n == on {
		return value + "x"
	}
	return value
}

func Number[T ~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~float32 | ~float64](n int, value T) T {
	if n == on {
		return value + 1
	}
	return value
}
`

// project is a service whose tests are tried.
type project struct {
	plain    string // a copy of it, as it is
	switched string // a copy with all faults that can be switched on
	binaries string
	packages []pkg
	mutants  []*mutant
	texts    map[string]string // of its files
	built    map[string]*binary
}

// pkg is a package of the project.
type pkg struct {
	path, dir string          // dir is below the project
	deps      map[string]bool // packages of the project that its tests need
	tested    bool
}

// binary is a test binary.
type binary struct {
	path     string
	dir      string
	duration time.Duration // without a fault
	timeout  time.Duration
	killer   string // the test that noticed a fault the last time, if any
}

func newProject(ctx context.Context, dir, work string) (*project, error) {
	p := &project{
		plain: filepath.Join(work, "plain"), switched: filepath.Join(work, "switched"), binaries: filepath.Join(work, "bin"),
		texts: map[string]string{}, built: map[string]*binary{},
	}
	for _, to := range []string{p.plain, p.switched} {
		if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
			return nil, err
		}
	}
	if err := p.list(ctx); err != nil {
		return nil, err
	}
	loaded, err := packages.Load(&packages.Config{
		Context: ctx,
		Dir:     p.plain,
		Mode:    packages.NeedName | packages.NeedFiles | packages.NeedCompiledGoFiles | packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo | packages.NeedImports,
	}, "./...")
	if err != nil {
		return nil, err
	}
	for _, l := range loaded {
		if len(l.Errors) > 0 {
			return nil, l.Errors[0]
		}
		if strings.HasSuffix(l.PkgPath, "test") {
			continue // is for tests
		}
		for i, file := range l.Syntax {
			if err := p.search(l.PkgPath, l.CompiledGoFiles[i], &source{fset: l.Fset, file: file, info: l.TypesInfo}); err != nil {
				return nil, err
			}
		}
	}
	return p, nil
}

// search finds the mutants of a file.
func (p *project) search(pkg, path string, s *source) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	s.pkg, s.text = pkg, string(content)
	if s.path, err = filepath.Rel(p.plain, path); err != nil {
		return err
	}
	p.texts[s.path] = s.text
	s.add = func(m *mutant) {
		p.mutants = append(p.mutants, m)
		m.id = len(p.mutants)
	}
	s.find()
	return nil
}

// list finds the packages and what their tests need.
func (p *project) list(ctx context.Context) error {
	output, err := p.goCommand(ctx, p.plain, "list", "-json=ImportPath,Dir,Deps,TestImports,XTestImports,TestGoFiles,XTestGoFiles", "./...")
	if err != nil {
		return err
	}
	type listed struct {
		ImportPath, Dir                                            string
		Deps, TestImports, XTestImports, TestGoFiles, XTestGoFiles []string
	}
	all := map[string]listed{}
	var order []string
	for decoder := json.NewDecoder(strings.NewReader(output)); decoder.More(); {
		var l listed
		if err := decoder.Decode(&l); err != nil {
			return err
		}
		all[l.ImportPath] = l
		order = append(order, l.ImportPath)
	}
	for _, path := range order {
		l := all[path]
		dir, err := filepath.Rel(p.plain, l.Dir)
		if err != nil {
			return err
		}
		deps := map[string]bool{path: true}
		for _, direct := range slices.Concat([]string{path}, l.TestImports, l.XTestImports) {
			deps[direct] = true
			for _, dep := range all[direct].Deps {
				deps[dep] = true
			}
		}
		p.packages = append(p.packages, pkg{path: path, dir: dir, deps: deps, tested: len(l.TestGoFiles)+len(l.XTestGoFiles) > 0})
	}
	return nil
}

// makeSwitched writes the copy with the faults that can be switched on.
func (p *project) makeSwitched(ctx context.Context) error {
	module, err := p.goCommand(ctx, p.switched, "list", "-m")
	if err != nil {
		return err
	}
	path := strings.TrimSpace(module) + "/internal/mutant"
	if err := write(filepath.Join(p.switched, "internal", "mutant", "mutant.go"), switches); err != nil {
		return err
	}
	edits := map[string][]edit{}
	for _, m := range p.mutants {
		if !m.rebuild {
			edits[m.file] = append(edits[m.file], m.edits...)
		}
	}
	for file, list := range edits {
		text := apply(p.texts[file], list)
		at := strings.Index(text, "\npackage ") + 1
		at += strings.Index(text[at:], "\n")
		text = text[:at] + "; import " + strconv.Quote(path) + text[at:] + "\nvar _ = mutant.On\n"
		if err := write(filepath.Join(p.switched, file), text); err != nil {
			return err
		}
	}
	_, err = p.goCommand(ctx, p.switched, "build", "./...")
	return err
}

// try makes a fault and returns the package whose tests notice it, if any, and
// whether the fault compiles.
func (p *project) try(ctx context.Context, m *mutant, most time.Duration) (killer string, viable bool, err error) {
	overlay := ""
	if m.rebuild {
		if overlay, err = p.overlay(m); err != nil {
			return "", false, err
		}
	}
	tests, err := p.order(ctx, m.pkg, most)
	if err != nil {
		return "", false, err
	}
	for _, pkg := range tests {
		var b *binary
		if m.rebuild {
			b, err = p.build(ctx, p.plain, pkg, filepath.Join(p.binaries, "rebuilt.test"), "-overlay="+overlay)
			if err != nil {
				return "", false, nil //nolint:nilerr // a fault that does not compile is none
			}
			b.timeout, b.killer = p.built[pkg.path].timeout, p.built[pkg.path].killer
		} else if b, err = p.switchedBinary(ctx, pkg); err != nil {
			return "", false, err
		}
		passed, err := b.passes(ctx, m)
		if err != nil {
			return "", false, err
		}
		p.built[pkg.path].killer = b.killer
		if !passed {
			return pkg.dir, true, nil
		}
	}
	return "", true, nil
}

// order returns the packages whose tests may notice a fault in a package: its own first,
// for its tests are the likeliest to, then the fastest, and without those of other
// packages that take longer than most.
func (p *project) order(ctx context.Context, path string, most time.Duration) ([]pkg, error) {
	var list []pkg
	for _, pkg := range p.packages {
		if !pkg.tested || !pkg.deps[path] {
			continue
		}
		b, err := p.switchedBinary(ctx, pkg)
		if err != nil {
			return nil, err
		}
		if pkg.path == path || b.duration <= most {
			list = append(list, pkg)
		}
	}
	slices.SortStableFunc(list, func(a, b pkg) int {
		switch path {
		case a.path:
			return -1
		case b.path:
			return 1
		}
		return cmp.Compare(p.built[a.path].duration, p.built[b.path].duration)
	})
	return list, nil
}

// switchedBinary returns the test binary of a package, which passes without a fault.
func (p *project) switchedBinary(ctx context.Context, pkg pkg) (*binary, error) {
	if b := p.built[pkg.path]; b != nil {
		return b, nil
	}
	b, err := p.build(ctx, p.switched, pkg, filepath.Join(p.binaries, strings.ReplaceAll(pkg.dir, "/", "_")+".test"))
	if err != nil {
		return nil, err
	}
	b.timeout = 5 * time.Minute
	start := time.Now()
	if passed, err := b.run(ctx, &mutant{}, "."); err != nil || !passed {
		return nil, fmt.Errorf("%s: its tests fail without a fault: %w", pkg.dir, err)
	}
	b.duration = time.Since(start)
	b.timeout = 10*time.Second + 4*b.duration
	p.built[pkg.path] = b
	return b, nil
}

func (p *project) build(ctx context.Context, dir string, pkg pkg, to string, flags ...string) (*binary, error) {
	args := slices.Concat([]string{"test", "-c", "-vet=off", "-ldflags=-s -w", "-o", to}, flags, []string{"./" + pkg.dir})
	if _, err := p.goCommand(ctx, dir, args...); err != nil {
		return nil, err
	}
	return &binary{path: to, dir: filepath.Join(dir, pkg.dir), timeout: time.Minute}, nil
}

// overlay writes a fault that takes a build of its own, as an overlay.
func (p *project) overlay(m *mutant) (string, error) {
	changed := filepath.Join(p.binaries, "changed.go")
	if err := write(changed, apply(p.texts[m.file], m.edits)); err != nil {
		return "", err
	}
	replace := map[string]map[string]string{"Replace": {filepath.Join(p.plain, m.file): changed}}
	content, err := json.Marshal(replace)
	if err != nil {
		return "", err
	}
	path := filepath.Join(p.binaries, "overlay.json")
	return path, write(path, string(content))
}

// passes runs the tests with a fault and reports whether they pass. The test that has
// noticed the fault before comes first: it is likely to notice this one, too.
func (b *binary) passes(ctx context.Context, m *mutant) (bool, error) {
	if b.killer != "" {
		if passed, err := b.run(ctx, m, "^"+b.killer+"$"); !passed || err != nil {
			return passed, err
		}
	}
	return b.run(ctx, m, ".")
}

// failed finds the name of a test that has failed.
var failed = regexp.MustCompile(`(?m)^--- FAIL: (\w+)`)

// run runs some of the tests with a fault and reports whether they pass.
func (b *binary) run(ctx context.Context, m *mutant, tests string) (passed bool, err error) {
	if err := write(b.path+".mutant", strconv.Itoa(m.id)); err != nil {
		return false, err
	}
	limited, cancel := context.WithTimeout(ctx, b.timeout)
	defer cancel()
	cmd := exec.CommandContext(limited, b.path, "-test.failfast", "-test.timeout="+b.timeout.String(), "-test.run="+tests) //nolint:gosec // built here
	cmd.Dir = b.dir
	cmd.WaitDelay = time.Second
	output, err := os.Create(b.path + ".output") // a pipe would be waited for as long as a process has it
	if err != nil {
		return false, err
	}
	defer output.Close()
	cmd.Stdout = output
	err = runWithChildren(cmd)
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if _, exited := errors.AsType[*exec.ExitError](err); exited || limited.Err() != nil {
		said, err := os.ReadFile(output.Name())
		if name := failed.FindSubmatch(said); name != nil {
			b.killer = string(name[1])
		}
		return false, err
	}
	return err == nil, err
}

func (p *project) goCommand(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...) //nolint:gosec // the arguments are ours
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off")
	output, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return "", fmt.Errorf("go %s: %w\n%s", args[0], err, exit.Stderr)
	}
	return string(output), err
}
