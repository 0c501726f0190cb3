package sat_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/otelgen/otelgen/internal/sat"
)

// The solution is the one that trying all assignments in the order of
// preference finds first.
func TestSolve(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	solved := 0
	for range 3000 {
		var f sat.Formula
		variables := 1 + random.IntN(9)
		var order []sat.Literal
		for range variables {
			v := f.Variable()
			order = append(order, []sat.Literal{v, -v}[random.IntN(2)])
		}
		random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		literal := func() sat.Literal { return order[random.IntN(variables)] * []sat.Literal{1, -1}[random.IntN(2)] }
		var clauses [][]sat.Literal
		for range random.IntN(5 * variables) {
			var clause []sat.Literal
			for range 1 + random.IntN(3) {
				clause = append(clause, literal())
			}
			clauses = append(clauses, clause)
			f.Add(clause...)
		}
		var assumptions []sat.Literal
		for range random.IntN(3) {
			assumptions = append(assumptions, literal())
		}
		got, ok := f.Solve(order, assumptions...)
		want, exists := first(order, clauses, assumptions)
		if ok != exists || !slices.Equal(got, want) {
			t.Fatalf("%v with %v preferring %v: got %v %t, want %v %t", clauses, assumptions, order, got, ok, want, exists)
		}
		if ok {
			solved++
		}
	}
	if solved < 500 || solved > 2500 {
		t.Errorf("%d of 3000 formulas have a solution: the test tries too few of one kind", solved)
	}
}

func first(order []sat.Literal, clauses [][]sat.Literal, assumptions []sat.Literal) (sat.Solution, bool) {
	for n := range 1 << len(order) {
		s := make(sat.Solution, len(order))
		for i, l := range order {
			against := n>>(len(order)-1-i)&1 == 1
			s[max(l, -l)-1] = (l > 0) != against
		}
		untrue := func(l sat.Literal) bool { return !s.True(l) }
		if !slices.ContainsFunc(assumptions, untrue) && !slices.ContainsFunc(clauses, func(clause []sat.Literal) bool {
			return !slices.ContainsFunc(clause, s.True)
		}) {
			return s, true
		}
	}
	return nil, false
}

func TestSolve_NothingToSatisfy(t *testing.T) {
	var f sat.Formula
	if _, ok := f.Solve(nil); !ok {
		t.Error("the empty formula has no solution")
	}
	v := f.Variable()
	if s, ok := f.Solve(nil); !ok || s.True(v) || !s.True(-v) {
		t.Error("a variable that nothing is said about is not false")
	}
	f.Add()
	if _, ok := f.Solve(nil); ok {
		t.Error("an empty clause is true")
	}
}

// What has nothing to do with a conflict does not multiply the work: without
// learning this would take 2^60 steps.
func TestSolve_IrrelevantDecisions(t *testing.T) {
	var f sat.Formula
	var order []sat.Literal
	for range 60 {
		order = append(order, f.Variable())
	}
	a, b, c := f.Variable(), f.Variable(), f.Variable()
	order = append(order, a, b, c)
	for n := range 8 { // all that a, b and c can be
		sign := func(bit int) sat.Literal { return sat.Literal(1 - 2*(n>>bit&1)) }
		f.Add(sign(0)*a, sign(1)*b, sign(2)*c)
	}
	if _, ok := f.Solve(order); ok {
		t.Error("solved")
	}
}
