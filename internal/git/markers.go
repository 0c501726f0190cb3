package git

import (
	"bytes"
	"strings"
	"unicode"
)

// The lines around the sides of a conflict, as git writes them into a file.
const (
	markOurs   = "<<<<<<< "
	markBase   = "|||||||"
	markSplit  = "======="
	markTheirs = ">>>>>>> "
)

// Marked reports whether a text holds a conflict that git marked: the three
// markers, in their order, each on a line of its own.
func Marked(text []byte) bool {
	_, _, ok := Sides(text)
	return ok
}

// Sides returns the two sides of a text with conflicts that git marked. It
// reports false if there are none.
func Sides(text []byte) (ours, theirs []byte, ok bool) {
	if !bytes.Contains(text, []byte(markOurs)) {
		return nil, nil, false
	}
	in := "" // the marker that the line is below
	for line := range strings.Lines(string(text)) {
		switch bare := strings.TrimRight(line, "\r\n"); {
		case in == "" && strings.HasPrefix(line, markOurs):
			in = markOurs
		case in == markOurs && strings.HasPrefix(line, markBase):
			in = markBase
		case (in == markOurs || in == markBase) && bare == markSplit:
			in = markSplit
		case in == markSplit && strings.HasPrefix(line, markTheirs):
			in, ok = "", true
		default:
			if in == "" || in == markOurs {
				ours = append(ours, line...)
			}
			if in == "" || in == markSplit {
				theirs = append(theirs, line...)
			}
		}
	}
	return ours, theirs, ok && in == ""
}

// HasMarker reports whether any line of a text begins as a marker of git does,
// also if somebody has removed the others.
func HasMarker(text []byte) bool {
	for line := range strings.Lines(string(text)) {
		for _, mark := range []string{markOurs, markBase, markSplit, markTheirs} {
			if strings.HasPrefix(line, mark) {
				return true
			}
		}
	}
	return false
}

// AsLeft reports whether a text, which may have conflicts in it, is what git made of
// two sides and their base, as far as can be told from which lines are how often in
// them: every line that one side added is still there, and none is that neither has.
func AsLeft(text, base, ours, theirs []byte) bool {
	tookOurs, tookTheirs, conflicts := Sides(text)
	if !conflicts {
		tookOurs, tookTheirs = text, text
	}
	return isMixed(tookOurs, base, ours, theirs) && isMixed(tookTheirs, base, theirs, ours)
}

// isMixed reports whether a text may be a side with some of the changes that the
// other made to their base.
func isMixed(text, base, side, other []byte) bool {
	t, b, s, o := Lines(text), Lines(base), Lines(side), Lines(other)
	for _, all := range []map[string]int{t, s} {
		for line := range all {
			change := o[line] - b[line]
			if t[line] < s[line]+min(change, 0) || t[line] > s[line]+max(change, 0) {
				return false
			}
		}
	}
	return true
}

// Lines counts the lines of a text that have a letter in them. The others, such as
// closing brackets, git may take from anywhere.
func Lines(text []byte) map[string]int {
	count := map[string]int{}
	for line := range strings.Lines(string(text)) {
		if strings.ContainsFunc(line, unicode.IsLetter) {
			count[strings.TrimRight(line, "\r\n")]++
		}
	}
	return count
}
