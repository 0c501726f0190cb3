package e2e

import (
	"slices"
	"testing"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/internal/dev/covering"
)

// EveryPair returns total Specs for what takes long: all that there are, if
// there are at most 40, or else so many that any two choices that can be made
// together are, and that each choice is also made where all else is as by default.
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

func specs(t testing.TB, c *generator.Catalog, strength, most, random int) []generator.Spec {
	t.Helper()
	choices := choicesOf(c)
	space := covering.Space{Complete: choices.complete}
	for _, values := range choices.values {
		space.Values = append(space.Values, len(values))
	}
	rows, all := space.All(most)
	if !all {
		rows = slices.Concat(space.Alone(), space.Cover(strength), space.Random(random))
		slices.SortFunc(rows, slices.Compare)
		rows = slices.CompactFunc(rows, slices.Equal)
	}
	specs := make([]generator.Spec, len(rows))
	for i, row := range rows {
		s, err := generator.Resolve(c, choices.spec(row))
		if err != nil {
			t.Fatal(err)
		}
		specs[i] = s.Spec
	}
	return specs
}

// choices are what a Spec can say of slots and of optional features, as rows of
// covering have it.
type choices struct {
	catalog *generator.Catalog
	names   []string   // slots first
	values  [][]string // the default first; "" of a slot that does not exist, and of a feature that is left out
	slots   [][]int    // the rows that all slots together can have
}

func choicesOf(c *generator.Catalog) choices {
	all := choices{catalog: c, slots: [][]int{nil}}
	for _, slot := range c.Slots {
		values := slices.DeleteFunc(slices.Clone(slot.Values), func(value string) bool { return value == slot.Default })
		values = slices.Insert(values, 0, slot.Default)
		if len(slot.When) > 0 {
			values = append(values, "")
		}
		all.names, all.values = append(all.names, slot.Name), append(all.values, values)
		var longer [][]int
		for _, row := range all.slots {
			for value := range values {
				longer = append(longer, append(slices.Clip(row), value))
			}
		}
		all.slots = longer
	}
	all.slots = slices.DeleteFunc(all.slots, func(row []int) bool { return all.resolve(row) == nil })
	for _, f := range c.Features {
		if f.Optional() {
			all.names, all.values = append(all.names, f.Name), append(all.values, []string{"", f.Name})
		}
	}
	return all
}

// complete is covering.Space's. It tries what slots can have, for it depends on
// them what else can be chosen. Optional features, in contrast, make nothing
// possible that is not without them, so Resolve says which there are.
func (c choices) complete(row []int) []int {
	for _, slots := range c.slots {
		if !agree(row[:len(slots)], slots) {
			continue
		}
		if whole := c.resolve(slices.Concat(slots, row[len(slots):])); whole != nil {
			return whole
		}
	}
	return nil
}

// resolve returns the row of the Spec that Resolve makes of a row, or nil if it
// refuses or does otherwise than the row says: what is left out is there when
// something requires it.
func (c choices) resolve(row []int) []int {
	s, err := generator.Resolve(c.catalog, c.spec(row))
	if err != nil {
		return nil
	}
	whole := make([]int, len(c.names))
	for i, name := range c.names {
		value := s.Spec.Slots[name]
		if slices.Contains(s.Spec.Features, name) {
			value = name
		}
		whole[i] = slices.Index(c.values[i], value)
	}
	if !agree(row, whole) {
		return nil
	}
	return whole
}

// spec returns a Spec that says what a row does.
func (c choices) spec(row []int) generator.Spec {
	spec := generator.Spec{Service: "shop", Module: "shop", Slots: map[string]string{}}
	for i, value := range row {
		switch {
		case value == covering.Open || c.values[i][value] == "":
		case i < len(c.catalog.Slots):
			spec.Slots[c.names[i]] = c.values[i][value]
		default:
			spec.Features = append(spec.Features, c.names[i])
		}
	}
	return spec
}

// agree tells whether a row has the values of another, but for those that are
// open there.
func agree(open, row []int) bool {
	for i, value := range open {
		if value != covering.Open && value != row[i] {
			return false
		}
	}
	return true
}
