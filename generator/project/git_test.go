package project

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/internal/git"
)

// repository creates a repository with the files in its only commit.
func repository(t *testing.T, all files) string {
	t.Helper()
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	t.Setenv("GIT_CONFIG_SYSTEM", os.DevNull)
	for _, who := range []string{"AUTHOR", "COMMITTER"} {
		t.Setenv("GIT_"+who+"_NAME", "Tester")
		t.Setenv("GIT_"+who+"_EMAIL", "tester@example.com")
	}
	dir := t.TempDir()
	writeDir(t, dir, all)
	gitDo(t, dir, "init", "-q")
	commit(t, dir)
	return dir
}

func commit(t *testing.T, dir string) {
	t.Helper()
	gitDo(t, dir, "add", "-A")
	gitDo(t, dir, "commit", "-q", "--allow-empty", "-m", "all")
}

// gitDo runs git and returns its output without the last newline.
func gitDo(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-C", dir}, args...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSuffix(string(out), "\n")
}

// TestBranchesMerge: git merges two branches that each add a feature without a
// conflict, and the result is up to date. The Spec is left out of the test: its
// lines may well conflict.
func TestBranchesMerge(t *testing.T) {
	tree := func(features ...string) generator.Tree {
		all := generator.Tree{specFile: nil, "main.go": []byte("package main\n"), ".gitignore": []byte("/bin/\n")}
		for _, f := range features {
			all["internal/"+f+"/"+f+".go"] = []byte("package " + f + "\n")
		}
		return all
	}
	dir := repository(t, files{"x": ""})
	gitDo(t, dir, "rm", "-q", "x")
	mustNew(t, dir, tree("b"))
	commit(t, dir)
	trunk := gitDo(t, dir, "branch", "--show-current")
	for branch, other := range []string{"a", "c"} {
		gitDo(t, dir, "checkout", "-q", "-b", fmt.Sprint("branch", branch), trunk)
		mustUpdate(t, dir, tree("b", other), nil)
		commit(t, dir)
	}
	gitDo(t, dir, "merge", "-q", "-m", "both", "branch0")
	if plan := mustUpdate(t, dir, tree("a", "b", "c"), nil); !plan.Empty() {
		t.Errorf("an update of the merged branches does %q", plan)
	}
	if status := gitDo(t, dir, "status", "--porcelain"); status != "" {
		t.Errorf("an update of the merged branches changes\n%s", status)
	}
}

// TestConflictInGit: git has a conflict of an update in its index like one of its
// own, and once it is resolved for git, it is for otelgen. The project is not at
// the top of the repository.
func TestConflictInGit(t *testing.T) {
	for _, format := range []string{"sha1", "sha256"} {
		t.Run(format, func(t *testing.T) {
			t.Setenv("GIT_DEFAULT_HASH", format)
			testConflictInGit(t)
		})
	}
}

// TestConflictInGit_FromAHook: git sets variables that name a repository when it
// runs a hook or an alias of it. An update of a project elsewhere ignores them.
func TestConflictInGit_FromAHook(t *testing.T) {
	other := repository(t, files{"file.txt": "of another\n"})
	dir := repository(t, nil)
	mustNew(t, dir, generator.Tree{specFile: nil, "file.txt": text("abc")})
	writeDir(t, dir, files{"file.txt": "a\nX\nc\n"})
	commit(t, dir)
	hook := map[string]string{"GIT_DIR": filepath.Join(other, ".git"), "GIT_WORK_TREE": other}
	for name, value := range hook {
		t.Setenv(name, value)
	}
	plan := mustUpdate(t, dir, generator.Tree{specFile: nil, "file.txt": text("aYc")}, nil)
	for name := range hook {
		_ = os.Unsetenv(name)
	}
	if len(plan.Conflicts()) != 1 {
		t.Fatalf("an update does %q, want one conflict", plan)
	}
	for where, want := range map[string]int{dir: 3, other: 0} {
		if got := strings.Count(gitDo(t, where, "ls-files", "--unmerged"), "file.txt"); got != want {
			t.Errorf("%s: %d stages, want %d", where, got, want)
		}
	}
}

// TestConflictInGit_SafeCRLF: core.safecrlf, which makes git refuse files that it
// would convert, must not apply to what otelgen stages. Updates used to fail.
func TestConflictInGit_SafeCRLF(t *testing.T) {
	dir := repository(t, nil)
	mustNew(t, dir, generator.Tree{specFile: nil, "file.txt": text("abc")})
	writeDir(t, dir, files{"file.txt": "a\nX\nc\n"})
	commit(t, dir)
	gitDo(t, dir, "config", "core.autocrlf", "true")
	gitDo(t, dir, "config", "core.safecrlf", "true")
	mustUpdate(t, dir, generator.Tree{specFile: nil, "file.txt": text("aYc")}, nil)
	if got := gitDo(t, dir, "show", ":3:file.txt"); got != "a\nY\nc" {
		t.Errorf("stage 3 is %q", got)
	}
}

// TestConflictInGit_NoFilter: without the filter that a repository requires, such as
// git-lfs, git cannot say what the owner has changed. Markers are enough then. Updates
// used to stop half-way, and neither another one nor an undo could finish them.
func TestConflictInGit_NoFilter(t *testing.T) {
	dir := repository(t, nil)
	mustNew(t, dir, generator.Tree{specFile: nil, "file.txt": text("abc")})
	commit(t, dir)
	writeDir(t, dir, files{".gitattributes": "*.txt filter=lfs\n", "file.txt": "a\nX\nc\n"})
	gitDo(t, dir, "config", "filter.lfs.clean", "no-such-program")
	gitDo(t, dir, "config", "filter.lfs.required", "true")
	if plan := mustUpdate(t, dir, generator.Tree{specFile: nil, "file.txt": text("aYc")}, nil); len(plan.Conflicts()) != 1 {
		t.Errorf("an update does %q, want one conflict", plan)
	}
	if got := readDir(t, dir); got[journalFile] != "" || !strings.Contains(got["file.txt"], "<<<<<<< yours\nX\n") {
		t.Errorf("an update leads to %q", got["file.txt"])
	}
}

// TestConflictInGit_NoText: the conflict of a file that is not text is reported
// once, so git must not have it in conflict any longer either.
func TestConflictInGit_NoText(t *testing.T) {
	tree := func(content string) generator.Tree { return generator.Tree{specFile: nil, "a.png": []byte(content)} }
	dir := repository(t, nil)
	mustNew(t, dir, tree("\x00a"))
	writeDir(t, dir, files{"a.png": "\x00b"})
	commit(t, dir)
	for _, conflicts := range []int{1, 0} {
		if plan := mustUpdate(t, dir, tree("\x00c"), nil); len(plan.Conflicts()) != conflicts {
			t.Errorf("an update does %q, want %d conflicts", plan, conflicts)
		}
		if got := gitDo(t, dir, "ls-files", "--unmerged"); got != "" {
			t.Errorf("git has in conflict\n%s", got)
		}
	}
}

// TestSparseCheckout: a file that git leaves out of the work tree was not deleted
// by the owner. It used to get a tombstone, and was never updated again.
func TestSparseCheckout(t *testing.T) {
	tree := func(content string) generator.Tree {
		return generator.Tree{specFile: nil, "cmd/a.txt": text(content), "internal/b.txt": text(content)}
	}
	top := repository(t, files{"x": ""})
	dir := filepath.Join(top, "shop")
	mustNew(t, dir, tree("abc"))
	commit(t, top)
	gitDo(t, top, "sparse-checkout", "set", "shop/cmd", "shop/.otelgen")
	before := readDir(t, dir)
	p, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.Compare(tree("aXc"), nil)
	if want := dir + ": internal/b.txt: missing, because this is a sparse checkout; run git sparse-checkout disable, then run the command again"; err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
	checkDir(t, dir, before)
	gitDo(t, top, "sparse-checkout", "disable")
	mustUpdate(t, dir, tree("aXc"), nil)
	if got := readDir(t, dir)["internal/b.txt"]; got != string(text("aXc")) {
		t.Errorf("internal/b.txt is %q", got)
	}
}

// TestConflictOfGit: otelgen does not merge a file that git has in conflict. If
// the owner did not change the file, it is written anew anyway.
func TestConflictOfGit(t *testing.T) {
	tree := func(features string) generator.Tree {
		return generator.Tree{specFile: []byte(features), "list.txt": text("a" + features + "z"), "edited.txt": text("a" + features + "z")}
	}
	dir := repository(t, nil)
	mustNew(t, dir, tree(""))
	commit(t, dir)
	trunk := gitDo(t, dir, "branch", "--show-current")
	for _, feature := range []string{"k", "l"} {
		gitDo(t, dir, "checkout", "-q", "-b", feature, trunk)
		mustUpdate(t, dir, tree(feature), nil)
		writeDir(t, dir, files{"edited.txt": string(text("A" + feature + "z"))})
		commit(t, dir)
	}
	if _, err := git.Run(dir, nil, "merge", "k"); err == nil {
		t.Fatal("the branches merge")
	}
	writeDir(t, dir, files{specFile: "kl"})
	both := readDir(t, dir)["edited.txt"]
	plan := mustUpdate(t, dir, tree("kl"), nil)
	if c := plan.Conflicts(); len(c) != 1 || c[0].Path != "edited.txt" || c[0].Note != "git has a conflict in it: resolve that first" {
		t.Errorf("an update does %q, want one conflict", plan)
	}
	if got := readDir(t, dir); got["edited.txt"] != both || got["list.txt"] != string(text("aklz")) {
		t.Errorf("edited.txt: %q, list.txt: %q", got["edited.txt"], got["list.txt"])
	}
	writeDir(t, dir, files{"edited.txt": string(text("Aklz"))})
	commit(t, dir)
	if plan := mustUpdate(t, dir, tree("kl"), nil); len(plan.Conflicts()) > 0 {
		t.Errorf("it is resolved, but an update does %q", plan)
	}
	if got := readDir(t, dir)["edited.txt"]; got != string(text("Aklz")) {
		t.Errorf("edited.txt: %q", got)
	}
}

// TestKilledAroundGit: wherever an update is killed, git has the conflict in its
// index in the end.
func TestKilledAroundGit(t *testing.T) {
	const file = "to/file.txt"
	v1, v2 := generator.Tree{specFile: nil, "file.txt": text("abc")}, generator.Tree{specFile: nil, file: text("aYc")}
	for kill, changes := 0, 0; kill <= changes; kill++ {
		dir := repository(t, nil)
		mustNew(t, dir, v1)
		writeDir(t, dir, files{"file.txt": "a\nX\nc\n"})
		commit(t, dir)
		n, err := run(dir, v2, map[string]string{"file.txt": file}, kill)
		if err != nil {
			t.Fatal(err)
		}
		changes = max(changes, n)
		if kill > 0 {
			if _, err := run(dir, v2, map[string]string{"file.txt": file}, 0); err != nil {
				t.Fatal(err)
			}
		}
		for stage, want := range []string{"a\nb\nc", "a\nX\nc", "a\nY\nc"} {
			if got := gitDo(t, dir, "show", fmt.Sprintf(":%d:%s", stage+1, file)); got != want {
				t.Errorf("killed before change %d: stage %d is %q, want %q", kill, stage+1, got, want)
			}
		}
		if got, want := readDir(t, dir)[file], string(text("a(X|b=Y)c")); got != want {
			t.Errorf("killed before change %d: %q, want %q", kill, got, want)
		}
	}
}

func testConflictInGit(t *testing.T) {
	tree := generator.Tree{specFile: []byte("version: 1\n"), "a file.txt": text("abc"), "run.sh": text("abc"), "new.txt": text("x")}
	top := repository(t, files{"other/x": ""})
	dir := filepath.Join(top, "services", "shop")
	mustNew(t, dir, tree)
	if err := os.Chmod(filepath.Join(dir, "run.sh"), 0o755); err != nil {
		t.Fatal(err)
	}
	writeDir(t, dir, files{"a file.txt": "a\nX\nc\n", "run.sh": "a\nX\nc\n", "mine.txt": "mine\n"})
	commit(t, top)
	writeDir(t, dir, files{"untracked.txt": "mine\n"})

	next := generator.Tree{
		specFile: []byte("version: 2\n"), "a file.txt": text("aYc"), "run.sh": text("aYc"), "new.txt": text("z"),
		"mine.txt": text("y"), "untracked.txt": text("y"),
	}
	plan := mustUpdate(t, dir, next, nil)
	if n := len(plan.Conflicts()); n != 4 {
		t.Fatalf("%d conflicts, want 4: %q", n, plan)
	}
	stages := func(path string) string { return gitDo(t, dir, "ls-files", "--unmerged", "--", path) }
	checkStages := func(path, mode string, contents ...string) {
		t.Helper()
		var want []string
		for stage, content := range contents {
			if content != "" {
				if got := gitDo(t, dir, "show", ":"+string(rune('1'+stage))+":./"+path) + "\n"; got != content {
					t.Errorf("%s: stage %d is %q, want %q", path, stage+1, got, content)
				}
				want = append(want, mode)
			}
		}
		if got := stages(path); strings.Count(got, mode+" ") != len(want) || strings.Count(got, "\n")+1 != len(want) {
			t.Errorf("%s: stages are\n%s", path, got)
		}
	}
	checkStages("a file.txt", "100644", "a\nb\nc\n", "a\nX\nc\n", "a\nY\nc\n")
	checkStages("run.sh", "100755", "a\nb\nc\n", "a\nX\nc\n", "a\nY\nc\n")
	checkStages("mine.txt", "100644", "", "mine\n", "y\n")
	if got := stages("untracked.txt"); got != "" {
		t.Errorf("untracked.txt: is not git's business, but has stages\n%s", got)
	}
	if info, _ := os.Stat(filepath.Join(dir, "run.sh")); info.Mode().Perm() != 0o755 {
		t.Errorf("run.sh: its mode is %v", info.Mode())
	}

	// The markers are gone, but git has not been told.
	writeDir(t, dir, files{"a file.txt": "a\nXY\nc\n", "untracked.txt": "mine and y\n"})
	gitDo(t, dir, "checkout", "-q", "--theirs", "run.sh")
	gitDo(t, dir, "checkout", "-q", "--ours", "mine.txt")
	plan = mustUpdate(t, dir, next, nil)
	if n := len(plan.Conflicts()); n != 3 || plan.Empty() {
		t.Errorf("%d conflicts are open, want 3: %q", n, plan)
	}
	commit(t, top)
	if plan = mustUpdate(t, dir, next, nil); !plan.Empty() {
		t.Errorf("all is resolved, but an update does %q", plan)
	}

	// After a conflict is resolved, what was pending is the base.
	next["a file.txt"], next["run.sh"] = text("aYcd"), text("aYcd")
	if plan = mustUpdate(t, dir, next, nil); len(plan.Conflicts()) != 0 {
		t.Errorf("nobody else changed the end of the file, but an update does %q", plan)
	}
	if got := readDir(t, dir); got["a file.txt"] != "a\nXY\nc\nd\n" || got["run.sh"] != "a\nY\nc\nd\n" {
		t.Errorf("a file.txt: %q, run.sh: %q", got["a file.txt"], got["run.sh"])
	}
}
