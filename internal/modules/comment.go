package modules

import (
	"bytes"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
)

// requireComments returns what comments say about each module that a file
// requires.
func requireComments(f *modfile.File) map[string]string {
	all := map[string]string{}
	for _, r := range f.Require {
		all[r.Mod.Path] = comment(r.Syntax)
	}
	return all
}

// comment returns what comments say about a line: those above it and the one at
// its end.
func comment(line *modfile.Line) string {
	if line == nil {
		return ""
	}
	var all []string
	for _, c := range slices.Concat(line.Before, line.Suffix) {
		if text := said(c.Token); text != "" {
			all = append(all, text)
		}
	}
	return strings.Join(all, "\n")
}

// said returns the text of a comment without the mark of an indirect
// requirement: "// indirect; for the tests" says "for the tests".
func said(comment string) string {
	text := strings.TrimSpace(strings.TrimPrefix(comment, "//"))
	mark, rest, _ := strings.Cut(text, ";")
	if mark == "indirect" {
		return strings.TrimSpace(rest)
	}
	return text
}

// withComments returns a merged go.mod with those of your comments that it lacks,
// at its end: the block that they were about is gone.
func withComments(merged, base, yours []byte) []byte {
	has, was := comments(merged), comments(base)
	var lost []string
	for _, text := range comments(yours) {
		if !slices.Contains(has, text) && !slices.Contains(was, text) {
			lost = append(lost, "// "+text)
		}
	}
	if lost == nil {
		return merged
	}
	return slices.Concat(bytes.TrimRight(merged, "\n"), []byte("\n\n"+strings.Join(lost, "\n")+"\n"))
}

// comments returns what all comments in a go.mod say.
func comments(mod []byte) []string {
	var all []string
	for line := range strings.Lines(string(mod)) {
		if _, c, ok := strings.Cut(line, "//"); ok && said(c) != "" {
			all = append(all, said(c))
		}
	}
	return all
}
