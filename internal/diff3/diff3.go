// Package diff3 merges two texts that descend from a third, line by line, as
// git does with merge.conflictStyle=diff3.
//
// Where only one side changed, its change is taken; where both made the same
// change, it is taken once. Changes of neighbouring lines are a conflict, as in
// git, because they may well be changes of the same statement. A conflict shows
// what all three have:
//
//	<<<<<<< yours
//	||||||| base
//	=======
//	>>>>>>> otelgen
package diff3

import (
	"bytes"
	"math"
	"slices"
)

// The lines around the parts of a conflict. The labels tell our markers from
// git's and from text that merely looks like a marker: a line of equals signs
// is a heading in Markdown.
const (
	markYours = "<<<<<<< yours"
	markBase  = "||||||| base"
	markSplit = "======="
	markNext  = ">>>>>>> otelgen"
)

// Merge returns yours with the changes from base to next. If it is not clean,
// it holds marked conflicts.
func Merge(base, yours, next []byte) (merged []byte, clean bool) {
	t := newTexts(base, yours, next)
	var out bytes.Buffer
	clean = true
	at := 0 // how far base has been dealt with
	for _, c := range clusters(diff(t.symbols[0], t.symbols[1]), diff(t.symbols[0], t.symbols[2])) {
		b, y, n := t.lines[0][c.lo:c.hi], t.lines[1][c.yoursLo:c.yoursHi], t.lines[2][c.nextLo:c.nextHi]
		write(&out, t.lines[0][at:c.lo])
		switch {
		case !c.changedNext || slices.EqualFunc(y, n, bytes.Equal):
			write(&out, y)
		case !c.changedYours:
			write(&out, n)
		default:
			clean = false
			t.conflict(&out, b, y, n)
		}
		at = c.hi
	}
	write(&out, t.lines[0][at:])
	return out.Bytes(), clean
}

// Marked reports whether a text holds a conflict that Merge marked, or a part
// of one.
func Marked(text []byte) bool {
	has := func(mark string) bool { return bytes.Contains(text, []byte(mark)) }
	if !has(markYours) && !has(markBase) && !has(markNext) {
		return false // as nearly always
	}
	for line := range bytes.Lines(text) {
		switch string(bytes.TrimRight(line, "\r\n")) {
		case markYours, markBase, markNext:
			return true
		}
	}
	return false
}

// texts holds base, yours and next as lines, which keep their line endings, and
// as symbols: equal lines have equal numbers.
type texts struct {
	lines   [3][][]byte
	symbols [3][]int
}

func newTexts(all ...[]byte) *texts {
	t, known := new(texts), map[string]int{}
	for i, text := range all {
		for line := range bytes.Lines(text) {
			symbol, ok := known[string(line)]
			if !ok {
				symbol = len(known)
				known[string(line)] = symbol
			}
			t.lines[i] = append(t.lines[i], line)
			t.symbols[i] = append(t.symbols[i], symbol)
		}
	}
	return t
}

// conflict writes what all three sides have, marked. A marker stands on a line
// of its own even after a text without a final newline, and ends its line as
// yours does.
func (t *texts) conflict(out *bytes.Buffer, base, yours, next [][]byte) {
	eol := "\n"
	if first := slices.Concat(t.lines[1], t.lines[2], t.lines[0])[0]; bytes.HasSuffix(first, []byte("\r\n")) {
		eol = "\r\n"
	}
	part := func(mark string, lines [][]byte) {
		out.WriteString(mark + eol)
		write(out, lines)
		if n := len(lines); n > 0 && !bytes.HasSuffix(lines[n-1], []byte("\n")) {
			out.WriteString(eol)
		}
	}
	part(markYours, yours)
	part(markBase, base)
	part(markSplit, next)
	part(markNext, nil)
}

func write(out *bytes.Buffer, lines [][]byte) {
	for _, line := range lines {
		out.Write(line)
	}
}

// A cluster is a stretch of base, [lo, hi), with what became of it on both
// sides.
type cluster struct {
	lo, hi                    int
	yoursLo, yoursHi          int
	nextLo, nextHi            int
	changedYours, changedNext bool
}

// clusters joins the changes of both sides where they touch. It returns the
// stretches in order.
func clusters(yours, next []hunk) []cluster {
	var all []cluster
	var yoursMore, nextMore int // lines that each side has more than base, so far
	for len(yours) > 0 || len(next) > 0 {
		lo := math.MaxInt
		for _, side := range [][]hunk{yours, next} {
			if len(side) > 0 {
				lo = min(lo, side[0].aLo)
			}
		}
		c := cluster{lo: lo, hi: lo, yoursLo: lo + yoursMore, nextLo: lo + nextMore}
		for more := true; more; {
			y, n := c.take(&yours, &yoursMore), c.take(&next, &nextMore)
			c.changedYours, c.changedNext = c.changedYours || y, c.changedNext || n
			more = y || n
		}
		c.yoursHi, c.nextHi = c.hi+yoursMore, c.hi+nextMore
		all = append(all, c)
	}
	return all
}

// take adds the first hunk of a side to the cluster if it touches it.
func (c *cluster) take(side *[]hunk, more *int) bool {
	if len(*side) == 0 || (*side)[0].aLo > c.hi {
		return false
	}
	h := (*side)[0]
	c.hi, *more, *side = max(c.hi, h.aHi), h.bHi-h.aHi, (*side)[1:]
	return true
}
