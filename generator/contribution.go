package generator

import (
	"go/token"
	"maps"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/otelgen/otelgen/internal/logicless"
	"github.com/otelgen/otelgen/internal/problem"
)

// checkContributions checks what a feature contributes, as far as that can be
// seen without the others.
func (l *loader) checkContributions(f *Feature) {
	l.checkIndex(f)
	l.parse(f.gives.Env.Title, f.doc.At("env", "title"))
	for i, v := range f.gives.Env.Variables {
		l.checkVariable(v, f.doc.Under("env", "variables", i))
	}
	for i, field := range f.gives.Config {
		l.checkConfigField(field, f.doc.Under("config", i))
	}
	for i, step := range f.gives.Wiring {
		l.checkStep(step, f.doc.Under("wiring", i))
	}
	for _, list := range slices.Sorted(maps.Keys(f.gives.Adds)) {
		l.checkItems(f, list)
	}
	for from, to := range f.gives.Moved {
		at := f.doc.At("moved", from)
		if !slices.ContainsFunc(f.files, func(file file) bool { return outputOf(file.path) == to }) {
			l.problems.Add(at, "moved %s: %s has no file %s", from, f.Name, to)
		}
		l.checkPath(from, at)
	}
}

// listName is what a template can write after a dot.
var listName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

func (l *loader) checkIndex(f *Feature) {
	if f.gives.Index == nil {
		return
	}
	if f.Name != baseFeature {
		l.problems.Add(f.doc.At("index"), "index: only %s has index files; own the file, or add to a list", baseFeature)
		return
	}
	for i, name := range f.gives.Index.Files {
		if !slices.ContainsFunc(f.files, func(file file) bool { return file.path == name+".tmpl" }) {
			l.problems.Add(f.doc.At("index", "files", i), "index %s: %s has no files/%s.tmpl", name, baseFeature, name)
		}
	}
	for _, list := range slices.Sorted(maps.Keys(f.gives.Index.Lists)) {
		for _, word := range append([]string{list}, f.gives.Index.Lists[list]...) {
			if !listName.MatchString(word) {
				l.problems.Add(f.doc.At("index", "lists", list), "list %s: %q cannot stand in a template; use a-z, 0-9 and _", list, word)
			}
		}
	}
	for list, keys := range f.gives.Index.Unique {
		known, ok := f.gives.Index.Lists[list]
		if !ok {
			l.problems.Add(f.doc.At("index", "unique", list), "unique %s: there is no such list; %s", list, problem.Suggest(list, slices.Collect(maps.Keys(f.gives.Index.Lists))))
			continue
		}
		for i, key := range keys {
			if !slices.Contains(known, key) {
				l.problems.Add(f.doc.At("index", "unique", list, i), "unique %s: its items have no key %s; %s", list, key, problem.Suggest(key, known))
			}
		}
	}
	for i, name := range f.gives.Index.Given {
		if !token.IsIdentifier(name) {
			l.problems.Add(f.doc.At("index", "given", i), "given %s: no name of a Go variable", name)
		}
	}
}

var variableName = regexp.MustCompile(`^[A-Z][A-Z0-9_]*$`)

func (l *loader) checkVariable(v variable, at func(...any) problem.Position) {
	if !variableName.MatchString(v.Name) {
		l.problems.Add(at("name"), "variable %q: no name of an environment variable; use A-Z, 0-9 and _", v.Name)
	}
	if v.Secret && v.Default+v.Development+v.Example != "" {
		l.problems.Add(at("secret"), "variable %s: a secret has no value before \"make env\"; remove default, development and example", v.Name)
	}
	if v.Default != "" && v.Example != "" {
		l.problems.Add(at("example"), "variable %s: the default is shown, and the example is not; remove one", v.Name)
	}
	for key, text := range map[string]string{"default": v.Default, "development": v.Development, "example": v.Example, "doc": v.Doc} {
		if key != "doc" && strings.Contains(text, "\n") {
			l.problems.Add(at(key), "variable %s: %s: more than one line", v.Name, key)
		}
		if (key == "default" || key == "example") && (strings.Contains(text, "'") || strings.HasSuffix(text, `\`)) {
			l.problems.Add(at(key), `variable %s: %s: sh and docker compose read it differently; do without ', and without \ at the end`, v.Name, key)
		}
		l.parse(text, at(key))
	}
}

func (l *loader) checkConfigField(field configField, at func(...any) problem.Position) {
	if !token.IsIdentifier(field.Field) || !token.IsExported(field.Field) {
		l.problems.Add(at("field"), "field %q: no name of an exported field", field.Field)
	}
	l.checkImport(field.Import, field.Type, "type", at)
}

// qualified is a name of a package, and of something exported in it.
var qualified = regexp.MustCompile(`^([a-z][a-z0-9]*)\.([A-Z][A-Za-z0-9]*)$`)

// checkImport checks a qualified name and the import that it needs.
func (l *loader) checkImport(path, name, key string, at func(...any) problem.Position) {
	if !qualified.MatchString(name) {
		l.problems.Add(at(key), "%s %q: package.Name is expected", key, name)
	}
	if err := module.CheckImportPath(path); err != nil {
		l.problems.Add(at("import"), "import %q: no import path; a directory of the project, or a package elsewhere, is expected", path)
	}
}

// stepName reads well in an error, and needs no quoting there.
var stepName = regexp.MustCompile(`^[a-z][a-z0-9]*([ -][a-z0-9]+)*$`)

func (l *loader) checkStep(s wiring, at func(...any) problem.Position) {
	if !stepName.MatchString(s.Name) {
		l.problems.Add(at("name"), "step %q: no name; use words of a-z and 0-9", s.Name)
	}
	if local := token.IsIdentifier(s.Call) && s.Import == ""; !local {
		l.checkImport(s.Import, s.Call, "call", at)
	}
	for i, input := range s.Inputs {
		if root, field, isField := strings.Cut(input, "."); !token.IsIdentifier(root) || isField && (root != configVariable || !token.IsIdentifier(field)) {
			l.problems.Add(at("inputs", i), "input %q: the name of an output, or %s.Field, is expected; no Go is written here", input, configVariable)
		} else if !l.unread && !slices.Contains(l.given, input) {
			l.problems.Add(at("inputs", i), "input %s: no feature gives it; %s", input, problem.Suggest(input, l.given))
		}
	}
	for i, output := range s.Outputs {
		switch {
		case !token.IsIdentifier(output) || output == "_":
			l.problems.Add(at("outputs", i), "output %q: no name of a Go variable", output)
		case output == "err" || output == configVariable || slices.Contains(l.index().Given, output):
			l.problems.Add(at("outputs", i), "output %s: exists before the first step; find another name", output)
		case slices.Contains(l.packages, output):
			l.problems.Add(at("outputs", i), "output %s: would hide the package of this name; find another", output)
		}
	}
	for key, method := range map[string]string{"run": s.Run, "close": s.Close, "check": s.Check} {
		switch {
		case method == "":
		case !token.IsIdentifier(method) || !token.IsExported(method):
			l.problems.Add(at(key), "%s %q: no name of a method", key, method)
		case len(s.Outputs) == 0:
			l.problems.Add(at(key), "%s %s: a method of the first output, and there is none; name the outputs", key, method)
		}
	}
}

// gather collects what steps can take, and the names by which they call
// packages.
func (l *loader) gather() {
	l.given = append([]string{configVariable}, l.index().Given...)
	for _, f := range l.Features {
		l.unread = l.unread || f.doc != nil && !f.doc.Readable()
		for _, field := range f.gives.Config {
			l.given = append(l.given, configVariable+"."+field.Field)
		}
		for _, step := range f.gives.Wiring {
			l.given = append(l.given, step.Outputs...)
			if qualifier, _, ok := strings.Cut(step.Call, "."); ok {
				l.packages = append(l.packages, qualifier)
			}
		}
	}
}

// checkItems checks that the items of a list are what base's index declares.
func (l *loader) checkItems(f *Feature, list string) {
	lists := l.index().Lists
	keys, ok := lists[list]
	if !ok {
		l.problems.Add(f.doc.At("adds", list), "list %s: %s declares no such list; %s", list, baseFeature, problem.Suggest(list, slices.Collect(maps.Keys(lists))))
		return
	}
	for i, item := range f.gives.Adds[list] {
		at := f.doc.At("adds", list, i)
		if !slices.Equal(slices.Sorted(maps.Keys(item.fields)), slices.Sorted(slices.Values(keys))) {
			l.problems.Add(at, "list %s: an item %s; this one %s", list, describeKeys(keys), describeKeys(slices.Collect(maps.Keys(item.fields))))
			continue
		}
		l.parse(item.text, at)
		for _, key := range keys {
			l.parse(item.fields[key], f.doc.At("adds", list, i, key))
		}
	}
}

func describeKeys(keys []string) string {
	if len(keys) == 0 {
		return "is a text"
	}
	return "has the keys " + strings.Join(slices.Sorted(slices.Values(keys)), ", ")
}

// parse keeps a contributed text as a template.
func (l *loader) parse(text string, at problem.Position) {
	template, problems := logicless.Parse(at.Path, text, logicless.Owned)
	for _, p := range problems { // their lines count from the beginning of the text
		l.problems.Add(at, "%s", p.Text)
	}
	l.texts[text] = template
}
