package modules

import (
	"strings"
	"testing"
)

// gomod returns a go.mod that requires the modules, each "path version" with an
// optional "// indirect".
func gomod(requires ...string) string {
	return "module shop\n\ngo 1.26.0\n\nrequire (\n\t" + strings.Join(requires, "\n\t") + "\n)\n"
}

func TestMergeMod(t *testing.T) {
	tests := []struct {
		name              string
		base, yours, next string
		imports           []string
		want              string
		tidy              bool
		held, kept, away  string
	}{{
		name:  "you changed nothing",
		base:  gomod("a.org/a v1.0.0", "b.org/b v1.0.0"),
		yours: gomod("a.org/a v1.0.0", "b.org/b v1.0.0"),
		next:  gomod("a.org/a v1.1.0"),
		want:  gomod("a.org/a v1.1.0"),
	}, {
		name:  "both changed neighbouring lines",
		base:  gomod("a.org/a v1.0.0", "b.org/b v1.0.0"),
		yours: gomod("a.org/a v1.1.0", "b.org/b v1.0.0"),
		next:  gomod("a.org/a v1.0.0", "b.org/b v1.2.0"),
		want:  gomod("a.org/a v1.1.0", "b.org/b v1.2.0"),
		tidy:  true,
	}, {
		name:  "both changed the same line: the later version",
		base:  gomod("a.org/a v1.0.0", "b.org/b v1.0.0"),
		yours: gomod("a.org/a v1.10.0", "b.org/b v1.1.0"),
		next:  gomod("a.org/a v1.9.0", "b.org/b v1.2.0"),
		want:  gomod("a.org/a v1.10.0", "b.org/b v1.2.0"),
		tidy:  true,
	}, {
		name:  "what you added stays, with your comments and replacements",
		base:  gomod("a.org/a v1.0.0"),
		yours: gomod("a.org/a v1.0.0", "m.org/mine v0.1.0 // mine") + "\n// because of #12\nreplace m.org/mine => ../mine\n\ntool m.org/mine/cmd\n",
		next:  gomod("a.org/a v1.1.0", "z.org/z v1.0.0"),
		want:  gomod("a.org/a v1.1.0", "m.org/mine v0.1.0 // mine", "z.org/z v1.0.0") + "\n// because of #12\nreplace m.org/mine => ../mine\n\ntool m.org/mine/cmd\n",
		tidy:  true,
	}, {
		name:    "we dropped it but your code imports it: it and its like stay",
		base:    gomod("a.org/a v1.0.0", "d.org/d/v2 v2.0.0", "i.org/i v1.0.0 // indirect"),
		yours:   gomod("a.org/a v1.0.0", "d.org/d/v2 v2.0.0", "i.org/i v1.0.0 // indirect"),
		next:    gomod("a.org/a v1.0.0", "n.org/n v1.0.0"),
		imports: []string{"fmt", "d.org/d/v2/sub"},
		want:    gomod("a.org/a v1.0.0", "d.org/d/v2 v2.0.0", "n.org/n v1.0.0") + "\nrequire i.org/i v1.0.0 // indirect\n",
		tidy:    true,
	}, {
		name:    "an import belongs to the module with the longest path",
		base:    gomod("o.org/otel v1.0.0", "o.org/otel/trace v1.0.0"),
		yours:   gomod("o.org/otel v1.0.0", "o.org/otel/trace v1.0.0"),
		next:    gomod("o.org/otel/trace v1.0.0"),
		imports: []string{"o.org/otel/trace/noop"},
		want:    "module shop\n\ngo 1.26.0\n\nrequire (\n\to.org/otel/trace v1.0.0\n)\n",
	}, {
		name:    "you import what no module has",
		base:    gomod("a.org/a v1.0.0"),
		yours:   gomod("a.org/a v1.0.0"),
		next:    gomod("a.org/a v1.1.0"),
		imports: []string{"/abs", "./rel", "fmt", ""},
		want:    "module shop\n\ngo 1.26.0\n\nrequire (\n\ta.org/a v1.1.0\n)\n",
	}, {
		name:  "you removed it, it is as it was: it stays away",
		base:  gomod("a.org/a v1.0.0", "b.org/b v1.0.0", "c.org/c v1.0.0"),
		yours: gomod("b.org/b v1.0.0", "c.org/c v1.0.0"),
		next:  gomod("a.org/a v1.0.0", "b.org/b v1.0.0"),
		want:  "module shop\n\ngo 1.26.0\n\nrequire b.org/b v1.0.0\n",
		tidy:  true,
	}, {
		name:    "you removed it, but code that we bring imports it",
		base:    gomod("a.org/a v1.0.0", "b.org/b v1.0.0"),
		yours:   gomod("b.org/b v1.0.0"),
		next:    gomod("a.org/a v1.1.0", "b.org/b v1.0.0"),
		imports: []string{"a.org/a"},
		want:    gomod("a.org/a v1.1.0", "b.org/b v1.0.0"),
	}, {
		name:  "you changed what we drop",
		base:  gomod("a.org/a v1.0.0", "b.org/b v1.0.0"),
		yours: gomod("a.org/a v1.1.0", "b.org/b v1.0.0"),
		next:  gomod("b.org/b v1.1.0"),
		want:  gomod("a.org/a v1.1.0", "b.org/b v1.1.0"),
		tidy:  true,
	}, {
		name:  "you began to import it",
		base:  gomod("a.org/a v1.0.0", "i.org/i v1.0.0 // indirect"),
		yours: gomod("a.org/a v1.0.0", "i.org/i v1.0.0"),
		next:  gomod("a.org/a v1.1.0", "i.org/i v1.1.0 // indirect"),
		want:  gomod("a.org/a v1.1.0", "i.org/i v1.1.0"),
		tidy:  true,
	}, {
		name:  "the later Go, your module path, your toolchain",
		base:  "module shop\n\ngo 1.26.0\n\ntoolchain go1.26.1\n",
		yours: "// Shop.\nmodule example.com/shop // ours\n\ngo 1.26.3 // why\n\ntoolchain go1.26.9\n",
		next:  "module store\n\ngo 1.27.0\n\ngodebug default=go1.26\n",
		want:  "// Shop.\nmodule example.com/shop // ours\n\ngo 1.27.0 // why\n\ntoolchain go1.26.9\n\ngodebug default=go1.26\n",
	}, {
		name:  "what you hold back, with a comment, stays",
		base:  gomod("a.org/a v1.0.0", "b.org/b v1.0.0", "c.org/c v1.0.0"),
		yours: gomod("a.org/a v1.0.0 // v1.1 loses events", "b.org/b v1.0.0", "c.org/c v1.0.0"),
		next:  gomod("a.org/a v1.1.0", "b.org/b v1.1.0"),
		want:  gomod("a.org/a v1.0.0 // v1.1 loses events", "b.org/b v1.1.0", "c.org/c v1.0.0"),
		tidy:  true,
		held:  "a.org/a v1.0.0 v1.1.0",
	}, {
		name:  "so does a comment above, and one beside the mark",
		base:  gomod("a.org/a v1.0.0", "b.org/b v1.0.0 // indirect"),
		yours: gomod("a.org/a v1.0.0", "// For the tests.", "b.org/b v1.0.0 // indirect"),
		next:  gomod("a.org/a v1.0.0", "b.org/b v1.1.0 // indirect"),
		want:  gomod("a.org/a v1.0.0", "// For the tests.", "b.org/b v1.0.0 // indirect"),
		tidy:  true,
		held:  "b.org/b v1.0.0 v1.1.0",
	}, {
		name:  "a comment on what stays as it is",
		base:  gomod("a.org/a v1.0.0", "b.org/b v1.0.0"),
		yours: gomod("a.org/a v1.0.0 // the core", "b.org/b v1.0.0"),
		next:  gomod("a.org/a v1.0.0", "b.org/b v1.1.0"),
		want:  gomod("a.org/a v1.0.0 // the core", "b.org/b v1.1.0"),
	}, {
		name:  "you went back to an earlier version",
		base:  gomod("a.org/a v1.5.0", "b.org/b v1.0.0"),
		yours: gomod("a.org/a v1.4.0", "b.org/b v1.0.0"),
		next:  gomod("a.org/a v1.6.0", "b.org/b v1.0.0"),
		want:  gomod("a.org/a v1.4.0", "b.org/b v1.0.0"),
		tidy:  true,
		held:  "a.org/a v1.4.0 v1.6.0",
	}, {
		name:  "you exclude the version that we have now",
		base:  gomod("a.org/a v1.0.0", "b.org/b v1.0.0"),
		yours: gomod("a.org/a v1.0.0", "b.org/b v1.0.0") + "\nexclude a.org/a v1.1.0\n",
		next:  gomod("a.org/a v1.1.0", "b.org/b v1.1.0"),
		want:  gomod("a.org/a v1.0.0", "b.org/b v1.1.0") + "\nexclude a.org/a v1.1.0\n",
		tidy:  true,
		held:  "a.org/a v1.0.0 v1.1.0",
	}, {
		name:  "you hold back what we leave as it is",
		base:  gomod("a.org/a v1.5.0", "b.org/b v1.0.0"),
		yours: gomod("a.org/a v1.4.0 // v1.5 loses events", "b.org/b v1.0.0"),
		next:  gomod("a.org/a v1.5.0", "b.org/b v1.1.0"),
		want:  gomod("a.org/a v1.4.0 // v1.5 loses events", "b.org/b v1.1.0"),
		tidy:  true,
	}, {
		name:  "what you wrote a comment about stays when we drop it",
		base:  gomod("a.org/a v1.0.0", "c.org/c v1.0.0", "d.org/d v1.0.0 // indirect"),
		yours: gomod("a.org/a v1.0.0", "c.org/c v1.0.0 // for the scripts", "d.org/d v1.0.0 // indirect; security fix"),
		next:  gomod("a.org/a v1.1.0"),
		want:  gomod("a.org/a v1.1.0", "c.org/c v1.0.0 // for the scripts") + "\nrequire d.org/d v1.0.0 // indirect; security fix\n",
		tidy:  true,
		kept:  "c.org/c, d.org/d",
	}, {
		name:  "a comment about a block that goes stays, and is not doubled",
		base:  gomod("a.org/a v1.0.0", "b.org/b v1.0.0"),
		yours: "module shop\n\ngo 1.26.0\n\nrequire a.org/a v1.0.0\n\n// What the reports need.\nrequire (\n\tb.org/b v1.0.0\n)\n",
		next:  gomod("a.org/a v1.1.0"),
		want:  "module shop\n\ngo 1.26.0\n\nrequire a.org/a v1.1.0\n\n// What the reports need.\n",
	}, {
		name:  "a tool that you wrote a comment about",
		base:  "module shop\n\ngo 1.26.0\n\ntool a.org/a\n\ntool b.org/b\n",
		yours: "module shop\n\ngo 1.26.0\n\ntool a.org/a // for make docs\n\ntool b.org/b\n",
		next:  "module shop\n\ngo 1.26.0\n",
		want:  "module shop\n\ngo 1.26.0\n\ntool a.org/a // for make docs\n",
		kept:  "tool a.org/a",
	}, {
		name:  "you removed it, and we have a new version: it stays away",
		base:  gomod("a.org/a v1.0.0", "b.org/b v1.0.0", "c.org/c v1.0.0 // indirect"),
		yours: gomod("b.org/b v1.0.0"),
		next:  gomod("a.org/a v1.1.0", "b.org/b v1.1.0", "c.org/c v1.1.0 // indirect"),
		want:  "module shop\n\ngo 1.26.0\n\nrequire b.org/b v1.1.0\n",
		tidy:  true,
		away:  "a.org/a, c.org/c",
	}, {
		name:  "you made the same change, and need nothing that we drop",
		base:  gomod("a.org/a v1.0.0", "d.org/d v1.0.0"),
		yours: gomod("a.org/a v1.1.0", "d.org/d v1.0.0"),
		next:  gomod("a.org/a v1.1.0", "e.org/e v1.0.0"),
		want:  gomod("a.org/a v1.1.0", "e.org/e v1.0.0"),
	}, {
		name:  "lines in blocks come, change and go",
		base:  "module shop\n\ngo 1.26.0\n\ntool (\n\ta.org/a\n\tb.org/b\n)\n\ngodebug (\n\ta=1\n\tb=1\n)\n",
		yours: "module shop\n\ngo 1.26.0\n\ntool (\n\ta.org/a\n\tb.org/b\n\tc.org/c\n)\n\ngodebug (\n\ta=1\n\tb=1\n)\n",
		next:  "module shop\n\ngo 1.26.0\n\ntool b.org/b\n\ntool d.org/d\n\ngodebug (\n\ta=2\n\tb=1\n)\n",
		want:  "module shop\n\ngo 1.26.0\n\ntool (\n\tb.org/b\n\tc.org/c\n)\n\ngodebug (\n\ta=2\n\tb=1\n)\n\ntool d.org/d\n",
	}}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			side := func(mod string) Files { return Files{Mod: []byte(mod)} }
			got, err := Merge(".", "recorded", side(tt.base), side(tt.yours), side(tt.next), tt.imports)
			if err != nil {
				t.Fatal(err)
			}
			if string(got.Mod) != tt.want || got.Tidy != tt.tidy {
				t.Errorf("tidy %v:\n%s\nwant tidy %v:\n%s", got.Tidy, got.Mod, tt.tidy, tt.want)
			}
			held := ""
			for _, h := range got.Held {
				held += h.Path + " " + h.Yours + " " + h.Next
			}
			if kept, away := strings.Join(got.Kept, ", "), strings.Join(got.Away, ", "); held != tt.held || kept != tt.kept || away != tt.away {
				t.Errorf("held %q, kept %q, away %q; want %q, %q, %q", held, kept, away, tt.held, tt.kept, tt.away)
			}
			again, err := Merge(".", "recorded", side(tt.next), got.Files, side(tt.next), tt.imports)
			if err != nil || string(again.Mod) != string(got.Mod) || again.Tidy || again.Held != nil || again.Kept != nil || again.Away != nil {
				t.Errorf("once more: %v, %+v\n%s", err, again, again.Mod)
			}
		})
	}
}

// TestMergeUntouchedIsTidy: with real modules, what an owner has not touched is
// afterwards what tidy writes.
func TestMergeUntouchedIsTidy(t *testing.T) {
	for _, from := range []string{"otlp", "prom", "both"} {
		for _, to := range []string{"otlp", "prom", "both"} {
			got, err := Merge(".", "recorded", tidied(t, from), tidied(t, from), tidied(t, to), nil)
			if err != nil || got.Tidy {
				t.Errorf("%s to %s: tidy %v, %v", from, to, got.Tidy, err)
			}
			compare(t, from+" to "+to, got.Files, tidied(t, to))
		}
	}
}

func TestMergeSum(t *testing.T) {
	sums := func(lines ...string) []byte { return []byte(strings.Join(append(lines, ""), "\n")) }
	const (
		a0, a0mod = "a.org/a v1.0.0 h1:a0", "a.org/a v1.0.0/go.mod h1:a0m"
		a1, a1mod = "a.org/a v1.1.0 h1:a1", "a.org/a v1.1.0/go.mod h1:a1m"
		d, dmod   = "d.org/d v1.0.0 h1:d", "d.org/d v1.0.0/go.mod h1:dm"
		m, mmod   = "m.org/m v1.0.0 h1:m", "m.org/m v1.0.0/go.mod h1:mm"
	)
	base := Files{[]byte(gomod("a.org/a v1.0.0", "d.org/d v1.0.0")), sums(a0, a0mod, d, dmod)}
	next := Files{[]byte(gomod("a.org/a v1.1.0")), sums(a1, a1mod)}
	tests := []struct {
		name    string
		yours   Files
		imports []string
		want    []byte
	}{
		{"you changed nothing", base, nil, sums(a1, a1mod)},
		{"you downloaded more", Files{base.Mod, sums(a0, a0mod, d, dmod, mmod)}, nil, sums(a1, a1mod, mmod)},
		{"you require more", Files{[]byte(gomod("a.org/a v1.0.0", "d.org/d v1.0.0", "m.org/m v1.0.0")), sums(a0, a0mod, d, dmod, m, mmod)}, nil,
			sums(a0mod, a1, a1mod, d, dmod, m, mmod)},
		{"you import what we drop", base, []string{"d.org/d"}, sums(a0mod, a1, a1mod, d, dmod)},
		{"you made the same change", Files{next.Mod, sums(a0, a0mod, a1, a1mod, d, dmod)}, nil, sums(a1, a1mod)},
		{"you hold back what we change", Files{[]byte(gomod("a.org/a v1.0.0 // why")), base.Sum}, nil, sums(a0, a0mod, a1, a1mod, d, dmod)},
		{"you have none", Files{base.Mod, nil}, nil, sums(a1, a1mod)},
	}
	for _, tt := range tests {
		got, err := Merge(".", "recorded", base, tt.yours, next, tt.imports)
		if err != nil || string(got.Sum) != string(tt.want) {
			t.Errorf("%s: %v\n%s\nwant:\n%s", tt.name, err, got.Sum, tt.want)
		}
	}
}

func TestMergeRefuses(t *testing.T) {
	good := Files{[]byte(gomod("a.org/a v1.0.0")), []byte("a.org/a v1.0.0 h1:real\n")}
	tests := []struct {
		name  string
		yours Files
		want  string
	}{
		{"conflict markers of git", Files{[]byte("module shop\n<<<<<<< HEAD\n"), nil},
			"tools/go.mod: git has a conflict in it; resolve that, then run the command again"},
		{"conflict markers of git in both", Files{[]byte("module shop\n<<<<<<< HEAD\n=======\n>>>>>>> theirs\n"), []byte("<<<<<<< HEAD\r\n")},
			"tools/go.mod: git has a conflict in it; resolve that, then run the command again\ntools/go.sum: git has a conflict in it; resolve that, then run the command again"},
		{"half a conflict", Files{[]byte("module shop\n>>>>>>> theirs\n"), nil},
			"tools/go.mod: git has a conflict in it; resolve that, then run the command again"},
		{"no go.mod", Files{[]byte("module shop\n\nrequires a\n"), nil},
			"tools/go.mod:3: unknown directive: requires; repair that, then run again"},
		{"half a line", Files{good.Mod, []byte("\na.org/a v1.0.0\n")},
			"tools/go.sum:2: \"a.org/a v1.0.0\": a sum is a module path, a version and a hash; repair that, then run again"},
		{"another hash of the same module", Files{good.Mod, []byte("a.org/a v1.0.0 h1:fake\n")},
			"tools/go.sum: a.org/a v1.0.0 has two hashes, h1:fake and h1:real: find out which one is right before you go on"},
	}
	for _, tt := range tests {
		_, err := Merge("tools", "recorded", good, tt.yours, good, nil)
		if err == nil || err.Error() != tt.want {
			t.Errorf("%s: %v\nwant %s", tt.name, err, tt.want)
		}
	}
}
