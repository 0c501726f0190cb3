// Lint holds OpenAPI documents to what Redocly's and Spectral's linters recommend, as far
// as it is an error there, and to what clients need: an answer may have more members than
// its schema. It is copied into a service whose API is made of a document, and has the
// library for documents from there.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

func main() {
	linter := linter{}
	for _, name := range os.Args[1:] {
		if err := linter.file(name); err != nil {
			linter.found("%s: %v", name, err)
		}
	}
	for _, finding := range linter.findings {
		fmt.Println(finding)
	}
	if len(linter.findings) > 0 {
		os.Exit(1)
	}
}

type linter struct{ findings []string }

func (l *linter) found(format string, args ...any) {
	l.findings = append(l.findings, fmt.Sprintf(format, args...))
}

func (l *linter) file(name string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	document, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		return err
	}
	if err := document.Validate(context.Background(), openapi3.EnableExamplesValidation()); err != nil {
		return err
	}
	if len(document.Servers) == 0 {
		l.found("%s: no servers", name)
	}
	l.unused(name, document)
	ids, paths := map[string]bool{}, map[string]string{}
	for path, item := range document.Paths.Map() {
		where := name + ": " + path
		if strings.HasSuffix(path, "/") || strings.ContainsAny(path, "?#") {
			l.found("%s: is no clean path", where)
		}
		if same := parameter.ReplaceAllString(path, "{}"); paths[same] != "" {
			l.found("%s: is the same as %s", where, paths[same])
		} else {
			paths[same] = path
		}
		for method, o := range item.Operations() {
			where := name + ": " + method + " " + path
			if ids[o.OperationID] || !urlSafe.MatchString(o.OperationID) {
				l.found("%s: operationId %q", where, o.OperationID)
			}
			ids[o.OperationID] = true
			l.operation(where, document, path, item, o)
		}
	}
	return nil
}

var (
	parameter = regexp.MustCompile(`\{([^}]*)\}`)
	urlSafe   = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
)

func (l *linter) operation(where string, document *openapi3.T, path string, item *openapi3.PathItem, o *openapi3.Operation) {
	if o.Summary == "" {
		l.found("%s: no summary", where)
	}
	for _, name := range o.Tags {
		if document.Tags.Get(name) == nil {
			l.found("%s: the document does not list the tag %s", where, name)
		}
	}
	if len(o.Tags) == 0 {
		l.found("%s: no tags", where)
	}
	l.security(where, document, o)
	inPath := map[string]bool{}
	for _, p := range slices.Concat(item.Parameters, o.Parameters) {
		if p.Value.In == openapi3.ParameterInPath {
			inPath[p.Value.Name] = true
		}
	}
	for _, match := range parameter.FindAllStringSubmatch(path, -1) {
		if !inPath[match[1]] {
			l.found("%s: the parameter %s is not declared", where, match[1])
		}
		delete(inPath, match[1])
	}
	for name := range inPath {
		l.found("%s: the path has no parameter %s", where, name)
	}
	succeeds, refuses := false, false
	for status, response := range o.Responses.Map() {
		succeeds = succeeds || status[0] == '2' || status[0] == '3'
		refuses = refuses || status[0] == '4' 
		for kind, content := range response.Value.Content {
			if content.Schema == nil {
				l.found("%s: %s has no schema for %s", where, status, kind)
				continue
			}
			l.open(fmt.Sprintf("%s: %s", where, status), content.Schema, map[*openapi3.Schema]bool{})
		}
	}
	if !succeeds || !refuses {
		l.found("%s: answers only %v", where, o.Responses.Keys())
	}
}

// security finds operations of which nothing is said, and schemes that do not exist.
func (l *linter) security(where string, document *openapi3.T, o *openapi3.Operation) {
	requirements := document.Security
	if o.Security != nil {
		requirements = *o.Security
	}
	if requirements == nil {
		l.found("%s: no security, not even none", where)
	}
	for _, requirement := range requirements {
		for name := range requirement {
			if document.Components.SecuritySchemes[name] == nil {
				l.found("%s: no security scheme %s", where, name)
			}
		}
	}
}

// open finds answers that may have no more members than today.
func (l *linter) open(where string, ref *openapi3.SchemaRef, seen map[*openapi3.Schema]bool) {
	if ref == nil || seen[ref.Value] {
		return
	}
	seen[ref.Value] = true
	s := ref.Value
	if s.AdditionalProperties.Has != nil && !*s.AdditionalProperties.Has {
		l.found("%s: %s has additionalProperties: false", where, ref.Ref)
	}
	for _, property := range s.Properties {
		l.open(where, property, seen)
	}
	for _, part := range slices.Concat([]*openapi3.SchemaRef{s.Items, s.AdditionalProperties.Schema}, s.AllOf, s.AnyOf, s.OneOf) {
		l.open(where, part, seen)
	}
}

// unused finds components to which nothing refers.
func (l *linter) unused(name string, document *openapi3.T) {
	text, err := json.Marshal(document)
	if err != nil {
		l.found("%s: %v", name, err)
	}
	var components struct {
		Components map[string]map[string]any
	}
	if err := json.Unmarshal(text, &components); err != nil {
		l.found("%s: %v", name, err)
	}
	for kind, all := range components.Components {
		for component := range all {
			if kind != "securitySchemes" && !strings.Contains(string(text), fmt.Sprintf(`"#/components/%s/%s"`, kind, component)) {
				l.found("%s: components/%s/%s is unused", name, kind, component)
			}
		}
	}
}
