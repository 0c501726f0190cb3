package generator

import "testing"

func TestCondition_Holds(t *testing.T) {
	chosen := map[string]string{"router": "chi", "sample": "none", "audit": "on"}
	for _, test := range []struct {
		condition Condition
		want      bool
	}{
		{nil, true},
		{Condition{"router": {"stdlib", "chi"}, "audit": {"on"}}, true},
		{Condition{"router": {"stdlib"}}, false},
		{Condition{"router": {"any"}}, true},
		{Condition{"router": {"chi"}, "sample": {"any"}}, false},
		{Condition{"sample": {"none"}}, true},
		{Condition{"database": {"none"}}, true}, // a slot that does not exist
		{Condition{"database": {"any"}}, false},
		{Condition{"audit": {"off"}}, false},
		{Condition{"background": {"off"}}, true},
		{Condition{"background": {"on"}}, false},
	} {
		if got := test.condition.Holds(chosen); got != test.want {
			t.Errorf("%v: got %t", test.condition, got)
		}
	}
}

func TestCondition_String(t *testing.T) {
	for _, test := range []struct {
		condition Condition
		want      string
	}{
		{nil, ""},
		{Condition{"database": {Any}}, "a database"},
		{Condition{"api": {Any}}, "an api"},
		{Condition{"database": {None}, "audit": {Off}}, "no audit and no database"},
		{Condition{"router": {"chi", "gin"}, "audit": {On}, "sample": {"orders"}}, "audit, chi as router or gin as router and orders as sample"},
	} {
		if got := test.condition.String(); got != test.want {
			t.Errorf("got %s, want %s", got, test.want)
		}
	}
}

// Which features can be selected together, and all the reasons why others cannot.
func TestTogether(t *testing.T) {
	f := newFixture(t)
	f.replace("slots.yaml", "when: {database: [any]}", "when: {database: [any]}\n- {name: cache, title: x, question: x, default: none, optional: true, when: {store: [orm]}}")
	f.write("cache/redis/feature.yaml", "title: x\nsummary: x\nconflicts: [background]\n")
	f.write("shared/base/no-store/feature.yaml", "title: x\nsummary: x\nwhen: {store: [none]}\nreason: x\n")
	f.write("shared/base/any-database/feature.yaml", "title: x\nsummary: x\nwhen: {database: [any]}\nreason: x\n")
	f.write("shared/base/quiet/feature.yaml", "title: x\nsummary: x\nwhen: {background: [off]}\nreason: x\n")
	f.write("feature/river/feature.yaml", "title: x\nsummary: x\nrequires: [sqlite]\n")
	c := loaded(t, f.files)
	for _, test := range []struct {
		a, b string
		want bool
		why  string
	}{
		{"base", "chi", true, "nothing is against it"},
		{"chi", "stdlib", false, "values of one slot"},
		{"chi", "sqlite", true, "values of two slots"},
		{"orders-memory", "sqlite", false, "a condition names another value of the slot"},
		{"orders-memory", "orders-sql", false, "the store exists with a database only"},
		{"orders-memory", "sql", false, "the store exists with a database only"},
		{"orders-sql", "orders-orm", false, "their conditions exclude each other"},
		{"audit", "orm", false, "they conflict"},
		{"audit", "orders-orm", false, "one conflicts with what the other joins"},
		{"audit", "orders-sql", true, "nothing is against it"},
		{"redis", "audit", false, "what one requires conflicts with the other"},
		{"redis", "orders-memory", false, "the slot of one depends on a slot that depends on a database"},
		{"redis", "orders-orm", true, "the slot of one depends on what the other joins"},
		{"redis", "sql", false, "the slot of one depends on another value"},
		{"base-no-store", "base-any-database", false, "with a database there is a store"},
		{"base-no-store", "orders-memory", true, "no database, no store"},
		{"base-quiet", "audit", false, "one is there without what the other requires"},
		{"river", "orders-memory", false, "one requires what the other excludes"},
		{"river", "base-no-store", false, "what one requires makes a slot exist"},
	} {
		a, b := c.byName[test.a], c.byName[test.b]
		if c.together(a, b) != test.want || c.together(b, a) != test.want {
			t.Errorf("%s and %s: want %t: %s", test.a, test.b, test.want, test.why)
		}
	}
}
