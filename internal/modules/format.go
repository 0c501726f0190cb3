package modules

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
)

// Format returns the lock as a lock file.
func (l *Lock) Format() []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, "# What modules need. Written by `make lock`; do not edit.\ngo %s\n", l.Go)
	for _, m := range slices.SortedFunc(slices.Values(l.Modules), func(a, b *Module) int { return compareVersions(a.Version, b.Version) }) {
		fmt.Fprintf(&out, "\nmodule %s %s\n", m.Path, m.Version.Version)
		if m.Sum != "" {
			fmt.Fprintf(&out, "sum %s\n", m.Sum)
		}
		fmt.Fprintf(&out, "mod %s\n", m.ModSum)
		for _, r := range slices.SortedFunc(slices.Values(m.Requires), compareVersions) {
			fmt.Fprintf(&out, "require %s %s\n", r.Path, r.Version)
		}
		for _, r := range slices.SortedFunc(slices.Values(m.Graph), compareVersions) {
			fmt.Fprintf(&out, "graph %s %s\n", r.Path, r.Version)
		}
		for _, p := range slices.SortedFunc(slices.Values(m.Packages), func(a, b *Package) int { return cmp.Compare(a.Path, b.Path) }) {
			p.format(&out)
		}
	}
	return out.Bytes()
}

func (p *Package) format(out *bytes.Buffer) {
	verb := "package"
	if p.Testing {
		verb = "testing"
	}
	fmt.Fprintf(out, "%s %s\n", verb, p.Path)
	for _, importPath := range slices.Sorted(slices.Values(p.Imports)) {
		fmt.Fprintf(out, "import %s\n", importPath)
	}
	for _, importPath := range slices.Sorted(slices.Values(p.Tests)) {
		fmt.Fprintf(out, "test %s\n", importPath)
	}
}

// compareVersions orders versions of modules as go.mod does.
func compareVersions(a, b module.Version) int {
	return cmp.Or(cmp.Compare(a.Path, b.Path), semver.Compare(a.Version, b.Version))
}

// Parse reads a lock file. Its errors name the file and the line, all of them
// at once.
func Parse(file string, data []byte) (*Lock, error) {
	p := parser{lock: &Lock{}}
	var errs []error
	n := 0
	for line := range strings.Lines(string(data)) {
		n++
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		if err := p.line(words[0], words[1:]); err != nil {
			errs = append(errs, fmt.Errorf("%s:%d: %w", file, n, err))
		}
	}
	if p.lock.Go == "" {
		errs = append(errs, fmt.Errorf("%s: has no line `go VERSION`", file))
	}
	if len(errs) == 0 { // else what is missing follows from them
		for _, err := range p.lock.link() {
			errs = append(errs, fmt.Errorf("%s: %w; run make lock", file, err))
		}
	}
	return p.lock, errors.Join(errs...)
}

// A parser knows what the next line can be about.
type parser struct {
	lock *Lock
	mod  *Module
	pkg  *Package
}

// arguments says what follows each verb.
var arguments = map[string]string{
	"go": "VERSION", "module": "PATH VERSION", "sum": "HASH", "mod": "HASH", "require": "PATH VERSION", "graph": "PATH VERSION",
	"package": "PATH", "testing": "PATH", "import": "PATH", "test": "PATH",
}

func (p *parser) line(verb string, words []string) error {
	want, known := arguments[verb]
	switch {
	case !known:
		return fmt.Errorf("%q: a line begins with go, module, sum, mod, require, graph, package, testing, import or test", verb)
	case len(words) != len(strings.Fields(want)):
		return fmt.Errorf("%s %q: takes %s", verb, strings.Join(words, " "), want)
	case verb == "go":
		return p.goVersion(words[0])
	case verb == "module":
		return p.module(module.Version{Path: words[0], Version: words[1]})
	case p.mod == nil:
		return fmt.Errorf("%s: stands before the first module", verb)
	case verb == "import" || verb == "test":
		return p.imported(verb, words[0])
	case p.pkg != nil && verb != "package" && verb != "testing":
		return fmt.Errorf("%s: stands after a package; move it to the module", verb)
	}
	switch verb {
	case "sum":
		return hash(verb, &p.mod.Sum, words[0])
	case "mod":
		return hash(verb, &p.mod.ModSum, words[0])
	case "require":
		p.mod.Requires = append(p.mod.Requires, module.Version{Path: words[0], Version: words[1]})
	case "graph":
		p.mod.Graph = append(p.mod.Graph, module.Version{Path: words[0], Version: words[1]})
	default:
		return p.newPackage(words[0], verb == "testing")
	}
	return nil
}

func (p *parser) goVersion(version string) error {
	if !modfile.GoVersionRE.MatchString(version) {
		return fmt.Errorf("%q is not a version of Go", version)
	}
	if p.lock.Go != "" {
		return errors.New("go: declared twice")
	}
	p.lock.Go = version
	return nil
}

// module begins a module.
func (p *parser) module(v module.Version) error {
	if err := module.Check(v.Path, v.Version); err != nil {
		return err
	}
	if module.CanonicalVersion(v.Version) != v.Version {
		return fmt.Errorf("module %s: %q is not a full version", v.Path, v.Version)
	}
	if p.mod != nil && compareVersions(p.mod.Version, v) >= 0 {
		return fmt.Errorf("module %s: does not come after %s; modules are sorted", v, p.mod.Version)
	}
	p.mod, p.pkg = &Module{Version: v}, nil
	p.lock.Modules = append(p.lock.Modules, p.mod)
	return nil
}

// newPackage begins a package.
func (p *parser) newPackage(importPath string, testing bool) error {
	if importPath != p.mod.Path && !strings.HasPrefix(importPath, p.mod.Path+"/") {
		return fmt.Errorf("package %s: is not in module %s", importPath, p.mod.Path)
	}
	if p.pkg != nil && p.pkg.Path >= importPath {
		return fmt.Errorf("package %s: does not come after %s; packages are sorted", importPath, p.pkg.Path)
	}
	p.pkg = &Package{Path: importPath, Testing: testing}
	p.mod.Packages = append(p.mod.Packages, p.pkg)
	return nil
}

func (p *parser) imported(verb, importPath string) error {
	switch {
	case p.pkg == nil:
		return fmt.Errorf("%s: stands before the first package of the module", verb)
	case verb == "import":
		p.pkg.Imports = append(p.pkg.Imports, importPath)
	case p.pkg.Testing:
		return fmt.Errorf("test: is below testing %s; tests of what only tests need do not count", p.pkg.Path)
	default:
		p.pkg.Tests = append(p.pkg.Tests, importPath)
	}
	return nil
}

// hash sets a field, once.
func hash(verb string, field *string, hash string) error {
	if *field != "" {
		return fmt.Errorf("%s: declared twice", verb)
	}
	if !strings.HasPrefix(hash, "h1:") {
		return fmt.Errorf("%q is not a hash", hash)
	}
	*field = hash
	return nil
}
