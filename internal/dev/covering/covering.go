// Package covering chooses among combinations of which there are too many to
// try them all. All it knows of one is a row of numbers: the values of factors.
package covering

import (
	"iter"
	"math"
	"math/rand/v2"
	"slices"
)

// Open stands for a value that is still to be chosen.
const Open = -1

// A Space is the rows that there are.
type Space struct {
	// Values says how many values each factor has, from 0 up. The lower a value,
	// the more it is preferred.
	Values []int

	// Complete returns a row that has the values of this one and none open, the
	// preferred one if there are several, and nil if there is none. It has to be
	// right about that: what exists and is not found is not covered.
	Complete func(row []int) []int
}

func (s Space) open() []int { return slices.Repeat([]int{Open}, len(s.Values)) }

// All returns every row, or false if there are more than most.
func (s Space) All(most int) (rows [][]int, all bool) {
	var walk func(row []int, i int) bool
	walk = func(row []int, i int) bool {
		if i == len(row) {
			rows = append(rows, slices.Clone(row))
			return len(rows) <= most
		}
		for row[i] = range s.Values[i] {
			if s.Complete(row) != nil && !walk(row, i+1) {
				return false
			}
		}
		row[i] = Open
		return true
	}
	if !walk(s.open(), 0) {
		return nil, false
	}
	return rows, true
}

// Random returns n rows, the same ones each time; one may be among them twice.
// A factor has the choice of what those before it leave to it.
func (s Space) Random(n int) [][]int {
	random := rand.New(rand.NewPCG(1, 1)) //nolint:gosec // nothing here is secret
	rows := make([][]int, n)
	for r := range rows {
		row := s.open()
		for i := range row {
			for _, row[i] = range random.Perm(s.Values[i]) {
				if s.Complete(row) != nil {
					break
				}
			}
		}
		rows[r] = row
	}
	return rows
}

// Alone returns, for each value, the row with it in which all else is as it is
// preferred: what a value lacks shows where no other makes up for it.
func (s Space) Alone() [][]int {
	var rows [][]int
	for i, values := range s.Values {
		row := s.open()
		for row[i] = range values {
			if whole := s.Complete(row); whole != nil {
				rows = append(rows, whole)
			}
		}
	}
	return rows
}

// Cover returns rows among which is every combination of so many values that
// any row has: those that are given, and what else it takes. It is greedy: there
// are smaller sets, but to find them takes long. The strength is at most 4.
func (s Space) Cover(strength int, given ...[]int) [][]int {
	c := cover{Space: s, strength: strength, exists: map[combination]bool{}}
	number := 1
	for _, values := range s.Values {
		c.first = append(c.first, number)
		number += values
	}
	for _, row := range given {
		c.add(row)
	}
	for c.size = 1; c.size <= strength; c.size++ {
		c.walk(s.open(), 0, c.size)
	}
	return c.rows
}

// A cover is in the making.
type cover struct {
	Space
	strength int
	size     int // of the combinations whose turn it is
	rows     [][]int
	exists   map[combination]bool // once that is known; if so, one of rows has it
	first    []int                // by factor: the number of its first value, from 1
}

// A combination is some values of different factors, by their numbers, of 16 bits
// each. The highest is in the lowest bits, so that there is one way to write it.
type combination uint64

// with returns the combination that has one more value.
func (c combination) with(number int) combination {
	lower := 0
	for int(c>>lower&0xffff) > number {
		lower += 16
	}
	return c>>lower<<(lower+16) | combination(number)<<lower | c&(1<<lower-1) //nolint:gosec // numbers are positive
}

// walk covers the combinations that add so many values to a row, from factor i on.
func (c *cover) walk(row []int, i, more int) {
	if more == 0 {
		c.cover(row)
		return
	}
	for ; i < len(row); i++ {
		for row[i] = range c.Values[i] {
			c.walk(row, i+1, more-1)
		}
		row[i] = Open
	}
}

// cover adds a row that has what row has, which is one combination, if none has
// it yet and there can be one.
func (c *cover) cover(row []int) {
	for whole := range c.parts(row, c.size) {
		if _, known := c.exists[whole]; known {
			return
		}
		c.exists[whole] = false
	}
	for part := range c.parts(row, c.size-1) {
		if exists, known := c.exists[part]; known && !exists {
			return // and it takes no search, which is long where there is nothing
		}
	}
	if c.Complete(row) != nil {
		c.add(c.grow(slices.Clone(row)))
	}
}

// add adds a row, which covers all combinations that it has.
func (c *cover) add(row []int) {
	c.rows = append(c.rows, row)
	for size := range c.strength {
		for part := range c.parts(row, size+1) {
			c.exists[part] = true
		}
	}
}

// grow gives each open factor of a row, in turn, the value that adds most
// combinations with those before it, and of several the one that fewest rows
// have: with the lowest each time there would be twice as many rows.
func (c *cover) grow(row []int) []int {
	for i := range row {
		if row[i] != Open {
			continue
		}
		best, most := Open, math.MinInt
		for value := range c.Values[i] {
			worth := 0
			for part := range c.parts(row, c.strength-1) {
				if !c.exists[part.with(c.first[i]+value)] {
					worth += len(c.rows) + 1 // more than all rows that have it
				}
			}
			for _, other := range c.rows {
				if other[i] == value {
					worth--
				}
			}
			row[i] = value
			if worth > most && c.Complete(row) != nil {
				best, most = value, worth
			}
			row[i] = Open
		}
		row[i] = best
	}
	return row
}

// parts yields the combinations of so many values that a row has.
func (c *cover) parts(row []int, size int) iter.Seq[combination] {
	return func(yield func(combination) bool) {
		var choose func(part combination, i, more int) bool
		choose = func(part combination, i, more int) bool {
			if more == 0 {
				return yield(part)
			}
			for ; i < len(row); i++ {
				if row[i] != Open && !choose(part.with(c.first[i]+row[i]), i+1, more-1) {
					return false
				}
			}
			return true
		}
		choose(0, 0, size)
	}
}
