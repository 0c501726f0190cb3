package generator

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

func TestResolve(t *testing.T) {
	c := loaded(t, newFixture(t).files)
	for _, test := range []struct {
		name     string
		spec     Spec
		features string // the selected ones
		slots    string // of the total Spec
		optional string
	}{
		{
			"all defaults", shop(nil),
			"base stdlib orders orders-memory", "database=none router=stdlib sample=orders", "",
		},
		{
			"a slot that comes to exist has a default, too", shop(map[string]string{"database": "sqlite"}),
			"base stdlib orders sqlite sql orders-sql", "database=sqlite router=stdlib sample=orders store=sql", "",
		},
		{
			"the joint follows the slots", shop(map[string]string{"database": "sqlite", "store": "orm"}),
			"base stdlib orders sqlite orm orders-orm", "database=sqlite router=stdlib sample=orders store=orm", "",
		},
		{
			"no joint without all that it joins", shop(map[string]string{"database": "sqlite", "sample": "none"}),
			"base stdlib sqlite sql", "database=sqlite router=stdlib sample=none store=sql", "",
		},
		{
			"what is required comes along", shop(nil, "audit"),
			"base stdlib orders orders-memory audit background", "database=none router=stdlib sample=orders", "audit background",
		},
		{
			"values of slots by their names alone", shop(map[string]string{"router": "chi"}, "sqlite", "orm", "chi", "orm"),
			"base chi orders sqlite orm orders-orm", "database=sqlite router=chi sample=orders store=orm", "",
		},
		{
			"none for a slot that does not exist", shop(map[string]string{"store": "none"}),
			"base stdlib orders orders-memory", "database=none router=stdlib sample=orders", "",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, err := Resolve(c, test.spec)
			if err != nil {
				t.Fatal(err)
			}
			var features, slots []string
			for _, f := range s.Features {
				features = append(features, f.Name)
			}
			for name, value := range s.Spec.Slots {
				slots = append(slots, name+"="+value)
			}
			slices.Sort(slots)
			if got := strings.Join(features, " "); got != test.features {
				t.Errorf("selected %s", got)
			}
			if got := strings.Join(slots, " "); got != test.slots {
				t.Errorf("total %s", got)
			}
			if got := strings.Join(s.Spec.Features, " "); got != test.optional {
				t.Errorf("optional %s", got)
			}
			again, err := Resolve(c, s.Spec)
			if err != nil || !maps.Equal(again.Spec.Slots, s.Spec.Slots) || !slices.Equal(again.Spec.Features, s.Spec.Features) {
				t.Errorf("a total Spec resolves to another, %v, %v", again, err)
			}
		})
	}
}

// A slot that is left open is filled as a requirement wants it, before its
// default is thought of.
func TestResolve_RequirementsFillSlots(t *testing.T) {
	f := newFixture(t)
	f.replace("feature/audit/feature.yaml", "[background]", "[background, sqlite, orders]")
	f.replace("slots.yaml", "default: orders", "default: none")
	s, err := Resolve(loaded(t, f.files), shop(nil, "audit"))
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Spec.Slots; got["database"] != "sqlite" || got["sample"] != "orders" || got["store"] != "sql" {
		t.Errorf("slots are %v", got)
	}
}

func TestResolve_Rejects(t *testing.T) {
	f := newFixture(t)
	f.write("feature/river/feature.yaml", "title: River\nsummary: jobs\nrequires: [sqlite, orm]\n")
	c := loaded(t, f.files)
	for _, test := range []struct {
		name string
		spec Spec
		want []string
	}{
		{"everything at once", Spec{Service: "Shop", Module: "context", Slots: map[string]string{"roter": "chi", "router": "chii"}, Features: []string{"audi", "base", "orders-memory"}}, []string{
			`service "Shop": no DNS label; use at most 63 of a-z, 0-9 and -, with no - at the ends`,
			"module context: its packages would look like those of the standard context; find another path",
			"slot roter: there is no such slot; did you mean router?",
			"router chii: no value of this slot; did you mean chi?",
			"feature audi: there is no such feature; did you mean audit?",
			"feature base: comes by itself where it is needed; leave it out",
			"feature orders-memory: comes by itself with what it joins; leave it out",
		}},
		{"nothing", Spec{}, []string{
			"service: no name; give it one, such as shop",
			"module: no path; give it one, such as example.com/shop",
		}},
		{"none for what has to be", shop(map[string]string{"router": "none"}), []string{
			"router none: no value of this slot; known are chi, stdlib",
		}},
		{"none for what has to be, by a condition", shop(map[string]string{"database": "sqlite", "store": "none"}), []string{
			"store none: something is needed here; known are orm, sql",
		}},
		{"two values", shop(map[string]string{"router": "chi"}, "stdlib"), []string{
			"router stdlib: the slot has the value chi already; choose one",
		}},
		{"two values by name", shop(nil, "stdlib", "chi"), []string{
			"router stdlib: the slot has the value chi already; choose one",
		}},
		{"slot that does not exist", shop(map[string]string{"store": "orm"}), []string{
			"store orm: there is nothing to choose, for database is none; leave it out or change that",
		}},
		{"a module that is required", Spec{Service: "queue", Module: "example.com/queue", Features: []string{"audit"}}, []string{
			"module example.com/queue: the service requires the one that has this path already; find another path",
		}},
		{"conflict", shop(map[string]string{"database": "sqlite", "store": "orm"}, "audit"), []string{
			"feature orm: conflicts with audit; leave one out",
		}},
		{"conflict by requirements", shop(nil, "audit", "river"), []string{
			"feature orm: conflicts with audit; leave one out",
		}},
		{"requirement of a slot that has another value", shop(map[string]string{"store": "sql", "database": "none"}, "river"), []string{
			"feature river: requires database sqlite, not none; change one of them",
			"feature river: requires store orm, not sql; change one of them",
			"store sql: there is nothing to choose, for database is none; leave it out or change that",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Resolve(c, test.spec)
			lines(t, err, test.want...)
		})
	}
}

// What only some selections lack is found when they are resolved.
func TestResolve_RejectsWiring(t *testing.T) {
	for _, test := range []struct {
		name           string
		file, old, new string
		spec           Spec
		want           []string
	}{
		{"output of a feature that is not there", "sample/orders/feature.yaml", "[store, log]", "[mapper, log]", shop(nil), []string{
			"wiring of orders: no selected feature provides mapper; let a feature that is always selected with it provide it",
		}},
		{"configuration of a feature that is not there", "sample/orders/feature.yaml", "[store, log]", "[store, cfg.Database]", shop(nil), []string{
			"wiring of orders: no selected feature provides cfg.Database; let a feature that is always selected with it provide it",
		}},
		{"circle", "sample/orders/memory/feature.yaml", "outputs: [store]", "inputs: [orders], outputs: [store]", shop(nil), []string{
			"wiring: a circle, orders -> order store -> orders; each takes what the next provides; remove an input that one of them does not need",
		}},
		{"circle of one", "sample/orders/memory/feature.yaml", "outputs: [store]", "inputs: [store], outputs: [store]", shop(nil), []string{
			"wiring: a circle, order store -> order store; each takes what the next provides; remove an input that one of them does not need",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFixture(t)
			f.replace(test.file, test.old, test.new)
			_, err := Resolve(loaded(t, f.files), test.spec)
			lines(t, err, test.want...)
		})
	}
}

// The circle is named, not the steps that wait for it.
func TestResolve_NamesTheCircle(t *testing.T) {
	f := newFixture(t)
	f.replace("shared/base/feature.yaml", "outputs: [router]", "inputs: [orders]\n    outputs: [router]")
	f.replace("sample/orders/memory/feature.yaml", "outputs: [store]", "inputs: [orders], outputs: [store]")
	_, err := Resolve(loaded(t, f.files), shop(nil))
	lines(t, err, "wiring: a circle, orders -> order store -> orders; each takes what the next provides; remove an input that one of them does not need")
}
