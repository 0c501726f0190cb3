package git_test

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/otelgen/otelgen/internal/git"
)

// TestSides: what git writes of a conflict, with markers of any size.
func TestSides(t *testing.T) {
	for name, test := range map[string]struct{ text, ours, theirs string }{
		"plain":          {"a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> other\nd\n", "a\nb\nd\n", "a\nc\nd\n"},
		"with its base":  {"<<<<<<< HEAD\r\nb\r\n||||||| 1234\r\na\r\n=======\r\n>>>>>>> other\r\n", "b\r\n", ""},
		"of a move":      {"<<<<<<<< HEAD:a.go\nb\n========\nc\n>>>>>>>> other:b.go\n", "b\n", "c\n"},
		"in another":     {"<<<<<<< HEAD\n<<<<<<<< HEAD:a\nb\n========\n>>>>>>>> c:d\n=======\nc\n>>>>>>> other\n", "<<<<<<<< HEAD:a\nb\n========\n>>>>>>>> c:d\n", "c\n"},
		"a heading":      {"Title\n=======\n", "", ""},
		"not ended":      {"<<<<<<< HEAD\nb\n=======\nc\n", "", ""},
		"of other sizes": {"<<<<<<< HEAD\nb\n========\nc\n>>>>>>> other\n", "", ""},
	} {
		ours, theirs, ok := git.Sides([]byte(test.text))
		if want := test.ours+test.theirs != ""; ok != want || ok && (string(ours) != test.ours || string(theirs) != test.theirs) {
			t.Errorf("%s: %q, %q, %v", name, ours, theirs, ok)
		}
	}
	for text, want := range map[string]bool{">>>>>>>> other:a.go\n": true, "=======\n": true, "<<<<<<\n": false, "a <<<<<<< b\n": false} {
		if git.HasMarker([]byte(text)) != want {
			t.Errorf("HasMarker of %q is not %v", text, want)
		}
	}
}

func TestAsLeft(t *testing.T) {
	const (
		base   = "a\nb\nc\n}\n"
		ours   = "a\nb\nours\nc\n}\n"
		theirs = "top\na\nb\ntheirs\nc\n}\n}\n"
		left   = "top\na\nb\n<<<<<<< HEAD\nours\n||||||| base\n=======\ntheirs\n>>>>>>> other\nc\n}\n}\n"
	)
	for name, test := range map[string]struct {
		text string
		want bool
	}{
		"as git left it":               {left, true},
		"a line more":                  {strings.Replace(left, "top\n", "top\nmore\n", 1), false},
		"a line less":                  {strings.Replace(left, "\nc\n", "\n", 1), false},
		"a side edited":                {strings.Replace(left, "\nours\n", "\nmine\n", 1), false},
		"what theirs added is gone":    {strings.Replace(left, "top\n", "", 1), false},
		"one side taken":               {"top\na\nb\nours\nc\n}\n}\n", false},
		"merged, but for what clashes": {strings.Replace(left, "}\n}\n", "}\n", 1), true},
	} {
		if got := git.AsLeft([]byte(test.text), []byte(base), []byte(ours), []byte(theirs)); got != test.want {
			t.Errorf("%s: AsLeft is %v, want %v", name, got, test.want)
		}
	}
	const clean, other = "top\na\nb\nours\nc\n}\n", "top\na\nb\nc\n}\n"
	if !git.AsLeft([]byte(clean), []byte(base), []byte(ours), []byte(other)) {
		t.Error("AsLeft is false of what git has merged")
	}
	if git.AsLeft([]byte(clean+"more\n"), []byte(base), []byte(ours), []byte(other)) {
		t.Error("AsLeft is true of what git has merged and somebody edited")
	}
}

func TestObjects(t *testing.T) {
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	dir := t.TempDir()
	if _, err := git.Run(dir, nil, "init", "-q", "."); err != nil {
		t.Fatal(err)
	}
	contents := []string{"one\n", "", "no line ending", "two\nlines\n"}
	names := []string{"HEAD:./absent"}
	for _, content := range contents {
		id, err := git.Run(dir, []byte(content), "hash-object", "-w", "--stdin")
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, strings.TrimSpace(id))
	}
	got, err := git.Objects(dir, names)
	if err != nil {
		t.Fatal(err)
	}
	if got[0] != nil {
		t.Errorf("%s is %q, want nil", names[0], got[0])
	}
	for i, want := range contents {
		if content := got[i+1]; content == nil || string(content) != want {
			t.Errorf("%s is %q, want %q", names[i+1], content, want)
		}
	}
}

// TestRun_Hook: what a hook leaves running does not keep Run from returning.
func TestRun_Hook(t *testing.T) {
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	dir := t.TempDir()
	if _, err := git.Run(dir, nil, "init", "-q", "."); err != nil {
		t.Fatal(err)
	}
	const hook = "#!/bin/sh\nsleep 300 &\necho $! >pid\n"
	if err := os.WriteFile(filepath.Join(dir, ".git", "hooks", "post-index-change"), []byte(hook), 0o755); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if _, err := git.Run(dir, nil, "read-tree", "--empty"); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > time.Minute {
		t.Errorf("it took %v", took)
	}
	content, err := os.ReadFile(filepath.Join(dir, "pid"))
	pid, errPID := strconv.Atoi(strings.TrimSpace(string(content)))
	if err := errors.Join(err, errPID); err != nil {
		t.Fatal(err) // the hook has not run
	}
	if p, err := os.FindProcess(pid); err == nil {
		_ = p.Kill()
	}
}
