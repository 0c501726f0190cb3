package generator

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/otelgen/otelgen/internal/problem"
)

// Selection is a Spec made whole: what it says, what it leaves open, and what
// follows from both.
type Selection struct {
	Spec     Spec       // total: every slot that exists has a value
	Features []*Feature // in reading order, hidden ones and joints included

	catalog *Catalog
	steps   []step // in the order of their calls
}

// Resolve selects the features that a Spec asks for and those that come with
// them. A slot that it leaves open is filled as others require, or else with
// its default. All problems are reported at once.
func Resolve(c *Catalog, spec Spec) (*Selection, error) {
	r := resolver{Catalog: c, choices: map[string]string{}}
	if err := spec.Validate(); err != nil {
		r.problems = append(r.problems, err)
	}
	r.choose(spec)
	r.fill()
	s := &Selection{Spec: spec, catalog: c}
	s.Spec.Slots, s.Spec.Features = r.total()
	s.Features = r.selected()
	r.checkConflicts(s.Features)
	r.checkModule(spec.Module, s.Features)
	if len(r.problems) == 0 { // else what is missing follows from them
		s.steps = r.wire(s.Features)
	}
	if err := errors.Join(r.problems...); err != nil {
		return nil, err
	}
	return s, nil
}

// Moved returns the paths that files of the selected features had in former
// versions, each with the present one.
func (s *Selection) Moved() map[string]string {
	moved := map[string]string{}
	for _, f := range s.Features {
		for from, to := range f.contributes.Moved {
			moved[outputPath(from, s.Spec.Service)] = outputPath(to, s.Spec.Service)
		}
	}
	return moved
}

// resolver collects what is chosen, for slots and optional features alike.
type resolver struct {
	*Catalog
	choices  map[string]string
	problems []error
}

func (r *resolver) problem(format string, args ...any) {
	r.problems = append(r.problems, fmt.Errorf(format, args...))
}

// choose takes what the Spec says: values of slots, and features by name, of
// which some may be values of slots as well.
func (r *resolver) choose(spec Spec) {
	var chosen []*Feature
	for _, name := range slices.Sorted(maps.Keys(spec.Slots)) {
		value := spec.Slots[name]
		slot := r.slot(name)
		switch {
		case slot == nil:
			r.problem("slot %s: there is no such slot; %s", name, problem.Suggest(name, slotNames(r.Slots)))
		case !slices.Contains(r.Catalog.choices[name], value):
			r.problem("%s %s: no value of this slot; %s", name, value, problem.Suggest(value, slot.Values))
		default:
			r.choices[name] = value
			if f := r.byName[value]; f != nil {
				chosen = append(chosen, f)
			}
		}
	}
	for _, name := range slices.Compact(slices.Sorted(slices.Values(spec.Features))) {
		f := r.byName[name]
		switch {
		case f == nil:
			r.problem("feature %s: there is no such feature; %s", name, problem.Suggest(name, r.chosenNames()))
		case f.hidden:
			r.problem("feature %s: comes by itself where it is needed; leave it out", name)
		case f.Joint():
			r.problem("feature %s: comes by itself with what it joins; leave it out", name)
		case f.Slot != "" && r.choices[f.Slot] != "" && r.choices[f.Slot] != name:
			r.problem("%s %s: the slot has the value %s already; choose one", f.Slot, name, r.choices[f.Slot])
		default:
			r.take(f)
			chosen = append(chosen, f)
		}
	}
	for _, f := range chosen {
		r.require(f)
	}
}

// take selects a feature that can be chosen.
func (r *resolver) take(f *Feature) {
	for name, values := range f.condition() {
		r.choices[name] = values[0]
	}
}

// require selects what a feature requires, and what that requires.
func (r *resolver) require(f *Feature) {
	for _, name := range f.Requires {
		required := r.byName[name]
		if required.hidden {
			continue
		}
		if value := r.choices[required.Slot]; required.Slot != "" && value != "" && value != name {
			r.problem("feature %s: requires %s %s, not %s; change one of them", f.Name, required.Slot, name, value)
			continue
		}
		if !required.condition().Holds(r.choices) {
			r.take(required)
			r.require(required)
		}
	}
}

// selected returns the features that the choices select, with the hidden ones
// that these require.
func (r *resolver) selected() []*Feature {
	all := map[*Feature]bool{}
	var add func(f *Feature)
	add = func(f *Feature) {
		if all[f] {
			return
		}
		all[f] = true
		for _, name := range f.Requires {
			if required := r.byName[name]; required.hidden {
				add(required)
			}
		}
	}
	for _, f := range r.Features {
		if f.Always || !f.hidden && f.condition().Holds(r.choices) {
			add(f)
		}
	}
	return slices.DeleteFunc(slices.Clone(r.Features), func(f *Feature) bool { return !all[f] })
}

// fill gives each slot that is still open its default, and none to each that
// does not exist. A slot depends on slots above it only, so one pass does it.
func (r *resolver) fill() {
	for _, slot := range r.Slots {
		value := r.choices[slot.Name]
		switch exists := slot.When.Holds(r.choices); {
		case !exists && value != "" && value != nothing:
			r.problem("%s %s: there is nothing to choose, for %s; leave it out or change that", slot.Name, value, r.unmet(slot.When))
		case !exists:
			delete(r.choices, slot.Name)
		case value == "":
			r.choices[slot.Name] = slot.Default
			if f := r.byName[slot.Default]; f != nil {
				r.require(f)
			}
		case value == nothing && !slot.Optional:
			r.problem("%s %s: something is needed here; %s", slot.Name, value, problem.Suggest(value, slot.Values))
		}
	}
}

// unmet tells which part of a condition does not hold.
func (r *resolver) unmet(c Condition) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(c)) {
		if part := (Condition{name: c[name]}); !part.Holds(r.choices) {
			value := r.choices[name]
			if value == "" {
				value = nothing
			}
			all = append(all, fmt.Sprintf("%s is %s", name, value))
		}
	}
	return strings.Join(all, " and ")
}

// total returns the choices as a Spec has them.
func (r *resolver) total() (slots map[string]string, features []string) {
	slots = map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(r.choices)) {
		if r.slot(name) != nil {
			slots[name] = r.choices[name]
		} else {
			features = append(features, name)
		}
	}
	return slots, features
}

func (r *resolver) checkConflicts(selected []*Feature) {
	for i, f := range selected {
		for _, other := range selected[i+1:] {
			if slices.Contains(f.Conflicts, other.Name) || slices.Contains(other.Conflicts, f.Name) {
				r.problem("feature %s: conflicts with %s; leave one out", f.Name, other.Name)
			}
		}
	}
}

// checkModule finds a module that calls itself as one that it requires: there
// is no way to import that any more.
func (r *resolver) checkModule(path string, selected []*Feature) {
	for _, f := range selected {
		if f.lock == nil {
			continue
		}
		if _, required := f.lock.Requires[path]; required {
			r.problem("module %s: the service requires the one that has this path already; find another path", path)
			return
		}
	}
}

// wire orders the steps of the selected features.
func (r *resolver) wire(selected []*Feature) []step {
	var steps []step
	given := map[string]bool{configVariable: true}
	groups := map[string][]string{}
	for _, f := range selected {
		steps = append(steps, f.contributes.Wiring...)
		maps.Copy(groups, f.contributes.Index.Groups)
		for _, name := range f.contributes.Index.Given {
			given[name] = true
		}
		for _, field := range f.contributes.Config {
			given[configVariable+"."+field.Field] = true
		}
	}
	steps = expandGroups(withoutNeedless(steps, groups), groups)
	ordered, problems := orderSteps(steps, func(input string) bool { return given[input] })
	r.problems = append(r.problems, problems...)
	return ordered
}

func slotNames(slots []Slot) []string {
	var names []string
	for _, slot := range slots {
		names = append(names, slot.Name)
	}
	return names
}
