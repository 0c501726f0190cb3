package generator

import (
	"fmt"
	"maps"
	"slices"

	"github.com/otelgen/otelgen/internal/problem"
	"github.com/otelgen/otelgen/internal/sat"
)

// space is the selections that a catalog has, as a formula of which each is a
// solution. All questions about what can be selected together are asked here.
type space struct {
	*Catalog
	formula  sat.Formula
	always   sat.Literal              // true
	selected map[*Feature]sat.Literal // a feature is selected
	empty    map[string]sat.Literal   // a slot is None
	order    []sat.Literal            // what is preferred: defaults first, and no optional features
	rules    []rule                   // the clauses of the formula
}

// rule is a clause, with the sentence that tells people about it. Clauses that
// follow from what a slot or a joint is have none.
type rule struct {
	why    string
	clause []sat.Literal
}

// newSpace describes a catalog in which every name that is mentioned is known.
func newSpace(c *Catalog) *space {
	s := &space{Catalog: c, selected: map[*Feature]sat.Literal{}, empty: map[string]sat.Literal{}}
	s.always = s.formula.Variable()
	s.rule("", s.always)
	for _, slot := range c.Slots {
		s.empty[slot.Name] = s.formula.Variable()
	}
	for _, f := range c.Features {
		switch {
		case f.Always:
			s.selected[f] = s.always
		case !f.Joint():
			s.selected[f] = s.formula.Variable()
		}
	}
	for _, f := range c.Features {
		if f.Joint() {
			s.selected[f] = s.holds(f.When)
		}
	}
	for _, slot := range c.Slots {
		s.addSlot(slot)
	}
	for _, f := range c.Features {
		s.addFeature(f)
	}
	return s
}

func (s *space) rule(why string, clause ...sat.Literal) {
	s.rules = append(s.rules, rule{why, clause})
	s.formula.Add(clause...)
}

// literal returns the literal that is true if and only if a choice has a value.
func (s *space) literal(name, value string) sat.Literal {
	switch empty, isSlot := s.empty[name]; {
	case isSlot && value == None:
		return empty
	case isSlot && value == Any:
		return -empty
	case isSlot:
		return s.selected[s.byName[value]]
	case value == Off:
		return -s.selected[s.byName[name]]
	default:
		return s.selected[s.byName[name]]
	}
}

// holds returns the literal that is true if and only if a condition holds.
func (s *space) holds(c Condition) sat.Literal {
	var parts []sat.Literal
	for _, name := range slices.Sorted(maps.Keys(c)) {
		var others []sat.Literal
		for _, value := range c[name] {
			others = append(others, -s.literal(name, value))
		}
		parts = append(parts, -s.all(others)) // not none of the values
	}
	return s.all(parts)
}

// all returns the literal that is true if and only if all of the given ones are.
func (s *space) all(literals []sat.Literal) sat.Literal {
	switch len(literals) {
	case 0:
		return s.always
	case 1:
		return literals[0]
	}
	whole := s.formula.Variable()
	converse := []sat.Literal{whole}
	for _, l := range literals {
		s.rule("", -whole, l)
		converse = append(converse, -l)
	}
	s.rule("", converse...)
	return whole
}

// addSlot says that a slot has one value, and that it is None if it does not
// exist.
func (s *space) addSlot(slot Slot) {
	s.prefer(slot.Name, slot.Default)
	var values []sat.Literal
	for _, value := range s.choices[slot.Name] {
		s.prefer(slot.Name, value)
		for _, other := range values {
			s.rule("", -s.literal(slot.Name, value), -other)
		}
		values = append(values, s.literal(slot.Name, value))
	}
	s.rule("", values...)
	exists := s.holds(slot.When)
	if slot.When != nil {
		s.rule(fmt.Sprintf("%s exists only with %s", slot.Name, slot.When), exists, s.empty[slot.Name])
	}
	if !slot.Optional {
		why := fmt.Sprintf("%s needs a value", slot.Name)
		if slot.When != nil {
			why = fmt.Sprintf("with %s, %s needs a value", slot.When, slot.Name)
		}
		s.rule(why, -exists, -s.empty[slot.Name])
	}
}

func (s *space) prefer(name, value string) { s.order = append(s.order, s.literal(name, value)) }

// addFeature says with what a feature is selected, and without what.
func (s *space) addFeature(f *Feature) {
	itself := s.selected[f]
	for _, name := range f.Requires {
		s.rule(fmt.Sprintf("%s requires %s", f.Name, name), -itself, s.selected[s.byName[name]])
	}
	for _, name := range f.Conflicts {
		s.rule(fmt.Sprintf("%s conflicts with %s", f.Name, name), -itself, -s.selected[s.byName[name]])
	}
	switch {
	case f.onOrOff():
		s.prefer(f.Name, Off)
		if f.When != nil {
			s.rule(fmt.Sprintf("%s exists only with %s", f.Name, f.When), -itself, s.holds(f.When))
		}
	case f.hidden && !f.Always:
		because := []sat.Literal{-itself}
		for _, other := range s.Features {
			if slices.Contains(other.Requires, f.Name) {
				because = append(because, s.selected[other])
			}
		}
		s.rule("", because...)
	}
}

// literals returns choices in reading order, as what is assumed.
func (s *space) literals(choices Choices) []sat.Literal {
	var all []sat.Literal
	for _, name := range s.names() {
		if value, ok := choices[name]; ok {
			all = append(all, s.literal(name, value))
		}
	}
	return all
}

// solve returns the preferred selection that has these choices.
func (s *space) solve(choices Choices) (sat.Solution, bool) {
	return s.formula.Solve(s.order, s.literals(choices)...)
}

// reasons returns why choices exclude each other, in as few words as will do.
func (s *space) reasons(choices Choices) string {
	assumptions := s.literals(choices)
	needed := minimal(s.rules, func(rules []rule) bool {
		formula := sat.New(s.formula.Variables())
		for _, r := range rules {
			formula.Add(r.clause...)
		}
		_, possible := formula.Solve(nil, assumptions...)
		return !possible
	})
	var why []string
	for _, r := range needed {
		if r.why != "" {
			why = append(why, r.why)
		}
	}
	return problem.Listed(why, "and")
}

// minimal returns some of all, without any of which they no longer have a
// property that all together have.
func minimal[T any](all []T, property func([]T) bool) []T {
	for i := range slices.Backward(all) {
		if fewer := slices.Delete(slices.Clone(all), i, i+1); property(fewer) {
			all = fewer
		}
	}
	return all
}
