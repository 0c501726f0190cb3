package e2e_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/internal/dev/e2e"
)

// small is a catalog of which every selection can be tried. Two features need a
// value of a slot that is not the default, and one of them says so only by what
// it requires.
const small = `
-- slots.yaml --
- {name: router, title: Router, question: Which?, default: stdlib}
- {name: database, title: Database, question: Which?, default: none, optional: true}
- {name: store, title: Store, question: How?, default: sql, when: {database: [any]}}
-- modules.lock --
go 1.26.0
-- shared/base/feature.yaml --
{title: Base, summary: what every service has, always: true}
-- router/chi/feature.yaml --
{title: chi, summary: a router}
-- router/stdlib/feature.yaml --
{title: stdlib, summary: a router}
-- database/sqlite/feature.yaml --
{title: SQLite, summary: a database}
-- store/gorm/feature.yaml --
{title: gorm, summary: a store}
-- store/sql/feature.yaml --
{title: SQL, summary: a store}
-- feature/reports/feature.yaml --
{title: Reports, summary: a feature, requires: [gorm]}
-- feature/sockets/feature.yaml --
{title: Sockets, summary: a feature, conflicts: [stdlib]}
`

// large is what more there may be one day: values, a slot that needs two others
// (only three choices together show that it is missing), and ten features.
const large = small + `
-- slots.yaml --
- {name: router, title: Router, question: Which?, default: stdlib}
- {name: api, title: API, question: Which?, default: huma}
- {name: sample, title: Sample, question: Which?, default: orders, optional: true}
- {name: database, title: Database, question: Which?, default: none, optional: true}
- {name: store, title: Store, question: How?, default: sql, when: {database: [any]}}
- {name: seed, title: Seed, question: Whence?, default: fixtures, when: {sample: [orders], database: [any]}}
-- router/gin/feature.yaml --
{title: gin, summary: a router}
-- api/huma/feature.yaml --
{title: huma, summary: an API}
-- api/plain/feature.yaml --
{title: plain, summary: an API}
-- sample/orders/feature.yaml --
{title: Orders, summary: a sample}
-- database/postgres/feature.yaml --
{title: Postgres, summary: a database}
-- seed/faker/feature.yaml --
{title: Faker, summary: a seed}
-- seed/fixtures/feature.yaml --
{title: Fixtures, summary: a seed}
-- feature/admin/feature.yaml --
{title: Admin, summary: a feature, requires: [auth, plain]}
-- feature/audit/feature.yaml --
{title: Audit, summary: a feature, requires: [background]}
-- feature/auth/feature.yaml --
{title: Auth, summary: a feature}
-- feature/background/feature.yaml --
{title: Background, summary: a feature}
-- feature/cache/feature.yaml --
{title: Cache, summary: a feature, conflicts: [sqlite]}
-- feature/flags/feature.yaml --
{title: Flags, summary: a feature}
-- feature/graphql/feature.yaml --
{title: GraphQL, summary: a feature, conflicts: [huma, sockets]}
-- feature/jobs/feature.yaml --
{title: Jobs, summary: a feature, requires: [postgres], conflicts: [background]}
-- feature/mail/feature.yaml --
{title: Mail, summary: a feature}
-- feature/tenants/feature.yaml --
{title: Tenants, summary: a feature, requires: [auth, orders]}
`

// While that can be done, every selection is tried. In a large catalog every two
// choices are made together, or every three, that can be, and each by itself;
// and it takes not many more selections than today.
func TestSpecs(t *testing.T) {
	for _, test := range []struct {
		name, catalog  string
		all            int
		pairs, triples [2]int // at least and at most
	}{
		{"small", small, 12, [2]int{12, 12}, [2]int{12, 12}},
		{"large", large, 21144, [2]int{20, 45}, [2]int{900, 1200}},
	} {
		c := load(t, test.catalog)
		all := everything(c)
		if len(all) != test.all {
			t.Errorf("%s: %d selections, want %d", test.name, len(all), test.all)
		}
		for strength, every := range map[int]func(testing.TB, *generator.Catalog) []generator.Spec{2: e2e.EveryPair, 3: e2e.EveryTriple} {
			start := time.Now()
			specs := every(t, c)
			t.Logf("%s by %d: %d of %d selections in %v", test.name, strength, len(specs), len(all), time.Since(start))
			if within := map[int][2]int{2: test.pairs, 3: test.triples}[strength]; len(specs) < within[0] || len(specs) > within[1] {
				t.Errorf("%s by %d: %d selections, want %v", test.name, strength, len(specs), within)
			}
			if !reflect.DeepEqual(specs, every(t, load(t, test.catalog))) {
				t.Errorf("%s by %d: another time they are others", test.name, strength)
			}
			for _, f := range c.Features {
				s, err := generator.Resolve(c, generator.Spec{Service: "shop", Module: "shop", Features: []string{f.Name}})
				if err == nil && !slices.ContainsFunc(specs, func(spec generator.Spec) bool { return reflect.DeepEqual(spec, s.Spec) }) {
					t.Errorf("%s by %d: %s is nowhere beside defaults alone", test.name, strength, f.Name)
				}
			}
			var rows [][]string
			for _, spec := range specs {
				rows = append(rows, rowOf(c, spec))
			}
			checkCovers(t, rows, all, strength)
		}
	}
}

// fifty returns a catalog of 50 optional features and 8 slots, two of which depend
// on others. Every fifth feature requires two others, every seventh conflicts
// with one.
func fifty() string {
	var b strings.Builder
	slots := "-- slots.yaml --\n"
	for i := range 8 {
		when := ""
		if i >= 6 {
			when = fmt.Sprintf(", when: {slot%d: [any]}", i-2)
		}
		optional := i == 4 || i == 5
		slots += fmt.Sprintf("- {name: slot%d, title: x, question: x?, default: value%d-0, optional: %t%s}\n", i, i, optional, when)
		for j := range 2 + i%3 {
			fmt.Fprintf(&b, "-- slot%d/value%d-%d/feature.yaml --\n{title: x, summary: x}\n", i, i, j)
		}
	}
	for i := range 50 {
		more := ""
		if i%5 == 4 {
			more = fmt.Sprintf(", requires: [option%02d, value%d-1]", i-3, i%8)
		}
		if i%7 == 6 {
			more += fmt.Sprintf(", conflicts: [value%d-0]", (i+1)%8)
		}
		fmt.Fprintf(&b, "-- feature/option%02d/feature.yaml --\n{title: x, summary: x%s}\n", i, more)
	}
	return slots + b.String() + "-- modules.lock --\ngo 1.26.0\n-- shared/base/feature.yaml --\n{title: Base, summary: what every service has, always: true}\n"
}

// With fifty features it takes about as many selections to make every two choices
// together as there are choices, since each is made by itself, and values of
// slots once more, with many features beside them.
func TestEveryPair_OfFiftyFeatures(t *testing.T) {
	c := load(t, fifty())
	specs := e2e.EveryPair(t, c)
	alone, rich := 1+50, 0
	for _, slot := range c.Slots {
		values := len(c.Options(nil, slot.Name))
		alone, rich = alone+values-1, rich+values
	}
	t.Logf("%d selections, and %d choices", len(specs), alone)
	if len(specs) > alone+rich {
		t.Errorf("%d selections for %d choices", len(specs), alone)
	}
	var rows [][]string
	for _, spec := range specs {
		rows = append(rows, rowOf(c, spec))
	}
	for _, f := range c.Features {
		for _, g := range c.Features {
			together := generator.Choices{}
			for _, f := range []*generator.Feature{f, g} {
				switch {
				case f.Slot != "" && together[f.Slot] == "":
					together[f.Slot] = f.Name
				case f.Optional():
					together[f.Name] = generator.On
				}
			}
			has := func(row []string) bool { return slices.Contains(row, f.Name) && slices.Contains(row, g.Name) }
			if _, possible := c.Complete(together); possible && len(together) == 2 && f.Slot != g.Slot && !slices.ContainsFunc(rows, has) {
				t.Errorf("no selection has %s and %s", f.Name, g.Name)
			}
		}
	}
}

func BenchmarkEveryPair_OfFiftyFeatures(b *testing.B) {
	c := load(b, fifty())
	for b.Loop() {
		e2e.EveryPair(b, c)
	}
}

func BenchmarkEveryTriple_OfFiftyFeatures(b *testing.B) {
	c := load(b, fifty())
	for b.Loop() {
		e2e.EveryTriple(b, c)
	}
}

// load loads a catalog, of whose files the last of a name counts.
func load(t testing.TB, archive string) *generator.Catalog {
	t.Helper()
	files := fstest.MapFS{}
	for _, file := range txtar.Parse([]byte(archive)).Files {
		files[file.Name] = &fstest.MapFile{Data: file.Data}
	}
	c, err := generator.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// rowOf returns the value that a total Spec has for each slot, and the name of
// each optional feature that it has.
func rowOf(c *generator.Catalog, spec generator.Spec) []string {
	var row []string
	for _, slot := range c.Slots {
		row = append(row, spec.Slots[slot.Name])
	}
	for _, f := range c.Features {
		switch {
		case f.Optional() && slices.Contains(spec.Features, f.Name):
			row = append(row, f.Name)
		case f.Optional():
			row = append(row, "")
		}
	}
	return row
}

// everything returns the row of every selection. It does not ask Resolve, but
// goes by what the features say of each other.
func everything(c *generator.Catalog) [][]string {
	rows := [][]string{nil}
	with := func(values ...string) {
		var longer [][]string
		for _, row := range rows {
			for _, value := range values {
				longer = append(longer, append(slices.Clip(row), value))
			}
		}
		rows = longer
	}
	for i, slot := range c.Slots {
		with(append(slices.Clone(slot.Values), "")...)
		rows = slices.DeleteFunc(rows, func(row []string) bool {
			exists := true
			for j, above := range c.Slots[:i] {
				values, named := slot.When[above.Name]
				isAny := slices.Contains(values, "any") && row[j] != "" && row[j] != "none"
				exists = exists && (!named || isAny || slices.Contains(values, row[j]))
			}
			return exists != (row[i] != "")
		})
	}
	for _, f := range c.Features {
		if f.Optional() {
			with("", f.Name)
		}
	}
	return slices.DeleteFunc(rows, func(row []string) bool {
		return slices.ContainsFunc(c.Features, func(f *generator.Feature) bool {
			has := func(name string) bool { return slices.Contains(row, name) }
			return has(f.Name) && (slices.ContainsFunc(f.Conflicts, has) ||
				slices.ContainsFunc(f.Requires, func(name string) bool { return !has(name) }))
		})
	})
}

// checkCovers checks that each of rows is one of all, and that every
// combination of so many values that one of all has is in one of rows.
func checkCovers(t *testing.T, rows, all [][]string, strength int) {
	t.Helper()
	values := make([]map[string]bool, len(all[0]))
	for i := range values {
		values[i] = map[string]bool{}
		for _, row := range all {
			values[i][row[i]] = true
		}
	}
	type choice struct {
		factor int
		value  string
	}
	anyHas := func(rows [][]string, combination []choice) bool {
		return slices.ContainsFunc(rows, func(row []string) bool {
			return !slices.ContainsFunc(combination, func(c choice) bool { return row[c.factor] != c.value })
		})
	}
	var walk func(combination []choice, factor int)
	walk = func(combination []choice, factor int) {
		if len(combination) == strength {
			if !anyHas(rows, combination) && anyHas(all, combination) {
				t.Errorf("by %d: no selection has %v", strength, combination)
			}
			return
		}
		for ; factor < len(values); factor++ {
			for value := range values[factor] {
				walk(append(slices.Clip(combination), choice{factor, value}), factor+1)
			}
		}
	}
	walk(nil, 0)
	for _, row := range rows {
		if !slices.ContainsFunc(all, func(other []string) bool { return slices.Equal(row, other) }) {
			t.Errorf("by %d: %q is no selection", strength, row)
		}
	}
}
