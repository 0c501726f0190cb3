package generator

import (
	"errors"
	"fmt"
	"go/token"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
	"golang.org/x/mod/module"

	"github.com/otelgen/otelgen/internal/strict"
)

// Spec is what the user chose. A project records its total Spec, every slot
// and default included, in .otelgen/spec.yaml.
type Spec struct {
	Otelgen  string            `yaml:"otelgen"` // the version that the project is from
	Service  string            `yaml:"service"` // its name: also that of its command and image
	Module   string            `yaml:"module"`  // its module path
	Slots    map[string]string `yaml:"slots,omitempty"`
	Features []string          `yaml:"features,omitempty"` // optional ones
}

// ParseSpec reads a Spec as YAML writes it. Its errors carry path and line.
func ParseSpec(path string, data []byte) (Spec, error) {
	var s Spec
	_, problems := strict.Decode(path, data, &s)
	return s, problems.Err()
}

// YAML returns the Spec as it is recorded: sorted, so that branches merge.
func (s Spec) YAML() []byte {
	s.Features = slices.Sorted(slices.Values(s.Features))
	out, err := yaml.Dump(s)
	if err != nil {
		panic(err) // strings are never wrong YAML
	}
	return out
}

// Validate checks the names of the service and its module, and returns every
// problem. Whether there are such slots and features is for Resolve to tell.
func (s Spec) Validate() error {
	return errors.Join(serviceProblem(s.Service), moduleProblem(s.Module))
}

// label is a DNS label as RFC 1123 has it: what containers, Kubernetes and host
// names agree on.
var label = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`)

func serviceProblem(name string) error {
	switch {
	case name == "":
		return errors.New("service: no name; give it one, such as shop")
	case !label.MatchString(name):
		return fmt.Errorf("service %q: no DNS label; use at most 63 of a-z, 0-9 and -, with no - at the ends", name)
	case token.IsKeyword(name):
		return fmt.Errorf("service %s: a keyword of Go; find another name", name)
	case slices.Contains(reserved, name):
		return fmt.Errorf("service %s: has a meaning for Go's tools; find another name", name)
	case module.CheckFilePath(name) != nil:
		return fmt.Errorf("service %s: not every system has directories of this name; find another", name)
	case !plainInYAML(name):
		return fmt.Errorf("service %s: YAML takes it for something else than a name; find another", name)
	case slices.Contains(standard, name):
		return fmt.Errorf("service %s: the name of a standard package; find another name", name)
	}
	return nil
}

// plainInYAML tells whether a name is a string in YAML without quotes, also for
// those who still read version 1.1.
func plainInYAML(name string) bool {
	var n yaml.Node
	err := yaml.Load([]byte(name), &n)
	return err == nil && n.Content[0].ShortTag() == "!!str" && !slices.Contains([]string{"y", "n", "yes", "no", "on", "off"}, name)
}

func moduleProblem(path string) error {
	first, _, _ := strings.Cut(path, "/")
	check := module.CheckImportPath
	if strings.Contains(first, ".") {
		check = module.CheckPath // the rules for what can be fetched
	}
	switch err := check(path); {
	case path == "":
		return errors.New("module: no path; give it one, such as example.com/shop")
	case err != nil:
		if invalid, ok := errors.AsType[*module.InvalidPathError](err); ok {
			err = invalid.Err
		}
		return fmt.Errorf("module %q: %w; it looks like example.com/shop, or like shop", path, err)
	case slices.Contains(strings.Split(path, "/"), "vendor"):
		return fmt.Errorf("module %s: what is below vendor, Go's tools import by another path; find another path", path)
	case slices.Contains(reserved, first):
		return fmt.Errorf("module %s: %s has a meaning for Go's tools; find another path", path, first)
	case slices.Contains(standard, first):
		return fmt.Errorf("module %s: its packages would look like those of the standard %s; find another path", path, first)
	}
	return nil
}

// reserved are names that the go command gives a meaning.
var reserved = []string{"all", "cmd", "command-line-arguments", "internal", "main", "std", "testdata", "tool", "vendor", "work"}

// standard are the first elements of the standard library's packages. A test
// compares them with the Go it is run by.
var standard = []string{
	"archive", "arena", "bufio", "builtin", "bytes", "cmp", "compress", "container", "context", "crypto", "database", "debug", "embed",
	"encoding", "errors", "expvar", "flag", "fmt", "go", "hash", "html", "image", "index", "io", "iter", "log", "maps", "math",
	"mime", "net", "os", "path", "plugin", "reflect", "regexp", "runtime", "simd", "slices", "sort", "strconv", "strings", "structs",
	"sync", "syscall", "testing", "text", "time", "unicode", "unique", "unsafe", "weak",
}
