package project

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/internal/git"
)

func theRecord(t *testing.T, dir string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, recordFile))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// TestRecord_ProvesItself: a line that somebody changed, in any place, is an
// error that names it. What git adds is none.
func TestRecord_ProvesItself(t *testing.T) {
	dir := t.TempDir()
	mustNew(t, dir, generator.Tree{specFile: nil, "Dockerfile": []byte("FROM gcr.io/distroless/static:nonroot\n"), "b.txt": text("b")})
	whole := theRecord(t, dir)
	lines := slices.Collect(strings.Lines(whole))
	if len(lines) != 4 {
		t.Fatalf("the record has %d lines, want a header and 3", len(lines))
	}
	for i := range len(lines[1]) - 1 {
		changed := []byte(lines[1])
		if changed[i]++; changed[i] == '\n' {
			continue
		}
		writeDir(t, dir, files{recordFile: lines[0] + string(changed) + lines[2] + lines[3]})
		want := dir + ": .otelgen/record:2: this line is not as otelgen wrote it; restore the file from git"
		if _, err := Load(dir); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Fatalf("with another character at %d: %v\nwant %s", i, err, want)
		}
	}
	for name, text := range map[string]string{
		"CRLF":                  strings.ReplaceAll(whole, "\n", "\r\n"),
		"markers of git":        "<<<<<<< HEAD\n" + lines[0] + lines[1] + "||||||| base\n=======\n" + lines[2] + ">>>>>>> other\n" + lines[3],
		"each line twice":       whole + whole,
		"no newline at the end": strings.TrimSuffix(whole, "\n"),
	} {
		writeDir(t, dir, files{recordFile: text})
		p, err := Load(dir)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := string(p.record.format()); got != whole {
			t.Errorf("%s: reads as\n%s\nwant\n%s", name, got, whole)
		}
	}
	writeDir(t, dir, files{recordFile: "# otelgen record, form 3\n" + lines[1]})
	if _, err := Load(dir); err == nil || err.Error() != dir+": .otelgen/record: a later version of otelgen wrote it; install that version" {
		t.Errorf("of a later form: %v", err)
	}
	forged := entry{base: text("x")}.lines(".git/config")[0].text
	writeDir(t, dir, files{recordFile: lines[0] + forged + "\n"})
	if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), ".otelgen/record:2: this line is for a path that otelgen never writes") {
		t.Errorf("of a path of git: %v", err)
	}
}

// TestRecord_IsNotMatched: nothing that is in a project is found in its record,
// and git does not take one for the other. The bot that pins digests in every
// Dockerfile changed the record of it, too.
func TestRecord_IsNotMatched(t *testing.T) {
	long := strings.Repeat("a line that is in no other file\n", 50)
	dir := repository(t, nil)
	mustNew(t, dir, generator.Tree{specFile: nil, "Dockerfile": []byte(long), "cmd/shop/serve.go": []byte("package main\n\n// " + long[:31] + "\n")})
	for _, word := range []string{"Dockerfile", "shop", "serve", "package", "line", "in no"} {
		if strings.Contains(theRecord(t, dir), word) {
			t.Errorf("the record has %q in it", word)
		}
	}
	commit(t, dir)
	gitDo(t, dir, "rm", "-q", "Dockerfile")
	writeDir(t, dir, files{recordFile: theRecord(t, dir) + "# more\n"})
	gitDo(t, dir, "add", "-A")
	if status := gitDo(t, dir, "diff", "--cached", "--name-status", "-M10%", "-C10%", "--find-copies-harder"); status != "M\t.otelgen/record\nD\tDockerfile" {
		t.Errorf("git sees\n%s", status)
	}
}

// TestBranches: two branches that were updated to different versions are merged,
// and the owner edited a file on each. Once the sources are decided, an update
// mends the record, whether git merged that or has left its markers in it.
func TestBranches(t *testing.T) {
	tree := func(version string) generator.Tree {
		return generator.Tree{
			specFile: []byte(version), "same.txt": text("abcdef" + version), "edited.txt": text("ab" + version + "cdefgh"),
			"only-" + version + ".txt": text(version),
		}
	}
	for _, host := range []bool{false, true} {
		t.Run(fmt.Sprintf("host=%v", host), func(t *testing.T) {
			dir := repository(t, nil)
			mustNew(t, dir, tree("1"))
			if host { // which does not know merge=union
				writeDir(t, dir, files{".git/info/attributes": "/.otelgen/record merge\n"})
			}
			commit(t, dir)
			trunk := gitDo(t, dir, "branch", "--show-current")
			for branch, version := range map[string]string{"k": "2", "l": "3"} {
				gitDo(t, dir, "checkout", "-q", "-b", branch, trunk)
				mustUpdate(t, dir, tree(version), nil)
				edited := "Ab" + version + "cdefgh"
				if branch == "l" {
					edited = "ab" + version + "cdefgH"
				}
				writeDir(t, dir, files{"edited.txt": string(text(edited))})
				commit(t, dir)
			}
			gitDo(t, dir, "checkout", "-q", "l")
			if _, err := git.Run(dir, nil, "merge", "k"); err == nil {
				t.Fatal("the branches merge")
			}
			if got := strings.Contains(gitDo(t, dir, "ls-files", "--unmerged"), recordFile); got != host {
				t.Errorf("git has the record in conflict: %v", got)
			}
			writeDir(t, dir, files{specFile: "3", "edited.txt": string(text("Ab3cdefgH"))})
			gitDo(t, dir, "add", "edited.txt")
			if plan := mustUpdate(t, dir, tree("3"), nil); len(plan.Conflicts()) > 0 {
				t.Errorf("an update does %q", plan)
			}
			got := readDir(t, dir)
			for p, want := range map[string]string{"same.txt": "abcdef3", "edited.txt": "Ab3cdefgH", "only-3.txt": "3", baseDir + "edited.txt.base": "ab3cdefgh"} {
				if got[p] != string(text(want)) {
					t.Errorf("%s is %q", p, got[p])
				}
			}
			if _, ok := got["only-2.txt"]; ok {
				t.Error("only-2.txt is left")
			}
			if n := bytes.Count([]byte(theRecord(t, dir)), lf); n != 5 {
				t.Errorf("the record has %d lines, want 5", n)
			}
			commit(t, dir)
			if plan := mustUpdate(t, dir, tree("3"), nil); !plan.Empty() {
				t.Errorf("once more: %q", plan)
			}
		})
	}
}

// TestBranches_OtherNames: one branch has given the service other names. What the
// other has under the old ones gets the new ones: its files, what its owner changed
// in them, and what the owner's own files import.
func TestBranches_OtherNames(t *testing.T) {
	tree := func(name string, files ...string) generator.Tree {
		all := generator.Tree{specFile: fmt.Appendf(nil, "service: %s\nmodule: example.com/%[1]s\n", name), "go.mod": []byte("module example.com/" + name + "\n")}
		for _, file := range files {
			all["cmd/"+name+"/"+file] = []byte("package main\n\nimport _ \"example.com/" + name + "/internal/" + file[:1] + "\"\n")
		}
		return all
	}
	withB := func(tree generator.Tree) generator.Tree {
		tree[specFile] = append(tree[specFile], "features: [b]\n"...)
		return tree
	}
	dir := repository(t, nil)
	mustNew(t, dir, tree("shop", "a.go"))
	commit(t, dir)
	trunk := gitDo(t, dir, "branch", "--show-current")
	gitDo(t, dir, "checkout", "-q", "-b", "other")
	mustUpdate(t, dir, withB(tree("shop", "a.go", "b.go")), nil)
	own := "package mine\n\nimport _ \"example.com/shop/internal/a\"\n"
	all := readDir(t, dir)
	writeDir(t, dir, files{"internal/mine/mine.go": own, "cmd/shop/b.go": all["cmd/shop/b.go"] + "\n// Mine.\n"})
	commit(t, dir)
	gitDo(t, dir, "checkout", "-q", trunk)
	mustUpdate(t, dir, tree("store", "a.go"), nil)
	commit(t, dir)
	if _, err := git.Run(dir, nil, "merge", "-q", "other"); err == nil {
		t.Fatal("the branches merge, though both have changed the Spec")
	}
	next := withB(tree("store", "a.go", "b.go"))
	writeDir(t, dir, files{specFile: string(next[specFile])})
	plan := mustUpdate(t, dir, next, nil)
	want := files{"internal/mine/mine.go": strings.ReplaceAll(own, "shop", "store")}
	for p, content := range next {
		want[p] = string(content)
	}
	want["cmd/store/b.go"] += "\n// Mine.\n"
	got := ofOwner(readDir(t, dir))
	got[specFile] = string(next[specFile])
	if diff := difference(got, want); diff != "" {
		t.Errorf("%q:%s", plan, diff)
	}
	if plan := mustUpdate(t, dir, next, nil); !plan.Empty() {
		t.Errorf("once more: %q", plan)
	}
}

// TestBranches_OtherNamesMerged: one branch has other names, the other a newer
// version of the templates, and git merges the files of both without a conflict. Then
// the owner decides for one of the names. The lines and the files that have the other
// one are otelgen's, not the owner's.
func TestBranches_OtherNamesMerged(t *testing.T) {
	tree := func(name, release string) generator.Tree {
		program := "// " + name + " serves.\nA\nB\nC\nD\n// Release " + release + ".\n"
		return generator.Tree{
			specFile:                       []byte("otelgen: " + release + "\nservice: " + name + "\nmodule: example.com/shop\n"),
			"README.md":                    []byte("# " + name + "\nA\nB\nC\nRelease " + release + ".\n"),
			"cmd/" + name + "/program.txt": []byte(program),
		}
	}
	for _, decided := range []string{"shop", "store"} {
		for _, edits := range []bool{false, true} {
			t.Run(fmt.Sprint(decided, ", edited ", edits), func(t *testing.T) {
				dir := repository(t, nil)
				mustNew(t, dir, tree("shop", "1.0.0"))
				if edits {
					for p, content := range readDir(t, dir) {
						if !strings.Contains(p, stateDir) {
							writeDir(t, dir, files{p: strings.Replace(content, "B\n", "B\nmine\n", 1)})
						}
					}
				}
				commit(t, dir)
				trunk := gitDo(t, dir, "branch", "--show-current")
				gitDo(t, dir, "checkout", "-q", "-b", "other")
				mustUpdate(t, dir, tree("store", "1.0.0"), nil)
				commit(t, dir)
				gitDo(t, dir, "checkout", "-q", trunk)
				mustUpdate(t, dir, tree("shop", "1.1.0"), nil)
				commit(t, dir)
				if _, err := git.Run(dir, nil, "merge", "-q", "other"); err == nil {
					t.Fatal("the branches merge, though both have changed the Spec")
				}
				next := tree(decided, "1.1.0")
				writeDir(t, dir, files{specFile: string(next[specFile])})
				commit(t, dir)
				if got := readDir(t, dir); !strings.Contains(got["README.md"], "# store") || !strings.Contains(got["cmd/store/program.txt"], "1.1.0") {
					t.Fatalf("git has not merged the files: %v", got)
				}
				plan := mustUpdate(t, dir, next, nil)
				want := files{}
				for p, content := range next {
					if p == specFile {
						continue
					}
					if want[p] = string(content); edits {
						want[p] = strings.Replace(want[p], "B\n", "B\nmine\n", 1)
					}
				}
				if diff := difference(ofOwner(readDir(t, dir)), want); diff != "" {
					t.Errorf("%q:%s", plan, diff)
				}
				if plan := mustUpdate(t, dir, next, nil); !plan.Empty() {
					t.Errorf("once more: %q", plan)
				}
			})
		}
	}
}

// TestBranches_MovedAlong: the templates moved a file, and the service has got
// another one in its place since, which the owner edited. When git takes over the
// move once more, it moves that file, too. It comes back, and is what it was.
func TestBranches_MovedAlong(t *testing.T) {
	tree := func(all map[string]string) generator.Tree {
		tree := generator.Tree{specFile: nil, "main.txt": text("m")}
		for p, content := range all {
			tree[p] = text(content)
		}
		return tree
	}
	moved := map[string]string{"api.txt": "api_r1.txt"}
	for name, commands := range map[string][][]string{
		"in the cherry-pick":    {{"cherry-pick", "--no-commit", "moves"}},
		"after the cherry-pick": {{"cherry-pick", "moves"}},
	} {
		for _, latest := range []string{"api.txt", "routes.txt"} {
			t.Run(name+", now "+latest, func(t *testing.T) {
				dir := repository(t, nil)
				mustNew(t, dir, tree(map[string]string{"api.txt": "abcdefgh"}))
				commit(t, dir)
				mustUpdate(t, dir, tree(map[string]string{"api_r1.txt": "abcdefgh"}), moved)
				commit(t, dir)
				gitDo(t, dir, "tag", "moves")
				mustUpdate(t, dir, tree(map[string]string{"api.txt": "rstuvwxyz"}), nil)
				writeDir(t, dir, files{"api.txt": string(text("rstuvwxyzOwner"))})
				commit(t, dir)
				for _, command := range commands {
					gitDo(t, dir, command...)
				}
				if all := readDir(t, dir); all["api_r1.txt"] != string(text("rstuvwxyzOwner")) || all["api.txt"] != "" {
					t.Fatalf("git has not moved the file: %v", all)
				}
				plan := mustUpdate(t, dir, tree(map[string]string{latest: "Rstuvwxyz"}), map[string]string{"api.txt": "routes.txt"})
				all := readDir(t, dir)
				if _, left := all["api_r1.txt"]; left || all[latest] != string(text("RstuvwxyzOwner")) {
					t.Errorf("an update does %q, and there is %v", plan, all)
				}
				if plan := mustUpdate(t, dir, tree(map[string]string{latest: "Rstuvwxyz"}), nil); !plan.Empty() {
					t.Errorf("once more: %q", plan)
				}
			})
		}
	}
}

// TestBranches_InPart: git took from the other branch some of the lines that
// otelgen wrote there, where nothing else was. They are not the owner's.
func TestBranches_InPart(t *testing.T) {
	for disk, want := range map[string]string{"aIbcd": "aIbcd", "abcd": "abcd", "aIbcdY": "abcd"} {
		s := &snapshot{disk: map[string]file{"f": {data: text(disk)}}, next: generator.Tree{"f": text("abcd")}}
		lines := slices.Concat(entry{base: text("abcd")}.lines("f"), entry{base: text("aIbcUd")}.lines("f"))
		if e, err := s.settle("f", lines); err != nil || !same(e.base, text(want)) {
			t.Errorf("%s: goes on from %q, %v; want %s", disk, e.base, err, want)
		}
	}
}

// TestConflict_AndGit: what git commands do to a file in conflict. What is undone
// is offered again, what is decided is said, and what is open is open.
func TestConflict_AndGit(t *testing.T) {
	tree := func(content string) generator.Tree {
		return generator.Tree{specFile: nil, "f": text(content), "g": text(content)}
	}
	for name, tt := range map[string]struct {
		commands  [][]string
		conflicts int    // afterwards
		note      string // of f
	}{
		"nothing":                  {nil, 2, "this conflict is not resolved yet"},
		"reset --hard":             {[][]string{{"reset", "-q", "--hard"}}, 2, "you and otelgen changed the same lines: resolve the conflict between the markers"},
		"checkout -f of a branch":  {[][]string{{"checkout", "-q", "-f", "-b", "other"}}, 2, "you and otelgen changed the same lines: resolve the conflict between the markers"},
		"checkout of a file":       {[][]string{{"checkout", "-q", "HEAD", "--", "f"}}, 1, "resolved: your version"},
		"checkout --ours":          {[][]string{{"checkout", "-q", "--ours", "f"}, {"add", "f"}}, 1, "resolved: your version"},
		"checkout --theirs":        {[][]string{{"checkout", "-q", "--theirs", "f"}, {"add", "f"}}, 1, "resolved: otelgen's version"},
		"checkout --theirs, CRLF":  {[][]string{{"config", "core.autocrlf", "true"}, {"checkout", "-q", "--theirs", "f"}, {"add", "f"}}, 1, "resolved: otelgen's version"},
		"checkout --ours, no add":  {[][]string{{"checkout", "-q", "--ours", "f"}}, 2, "it has no conflict markers any more, but git still has a conflict in it: run git add f"},
		"checkout --merge":         {[][]string{{"checkout", "-q", "--merge", "f"}}, 2, "git has a conflict in it: resolve that first"},
		"checkout --merge and add": {[][]string{{"checkout", "-q", "--merge", "f"}, {"add", "f"}}, 2, "git has a conflict in it: resolve that first"},
		"rm":                       {[][]string{{"rm", "-q", "-f", "f"}}, 1, "resolved: deleted"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := repository(t, nil)
			mustNew(t, dir, tree("abc"))
			writeDir(t, dir, files{"f": string(text("aXc")), "g": string(text("aXc"))})
			commit(t, dir)
			mustUpdate(t, dir, tree("aYc"), nil)
			for _, command := range tt.commands {
				gitDo(t, dir, command...)
			}
			plan := mustUpdate(t, dir, tree("aYc"), nil)
			note := ""
			for _, c := range plan {
				if c.Path == "f" {
					note = c.Note
				}
			}
			if len(plan.Conflicts()) != tt.conflicts || note != tt.note {
				t.Errorf("%d conflicts, and %q; want %d, and %q", len(plan.Conflicts()), note, tt.conflicts, tt.note)
			}
		})
	}
}

// TestConflict_InAClone: what is open, or decided, is so in a clone.
func TestConflict_InAClone(t *testing.T) {
	tree := func(content string) generator.Tree {
		return generator.Tree{specFile: nil, "f": text(content), "g": text(content)}
	}
	dir := repository(t, nil)
	mustNew(t, dir, tree("abc"))
	writeDir(t, dir, files{"f": string(text("aXc")), "g": string(text("aXc"))})
	commit(t, dir)
	mustUpdate(t, dir, tree("aYc"), nil)
	writeDir(t, dir, files{"g": string(text("aXYc"))})
	commit(t, dir) // f with its markers
	clone := filepath.Join(t.TempDir(), "clone")
	gitDo(t, dir, "clone", "-q", dir, clone)
	plan := mustUpdate(t, clone, tree("aYc"), nil)
	if len(plan) != 2 || plan[0].Action != Conflict || plan[1].Note != "resolved: as it is now" {
		t.Errorf("an update of the clone does %q", plan)
	}
}

// TestConflict_Staged: content that only the index of git has stays there.
func TestConflict_Staged(t *testing.T) {
	tree := func(content string) generator.Tree { return generator.Tree{specFile: nil, "f": text(content)} }
	dir := repository(t, nil)
	mustNew(t, dir, tree("abc"))
	commit(t, dir)
	writeDir(t, dir, files{"f": string(text("aStagedc"))})
	gitDo(t, dir, "add", "f")
	writeDir(t, dir, files{"f": string(text("aXc"))})
	if plan := mustUpdate(t, dir, tree("aYc"), nil); len(plan.Conflicts()) != 1 {
		t.Errorf("an update does %q", plan)
	}
	if got := gitDo(t, dir, "show", ":f") + "\n"; got != string(text("aStagedc")) {
		t.Errorf("in the index is %q", got)
	}
}
