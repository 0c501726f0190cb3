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
			`service name "Shop" is not valid: use lower-case letters, digits and hyphens, for example "shop"`,
			`module path "context" is not valid: it looks like the package context of the standard library; choose another path`,
			"choice roter: there is no such choice; did you mean router?",
			"router chii: there is no such router; did you mean chi?",
			"feature audi: there is no such feature; did you mean audit?",
			"feature base: it is in every service; leave it out",
			"feature orders-memory: it is in every service with no database and orders as sample; leave it out",
		}},
		{"nothing", Spec{}, []string{
			`service name is missing: choose one, for example "shop"`,
			`module path is missing: choose one, for example "example.com/shop"`,
		}},
		{"none for what has to be", shop(map[string]string{"router": "none"}), []string{
			"router none: there is no such router; choose chi or stdlib",
		}},
		{"none for what has to be, by a condition", shop(map[string]string{"database": "sqlite", "store": "none"}), []string{
			"database sqlite and store none: they exclude each other, because with a database, store needs a value; change one of them",
		}},
		{"two values", shop(map[string]string{"router": "chi"}, "stdlib"), []string{
			"router chi and stdlib: a service has one router; choose one of them",
		}},
		{"two values by name", shop(nil, "stdlib", "chi"), []string{
			"router chi and stdlib: a service has one router; choose one of them",
		}},
		{"slot that does not exist", shop(map[string]string{"store": "orm"}), []string{
			"database: it is not chosen, and its default none is not possible, because store exists only with a database; choose sqlite",
		}},
		{"a module that is required", Spec{Service: "queue", Module: "example.com/queue", Features: []string{"audit"}}, []string{
			`module path "example.com/queue" is not valid: the service requires a module of this path; choose another path`,
		}},
		{"conflict", shop(map[string]string{"database": "sqlite", "store": "orm"}, "audit"), []string{
			"store orm and feature audit: they exclude each other, because audit conflicts with orm; change one of them",
		}},
		{"conflict by requirements", shop(nil, "audit", "river"), []string{
			"feature audit and feature river: they exclude each other, because audit conflicts with orm and river requires orm; change one of them",
		}},
		{"requirement of a slot that has another value", shop(map[string]string{"store": "sql", "database": "none"}, "river"), []string{
			"database none and store sql: they exclude each other, because store exists only with a database; change one of them",
			"store sql and feature river: they exclude each other, because river requires orm; change one of them",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Resolve(c, test.spec)
			lines(t, err, test.want...)
		})
	}
}

// A wiring whose inputs some selection would not have is a problem of the catalog, not
// of the user who selects it.
func TestLoad_ProvesTheWiring(t *testing.T) {
	for _, test := range []struct {
		name           string
		file, old, new string
		want           []string
	}{
		{"output of a feature that need not be there", "sample/orders/feature.yaml", "[store, log]", "[mapper, log]", []string{
			"sample/orders/feature.yaml:7:14: input mapper: orders can be selected without it, which only orm provides; provide it wherever this feature is",
		}},
		{"configuration of a feature that need not be there", "sample/orders/feature.yaml", "[store, log]", "[store, cfg.Database]", []string{
			"sample/orders/feature.yaml:7:21: input cfg.Database: orders can be selected without it, which only sqlite provides; provide it wherever this feature is",
		}},
		{"store that one of the joints lacks", "sample/orders/orm/feature.yaml", "outputs: [store]", "outputs: [storage]", []string{
			"sample/orders/feature.yaml:7:14: input store: orders can be selected without it, which only orders-memory or orders-sql provides; provide it wherever this feature is",
		}},
		{"group of a feature that need not be there", "shared/base/feature.yaml", "[ctx, cfg.HTTP, router, log]", "[ctx, cfg.HTTP, router, log, watchers...]", []string{
			"shared/base/feature.yaml:37:42: input watchers...: base can be selected without it, which only orders provides; provide it wherever this feature is",
		}},
		{"circle", "sample/orders/memory/feature.yaml", "outputs: [store]", "inputs: [orders], outputs: [store]", []string{
			"sample/orders/feature.yaml:4:5: wiring: a circle, orders -> order store -> orders; each takes what the next provides; remove an input that one of them does not need",
		}},
		{"circle of one", "sample/orders/memory/feature.yaml", "outputs: [store]", "inputs: [store], outputs: [store]", []string{
			"sample/orders/memory/feature.yaml:6:5: wiring: a circle, order store -> order store; each takes what the next provides; remove an input that one of them does not need",
		}},
		{"circle through a group", "sample/orders/memory/feature.yaml", "outputs: [store]", "inputs: [watchers...], outputs: [store]", []string{
			"sample/orders/feature.yaml:5:5: wiring: a circle, orders -> order store -> orders; each takes what the next provides; remove an input that one of them does not need",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFixture(t)
			if strings.Contains(test.new, "watchers") {
				f.replace("sample/orders/feature.yaml", "wiring:", "index: {groups: {watchers: [all]}}\nwiring:")
			}
			if strings.Contains(test.name, "through") {
				f.replace("sample/orders/feature.yaml", "outputs: [orders]", "outputs: [orders]\n    into: watchers.all")
			}
			f.replace(test.file, test.old, test.new)
			_, err := Load(f.files)
			lines(t, err, test.want...)
		})
	}
}

// A fallback needs what it takes only where it does not step out.
func TestLoad_ProvesFallbacks(t *testing.T) {
	f := newFixture(t)
	f.replace("sample/orders/feature.yaml", "wiring:", "wiring:\n  - {name: payments, import: internal/order, call: order.NewSandbox, inputs: [store], outputs: [pays], fallback: true}")
	f.replace("sample/orders/feature.yaml", "[store, log]", "[store, pays, log]")
	loaded(t, f.files)
	f.replace("sample/orders/feature.yaml", "inputs: [store]", "inputs: [db]")
	_, err := Load(f.files)
	lines(t, err, "sample/orders/feature.yaml:4:79: input db: orders can be selected without it, which only sqlite provides; provide it wherever this feature is")
	f.write("feature/client/feature.yaml", "title: x\nsummary: x\nwiring:\n  - {name: client, import: internal/pay, call: pay.New, outputs: [pays]}\n")
	f.replace("sample/orders/memory/feature.yaml", "title:", "requires: [bank]\ntitle:")
	f.write("shared/bank/feature.yaml", "title: x\nsummary: x\nwiring:\n  - {name: bank, import: internal/bank, call: bank.New, outputs: [pays]}\n")
	f.replace("feature/client/feature.yaml", "summary: x\n", "summary: x\nconflicts: [orders]\n")
	loaded(t, f.files) // with a database there is db, and without one there is a bank
}
