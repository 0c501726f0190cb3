package git

import (
	"bytes"
	"strings"
	"unicode"
)

// The lines around the sides of a conflict, as git writes them into a file, begin
// with seven of these. There are more of them where git merges two versions of which
// one has such lines already, as that of a file to which both sides give another name.
const (
	markOurs   = '<'
	markBase   = '|'
	markSplit  = '='
	markTheirs = '>'
	markSize   = 7
)

// marker returns which marker a line is, and how long, or 0.
func marker(line string) (mark byte, size int) {
	line = strings.TrimRight(line, "\r\n")
	if line == "" || !strings.ContainsRune("<|=>", rune(line[0])) {
		return 0, 0
	}
	label := strings.TrimLeft(line, line[:1])
	mark, size = line[0], len(line)-len(label)
	named, bare := mark != markSplit && strings.HasPrefix(label, " "), label == "" && (mark == markSplit || mark == markBase)
	if size < markSize || !named && !bare {
		return 0, 0
	}
	return mark, size
}

// Marked reports whether a text holds a conflict that git marked: the three
// markers, in their order, each on a line of its own.
func Marked(text []byte) bool {
	_, _, ok := Sides(text)
	return ok
}

// Sides returns the two sides of a text with conflicts that git marked. It
// reports false if there are none.
func Sides(text []byte) (ours, theirs []byte, ok bool) {
	if !bytes.Contains(text, []byte("<<<<<<< ")) {
		return nil, nil, false
	}
	in, size := byte(0), 0 // the marker that the line is below
	for line := range strings.Lines(string(text)) {
		mark, n := marker(line)
		if in != 0 && n != size {
			mark = 0 // it belongs to another conflict
		}
		switch {
		case mark == markOurs && in == 0:
			in, size = markOurs, n
		case mark == markBase && in == markOurs:
			in = markBase
		case mark == markSplit && (in == markOurs || in == markBase):
			in = markSplit
		case mark == markTheirs && in == markSplit:
			in, ok = 0, true
		default:
			if in == 0 || in == markOurs {
				ours = append(ours, line...)
			}
			if in == 0 || in == markSplit {
				theirs = append(theirs, line...)
			}
		}
	}
	return ours, theirs, ok && in == 0
}

// HasMarker reports whether any line of a text is a marker of git, also if somebody
// has removed the others.
func HasMarker(text []byte) bool {
	for line := range strings.Lines(string(text)) {
		if mark, _ := marker(line); mark != 0 {
			return true
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
