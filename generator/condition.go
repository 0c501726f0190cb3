package generator

import (
	"maps"
	"slices"
)

// Condition says what has been chosen: for each name, the values of which one
// must hold. A name is a slot, whose values are features, "none", or "any" for
// all but none; or it is an optional feature, which is "on" or "off".
type Condition map[string][]string

const (
	nothing  = "none" // the value of a slot that nothing fills, or that does not exist
	anything = "any"
	on       = "on"
	off      = "off"
)

// Holds tells whether the condition is met by choices: the values of slots, and
// "on" for optional features. A slot that is missing is "none".
func (c Condition) Holds(choices map[string]string) bool {
	for name, values := range c {
		value, chosen := choices[name]
		switch {
		case slices.Contains(values, value):
		case chosen && value != nothing && slices.Contains(values, anything):
		case !chosen && (slices.Contains(values, nothing) || slices.Contains(values, off)):
		default:
			return false
		}
	}
	return true
}

// condition returns when a feature is selected. A hidden one has none: it is
// always there, or selected by those that require it.
func (f *Feature) condition() Condition {
	switch {
	case f.hidden:
		return nil
	case f.Slot != "":
		return Condition{f.Slot: {f.Name}}
	case f.Joint():
		return f.When
	default:
		return Condition{f.Name: {on}}
	}
}

// possible is the values that each choice can still have. Narrowing them step
// by step tells what a selection cannot contain.
type possible map[string][]string

// together tells whether some selection may contain all of these features. It
// draws the conclusions that a reader would: from slots, conditions,
// requirements and conflicts. Where these are so entangled that only trying all
// selections would tell, it says yes, so that nothing slips through.
func (c *Catalog) together(features ...*Feature) bool {
	p := maps.Clone(c.choices)
	for _, f := range features {
		p.narrow(f.condition())
	}
	for changed := true; changed; {
		changed = false
		for _, name := range slices.Sorted(maps.Keys(p)) {
			if len(p[name]) == 0 {
				return false
			}
			changed = c.conclude(p, name) || changed
		}
	}
	return true
}

// conclude narrows the other choices by what is known of one.
func (c *Catalog) conclude(p possible, name string) (changed bool) {
	if slot := c.slot(name); slot != nil {
		if !slices.Contains(p[name], nothing) {
			changed = p.narrow(slot.When)
		}
		if !slot.Optional && p.certain(slot.When) {
			changed = p.narrow(Condition{name: {anything}}) || changed
		}
	}
	if len(p[name]) != 1 {
		return changed
	}
	f := c.byName[p[name][0]]
	if p[name][0] == on {
		f = c.byName[name]
	}
	if f == nil {
		return changed
	}
	for _, required := range f.Requires {
		if r := c.byName[required]; r != nil {
			changed = p.narrow(r.condition()) || changed
		}
	}
	for _, other := range c.conflicting(f) {
		changed = p.exclude(other) || changed
	}
	return changed
}

// certain tells whether a condition holds with every value that is left.
func (p possible) certain(condition Condition) bool {
	for name, values := range condition {
		for _, value := range p[name] {
			if !slices.Contains(values, value) && (value == nothing || !slices.Contains(values, anything)) {
				return false
			}
		}
	}
	return true
}

// narrow keeps the values with which a condition can hold.
func (p possible) narrow(condition Condition) (changed bool) {
	for name, values := range condition {
		before := len(p[name])
		p[name] = slices.DeleteFunc(slices.Clone(p[name]), func(value string) bool {
			return !slices.Contains(values, value) && (value == nothing || !slices.Contains(values, anything))
		})
		changed = changed || len(p[name]) < before
	}
	return changed
}

// exclude removes the value with which a feature is selected.
func (p possible) exclude(f *Feature) (changed bool) {
	for name, values := range f.condition() { // of one name: what nobody chooses has no conflicts
		before := len(p[name])
		p[name] = slices.DeleteFunc(slices.Clone(p[name]), func(value string) bool { return slices.Contains(values, value) })
		changed = changed || len(p[name]) < before
	}
	return changed
}
