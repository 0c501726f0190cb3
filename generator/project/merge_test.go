package project

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/otelgen/otelgen/generator"
)

// one compares and applies one path.
func one(t *testing.T, path string, base, disk, next []byte) (Change, *world) {
	t.Helper()
	w := newWorld(path, entry{base: base}, disk)
	plan := w.update(t, generator.Tree{path: next})
	if again := w.update(t, generator.Tree{path: next}); slices.ContainsFunc(again, func(c Change) bool { return c.Action != Keep && c.Action != Conflict }) {
		t.Errorf("once more: %q", again)
	}
	if len(plan) == 0 {
		return Change{Action: None, After: disk}, w
	}
	return plan[0], w
}

// TestForms: another indentation of Go, or other line endings, are not a change.
func TestForms(t *testing.T) {
	const (
		goBase = "package p\n\nfunc f() {\n\ta()\n\tb()\n\n\tc()\n}\n"
		goYour = "package p\n\nfunc f() {\n\ta()\n\tB()\n\n\tc()\n}\n"
		goNext = "package p\n\nfunc f() {\n\ta()\n\tb()\n\n\tC()\n}\n"
		goBoth = "package p\n\nfunc f() {\n\ta()\n\tB()\n\n\tC()\n}\n"
	)
	spaces := func(s string) string { return strings.ReplaceAll(s, "\t", "    ") }
	crlf := func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }
	tests := []struct {
		name, path, base, disk, next string
		action                       Action
		after                        string
	}{
		{"Go, reindented", "a.go", goBase, spaces(goBase), goNext, Update, goNext},
		{"Go, reindented, nothing new", "a.go", goBase, spaces(goBase), goBase, Keep, spaces(goBase)},
		{"Go, reindented and changed", "a.go", goBase, spaces(goYour), goNext, Merge, goBoth},
		{"Go, reindented and changed, nothing new", "a.go", goBase, spaces(goYour), goBase, Keep, spaces(goYour)},
		{"Go, reindented, with CRLF", "a.go", goBase, crlf(spaces(goYour)), goNext, Merge, crlf(goBoth)},
		{"Go that does not parse", "a.go", goBase, spaces(goBase) + "}", goBase, Keep, spaces(goBase) + "}"},
		{"Go, aligned by the merge", "a.go",
			"package p\n\nvar (\n\ta = 1\n\tb = 2\n\tc = 3\n)\n", "package p\n\nvar (\n\ta = 1\n\tb = 2\n\tc = 4\n)\n",
			"package p\n\nvar (\n\tl1 = 1\n\tb  = 2\n\tc  = 3\n)\n", Conflict,
			"package p\n\nvar (\n<<<<<<< yours\n\ta = 1\n\tb = 2\n\tc = 4\n||||||| base\n\ta = 1\n\tb = 2\n\tc = 3\n=======\n\tl1 = 1\n\tb  = 2\n\tc  = 3\n>>>>>>> otelgen\n)\n"},
		{"no Go, reindented", "a.yaml", "a:\n\tb\n", "a:\n  b\n", "a:\n\tb\n", Keep, "a:\n  b\n"},
		{"CRLF, untouched", "a.txt", "a\nb\n", "a\r\nb\r\n", "a\nc\n", Update, "a\r\nc\r\n"},
		{"CRLF, nothing new", "a.txt", "a\nb\n", "a\r\nb\r\n", "a\nb\n", None, "a\r\nb\r\n"},
		{"CRLF, merged", "a.txt", "a\nb\nc\n", "A\r\nb\r\nc\r\n", "a\nb\nC\n", Merge, "A\r\nb\r\nC\r\n"},
		{"CRLF, conflict", "a.txt", "a\n", "b\r\n", "c\n", Conflict, crlf(string(text("(b|a=c)")))},
		{"CRLF of ours", "a.bat", "a\r\nb\r\n", "a\r\nb\r\n", "a\r\nc\r\n", Update, "a\r\nc\r\n"},
		{"CRLF here and there", "a.txt", "a\nb\nc\n", "a\r\nb\nc\n", "a\nb\nC\n", Merge, "a\r\nb\nC\n"},
		{"no final newline", "a.txt", "a\nb\nc", "A\nb\nc", "a\nb\nc", Keep, "A\nb\nc"},
		{"no final newline, merged", "a.txt", "a\nb\nc", "A\nb\nc", "a\nb\nC", Merge, "A\nb\nC"},
		{"no final newline, conflict", "a.txt", "a", "b", "c", Conflict, string(text("(b|a=c)"))},
		{"no text", "a.png", "\x00a", "\x00b", "\x00c", Conflict, "\x00b"},
		{"no text on our side", "a.png", "a\n", "b\n", "\x00c", Conflict, "b\n"},
		{"no text, untouched", "a.png", "\x00a", "\x00a", "\x00c", Update, "\x00c"},
		{"empty and never ours", "a.txt", "-", "", "a\n", Merge, "a\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			base := []byte(tt.base)
			if tt.base == "-" {
				base = nil
			}
			c, _ := one(t, tt.path, base, []byte(tt.disk), []byte(tt.next))
			if c.Action != tt.action || string(c.After) != tt.after {
				t.Errorf("%s:\n%q\nwant %s:\n%q", c.Action, c.After, tt.action, tt.after)
			}
		})
	}
}

// TestMoves: what the owner changed in a file moves along with it.
func TestMoves(t *testing.T) {
	tests := []struct {
		name     string
		old, new string // on the disk
		recorded string // of new, if anything
		want     string // new, or old and new
		action   Action
	}{
		{name: "untouched", old: "abc", new: "-", want: "abX", action: Update},
		{name: "changed", old: "Abc", new: "-", want: "AbX", action: Merge},
		{name: "changed alike", old: "abX", new: "-", want: "abX", action: Move},
		{name: "in conflict", old: "abY", new: "-", want: "ab(Y|c=X)", action: Conflict},
		{name: "deleted", old: "-", new: "-", want: "-", action: Gone},
		{name: "moved by its owner", old: "-", new: "Abc", want: "AbX", action: Merge},
		{name: "something is in its place", old: "Abc", new: "y", want: "Abc,(y|=abX)", action: Conflict},
		{name: "what is in its place is ours", old: "Abc", new: "x", recorded: "x", want: "Abc,abX", action: Update},
		{name: "not resolved where it was", old: "ab(Y|c=Z)", new: "-", want: "ab(Y|c=Z),-", action: None},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld("v1", entry{base: text("abc")}, text(tt.old))
			w.disk["v3"] = file{data: text(tt.new)}
			if tt.recorded != "" {
				w.entries["v3"] = entry{base: text(tt.recorded)}
			}
			next, moved := generator.Tree{"v3": text("abX")}, map[string]string{"v1": "v2", "v2": "v3", "v4": "v1"}
			plan, err := w.compare(next, moved)
			if err != nil {
				t.Fatal(err)
			}
			w.apply(plan)
			atOld, atNew, ok := strings.Cut(tt.want, ",")
			if !ok {
				atOld, atNew = "-", tt.want
			}
			got := None
			for _, c := range plan {
				if c.Path == "v3" {
					got = c.Action
				}
			}
			if !same(w.disk["v1"].data, text(atOld)) || !same(w.disk["v3"].data, text(atNew)) || got != tt.action {
				t.Errorf("%s: old %q, new %q; want %s, %s", got, w.disk["v1"].data, w.disk["v3"].data, tt.action, tt.want)
			}
			again, err := w.compare(next, moved)
			if err != nil || slices.ContainsFunc(again, func(c Change) bool { return !same(c.Before, c.After) || c.From != "" }) {
				t.Errorf("once more: %q, %v", again, err)
			}
		})
	}
}

// TestMoves_InConflict: the owner moved a file with its conflict markers to where
// the templates moved it, too. The conflict is open there, and can be resolved.
func TestMoves_InConflict(t *testing.T) {
	w := newWorld("v1", entry{base: text("abc"), pending: text("abX")}, nil)
	w.disk["v2"] = file{data: text("ab(Y|c=X)")}
	moved := map[string]string{"v1": "v2"}
	for _, step := range []struct {
		disk   string
		action Action
		record entry
	}{
		{"ab(Y|c=X)", Conflict, entry{base: text("abc"), pending: text("abX")}},
		{"abY", Keep, entry{base: text("abX")}},
	} {
		w.disk["v2"] = file{data: text(step.disk)}
		plan, err := w.compare(generator.Tree{"v2": text("abX")}, moved)
		if err != nil {
			t.Fatal(err)
		}
		w.apply(plan)
		if len(plan) != 1 || plan[0].Action != step.action || !same(w.disk["v2"].data, text(step.disk)) || !w.entries["v2"].equal(step.record) || !w.entries["v1"].equal(entry{}) {
			t.Errorf("%q: record %q", plan, w.entries)
		}
	}
}

// TestModules merges what would conflict line by line: both sides change versions
// on neighbouring lines, and the owner's code needs a module that otelgen drops.
func TestModules(t *testing.T) {
	gomod := func(requires ...string) string {
		return "module shop\n\ngo 1.26.0\n\nrequire (\n\t" + strings.Join(requires, "\n\t") + "\n)\n"
	}
	gosum := func(lines ...string) string { return strings.Join(lines, "\n") + "\n" }
	v1 := generator.Tree{
		specFile: nil,
		"go.mod": []byte(gomod("a.org/a v1.0.0", "b.org/b v1.0.0", "c.org/c v1.0.0")), "go.sum": []byte(gosum("a.org/a v1.0.0 h1:a0", "b.org/b v1.0.0 h1:b0", "c.org/c v1.0.0 h1:c0")),
		"b.go": []byte("package main\n\nimport _ \"b.org/b\"\n"), "c.go": []byte("package main\n\nimport _ \"c.org/c\"\n"),
		"old.go":       []byte("package main\n\nimport _ \"c.org/c\"\n"),
		"tools/go.mod": []byte("module tools\n\ngo 1.26.0\n\ntool t.org/t\n\nrequire t.org/t v1.0.0\n"),
	}
	moved := map[string]string{"old.go": "new.go"}
	v2 := generator.Tree{ // without b and c
		specFile: nil,
		"go.mod": []byte(gomod("a.org/a v1.1.0", "d.org/d v1.0.0")), "go.sum": []byte(gosum("a.org/a v1.1.0 h1:a1", "d.org/d v1.0.0 h1:d0")),
		"new.go":       []byte("package main\n"),
		"tools/go.mod": []byte("module tools\n\ngo 1.26.0\n\ntool t.org/t\n\nrequire t.org/t v1.1.0\n"),
	}
	const tidy = "it requires other modules or versions than otelgen expects: run go mod tidy"
	tests := []struct {
		name string
		mine files
		want files
		note string
	}{{
		name: "untouched: exactly ours",
		want: files{"go.mod": string(v2["go.mod"]), "go.sum": string(v2["go.sum"])},
	}, {
		name: "a version bumped",
		mine: files{"go.mod": gomod("a.org/a v1.0.0", "b.org/b v1.2.0", "c.org/c v1.0.0"), "go.sum": gosum("a.org/a v1.0.0 h1:a0", "b.org/b v1.2.0 h1:b2", "c.org/c v1.0.0 h1:c0")},
		want: files{
			"go.mod": gomod("a.org/a v1.1.0", "b.org/b v1.2.0", "c.org/c v1.0.0", "d.org/d v1.0.0"),
			"go.sum": gosum("a.org/a v1.1.0 h1:a1", "b.org/b v1.2.0 h1:b2", "c.org/c v1.0.0 h1:c0", "d.org/d v1.0.0 h1:d0"),
		},
		note: tidy,
	}, {
		name: "a file of one's own imports what goes",
		mine: files{"mine/mine.go": "package mine\n\nimport \"c.org/c/sub\"\n"},
		want: files{
			"go.mod": gomod("a.org/a v1.1.0", "b.org/b v1.0.0", "c.org/c v1.0.0", "d.org/d v1.0.0"),
			"go.sum": gosum("a.org/a v1.1.0 h1:a1", "b.org/b v1.0.0 h1:b0", "c.org/c v1.0.0 h1:c0", "d.org/d v1.0.0 h1:d0"),
		},
		note: tidy,
	}, {
		name: "only what go does not look at imports it",
		mine: files{"vendor/x/x.go": "package x\n\nimport _ \"c.org/c\"\n", "testdata/x.go": "package x\n\nimport _ \"c.org/c\"\n", "tools/t.go": "package t\n\nimport _ \"c.org/c\"\n", "gen.go": "//go:build ignore\n\npackage main\n\nimport _ \"c.org/c\"\n"},
		want: files{"go.mod": string(v2["go.mod"]), "go.sum": string(v2["go.sum"])},
	}, {
		name: "a file of ours that its owner changed imports it: it stays",
		mine: files{"c.go": "package main\n\nimport _ \"c.org/c\"\n\n// mine\n"},
		want: files{
			"go.mod": gomod("a.org/a v1.1.0", "b.org/b v1.0.0", "c.org/c v1.0.0", "d.org/d v1.0.0"),
			"go.sum": gosum("a.org/a v1.1.0 h1:a1", "b.org/b v1.0.0 h1:b0", "c.org/c v1.0.0 h1:c0", "d.org/d v1.0.0 h1:d0"),
		},
		note: tidy,
	}, {
		name: "comments, a version that is held back, and what was removed",
		mine: files{"go.mod": "module shop\n\ngo 1.26.0\n\nrequire (\n\ta.org/a v1.0.0 // v1.1 loses events\n\tb.org/b v1.0.0 // for the scripts\n)\n"},
		want: files{
			"go.mod": "module shop\n\ngo 1.26.0\n\nrequire (\n\ta.org/a v1.0.0 // v1.1 loses events\n\tb.org/b v1.0.0 // for the scripts\n\td.org/d v1.0.0\n)\n",
			"go.sum": gosum("a.org/a v1.0.0 h1:a0", "a.org/a v1.1.0 h1:a1", "b.org/b v1.0.0 h1:b0", "c.org/c v1.0.0 h1:c0", "d.org/d v1.0.0 h1:d0"),
		},
		note: "versions that you hold back were kept: a.org/a v1.0.0, not v1.1.0; requirements with comments of yours were kept, although otelgen no longer needs them: b.org/b; " + tidy,
	}, {
		name: "no go.sum",
		mine: files{"go.sum": ""},
		want: files{"go.mod": string(v2["go.mod"]), "go.sum": string(v2["go.sum"])},
	}}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			mustNew(t, dir, v1)
			writeDir(t, dir, tt.mine)
			plan := mustUpdate(t, dir, v2, moved)
			got := readDir(t, dir)
			if diff := difference(files{"go.mod": got["go.mod"], "go.sum": got["go.sum"], "tools/go.mod": got["tools/go.mod"]},
				files{"go.mod": tt.want["go.mod"], "go.sum": tt.want["go.sum"], "tools/go.mod": string(v2["tools/go.mod"])}); diff != "" {
				t.Error(diff)
			}
			for _, c := range plan {
				if c.Path == "go.mod" && c.Note != tt.note {
					t.Errorf("go.mod: note %q, want %q", c.Note, tt.note)
				}
			}
			for _, c := range mustUpdate(t, dir, v2, nil) {
				if c.Action != Keep {
					t.Errorf("once more: %q", c)
				}
			}
		})
	}
	dir := t.TempDir()
	mustNew(t, dir, v1)
	writeDir(t, dir, files{"go.mod": "module shop\n<<<<<<< HEAD\n"})
	if _, err := run(dir, v2, nil, 0); err == nil || err.Error() != dir+": go.mod: git has a conflict in it; resolve that, then run the command again" {
		t.Errorf("of a go.mod with markers of git: %v", err)
	}
}

// TestDelete_WhatIsImported: who imports a package that goes is told.
func TestDelete_WhatIsImported(t *testing.T) {
	gomod := []byte("module shop\n\ngo 1.26.0\n")
	v1 := generator.Tree{specFile: nil, "go.mod": gomod, "main.go": []byte("package main\n\nimport _ \"shop/internal/b\"\n"),
		"internal/b/b.go": []byte("package b\n"), "internal/b/c.go": []byte("package b\n"), "internal/b/b_test.go": []byte("package b\n")}
	v2 := generator.Tree{specFile: nil, "go.mod": gomod, "main.go": []byte("package main\n")}
	const importing = "package a\n\nimport _ \"shop/internal/b\"\n"
	for name, tt := range map[string]struct {
		mine files
		want string
	}{
		"nobody":                    {nil, ""},
		"files of one's own":        {files{"a/a.go": importing, "a/a_test.go": importing}, "its package is removed, but still imported by a/a.go and a/a_test.go"},
		"a package that stays":      {files{"a/a.go": importing, "internal/b/mine.go": "package b\n"}, ""},
		"one of which a file stays": {files{"a/a.go": importing, "internal/b/c.go": "package b\n\n// Mine.\n"}, ""},
	} {
		dir := t.TempDir()
		mustNew(t, dir, v1)
		writeDir(t, dir, tt.mine)
		var got []string
		for _, c := range mustUpdate(t, dir, v2, nil) {
			if c.Action == Delete && c.Note != "" {
				got = append(got, c.Note)
			}
		}
		if strings.Join(got, "\n") != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// TestVendorOutOfDate: with a vendor directory, the go command builds only if
// that has what go.mod requires and the code imports. Who changes either says so,
// once.
func TestVendorOutOfDate(t *testing.T) {
	const note = "the vendor directory is out of date: run go mod vendor"
	gomod := func(requires string) []byte { return []byte("module shop\n\ngo 1.26.0\n\nrequire " + requires + "\n") }
	code := func(imports string) []byte { return []byte("package main\n\nimport _ \"" + imports + "\"\n") }
	v1 := generator.Tree{specFile: nil, "go.mod": gomod("a.org/a v1.0.0"), "main.go": code("a.org/a"), "own.go": code("shop/internal/b")}
	for name, tt := range map[string]struct {
		next    generator.Tree
		modules string // where vendor/modules.txt is
		want    string
	}{
		"another version":           {generator.Tree{"go.mod": gomod("a.org/a v1.1.0")}, "vendor/modules.txt", note},
		"a package not yet in it":   {generator.Tree{"main.go": code("a.org/a/sub")}, "vendor/modules.txt", note},
		"a package of its own":      {generator.Tree{"own.go": code("shop/internal/c")}, "vendor/modules.txt", ""},
		"one of the standard":       {generator.Tree{"main.go": code("net/http")}, "vendor/modules.txt", ""},
		"no vendor directory":       {generator.Tree{"go.mod": gomod("a.org/a v1.1.0")}, "other/modules.txt", ""},
		"one that go does not know": {generator.Tree{"go.mod": gomod("a.org/a v1.1.0")}, "vendor/a.org/a/a.txt", ""},
		"that of another module":    {generator.Tree{"go.mod": gomod("a.org/a v1.1.0")}, "tools/vendor/modules.txt", ""},
	} {
		dir := t.TempDir()
		mustNew(t, dir, v1)
		writeDir(t, dir, files{tt.modules: "# a.org/a v1.0.0\n"})
		next := maps.Clone(v1)
		maps.Copy(next, tt.next)
		got := ""
		for _, c := range mustUpdate(t, dir, next, nil) {
			if c.Path == "go.mod" && c.Matters() {
				got = c.Note
			}
		}
		if got != tt.want {
			t.Errorf("%s: note %q, want %q", name, got, tt.want)
		}
		if plan := mustUpdate(t, dir, next, nil); !plan.Empty() {
			t.Errorf("%s: once more: %q", name, plan)
		}
	}
}

// TestLongLives plays owners and releases at random. Owners add lines, delete
// files, and resolve conflicts by taking both sides. No line of an owner may get
// lost, and no line of a release may be missing.
func TestLongLives(t *testing.T) {
	paths := []string{"a", "b", "c"}
	conflicts := 0
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(6, seed))
		written := 0
		addLine := func(content []byte, who string) []byte {
			lines := slices.Collect(strings.Lines(string(content)))
			written++
			return []byte(strings.Join(slices.Insert(lines, r.IntN(len(lines)+1), fmt.Sprintf("%s %d\n", who, written)), ""))
		}
		next, deleted := generator.Tree{}, map[string]bool{}
		w := &world{snapshot{entries: map[string]entry{}, disk: map[string]file{}}}
		for range 20 {
			for _, p := range paths {
				switch content := next[p]; r.IntN(8) {
				case 0:
					delete(next, p)
				case 1, 2, 3:
					next[p] = addLine(content, "release")
				case 4:
					if lines := slices.Collect(strings.Lines(string(content))); len(lines) > 0 {
						at := r.IntN(len(lines))
						next[p] = []byte(strings.Join(slices.Delete(lines, at, at+1), ""))
					}
				}
				switch disk := w.disk[p].data; r.IntN(8) {
				case 0:
					w.disk[p], deleted[p] = file{}, true
				case 1, 2:
					w.disk[p] = file{data: addLine(disk, "owner")}
				case 3, 4, 5:
					if disk != nil {
						w.disk[p] = file{data: unmark(disk)}
					}
				}
			}
			before := maps.Clone(w.disk)
			plan := w.update(t, next)
			conflicts += len(plan.Conflicts())
			for _, p := range paths {
				has := lineSet(w.disk[p].data)
				for line := range lineSet(before[p].data) {
					if strings.HasPrefix(line, "owner") && !has[line] {
						t.Fatalf("seed %d: %s: %q is lost: %q", seed, p, line, plan)
					}
				}
				settled := !deleted[p] && !slices.ContainsFunc(plan, func(c Change) bool { return c.Path == p && c.Action == Conflict })
				for line := range lineSet(next[p]) {
					if settled && !has[line] {
						t.Fatalf("seed %d: %s: %q is missed: %q", seed, p, line, plan)
					}
				}
			}
		}
	}
	if conflicts < 1000 {
		t.Errorf("only %d conflicts: this tests little", conflicts)
	}
}

// unmark takes both sides of every conflict.
func unmark(content []byte) []byte {
	var out []string
	inBase := false
	for line := range strings.Lines(string(content)) {
		switch {
		case strings.HasPrefix(line, "||||||| base"):
			inBase = true
		case strings.HasPrefix(line, "======="):
			inBase = false
		case strings.HasPrefix(line, "<<<<<<< yours"), strings.HasPrefix(line, ">>>>>>> otelgen"), inBase:
		default:
			out = append(out, line)
		}
	}
	return []byte(strings.Join(out, ""))
}
