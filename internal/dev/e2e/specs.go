package e2e

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"path"
	"slices"
	"testing"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/internal/dev/covering"
)

// EveryPair returns total Specs for what takes long: all that there are, if
// there are at most 40, or else so many that any two choices that can be made
// together are. Each choice is also made where all else is as by default, and each
// value of a slot where all optional features are there that can be. Each joint,
// which may take more than two choices, is selected.
func EveryPair(t testing.TB, c *generator.Catalog) []generator.Spec {
	t.Helper()
	return specs(t, c, 2, 40, 0)
}

// EveryTriple returns total Specs for what is done in memory: all that there
// are, if there are at most 1,000, or else so many that any three choices that
// can be made together are, and 1,000 at random.
func EveryTriple(t testing.TB, c *generator.Catalog) []generator.Spec {
	t.Helper()
	return specs(t, c, 3, 1000, 1000)
}

// DifferentCode leaves out Specs whose services have the same Go code as one
// before them, because only their deployment differs.
func DifferentCode(t testing.TB, c *generator.Catalog, specs []generator.Spec) []generator.Spec {
	t.Helper()
	known := map[string]bool{}
	return slices.DeleteFunc(specs, func(spec generator.Spec) bool {
		tree := Render(t, c, spec)
		hash := sha256.New()
		for _, name := range slices.Sorted(maps.Keys(tree)) {
			if path.Ext(name) == ".go" || path.Base(name) == "go.mod" {
				fmt.Fprintf(hash, "%s\x00%s\x00", name, tree[name])
			}
		}
		code := string(hash.Sum(nil))
		defer func() { known[code] = true }()
		return known[code]
	})
}

// Alone returns the total Spec of all defaults, and those in which one choice
// differs from them, with what comes with it.
func Alone(t testing.TB, c *generator.Catalog) []generator.Spec {
	t.Helper()
	choices := choicesOf(c)
	var specs []generator.Spec
	for _, row := range choices.space().Alone() {
		specs = append(specs, choices.resolve(t, row).Spec)
	}
	return specs
}

// Rich returns total Specs with as many optional features as there can be: together,
// they have each value of a slot, each optional feature and each joint.
func Rich(t testing.TB, c *generator.Catalog) []generator.Spec {
	t.Helper()
	choices := choicesOf(c)
	return choices.withJoints(t, choices.rich())
}

func specs(t testing.TB, c *generator.Catalog, strength, most, random int) []generator.Spec {
	t.Helper()
	choices := choicesOf(c)
	space := choices.space()
	rows, all := space.All(most)
	if !all {
		rows = slices.Concat(space.Cover(strength, slices.Concat(space.Alone(), choices.rich())...), space.Random(random))
		slices.SortFunc(rows, slices.Compare)
		rows = slices.CompactFunc(rows, slices.Equal)
	}
	return choices.withJoints(t, rows)
}

// choices are what can be decided of a selection, as rows of covering have it.
type choices struct {
	catalog *generator.Catalog
	names   []string   // of slots and optional features
	values  [][]string // the preferred one first
}

func choicesOf(c *generator.Catalog) choices {
	all := choices{catalog: c}
	for _, slot := range c.Slots {
		all.names = append(all.names, slot.Name)
	}
	for _, f := range c.Features {
		if f.Optional() || f.Resource() && !f.Joint() {
			all.names = append(all.names, f.Name)
		}
	}
	preferred, _ := c.Complete(nil)
	for _, name := range all.names {
		values := slices.DeleteFunc(c.Options(nil, name), func(value string) bool { return value == preferred[name] })
		all.values = append(all.values, slices.Insert(values, 0, preferred[name]))
	}
	return all
}

// space returns the rows that there are.
func (c choices) space() covering.Space {
	space := covering.Space{Complete: c.complete}
	for _, values := range c.values {
		space.Values = append(space.Values, len(values))
	}
	return space
}

// resolve returns the selection of a row in which nothing is open.
func (c choices) resolve(t testing.TB, row []int) *generator.Selection {
	t.Helper()
	s, err := generator.Resolve(c.catalog, c.spec(row))
	if err != nil {
		t.Fatalf("%v: the catalog has this selection, and it cannot be resolved: %v", c.of(row), err)
	}
	return s
}

// withJoints returns the Specs of rows in which nothing is open, and so many more that
// each feature, such as a joint of several choices, is selected. One that can select
// several of those that the rows lack does.
func (c choices) withJoints(t testing.TB, rows [][]int) []generator.Spec {
	t.Helper()
	var specs []generator.Spec
	selected := map[*generator.Feature]bool{}
	add := func(row []int) {
		s := c.resolve(t, row)
		specs = append(specs, s.Spec)
		for _, f := range s.Features {
			selected[f] = true
		}
	}
	for _, row := range rows {
		add(row)
	}
	for i, f := range c.catalog.Features {
		if selected[f] {
			continue
		}
		conditions := c.selecting(f)
		row := c.richest(conditions...)
		if row == nil {
			t.Fatalf("no selection has %s", f.Name)
		}
		for _, another := range c.catalog.Features[i+1:] {
			if selected[another] {
				continue
			}
			more := slices.Concat(conditions, c.selecting(another))
			if richer := c.richest(more...); richer != nil {
				conditions, row = more, richer
			}
		}
		add(row)
	}
	return specs
}

// selecting returns the conditions on which a feature is selected.
func (c choices) selecting(f *generator.Feature) []generator.Condition {
	conditions := []generator.Condition{f.When}
	if slices.Contains(c.names, f.Name) {
		conditions = append(conditions, generator.Condition{f.Name: {generator.On}})
	}
	return conditions
}

// complete is covering.Space's.
func (c choices) complete(row []int) []int {
	all, ok := c.catalog.Complete(c.of(row))
	if !ok {
		return nil
	}
	whole := make([]int, len(row))
	for i, name := range c.names {
		whole[i] = slices.Index(c.values[i], all[name])
	}
	return whole
}

// rich returns rows with as many optional features as there can be, in which each
// value of a slot is.
func (c choices) rich() [][]int {
	var rows [][]int
	has := map[string]bool{}
	for {
		var row []int
		var conditions []generator.Condition
		for _, slot := range c.catalog.Slots { // of each a value that is still missing, if it can be with the others
			for _, value := range slot.Values {
				if has[slot.Name+" "+value] {
					continue
				}
				more := append(slices.Clip(conditions), generator.Condition{slot.Name: {value}})
				if tried := c.richest(more...); tried != nil {
					row, conditions = tried, more
					break
				}
			}
		}
		if row == nil {
			return rows
		}
		rows = append(rows, row)
		for name, value := range c.of(row) {
			has[name+" "+value] = true
		}
	}
}

// richest returns a row with which all conditions hold, with as many optional features
// as there can be, or nil if there is none.
func (c choices) richest(conditions ...generator.Condition) []int {
	decided := func(name, text string) bool {
		named := false
		for _, condition := range conditions {
			values, ok := condition[name]
			named = named || ok
			if ok && !(generator.Condition{name: values}).Holds(generator.Choices{name: text}) {
				return false
			}
		}
		return named
	}
	on := func(_, text string) bool { return text == generator.On }
	row := slices.Repeat([]int{covering.Open}, len(c.names))
	for _, wanted := range []func(name, text string) bool{decided, on} {
		for i, name := range c.names {
			for value, text := range c.values[i] {
				tried := slices.Clone(row)
				tried[i] = value
				if row[i] == covering.Open && wanted(name, text) && c.complete(tried) != nil {
					row = tried
				}
			}
		}
	}
	row = c.complete(row)
	if slices.ContainsFunc(conditions, func(condition generator.Condition) bool { return !condition.Holds(c.of(row)) }) {
		return nil
	}
	return row
}

// of returns what a row says.
func (c choices) of(row []int) generator.Choices {
	all := generator.Choices{}
	for i, value := range row {
		if value != covering.Open {
			all[c.names[i]] = c.values[i][value]
		}
	}
	return all
}

// spec returns the Spec of a row in which nothing is open.
func (c choices) spec(row []int) generator.Spec {
	spec := generator.Spec{Service: "shop", Module: "shop", Slots: map[string]string{}}
	for name, value := range c.of(row) {
		switch {
		case value == generator.On && slices.ContainsFunc(c.catalog.Features, func(f *generator.Feature) bool { return f.Name == name && f.Resource() }):
			spec.Resources = []generator.Resource{{Name: "line-item", Plural: "line-items", Migration: "20261126010203"}}
		case value == generator.On:
			spec.Features = append(spec.Features, name)
		case value == generator.Off:
		default:
			spec.Slots[name] = value
		}
	}
	return spec
}
