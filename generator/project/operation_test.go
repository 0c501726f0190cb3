package project

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/otelgen/otelgen/generator"
)

// TestKilledThenAnother: wherever an update is killed, another command, of a
// later version, leads to what it would have led to after the whole update. With
// a journal it says what it has finished.
func TestKilledThenAnother(t *testing.T) {
	t.Setenv("PATH", "")
	tree := func(version string) generator.Tree {
		return generator.Tree{
			specFile: []byte(version), "unedited.txt": text("abc" + version), "edited.txt": text("ab" + version + "de"),
			"conflict.txt": text(version), "only/" + version + ".txt": text(version),
		}
	}
	start := func() string {
		dir := memDir(t)
		mustNew(t, dir, tree("1"))
		writeDir(t, dir, files{"edited.txt": string(text("Ab1de")), "conflict.txt": "mine\n"})
		return dir
	}
	whole, skipped := start(), start()
	mustUpdate(t, whole, tree("2"), nil)
	mustUpdate(t, whole, tree("3"), nil)
	mustUpdate(t, skipped, tree("3"), nil)
	for kill, changes := 1, 1; kill <= changes; kill++ {
		dir := start()
		n, err := run(dir, tree("2"), nil, kill)
		if err != nil {
			t.Fatal(err)
		}
		changes = max(changes, n+1)
		want := skipped // nothing had begun
		var said strings.Builder
		p, err := Begin(dir, "otelgen remove x", func(s string) { said.WriteString(s) })
		if err != nil {
			t.Fatal(err)
		}
		if p.Finished != "" {
			want = whole
			if p.Finished != "otelgen update" || said.String() != dir+": finished otelgen update, which was interrupted" {
				t.Errorf("finished %q, said %q", p.Finished, said.String())
			}
		} else if n == kill && said.Len() > 0 {
			t.Errorf("said %q", said.String())
		}
		plan, err := p.Compare(tree("3"), nil)
		if err == nil {
			err = p.Apply(plan)
		}
		p.Close()
		if err != nil {
			t.Fatal(err)
		}
		got := readDir(t, dir)
		if n < kill { // it was not killed
			want = whole
		}
		if diff := difference(got, readDir(t, want)); diff != "" {
			t.Fatalf("killed before change %d:%s", kill, diff)
		}
		if n < kill {
			return
		}
	}
}

// TestKilledThenEdited: after an update was killed, the owner goes on. What they
// write stays, whether the update had written the file or not.
func TestKilledThenEdited(t *testing.T) {
	t.Setenv("PATH", "")
	v1, v2 := generator.Tree{specFile: nil, "f": text("abcde"), "g": text("a")}, generator.Tree{specFile: nil, "f": text("abcdX"), "g": text("b")}
	for kill, changes := 1, 1; kill <= changes; kill++ {
		dir := memDir(t)
		mustNew(t, dir, v1)
		n, err := run(dir, v2, nil, kill)
		if err != nil {
			t.Fatal(err)
		}
		changes = max(changes, n)
		written := strings.Contains(readDir(t, dir)["f"], "X")
		edited := "Abcde"
		if written {
			edited = "AbcdX"
		}
		writeDir(t, dir, files{"f": string(text(edited))})
		if p, err := Begin(dir, "otelgen update", func(string) {}); err == nil {
			p.Close()
		} else if !strings.Contains(err.Error(), "f: has changed since otelgen read it, and stays as it is") {
			t.Fatal(err)
		}
		mustUpdate(t, dir, v2, nil)
		if got := readDir(t, dir); got["f"] != string(text("AbcdX")) || got["g"] != "b\n" {
			t.Fatalf("killed before change %d: %q", kill, got)
		}
	}
}

// TestChangedWhileWriting: a file that its owner saves while an update is at work
// is never replaced, and everything else is done.
func TestChangedWhileWriting(t *testing.T) {
	for moment, name := range map[string]string{"write " + journalFile: "f", "write f": "f", "place f": "f", "remove gone": "gone"} {
		dir := t.TempDir()
		mustNew(t, dir, generator.Tree{specFile: nil, "f": text("abc"), "g": text("a"), "gone": text("a")})
		p := &Project{Dir: dir, before: func(change string) error {
			if change == moment {
				writeDir(t, dir, files{name: "mine\n"})
			}
			return nil
		}}
		if _, err := begin(p, func(string) {}); err != nil {
			t.Fatal(err)
		}
		plan, err := p.Compare(generator.Tree{specFile: nil, "f": text("abX"), "g": text("b")}, nil)
		if err != nil {
			t.Fatal(err)
		}
		err = p.Apply(plan)
		p.Close()
		if want := dir + ": " + name + ": has changed since otelgen read it, and stays as it is; run the command again"; err == nil || err.Error() != want {
			t.Errorf("%s: %v", moment, err)
		}
		if got := readDir(t, dir); got[name] != "mine\n" || got["g"] != "b\n" || got[baseDir+name+".base"] == "" {
			t.Errorf("%s: %q", moment, got)
		}
	}
}

// TestOneAtATime: what waits says for what, and reads the Spec when it is its turn.
func TestOneAtATime(t *testing.T) {
	dir := t.TempDir()
	mustNew(t, dir, generator.Tree{specFile: []byte("1\n"), "f": text("a")})
	first, err := Begin(dir, "otelgen add background", func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	said, spec := make(chan string, 1), make(chan string, 1)
	go func() {
		second, err := Begin(dir, "otelgen add auth", func(s string) { said <- s })
		if err != nil {
			said <- err.Error()
			return
		}
		second.Close()
		spec <- string(second.SpecYAML)
	}()
	select {
	case got := <-said:
		if want := dir + ": waiting for otelgen add background, which is running there"; got != want {
			t.Errorf("said %q\nwant %q", got, want)
		}
	case <-time.After(time.Minute):
		t.Fatal("the second does not wait")
	}
	plan, err := first.Compare(generator.Tree{specFile: []byte("2\n"), "f": text("b")}, nil)
	if err == nil {
		err = first.Apply(plan)
	}
	if err != nil {
		t.Fatal(err)
	}
	first.Close()
	if got := <-spec; got != "2\n" {
		t.Errorf("the second has read the Spec %q", got)
	}
	for name := range readDir(t, dir) {
		if strings.HasSuffix(name, "/lock") {
			t.Errorf("%s is left", name)
		}
	}
}

// TestUnfinished: a command that only reads says that something is unfinished, and writes
// nothing.
func TestUnfinished(t *testing.T) {
	t.Setenv("PATH", "")
	dir := memDir(t)
	mustNew(t, dir, generator.Tree{specFile: nil, "f": text("a")})
	if _, err := run(dir, generator.Tree{specFile: nil, "f": text("b")}, nil, 6); err != nil {
		t.Fatal(err)
	}
	before := readDir(t, dir)
	_, err := Load(dir)
	if want := dir + ": otelgen update was interrupted; otelgen update finishes it, and otelgen undo finishes it and takes it back"; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	checkDir(t, dir, before)
	held, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	lock(held, true)
	if _, err := Load(dir); err == nil || err.Error() != dir+": otelgen update is running there; wait until it is done" {
		t.Errorf("while it is locked: %v", err)
	}
}
