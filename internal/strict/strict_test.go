package strict

import (
	"fmt"
	"testing"

	"go.yaml.in/yaml/v4"
)

type inner struct {
	Names []string          `yaml:"names"`
	By    map[string]string `yaml:"by"`
	Loud  bool              `yaml:"loud"`
}

type outer struct {
	Title  string  `yaml:"title"`
	Many   []inner `yaml:"many"`
	inner  `yaml:",inline"`
	Free   free   `yaml:"free"`
	Hidden string `yaml:"-"`
}

// free decodes itself.
type free struct{}

func (*free) UnmarshalYAML(*yaml.Node) error { return nil }

func TestDecode(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"title: x\nloud: true\nmany:\n- names: [a, 1, true]\n", ""},
		{"\n", "f: empty; write what the file is for, or remove it"},
		{"# nothing\n", "f: no documents in stream"},
		{"title: x\n---\ntitle: y\n", "f: expected single document, found multiple"},
		{"- x\n", "f:1:1: use a mapping (key: value) here, not a list (- item)"},
		{"Hidden: x\n", "f:1:1: Hidden: unknown key; choose by, free, loud, many, names or title"},
		{"titel: x\nmany:\n- nams: x\n  loud: 1\n", "f:1:1: titel: unknown key; did you mean title?\nf:3:3: nams: unknown key; did you mean names?\nf:4:9: 1: not a boolean; use true or false"},
		{"title: x\ntitle: y\n", "f:2:1: title: duplicate key, first in line 1; remove one"},
		{"by: {a: [x]}\n", "f:1:9: use a single value here, not a list (- item)"},
		{"title: &x y\nnames: [*x]\nfree: {k: [*x]}\n", "f:2:9: *x: aliases are not possible; write out what it stands for\nf:3:12: *x: aliases are not possible; write out what it stands for"},
		{"title: !!binary eA==\nfree: !x y\n", "f:1:8: !!binary: tags are not possible; remove it\nf:2:7: !x: tags are not possible; remove it"},
		{"title:\nnames: [~]\nby: null\nfree: {k: }\n", "f:1:7: null: the value is missing; give one, or remove the key\nf:2:9: null: the value is missing; give one, or remove the key\nf:3:5: null: the value is missing; give one, or remove the key\nf:4:11: null: the value is missing; give one, or remove the key"},
		{"title: 'null'\nfree: {k: ''}\n", ""},
		{"by: &x {a: b}\n<<: *x\n", "f:2:1: <<: unknown key; choose by, free, loud, many, names or title"},
		{"title: x\n y: z\n", "f:2:3: a second colon; put quotes around the value, or begin a new line for the key"},
	} {
		var value outer
		_, problems := Decode("f", []byte(c.text), &value)
		got := ""
		if err := problems.Err(); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%q:\ngot  %s\nwant %s", c.text, got, c.want)
		}
	}
}

// What is understood is there, in spite of problems.
func TestDecode_AsFarAsPossible(t *testing.T) {
	var value outer
	Decode("f", []byte("title: x\nfoo: bar\nloud: perhaps\nnames: [a]\n"), &value)
	if got := fmt.Sprint(value); got != "{x [] {[a] map[] false} {} }" {
		t.Errorf("got %s", got)
	}
}

func TestDocument_At(t *testing.T) {
	var value outer
	d, _ := Decode("f", []byte("title: x\nmany:\n- names: [a, b]\n  by:\n    k: v\n"), &value)
	for _, c := range []struct {
		path []any
		want string
	}{
		{[]any{"nowhere"}, "f:1:1"},
		{[]any{"title"}, "f:1:8"},
		{[]any{"many"}, "f:2:1"}, // of something large, its key
		{[]any{"many", 0}, "f:3:3"},
		{[]any{"many", 0, "names", 1}, "f:3:14"},
		{[]any{"many", 0, "names", 7}, "f:3:3"}, // as near as it goes
		{[]any{"many", 0, "by"}, "f:4:3"},
		{[]any{"many", 0, "by", "k"}, "f:5:8"},
	} {
		if got := d.At(c.path...).String(); got != c.want {
			t.Errorf("%v: got %s, want %s", c.path, got, c.want)
		}
	}
}
