package generator

import (
	"cmp"
	"fmt"
	"go/doc"
	"go/parser"
	"go/scanner"
	"go/token"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/otelgen/otelgen/internal/logicless"
)

// Resource is something that a service keeps and serves, such as products. Its
// code is written once and belongs to the owner from then on; a Spec records it
// for the wiring, which goes on being otelgen's.
type Resource struct {
	Name   string `yaml:"name"`   // of one, in lower-case words with hyphens between them: line-item
	Plural string `yaml:"plural"` // of several: line-items

	// Migration is the number of the migration that makes its table: a time, later
	// than that of all migrations before it.
	Migration string `yaml:"migration"`
}

// migrationLayout is how time.Time writes the number of a migration.
const migrationLayout = "20060102150405"

// NextMigration returns the number of a migration that is made now: later than last,
// which is the last one on disk or "", and than those of the resources.
func (s Spec) NextMigration(now time.Time, last string) string {
	for _, r := range s.Resources {
		last = max(last, r.Migration)
	}
	number := now.UTC().Format(migrationLayout)
	if number > last {
		return number
	}
	n, err := strconv.ParseInt(last, 10, 64)
	if err != nil {
		return number // which Validate reports
	}
	return strconv.FormatInt(n+1, 10)
}

// example is the resource that the catalog's code is written for. The code is valid Go
// as it is, and gets the names of a resource in place of those of this one. It has two
// words, so that every form of a name is different.
var example = Resource{Name: "gift-card", Plural: "gift-cards", Migration: migrationLayout}

// NewResource returns a resource with the number of its migration. Without a plural,
// it has the usual one of English. Its errors are of type [*ChoiceError].
func NewResource(name, plural, migration string) (Resource, error) {
	r := Resource{Name: name, Plural: plural, Migration: migration}
	if plural == "" {
		if last := name[strings.LastIndex(name, "-")+1:]; looksPlural(last) {
			return r, choiceError("resources", "resource %s: the name looks like a plural; give the singular, or the plural as well, with --plural", name)
		}
		r.Plural = pluralOf(name)
	}
	return r, r.validate()
}

// byName returns resources in the order in which they are recorded and wired.
func byName(resources []Resource) []Resource {
	return slices.SortedFunc(slices.Values(resources), func(a, b Resource) int { return cmp.Compare(a.Name, b.Name) })
}

// looksPlural reports whether a word has the ending of a plural, and not one that
// words in the singular have, too: glass, status, basis.
func looksPlural(word string) bool {
	return strings.HasSuffix(word, "s") && !strings.HasSuffix(word, "ss") && !strings.HasSuffix(word, "us") && !strings.HasSuffix(word, "is")
}

// pluralOf returns the plural of a noun that has a regular one.
func pluralOf(name string) string {
	for _, ending := range []string{"s", "x", "z", "ch", "sh"} {
		if strings.HasSuffix(name, ending) {
			return name + "es"
		}
	}
	if stem, ok := strings.CutSuffix(name, "y"); ok && stem != "" && !strings.ContainsRune("aeiou", rune(stem[len(stem)-1])) {
		return stem + "ies"
	}
	return name + "s"
}

// longestResource is long enough for a name, and short enough for everything that
// it becomes part of, such as the name of a table.
const longestResource = 40

var migrationNumber = regexp.MustCompile(`^[0-9]{14}$`)

// tableWords are plurals that a database, or sqlc for it, does not take for the name
// of a table.
var tableWords = []string{
	"analyses", "as", "databases", "exists", "groups", "is", "keys", "lines", "others", "references", "rows", "schemas", "tables",
	"ties", "values",
}

// validate reports what is wrong with a resource, whatever the service is.
func (r Resource) validate() error {
	invalid := func(format string, args ...any) error {
		return choiceError("resources", "resource %s: %s", r.Name, fmt.Sprintf(format, args...))
	}
	for _, name := range []string{r.Name, r.Plural} {
		if !featureName.MatchString(name) || len(name) > longestResource {
			return invalid("%q is not a valid name; use at most %d lower-case letters, digits and hyphens, and begin with a letter, for example %q", name, longestResource, resourceName(name))
		}
	}
	forms := r.forms()
	switch goPackage, variable := forms["package"], forms["camel"]; {
	case r.Name == r.Plural:
		return invalid("the plural is the same; give another one")
	case token.IsKeyword(goPackage) || doc.IsPredeclared(goPackage) || doc.IsPredeclared(variable):
		return invalid("it is a keyword or a predeclared name of Go; choose another name")
	case slices.Contains(reserved, goPackage):
		return invalid("the go command gives this word a special meaning; choose another name")
	case slices.Contains(standard, goPackage):
		return invalid("it is the name of a package of the standard library; choose another name")
	case slices.Contains(tableWords, r.Plural):
		return invalid("%s cannot be the name of a table; give another plural", r.Plural)
	case !migrationNumber.MatchString(r.Migration):
		return invalid("migration %q: not the number of a migration; use a time, such as %s", r.Migration, migrationLayout)
	}
	return nil
}

// resourceName returns the name of a resource that is nearest to a text, or an example.
func resourceName(text string) string {
	name := ServiceName(text)
	if strings.TrimLeft(text, "0123456789") != text || !featureName.MatchString(name) || len(name) > longestResource || notASCII.MatchString(text) {
		return "line-item"
	}
	return name
}

// initialisms are words that Go writes in capitals.
var initialisms = []string{
	"api", "ascii", "cpu", "css", "dns", "eof", "guid", "html", "http", "https", "id", "ip", "json", "qps", "ram", "rpc", "sla",
	"smtp", "sql", "ssh", "tcp", "tls", "ttl", "udp", "ui", "uid", "uri", "url", "uuid", "vm", "xml",
}

// pascal writes words as a Go type is named.
func pascal(words []string) string {
	var all strings.Builder
	for _, word := range words {
		switch singular := strings.TrimSuffix(word, "s"); {
		case slices.Contains(initialisms, word):
			all.WriteString(strings.ToUpper(word))
		case slices.Contains(initialisms, singular):
			all.WriteString(strings.ToUpper(singular) + "s")
		default:
			all.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	return all.String()
}

// forms returns everything that the names of a resource are in code and prose.
func (r Resource) forms() map[string]string {
	forms := map[string]string{"migration": r.Migration}
	for suffix, name := range map[string]string{"": r.Name, "s": r.Plural} {
		words := strings.Split(name, "-")
		forms["kebab"+suffix] = name
		forms["snake"+suffix] = strings.Join(words, "_")
		forms["package"+suffix] = strings.Join(words, "")
		forms["text"+suffix] = strings.Join(words, " ")
		forms["sentence"+suffix] = strings.ToUpper(name[:1]) + strings.Join(words, " ")[1:]
		forms["pascal"+suffix] = pascal(words)
		forms["camel"+suffix] = words[0] + pascal(words[1:])
	}
	return forms
}

// renamer replaces the names of the example by those of r.
func (r Resource) renamer() *strings.Replacer {
	from, to := example.forms(), r.forms()
	var pairs []string
	for _, form := range slices.Backward(slices.Sorted(maps.Keys(from))) { // a plural before its singular, with which it begins
		pairs = append(pairs, from[form], to[form])
	}
	return strings.NewReplacer(pairs...)
}

// renamed returns a step of the example as that of a resource.
func (s step) renamed(names *strings.Replacer) step {
	s.Name, s.Import, s.Call, s.Type = names.Replace(s.Name), names.Replace(s.Import), names.Replace(s.Call), names.Replace(s.Type)
	s.Inputs, s.Outputs = slices.Clone(s.Inputs), slices.Clone(s.Outputs)
	for i, input := range s.Inputs {
		s.Inputs[i] = names.Replace(input)
	}
	for i, output := range s.Outputs {
		s.Outputs[i] = names.Replace(output)
	}
	return s
}

// renamed returns a file of the example as that of a resource.
func (f file) renamed(names *strings.Replacer) file {
	f.path, f.example = names.Replace(f.path), true
	if strings.HasSuffix(f.disk, ".raw") {
		f.text = logicless.Text(names.Replace(string(f.raw)))
		return f
	}
	f.text, _ = logicless.Parse(f.disk, names.Replace(string(f.raw)), logicless.Owned) // Load has parsed it
	return f
}

// renamed returns an item of the example as that of a resource.
func (i item) renamed(names *strings.Replacer) item {
	i.text = i.text.renamed(names)
	fields := map[string]*snippet{}
	for key, text := range i.fields {
		renamed := text.renamed(names)
		fields[key] = &renamed
	}
	if i.fields != nil {
		i.fields = fields
	}
	return i
}

// renamed returns a contributed text of the example as that of a resource.
func (t snippet) renamed(names *strings.Replacer) snippet {
	t.source = names.Replace(t.source)
	t.template, _ = logicless.Parse("", t.source, logicless.Owned)
	return t
}

// checkResources reports names that a resource of the Spec cannot have in this
// service: its packages and variables must be nobody else's, and its names must not
// be words that the code of every resource uses.
func (s *Selection) checkResources() error {
	if len(s.Spec.Resources) == 0 {
		return nil
	}
	taken, words := s.taken(), s.words()
	for _, r := range s.Spec.Resources {
		for form, name := range r.forms() {
			if form != "migration" && words[name] {
				return choiceError("resources", "resource %s: the code of every resource uses the word %s; choose another name", r.Name, name)
			}
		}
		migration := "migration " + r.Migration
		if taken[migration] != "" {
			return choiceError("resources", "resource %s: there is a migration %s; give it a later time", r.Name, r.Migration)
		}
		claimed := s.claimed(r)
		for _, name := range slices.Sorted(maps.Keys(claimed)) {
			if what := taken[name]; what != "" {
				return choiceError("resources", "resource %s: the service already has %s %s; choose another name", r.Name, what, name)
			}
		}
		maps.Copy(taken, claimed)
		taken[migration] = "a" // even if there is no database to migrate
	}
	return nil
}

// taken returns the names that a service has without its resources, and what has
// them: directories, whatever the package of the wiring can see, tables, and the
// versions of migrations.
func (s *Selection) taken() map[string]string {
	taken := map[string]string{}
	wiring := map[string]bool{} // the directory of its package
	for _, f := range s.Features {
		for _, name := range f.contributes.Index.Given {
			taken[name] = "a variable"
		}
		for _, name := range f.contributes.Index.Files {
			wiring[path.Dir(name)] = wiring[path.Dir(name)] || len(f.contributes.Index.Given) > 0 && path.Ext(name) == ".go"
		}
	}
	for _, f := range s.Features {
		if f.resource {
			continue
		}
		for _, file := range f.files {
			if wiring[path.Dir(file.path)] {
				file.declares(taken)
			}
			file.creates(taken, strings.NewReplacer())
			for dir := path.Dir(outputPath(file.path, s.Spec.Service)); dir != "."; dir = path.Dir(dir) {
				taken[dir] = "a directory"
			}
		}
		for _, step := range f.contributes.Wiring {
			step.claim(taken)
		}
		f.serves(taken)
	}
	return taken
}

// serves adds the paths at which a feature serves something, which it lists for others:
// /docs, /login.
func (f *Feature) serves(taken map[string]string) {
	for _, items := range f.contributes.Adds {
		for _, item := range items {
			if strings.HasPrefix(item.text.source, "/") {
				taken[item.text.source] = "a path"
			}
		}
	}
}

// declares adds what a Go file declares for its package.
func (f file) declares(taken map[string]string) {
	parsed, _ := parser.ParseFile(token.NewFileSet(), f.disk, withoutActions(f.raw), 0) // as far as it is valid Go
	if path.Ext(f.path) != ".go" || parsed == nil || parsed.Scope == nil {
		return
	}
	for name := range parsed.Scope.Objects {
		taken[name] = "a declaration of"
	}
}

// tables finds those that a migration creates.
var tables = regexp.MustCompile(`(?m)^CREATE TABLE (\w+)`)

// creates adds the version of a migration, and its tables, under the names of a resource.
func (f file) creates(taken map[string]string, names *strings.Replacer) {
	base := path.Base(outputOf(f.path))
	version, _, ok := strings.Cut(base, "_")
	if !ok || path.Ext(base) != ".sql" {
		return
	}
	taken["migration "+names.Replace(version)] = "a"
	for _, match := range tables.FindAllStringSubmatch(string(f.raw), -1) {
		taken["table "+names.Replace(match[1])] = "a"
	}
}

// words returns the identifiers that the code of a resource has whatever its name is.
func (s *Selection) words() map[string]bool {
	words := map[string]bool{}
	for _, f := range s.Features {
		for _, file := range f.files {
			if f.resource {
				addWords(words, file)
			}
		}
	}
	return words
}

// claimed returns the names that a resource takes, and what has them.
func (s *Selection) claimed(r Resource) map[string]string {
	claimed := map[string]string{"/" + r.Plural: "a path"}
	names := r.renamer()
	for _, f := range s.Features {
		if !f.resource {
			continue
		}
		for _, file := range f.files {
			if dir := path.Dir(file.path); names.Replace(dir) != dir {
				claimed[names.Replace(dir)] = "a directory"
			}
			file.creates(claimed, names)
		}
		for _, step := range f.contributes.Wiring {
			step.renamed(names).claim(claimed)
		}
	}
	return claimed
}

// claim adds the names that a step gives to variables and packages.
func (s step) claim(names map[string]string) {
	for _, output := range s.Outputs {
		names[output] = "a variable"
	}
	if qualifier, _, ok := strings.Cut(s.Call, "."); ok {
		names[qualifier] = "a package"
	}
}

// anyOther changes every name that has to do with the example.
var anyOther = Resource{Name: "other", Plural: "others"}.renamer()

// addWords adds the identifiers of a Go file that do not come from the name of the
// example. A file in which that name is only a part of others, such as GetGiftCard,
// has none: there, no name of a resource can be taken for one of them.
func addWords(words map[string]bool, f file) {
	if path.Ext(outputOf(f.path)) != ".go" {
		return
	}
	found, named := map[string]bool{}, false
	names := slices.Collect(maps.Values(example.forms()))
	source := withoutActions(f.raw)
	var s scanner.Scanner
	s.Init(token.NewFileSet().AddFile(f.disk, -1, len(source)), source, nil, 0)
	for {
		_, kind, name := s.Scan()
		if kind == token.EOF {
			break
		}
		named = named || kind == token.IDENT && slices.Contains(names, name)
		if kind == token.IDENT && anyOther.Replace(name) == name {
			found[name] = true
		}
	}
	if named {
		maps.Copy(words, found)
	}
}
