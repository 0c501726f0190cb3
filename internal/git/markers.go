package git

import (
	"bytes"
	"strings"
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
