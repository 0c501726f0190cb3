package generator

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/mod/module"
	"golang.org/x/tools/imports"
	"golang.org/x/tools/txtar"
)

// The projects of testdata/rendered are the fixture's, rendered: all defaults,
// and a selection that has something for every index file. After a
// change of what is rendered, run the test with UPDATE=1 and review the difference.
func TestRender(t *testing.T) {
	c := loaded(t, newFixture(t).files)
	for name, spec := range map[string]Spec{
		"defaults": shop(nil),
		"much":     shop(map[string]string{"router": "chi", "database": "sqlite"}, "audit"),
	} {
		t.Run(name, func(t *testing.T) {
			got := archive(rendered(t, c, spec))
			golden := "testdata/rendered/" + name + ".txtar"
			if os.Getenv("UPDATE") != "" {
				if err := os.WriteFile(golden, got, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s is not what is rendered:\n%s", golden, got)
			}
		})
	}
}

func archive(tree Tree) []byte {
	var a txtar.Archive
	for _, name := range slices.Sorted(maps.Keys(tree)) {
		a.Files = append(a.Files, txtar.File{Name: name, Data: tree[name]})
	}
	return txtar.Format(&a)
}

// The same Selection gives the same bytes: again, from a catalog that was read
// in another order or from a disk, and while others render from it.
func TestRender_Deterministic(t *testing.T) {
	files := newFixture(t).files
	want := map[string]Tree{}
	first := loaded(t, files)
	for name, spec := range selections(t, first) {
		want[name] = rendered(t, first, spec)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, files); err != nil {
		t.Fatal(err)
	}
	for from, files := range map[string]fs.FS{"the same": files, "another order": shuffled{files}, "another directory": os.DirFS(dir)} {
		c := loaded(t, files)
		var all sync.WaitGroup
		for name, spec := range selections(t, c) {
			all.Go(func() {
				if got := rendered(t, c, spec); !maps.EqualFunc(got, want[name], bytes.Equal) {
					t.Errorf("%s, from %s: another tree", name, from)
				}
			})
		}
		all.Wait()
	}
}

// shuffled lists directories in some other order each time.
type shuffled struct{ fs.FS }

func (s shuffled) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(s.FS, name)
	rand.Shuffle(len(entries), func(i, j int) { entries[i], entries[j] = entries[j], entries[i] })
	return entries, err
}

// selections returns a Spec for everything that can be selected of a small
// catalog, by a name that tells what it is.
func selections(t testing.TB, c *Catalog) map[string]Spec {
	t.Helper()
	specs := []Spec{shop(nil)}
	for _, slot := range c.Slots {
		var more []Spec
		for _, spec := range specs {
			for _, value := range append(slot.Values, "") { // "" leaves it open
				slots := map[string]string{slot.Name: value}
				maps.Copy(slots, spec.Slots)
				maps.DeleteFunc(slots, func(_, value string) bool { return value == "" })
				more = append(more, shop(slots))
			}
		}
		specs = more
	}
	for _, f := range c.Features {
		if !f.Optional() {
			continue
		}
		for _, spec := range specs {
			specs = append(specs, shop(spec.Slots, append(slices.Clone(spec.Features), f.Name)...))
		}
	}
	all := map[string]Spec{}
	for _, spec := range specs {
		s, err := Resolve(c, spec)
		if _, excluded := errors.AsType[*ChoiceError](err); excluded {
			continue // this is no selection
		}
		if err != nil {
			t.Fatal(err)
		}
		all[fmt.Sprint(s.Spec.Slots, s.Spec.Features)] = s.Spec
	}
	return all
}

// Whatever is selected, the index files are Go without an unused variable or
// import, formatted and grouped as goimports would do it.
func TestRender_AllSelections(t *testing.T) {
	imports.LocalPrefix = "example.com/shop"
	c := loaded(t, newFixture(t).files)
	all := selections(t, c)
	if len(all) != 32 {
		t.Fatalf("%d selections, not 32", len(all))
	}
	for name, spec := range all {
		tree := rendered(t, c, spec)
		for _, index := range []string{"cmd/shop/serve.go", "internal/config/config.go"} {
			formatted, err := imports.Process(index, tree[index], &imports.Options{FormatOnly: true, Comments: true, TabIndent: true, TabWidth: 8})
			if err != nil || !bytes.Equal(formatted, tree[index]) {
				t.Errorf("%s: %s: not as goimports would have it: %v\n%s", name, index, err, formatted)
			}
			if err := typeCheck(tree, path.Dir(index)); err != nil {
				t.Fatalf("%s: %v\n%s", name, err, tree[index])
			}
		}
	}
}

// typeCheck checks a package whose imports are not there. What comes from them
// fits everywhere, but the package itself can be wrong.
func typeCheck(tree Tree, dir string) error {
	files := token.NewFileSet()
	var parsed []*ast.File
	for name, content := range tree {
		if path.Dir(name) != dir || path.Ext(name) != ".go" {
			continue
		}
		file, err := parser.ParseFile(files, name, content, 0)
		if err != nil {
			return err
		}
		for _, spec := range file.Imports { // a package that is not there is taken to have the last element as its name
			if prefix, version, ok := module.SplitPathVersion(strings.Trim(spec.Path.Value, `"`)); ok && version != "" && spec.Name == nil {
				spec.Name = ast.NewIdent(path.Base(prefix))
			}
		}
		parsed = append(parsed, file)
	}
	var problems []error
	config := types.Config{Importer: absent{}, Error: func(err error) {
		if !strings.Contains(err.Error(), "could not import") {
			problems = append(problems, err)
		}
	}}
	_, _ = config.Check(dir, files, parsed, nil) // Error has its errors
	return errors.Join(problems...)
}

type absent struct{}

func (absent) Import(string) (*types.Package, error) { return nil, errors.New("not there") }

// An error of a template names its file, line and column, and not ours.
func TestRender_TemplateErrors(t *testing.T) {
	for _, test := range []struct {
		name, file, old, new, want string
	}{
		{
			"field that is not there", "shared/base/files/README.md.tmpl", ".Lists.try", ".Liszt",
			`shared/base/files/README.md.tmpl:2:8: executing "shared/base/files/README.md.tmpl" at <.Liszt>: can't evaluate field Liszt in type *generator.lists`,
		},
		{
			"no Go", "shared/base/files/internal/config/config.go.tmpl", "package config", "package config\nimport \"x",
			"rendered from shared/base/files/internal/config/config.go.tmpl:3:8: string literal not terminated",
		},
		{
			"no Go further down", "shared/base/files/internal/config/config.go.tmpl", "func Load(", "fun Load(",
			"rendered from shared/base/files/internal/config/config.go.tmpl:24:1: expected declaration, found fun",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFixture(t)
			f.replace(test.file, test.old, test.new)
			s, err := Resolve(loaded(t, f.files), shop(nil))
			if err != nil {
				t.Fatal(err)
			}
			_, err = Render(s)
			lines(t, err, test.want)
		})
	}
}

// What sh would not read as it is stands in .env.example in quotes. What the
// owner's code gets is not quoted.
func TestRender_EnvExample(t *testing.T) {
	for value, want := range map[string]string{
		"{{.Service}}.db":               "shop.db",
		"a=b,c@d:/x%+y-z.w_":            "a=b,c@d:/x%+y-z.w_",
		"postgres://u@h/db?a=1&b=2":     "'postgres://u@h/db?a=1&b=2'",
		"two words":                     "'two words'",
		"~/x":                           "'~/x'",
		`$HOME {{quote .Service}} \ #1`: `'$HOME "shop" \ #1'`,
		"größer":                        "'größer'",
	} {
		f := newFixture(t)
		f.replace("feature/background/feature.yaml", `example: "localhost:1", development: "localhost:2"`, fmt.Sprintf("example: %q, development: %[1]q", value))
		tree := rendered(t, loaded(t, f.files), shop(nil, "background"))
		if line := "#BACKGROUND_ADDR=" + want + "\n"; !strings.Contains(string(tree[".env.example"]), line) {
			t.Errorf("%s: no %s in\n%s", value, line, tree[".env.example"])
		}
		raw := fmt.Sprintf(`"BACKGROUND_ADDR": %q,`, strings.Trim(want, "'"))
		if !strings.Contains(string(tree["internal/config/config.go"]), raw) {
			t.Errorf("%s: no %s in\n%s", value, raw, tree["internal/config/config.go"])
		}
	}
}

// A name can make two paths one, and then no file silently wins.
func TestRender_NameOfAnotherFile(t *testing.T) {
	f := newFixture(t)
	f.write("feature/audit/files/cmd/seed/main.go.raw", "package main\n\nfunc main() {}\n")
	c := loaded(t, f.files)
	spec := shop(nil, "audit")
	rendered(t, c, spec)
	spec.Service = "seed"
	s, err := Resolve(c, spec)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Render(s)
	lines(t, err, "feature/audit/files/cmd/seed/main.go.raw: cmd/seed/main.go: another file has this path when the service has this name; choose another path")
}

// What a tree is used for does not change the catalog.
func TestRender_TreesAreTheCallers(t *testing.T) {
	c := loaded(t, newFixture(t).files)
	first := rendered(t, c, shop(nil))
	for _, content := range first {
		clear(content)
	}
	if got := rendered(t, c, shop(nil))[".github/workflows/ci.yaml"]; string(got) != "jobs: ${{ github.ref }}\n" {
		t.Errorf("got %q", got)
	}
}

func TestSelection_Moved(t *testing.T) {
	f := newFixture(t)
	f.replace("feature/background/feature.yaml", "{internal/worker/worker.go: internal/background/background.go}", "{cmd/__service__/worker.go: internal/background/background.go}")
	c := loaded(t, f.files)
	for _, test := range []struct {
		features []string
		want     map[string]string
	}{
		{nil, map[string]string{}},
		{[]string{"background"}, map[string]string{"cmd/shop/worker.go": "internal/background/background.go"}},
	} {
		s, err := Resolve(c, shop(nil, test.features...))
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Moved(); !maps.Equal(got, test.want) {
			t.Errorf("%v: got %v", test.features, got)
		}
	}
}

// What only index files import, as fields of the configuration and as steps, is
// required as well.
func TestRender_RequiresWhatIndexFilesImport(t *testing.T) {
	f := newFixture(t)
	tree := rendered(t, loaded(t, f.files), shop(map[string]string{"database": "sqlite", "store": "orm"}))
	if want := "\texample.com/orm/v2 v2.0.0\n"; !strings.Contains(string(tree["go.mod"]), want) {
		t.Errorf("no %q in\n%s", want, tree["go.mod"])
	}
	if strings.Contains(string(tree["go.mod"]), "example.com/queue") {
		t.Errorf("what the feature background imports is in\n%s", tree["go.mod"])
	}
	f.replace("shared/base/feature.yaml", "type: httpserver.Config, import: internal/httpserver", "type: queue.Config, import: example.com/queue")
	tree = rendered(t, loaded(t, f.files), shop(nil))
	if want := "\texample.com/queue v1.0.0\n"; !strings.Contains(string(tree["go.mod"]), want) {
		t.Errorf("no %q in\n%s", want, tree["go.mod"])
	}
}

// A catalog that is loaded for its lock to be written says what it imports, and
// cannot be rendered.
func TestLoadUnlocked(t *testing.T) {
	f := newFixture(t)
	f.write("modules.lock", "none")
	c, err := LoadUnlocked(f.files)
	if err != nil {
		t.Fatal(err)
	}
	var imports []string
	for _, i := range c.Imports() {
		imports = append(imports, i.Feature.Name+" "+i.Package)
	}
	want := []string{"base example.com/env", "chi github.com/go-chi/chi/v5", "sqlite modernc.org/sqlite", "orm example.com/orm/v2", "background example.com/queue"}
	if !slices.Equal(imports, want) {
		t.Errorf("imports %q, want %q", imports, want)
	}
	s, err := Resolve(c, shop(nil))
	if err != nil {
		t.Fatal(err)
	}
	_, err = Render(s)
	lines(t, err, "catalog: was loaded without the lock of its modules; use Load")
}

// What the formatter remembers has a bound, for a process that renders for ever.
func TestFormatter_IsBounded(t *testing.T) {
	var f formatter
	for i := range mostFormatted + 1 {
		if _, err := f.file("x.go", fmt.Sprintf("example.com/m%d", i), []byte("package x\n")); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(f.known); n == 0 || n > mostFormatted {
		t.Errorf("%d files are remembered, want at most %d", n, mostFormatted)
	}
}
