// Package logicless parses text/template templates that print and decide
// nothing. Whatever could hide a decision is a problem when it is parsed, so
// that no template can come to know which features it is rendered with.
package logicless

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"text/template/parse"

	"github.com/Masterminds/sprig/v3"

	"github.com/otelgen/otelgen/internal/problem"
)

// Kind says what a template may do.
type Kind int

const (
	// Owned templates print the names that every project has: .Service and .Module.
	Owned Kind = iota
	// Index templates also range over what the features contribute.
	Index
)

// names are the fields that an owned template may print.
var names = []string{"Service", "Module"}

// vocabulary is all that templates can call. These functions change how a text
// looks, and none knows more than its arguments: what sprig has beyond them
// reads the environment, the clock or the network, makes random values, or
// decides (default, ternary, coalesce, has ...).
var vocabulary = func() template.FuncMap {
	chosen := template.FuncMap{"printf": printf, "indent": indent, "nindent": nindent, "replace": replace}
	all := sprig.TxtFuncMap()
	for _, name := range []string{"camelcase", "join", "kebabcase", "lower", "quote", "snakecase", "trim", "trunc", "upper"} {
		chosen[name] = all[name]
	}
	return chosen
}()

// The functions that can make much of little are sprig's with a bound.

func printf(format string, args ...any) (string, error) {
	longest := 0
	for _, arg := range args {
		if text, ok := arg.(string); ok {
			longest = max(longest, len(text))
		}
	}
	if (strings.Count(format, "%")+1)*(maxNumber+longest) > maxSize {
		return "", errTooLarge
	}
	return fmt.Sprintf(format, args...), nil
}

func indent(spaces int, text string) (string, error) {
	return replace("\n", "\n"+strings.Repeat(" ", spaces), strings.Repeat(" ", spaces)+text)
}

func nindent(spaces int, text string) (string, error) {
	out, err := indent(spaces, text)
	return "\n" + out, err
}

func replace(old, replacement, text string) (string, error) {
	if len(text)+strings.Count(text, old)*len(replacement) > maxSize {
		return "", errTooLarge
	}
	return strings.ReplaceAll(text, old, replacement), nil
}

var errTooLarge = fmt.Errorf("larger than %d bytes", maxSize)

// Bounds on what a template can make, because templates may be a stranger's:
// numbers that it writes (of indent, and of the widths of printf), and the size
// of what it renders.
const (
	maxNumber = 1000
	maxSize   = 4 << 20 // bytes
)

// wide matches a width or precision of printf that is too large, or that comes
// from an argument.
var wide = regexp.MustCompile(`%[-+# 0]*[.\d]*(\d{4,}|\*)`)

// Template is a text with places to fill in. It can be used concurrently.
type Template struct {
	text   string
	parsed *template.Template // nil if there is nothing to fill in
}

// Text returns a template that is copied as it is, whatever it looks like.
func Text(text string) *Template { return &Template{text: text} }

// Parse parses a template. The problems carry path, and lines and columns of
// the text.
func Parse(path, text string, kind Kind) (*Template, problem.List) {
	if !strings.Contains(text, "{{") {
		return Text(text), nil
	}
	l := linter{path: path, text: text, kind: kind}
	// Not template.Parse, which adds functions of its own, and those are logic: and, or, not, eq, index ...
	tree := parse.New(path)
	tree.Mode = parse.SkipFuncCheck // the linter checks them, and sees more than the first
	trees := map[string]*parse.Tree{}
	if _, err := tree.Parse(text, "", "", trees); err != nil {
		l.problems.AddError(path, errors.New(strings.TrimPrefix(err.Error(), "template: ")))
		return nil, l.problems
	}
	for name, t := range trees {
		if name != path {
			l.add(t.Root, "define: templates do not contain templates; make it a file of its own")
		}
	}
	l.list(tree.Root, false)
	if len(l.problems) > 0 {
		return nil, l.problems
	}
	parsed, err := template.New(path).Option("missingkey=error").Funcs(vocabulary).AddParseTree(path, tree)
	if err != nil {
		l.problems.Add(problem.Position{Path: path}, "%v", err)
	}
	return &Template{text: text, parsed: parsed}, l.problems
}

// Execute fills in data. An error names file, line and column.
func (t *Template) Execute(data any) ([]byte, error) {
	if t.parsed == nil {
		return []byte(t.text), nil
	}
	var out limited
	out.Grow(len(t.text) + len(t.text)/8)
	if err := t.parsed.Execute(&out, data); err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "template: "))
	}
	return out.Bytes(), nil
}

// limited is a buffer that takes at most maxSize bytes.
type limited struct{ bytes.Buffer }

func (l *limited) Write(p []byte) (int, error) {
	if l.Len()+len(p) > maxSize {
		return 0, errTooLarge
	}
	return l.Buffer.Write(p)
}

// Use is a place where an index template ranges over a list, or prints what it
// finds in one.
type Use struct {
	List         string // after .Lists or .Blocks
	Key          string // of the item that is printed; empty for an item that is a text
	Printed      bool   // and not ranged over
	Quoted       bool   // by quote, as the last thing that happens to it
	Line, Column int
}

// Uses returns what a template says of lists, in the order of the text.
func (t *Template) Uses() []Use {
	if t.parsed == nil {
		return nil
	}
	u := uses{linter: linter{text: t.text}}
	u.nodes(t.parsed.Root, scope{})
	return u.all
}

type uses struct {
	linter
	all []Use
}

// scope is what the dot is: an item of a list, or the list itself.
type scope struct {
	list string
	item bool
}

func (u *uses) nodes(list *parse.ListNode, dot scope) {
	for _, n := range list.Nodes {
		switch n := n.(type) {
		case *parse.ActionNode:
			u.print(n.Pipe, dot, quotes(n.Pipe))
		case *parse.RangeNode:
			u.nodes(n.List, u.rangeOver(n, dot))
		}
	}
}

func (u *uses) rangeOver(n *parse.RangeNode, dot scope) scope {
	argument := n.Pipe.Cmds[0].Args[0]
	if _, isDot := argument.(*parse.DotNode); isDot {
		return scope{dot.list, dot.list != ""}
	}
	if kind, list := listOf(argument); list != "" {
		u.use(n, Use{List: list})
		return scope{list, kind == "Lists"}
	}
	return scope{}
}

// print notes what a pipeline prints of lists.
func (u *uses) print(p *parse.PipeNode, dot scope, quoted bool) {
	for _, command := range p.Cmds {
		for _, argument := range command.Args {
			if inner, ok := argument.(*parse.PipeNode); ok {
				u.print(inner, dot, quoted)
			} else if _, list := listOf(argument); list != "" {
				u.use(p, Use{List: list, Printed: true, Quoted: quoted})
			} else if field, ok := argument.(*parse.FieldNode); ok && dot.item {
				u.use(p, Use{List: dot.list, Key: strings.Join(field.Ident, "."), Printed: true, Quoted: quoted})
			} else if _, ok := argument.(*parse.DotNode); ok && dot.list != "" {
				u.use(p, Use{List: dot.list, Printed: true, Quoted: quoted})
			}
		}
	}
}

func (u *uses) use(n parse.Node, use Use) {
	at := u.position(n)
	use.Line, use.Column = at.Line, at.Column
	u.all = append(u.all, use)
}

// listOf returns the names in .Lists.NAME and .Blocks.NAME, also after $.
func listOf(n parse.Node) (kind, list string) {
	var path []string
	switch n := n.(type) {
	case *parse.FieldNode:
		path = n.Ident
	case *parse.VariableNode:
		path = n.Ident[1:]
	}
	if len(path) == 2 && (path[0] == "Lists" || path[0] == "Blocks") {
		return path[0], path[1]
	}
	return "", ""
}

// quotes tells whether quote is the last thing that a pipeline does.
func quotes(p *parse.PipeNode) bool {
	last, ok := p.Cmds[len(p.Cmds)-1].Args[0].(*parse.IdentifierNode)
	return ok && last.Ident == "quote"
}

// linter walks a parse tree. It knows what is allowed; all other nodes, also
// those of some later text/template, are problems.
type linter struct {
	path, text string
	kind       Kind
	problems   problem.List
}

// add adds a problem at the beginning of the action that a node is in or follows.
func (l *linter) add(n parse.Node, format string, args ...any) {
	l.problems.Add(l.position(n), format, args...)
}

func (l *linter) position(n parse.Node) problem.Position {
	before := l.text[:min(int(n.Position()), len(l.text))]
	before = before[:max(0, strings.LastIndex(before, "{{"))]
	return problem.Position{Path: l.path, Line: 1 + strings.Count(before, "\n"), Column: len(before) - strings.LastIndexByte(before, '\n')}
}

// list checks nodes; inside tells whether they are repeated, so that the dot
// is an item of a list.
func (l *linter) list(list *parse.ListNode, inside bool) {
	for _, n := range list.Nodes {
		switch n := n.(type) {
		case *parse.TextNode, *parse.CommentNode:
		case *parse.ActionNode:
			l.pipe(n.Pipe, inside)
		case *parse.RangeNode:
			l.rangeOver(n, inside)
		default:
			l.logic(n)
		}
	}
}

func (l *linter) rangeOver(n *parse.RangeNode, inside bool) {
	if l.kind != Index {
		l.add(n, "range: only index files list what features contribute; if this is one, name it in the feature's index")
		return
	}
	if n.ElseList != nil {
		l.add(n.ElseList, "else: a list without items prints nothing")
	}
	l.pipe(n.Pipe, inside)
	l.list(n.List, true)
	if len(n.Pipe.Cmds) == 1 && len(n.Pipe.Cmds[0].Args) == 1 {
		switch n.Pipe.Cmds[0].Args[0].Type() {
		case parse.NodeField, parse.NodeVariable, parse.NodeDot:
			return
		}
	}
	l.add(n, "range: over a list as it is, and nothing else")
}

func (l *linter) pipe(p *parse.PipeNode, inside bool) {
	if len(p.Decl) > 0 {
		l.add(p, "%s: templates have no variables; print the value where it is", p.Decl[0].Ident[0])
		return
	}
	for _, command := range p.Cmds {
		for _, argument := range command.Args {
			l.argument(argument, inside)
		}
	}
}

func (l *linter) argument(n parse.Node, inside bool) {
	switch n := n.(type) {
	case *parse.StringNode:
		if wide.MatchString(n.Text) {
			l.add(n, "%s: a width of more than three digits; pad less", n.Quoted)
		}
	case *parse.NumberNode:
		if number, err := strconv.ParseFloat(n.Text, 64); err != nil || math.Abs(number) > maxNumber {
			l.add(n, "%s: not a decimal number from -%d to %d", n.Text, maxNumber, maxNumber)
		}
	case *parse.IdentifierNode:
		if _, ok := vocabulary[n.Ident]; !ok {
			known := slices.Collect(maps.Keys(vocabulary))
			l.add(n, "%s: no function of templates; %s", n.Ident, problem.Suggest(n.Ident, known))
		}
	case *parse.PipeNode:
		l.pipe(n, inside)
	case *parse.FieldNode:
		l.field(n, n.Ident, inside)
	case *parse.VariableNode: // $, the only one that nobody declares
		l.field(n, n.Ident[1:], false)
	case *parse.DotNode:
		l.field(n, nil, inside)
	default:
		l.logic(n)
	}
}

// field checks that the data has what a template asks for, as far as it is
// the same in every project. The fields of index files are checked when they are
// rendered.
func (l *linter) field(n parse.Node, path []string, inside bool) {
	if l.kind == Index {
		if len(path) == 0 && !inside {
			l.add(n, "%s: nothing to print; name a field", n)
		}
		return
	}
	if len(path) != 1 || !slices.Contains(names, path[0]) {
		l.add(n, "%s: unknown name; there are .%s", n, strings.Join(names, " and ."))
	}
}

// logic reports a node that is not allowed anywhere.
func (l *linter) logic(n parse.Node) {
	keyword := strings.TrimLeft(n.String(), "{- ")
	if end := strings.IndexAny(keyword, " }"); end > 0 {
		keyword = keyword[:end]
	}
	l.add(n, "%s: templates decide nothing; let a feature own the file, or contribute to a list", keyword)
}
