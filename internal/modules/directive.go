package modules

import (
	"go/version"
	"maps"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
)

// A directive is a line of go.mod that is not a require: module, go, tool, replace
// and what Go will think of next.
type directive struct {
	text string
	line *modfile.Line
}

// mergeDirectives returns yours with the changes of directives from base to
// next, and whether there are any.
func (r *Result) mergeDirectives(base, yours, next *modfile.File) (merged *modfile.File, changed bool, err error) {
	b, y, n := directives(base), directives(yours), directives(next)
	subjects := maps.Clone(y)
	maps.Copy(subjects, n)
	var added strings.Builder
	for _, subject := range slices.Sorted(maps.Keys(subjects)) {
		now := y[subject]
		text := pick(b[subject].text, now.text, n[subject].text, later)
		if text == now.text {
			continue
		}
		if text == "" && comment(now.line) != comment(b[subject].line) {
			r.Kept = append(r.Kept, now.text)
			continue
		}
		changed = true
		if now.line == nil {
			added.WriteString(text + "\n")
			continue
		}
		words := strings.Fields(text)
		if now.line.InBlock && len(words) > 0 {
			words = words[1:]
		}
		now.line.Token = words // a line without words is dropped
	}
	if !changed {
		return yours, false, nil
	}
	yours.Cleanup()
	merged, err = modfile.Parse("go.mod", append(modfile.Format(yours.Syntax), added.String()...), nil)
	return merged, true, err
}

// directives returns the directives of a file by what they are about, of which
// there is only one line.
func directives(f *modfile.File) map[string]directive {
	all := map[string]directive{}
	add := func(line *modfile.Line, words []string) {
		text := strings.Join(words, " ")
		subject := text
		switch words[0] {
		case "require":
			return
		case "module", "go", "toolchain":
			subject = words[0]
		case "replace":
			subject, _, _ = strings.Cut(text, "=>")
		case "godebug":
			subject, _, _ = strings.Cut(text, "=")
		}
		all[subject] = directive{text, line}
	}
	for _, stmt := range f.Syntax.Stmt {
		switch s := stmt.(type) {
		case *modfile.Line:
			add(s, s.Token)
		case *modfile.LineBlock:
			for _, line := range s.Line {
				add(line, slices.Concat(s.Token, line.Token))
			}
		}
	}
	return all
}

// later settles two changes of one directive: of versions of Go the later, else
// yours.
func later(yours, next string) string {
	goVersion := func(text string) string {
		verb, v, _ := strings.Cut(text, " ")
		if verb == "go" {
			v = "go" + v
		}
		return v
	}
	if version.Compare(goVersion(next), goVersion(yours)) > 0 {
		return next
	}
	return yours
}
