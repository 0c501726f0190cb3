package main

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/spf13/cobra"

	"github.com/otelgen/otelgen/generator"
)

// A user with prepared answers, who remembers the questions.
type user struct {
	answers map[string]string // by the end of the question
	with    []string
	then    []string // with, when asked once more
	said    string
	asked   []string
	offered []string // optional features
}

func (u *user) line(question, _ string, _ func(string) error) (string, error) {
	u.asked = append(u.asked, question)
	return u.answers[question], nil
}

func (u *user) one(question string, options []option, initial string) (string, error) {
	u.asked = append(u.asked, question)
	for end, answer := range u.answers {
		if strings.HasSuffix(question, end) && slices.ContainsFunc(options, func(o option) bool { return o.name == answer }) {
			return answer, nil
		}
	}
	return initial, nil
}

func (u *user) any(question string, options []option, _ []string) ([]string, error) {
	u.asked = append(u.asked, question)
	for _, o := range options {
		u.offered = append(u.offered, o.name+": "+o.summary+o.brings)
	}
	with := u.with
	if u.then != nil {
		u.with, u.then = u.then, nil
	}
	return with, nil
}

func (u *user) say(text string) { u.said += text }

func (u *user) width() int { return 80 }

// A question is asked if it exists after the answers so far, flags have left it
// open, and there is more than one answer to it.
func TestInterview(t *testing.T) {
	t.Parallel()
	const (
		preset = "What should it start from?"
		about  = "Messages?"
		others = "Numbers?"
		last   = "Is that right?"
	)
	tests := map[string]struct {
		flags   []string
		user    user
		asked   []string
		offered []string // optional features
		slots   map[string]string
	}{
		"all open": {
			user:  user{with: []string{"mail"}},
			asked: []string{"1 of 6: " + preset, "2 of 6: Router?", "3 of 6: Database?", "4 of 6: " + about, "5 of 6: " + others, "6 of 6: " + last},
			offered: []string{
				"mail: sends mail", "news: sends news (comes with mail)", "silence: is silent", "metrics: counts",
			},
			slots: map[string]string{"router": "chi", "database": "none", "queue": "ring"},
		},
		"what an answer excludes is not offered": {
			user:    user{answers: map[string]string{"Router?": "gin"}},
			asked:   []string{"1 of 6: " + preset, "2 of 6: Router?", "3 of 5: Database?", "4 of 5: " + about, "5 of 5: " + last},
			offered: []string{"mail: sends mail", "news: sends news (comes with mail)", "silence: is silent"},
			slots:   map[string]string{"router": "gin", "database": "none", "queue": "ring"},
		},
		"what a flag leaves no choice of is not asked": {
			flags: []string{"--store", "gorm", "--with", ""},
			asked: []string{"1 of 3: " + preset, "2 of 3: Router?", "3 of 3: " + last},
			slots: map[string]string{"router": "chi", "database": "sqlite", "store": "gorm", "queue": "ring"},
		},
		"an answer leads to another question": {
			flags: []string{"--with", ""},
			user:  user{answers: map[string]string{"Database?": "sqlite"}},
			asked: []string{"1 of 4: " + preset, "2 of 4: Router?", "3 of 4: Database?", "4 of 5: Store?", "5 of 5: " + last},
			slots: map[string]string{"router": "chi", "database": "sqlite", "store": "sql", "queue": "ring"},
		},
		"decided by flags of the slots": {
			flags: []string{"--router", "gin", "--database", "none", "--with", ""},
			asked: []string{"1 of 2: " + preset, "2 of 2: " + last},
			slots: map[string]string{"router": "gin", "database": "none", "queue": "ring"},
		},
		"of two values one is possible": {
			flags: []string{"--with", "metrics"},
			asked: []string{"1 of 3: " + preset, "2 of 3: Database?", "3 of 3: " + last},
			slots: map[string]string{"router": "chi", "database": "none", "queue": "ring"},
		},
		"decided by name": {
			flags: []string{"--with", "gin"},
			asked: []string{"1 of 3: " + preset, "2 of 3: Database?", "3 of 3: " + last},
			slots: map[string]string{"router": "gin", "database": "none", "queue": "ring"},
		},
	}
	catalog := smallCatalog(t)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOptions{name: "shop", slots: map[string]string{}, dir: filepath.Join(t.TempDir(), "shop")}
			dir := o.dir
			cmd := &cobra.Command{}
			o.addFlags(cmd, catalog)
			if err := cmd.ParseFlags(test.flags); err != nil {
				t.Fatal(err)
			}
			o.dir = dir
			test.user.answers = maps.Clone(test.user.answers)
			if test.user.answers == nil {
				test.user.answers = map[string]string{}
			}
			test.user.answers[preset] = letMeChoose
			i := interview{catalog: catalog, flags: cmd.Flags(), given: o, ask: &test.user, preset: letMeChoose}
			answers, err := i.run()
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(test.user.asked, test.asked) {
				t.Errorf("asked %q, want %q", test.user.asked, test.asked)
			}
			if !slices.Equal(test.user.offered, test.offered) {
				t.Errorf("offered %q, want %q", test.user.offered, test.offered)
			}
			s, err := answers.parse(catalog)
			if err := s.compare(catalog, err); err != nil {
				t.Fatal(err)
			}
			if !maps.Equal(s.spec.Slots, test.slots) {
				t.Errorf("slots %v, want %v", s.spec.Slots, test.slots)
			}
			for _, feature := range test.user.with {
				if !slices.Contains(s.spec.Features, feature) {
					t.Errorf("features %v, without %s", s.spec.Features, feature)
				}
			}
		})
	}
}

// TestInterview_Together: features that do not go together are asked for again.
func TestInterview_Together(t *testing.T) {
	t.Parallel()
	catalog := smallCatalog(t)
	o := newOptions{name: "shop", slots: map[string]string{"router": "gin", "database": "none"}, dir: filepath.Join(t.TempDir(), "shop")}
	flags := &cobra.Command{}
	o.addFlags(flags, catalog)
	u := &user{with: []string{"mail", "silence"}, then: []string{"silence"}}
	i := interview{catalog: catalog, flags: flags.Flags(), given: o, ask: u, preset: letMeChoose}
	options, err := i.run()
	if err != nil || !slices.Equal(options.with, []string{"silence"}) || !strings.Contains(u.said, "mail") || !strings.Contains(u.said, "silence") {
		t.Errorf("with %q, %v, after %q", options.with, err, u.said)
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
		"areas.yaml":                {Data: []byte("- {name: messages, title: Messages, question: \"Messages?\"}\n- {name: numbers, title: Numbers, question: \"Numbers?\"}\n")},
		"shared/base/feature.yaml":  {Data: []byte("title: Base\nsummary: the base\nalways: true\n")},
		"modules.lock":              {Data: []byte("go 1.26.0\n")},
		"feature/mail/feature.yaml": {Data: []byte("title: Mail\nsummary: sends mail\narea: messages\n")},
	}
	files["feature/silence/feature.yaml"] = &fstest.MapFile{Data: []byte("title: Silence\nsummary: is silent\narea: messages\nconflicts: [mail, news]\n")}
	files["feature/news/feature.yaml"] = &fstest.MapFile{Data: []byte("title: News\nsummary: sends news\narea: messages\nrequires: [mail]\n")}
	files["feature/metrics/feature.yaml"] = &fstest.MapFile{Data: []byte("title: Metrics\nsummary: counts\narea: numbers\nrequires: [chi]\n")}
	for feature, slot := range map[string]string{"chi": "router", "gin": "router", "sqlite": "database", "sql": "store", "gorm": "store", "ring": "queue"} {
		files[slot+"/"+feature+"/feature.yaml"] = &fstest.MapFile{Data: []byte("title: " + feature + "\nsummary: it is " + feature + "\n")}
	}
	catalog, err := generator.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	return catalog
}

// What comes with an option is the last thing to be left out of its line.
func TestOption_Description(t *testing.T) {
	t.Parallel()
	o := option{"jobs", "durable jobs, with retries and schedules", " (comes with database postgres)"}
	for most, want := range map[int]string{
		80: "durable jobs, with retries and schedules (comes with database postgres)",
		60: "durable jobs, with retries a… (comes with database postgres)",
		40: "durable jobs, with retries and schedule…",
	} {
		if got := o.description(most); got != want {
			t.Errorf("%d: %q, want %q", most, got, want)
		}
	}
}

func TestQuote(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{"shop": "shop", "a/b.c": "a/b.c", "": "''", "my shop": "'my shop'", "it's": `'it'\''s'`, "$HOME": "'$HOME'"} {
		if got := quote(word); got != want {
			t.Errorf("%q: %s, want %s", word, got, want)
		}
	}
}
