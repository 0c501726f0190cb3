package generator

import (
	"cmp"
	"go/token"
	"maps"
	"path"
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
	if more := f.contributes; f.resource && (len(more.Index.Files)+len(more.Index.Lists)+len(more.Index.Groups)+len(more.Index.Folders)+len(more.Config)+len(more.Env.Variables)+len(more.Once)+len(more.Moved) > 0) {
		l.problems.Add(f.doc.At(), "%s: a resource has files, wiring and items for lists, and nothing else; put the rest into a feature that it requires", f.Name)
	}
	l.checkIndex(f)
	l.checkText(&f.contributes.Env.Title, lineKind, "title", f.doc.At("env", "title"))
	for i := range f.contributes.Env.Variables {
		l.checkVariable(&f.contributes.Env.Variables[i], f.doc.Under("env", "variables", i))
	}
	for i, field := range f.contributes.Config {
		l.checkConfigField(field, f.doc.Under("config", i))
	}
	for i, step := range f.contributes.Wiring {
		l.checkStep(step, f.doc.Under("wiring", i))
	}
	for _, list := range slices.Sorted(maps.Keys(f.contributes.Adds)) {
		l.checkItems(f, list)
	}
	for i, name := range f.contributes.Once {
		if !slices.ContainsFunc(f.files, func(file file) bool { return outputOf(file.path) == name }) {
			l.problems.Add(f.doc.At("once", i), "once %s: %s has no file %s", name, f.Name, name)
		}
	}
	for from, to := range f.contributes.Moved {
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
	index := f.contributes.Index
	for i, name := range index.Files {
		if !slices.ContainsFunc(f.files, func(file file) bool { return file.path == name+".tmpl" }) {
			l.problems.Add(f.doc.At("index", "files", i), "index %s: %s has no %s/%s.tmpl", name, f.Name, filesDir, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(index.Lists)) {
		l.checkList(f, name, index.Lists[name])
	}
	for _, name := range slices.Sorted(maps.Keys(index.Unique)) {
		declared, ok := index.Lists[name]
		if !ok {
			l.problems.Add(f.doc.At("index", "unique", name), "unique %s: %s declares no such list; %s", name, f.Name, problem.Suggest(name, slices.Collect(maps.Keys(index.Lists))))
			continue
		}
		for i, key := range index.Unique[name] {
			if _, ok := declared.keys[key]; !ok {
				l.problems.Add(f.doc.At("index", "unique", name, i), "unique %s: its items have no key %s; %s", name, key, problem.Suggest(key, slices.Collect(maps.Keys(declared.keys))))
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(index.Groups)) {
		l.checkGroup(f, name, index.Groups[name])
	}
	for i, dir := range index.Folders {
		l.checkFolder(f, dir, f.doc.At("index", "folders", i))
	}
	for i, name := range index.Given {
		if !token.IsIdentifier(name) {
			l.problems.Add(f.doc.At("index", "given", i), "given %s: not the name of a Go variable", name)
		}
	}
}

// checkList checks the declaration of a list. A list has one owner.
func (l *loader) checkList(f *Feature, name string, declared list) {
	at := f.doc.At("index", "lists", name)
	if owner := l.lists[name].owner; owner != f {
		l.problems.Add(at, "list %s: %s declares it, too; add to that one, or rename one", name, owner.Name)
	}
	for _, word := range append([]string{name}, slices.Sorted(maps.Keys(declared.keys))...) {
		if !listName.MatchString(word) {
			l.problems.Add(at, "list %s: %q cannot stand in a template; use a-z, 0-9 and _", name, word)
		}
	}
	if declared.keys == nil && !declared.kind.known() {
		l.problems.Add(at, "list %s: %q is not a kind of text; %s", name, declared.kind, problem.Suggest(string(declared.kind), kindNames()))
	}
	for _, key := range slices.Sorted(maps.Keys(declared.keys)) {
		if kind := declared.keys[key]; !kind.known() {
			l.problems.Add(f.doc.At("index", "lists", name, key), "list %s: %q is not a kind of text; %s", name, kind, problem.Suggest(string(kind), kindNames()))
		}
	}
}

// checkGroup checks the declaration of a group. A group has one owner.
func (l *loader) checkGroup(f *Feature, name string, stages []string) {
	at := f.doc.At("index", "groups", name)
	if owner := l.groups[name].owner; owner != f {
		l.problems.Add(at, "group %s: %s declares it, too; join that one, or rename one", name, owner.Name)
	}
	if len(stages) == 0 {
		l.problems.Add(at, "group %s: no stages; name at least one", name)
	}
	for i, word := range append([]string{name}, stages...) {
		if !listName.MatchString(word) || slices.Contains(stages[:max(0, i-1)], word) {
			l.problems.Add(at, "group %s: %q is not a valid name, or is declared twice; use a-z, 0-9 and _", name, word)
		}
	}
}

// checkFolder checks the declaration of a folder. A folder has one owner, and none
// is in another, so that a file is in at most one. Others add no Go code to it: what
// a package consists of is its owner's to say.
func (l *loader) checkFolder(f *Feature, dir string, at problem.Position) {
	l.checkPath(dir, at)
	for other, owner := range l.folders {
		switch {
		case other == dir && owner != f:
			l.problems.Add(at, "folder %s: %s declares it, too; add files to that one, or rename one", dir, owner.Name)
		case strings.HasPrefix(dir, other+"/"):
			l.problems.Add(at, "folder %s: is in the folder %s of %s; choose another place", dir, other, owner.Name)
		}
	}
	for _, other := range l.Features {
		for _, file := range other.files {
			if file.folder == f && strings.HasPrefix(file.path, dir+"/") && path.Ext(outputOf(file.path)) == ".go" {
				l.problems.Add(problem.Position{Path: file.disk}, "%s: Go code in the folder %s of %s; put it into a directory of its own", outputOf(file.path), dir, f.Name)
			}
		}
	}
}

// checkPrints checks what an index file prints of lists: only lists that there
// are, only keys that items have, and through quote whatever could mean something
// else in the file's language.
func (l *loader) checkPrints(file file) {
	for _, use := range file.text.Uses() {
		at := problem.Position{Path: file.disk, Line: use.Line, Column: use.Column}
		declared, ok := l.lists[use.List]
		if !ok {
			if !l.unread {
				l.problems.Add(at, "list %s: no feature declares it; %s", use.List, problem.Suggest(use.List, slices.Collect(maps.Keys(l.lists))))
			}
			continue
		}
		if !use.Printed {
			continue
		}
		kind, ok := declared.keys[use.Key]
		if use.Key == "" && declared.keys == nil {
			kind, ok = declared.kind, true
		}
		if !ok {
			l.problems.Add(at, "list %s: an item %s; this prints %q", use.List, describeKeys(slices.Collect(maps.Keys(declared.keys))), use.Key)
		} else if err := kind.printable(file.path, use.Quoted); err != nil {
			l.problems.Add(at, "list %s: %v", use.List, err)
		}
	}
}

var variableName = regexp.MustCompile(`^[A-Z][A-Z0-9_]*$`)

func (l *loader) checkVariable(v *variable, at func(...any) problem.Position) {
	if !variableName.MatchString(v.Name) {
		l.problems.Add(at("name"), "variable %q: not the name of an environment variable; use A-Z, 0-9 and _", v.Name)
	}
	if v.Secret && v.Default.source+v.Development.source+v.Example.source != "" {
		l.problems.Add(at("secret"), "variable %s: a secret has no value before \"make env\"; remove default, development and example", v.Name)
	}
	if v.Default.source != "" && v.Example.source != "" {
		l.problems.Add(at("example"), "variable %s: an example is shown only where there is no default; remove one", v.Name)
	}
	for key, text := range map[string]*snippet{"default": &v.Default, "development": &v.Development, "example": &v.Example} {
		if key != "development" && (strings.Contains(text.source, "'") || strings.HasSuffix(text.source, `\`)) {
			l.problems.Add(at(key), `variable %s: %s: sh and docker compose read it differently; do without ', and without \ at the end`, v.Name, key)
		}
		l.checkText(text, lineKind, "variable "+v.Name+": "+key, at(key))
	}
	l.checkText(&v.Doc, textKind, "variable "+v.Name+": doc", at("doc"))
}

func (l *loader) checkConfigField(field configField, at func(...any) problem.Position) {
	if !token.IsIdentifier(field.Field) || !token.IsExported(field.Field) {
		l.problems.Add(at("field"), "field %q: not the name of an exported field", field.Field)
	}
	l.checkImport(field.Import, field.Type, "type", at)
}

// qualified is a name of a package, and of something exported in it.
var qualified = regexp.MustCompile(`^([a-z][a-z0-9]*)\.([A-Z][A-Za-z0-9]*)$`)

// checkImport checks a qualified name and the import that it needs.
func (l *loader) checkImport(path, name, key string, at func(...any) problem.Position) {
	if !qualified.MatchString(name) {
		l.problems.Add(at(key), "%s %q: not of the form package.Name", key, name)
	}
	if err := module.CheckImportPath(path); err != nil {
		l.problems.Add(at("import"), "import %q: not an import path; name a directory of the project, or another package", path)
	}
}

// stepName reads well in an error, and needs no quoting there.
var stepName = regexp.MustCompile(`^[a-z][a-z0-9]*([ -][a-z0-9]+)*$`)

func (l *loader) checkStep(s step, at func(...any) problem.Position) {
	if !stepName.MatchString(s.Name) {
		l.problems.Add(at("name"), "step %q is not a valid name: use words of a-z and 0-9", s.Name)
	}
	if local := token.IsIdentifier(s.Call) && s.Import == ""; !local {
		l.checkImport(s.Import, s.Call, "call", at)
	}
	l.checkInto(s, at("into"))
	l.checkType(s, at)
	for i, input := range s.Inputs {
		l.checkInput(input, at("inputs", i))
	}
	for i, output := range s.Outputs {
		switch {
		case !token.IsIdentifier(output) || output == "_":
			l.problems.Add(at("outputs", i), "output %q: not the name of a Go variable", output)
		case output == "err" || output == configVariable || slices.Contains(l.variables, output):
			l.problems.Add(at("outputs", i), "output %s: exists before the first step; choose another name", output)
		case slices.Contains(l.packages, output):
			l.problems.Add(at("outputs", i), "output %s: would hide the package of this name; choose another name", output)
		}
	}
	for key, method := range map[string]string{"run": s.Run, "close": s.Close, "check": s.Check} {
		switch {
		case method == "":
		case !token.IsIdentifier(method) || !token.IsExported(method):
			l.problems.Add(at(key), "%s %q: not the name of a method", key, method)
		case len(s.Outputs) == 0:
			l.problems.Add(at(key), "%s %s: the step has no output that could have this method; name the outputs", key, method)
		}
	}
}

func (l *loader) checkInput(input string, at problem.Position) {
	if group, isGroup := strings.CutSuffix(input, allOf); isGroup {
		if _, ok := l.groups[group]; !ok && !l.unread {
			l.problems.Add(at, "input %s: no feature declares the group %s; %s", input, group, problem.Suggest(group, slices.Collect(maps.Keys(l.groups))))
		}
		return
	}
	if root, field, isField := strings.Cut(input, "."); !token.IsIdentifier(root) || isField && (root != configVariable || !token.IsIdentifier(field)) {
		l.problems.Add(at, "input %q: not the name of an output, %s.Field or GROUP%s; Go expressions are not possible here", input, configVariable, allOf)
	} else if _, provided := l.providers[input]; !provided && !l.unread {
		var known []string
		for other := range l.providers {
			if !strings.HasSuffix(other, allOf) {
				known = append(known, other)
			}
		}
		l.problems.Add(at, "input %s: no feature provides it; %s", input, problem.Suggest(input, known))
	}
}

// checkType checks what is said of a step's type and form.
func (l *loader) checkType(s step, at func(...any) problem.Position) {
	if importPath := cmp.Or(s.TypeImport, s.Import); s.Type != "" {
		name := strings.TrimPrefix(s.Type, "*")
		if !qualified.MatchString(name) {
			l.problems.Add(at("type"), "type %q: not of the form package.Name or *package.Name", s.Type)
		}
		if err := module.CheckImportPath(importPath); err != nil {
			l.problems.Add(at("type_import"), "import %q: not an import path; name a directory of the project, or another package", importPath)
		}
		if s.Into == "" {
			l.problems.Add(at("type"), "type %s: only members of a group have a type; name the group in into", s.Type)
		}
	}
	if s.Literal && (s.Import != "" || s.Fallible) {
		l.problems.Add(at("literal"), "literal %s: a struct of the wiring's own package, which cannot fail; remove import and fallible", s.Call)
	}
}

// checkInto checks the group that a step joins.
func (l *loader) checkInto(s step, at problem.Position) {
	if s.Into == "" {
		return
	}
	group, stage := s.group()
	declared, ok := l.groups[group]
	switch {
	case !ok && !l.unread:
		l.problems.Add(at, "into %s: no feature declares the group %s; %s", s.Into, group, problem.Suggest(group, slices.Collect(maps.Keys(l.groups))))
	case ok && !slices.Contains(declared.stages, stage):
		l.problems.Add(at, "into %s: not of the form GROUP.STAGE; the stages of %s are %s", s.Into, group, strings.Join(declared.stages, ", "))
	case len(s.Outputs) == 0:
		l.problems.Add(at, "into %s: the step has no output that could join the group; name the outputs", s.Into)
	}
}

// gather collects what steps can take, and the names by which they call
// packages.
func (l *loader) gather() {
	l.gatherProviders()
	for _, f := range l.Features {
		l.unread = l.unread || f.doc != nil && !f.doc.Readable()
		l.variables = append(l.variables, f.contributes.Index.Given...)
		for _, step := range f.contributes.Wiring {
			for _, name := range []string{step.Call, strings.TrimPrefix(step.Type, "*")} {
				if qualifier, _, ok := strings.Cut(name, "."); ok {
					l.packages = append(l.packages, qualifier)
				}
			}
		}
	}
}

// checkItems checks that the items of a list are what its owner declares.
func (l *loader) checkItems(f *Feature, name string) {
	declared, ok := l.lists[name]
	if !ok {
		if !l.unread {
			l.problems.Add(f.doc.At("adds", name), "list %s: no feature declares it; %s", name, problem.Suggest(name, slices.Collect(maps.Keys(l.lists))))
		}
		return
	}
	keys := slices.Sorted(maps.Keys(declared.keys))
	for i := range f.contributes.Adds[name] {
		item := &f.contributes.Adds[name][i]
		at := f.doc.At("adds", name, i)
		if !slices.Equal(slices.Sorted(maps.Keys(item.fields)), keys) {
			l.problems.Add(at, "list %s: an item %s; this one %s", name, describeKeys(keys), describeKeys(slices.Collect(maps.Keys(item.fields))))
			continue
		}
		if len(keys) == 0 {
			l.checkText(&item.text, declared.kind, "list "+name, at)
		}
		for _, key := range keys {
			l.checkText(item.fields[key], declared.keys[key], "list "+name+": "+key, f.doc.At("adds", name, i, key))
		}
	}
}

func describeKeys(keys []string) string {
	if len(keys) == 0 {
		return "is a text"
	}
	return "has the keys " + strings.Join(slices.Sorted(slices.Values(keys)), ", ")
}

// checkText parses a contributed text as a template, and checks that it is of a
// kind whatever the names of service and module are. An empty one is absent.
func (l *loader) checkText(t *snippet, kind kind, subject string, at problem.Position) {
	if t.source == "" {
		t.template = logicless.Text("")
		return
	}
	template, problems := logicless.Parse(at.Path, t.source, logicless.Owned)
	for _, p := range problems { // their lines count from the beginning of the text
		l.problems.Add(at, "%s", p.Text)
	}
	t.template = template
	if len(problems) > 0 || !kind.known() { // which is reported with the list
		return
	}
	for _, names := range extremes {
		rendered, err := template.Execute(names)
		if err == nil {
			err = kind.check(string(rendered))
		}
		if err != nil {
			l.problems.Add(at, "%s: %v", subject, err)
			return
		}
	}
}
