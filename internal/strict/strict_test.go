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
		{"\n", "f: the file is empty; restore it, for example from git, or write it"},
		{"# nothing\n", "f: the file has nothing but comments; restore it, for example from git, or write it"},
		{"title: x\n---\ntitle: y\n", "f: there is more than one document; remove the line --- and what follows it"},
		{"- x\n", "f:1:1: the file: it is a list (- item); write a group of keys (key: value)"},
		{"Hidden: x\n", "f:1:1: Hidden: there is no such key; choose by, free, loud, many, names or title"},
		{"titel: x\nmany:\n- nams: x\n  loud: 1\n", "f:1:1: titel: there is no such key; did you mean title?\nf:3:3: nams: there is no such key; did you mean names?\nf:4:9: 1: not a boolean; use true or false"},
		{"title: x\ntitle: y\n", "f:2:1: title: the key is in line 1 already; remove one of them"},
		{"by: {a: [x]}\n", "f:1:9: a: it is a list (- item); write a single value"},
		{"title: &x y\nnames: [*x]\nfree: {k: [*x]}\n", "f:2:9: names: *x is an alias, which is not possible here; write the value itself\nf:3:12: free: *x is an alias, which is not possible here; write the value itself"},
		{"title: !!binary eA==\nfree: !x y\n", "f:1:8: title: !!binary is a tag, which is not possible here; remove it\nf:2:7: free: !x is a tag, which is not possible here; remove it"},
		{"title:\nnames: [~]\nby: null\nfree: {k: }\n", "f:1:7: title: a value is missing; write one\nf:2:9: names: a value is missing; write one\nf:3:5: by: a value is missing; write one\nf:4:11: free: a value is missing; write one"},
		{"title: 'null'\nfree: {k: ''}\n", ""},
		{"by: &x {a: b}\n<<: *x\n", "f:2:1: <<: there is no such key; choose by, free, loud, many, names or title"},
		{"many:\n- loud: true\n\tnames: []\n", "f:3:1: the line is indented with a tab; use spaces"},
		{"title: @x\n", "f:1:8: a value that begins with @ needs quotes; put them around it"},
		{"title: x\n y: z\n", "f:2:3: there is a second colon; put quotes around the value, or begin a new line for the key"},
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
