package diff3

import "math"

// A hunk says that lines [aLo, aHi) of one text became lines [bLo, bHi) of the
// other. Between hunks the two are equal, line by line.
type hunk struct{ aLo, aHi, bLo, bHi int }

// diff returns the hunks of a shortest edit that turns a into b, in order; no
// two of them touch. Lines are symbols: equal numbers are equal lines.
func diff(a, b []int) []hunk {
	d := differ{deleted: make([]bool, len(a)), inserted: make([]bool, len(b))}
	// A line that the other text does not have can only be deleted or inserted.
	// Leaving such lines out makes two texts that have little in common cheap to
	// compare, which is the expensive case of the search below.
	d.a, d.aAt = common(a, b, d.deleted)
	d.b, d.bAt = common(b, a, d.inserted)
	size, zero := len(d.a)+len(d.b)+3, len(d.b)+1
	d.fwd = front{x: make([]int, size), zero: zero}
	d.back = front{x: make([]int, size), zero: zero}
	d.compare(0, len(d.a), 0, len(d.b))
	return slide(a, b, d.hunks())
}

// common returns the lines of a that b has too and where they are in a; it
// marks the others.
func common(a, b []int, only []bool) (lines, at []int) {
	has := make(map[int]bool, len(b))
	for _, s := range b {
		has[s] = true
	}
	for i, s := range a {
		if only[i] = !has[s]; has[s] {
			lines, at = append(lines, s), append(at, i)
		}
	}
	return lines, at
}

// A differ holds one comparison by the linear-space method of Myers, "An O(ND)
// Difference Algorithm and Its Variations" (1986): find where a shortest edit
// crosses its own middle, then treat both halves alike. In Myers' picture a
// point (x, y) is "x lines of a and y lines of b are dealt with", and diagonal
// k holds the points x-y = k.
type differ struct {
	a, b              []int
	aAt, bAt          []int // where those lines are in the whole texts
	deleted, inserted []bool
	fwd, back         front
}

// A front holds, for every second diagonal from lo to hi, how far paths of one
// cost get.
type front struct {
	x      []int // by diagonal, at k+zero
	zero   int
	lo, hi int
}

func (f *front) start(k, x int) {
	f.lo, f.hi = k, k
	f.x[k+f.zero] = x
}

// widen makes room for paths that cost one more. Diagonals beyond least and
// most leave the picture; a neighbour that was never reached is nowhere.
func (f *front) widen(least, most, nowhere int) {
	if f.lo > least {
		f.lo--
		f.x[f.lo-1+f.zero] = nowhere
	} else {
		f.lo++
	}
	if f.hi < most {
		f.hi++
		f.x[f.hi+1+f.zero] = nowhere
	} else {
		f.hi--
	}
}

func (f *front) has(k int) bool { return f.lo <= k && k <= f.hi }

// compare marks what differs between a[aLo:aHi] and b[bLo:bHi].
func (d *differ) compare(aLo, aHi, bLo, bHi int) {
	for aLo < aHi && bLo < bHi && d.a[aLo] == d.b[bLo] {
		aLo, bLo = aLo+1, bLo+1
	}
	for aLo < aHi && bLo < bHi && d.a[aHi-1] == d.b[bHi-1] {
		aHi, bHi = aHi-1, bHi-1
	}
	if aLo == aHi || bLo == bHi {
		for _, i := range d.aAt[aLo:aHi] {
			d.deleted[i] = true
		}
		for _, j := range d.bAt[bLo:bHi] {
			d.inserted[j] = true
		}
		return
	}
	x, y := d.middle(aLo, aHi, bLo, bHi)
	d.compare(aLo, x, bLo, y)
	d.compare(x, aHi, y, bHi)
}

// middle returns a point that a shortest edit of the two ranges passes through,
// neither their start nor their end. The ranges are not empty and neither begin nor end
// with the same line.
func (d *differ) middle(aLo, aHi, bLo, bHi int) (x, y int) {
	f, b := &d.fwd, &d.back
	least, most := aLo-bHi, aHi-bLo
	f.start(aLo-bLo, aLo)
	b.start(aHi-bHi, aHi)
	odd := (f.lo-b.lo)%2 != 0
	for {
		f.widen(least, most, -1)
		for k := f.hi; k >= f.lo; k -= 2 {
			at := k + f.zero
			x := max(f.x[at-1]+1, f.x[at+1])
			for x < aHi && x-k < bHi && d.a[x] == d.b[x-k] {
				x++
			}
			if f.x[at] = x; odd && b.has(k) && b.x[at] <= x {
				return x, x - k
			}
		}
		b.widen(least, most, math.MaxInt)
		for k := b.hi; k >= b.lo; k -= 2 {
			at := k + b.zero
			x := min(b.x[at-1], b.x[at+1]-1)
			for x > aLo && x-k > bLo && d.a[x-1] == d.b[x-k-1] {
				x--
			}
			if b.x[at] = x; !odd && f.has(k) && x <= f.x[at] {
				return x, x - k
			}
		}
	}
}

// hunks lists the marked stretches.
func (d *differ) hunks() []hunk {
	var hunks []hunk
	for i, j := 0, 0; i < len(d.deleted) || j < len(d.inserted); {
		h := hunk{aLo: i, bLo: j}
		for i < len(d.deleted) && d.deleted[i] {
			i++
		}
		for j < len(d.inserted) && d.inserted[j] {
			j++
		}
		h.aHi, h.bHi = i, j
		if h.aHi > h.aLo || h.bHi > h.bLo {
			hunks = append(hunks, h)
		} else {
			i, j = i+1, j+1
		}
	}
	return hunks
}

// slide moves every pure insertion and deletion as far down as it goes. Of two
// equal lines in a row either may be the new one; if both sides choose the same,
// they do not conflict. A hunk that comes to touch the next one becomes part of
// it.
func slide(a, b []int, hunks []hunk) []hunk {
	out := hunks[:0]
	for n := range hunks {
		h, aEnd, bEnd := hunks[n], len(a), len(b)
		if n+1 < len(hunks) {
			aEnd, bEnd = hunks[n+1].aLo, hunks[n+1].bLo
		}
		pure := func(text []int, lo, hi, end int) bool { return lo < hi && hi < end && text[lo] == text[hi] }
		for h.aLo == h.aHi && pure(b, h.bLo, h.bHi, bEnd) || h.bLo == h.bHi && pure(a, h.aLo, h.aHi, aEnd) {
			h = hunk{h.aLo + 1, h.aHi + 1, h.bLo + 1, h.bHi + 1}
		}
		if n+1 < len(hunks) && h.aHi == aEnd && h.bHi == bEnd {
			hunks[n+1].aLo, hunks[n+1].bLo = h.aLo, h.bLo
			continue
		}
		out = append(out, h)
	}
	return out
}
