// Package strict decodes the YAML of a catalog: what the Go type does not know
// is a problem, and every value can be found again by line and column.
package strict

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/otelgen/otelgen/internal/problem"
)

// Document remembers where the values of a decoded file stand.
type Document struct {
	path string
	root *yaml.Node
}

// Decode decodes one document into value, a pointer to a struct, slice or map.
// If there are problems, value has what could be understood.
//
// The decoder's own strictness would do, if its messages were not about Go
// types and fields, of which the author of a file knows nothing.
func Decode(path string, data []byte, value any) (*Document, problem.List) {
	d := &Document{path: path, root: &yaml.Node{}}
	var problems problem.List
	if len(bytes.TrimSpace(data)) == 0 {
		problems.Add(problem.Position{Path: path}, emptyFile)
		return d, problems
	}
	var document yaml.Node
	if err := yaml.Load(data, &document); err != nil {
		d.report(err, data, &problems)
		return d, problems
	}
	d.root = document.Content[0]
	d.compare("the file", d.root, reflect.TypeOf(value).Elem(), &problems)
	if err := d.root.Decode(value); err != nil && len(problems) == 0 {
		d.report(err, data, &problems)
	}
	return d, problems
}

// Texts of problems that are found in two ways.
const (
	emptyFile = "the file is empty; restore it, for example from git, or write it"
	tabbed    = "the line is indented with a tab; use spaces"
)

// Readable tells whether the document is YAML at all.
func (d *Document) Readable() bool { return d.root.Kind != 0 }

// At returns the position of the value that a path of keys and indexes leads
// to, or as near to it as the document goes.
func (d *Document) At(path ...any) problem.Position {
	n, place := d.root, d.root
	for _, step := range path {
		next, key := child(n, step)
		if next == nil {
			break
		}
		n, place = next, next
		if key != nil && next.Kind != yaml.ScalarNode {
			place = key
		}
	}
	return d.position(place)
}

// Under returns At for paths that begin with another.
func (d *Document) Under(path ...any) func(more ...any) problem.Position {
	return func(more ...any) problem.Position { return d.At(slices.Concat(path, more)...) }
}

var unmarshaler = reflect.TypeFor[yaml.Unmarshaler]()

// child returns the value that a step leads to, with its key if it has one.
func child(n *yaml.Node, step any) (value, key *yaml.Node) {
	switch step := step.(type) {
	case int:
		if n.Kind == yaml.SequenceNode && step < len(n.Content) {
			return n.Content[step], nil
		}
	case string:
		if n.Kind != yaml.MappingNode {
			break
		}
		for i := 0; i < len(n.Content); i += 2 {
			if n.Content[i].Value == step {
				return n.Content[i+1], n.Content[i]
			}
		}
	}
	return nil, nil
}

func (d *Document) position(n *yaml.Node) problem.Position {
	return problem.Position{Path: d.path, Line: n.Line, Column: n.Column}
}

// compare reports where a node is not what t can hold. of is what the node is the
// value of: a key, or the file.
func (d *Document) compare(of string, n *yaml.Node, t reflect.Type, problems *problem.List) {
	want := map[reflect.Kind]yaml.Kind{
		reflect.Struct: yaml.MappingNode, reflect.Map: yaml.MappingNode, reflect.Slice: yaml.SequenceNode,
		reflect.String: yaml.ScalarNode, reflect.Bool: yaml.ScalarNode,
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case !d.plain(of, n, problems):
	case reflect.PointerTo(t).Implements(unmarshaler): // knows itself what it takes, as long as it is plain
		d.plainBelow(of, n, problems)
	case n.Kind != want[t.Kind()]:
		problems.Add(d.position(n), "%s: it is %s; write %s", of, describe(n.Kind), describe(want[t.Kind()]))
	case t.Kind() == reflect.Bool && n.ShortTag() != "!!bool":
		problems.Add(d.position(n), "%s: not a boolean; use true or false", n.Value)
	case t.Kind() == reflect.Slice:
		for _, item := range n.Content {
			d.compare(of, item, t.Elem(), problems)
		}
	case n.Kind == yaml.MappingNode:
		d.compareKeys(n, t, problems)
	}
}

// plain reports what stands for something that is not written there: an alias
// for other lines, a tag for another meaning of the text, null for nothing.
func (d *Document) plain(of string, n *yaml.Node, problems *problem.List) bool {
	switch {
	case n.Kind == yaml.AliasNode:
		problems.Add(d.position(n), "%s: *%s is an alias, which is not possible here; write the value itself", of, n.Value)
	case n.Style&yaml.TaggedStyle != 0:
		problems.Add(d.position(n), "%s: %s is a tag, which is not possible here; remove it", of, n.Tag)
	case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null":
		problems.Add(d.position(n), "%s: a value is missing; write one", of)
	default:
		return true
	}
	return false
}

func (d *Document) plainBelow(of string, n *yaml.Node, problems *problem.List) {
	for _, child := range n.Content {
		if d.plain(of, child, problems) {
			d.plainBelow(of, child, problems)
		}
	}
}

func (d *Document) compareKeys(n *yaml.Node, t reflect.Type, problems *problem.List) {
	var known map[string]reflect.Type
	if t.Kind() == reflect.Struct {
		known = keys(t)
	}
	seen := map[string]int{}
	pairs := n.Content
	n.Content = nil // what is there once: the decoder would give up at the second
	for i := 0; i < len(pairs); i += 2 {
		key, value := pairs[i], pairs[i+1]
		if line, twice := seen[key.Value]; twice {
			problems.Add(d.position(key), "%s: the key is in line %d already; remove one of them", key.Value, line)
			continue
		}
		seen[key.Value] = key.Line
		n.Content = append(n.Content, key, value)
		switch valueType, ok := known[key.Value]; {
		case t.Kind() == reflect.Map:
			d.compare(key.Value, value, t.Elem(), problems)
		case ok:
			d.compare(key.Value, value, valueType, problems)
		default:
			problems.Add(d.position(key), "%s: there is no such key; %s", key.Value, problem.Suggest(key.Value, slices.Collect(maps.Keys(known))))
		}
	}
}

// keys returns the keys of a struct, those of inlined structs included.
func keys(t reflect.Type) map[string]reflect.Type {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	known := map[string]reflect.Type{}
	for field := range t.Fields() {
		name, options, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		switch {
		case options == "inline":
			maps.Copy(known, keys(field.Type))
		case name != "" && name != "-":
			known[name] = field.Type
		}
	}
	return known
}

func describe(k yaml.Kind) string {
	switch k {
	case yaml.MappingNode:
		return "a group of keys (key: value)"
	case yaml.SequenceNode:
		return "a list (- item)"
	case yaml.ScalarNode:
		return "a single value"
	default:
		return fmt.Sprintf("node kind %d", k)
	}
}

// report adds an error of the decoder, with the position that it knows.
func (d *Document) report(err error, data []byte, problems *problem.List) {
	if all, ok := errors.AsType[*yaml.LoadErrors](err); ok && len(all.Errors) > 0 {
		err = all.Errors[0] // the others are about the same, once compare has found nothing
	}
	at, text := problem.Position{Path: d.path}, err.Error()
	if one, ok := errors.AsType[*yaml.LoadError](err); ok {
		at.Line, at.Column, text = one.Mark.Line, one.Mark.Column, one.Message
	}
	text = strings.TrimPrefix(text, "yaml: ")
	if strings.Contains(text, "cannot start any token") {
		problems.Add(at, "%s", wrongStart(data, at))
		return
	}
	for _, known := range syntax {
		if strings.Contains(text, known.of) {
			problems.Add(at, "%s", known.text)
			return
		}
	}
	problems.Add(at, "%s", text)
}

// wrongStart says what is wrong with the character that is at a position of a file.
func wrongStart(data []byte, at problem.Position) string {
	lines := strings.Split(string(data), "\n")
	if at.Line < 1 || at.Line > len(lines) {
		return "a value begins with a character that needs quotes; put quotes around the value"
	}
	line := []rune(lines[at.Line-1])
	if at.Column < 1 || at.Column > len(line) {
		return "a value begins with a character that needs quotes; put quotes around the value"
	}
	if line[at.Column-1] == '\t' {
		return tabbed
	}
	return fmt.Sprintf("a value that begins with %c needs quotes; put them around it", line[at.Column-1])
}

// syntax has what the decoder says of common slips, and what that means.
var syntax = []struct{ of, text string }{
	{"expected ',' or ']'", "the list that begins with [ does not end; add a ], or a comma between the items"},
	{"expected ',' or '}'", "the group of keys that begins with { does not end; add a }, or a comma between the keys"},
	{"mapping values are not allowed", "there is a second colon; put quotes around the value, or begin a new line for the key"},
	{"could not find expected ':'", "a colon is missing after the key, or the line is not indented as those around it"},
	{"did not find expected key", "the line is not indented as those around it"},
	{"found a tab character", tabbed},
	{"no documents in stream", "the file has nothing but comments; restore it, for example from git, or write it"},
	{"expected single document", "there is more than one document; remove the line --- and what follows it"},
	{"found unexpected end of stream", "a quote is not closed; add the other one"},
}
