package generator

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

// For random catalogs, with everything that a catalog can have, the space gives the
// same answers as trying all combinations of choices.
func TestSpace(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	empty, total := 0, 0
	for range 400 {
		c := randomCatalog(random)
		all := everySelection(c)
		total += len(all)
		if len(all) == 0 {
			empty++
		}
		for range 20 {
			checkComplete(t, c, all, random)
			checkSatisfiable(t, c, all, random)
		}
		if t.Failed() {
			for _, f := range c.Features {
				t.Logf("%s: slot %q, when %v, hidden %t, always %t, requires %v, conflicts %v", f.Name, f.Slot, map[string][]string(f.When), f.hidden, f.Always, f.Requires, f.Conflicts)
			}
			t.FailNow()
		}
	}
	if empty > 100 || total < 4000 {
		t.Errorf("%d catalogs without a selection, %d selections: the test tries too little", empty, total)
	}
}

// selected is one selection: its choices, and the features that they come to.
type selected struct {
	choices  Choices
	features map[*Feature]bool
}

func checkComplete(t *testing.T, c *Catalog, all []selected, random *rand.Rand) {
	t.Helper()
	partial := Choices{}
	for name, values := range c.choices {
		if random.IntN(3) == 0 {
			partial[name] = values[random.IntN(len(values))]
		}
	}
	fitting := func(choices Choices) []selected {
		return slices.DeleteFunc(slices.Clone(all), func(s selected) bool {
			for name, value := range choices {
				if s.choices[name] != value {
					return true
				}
			}
			return false
		})
	}
	fit := fitting(partial)
	whole, ok := c.Complete(partial)
	if ok != (len(fit) > 0) || ok && !maps.Equal(whole, fit[0].choices) {
		t.Errorf("%v is completed to %v, %t; there are %v", partial, whole, ok, fit)
	}
	for name, values := range c.choices {
		var want []string
		for _, value := range values {
			other := maps.Clone(partial)
			other[name] = value
			if len(fitting(other)) > 0 {
				want = append(want, value)
			}
		}
		if got := c.Options(partial, name); !slices.Equal(got, want) {
			t.Errorf("%v leaves %v for %s, want %v", partial, got, name, want)
		}
	}
}

func checkSatisfiable(t *testing.T, c *Catalog, all []selected, random *rand.Rand) {
	t.Helper()
	var with, without []*Feature
	for _, f := range c.Features {
		switch random.IntN(6) {
		case 0:
			with = append(with, f)
		case 1:
			without = append(without, f)
		}
	}
	want := slices.ContainsFunc(all, func(s selected) bool {
		return !slices.ContainsFunc(with, func(f *Feature) bool { return !s.features[f] }) &&
			!slices.ContainsFunc(without, func(f *Feature) bool { return s.features[f] })
	})
	if got := c.satisfiable(with, without); got != want {
		t.Errorf("with %v without %v: %t, want %t", namesOf(with), namesOf(without), got, want)
	}
}

func namesOf(features []*Feature) []string {
	var names []string
	for _, f := range features {
		names = append(names, f.Name)
	}
	return names
}

// everySelection tries all combinations of choices, the preferred ones first. It
// goes by what features and slots say, and not by the space.
func everySelection(c *Catalog) []selected {
	all := []Choices{{}}
	for _, name := range c.names() {
		values := slices.Clone(c.choices[name])
		if slot := c.slot(name); slot != nil {
			values = slices.Insert(slices.DeleteFunc(values, func(value string) bool { return value == slot.Default }), 0, slot.Default)
		}
		var longer []Choices
		for _, choices := range all {
			for _, value := range values {
				more := maps.Clone(choices)
				more[name] = value
				longer = append(longer, more)
			}
		}
		all = longer
	}
	var selections []selected
	for _, choices := range all {
		if s := (selected{choices, selectedBy(c, choices)}); isSelection(c, s) {
			selections = append(selections, s)
		}
	}
	return selections
}

// selectedBy returns the features that choices come to: what is chosen, joints,
// and then, as long as there is more, what is hidden and required.
func selectedBy(c *Catalog, choices Choices) map[*Feature]bool {
	features := map[*Feature]bool{}
	for range c.Features {
		for _, f := range c.Features {
			if f.Always || !f.hidden && f.condition().Holds(choices) {
				features[f] = true
			}
			for _, name := range f.Requires {
				if required := c.byName[name]; features[f] && required.hidden {
					features[required] = true
				}
			}
		}
	}
	return features
}

// isSelection tells whether a combination of choices is a selection.
func isSelection(c *Catalog, s selected) bool {
	for _, slot := range c.Slots {
		there := slot.When.Holds(s.choices)
		if value := s.choices[slot.Name]; !there && value != None || there && value == None && !slot.Optional {
			return false
		}
	}
	for f := range s.features {
		for _, name := range f.Requires {
			if !s.features[c.byName[name]] {
				return false
			}
		}
		for _, name := range f.Conflicts {
			if s.features[c.byName[name]] {
				return false
			}
		}
	}
	return true
}

// newCatalog makes a catalog without files.
func newCatalog(slots []Slot, features ...*Feature) *Catalog {
	l := loader{Catalog: &Catalog{Slots: slots, byName: map[string]*Feature{}}}
	for _, f := range features {
		l.byName[f.Name] = f
		if f.When != nil {
			f.parent = f // whatever its folder is in
		}
	}
	l.sort()
	l.space = newSpace(l.Catalog)
	return l.Catalog
}

func randomCatalog(random *rand.Rand) *Catalog {
	some := func(from []string, most int) []string {
		var all []string
		for range random.IntN(most + 1) {
			if len(from) > 0 {
				all = append(all, from[random.IntN(len(from))])
			}
		}
		slices.Sort(all)
		return slices.Compact(all)
	}
	var slots []Slot
	var features []*Feature
	var chosen []string
	conditions := map[string][]string{} // the values that a condition can name
	condition := func() Condition {
		when := Condition{}
		for _, name := range slices.Sorted(maps.Keys(conditions)) {
			if values := some(conditions[name], 2); random.IntN(3) == 0 && len(values) > 0 {
				when[name] = values
			}
		}
		if len(when) == 0 {
			return nil
		}
		return when
	}
	for i := range 1 + random.IntN(3) {
		slot := Slot{Name: fmt.Sprintf("slot%d", i), Optional: random.IntN(2) == 0, When: condition()}
		var values []string
		for j := range 1 + random.IntN(3) {
			name := fmt.Sprintf("value%d%d", i, j)
			features = append(features, &Feature{Name: name, Slot: slot.Name, Requires: some(chosen, 1)})
			values = append(values, name)
		}
		chosen = append(chosen, values...)
		values = append(values, None)
		conditions[slot.Name] = append(slices.Clone(values), Any)
		slot.Default = values[random.IntN(len(values)-1)]
		if slot.Optional && random.IntN(2) == 0 {
			slot.Default = None
		}
		slots = append(slots, slot)
	}
	shared := []string{"shared0", "shared1"}
	for i := range 1 + random.IntN(4) {
		name := fmt.Sprintf("option%d", i)
		features = append(features, &Feature{Name: name, Requires: some(append(slices.Clone(chosen), shared...), 2), Conflicts: some(chosen, 1)})
		chosen = append(chosen, name)
		conditions[name] = []string{On, Off}
	}
	features = append(features,
		&Feature{Name: "shared0", hidden: true, Requires: some(chosen, 1)},
		&Feature{Name: "shared1", hidden: true, Requires: []string{"shared0"}},
		&Feature{Name: "shared2", hidden: true, Conflicts: some(chosen, 1)},
		&Feature{Name: "base", hidden: true, Always: true, Requires: some([]string{"shared2"}, 1)},
	)
	for i := range 1 + random.IntN(2) {
		if when := condition(); when != nil {
			features = append(features, &Feature{Name: fmt.Sprintf("joint%d", i), When: when, Requires: some([]string{"shared2"}, 1)})
		}
	}
	return newCatalog(slots, features...)
}

// Hidden features come with those that require them, and nobody can choose them.
func TestResolve_HiddenFeatures(t *testing.T) {
	c := newCatalog(
		[]Slot{{Name: "database", Default: None, Optional: true}},
		&Feature{Name: "telemetry", hidden: true, Always: true, Requires: []string{"principal"}},
		&Feature{Name: "principal", hidden: true},
		&Feature{Name: "events", hidden: true, Requires: []string{"outbox"}},
		&Feature{Name: "outbox", hidden: true},
		&Feature{Name: "pool", hidden: true},
		&Feature{Name: "sqlite", Slot: "database", Requires: []string{"pool"}},
		&Feature{Name: "kafka", Requires: []string{"events"}},
		&Feature{Name: "kafka-sqlite", When: Condition{"kafka": {On}, "database": {"sqlite"}}, Requires: []string{"ledger"}},
		&Feature{Name: "ledger", hidden: true},
	)
	for _, test := range []struct {
		features []string
		want     []string
	}{
		{nil, []string{"principal", "telemetry"}},
		{[]string{"kafka"}, []string{"events", "kafka", "outbox", "principal", "telemetry"}},
		{[]string{"sqlite"}, []string{"pool", "principal", "sqlite", "telemetry"}},
		{[]string{"kafka", "sqlite"}, []string{"events", "kafka", "kafka-sqlite", "ledger", "outbox", "pool", "principal", "sqlite", "telemetry"}},
	} {
		s, err := Resolve(c, shop(nil, test.features...))
		if err != nil {
			t.Fatal(err)
		}
		names := namesOf(s.Features)
		slices.Sort(names)
		if !slices.Equal(names, test.want) {
			t.Errorf("%v: got %v, want %v", test.features, names, test.want)
		}
		if names := slices.Concat(s.Spec.Features, slices.Collect(maps.Values(s.Spec.Slots))); slices.Contains(names, "events") || slices.Contains(names, "pool") {
			t.Errorf("%v: the Spec has hidden features: %v", test.features, names)
		}
	}
	_, err := Resolve(c, shop(nil, "events", "telemetry"))
	lines(t, err,
		"feature events: it comes with the features that require it; leave it out",
		"feature telemetry: it is in every service; leave it out",
	)
	if got := c.names(); !slices.Equal(got, []string{"database", "kafka"}) {
		t.Errorf("there are the choices %v", got)
	}
}

// A ChoiceError names the choices that it is about, and a Problem of the catalog
// the place.
func TestResolve_KindsOfErrors(t *testing.T) {
	f := newFixture(t)
	c := loaded(t, f.files)
	for _, test := range []struct {
		spec Spec
		want [][]string
	}{
		{shop(map[string]string{"store": "orm", "database": "sqlite"}, "audit"), [][]string{{"store", "audit"}}},
		{shop(map[string]string{"store": "orm"}), [][]string{{"database"}}},
		{shop(map[string]string{"router": "chi"}, "stdlib"), [][]string{{"router", "stdlib"}}},
		{Spec{Service: "S", Slots: map[string]string{"rooter": "chi"}, Features: []string{"x"}, Packs: []Pack{{}}}, [][]string{{"service"}, {"module"}, {"packs"}, {"rooter"}, {"x"}}},
		{Spec{Service: "queue", Module: "example.com/queue", Features: []string{"audit"}}, [][]string{{"module"}}},
	} {
		_, err := Resolve(c, test.spec)
		var names [][]string
		for _, err := range leaves(err) {
			wrong, ok := errors.AsType[*ChoiceError](err)
			if !ok {
				t.Fatalf("%v is a %T", err, err)
			}
			names = append(names, wrong.Names)
		}
		if !slices.EqualFunc(names, test.want, slices.Equal) {
			t.Errorf("%v: the errors are about %v, want %v", test.spec, names, test.want)
		}
	}
	f.replace("sample/orders/feature.yaml", "[store, log]", "[mapper, log]")
	_, err := Load(f.files)
	problem, ok := errors.AsType[Problem](err)
	if _, choice := errors.AsType[*ChoiceError](err); !ok || choice || problem.Position != (Position{Path: "sample/orders/feature.yaml", Line: 7, Column: 14}) {
		t.Errorf("a mistake in the catalog is %#v", err)
	}
	f.replace("sample/orders/feature.yaml", "title:", "titel:")
	if _, err := Load(f.files); !errors.As(err, new(Problem)) {
		t.Errorf("a mistake in the catalog is %#v", err)
	}
}

// leaves returns the errors that are joined in one.
func leaves(err error) []error {
	several, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, err := range several.Unwrap() {
		all = append(all, leaves(err)...)
	}
	return all
}
