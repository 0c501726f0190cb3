package main

import (
	"maps"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/otelgen/otelgen/generator"
)

// A user with prepared answers, who remembers the questions.
type user struct {
	answers map[string]string // by question
	with    []string
	asked   []string
	offered []string // optional features
}

func (u *user) line(question string, _ func(string) error) (string, error) {
	u.asked = append(u.asked, question)
	return u.answers[question], nil
}

func (u *user) one(question string, options []option, preset string) (string, error) {
	u.asked = append(u.asked, question)
	if answer, ok := u.answers[question]; ok && slices.ContainsFunc(options, func(o option) bool { return o.name == answer }) {
		return answer, nil
	}
	return preset, nil
}

func (u *user) any(question string, options []option) ([]string, error) {
	u.asked = append(u.asked, question)
	for _, o := range options {
		u.offered = append(u.offered, o.name)
	}
	return u.with, nil
}

// A question is asked if it exists after the answers so far, flags have left it
// open, and there is more than one answer to it.
func TestAnswer(t *testing.T) {
	t.Parallel()
	const others = "What else should it have?"
	tests := map[string]struct {
		spec     generator.Spec
		features bool
		user     user
		asked    []string
		offered  []string // optional features
		slots    map[string]string
	}{
		"all open": {
			features: true,
			user:     user{with: []string{"mail"}},
			asked:    []string{"Router?", "Database?", others},
			offered:  []string{"mail", "metrics", "news"},
			slots:    map[string]string{"router": "chi", "database": "none"},
		},
		"what an answer excludes is not offered": {
			features: true,
			user:     user{answers: map[string]string{"Router?": "gin"}},
			asked:    []string{"Router?", "Database?", others},
			offered:  []string{"mail", "news"},
			slots:    map[string]string{"router": "gin", "database": "none"},
		},
		"what a flag leaves no choice of is not asked": {
			spec:  generator.Spec{Slots: map[string]string{"store": "gorm"}},
			asked: []string{"Router?"},
			slots: map[string]string{"router": "chi", "database": "sqlite", "store": "gorm"},
		},
		"an answer leads to another question": {
			user:  user{answers: map[string]string{"Database?": "sqlite"}},
			asked: []string{"Router?", "Database?", "Store?"},
			slots: map[string]string{"router": "chi", "database": "sqlite", "store": "sql"},
		},
		"decided by a flag of the slot": {
			spec:  generator.Spec{Slots: map[string]string{"router": "gin", "database": "none"}},
			slots: map[string]string{"router": "gin", "database": "none"},
		},
		"of two values one is possible": {
			spec:  generator.Spec{Features: []string{"metrics"}},
			asked: []string{"Database?"},
			slots: map[string]string{"database": "none"},
		},
		"decided by name": {
			spec:  generator.Spec{Features: []string{"gin"}},
			asked: []string{"Database?"},
			slots: map[string]string{"database": "none"},
		},
	}
	catalog := smallCatalog(t)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.spec.Service, test.spec.Module = "shop", "shop"
			test.spec.Slots = maps.Clone(test.spec.Slots)
			if test.spec.Slots == nil {
				test.spec.Slots = map[string]string{}
			}
			asked, err := answer(&test.user, catalog, &test.spec, test.features)
			if err != nil || asked != (len(test.asked) > 0) {
				t.Fatal(asked, err)
			}
			if !slices.Equal(test.user.asked, test.asked) {
				t.Errorf("asked %q, want %q", test.user.asked, test.asked)
			}
			if !slices.Equal(test.user.offered, test.offered) {
				t.Errorf("offered %q, want %q", test.user.offered, test.offered)
			}
			if !maps.Equal(test.spec.Slots, test.slots) {
				t.Errorf("slots %v, want %v", test.spec.Slots, test.slots)
			}
			if test.features && !slices.Equal(test.spec.Features, test.user.with) {
				t.Errorf("features %v, want %v", test.spec.Features, test.user.with)
			}
		})
	}
}

// smallCatalog has a slot that depends on another, one that has one value, and
// an optional feature.
func smallCatalog(t *testing.T) *generator.Catalog {
	t.Helper()
	files := fstest.MapFS{
		"slots.yaml": {Data: []byte(`
- {name: router, title: Router, question: "Router?", default: chi}
- {name: database, title: Database, question: "Database?", default: none, optional: true}
- {name: store, title: Store, question: "Store?", default: sql, when: {database: [any]}}
- {name: queue, title: Queue, question: "Queue?", default: ring}
`)},
		"shared/base/feature.yaml":  {Data: []byte("title: Base\nsummary: the base\nalways: true\n")},
		"modules.lock":              {Data: []byte("go 1.26.0\n")},
		"feature/mail/feature.yaml": {Data: []byte("title: Mail\nsummary: sends mail\n")},
	}
	files["feature/news/feature.yaml"] = &fstest.MapFile{Data: []byte("title: News\nsummary: sends news\nrequires: [mail]\n")}
	files["feature/metrics/feature.yaml"] = &fstest.MapFile{Data: []byte("title: Metrics\nsummary: counts\nrequires: [chi]\n")}
	for feature, slot := range map[string]string{"chi": "router", "gin": "router", "sqlite": "database", "sql": "store", "gorm": "store", "ring": "queue"} {
		files[slot+"/"+feature+"/feature.yaml"] = &fstest.MapFile{Data: []byte("title: " + feature + "\nsummary: it is " + feature + "\n")}
	}
	catalog, err := generator.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	return catalog
}

func TestQuote(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{"shop": "shop", "a/b.c": "a/b.c", "": "''", "my shop": "'my shop'", "it's": `'it'\''s'`, "$HOME": "'$HOME'"} {
		if got := quote(word); got != want {
			t.Errorf("%q: %s, want %s", word, got, want)
		}
	}
}
