// Package problem collects what is wrong with a catalog, so that its author
// learns all of it at once, each with the place to look at.
package problem

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Position is a place in a file. The zero Line means the whole file.
type Position struct {
	Path         string
	Line, Column int
}

func (p Position) String() string {
	switch {
	case p.Line == 0:
		return p.Path
	case p.Column == 0:
		return fmt.Sprintf("%s:%d", p.Path, p.Line)
	}
	return fmt.Sprintf("%s:%d:%d", p.Path, p.Line, p.Column)
}

// Problem is one thing that is wrong: its subject, what is wrong with it, and
// the way out, as in "slot databse: there is none; did you mean database?".
type Problem struct {
	Position
	Text string
}

func (p Problem) Error() string { return p.String() + ": " + p.Text }

// List is any number of problems.
type List []Problem

// Add adds a problem.
func (l *List) Add(at Position, format string, args ...any) {
	*l = append(*l, Problem{at, fmt.Sprintf(format, args...)})
}

// located is how parsers begin the lines of their errors.
var located = regexp.MustCompile(`^([^:\s]+):(\d+):(?:(\d+):)? (.*)$`)

// AddError adds the problems of an error that has one in each line, with its
// place in front. Lines without a place are about the whole file.
func (l *List) AddError(path string, err error) {
	if err == nil {
		return
	}
	for line := range strings.Lines(err.Error()) {
		line = strings.TrimSpace(line)
		if match := located.FindStringSubmatch(line); match != nil {
			at := Position{Path: match[1]}
			at.Line, _ = strconv.Atoi(match[2])
			at.Column, _ = strconv.Atoi(match[3])
			l.Add(at, "%s", match[4])
		} else {
			l.Add(Position{Path: path}, "%s", strings.TrimPrefix(line, path+": "))
		}
	}
}

// Err joins the problems in the order of their places, each once. It is nil if
// there are none.
func (l List) Err() error {
	sorted := slices.Clone(l)
	slices.SortFunc(sorted, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Text, b.Text))
	})
	var all []error
	for _, p := range slices.Compact(sorted) {
		all = append(all, p)
	}
	return errors.Join(all...)
}

// Suggest says what to do about a word that is not one of those allowed: the nearest
// of them or, if none is near, all of them.
func Suggest(word string, known []string) string {
	if nearest := Nearest(word, known); nearest != "" {
		return fmt.Sprintf("did you mean %s?", nearest)
	}
	return Choose(known)
}

// Nearest returns the known word that a misspelt one most likely stands for, in upper
// or lower case, or "" if none is near.
func Nearest(word string, known []string) string {
	nearest, distance := "", 1+max(1, (len(word)+1)/3) // farther is another word
	for _, candidate := range slices.Sorted(slices.Values(known)) {
		if d := edits(strings.ToLower(word), strings.ToLower(candidate)); d < distance {
			nearest, distance = candidate, d
		}
	}
	return nearest
}

// Choose is the way out when one of several words is needed: "choose chi, gin
// or stdlib".
func Choose(known []string) string {
	words := slices.Compact(slices.Sorted(slices.Values(known)))
	if len(words) == 0 {
		return "there is nothing to choose from"
	}
	return "choose " + Listed(words, "or")
}

// Listed lists words as a sentence does: "a, b and c".
func Listed(words []string, conjunction string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " " + conjunction + " " + words[last]
}

// edits is how many letters have to be added, removed, replaced or swapped with
// the next to make one word of another: the optimal string alignment distance.
func edits(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range len(b) {
		rows[0][j+1] = j + 1
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			replaced := rows[i-1][j-1]
			if a[i-1] != b[j-1] {
				replaced++
			}
			rows[i][j] = min(replaced, rows[i-1][j]+1, rows[i][j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
