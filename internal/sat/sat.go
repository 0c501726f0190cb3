// Package sat decides whether a formula of propositional logic can be
// satisfied, and finds the solution that is preferred. It is exact. Formulas
// have some hundreds of variables here, so it is small rather than fast: unit
// propagation, branching, and a clause learned from each conflict, without
// which choices that have nothing to do with a conflict would multiply the work.
package sat

import "slices"

// Literal is a variable or, if it is negative, the negation of one. The zero
// Literal is none.
type Literal int

// Formula is a conjunction of clauses. The zero Formula is empty, hence true.
// Once it is complete it can be used concurrently.
type Formula struct {
	variables int
	clauses   [][]Literal
	having    [][][]Literal // by place of a literal: the clauses that have it
}

// New returns a formula without clauses that has so many variables, from 1 up.
func New(variables int) *Formula {
	return &Formula{variables: variables, having: make([][][]Literal, 2*variables)}
}

// Variables returns how many variables there are.
func (f *Formula) Variables() int { return f.variables }

// Variable adds a variable.
func (f *Formula) Variable() Literal {
	f.variables++
	f.having = append(f.having, nil, nil)
	return Literal(f.variables)
}

// Add adds a clause: at least one of these literals is true.
func (f *Formula) Add(clause ...Literal) {
	f.clauses = append(f.clauses, clause)
	for _, l := range clause {
		f.having[place(l)] = append(f.having[place(l)], clause)
	}
}

// place numbers literals from 0.
func place(l Literal) int {
	if l < 0 {
		return int(-2*l) - 1
	}
	return int(2*l) - 2
}

// Solution says of each variable whether it is true.
type Solution []bool

// True reports whether a literal is true.
func (s Solution) True(l Literal) bool {
	if l < 0 {
		return !s[-l-1]
	}
	return s[l-1]
}

// Solve returns the solution in which all assumptions are true, and false if
// there is none. If there are several it is the one that order prefers: its
// first literal is true if it is true in any of them, then its second, and so on. Variables that
// order does not mention are false where they can be.
func (f *Formula) Solve(order []Literal, assumptions ...Literal) (Solution, bool) {
	s := newSearch(f)
	if !s.begin(assumptions) {
		return nil, false
	}
	for {
		if conflict := s.propagate(); conflict != nil {
			if !s.learn(conflict) {
				return nil, false
			}
			continue
		}
		next := s.undecided(order)
		if next == 0 {
			break
		}
		s.decisions = append(s.decisions, len(s.trail))
		s.assign(next, nil)
	}
	solution := make(Solution, f.variables)
	for _, l := range s.trail {
		if l > 0 {
			solution[l-1] = true
		}
	}
	return solution, true
}

// search is the state of Solve.
type search struct {
	*Formula
	truth     []int8                  // by variable: 1 true, -1 false, 0 not known yet
	reason    [][]Literal             // by variable: the clause that it follows from; nil for a decision
	trail     []Literal               // what is true, in the order in which that became known
	decisions []int                   // where in trail
	head      int                     // trail is propagated up to here
	learned   map[Literal][][]Literal // by literal: the clauses that have it
}

func newSearch(f *Formula) *search {
	return &search{
		Formula: f, truth: make([]int8, f.variables+1), reason: make([][]Literal, f.variables+1),
		trail: make([]Literal, 0, f.variables), learned: map[Literal][][]Literal{},
	}
}

func variable(l Literal) Literal { return max(l, -l) }

func (s *search) value(l Literal) int8 {
	if l < 0 {
		return -s.truth[-l]
	}
	return s.truth[l]
}

func (s *search) assign(l Literal, reason []Literal) {
	v := variable(l)
	s.truth[v], s.reason[v] = 1, reason
	if l < 0 {
		s.truth[v] = -1
	}
	s.trail = append(s.trail, l)
}

// given is the reason of what is true whatever is decided.
var given = []Literal{}

// begin assigns what is true from the start, and reports whether that is
// possible.
func (s *search) begin(assumptions []Literal) bool {
	for _, clause := range s.clauses {
		switch {
		case len(clause) == 0:
			return false
		case len(clause) == 1:
			assumptions = append(slices.Clip(assumptions), clause[0])
		}
	}
	for _, l := range assumptions {
		switch s.value(l) {
		case -1:
			return false
		case 0:
			s.assign(l, given)
		}
	}
	return true
}

// propagate assigns what follows, and returns a clause that cannot be true any
// more, or nil.
func (s *search) propagate() (conflict []Literal) {
	for ; s.head < len(s.trail); s.head++ {
		untrue := -s.trail[s.head]
		for _, clauses := range [...][][]Literal{s.having[place(untrue)], s.learned[untrue]} {
			for _, clause := range clauses {
				last, open := s.open(clause)
				switch open {
				case 0:
					return clause
				case 1:
					s.assign(last, clause)
				}
			}
		}
	}
	return nil
}

// open counts the literals that can still make a clause true, up to two, and
// returns the last. A clause that is true already counts as two, because nothing follows from
// it.
func (s *search) open(clause []Literal) (last Literal, open int) {
	for _, l := range clause {
		switch s.value(l) {
		case 1:
			return l, 2
		case 0:
			if open++; open == 2 {
				return l, 2
			}
			last = l
		}
	}
	return last, open
}

// learn finds the decisions that a conflict follows from. They are never made
// together again, and what they were made after is undone. It reports false if
// there are none: then there is no solution.
func (s *search) learn(conflict []Literal) bool {
	seen := make([]bool, s.variables+1)
	see := func(clause []Literal) {
		for _, l := range clause {
			seen[variable(l)] = true
		}
	}
	see(conflict)
	var lesson []Literal // the latest decision first
	keep := 0            // the trail up to the decision after the second latest
	for i, d := len(s.trail)-1, len(s.decisions)-1; i >= 0; i-- {
		l := s.trail[i]
		decision := d >= 0 && s.decisions[d] == i
		if seen[variable(l)] {
			see(s.reason[variable(l)])
			if decision {
				lesson = append(lesson, -l)
				if len(lesson) == 2 {
					keep = d + 1
				}
			}
		}
		if decision {
			d--
		}
	}
	if len(lesson) == 0 {
		return false
	}
	for _, l := range lesson {
		s.learned[l] = append(s.learned[l], lesson)
	}
	s.undo(keep)
	s.assign(lesson[0], lesson)
	return true
}

// undo takes back all decisions but the first so many, and what follows from
// them.
func (s *search) undo(keep int) {
	from := s.decisions[keep]
	for _, l := range s.trail[from:] {
		s.truth[variable(l)] = 0
	}
	s.trail, s.decisions, s.head = s.trail[:from], s.decisions[:keep], from
}

// undecided returns the literal to make true next, or 0.
func (s *search) undecided(order []Literal) Literal {
	for _, l := range order {
		if s.value(l) == 0 {
			return l
		}
	}
	for v := 1; v <= s.variables; v++ {
		if s.truth[v] == 0 {
			return Literal(-v)
		}
	}
	return 0
}
