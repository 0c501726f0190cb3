// Package covering chooses among combinations of which there are too many to
// try them all. All it knows of one is a row of numbers: the values of factors.
package covering

import (
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
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
// any row has. It is greedy: there are smaller sets, but to find them takes long.
func (s Space) Cover(strength int) [][]int {
	c := cover{Space: s, strength: strength, exists: map[string]bool{}}
	for c.size = 1; c.size <= strength; c.size++ {
		c.walk(s.open(), 0, c.size)
	}
	return c.rows
}

// A cover is in the making. A combination is a row of which most is open.
type cover struct {
	Space
	strength int
	size     int // of the combinations whose turn it is
	rows     [][]int
	exists   map[string]bool // by combination, once that is known; if so, one of rows has it
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

func (c *cover) cover(combination []int) {
	name := key(combination)
	if _, known := c.exists[name]; known {
		return
	}
	c.exists[name] = false
	for part := range parts(combination, c.size-1) {
		if exists, known := c.exists[key(part)]; known && !exists {
			return // and it takes no search, which is long where there is nothing
		}
	}
	if c.Complete(combination) == nil {
		return
	}
	row := c.grow(slices.Clone(combination))
	c.rows = append(c.rows, row)
	for size := range c.strength {
		for part := range parts(row, size+1) {
			c.exists[key(part)] = true
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
			for part := range parts(row, c.strength-1) {
				part[i] = value
				if !c.exists[key(part)] {
					worth += len(c.rows) + 1 // more than all rows that have it
				}
				part[i] = Open
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
func parts(row []int, size int) iter.Seq[[]int] {
	return func(yield func([]int) bool) {
		part := slices.Repeat([]int{Open}, len(row))
		var choose func(i, more int) bool
		choose = func(i, more int) bool {
			if more == 0 {
				return yield(part)
			}
			for ; i < len(row); i++ {
				part[i] = row[i]
				if row[i] != Open && !choose(i+1, more-1) {
					return false
				}
				part[i] = Open
			}
			return true
		}
		choose(0, size)
	}
}

// key returns a row as a key of maps.
func key(row []int) string {
	key := make([]byte, 0, 3*len(row))
	for _, value := range row {
		key = append(strconv.AppendInt(key, int64(value), 10), ' ')
	}
	return string(key)
}
