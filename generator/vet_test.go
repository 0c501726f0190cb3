package generator

import "testing"

func TestCatalog_Vet(t *testing.T) {
	const head = "package x\n\n"
	for _, test := range []struct {
		name, file, content string
		want                []string
	}{
		{"names in strings and comments", "x.go.tmpl", head + "// X is {{.Service}}'s.\nconst X = \"{{.Module}}\" + `\n{{.Service}}`\n\n/* {{.Service}} */\n", nil},
		{"imports", "x.go.tmpl", head + "import (\n\t\"os\"\n\n\t\"{{.Module}}/a\"\n\t\"{{.Module}}/b\"\n)\n", nil},
		{"logic's end in a string", "x.go.tmpl", head + "const X = \"{{replace \"-\" \"\" .Service}}\"\n", nil},
		{"a name as an identifier", "x.go.tmpl", head + "func {{.Service}}() {}\n", []string{
			"router/chi/files/x.go.tmpl:3:6: {{.Service}}: neither in a string literal nor in a comment; no name in Go depends on the service",
		}},
		{"a name as a rune", "x.go.tmpl", head + "const X = '{{.Service}}'\n", []string{
			"router/chi/files/x.go.tmpl:3:11: illegal rune literal",
			"router/chi/files/x.go.tmpl:3:12: {{.Service}}: neither in a string literal nor in a comment; no name in Go depends on the service",
		}},
		{"not formatted", "x.go.tmpl", head + "// X is {{.Service}}.\nconst  X = 1\n", []string{
			"router/chi/files/x.go.tmpl:4: not as gofmt would have it for module a; format it, and keep what is filled in out of aligned columns and mixed imports",
		}},
		{"not formatted, and copied", "x.go.raw", head + "const  X = 1\n", []string{
			"router/chi/files/x.go.raw:3: not as gofmt would have it for module a; format it, and keep what is filled in out of aligned columns and mixed imports",
		}},
		{"no Go", "x.go.raw", head + "const const\n", []string{
			"router/chi/files/x.go.raw:3:7: expected 'IDENT', found 'const'",
		}},
		{"aligned for one name only", "x.go.tmpl", head + "var X = []string{\n\t\"{{.Service}}\", // one\n\t\"yyyyyyyyyyyy\", // another\n}\n", []string{
			"router/chi/files/x.go.tmpl:4: not as gofmt would have it for module a; format it, and keep what is filled in out of aligned columns and mixed imports",
		}},
		{"sorted for one module only", "x.go.tmpl", head + "import (\n\t\"github.com/go-chi/chi/v5\"\n\t\"{{.Module}}/b\"\n)\n", []string{
			"router/chi/files/x.go.tmpl:4: not as gofmt would have it for module a; format it, and keep what is filled in out of aligned columns and mixed imports",
		}},
		{"no matter what is no Go file", "x.md.tmpl", "{{.Service}}  x", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFixture(t)
			f.write("router/chi/files/"+test.file, test.content)
			lines(t, loaded(t, f.files).Vet(), test.want...)
		})
	}
}
