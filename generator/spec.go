package generator

import (
	"cmp"
	"errors"
	"fmt"
	"go/token"
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/otelgen/otelgen/internal/problem"
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

	// Resources are what the owner has added by name.
	Resources []Resource `yaml:"resources,omitempty"`

	// Packs are catalogs of others from which features come. The key is
	// reserved: this version reads and keeps it, and Validate refuses it.
	Packs []Pack `yaml:"packs,omitempty"`
}

// Pack is a catalog that is fetched: a module, its version, and the hash of its
// content as go.sum has it.
type Pack struct {
	Name    string `yaml:"name"`
	Version string `yaml:"version"`
	Sum     string `yaml:"sum"`
}

// ParseSpec reads a Spec as YAML writes it. Its errors carry path and line.
//
// otelgen is the version of the program that reads it. A Spec of a later release is not
// parsed any further: it may have keys that this release does not know, and the error
// names the release to use. A version that is not a release is neither later nor
// earlier than another.
func ParseSpec(path string, data []byte, otelgen string) (Spec, error) {
	var from struct {
		Otelgen string `yaml:"otelgen"`
	}
	if yaml.Load(data, &from) == nil && isRelease(from.Otelgen) && isRelease(otelgen) && semver.Compare(from.Otelgen, otelgen) > 0 {
		return Spec{}, fmt.Errorf("%s: otelgen %s wrote it, and this is %s; install that version, or a later one", path, from.Otelgen, otelgen)
	}
	var s Spec
	_, problems := strict.Decode(path, data, &s)
	return s, problems.Err()
}

// isRelease is false for a build from a commit, whose users know what is newer.
func isRelease(version string) bool {
	return semver.IsValid(version) && !module.IsPseudoVersion(version)
}

// YAML returns the Spec as it is recorded: sorted, so that branches merge.
func (s Spec) YAML() []byte {
	s.Features = slices.Sorted(slices.Values(s.Features))
	s.Resources = byName(s.Resources)
	out, err := yaml.Dump(s)
	if err != nil {
		panic(err) // strings are never wrong YAML
	}
	return out
}

// With returns the Spec with more features. A value of a slot takes the place of the
// one that is there, and other slots that then do not exist are left out. Resolve
// checks whether all choices are possible together.
//
// Its errors are of type [*ChoiceError], joined if there are several.
func (c *Catalog) With(spec Spec, names ...string) (Spec, error) {
	spec = spec.clone()
	added := Choices{}
	var problems []error
	for _, name := range names {
		problems = append(problems, c.choose(added, name))
	}
	for name, value := range added {
		if value != On {
			spec.Slots[name] = value
		} else if !slices.Contains(spec.Features, name) {
			spec.Features = append(spec.Features, name)
		}
	}
	slices.Sort(spec.Features)
	c.leaveOut(spec, added)
	return spec, errors.Join(problems...)
}

// Set returns the Spec with other values of some slots. Slots that then do not
// exist are left out. That there is no such slot or value, and that values exclude
// each other, are errors of type [*ChoiceError], joined if there are several.
func (c *Catalog) Set(spec Spec, values map[string]string) (Spec, error) {
	wanted, err := c.Choices(Spec{Slots: values})
	if err != nil {
		return spec, err
	}
	spec = spec.clone()
	maps.Copy(spec.Slots, wanted)
	c.leaveOut(spec, wanted)
	return spec, nil
}

// Without returns the Spec without some of its features. Slots that then do not
// exist are left out. That a feature is not there, that its slot has to have a
// value, and that another feature would bring it back are errors of type
// [*ChoiceError], joined if there are several.
func (c *Catalog) Without(spec Spec, names ...string) (Spec, error) {
	had := spec.names()
	removable := slices.DeleteFunc(slices.Clone(had), func(name string) bool {
		f := c.byName[name]
		return f == nil || f.Slot != "" && !c.slot(f.Slot).Optional
	})
	spec = spec.clone()
	var problems []error
	for _, name := range names {
		f := c.byName[name]
		switch {
		case f != nil && f.Always:
			problems = append(problems, choiceError(name, "feature %s: it cannot be removed, because every service has it", name))
		case f != nil && f.Joint():
			problems = append(problems, choiceError(name, "feature %s: it cannot be removed, because every service with %s has it", name, f.When))
		case f != nil && f.hidden:
			problems = append(problems, choiceError(name, "feature %s: it comes with the features that require it; remove those", name))
		case f == nil && problem.Nearest(name, removable) != "":
			problems = append(problems, choiceError(name, "feature %s: there is no such feature; %s", name, problem.Suggest(name, removable)))
		case f == nil:
			problems = append(problems, choiceError(name, "feature %s: there is no such feature; of those in the service, %s can be removed", name,
				cmp.Or(problem.Listed(removable, "and"), "none")))
		case !slices.Contains(had, name):
			problems = append(problems, choiceError(name, "feature %s: the service does not have it, so there is nothing to remove", name))
		case f.Slot == "":
			spec.Features = slices.DeleteFunc(spec.Features, func(feature string) bool { return feature == name })
		case !c.slot(f.Slot).Optional:
			problems = append(problems, choiceError(f.Slot, "feature %s: a service needs a value for %s; add another one, which takes its place", name, f.Slot))
		default:
			spec.Slots[f.Slot] = None
		}
	}
	c.leaveOut(spec, nil)
	return spec, errors.Join(append(problems, c.returns(spec, names))...)
}

// returns reports which features would come back because others require them.
func (c *Catalog) returns(spec Spec, removed []string) error {
	s, err := Resolve(c, spec)
	if err != nil {
		return nil //nolint:nilerr // is reported when the Spec is resolved
	}
	var problems []error
	for _, name := range removed {
		for _, f := range s.RequiredBy(name) {
			problems = append(problems, choiceError(name, "feature %s: %s requires it; remove that as well", name, f.Name))
		}
	}
	return errors.Join(problems...)
}

// WithResource returns the Spec with one more resource. That it has one of this name
// is an error of type [*ChoiceError].
func (s Spec) WithResource(r Resource) (Spec, error) {
	s = s.clone()
	if slices.ContainsFunc(s.Resources, func(other Resource) bool { return other.Name == r.Name }) {
		return s, choiceError("resources", "resource %s: the service already has it; choose another name", r.Name)
	}
	s.Resources = append(slices.Clone(s.Resources), r)
	return s, nil
}

// WithoutResource returns the Spec without one of its resources. That it has none of
// this name is an error of type [*ChoiceError].
func (s Spec) WithoutResource(name string) (Spec, error) {
	s = s.clone()
	var names []string
	for _, r := range s.Resources {
		names = append(names, r.Name)
	}
	if len(names) == 0 {
		return s, choiceError("resources", "resource %s: the service has no resources, so there is nothing to remove", name)
	}
	if !slices.Contains(names, name) {
		return s, choiceError("resources", "resource %s: the service does not have it; %s", name, problem.Suggest(name, names))
	}
	s.Resources = slices.DeleteFunc(slices.Clone(s.Resources), func(r Resource) bool { return r.Name == name })
	return s, nil
}

func (s Spec) clone() Spec {
	s.Slots, s.Features = maps.Clone(s.Slots), slices.Clone(s.Features)
	if s.Slots == nil {
		s.Slots = map[string]string{}
	}
	return s
}

// names returns the features that a Spec names, sorted.
func (s Spec) names() []string {
	names := slices.Concat(slices.Collect(maps.Values(s.Slots)), s.Features)
	slices.Sort(names)
	return slices.DeleteFunc(names, func(name string) bool { return name == None })
}

// leaveOut removes the values of slots that do not exist with what is chosen,
// but those that are wanted.
func (c *Catalog) leaveOut(spec Spec, wanted Choices) {
	for _, slot := range c.Slots { // each depends on slots above it only
		if wanted[slot.Name] == "" && !slot.When.Holds(spec.Slots) {
			delete(spec.Slots, slot.Name)
		}
	}
}

// Validate checks the names of the service, its module and its resources, and returns
// every problem. Resolve checks whether there are such slots and features. Its errors
// are of type [*ChoiceError], joined if there are several.
func (s Spec) Validate() error {
	problems := []error{serviceProblem(s.Service), moduleProblem(s.Module)}
	for _, r := range s.Resources {
		problems = append(problems, r.validate())
	}
	if len(s.Packs) > 0 {
		problems = append(problems, choiceError("packs", "packs: this otelgen cannot use packs yet; get a version that can, or remove packs from the Spec"))
	}
	return errors.Join(problems...)
}

// A service's name is a DNS label as RFC 1035 has it: what containers, host names and
// the services of Kubernetes, which do not begin with a digit, agree on.
const maxLabel = 63

var (
	labelCharacters = regexp.MustCompile(`^[-a-z0-9]*$`)
	notASCII        = regexp.MustCompile(`[^\x00-\x7f]`)
)

func serviceProblem(name string) error {
	choose := fmt.Sprintf("choose another name, for example %q", name+"-service")
	invalid := func(problem string) error {
		return choiceError("service", "service name %q is not valid: %s", name, problem)
	}
	switch {
	case name == "":
		return choiceError("service", `service name is missing: choose one, for example "shop"`)
	case notASCII.MatchString(name):
		return invalid(fmt.Sprintf("%q is not one of the letters a to z; use lower-case letters, digits and hyphens, for example \"shop\"", notASCII.FindString(name)))
	case !labelCharacters.MatchString(name):
		return invalid(fmt.Sprintf("use lower-case letters, digits and hyphens, for example %q", ServiceName(name)))
	case len(name) > maxLabel:
		return invalid(fmt.Sprintf("it has %d characters; use at most %d", len(name), maxLabel))
	case strings.Trim(name, "-") != name:
		return invalid(fmt.Sprintf("it begins or ends with a hyphen; remove that, as in %q", ServiceName(name)))
	case name[0] <= '9':
		return invalid(fmt.Sprintf("it begins with a digit, which Kubernetes does not allow; begin it with a letter, for example %q", ServiceName(name)))
	case token.IsKeyword(name):
		return invalid("it is a keyword of Go; " + choose)
	case slices.Contains(reserved, name):
		return invalid("the go command gives it a special meaning; " + choose)
	case module.CheckFilePath(name) != nil:
		return invalid("it cannot be the name of a directory on Windows; " + choose)
	case inYAML(name) != "":
		return invalid(fmt.Sprintf("files such as compose.yaml would take it for %s; %s", inYAML(name), choose))
	case slices.Contains(standard, name):
		return invalid("it is the name of a package of the standard library; " + choose)
	}
	return nil
}

// ServiceName returns the name of a service that is nearest to a text, such as
// "my-shop" for "My Shop" or "MyShop", and "service-24" for "24". It is "shop" if no
// character of the text can be in one.
func ServiceName(text string) string {
	words := betweenWords.ReplaceAllString(text, "$1-$2")
	label := strings.Trim(notInLabel.ReplaceAllString(strings.ToLower(words), "-"), "-")
	if label != "" && label[0] <= '9' {
		label = "service-" + label
	}
	label = strings.TrimRight(label[:min(len(label), maxLabel)], "-")
	return cmp.Or(label, "shop")
}

var (
	betweenWords = regexp.MustCompile(`([a-z0-9])([A-Z])`)
	notInLabel   = regexp.MustCompile(`[^a-z0-9]+`)
)

// inYAML says what a name without quotes, which begins with a letter, is in YAML if it
// is not a string, also for those who still read version 1.1. It is "" for a string.
func inYAML(name string) string {
	var n yaml.Node
	if err := yaml.Load([]byte(name), &n); err != nil || slices.Contains([]string{"y", "n", "yes", "no", "on", "off"}, name) {
		return "true or false"
	}
	switch n.Content[0].ShortTag() {
	case "!!str":
		return ""
	case "!!null":
		return "an empty value"
	default:
		return "true or false"
	}
}

func moduleProblem(path string) error {
	first, _, _ := strings.Cut(path, "/")
	check := module.CheckImportPath
	if strings.Contains(first, ".") {
		check = module.CheckPath // the rules for what can be fetched
	}
	invalid := func(problem string) error {
		return choiceError("module", "module path %q is not valid: %s", path, problem)
	}
	switch err := check(path); {
	case strings.Index(path, "@") > 0:
		without, _, _ := strings.Cut(path, "@")
		return invalid(fmt.Sprintf("a module path does not contain a version; leave that out, as in %q", without))
	case path == "":
		return choiceError("module", `module path is missing: choose one, for example "example.com/shop"`)
	case strings.HasPrefix(path, "/") || strings.HasPrefix(path, "."):
		return invalid(`it is a directory; use the path by which others import the module, such as "example.com/shop" or "shop"`)
	case err != nil:
		if _, _, ok := module.SplitPathVersion(path); !ok {
			return invalid(fmt.Sprintf("versions in a module path begin with v2; leave the version out, as in %q", path[:strings.LastIndex(path, "/")]))
		}
		if invalid, ok := errors.AsType[*module.InvalidPathError](err); ok {
			err = invalid.Err
		}
		return invalid(inWords(err.Error(), path))
	case slices.Contains(strings.Split(path, "/"), "vendor"):
		return invalid("the go command keeps copies of dependencies in directories called vendor; choose another path")
	case slices.Contains(reserved, first):
		return invalid(fmt.Sprintf("the go command gives %s a special meaning; choose another path", first))
	case slices.Contains(standard, first):
		return invalid(fmt.Sprintf("it looks like the package %s of the standard library; choose another path", first))
	}
	return nil
}

// inWords says what the go command's error about a module path means, and what to
// do about it.
func inWords(text, path string) string {
	var valid []string
	for element := range strings.SplitSeq(strings.ToLower(path), "/") {
		if element = strings.Trim(notInPath.ReplaceAllString(element, "-"), "-."); element != "" {
			valid = append(valid, element)
		}
	}
	such := `; use a path such as "example.com/shop" or "shop"`
	if nearest := strings.Join(valid, "/"); module.CheckImportPath(nearest) == nil {
		such = fmt.Sprintf("; use %q, for example", nearest)
	}
	for _, known := range []struct{ of, text string }{
		{"double slash", "it has two slashes in a row"},
		{"trailing slash", "it ends in a slash"},
		{"invalid char ' '", "it has a space"},
		{"in first path element", "its first element is not the name of a host, in lower-case letters"},
		{"leading dot", "an element begins with a dot"},
		{"trailing dot", "an element ends in a dot"},
		{"leading dash", "it begins with a hyphen"},
		{"on Windows", "an element of it cannot be the name of a directory on Windows"},
	} {
		if strings.Contains(text, known.of) {
			return known.text + such
		}
	}
	return strings.Replace(text, "invalid char", "it has the character", 1) + such
}

var notInPath = regexp.MustCompile(`[^a-z0-9._~-]+`)

// reserved are names that the go command gives a meaning.
var reserved = []string{"all", "cmd", "command-line-arguments", "internal", "main", "std", "testdata", "tool", "vendor", "work"}

// standard are the first elements of the standard library's packages. A test compares
// them with the Go that runs it.
var standard = []string{
	"archive", "arena", "bufio", "builtin", "bytes", "cmp", "compress", "container", "context", "crypto", "database", "debug", "embed",
	"encoding", "errors", "expvar", "flag", "fmt", "go", "hash", "html", "image", "index", "io", "iter", "log", "maps", "math",
	"mime", "net", "os", "path", "plugin", "reflect", "regexp", "runtime", "simd", "slices", "sort", "strconv", "strings", "structs",
	"sync", "syscall", "testing", "text", "time", "unicode", "unique", "unsafe", "weak",
}
