package generator

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// identity is what every template can print. Owned ones can print nothing else.
type identity struct{ Service, Module string }

// lists is what index files can print and range over.
type lists struct {
	identity
	Wiring struct {
		Imports []string // specs: "shop/internal/order"
		Steps   []statement
		Members map[string][]member // of each group, in the order in which a step takes them
	}
	Config struct {
		Imports     []string
		Fields      []configField
		Development []setting
	}
	Env     []section
	Secrets []string           // names of variables
	Lists   map[string][]any   // of texts, or of maps from key to text
	Blocks  map[string][][]any // the same where something stands around a list: it once, or nothing if it is empty
}

// member is what has joined a group: a variable and, if the step says it, its type.
type member struct{ Name, Type string }

// section is a section of .env.example.
type section struct {
	Title     string
	Variables []setting
}

// setting is a variable with a value, which sections have as sh reads it.
type setting struct {
	Name, Value string
	Doc         []string // lines
}

// Render makes the files of a project. It is a pure function: the same
// Selection gives the same bytes wherever and whenever it is rendered.
func Render(s *Selection) (Tree, error) {
	r := renderer{Selection: s, identity: identity{s.Spec.Service, s.Spec.Module}, tree: Tree{}}
	r.tree[SpecFile] = s.Spec.YAML()
	r.modules()
	index := r.lists()
	for _, f := range s.Features {
		for file := range s.filesOf(f) {
			if !f.resource {
				r.file(file, index)
				continue
			}
			for _, resource := range r.Spec.Resources {
				r.file(file.renamed(resource.renamer()), index)
			}
		}
	}
	if r.err != nil {
		return nil, r.err
	}
	return r.tree, nil
}

// renderer renders one Selection. After an error it does nothing more.
type renderer struct {
	*Selection
	identity
	tree Tree
	err  error
}

func (r *renderer) file(f file, index *lists) {
	if r.err != nil {
		return
	}
	var data any = r.identity
	if f.index {
		data = index
	}
	content, err := f.text.Execute(data)
	name := outputPath(f.path, r.Service)
	if _, twice := r.tree[name]; twice { // Load sees only what is so for every name
		err = fmt.Errorf("%s: %s: another file has this path when the service has this name; choose another path", f.disk, name)
	}
	if err == nil && (f.index || f.example) && path.Ext(name) == ".go" {
		content, err = r.catalog.format.file(f.disk, r.Module, content)
	}
	r.tree[name], r.err = content, err
}

// modules adds go.mod and go.sum.
func (r *renderer) modules() {
	if r.catalog.lock == nil {
		r.err = errors.New("catalog: was loaded without the lock of its modules; use Load")
		return
	}
	files, err := r.catalog.lock.Files(r.Module, importsOf(r.Features, r.steps))
	r.tree[goMod], r.tree[goSum], r.err = files.Mod, files.Sum, err
}

// lists gathers the contributions of the selected features.
func (r *renderer) lists() *lists {
	all := &lists{identity: r.identity, Lists: map[string][]any{}, Blocks: map[string][][]any{}}
	all.Wiring.Imports = wiringImports(r.Module, r.steps)
	all.Wiring.Steps = statements(r.steps)
	all.Wiring.Members = map[string][]member{}
	for group, steps := range r.joined {
		for _, s := range steps {
			all.Wiring.Members[group] = append(all.Wiring.Members[group], member{s.Outputs[0], s.Type})
		}
	}
	for name := range r.catalog.lists {
		all.Lists[name], all.Blocks[name] = nil, nil // a list that nobody adds to is there, and empty
	}
	for _, f := range r.Features {
		for _, field := range f.contributes.Config {
			all.Config.Imports = append(all.Config.Imports, importSpec(r.Module, field.Import, field.Type))
			all.Config.Fields = append(all.Config.Fields, field)
		}
		if len(f.contributes.Env.Variables) > 0 {
			all.Env = append(all.Env, r.section(f))
		}
		for _, v := range f.contributes.Env.Variables {
			if v.Development.source != "" {
				all.Config.Development = append(all.Config.Development, setting{Name: v.Name, Value: r.text(v.Development)})
			}
			if v.Secret {
				all.Secrets = append(all.Secrets, v.Name)
			}
		}
		for name, items := range f.contributes.Adds {
			if !slices.Contains(r.Features, r.catalog.lists[name].owner) {
				continue
			}
			for _, item := range items {
				if !f.resource {
					all.Lists[name] = append(all.Lists[name], r.item(item))
					continue
				}
				for _, resource := range r.Spec.Resources {
					all.Lists[name] = append(all.Lists[name], r.item(item.renamed(resource.renamer())))
				}
			}
		}
	}
	for name, items := range all.Lists {
		if len(items) > 0 {
			all.Blocks[name] = [][]any{items}
		}
	}
	return all
}

func (r *renderer) section(f *Feature) section {
	s := section{Title: r.text(f.contributes.Env.Title)}
	if s.Title == "" {
		s.Title = f.Title
	}
	for _, v := range f.contributes.Env.Variables {
		one := setting{Name: v.Name, Value: quoted(r.text(v.Default) + r.text(v.Example))} // it has one of them
		if doc := strings.TrimSpace(r.text(v.Doc)); doc != "" {
			one.Doc = strings.Split(doc, "\n")
		}
		if v.Secret {
			one.Doc = append(one.Doc, "A secret: `make env` makes one up for this machine.")
		}
		s.Variables = append(s.Variables, one)
	}
	return s
}

// plain are the values that mean the same with and without quotes.
var plain = regexp.MustCompile(`^[A-Za-z0-9_./:,=@%+-]*$`)

// quoted writes a value as sh and docker compose read it alike.
func quoted(value string) string {
	if plain.MatchString(value) {
		return value
	}
	return "'" + value + "'" // Load refuses what does not end there
}

func (r *renderer) item(i item) any {
	if i.fields == nil {
		return r.text(i.text)
	}
	fields := map[string]string{}
	for key, text := range i.fields {
		fields[key] = r.text(*text)
	}
	return fields
}

// text fills in a contributed text.
func (r *renderer) text(t snippet) string {
	if r.err != nil {
		return ""
	}
	out, err := t.template.Execute(r.identity)
	r.err = err
	return string(out)
}

// formatter formats Go files, and remembers those of the last renderings:
// formatting takes longer than all else, and selections share most files.
type formatter struct {
	mu    sync.Mutex
	known map[[sha256.Size]byte][]byte // by the hash of module path and source
}

// mostFormatted is how many files a formatter remembers: enough for all index
// files of some hundred selections, and a bound for a process that renders for
// ever.
const mostFormatted = 4096

// file is formatGo with the memory of f.
func (f *formatter) file(name, module string, source []byte) ([]byte, error) {
	hash := sha256.New()
	_, _ = fmt.Fprintf(hash, "%s\n%s", module, source) // a hash never fails
	key := [sha256.Size]byte(hash.Sum(nil))
	f.mu.Lock()
	known, ok := f.known[key]
	f.mu.Unlock()
	if ok {
		return bytes.Clone(known), nil
	}
	out, err := formatGo(name, module, source)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.known == nil || len(f.known) >= mostFormatted {
		f.known = map[[sha256.Size]byte][]byte{}
	}
	f.known[key] = bytes.Clone(out)
	return out, nil
}

// formatGo formats a Go file as gofmt does, after it has grouped its imports:
// those of the standard library, of other modules, and the project's own, each
// once. (x/tools/imports knows no groups without a setting for the whole
// process, and formats twice.)
func formatGo(name, module string, source []byte) ([]byte, error) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, source, parser.ImportsOnly|parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("rendered from %w", err)
	}
	if len(file.Decls) > 0 {
		begin, end := files.Position(file.Decls[0].Pos()).Offset, files.Position(file.Decls[len(file.Decls)-1].End()).Offset
		source = slices.Concat(source[:begin], importBlock(module, file.Imports), source[end:])
	}
	out, err := format.Source(source)
	if err != nil {
		return nil, fmt.Errorf("rendered from %s:%w", name, err)
	}
	return out, nil
}

// importBlock writes an import declaration.
func importBlock(module string, imports []*ast.ImportSpec) []byte {
	var groups [3][]string
	for _, spec := range imports {
		importPath, _ := strconv.Unquote(spec.Path.Value) // or it would not have been parsed
		first, _, _ := strings.Cut(importPath, "/")
		group := 0
		switch {
		case importPath == module || strings.HasPrefix(importPath, module+"/"):
			group = 2
		case strings.Contains(first, "."):
			group = 1
		}
		line := spec.Path.Value
		if spec.Name != nil {
			line = spec.Name.Name + " " + line
		}
		if !slices.Contains(groups[group], line) {
			groups[group] = append(groups[group], line)
		}
	}
	var block bytes.Buffer
	block.WriteString("import (\n")
	for _, group := range groups {
		block.WriteString(strings.Join(group, "\n") + "\n\n") // gofmt sorts them
	}
	block.WriteString(")")
	return block.Bytes()
}
