package project

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/otelgen/otelgen/generator"
)

// files are what is in a directory: content by path, except what is git's. In
// place of the record there is what it says, in the names of its first form.
type files map[string]string

const baseDir, goneDir, ownDir, pendingDir = ".otelgen/base/", ".otelgen/gone/", ".otelgen/own/", ".otelgen/pending/"

// recorded returns the names for what an entry records of a path.
func recorded(p string, e entry) files {
	all := files{}
	for name, content := range map[string][]byte{baseDir + p + ".base": e.base, goneDir + p + ".base": e.gone, ownDir + p + ".base": e.own, pendingDir + p + ".next": e.pending} {
		if content != nil {
			all[name] = string(content)
		}
	}
	return all
}

func (all files) readRecord(t *testing.T, text string) {
	t.Helper()
	r := record{lines: map[string][]line{}}
	if err := r.parse(text); err != nil {
		t.Fatal(err)
	}
	delete(r.lines, specFile)
	for p, lines := range r.lines {
		for _, l := range lines {
			e, err := l.entry()
			if err != nil {
				t.Fatal(err)
			}
			maps.Copy(all, recorded(p, e))
		}
	}
}

func readDir(t *testing.T, dir string) files {
	t.Helper()
	all := files{}
	err := filepath.WalkDir(dir, func(p string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && entry.Name() == ".git":
			return fs.SkipDir
		case entry.IsDir():
			return nil
		}
		name, _ := filepath.Rel(dir, p)
		if entry.Type()&fs.ModeSymlink != 0 {
			target, err := os.Readlink(p)
			all[name] = "-> " + target
			return err
		}
		data, err := os.ReadFile(p)
		switch name = filepath.ToSlash(name); path.Base(name) {
		case "record":
			all.readRecord(t, string(data))
		case "undo":
		default:
			all[name] = string(data)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// memDir returns a temporary directory for tests that write thousands of files:
// in memory, where there is such a file system.
func memDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "otelgen") //nolint:usetesting // which knows one place only
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func writeDir(t *testing.T, dir string, all files) {
	t.Helper()
	for name, content := range all {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func checkDir(t *testing.T, dir string, want files) {
	t.Helper()
	if diff := difference(readDir(t, dir), want); diff != "" {
		t.Errorf("%s:%s", dir, diff)
	}
}

// difference tells how two directories differ.
func difference(got, want files) string {
	var diff strings.Builder
	names := maps.Clone(got)
	maps.Copy(names, want)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		g, inGot := got[name]
		w, inWant := want[name]
		switch {
		case !inGot:
			fmt.Fprintf(&diff, "\n%s: is missing", name)
		case !inWant:
			fmt.Fprintf(&diff, "\n%s: should not be there: %q", name, g)
		case g != w:
			fmt.Fprintf(&diff, "\n%s: is  %q\n%s: not %q", name, g, name, w)
		}
	}
	return diff.String()
}

// killed is the panic that stands for the kill of a run.
type killed struct{}

// run creates or updates a project, and is killed before the kill-th change to the
// disk; if kill is 0, it is not. It returns the number of changes.
func run(dir string, next generator.Tree, moved map[string]string, kill int) (changes int, err error) {
	before := func(string) error {
		if changes++; changes == kill {
			panic(killed{})
		}
		return nil
	}
	p := &Project{Dir: dir, Command: "otelgen update", before: before}
	defer func() {
		p.Close()
		if r := recover(); r != nil && r != (killed{}) {
			panic(r)
		}
	}()
	if _, noSpec := os.Lstat(filepath.Join(dir, specFile)); noSpec != nil {
		p, err = New(dir)
		p.before = before
	} else {
		_, err = begin(p, func(string) {})
	}
	if err != nil {
		return 0, err
	}
	plan, err := p.Compare(next, moved)
	if err != nil {
		return 0, err
	}
	return changes, p.Apply(plan)
}

// mustUpdate updates a project and returns the plan.
func mustUpdate(t *testing.T, dir string, next generator.Tree, moved map[string]string) Plan {
	t.Helper()
	p := mustBegin(t, dir)
	defer p.Close()
	plan, err := p.Compare(next, moved)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Apply(plan); err != nil {
		t.Fatal(err)
	}
	return plan
}

func mustBegin(t *testing.T, dir string) *Project {
	t.Helper()
	p, err := Begin(dir, "otelgen update", func(said string) { t.Log(said) })
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func mustNew(t *testing.T, dir string, tree generator.Tree) {
	t.Helper()
	if _, err := run(dir, tree, nil, 0); err != nil {
		t.Fatal(err)
	}
}

// scenario is a project in which everything that can happen to a file happens.
func scenario() (project files, next generator.Tree, moved map[string]string) {
	const gomod = "module shop\n\ngo 1.26.0\n\nrequire (\n\ta.org/a v1.0.0\n\tb.org/b v1.%d.0\n)\n"
	project = files{
		specFile: "service: shop\n", attributesFile: attributes, ignoreOurs: ignored,
		".otelgen/base/go.mod.base": fmt.Sprintf(gomod, 0), "go.mod": strings.Replace(fmt.Sprintf(gomod, 0), "a v1.0", "a v1.1", 1),
		".otelgen/base/go.sum.base": "a.org/a v1.0.0 h1:a\n", "go.sum": "a.org/a v1.0.0 h1:a\n",
	}
	next = generator.Tree{
		specFile: []byte("service: shop\nversion: 2\n"),
		"go.mod": fmt.Appendf(nil, gomod, 1), "go.sum": []byte("a.org/a v1.0.0 h1:a\nb.org/b v1.0.0 h1:b\n"),
	}
	moved = map[string]string{}
	add := func(p, kind, base, disk, want string) {
		for name, content := range map[string]string{".otelgen/" + kind + "/" + p + ".base": base, p: disk} {
			if content != "-" {
				project[name] = string(text(content))
			}
		}
		if want != "-" {
			next[p] = text(want)
		}
	}
	add("none.txt", "base", "x", "x", "x")
	add("dir/create.txt", "base", "-", "-", "x")
	add("dir/recorded.txt", "base", "-", "x", "x")
	add("foreign.txt", "base", "-", "y", "x")
	add("update.txt", "base", "b", "b", "x")
	add("keep.txt", "base", "b", "y", "b")
	add("merge.txt", "base", "abc", "Abc", "abC")
	add("twice.txt", "base", "aaab", "aaa", "abab") // to merge it once more is a conflict
	add("cmd/conflict.txt", "base", "abc", "aXc", "aYc")
	add("gone.txt", "base", "b", "-", "x")
	add("known.txt", "gone", "b", "-", "x")
	add("back.txt", "gone", "b", "y", "x")
	add("old/deep/delete.txt", "base", "b", "b", "-")
	add("orphan.txt", "base", "b", "y", "-")
	add("forgotten.txt", "base", "b", "-", "-")
	add("binary.bin", "base", "b", "\x00", "x")
	add("settled.txt", "base", "b", "y", "b")
	project[".otelgen/pending/settled.txt.next"] = "b\n"
	add("again.txt", "base", "b", "y", "z")
	project[".otelgen/pending/again.txt.next"] = "x\n"
	add("open.txt", "base", "b", "(y|b=x)", "z")
	project[".otelgen/pending/open.txt.next"] = "x\n"
	for _, m := range []struct{ name, base, disk, want string }{
		{"moved", "abc", "abc", "abX"}, {"edited", "abc", "Abc", "abX"}, {"fought", "abc", "abY", "abX"}, {"lost", "abc", "-", "abX"},
	} {
		from, to := "from/"+m.name+".txt", "to/"+m.name+".txt"
		moved[from] = to
		add(from, "base", m.base, m.disk, "-")
		next[to] = text(m.want)
	}
	return project, next, moved
}

// TestApplyDoesWhatThePlanSays compares the disk with the same plan applied in
// memory.
func TestApplyDoesWhatThePlanSays(t *testing.T) {
	project, next, moved := scenario()
	dir := t.TempDir()
	writeDir(t, dir, project)
	p, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	s, err := takeSnapshot(p, next, moved)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{*s}
	w.disk["orphan.txt"] = s.disk["orphan.txt"]
	plan, err := p.Compare(next, moved)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Apply(plan); err != nil {
		t.Fatal(err)
	}
	w.apply(plan)
	delete(w.entries, specFile)
	want := files{attributesFile: attributes, ignoreOurs: ignored}
	for name, f := range w.disk {
		if f.data != nil {
			want[name] = string(f.data)
		}
	}
	for name, e := range w.entries {
		maps.Copy(want, recorded(name, e))
	}
	checkDir(t, dir, want)

	actions := map[Action]int{}
	for _, c := range plan {
		actions[c.Action]++
	}
	for _, action := range []Action{None, Create, Update, Merge, Keep, Gone, Delete, Orphan, Conflict} {
		if actions[action] == 0 {
			t.Errorf("the scenario lacks %s", action)
		}
	}
	for _, c := range mustUpdate(t, dir, next, moved) {
		if c.Action != Conflict && c.Matters() || c.changesRecord() {
			t.Errorf("once more: %q", c)
		}
	}
	checkDir(t, dir, want)
}

// TestKilledAnywhere kills an update before each of its changes, once or twice.
// When it has been repeated, the project is as if nothing had happened.
func TestKilledAnywhere(t *testing.T) {
	t.Setenv("PATH", "") // git is slow, and not needed
	project, next, moved := scenario()
	dir := memDir(t)
	writeDir(t, dir, project)
	changes, err := run(dir, next, moved, 0)
	if err != nil {
		t.Fatal(err)
	}
	want := readDir(t, dir)
	r := rand.New(rand.NewPCG(5, 5))
	for kill := 1; kill <= changes; kill++ {
		dir := memDir(t)
		writeDir(t, dir, project)
		kills := []int{kill, 0}
		if kill%4 == 0 {
			kills = []int{kill, 1 + r.IntN(changes), 0}
		}
		for _, kill := range kills {
			if _, err := run(dir, next, moved, kill); err != nil {
				t.Fatal(err)
			}
		}
		if diff := difference(readDir(t, dir), want); diff != "" {
			t.Fatalf("killed before change %d of %d:%s", kill, changes, diff)
		}
	}
}

// TestKilledWhileChoosing kills an update to another Spec. The next update uses
// the Spec that is in the project, old or new, and must bring everything to that.
func TestKilledWhileChoosing(t *testing.T) {
	t.Setenv("PATH", "")
	trees := map[string]generator.Tree{
		"a\n": {specFile: []byte("a\n"), "index.txt": text("ab"), "only/a.txt": text("a"), "same.txt": text("s")},
		"b\n": {specFile: []byte("b\n"), "index.txt": text("aXb"), "only/b.txt": text("b"), "same.txt": text("s")},
	}
	want := map[string]files{}
	for spec, tree := range trees {
		dir := memDir(t)
		mustNew(t, dir, tree)
		want[spec] = readDir(t, dir)
	}
	for kill, changes := 0, 0; kill <= changes; kill++ {
		dir := memDir(t)
		mustNew(t, dir, trees["a\n"])
		n, err := run(dir, trees["b\n"], nil, kill)
		if err != nil {
			t.Fatal(err)
		}
		changes = max(changes, n)
		p := mustBegin(t, dir)
		p.Close()
		mustUpdate(t, dir, trees[string(p.SpecYAML)], nil)
		if diff := difference(readDir(t, dir), want[string(p.SpecYAML)]); diff != "" {
			t.Errorf("killed before change %d of %d, it is%s", kill, changes, diff)
		}
	}
}

// TestKilledThenMoved kills an update that merges a file, and then one by a later
// version, which moved the file. What the first prepared but did not do must not
// count.
func TestKilledThenMoved(t *testing.T) {
	t.Setenv("PATH", "")
	project := files{specFile: "1\n", ".otelgen/base/old.txt.base": string(text("abc")), "old.txt": string(text("Abc"))}
	first := generator.Tree{specFile: []byte("1\n"), "old.txt": text("abC")}
	second := generator.Tree{specFile: []byte("1\n"), "new.txt": text("abX")}
	moved := map[string]string{"old.txt": "new.txt"}
	for kill := 1; ; kill++ {
		for again, changes := 1, 1; again <= changes; again++ {
			dir := memDir(t)
			writeDir(t, dir, project)
			if _, err := run(dir, first, nil, kill); err != nil {
				t.Fatal(err)
			}
			if readDir(t, dir)["old.txt"] != project["old.txt"] {
				return // the merge is done
			}
			n, err := run(dir, second, moved, again)
			if err != nil {
				t.Fatal(err)
			}
			changes = max(changes, n+1)
			mustUpdate(t, dir, second, moved)
			if got, want := readDir(t, dir)["new.txt"], string(text("AbX")); got != want {
				t.Fatalf("killed before changes %d and %d: %q, want %q", kill, again, got, want)
			}
		}
	}
}

// TestChangedMeanwhile changes a file between Compare and Apply. Apply must then
// write nothing.
func TestChangedMeanwhile(t *testing.T) {
	project, next, moved := scenario()
	for _, name := range []string{"update.txt", "merge.txt", "dir/create.txt", "from/moved.txt", "old/deep/delete.txt"} {
		dir := t.TempDir()
		writeDir(t, dir, project)
		p, err := Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		plan, err := p.Compare(next, moved)
		if err != nil {
			t.Fatal(err)
		}
		writeDir(t, dir, files{name: "mine\n"})
		before := readDir(t, dir)
		if err := p.Apply(plan); err == nil || err.Error() != dir+": "+name+": has changed since otelgen read it; run the command again" {
			t.Errorf("%s: %v", name, err)
		}
		checkDir(t, dir, before)
	}
}

// TestFailure: an update that fails names the file, and can be repeated.
func TestFailure(t *testing.T) {
	project, next, moved := scenario()
	dir := t.TempDir()
	writeDir(t, dir, project)
	p, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	full := errors.New("update.txt: cannot be written: no space left on device")
	p.before = func(change string) error {
		if change == "place update.txt" {
			return full
		}
		return nil
	}
	plan, err := p.Compare(next, moved)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Apply(plan); !errors.Is(err, full) {
		t.Fatalf("Apply: %v, want %v", err, full)
	}
	if scraps := readDir(t, dir)[scratchFile]; scraps != "" {
		t.Errorf("%q is left in %s", scraps, scratchFile)
	}
	mustUpdate(t, dir, next, moved)
	other := t.TempDir()
	writeDir(t, other, project)
	mustUpdate(t, other, next, moved)
	checkDir(t, dir, readDir(t, other))
}
