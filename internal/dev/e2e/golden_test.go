package e2e_test

import (
	"bytes"
	"errors"
	"flag"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/internal/dev/e2e"
)

// presets returns the Specs of the committed projects, which presets of otelgen make:
// what a change of a template does is there to be seen in its review. The preset full
// is not among them, for almost all of it lies in the templates as it is.
func presets(t *testing.T) map[string]generator.Spec {
	t.Helper()
	specs := map[string]generator.Spec{}
	for name, names := range map[string][2]string{"default": {"shop", "shop"}, "minimal": {"hello", "example.com/hello"}} {
		spec := preset(t, name)
		spec.Otelgen, spec.Service, spec.Module = "devel", names[0], names[1]
		specs[name] = spec
	}
	return specs
}

// preset returns the Spec of a preset of otelgen.
func preset(t *testing.T, name string) generator.Spec {
	t.Helper()
	file := filepath.Join(e2e.Root(t), "cmd", "otelgen", "presets", name+".yaml")
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	spec, err := generator.ParseSpec(file, content, "")
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

var update = flag.Bool("update", false, "write the committed projects anew")

// A committed project is exactly what is made: no file more, none less.
func TestGolden_IsWhatIsMade(t *testing.T) {
	for name, spec := range presets(t) {
		made := filepath.Join(t.TempDir(), name)
		e2e.New(t, e2e.Catalog(t), made, spec)
		compare(t, filepath.Join("testdata", "golden", name), made)
	}
}

// Plain handlers are in the idiom of each router, which is there to be read: what a
// service has of its own with each of them, and what it has with every one.
func TestGolden_IsWhatIsMade_OnEachRouter(t *testing.T) {
	const every = "every"
	made := map[string]generator.Tree{every: nil}
	for _, router := range []string{"stdlib", "chi", "gin", "echo"} {
		tree := e2e.Render(t, e2e.Catalog(t), generator.Spec{
			Service: "shop", Module: "shop", Slots: map[string]string{"router": router, "api": "plain"},
		})
		maps.DeleteFunc(tree, func(name string, _ []byte) bool {
			dir, file := path.Split(name)
			return dir != "internal/api/" && dir != "internal/orderapi/" || strings.HasSuffix(file, "_test.go")
		})
		if made[router] = tree; made[every] == nil {
			made[every] = maps.Clone(tree)
		}
		maps.DeleteFunc(made[every], func(name string, content []byte) bool { return !bytes.Equal(content, tree[name]) })
	}
	for router, tree := range made {
		dir := t.TempDir()
		for name, content := range tree {
			if _, same := made[every][name]; same && router != every {
				continue
			}
			file := filepath.Join(dir, filepath.FromSlash(name))
			if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o750), os.WriteFile(file, content, 0o600)); err != nil {
				t.Fatal(err)
			}
		}
		compare(t, filepath.Join("testdata", "golden-routers", router), dir)
	}
}

// compare compares what is made with what is committed in a directory of the
// repository, or writes it there with -update.
func compare(t *testing.T, dir, made string) {
	t.Helper()
	golden := filepath.Join(e2e.Root(t), dir)
	if *update {
		if err := errors.Join(os.RemoveAll(golden), os.CopyFS(golden, os.DirFS(made))); err != nil {
			t.Fatal(err)
		}
	}
	want, got := files(t, golden), files(t, made)
	for path := range want {
		if content, ok := got[path]; !ok {
			t.Errorf("%s: %s is no longer made", dir, path)
		} else if content != want[path] {
			t.Errorf("%s: %s is made otherwise", dir, path)
		}
	}
	for path := range got {
		if _, ok := want[path]; !ok {
			t.Errorf("%s: %s is new", dir, path)
		}
	}
	if t.Failed() {
		t.Log("make golden writes them anew; the review of that change is the review of yours")
	}
}

// files returns all files below dir, by path.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		all[strings.TrimPrefix(path, dir)] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Every committed project is sound as its owner would get it from git, and its tests pass
// whatever the shell exports.
func TestGolden_IsSound(t *testing.T) {
	for name := range presets(t) {
		t.Run(name, func(t *testing.T) {
			dir := e2e.Clone(t, filepath.Join(e2e.Root(t), "testdata", "golden", name))
			e2e.CheckProject(t, dir, "-race", "-exec=env "+strings.Join(exported(t, dir), " "))
		})
	}
}

// The default service stays small enough to be read: see the budgets of the
// design. Comments and blank lines are free, because they make reading easier, and
// so are tests: a package is not to go without because there is no room for a
// file. The design's 3,000 lines are passed by what linters and strangers ask of an
// API's document and its documentation.
func TestDefault_IsWithinItsBudget(t *testing.T) {
	const maxFiles, maxLines = 50, 3090
	project := filepath.Join(e2e.Root(t), "testdata", "golden", "default")
	files, lines := 0, 0
	err := filepath.WalkDir(project, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.Name() == ".otelgen":
			return fs.SkipDir
		case entry.IsDir(), strings.HasSuffix(path, "_test.go"), strings.HasSuffix(filepath.Dir(path), "test"):
			return nil
		}
		files++
		if filepath.Ext(path) != ".go" {
			return nil
		}
		content, err := os.ReadFile(path)
		for line := range strings.Lines(string(content)) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "//") {
				lines++
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d files and %d lines of Go code, both without tests", files, lines)
	if files > maxFiles || lines > maxLines {
		t.Errorf("%d files and %d lines, want at most %d and %d", files, lines, maxFiles, maxLines)
	}
}
