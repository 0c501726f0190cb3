package generator

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/otelgen/otelgen/internal/problem"
	"github.com/otelgen/otelgen/internal/sat"
)

// Choices are the decisions about a selection: a value of a slot, or None, by the
// name of the slot; On or Off by the name of an optional feature. Absent ones are
// undecided.
type Choices map[string]string

// ChoiceError says that a Spec asks for something that the catalog does not have,
// or for choices that exclude each other. The user can correct it; a fault of the
// catalog is a [Problem].
type ChoiceError struct {
	// Names are the slots and features that it is about, or "service", "module"
	// or "packs".
	Names []string
	text  string
}

func (e *ChoiceError) Error() string { return e.text }

func choiceError(name, format string, args ...any) error {
	return &ChoiceError{[]string{name}, fmt.Sprintf(format, args...)}
}

// Complete decides what choices leave open: slots have their default and
// optional features are left out wherever that is possible. It reports false if
// there is no selection with these choices.
func (c *Catalog) Complete(choices Choices) (Choices, bool) {
	solution, ok := c.space.solve(choices)
	if !ok {
		return nil, false
	}
	return c.decided(solution), true
}

// decided returns all choices that a selection makes.
func (c *Catalog) decided(solution sat.Solution) Choices {
	whole := Choices{}
	for name, values := range c.choices {
		for _, value := range values {
			if solution.True(c.space.literal(name, value)) {
				whole[name] = value
			}
		}
	}
	return whole
}

// Options returns the values that a slot or an optional feature can have beside
// the other choices. A slot that cannot exist has None alone.
func (c *Catalog) Options(choices Choices, name string) []string {
	choices = maps.Clone(choices)
	if choices == nil {
		choices = Choices{}
	}
	return slices.DeleteFunc(slices.Clone(c.choices[name]), func(value string) bool {
		choices[name] = value
		_, possible := c.space.solve(choices)
		return !possible
	})
}

// satisfiable reports whether some selection has all features of with and none
// of without.
func (c *Catalog) satisfiable(with, without []*Feature) bool {
	var assumptions []sat.Literal
	for _, f := range with {
		assumptions = append(assumptions, c.space.selected[f])
	}
	for _, f := range without {
		if f.Always {
			return false
		}
		assumptions = append(assumptions, -c.space.selected[f])
	}
	_, ok := c.space.formula.Solve(nil, assumptions...)
	return ok
}

// together reports whether some selection has all of these features.
func (c *Catalog) together(features ...*Feature) bool { return c.satisfiable(features, nil) }

// Choices returns what a Spec decides. Its errors are of type [*ChoiceError],
// joined if there are several; the choices that it returns with them are those
// that can be made.
func (c *Catalog) Choices(spec Spec) (Choices, error) {
	choices := Choices{}
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(spec.Slots)) {
		value := spec.Slots[name]
		switch slot := c.slot(name); {
		case slot == nil:
			problems = append(problems, choiceError(name, "choice %s: there is no such choice; %s", name, problem.Suggest(name, slotNames(c.Slots))))
		case strings.Contains(value, ","):
			problems = append(problems, choiceError(name, "%s %s: a service has one %[1]s; choose one of them", name, value))
		case !slices.Contains(c.choices[name], value):
			problems = append(problems, choiceError(name, "%s %s: there is no such %s; %s", name, value, name, c.suggest(value, slot.Values)))
		default:
			choices[name] = value
		}
	}
	for _, name := range slices.Compact(slices.Sorted(slices.Values(spec.Features))) {
		problems = append(problems, c.choose(choices, name))
	}
	for _, f := range c.Features {
		if f.resource && f.onOrOff() && len(spec.Resources) > 0 {
			choices[f.Name] = On
		}
	}
	for {
		if _, possible := c.space.solve(choices); possible {
			return choices, errors.Join(problems...)
		}
		names, err := c.exclusion(choices)
		problems = append(problems, err)
		delete(choices, names[0]) // the others may still be wrong
	}
}

// Named returns the feature of a name, which has to be one that people choose. Its
// error is a [*ChoiceError].
func (c *Catalog) Named(name string) (*Feature, error) {
	f := c.byName[name]
	switch {
	case f != nil && f.Always:
		return f, choiceError(name, "feature %s: every service has it; name a feature that otelgen list shows", name)
	case f != nil && f.Joint():
		return f, choiceError(name, "feature %s: every service with %s has it; name a feature that otelgen list shows", name, f.When)
	case f != nil && f.hidden:
		return f, choiceError(name, "feature %s: it comes with the features that require it; name one of those", name)
	}
	return f, c.choose(Choices{}, name)
}

// choose adds the feature of a name to choices.
func (c *Catalog) choose(choices Choices, name string) error {
	f := c.byName[name]
	of, _, valued := strings.Cut(name, "=") // as in router=chi
	switch {
	case f == nil && c.slot(of) != nil && valued:
		return choiceError(name, "feature %s: it is written without %s=; %s", name, of, problem.Choose(c.featuresOf(of)))
	case f == nil && c.slot(of) != nil:
		return choiceError(name, "feature %s: it is a choice between features; %s", name, problem.Choose(c.featuresOf(of)))
	case f == nil:
		return choiceError(name, "feature %s: %s", name, c.unknown(name))
	case f.Always:
		return choiceError(name, "feature %s: it is in every service; leave it out", name)
	case f.hidden:
		return choiceError(name, "feature %s: it comes with the features that require it; leave it out", name)
	case f.resource:
		return choiceError(name, "feature %s: it comes with resources; add one with otelgen add resource NAME", name)
	case f.Joint():
		return choiceError(name, "feature %s: it is in every service with %s; leave it out", name, f.When)
	case f.Slot == "":
		choices[name] = On
		return nil
	}
	if value, decided := choices[f.Slot]; decided && value != name {
		return &ChoiceError{[]string{f.Slot, name}, fmt.Sprintf("%s %s and %s: a service has one %[1]s; choose one of them", f.Slot, value, name)}
	}
	choices[f.Slot] = name
	return nil
}

// featuresOf returns the features that are values of a slot.
func (c *Catalog) featuresOf(slot string) []string {
	return slices.DeleteFunc(slices.Clone(c.slot(slot).Values), func(value string) bool { return value == None })
}

// unknown says what to do about a word that is not a feature. It may be another word
// for one that nobody chooses, because every service has it.
func (c *Catalog) unknown(word string) string {
	names := c.chosenNames()
	if len(c.called(word, names)) == 0 {
		for _, f := range c.Features {
			switch {
			case !f.goesBy(word):
			case f.resource:
				return "it is not a feature but code of your own; begin it with otelgen add resource NAME"
			case f.Always:
				return "every service has that, without a feature; leave it out"
			}
		}
		if len(names) > mostNamed && problem.Nearest(word, names) == "" {
			return "there is no such feature; otelgen list shows all of them"
		}
	}
	return "there is no such feature; " + c.suggest(word, names)
}

// mostNamed is how many features fit into a message.
const mostNamed = 12

// suggest says which of some features a word that is not one of them may have meant.
func (c *Catalog) suggest(word string, names []string) string {
	if meant := c.called(word, names); len(meant) > 0 {
		return fmt.Sprintf("did you mean %s?", problem.Listed(meant, "or"))
	}
	return problem.Suggest(word, names)
}

// called returns those of some features that go by a word, too.
func (c *Catalog) called(word string, names []string) []string {
	var meant []string
	for _, name := range names {
		if f := c.byName[name]; f != nil && f.goesBy(word) { // there is none for the value None
			meant = append(meant, name)
		}
	}
	return meant
}

// goesBy reports whether people also call f by a word: its title, such as PostgreSQL or
// net/http, or one that it says itself.
func (f *Feature) goesBy(word string) bool {
	word = strings.ToLower(word)
	return strings.ToLower(f.Title) == word || slices.Contains(f.Also, word)
}

// exclusion returns the names of some choices that exclude each other, and the
// error that says so.
func (c *Catalog) exclusion(choices Choices) ([]string, error) {
	names := slices.DeleteFunc(c.names(), func(name string) bool { return choices[name] == "" })
	names = minimal(names, func(names []string) bool {
		_, possible := c.space.solve(only(choices, names))
		return !possible
	})
	why := c.space.reasons(only(choices, names))
	var labels []string
	for _, name := range names {
		labels = append(labels, called(name, choices[name]))
	}
	if len(labels) == 1 {
		return names, &ChoiceError{names, fmt.Sprintf("%s: it cannot be chosen, because %s; leave it out", labels[0], why)}
	}
	return names, &ChoiceError{names, fmt.Sprintf("%s: they exclude each other, because %s; change one of them", problem.Listed(labels, "and"), why)}
}

// only returns the choices that have these names.
func only(choices Choices, names []string) Choices {
	some := Choices{}
	for _, name := range names {
		some[name] = choices[name]
	}
	return some
}

// called is how people call a choice.
func called(name, value string) string {
	switch value {
	case On:
		return "feature " + name
	case Off:
		return "no " + name
	}
	return name + " " + value
}

// names returns the names of all choices, in reading order.
func (c *Catalog) names() []string {
	names := slotNames(c.Slots)
	for _, f := range c.Features {
		if f.onOrOff() {
			names = append(names, f.Name)
		}
	}
	return names
}

func areaNames(areas []Area) []string {
	var names []string
	for _, a := range areas {
		names = append(names, a.Name)
	}
	return names
}

func slotNames(slots []Slot) []string {
	var names []string
	for _, slot := range slots {
		names = append(names, slot.Name)
	}
	return names
}
