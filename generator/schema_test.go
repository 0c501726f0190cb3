package generator

import (
	"bytes"
	"encoding/json"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"
)

var rewrite = flag.Bool("update", false, "write docs/feature.schema.json anew")

// The JSON Schema of feature.yaml is what the types say that it is decoded into,
// with their comments.
func TestFeatureSchema(t *testing.T) {
	t.Parallel()
	want := featureSchema(t)
	file := filepath.Join("..", "docs", "feature.schema.json")
	if *rewrite {
		if err := os.WriteFile(file, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is out of date; run make docs (%v)", file, err)
	}
}

// It takes every feature.yaml that there is, and does not take what Load refuses.
func TestFeatureSchema_Validates(t *testing.T) {
	t.Parallel()
	schema := compiled(t, featureSchema(t))
	files := 0
	err := fs.WalkDir(templates, ".", func(name string, _ fs.DirEntry, err error) error {
		if err != nil || path.Base(name) != featureFile {
			return err
		}
		content, err := fs.ReadFile(templates, name)
		if err != nil {
			return err
		}
		files++
		if err := schema.Validate(decoded(t, string(content))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		return nil
	})
	if err != nil || files < 50 {
		t.Errorf("%d files, %v", files, err)
	}
	for _, wrong := range []string{
		"summary: it has no title",
		"{title: T, summary: s, nonsense: 1}",
		"{title: T, summary: s, requires: auth}",
		"{title: T, summary: s, when: {database: sqlite}}",
		"{title: T, summary: s, wiring: [{inputs: x}]}",
		"{title: T, summary: s, wiring: [{nonsense: x}]}",
		"{title: T, summary: s, index: {lists: {paths: nonsense}}}",
		"{title: T, summary: s, adds: {paths: x}}",
		"{title: T, summary: s, env: {variables: [{secret: maybe}]}}",
	} {
		if schema.Validate(decoded(t, wrong)) == nil {
			t.Errorf("it takes %s", wrong)
		}
	}
}

func compiled(t *testing.T, source []byte) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(source))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("feature.schema.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("feature.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// decoded returns YAML as an editor hands it to a schema: as JSON.
func decoded(t *testing.T, source string) any {
	t.Helper()
	var value any
	if err := yaml.Unmarshal([]byte(source), &value); err != nil {
		t.Fatal(err)
	}
	asJSON, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	if value, err = jsonschema.UnmarshalJSON(bytes.NewReader(asJSON)); err != nil {
		t.Fatal(err)
	}
	return value
}

type object = map[string]any

func featureSchema(t *testing.T) []byte {
	t.Helper()
	source, err := parser.ParseFile(token.NewFileSet(), "feature.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	s := sourceTypes{}
	ast.Inspect(source, func(n ast.Node) bool {
		if spec, ok := n.(*ast.TypeSpec); ok {
			if fields, ok := spec.Type.(*ast.StructType); ok {
				s[spec.Name.Name] = fields
			}
		}
		return true
	})
	schema := s.ofType("Feature")
	properties, _ := schema["properties"].(object)
	contributed, _ := s.ofType("contributions")["properties"].(object)
	maps.Copy(properties, contributed)
	schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	schema["$id"] = "https://raw.githubusercontent.com/otelgen/otelgen/main/docs/feature.schema.json"
	schema["title"] = "What a feature is and contributes (feature.yaml)"
	schema["required"] = []string{"title", "summary"}
	out, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(out, '\n')
}

// sourceTypes are the structs of the source, by name.
type sourceTypes map[string]*ast.StructType

// scalar is a text, which YAML may read as something else.
var scalar = object{"type": []string{"string", "number", "boolean"}}

// ofType returns the schema of a type that feature.yaml is decoded into. Types that
// decode themselves have theirs here.
func (s sourceTypes) ofType(name string) object {
	switch name {
	case "string":
		return object{"type": "string"}
	case "bool":
		return object{"type": "boolean"}
	case "snippet":
		return scalar
	case "item":
		return object{"anyOf": []any{scalar, mapOf(scalar)}}
	case "list":
		kind := object{"enum": slices.Sorted(maps.Keys(kinds))}
		return object{"anyOf": []any{kind, mapOf(kind)}}
	case "Condition":
		return mapOf(object{"type": "array", "items": scalar})
	}
	properties := object{}
	for _, field := range s[name].Fields.List {
		if field.Tag == nil {
			continue
		}
		key := reflect.StructTag(strings.Trim(field.Tag.Value, "`")).Get("yaml")
		if key == "" || key == "-" {
			continue
		}
		property := maps.Clone(s.of(field.Type))
		if about := strings.Join(strings.Fields(field.Doc.Text()+" "+field.Comment.Text()), " "); about != "" {
			property["description"] = about
		}
		properties[key] = property
	}
	return object{"type": "object", "additionalProperties": false, "properties": properties}
}

func (s sourceTypes) of(expression ast.Expr) object {
	switch e := expression.(type) {
	case *ast.ArrayType:
		return object{"type": "array", "items": s.of(e.Elt)}
	case *ast.MapType:
		return mapOf(s.of(e.Value))
	case *ast.Ident:
		return s.ofType(e.Name)
	}
	panic("a type of feature.yaml that has no schema yet")
}

func mapOf(value object) object { return object{"type": "object", "additionalProperties": value} }
