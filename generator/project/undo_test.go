package project

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/otelgen/otelgen/generator"
)

// undo takes the last run back, and is killed before the kill-th change to the
// disk; if kill is 0, it is not.
func undo(t *testing.T, dir string, kill int) (plan Plan, changes int) {
	t.Helper()
	p := &Project{Dir: dir, Command: "otelgen undo", before: func(string) error {
		if changes++; changes == kill {
			panic(killed{})
		}
		return nil
	}}
	defer func() {
		p.Close()
		if r := recover(); r != nil && r != (killed{}) {
			panic(r)
		}
	}()
	if _, err := begin(p, func(said string) { t.Log(said) }); err != nil {
		t.Fatal(err)
	}
	plan, err := p.Undo()
	if err == nil {
		err = p.Apply(plan)
	}
	if err != nil {
		t.Fatal(err)
	}
	return plan, changes
}

// TestUndo: after an undo everything is as before the update, record included,
// and the next undo does it again. Wherever an undo is killed, the next command
// finishes it.
func TestUndo(t *testing.T) {
	t.Setenv("PATH", "")
	project, next, moved := scenario()
	for kill, changes := 0, 0; kill <= changes; kill++ {
		dir := memDir(t)
		writeDir(t, dir, project)
		p := mustBegin(t, dir)
		if err := p.Apply(nil); err != nil { // migrates
			t.Fatal(err)
		}
		p.Close()
		before := readDir(t, dir)
		mustUpdate(t, dir, next, moved)
		after := readDir(t, dir)
		_, n := undo(t, dir, kill)
		changes = max(changes, n)
		if kill > 0 {
			begun := exists(filepath.Join(dir, journalFile))
			mustBegin(t, dir).Close()
			if !begun && difference(readDir(t, dir), after) == "" {
				continue
			}
		}
		if diff := difference(readDir(t, dir), before); diff != "" {
			t.Fatalf("killed before change %d:%s", kill, diff)
		}
		if kill > 0 {
			continue
		}
		undo(t, dir, 0)
		if diff := difference(readDir(t, dir), after); diff != "" {
			t.Fatalf("done again:%s", diff)
		}
	}
}

// TestUndo_OfWhatChangedSince: what the owner has done since stays.
func TestUndo_OfWhatChangedSince(t *testing.T) {
	tests := []struct {
		name               string
		base, before, next string
		since              string // the file after the update, as its owner left it
		want               string
		action             Action
	}{
		{"updated, and edited", "abcd", "abcd", "abXd", "Abxd", "Abxd", Orphan},
		{"updated, and edited elsewhere", "abcd", "abcd", "abcX", "AbcX", "Abcd", Merge},
		{"merged, and edited", "abcde", "Abcde", "abcdX", "AbYdX", "AbYde", Merge},
		{"updated, and deleted", "abcd", "abcd", "abXd", "-", "-", Orphan},
		{"created, and edited", "-", "-", "ab", "aB", "aB", Orphan},
		{"created, and deleted", "-", "-", "ab", "-", "-", None},
		{"deleted, and there again", "ab", "ab", "-", "y", "y", Orphan},
		{"a conflict that is open", "abc", "aXc", "aYc", "a(X|b=Y)c", "aXc", Update},
		{"a conflict that is open, and edited elsewhere", "abcde", "aXcde", "aYcde", "a(X|b=Y)cdE", "aXcdE", Merge},
		{"a conflict that is half resolved", "abc", "aXc", "aYc", "a(XZ|b=Y)c", "a(XZ|b=Y)c", Orphan},
		{"a conflict that is resolved", "abc", "aXc", "aYc", "aXYc", "aXYc", Orphan},
	}
	for i := range 2 * len(tests) {
		tt, again := tests[i/2], i%2 == 1 // with an update in between that changes no file
		t.Run(fmt.Sprintf("%s, update %v", tt.name, again), func(t *testing.T) {
			dir := t.TempDir()
			tree := func(content string) generator.Tree {
				if content == "-" {
					return generator.Tree{specFile: nil}
				}
				return generator.Tree{specFile: nil, "f": text(content)}
			}
			put := func(content string) {
				t.Helper()
				if content != "-" {
					writeDir(t, dir, files{"f": string(text(content))})
				} else if err := os.RemoveAll(filepath.Join(dir, "f")); err != nil {
					t.Fatal(err)
				}
			}
			mustNew(t, dir, tree(tt.base))
			put(tt.before)
			mustUpdate(t, dir, tree(tt.next), nil)
			put(tt.since)
			if again {
				mustUpdate(t, dir, tree(tt.next), nil)
			}
			plan, _ := undo(t, dir, 0)
			got := None
			for _, c := range plan {
				got = c.Action
			}
			content, ok := readDir(t, dir)["f"]
			if want := string(text(tt.want)); content != want || ok != (tt.want != "-") || got != tt.action {
				t.Errorf("%s: %q, want %s: %q", got, content, tt.action, want)
			}
		})
	}
}

// TestUndo_Refuses: an undo is for the state that the run left.
func TestUndo_Refuses(t *testing.T) {
	tree := func(content string) generator.Tree { return generator.Tree{specFile: nil, "f": text(content)} }
	dir := repository(t, nil)
	mustNew(t, dir, tree("a"))
	commit(t, dir)
	refuses := func(want string) {
		t.Helper()
		p := mustBegin(t, dir)
		defer p.Close()
		if _, err := p.Undo(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nlacks %s", err, want)
		}
	}
	refuses("otelgen undo: there is nothing to undo")
	gitDo(t, dir, "checkout", "-q", "-b", "other")
	mustUpdate(t, dir, tree("b"), nil)
	commit(t, dir)
	mustUpdate(t, dir, tree("c"), nil)
	gitDo(t, dir, "checkout", "-q", "-f", "@{-1}")
	refuses("otelgen undo: since otelgen update, git has restored another state of the project")
	gitDo(t, dir, "checkout", "-q", "other")
	if plan, _ := undo(t, dir, 0); !plan.Empty() {
		t.Errorf("git has taken it back already, but undo does %q", plan)
	}
}

// TestUndo_OfConflicts: what is taken back is not in conflict for git either.
func TestUndo_OfConflicts(t *testing.T) {
	tree := func(content string) generator.Tree { return generator.Tree{specFile: nil, "f": text(content)} }
	dir := repository(t, nil)
	mustNew(t, dir, tree("abc"))
	writeDir(t, dir, files{"f": string(text("aXc"))})
	commit(t, dir)
	mustUpdate(t, dir, tree("aYc"), nil)
	p := mustBegin(t, dir)
	open, err := p.Open()
	p.Close()
	if err != nil || !slices.Equal(open, []string{"f"}) {
		t.Errorf("open are %q, %v", open, err)
	}
	undo(t, dir, 0)
	if status := gitDo(t, dir, "status", "--porcelain"); status != "" {
		t.Errorf("git status says\n%s", status)
	}
	if plan := mustUpdate(t, dir, tree("aYc"), nil); len(plan.Conflicts()) != 1 {
		t.Errorf("it is not offered again: %q", plan)
	}
}

// TestUndone: git reset --hard takes the record back, and files that git knows.
// Files that it does not know yet stay, and the next update takes them for what
// they are.
func TestUndone(t *testing.T) {
	v1 := generator.Tree{specFile: nil, "old/moved.txt": text("abc"), "f": text("a")}
	v2 := generator.Tree{specFile: nil, "new/moved.txt": text("abX"), "f": text("b"), "created.txt": text("c"), "gone.txt": text("g")}
	v3 := generator.Tree{specFile: nil, "new/moved.txt": text("abZ"), "f": text("b"), "created.txt": text("d")}
	moved := map[string]string{"old/moved.txt": "new/moved.txt"}
	for name, tt := range map[string]struct {
		next generator.Tree
		undo []string
		want files
	}{
		"the same again": {v2, []string{"reset", "-q", "--hard"}, files{"new/moved.txt": "AbX", "f": "b", "created.txt": "c", "gone.txt": "g"}},
		"a later one":    {v3, []string{"reset", "-q", "--hard"}, files{"new/moved.txt": "AbZ", "f": "b", "created.txt": "d"}},
		"by checkout":    {v2, []string{"checkout", "-q", "."}, files{"new/moved.txt": "AbX", "f": "b", "created.txt": "c", "gone.txt": "g"}},
		"by stash":       {v2, []string{"stash", "-q"}, files{"new/moved.txt": "AbX", "f": "b", "created.txt": "c", "gone.txt": "g"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := repository(t, nil)
			mustNew(t, dir, v1)
			writeDir(t, dir, files{"old/moved.txt": string(text("Abc"))})
			commit(t, dir)
			mustUpdate(t, dir, v2, moved)
			gitDo(t, dir, tt.undo...)
			if plan := mustUpdate(t, dir, tt.next, moved); len(plan.Conflicts()) > 0 {
				t.Errorf("an update does %q", plan)
			}
			got := readDir(t, dir)
			maps.DeleteFunc(got, func(p, _ string) bool { return strings.HasPrefix(p, ".otelgen/") })
			want := files{}
			for p, content := range tt.want {
				want[p] = string(text(content))
			}
			if diff := difference(got, want); diff != "" {
				t.Error(diff)
			}
			if plan := mustUpdate(t, dir, tt.next, moved); !plan.Empty() {
				t.Errorf("once more: %q", plan)
			}
		})
	}
}

// TestUndone_OtherLineEndings: an editor that writes CRLF to what git has left makes
// it nobody's.
func TestUndone_OtherLineEndings(t *testing.T) {
	v1 := generator.Tree{specFile: nil, "old.txt": text("abc")}
	v2 := generator.Tree{specFile: nil, "new.txt": text("abX"), "created.txt": text("c"), "gone.txt": text("g")}
	v3 := generator.Tree{specFile: nil, "new.txt": text("abZ"), "created.txt": text("d")}
	moved := map[string]string{"old.txt": "new.txt"}
	dir := repository(t, nil)
	mustNew(t, dir, v1)
	commit(t, dir)
	mustUpdate(t, dir, v2, moved)
	gitDo(t, dir, "reset", "-q", "--hard")
	writeDir(t, dir, files{"new.txt": "a\r\nb\r\nX\r\n", "created.txt": "c\r\n", "gone.txt": "g\r\n"})
	plan := mustUpdate(t, dir, v3, moved)
	if diff := difference(ofOwner(readDir(t, dir)), files{"new.txt": "a\nb\nZ\n", "created.txt": "d\r\n"}); diff != "" {
		t.Errorf("%q:%s", plan, diff)
	}
}

// TestUndone_BroughtBack: git brings back what a command before the last one wrote,
// and takes what is recorded of it away again. The file is otelgen's.
func TestUndone_BroughtBack(t *testing.T) {
	v1 := generator.Tree{specFile: nil, "a.txt": text("a"), "b.txt": text("b")}
	v2 := generator.Tree{specFile: nil, "a.txt": text("a"), "b.txt": text("b"), "created.txt": text("c")}
	v3 := generator.Tree{specFile: nil, "a.txt": text("A"), "b.txt": text("b")}
	dir := repository(t, nil)
	mustNew(t, dir, v1)
	commit(t, dir)
	mustUpdate(t, dir, v2, nil)
	gitDo(t, dir, "stash", "-u")
	mustUpdate(t, dir, v3, nil)
	commit(t, dir)
	gitDo(t, dir, "stash", "pop")
	gitDo(t, dir, "checkout", "-f")
	plan := mustUpdate(t, dir, v3, nil)
	if _, left := readDir(t, dir)["created.txt"]; left {
		t.Errorf("created.txt is left by %q", plan)
	}
}

// TestUndone_DoneAgain: a command that was undone, and then done again by otelgen
// undo, finds the files that it left already there. They are still its own if git
// takes it back once more.
func TestUndone_DoneAgain(t *testing.T) {
	v1 := generator.Tree{specFile: nil, "old.txt": text("abc"), "b.txt": text("b")}
	v2 := generator.Tree{specFile: nil, "new.txt": text("abc"), "b.txt": text("b")}
	v3 := generator.Tree{specFile: nil, "new.txt": text("abc"), "b.txt": text("B")}
	moved := map[string]string{"old.txt": "new.txt"}
	dir := repository(t, nil)
	mustNew(t, dir, v1)
	commit(t, dir)
	mustUpdate(t, dir, v2, moved)
	gitDo(t, dir, "checkout", "-f")
	mustUpdate(t, dir, v1, nil)
	undo(t, dir, 0)
	mustUpdate(t, dir, v3, moved)
	gitDo(t, dir, "reset", "--hard")
	plan := mustUpdate(t, dir, v1, nil)
	if _, left := readDir(t, dir)["new.txt"]; left {
		t.Errorf("new.txt is left by %q", plan)
	}
}

// TestUndone_WithWhatIsTheOwners: what git leaves of an update that it takes back
// may be the only file that has a line of the owner, who had not committed it.
// Then it is the owner's.
func TestUndone_WithWhatIsTheOwners(t *testing.T) {
	tree := func(p, content string) generator.Tree { return generator.Tree{specFile: nil, p: text(content)} }
	moved := map[string]string{"a": "b"}
	all := func(cells map[string]string) files {
		content := files{}
		for p, cell := range cells {
			content[p] = string(text(cell))
		}
		return content
	}
	for name, tt := range map[string]struct {
		committed, edited string // the owner's a, which otelgen wrote as abcd; edited may be preceded by what is staged
		next              generator.Tree
		moved             map[string]string
		want              map[string]string
		action            Action // of what was left
	}{
		"the same again":        {"abcd", "Abcd", tree("b", "abcX"), moved, map[string]string{"b": "AbcX"}, Keep},
		"a later one":           {"abcd", "Abcd", tree("b", "abcY"), moved, map[string]string{"b": "AbcY"}, Merge},
		"a later one, all ours": {"abcd", "abcd", tree("b", "abcY"), moved, map[string]string{"b": "abcY"}, Update},
		"it moves on":           {"abcd", "Abcd", tree("c", "abcX"), map[string]string{"a": "c", "b": "c"}, map[string]string{"b": "AbcX", "c": "abcX"}, Orphan},
		"ours moves on":         {"Abcd", "Abcd", tree("c", "abcX"), map[string]string{"a": "c", "b": "c"}, map[string]string{"c": "AbcX"}, Delete},
		"step by step":          {"abcd", "Abcd", tree("c", "abcX"), map[string]string{"a": "b", "b": "c"}, map[string]string{"b": "AbcX", "c": "abcX"}, Orphan},
		"not again":             {"abcd", "Abcd", tree("a", "abcd"), nil, map[string]string{"a": "abcd", "b": "AbcX"}, Orphan},
		"ours, and not again":   {"Abcd", "Abcd", tree("a", "abcd"), nil, map[string]string{"a": "Abcd"}, Delete},
		"both have something":   {"aBcd", "ABcd", tree("b", "abcY"), moved, map[string]string{"a": "aBcd", "b": "ABcY"}, Merge},
		"a conflict":            {"abcd", "abcZ", tree("b", "abcX"), moved, map[string]string{"b": "abcX"}, Update}, // git knows the conflict, and has removed it
		"a conflict of both":    {"abcZ", "abcZ", tree("b", "abcX"), moved, map[string]string{"b": "abc(Z|d=X)"}, Conflict},
		"a conflict only here":  {"abcd", "abcW,abcZ", tree("b", "abcX"), moved, map[string]string{"b": "abc(Z|d=X)"}, Conflict},
	} {
		t.Run(name, func(t *testing.T) {
			dir := repository(t, nil)
			mustNew(t, dir, tree("a", "abcd"))
			writeDir(t, dir, all(map[string]string{"a": tt.committed}))
			commit(t, dir)
			edits := strings.Split(tt.edited, ",")
			for _, edited := range edits {
				if len(edits) > 1 {
					gitDo(t, dir, "add", "-A") // then git does not know the conflict
				}
				writeDir(t, dir, all(map[string]string{"a": edited}))
			}
			mustUpdate(t, dir, tree("b", "abcX"), moved)
			gitDo(t, dir, "reset", "-q", "--hard")
			before := readDir(t, dir)
			plan := mustUpdate(t, dir, tt.next, tt.moved)
			got := None
			for _, c := range plan {
				if c.Path == "b" {
					got = c.Action
				}
			}
			after := readDir(t, dir)
			if diff := difference(ofOwner(after), all(tt.want)); diff != "" || got != tt.action {
				t.Errorf("%q, want %s:%s", plan, tt.action, diff)
			}
			if plan := mustUpdate(t, dir, tt.next, tt.moved); !plan.Empty() && tt.action != Conflict {
				t.Errorf("once more: %q", plan)
			}
			if diff := difference(readDir(t, dir), after); diff != "" {
				t.Errorf("once more:%s", diff)
			}
			undo(t, dir, 0)
			if diff := difference(ofOwner(readDir(t, dir)), ofOwner(before)); diff != "" {
				t.Errorf("undone:%s", diff)
			}
			mustUpdate(t, dir, tt.next, tt.moved)
			if got := ofOwner(readDir(t, dir)); difference(got, all(tt.want)) != "" && (tt.action != Delete || got["b"] == "") {
				t.Errorf("undone, and once more:%s", difference(got, all(tt.want)))
			}
		})
	}
}

// TestUndone_AndUndone: what an update has removed of one that was undone by git,
// and undo has restored, the next update removes again.
func TestUndone_AndUndone(t *testing.T) {
	v1 := generator.Tree{specFile: nil, "f": text("a")}
	dir := repository(t, nil)
	mustNew(t, dir, v1)
	commit(t, dir)
	mustUpdate(t, dir, generator.Tree{specFile: nil, "f": text("a"), "added": text("b")}, nil)
	gitDo(t, dir, "reset", "-q", "--hard")
	for _, want := range []bool{false, true, false} {
		if want {
			undo(t, dir, 0)
		} else {
			mustUpdate(t, dir, v1, nil)
		}
		if _, ok := readDir(t, dir)["added"]; ok != want {
			t.Fatalf("it is there: %v, want %v", ok, want)
		}
	}
}

// TestUndone_Several: git takes several commands back at once, and what any of
// them has created is known.
func TestUndone_Several(t *testing.T) {
	v1 := generator.Tree{specFile: nil, "f": text("a"), "a/moved": text("abc")}
	v2 := generator.Tree{specFile: nil, "f": text("b"), "b/moved": text("abX"), "created": text("b"), "changed": text("b"), "gone": text("b")}
	v3 := generator.Tree{specFile: nil, "f": text("c"), "c/moved": text("abY"), "created": text("b"), "changed": text("c")}
	v4 := generator.Tree{specFile: nil, "f": text("d"), "c/moved": text("abY"), "created": text("b"), "changed": text("c"), "more": text("d")}
	moved := map[string]string{"a/moved": "b/moved", "b/moved": "c/moved"}
	for name, next := range map[string]generator.Tree{"the last again": v4, "the first again": v2, "none of them": v1} {
		t.Run(name, func(t *testing.T) {
			dir := repository(t, nil)
			mustNew(t, dir, v1)
			writeDir(t, dir, files{"a/moved": string(text("Abc"))})
			commit(t, dir)
			for _, tree := range []generator.Tree{v2, v3, v4} {
				mustUpdate(t, dir, tree, moved)
			}
			gitDo(t, dir, "reset", "-q", "--hard")
			if plan := mustUpdate(t, dir, next, moved); len(plan.Conflicts()) > 0 {
				t.Errorf("an update does %q", plan)
			}
			want := files{}
			for p, content := range next {
				if p != specFile {
					want[p] = strings.Replace(string(content), "a\nb\n", "A\nb\n", 1)
				}
			}
			if diff := difference(ofOwner(readDir(t, dir)), want); diff != "" {
				t.Error(diff)
			}
			if plan := mustUpdate(t, dir, next, moved); !plan.Empty() {
				t.Errorf("once more: %q", plan)
			}
		})
	}
}

// TestUndone_Adopted: a file that an update created, and that its owner has taken
// over to a branch without the update, is the owner's.
func TestUndone_Adopted(t *testing.T) {
	v1 := generator.Tree{specFile: nil, "f": text("a")}
	dir := repository(t, nil)
	mustNew(t, dir, v1)
	commit(t, dir)
	trunk := gitDo(t, dir, "branch", "--show-current")
	gitDo(t, dir, "checkout", "-q", "-b", "other")
	mustUpdate(t, dir, generator.Tree{specFile: nil, "f": text("a"), "added": text("b")}, nil)
	commit(t, dir)
	gitDo(t, dir, "checkout", "-q", trunk)
	gitDo(t, dir, "checkout", "-q", "other", "--", "added")
	if plan := mustUpdate(t, dir, v1, nil); !plan.Empty() {
		t.Errorf("an update does %q", plan)
	}
	if got := readDir(t, dir)["added"]; got != string(text("b")) {
		t.Errorf("it is %q", got)
	}
}

// ofOwner returns what does not belong to otelgen's own records.
func ofOwner(all files) files {
	some := maps.Clone(all)
	maps.DeleteFunc(some, func(p, _ string) bool { return strings.HasPrefix(p, ".otelgen/") })
	return some
}

// TestUndo_Mode: a script that its owner made executable is so again after it was
// removed.
func TestUndo_Mode(t *testing.T) {
	dir := t.TempDir()
	mustNew(t, dir, generator.Tree{specFile: nil, "run.sh": []byte("#!/bin/sh\n")})
	script := filepath.Join(dir, "run.sh")
	if err := os.Chmod(script, 0o755); err != nil {
		t.Fatal(err)
	}
	mustUpdate(t, dir, generator.Tree{specFile: nil}, nil)
	undo(t, dir, 0)
	if info, err := os.Stat(script); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("run.sh has mode %v, %v", info.Mode(), err)
	}
}
