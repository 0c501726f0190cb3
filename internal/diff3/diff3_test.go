package diff3

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// conflict is what Merge writes for one.
func conflict(yours, base, next string) string {
	return "<<<<<<< yours\n" + yours + "||||||| base\n" + base + "=======\n" + next + ">>>>>>> otelgen\n"
}

func TestMerge(t *testing.T) {
	const abcde = "a\nb\nc\nd\ne\n"
	tests := []struct {
		name, base, yours, next string
		want                    string
		conflicts               bool
	}{
		{"nothing at all", "", "", "", "", false},
		{"only you changed", abcde, "a\nB\nc\nd\ne\n", abcde, "a\nB\nc\nd\ne\n", false},
		{"only we changed", abcde, abcde, "a\nb\nc\nD\ne\n", "a\nb\nc\nD\ne\n", false},
		{"one line apart", abcde, "a\nB\nc\nd\ne\n", "a\nb\nc\nD\ne\n", "a\nB\nc\nD\ne\n", false},
		{"adjacent lines", abcde, "a\nB\nc\nd\ne\n", "a\nb\nC\nd\ne\n", "a\n" + conflict("B\nc\n", "b\nc\n", "b\nC\n") + "d\ne\n", true},
		{"the same line", abcde, "a\nb\nX\nd\ne\n", "a\nb\nY\nd\ne\n", "a\nb\n" + conflict("X\n", "c\n", "Y\n") + "d\ne\n", true},
		{"the same change", abcde, "a\nX\nd\ne\n", "a\nX\nd\ne\n", "a\nX\nd\ne\n", false},
		{"changed and deleted", abcde, "a\nb\nX\nd\ne\n", "a\nb\nd\ne\n", "a\nb\n" + conflict("X\n", "c\n", "") + "d\ne\n", true},
		{"added at the same place", "a\nb\n", "a\nX\nb\n", "a\nY\nb\n", "a\n" + conflict("X\n", "", "Y\n") + "b\n", true},
		{"no base", "", "mine\n", "ours\n", conflict("mine\n", "", "ours\n"), true},
		{"no final newline, untouched", "a\nb\nc", "A\nb\nc", "a\nb\nc", "A\nb\nc", false},
		{"a final newline is a change", "a\nb\nc", "A\nb\nc", "a\nb\nc\n", "A\nb\nc\n", false},
		{"conflict without final newlines", "a\nb", "a\nX", "a\nY", "a\n" + conflict("X\n", "b\n", "Y\n"), true},
		{"both deleted all", "a\n", "", "", "", false},
		{"equals signs are a heading", "T\n=======\na\n", "T\n=======\nA\n", "U\n=======\na\n", "U\n=======\nA\n", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, clean := Merge([]byte(tt.base), []byte(tt.yours), []byte(tt.next))
			if string(got) != tt.want || clean == tt.conflicts {
				t.Errorf("clean %v:\n%s\nwant clean %v:\n%s", clean, got, !tt.conflicts, tt.want)
			}
			if Marked(got) != tt.conflicts {
				t.Errorf("Marked = %v", !tt.conflicts)
			}
			crlf := func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }
			got, _ = Merge([]byte(crlf(tt.base)), []byte(crlf(tt.yours)), []byte(crlf(tt.next)))
			if string(got) != crlf(tt.want) && tt.name != "conflict without final newlines" {
				t.Errorf("with CRLF:\n%q\nwant\n%q", got, crlf(tt.want))
			}
		})
	}
}

func TestMarked(t *testing.T) {
	for text, want := range map[string]bool{
		"Title\n=======\n": false,
		"<<<<<<< HEAD\na\n=======\nb\n>>>>>>> main\n": false,
		"see `<<<<<<< yours` in the docs\n":           false,
		"a\n>>>>>>> otelgen":                          true,
		"<<<<<<< yours\r\na\r\n":                      true,
		"a\n||||||| base\nb\n":                        true,
	} {
		if got := Marked([]byte(text)); got != want {
			t.Errorf("Marked(%q) = %v", text, got)
		}
	}
}

// TestAsGit: where lines do not repeat, so that there is only one shortest
// edit, the outcome is git's, byte for byte.
func TestAsGit(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	cases := make([]trio, 2000)
	for i := range cases {
		cases[i] = randomTrio(r, 1_000_000)
	}
	for i, want := range gitMergeTree(t, cases) {
		c := cases[i]
		got, clean := Merge([]byte(c.base), []byte(c.yours), []byte(c.next))
		if string(got) != want || clean == strings.Contains(want, markYours) {
			t.Fatalf("%q: clean %v:\n%s\ngit:\n%s", c, clean, got, want)
		}
	}
	for _, c := range cases[:50] { // and by the command whose manual describes the format
		if strings.HasSuffix(c.base, "\n") {
			c = c.crlf() // else git and we disagree on how the markers' lines should end
		}
		got, _ := Merge([]byte(c.base), []byte(c.yours), []byte(c.next))
		if want := gitMergeFile(t, c); string(got) != want {
			t.Fatalf("%q:\n%q\ngit merge-file:\n%q", c, got, want)
		}
	}
}

// TestRepeatedLines: where lines repeat, several shortest edits are as good, so
// git is no measure; these laws are.
func TestRepeatedLines(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	for range 10_000 {
		checkLaws(t, randomTrio(r, 1+r.IntN(4)))
	}
}

func FuzzMerge(f *testing.F) {
	f.Add("a\nb\nc", "a\r\nb\nc\n", "")
	f.Add("a\na\nb\n", "a\nb\na\n", "b\na\na")
	f.Fuzz(func(t *testing.T, base, yours, next string) { checkLaws(t, trio{base, yours, next}) })
}

func checkLaws(t *testing.T, c trio) {
	t.Helper()
	merge := func(base, yours, next string) (string, bool) {
		got, clean := Merge([]byte(base), []byte(yours), []byte(next))
		return string(got), clean
	}
	law := func(name string, base, yours, next, want string) {
		t.Helper()
		if got, clean := merge(base, yours, next); got != want || !clean {
			t.Fatalf("%s: Merge(%q, %q, %q) = %q, %v; want %q", name, base, yours, next, got, clean, want)
		}
	}
	law("we changed nothing", c.base, c.yours, c.base, c.yours)
	law("you changed nothing", c.base, c.base, c.next, c.next)
	law("both did the same", c.base, c.yours, c.yours, c.yours)

	got, clean := merge(c.base, c.yours, c.next)
	again, cleanAgain := merge(c.base, c.next, c.yours)
	if clean != cleanAgain || clean && got != again {
		t.Fatalf("%q: clean %v: %q\nwith the sides exchanged: %v: %q", c, clean, got, cleanAgain, again)
	}
	// Lines that only one side has are in the outcome: nothing that anybody
	// wrote is lost.
	kept, had := lines(got), lines(c.base)
	for _, side := range []string{c.yours, c.next} {
		for line := range lines(side) {
			if !had[line] && !kept[line] {
				t.Fatalf("%q: line %q is lost:\n%s", c, line, got)
			}
		}
	}
}

func lines(s string) map[string]bool {
	all := map[string]bool{}
	for line := range strings.Lines(s) {
		all[strings.TrimRight(line, "\r\n")] = true
	}
	return all
}

type trio struct{ base, yours, next string }

func (c trio) crlf() trio {
	crlf := func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }
	return trio{crlf(c.base), crlf(c.yours), crlf(c.next)}
}

// randomTrio returns a text of up to 12 lines of so many kinds, and two
// descendants up to three edits away.
func randomTrio(r *rand.Rand, kinds int) trio {
	line := func() string { return fmt.Sprint("l", r.IntN(kinds)) }
	text := func(lines []string) string {
		if len(lines) > 0 && r.IntN(4) > 0 {
			return strings.Join(lines, "\n") + "\n"
		}
		return strings.Join(lines, "\n")
	}
	var base []string
	for range r.IntN(12) {
		base = append(base, line())
	}
	descendant := func() string {
		lines := append([]string{}, base...)
		for range r.IntN(4) {
			at := r.IntN(len(lines) + 1)
			end := min(len(lines), at+r.IntN(2))
			lines = append(append(append([]string{}, lines[:at]...), []string{line(), line()}[:r.IntN(3)]...), lines[end:]...)
		}
		return text(lines)
	}
	return trio{text(base), descendant(), descendant()}
}

// gitMergeFile merges with `git merge-file`.
func gitMergeFile(t *testing.T, c trio) string {
	dir := t.TempDir()
	for name, text := range map[string]string{"base": c.base, "yours": c.yours, "next": c.next} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return string(git(t, dir, "", "merge-file", "-p", "--diff3", "-L", "yours", "-L", "base", "-L", "otelgen", "yours", "base", "next"))
}

// gitMergeTree merges many cases at once: a branch for each side, a file for
// each case.
func gitMergeTree(t *testing.T, cases []trio) []string {
	dir := t.TempDir()
	var stream, names strings.Builder
	branch := func(name, from string, text func(trio) string) {
		fmt.Fprintf(&stream, "commit refs/heads/%s\ncommitter a <a@b> 0 +0000\ndata 0\n%s", name, from)
		for i, c := range cases {
			fmt.Fprintf(&stream, "M 100644 inline %d\ndata %d\n%s\n", i, len(text(c)), text(c))
		}
	}
	branch("base", "", func(c trio) string { return c.base })
	branch("yours", "from refs/heads/base\n", func(c trio) string { return c.yours })
	branch("next", "from refs/heads/base\n", func(c trio) string { return c.next })
	git(t, dir, "", "init", "-q", "--bare")
	git(t, dir, stream.String(), "fast-import", "--quiet")
	tree, _, _ := bytes.Cut(git(t, dir, "", "merge-tree", "--write-tree", "yours", "next"), []byte("\n"))
	for i := range cases {
		fmt.Fprintf(&names, "%s:%d\n", tree, i)
	}
	blobs := git(t, dir, names.String(), "cat-file", "--batch")
	merged := make([]string, len(cases))
	for i := range merged {
		head, rest, _ := bytes.Cut(blobs, []byte("\n"))
		var oid, kind string
		var size int
		if _, err := fmt.Sscan(string(head), &oid, &kind, &size); err != nil {
			t.Fatalf("%s: %v", head, err)
		}
		merged[i] = gitLabel.ReplaceAllStringFunc(string(rest[:size]), func(m string) string {
			return map[byte]string{'<': markYours, '|': markBase, '>': markNext}[m[0]]
		})
		blobs = rest[size+1:]
	}
	return merged
}

var gitLabel = regexp.MustCompile(`(?m)^(<{7}|\|{7}|>{7}) .*$`)

// git returns what git prints. An exit status that reports a conflict is not
// an error here.
func git(t *testing.T, dir, stdin string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-C", dir, "-c", "merge.conflictStyle=diff3"}, args...)...)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null", "GIT_CEILING_DIRECTORIES="+filepath.Dir(dir))
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || len(exit.Stderr) > 0) {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, exit.Stderr)
	}
	return out
}
