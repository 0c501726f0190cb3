package logicless

import (
	"slices"
	"strings"
	"testing"
)

// What templates may do, and what they may not, each with its place.
func TestParse(t *testing.T) {
	const (
		nothing = ": templates decide nothing; let a feature own the file, or contribute to a list"
		noRange = "range: only index files list what features contribute; if this is one, name it in the feature's index"
		noVar   = ": templates have no variables; print the value where it is"
		noField = ": unknown name; there are .Service and .Module"
	)
	for _, c := range []struct {
		text         string
		owned, index string // the problems, separated by newlines
	}{
		// Printing
		{`plain ${ { } }`, "", ""},
		{`{{.Service}} {{.Module | quote}} {{printf "%q" (upper .Service)}} {{trunc 3 "text"}} {{$.Module}}{{/* x */}}`, "", ""},
		{`{{.Servce}}`, "x:1:1: .Servce" + noField, ""},
		{`{{.Service.Name}}`, "x:1:1: .Service.Name" + noField, ""},
		{`{{.}}`, "x:1:1: ." + noField, "x:1:1: .: nothing to print; name a field"},
		{`{{$}}`, "x:1:1: $" + noField, "x:1:1: $: nothing to print; name a field"},

		// Lists
		{`{{range .Env}}{{.}}{{.Title}}{{range .Names}}{{.}}{{$.Service}}{{end}}{{end}}`, "x:1:1: " + noRange, ""},
		{`{{range .Env}}{{else}}{{end}}`, "x:1:1: " + noRange, "x:1:15: else: a list without items prints nothing"},
		{`{{range $i, $x := .Env}}{{end}}`, "x:1:1: " + noRange, "x:1:1: $i" + noVar},
		{`{{range 5}}{{end}}`, "x:1:1: " + noRange, "x:1:1: range: over a list as it is, and nothing else"},
		{`{{range upper .Service}}{{end}}`, "x:1:1: " + noRange, "x:1:1: range: over a list as it is, and nothing else"},
		{`{{range .Env}}{{break}}{{end}}`, "x:1:1: " + noRange, "x:1:15: break" + nothing},
		{`{{range .Env}}{{continue}}{{end}}`, "x:1:1: " + noRange, "x:1:15: continue" + nothing},

		// Logic
		{"a\n b{{if .Service}}c{{else}}d{{end}}", "x:2:3: if" + nothing, "x:2:3: if" + nothing},
		{`{{- with .Service}}{{.}}{{end}}`, "x:1:1: with" + nothing, "x:1:1: with" + nothing},
		{`{{range .Env}}{{if .}}{{end}}{{end}}`, "x:1:1: " + noRange, "x:1:15: if" + nothing},
		{`{{$x := .Service}}`, "x:1:1: $x" + noVar, "x:1:1: $x" + noVar},
		{`{{nil}}`, "x:1:1: nil" + nothing, "x:1:1: nil" + nothing},
		{`{{true}}`, "x:1:1: true" + nothing, "x:1:1: true" + nothing},
		{`{{(.Env).Title}}`, "x:1:1: (.Env).Title" + nothing, "x:1:1: (.Env).Title" + nothing},

		// Templates in templates
		{
			`{{define "y"}}z{{end}}`,
			"x:1:1: define: templates do not contain templates; make it a file of its own",
			"x:1:1: define: templates do not contain templates; make it a file of its own",
		},
		{`{{template "y"}}`, "x:1:1: template" + nothing, "x:1:1: template" + nothing},

		// No templates
		{"\n{{.Service", "x:2: unclosed action", "x:2: unclosed action"},
		{`{{end}}`, "x:1: unexpected {{end}}", "x:1: unexpected {{end}}"},
		{`{{end}} {{if`, "x:1: unexpected {{end}}", "x:1: unexpected {{end}}"},
	} {
		for kind, want := range map[Kind]string{Owned: c.owned, Index: c.index} {
			_, problems := Parse("x", c.text, kind)
			got := ""
			if err := problems.Err(); err != nil {
				got = err.Error()
			}
			if got != want {
				t.Errorf("%s, kind %d:\ngot  %s\nwant %s", c.text, kind, got, want)
			}
		}
	}
}

// Functions that decide, that look around, and that never give the same twice.
func TestParse_Functions(t *testing.T) {
	for _, name := range []string{
		"and", "or", "not", "eq", "ne", "lt", "le", "gt", "ge", "ternary", "default", "coalesce", "has", "empty", "contains", "hasPrefix",
		"index", "slice", "len", "call", "first", "dict", "list", "env", "expandenv", "getHostByName", "now", "date", "randAlpha",
		"uuidv4", "genPrivateKey", "htpasswd", "fail", "osBase",
	} {
		for _, kind := range []Kind{Owned, Index} {
			_, problems := Parse("x", "{{"+name+" .Service}}", kind)
			if err := problems.Err(); err == nil || !strings.HasPrefix(err.Error(), "x:1:1: "+name+": no function of templates; ") {
				t.Errorf("%s, kind %d: %v", name, kind, err)
			}
		}
	}
	if len(vocabulary) > 13 {
		t.Errorf("%d functions; a dozen was the promise", len(vocabulary))
	}
}

// An indentation of 300,000,000 spaces once took as many bytes for each line.
func TestBounds(t *testing.T) {
	for text, want := range map[string]string{
		"{{indent 300000000 .Service}}":     "x:1:1: 300000000: not a decimal number from -1000 to 1000",
		"{{indent 1e3 .Service}}":           "",
		"{{indent 'a' .Service}}":           "x:1:1: 'a': not a decimal number from -1000 to 1000",
		`{{printf "%300000000s" .Service}}`: `x:1:1: "%300000000s": a width of more than three digits; pad less`,
		`{{printf "%*s" .Service}}`:         `x:1:1: "%*s": a width of more than three digits; pad less`,
		`{{printf "%-999s" .Service}}`:      "",
	} {
		_, problems := Parse("x", text, Owned)
		got := ""
		if err := problems.Err(); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
	much := strings.Repeat("a", 1<<11)
	for _, text := range []string{
		`{{replace "a" "` + much + `" (replace "a" "` + much + `" "` + much + `")}}`,
		"{{indent 1000 .Service | replace \" \" \"\\n\\n\\n\\n\\n\" | indent 1000}}",
		`{{range .Lists}}{{range $.Lists}}{{range $.Lists}}{{printf "%999s" .}}{{end}}{{end}}{{end}}`,
	} {
		template, problems := Parse("x", text, Index)
		if err := problems.Err(); err != nil {
			t.Fatal(err)
		}
		_, err := template.Execute(map[string]any{"Service": "shop", "Lists": make([]string, 100)})
		if err == nil || !strings.Contains(err.Error(), "larger than 4194304 bytes") {
			t.Errorf("%.40s: %v", text, err)
		}
	}
}

// What an index template prints of lists, and whether it quotes it.
func TestUses(t *testing.T) {
	template, problems := Parse("x", `{{join ", " .Lists.a}}
{{range .Lists.b}}{{.name}}{{quote .value}}{{.value | upper | quote}}{{printf "%s" (quote .value)}}{{$.Lists.a}}{{end}}
{{range .Blocks.c}}{{range .}}{{.}}{{end}}{{range .}}{{.x}}{{end}}{{end}}
{{range .Env}}{{.Title}}{{range .Variables}}{{.Name}}{{end}}{{end}}`, Index)
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	want := []Use{
		{"a", "", true, false, 1, 1},
		{"b", "", false, false, 2, 1},
		{"b", "name", true, false, 2, 19}, {"b", "value", true, true, 2, 28}, {"b", "value", true, true, 2, 44},
		{"b", "value", true, false, 2, 70}, {"a", "", true, false, 2, 100},
		{"c", "", false, false, 3, 1}, {"c", "", true, false, 3, 31}, {"c", "x", true, false, 3, 54},
	}
	if got := template.Uses(); !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestExecute(t *testing.T) {
	data := struct{ Service, Module string }{"order-api", "example.com/x"}
	for text, want := range map[string]string{
		"plain":                               "plain",
		"{{.Service}} in {{.Module}}":         "order-api in example.com/x",
		"{{snakecase .Service}}":              "order_api",
		"{{camelcase .Service}}":              "OrderApi",
		"{{kebabcase \"OrderApi\"}}":          "order-api",
		"{{replace \"-\" \"\" .Service}}":     "orderapi",
		"{{quote .Service}}":                  `"order-api"`,
		"{{printf \"%.5s\" .Service}}":        "order",
		"{{indent 2 \"a\\nb\"}}":              "  a\n  b",
		"{{nindent 2 \"a\"}}":                 "\n  a",
		"{{.Service | upper | lower}}":        "order-api",
		"{{trim \" x \"}}{{trunc 2 \"abc\"}}": "xab",
	} {
		template, problems := Parse("x", text, Owned)
		if err := problems.Err(); err != nil {
			t.Error(err)
			continue
		}
		if got, err := template.Execute(data); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", text, got, err)
		}
	}
	template, _ := Parse("dir/x", "a\n{{range .Lists.try}}{{end}}", Index)
	_, err := template.Execute(map[string]map[string]string{"Lists": {}})
	if want := `dir/x:2:14: executing "dir/x" at <.Lists.try>: map has no entry for key "try"`; err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
	if got, err := Text("{{if").Execute(data); err != nil || string(got) != "{{if" {
		t.Errorf("%q, %v", got, err)
	}
}
