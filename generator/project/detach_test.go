package project

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/otelgen/otelgen/generator"
)

// TestDetach: what is detached stays as it is, in whatever update, until that is
// undone.
func TestDetach(t *testing.T) {
	tree := func(version string) generator.Tree {
		return generator.Tree{specFile: nil, "same": text("a" + version), "edited": text("a" + version), "moves": text("a"), "goes": text("a")}
	}
	later := generator.Tree{specFile: nil, "same": text("a3"), "edited": text("a3"), "moved": text("b")}
	dir := t.TempDir()
	mustNew(t, dir, tree("1"))
	mine := files{"edited": "mine\n"}
	writeDir(t, dir, mine)
	detach := func(files ...string) error {
		p, err := Begin(dir, "otelgen detach", func(string) {})
		if err != nil {
			return err
		}
		defer p.Close()
		plan, err := p.Detach(files)
		if err != nil {
			return err
		}
		return p.Apply(plan)
	}
	if err := detach("same", "edited", "moves", "goes"); err != nil {
		t.Fatal(err)
	}
	want := ofOwner(readDir(t, dir))
	for _, next := range []generator.Tree{tree("1"), tree("2"), later} {
		plan := mustUpdate(t, dir, next, map[string]string{"moves": "moved"})
		if _, moved := next["moved"]; moved {
			want["moved"] = "b\n"
		}
		if diff := difference(ofOwner(readDir(t, dir)), want); diff != "" {
			t.Errorf("%q:%s", plan, diff)
		}
		if again := mustUpdate(t, dir, next, nil); !again.Empty() {
			t.Errorf("once more: %q", again)
		}
	}
	p, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if plan, err := p.Mine(); err != nil || len(plan) > 0 {
		t.Errorf("what is detached counts as changed: %q, %v", plan, err)
	}

	other := t.TempDir()
	mustNew(t, other, tree("1"))
	dir = other
	if err := detach("same"); err != nil {
		t.Fatal(err)
	}
	for _, note := range []string{"updates change it again", nowDetached, "updates change it again"} {
		if plan, _ := undo(t, dir, 0); len(plan) != 1 || plan[0].Note != note || plan.Empty() {
			t.Errorf("undo does %q, want %q", plan, note)
		}
	}
	mustUpdate(t, dir, tree("2"), nil)
	if got := readDir(t, dir)["same"]; got != string(text("a2")) {
		t.Errorf("after it was undone, an update leaves %q", got)
	}
	writeDir(t, dir, files{"mine": "mine\n"})
	for name, want := range map[string]string{
		"mine":   "mine: otelgen did not write it; it is yours already",
		"other":  "other: no such file; name one that otelgen wrote",
		"saame":  "saame: no such file; did you mean same?",
		specFile: specFile + ": it cannot be detached, because every feature has a part in it; what you changed in it stays",
	} {
		if err := detach(name); err == nil || err.Error() != dir+": "+want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestMine: what the owner changed, from what otelgen wrote last to what is there.
func TestMine(t *testing.T) {
	v1 := generator.Tree{specFile: nil, "same": text("a"), "crlf": text("a"), "edited": text("abcd"), "deleted": text("a"), "conflict": text("abc")}
	v2 := generator.Tree{specFile: nil, "same": text("a"), "crlf": text("a"), "edited": text("abcX"), "deleted": text("a"), "conflict": text("aYc")}
	dir := t.TempDir()
	mustNew(t, dir, v1)
	writeDir(t, dir, files{"crlf": "a\r\n", "edited": string(text("Abcd")), "conflict": "a\nX\nc\n", "added": "mine\n"})
	if err := os.Remove(filepath.Join(dir, "deleted")); err != nil {
		t.Fatal(err)
	}
	mine := func() map[string]string {
		p, err := Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		plan, err := p.Mine()
		if err != nil {
			t.Fatal(err)
		}
		all := map[string]string{}
		for _, c := range plan {
			all[c.Path] = string(c.Action) + " " + string(c.Before) + "to " + string(c.After)
		}
		return all
	}
	check := func(when string, want files) {
		t.Helper()
		if diff := difference(mine(), want); diff != "" {
			t.Errorf("%s:%s", when, diff)
		}
	}
	check("before an update", files{"edited": "keep a\nb\nc\nd\nto A\nb\nc\nd\n", "conflict": "keep a\nb\nc\nto a\nX\nc\n", "deleted": "gone a\nto "})
	mustUpdate(t, dir, v2, nil)
	check("after one, with a conflict", files{"edited": "keep a\nb\nc\nX\nto A\nb\nc\nX\n", "deleted": "gone a\nto "})
}
