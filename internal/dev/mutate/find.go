package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// A mutant is one small fault in a source file.
type mutant struct {
	id   int // from 1
	pkg  string
	file string // below the project
	line int
	code string // the line that it is in, without a comment
	what string // what the fault is
	// edits make the fault. Those of most mutants leave the file as it is unless
	// the mutant is switched on at run time, so that all of them are compiled
	// together. The others take a build of their own.
	edits   []edit
	rebuild bool
}

// key identifies a mutant across changes of other lines.
func (m *mutant) key() string { return fmt.Sprintf("%s: %s: %s", m.file, m.code, m.what) }

// edit replaces the text from start to end.
type edit struct {
	start, end int
	text       string
	after      bool // closes what an edit before the same node has opened
}

// source is one file that is searched for mutants.
type source struct {
	path string // below the project
	pkg  string
	fset *token.FileSet
	file *ast.File
	info *types.Info
	text string

	functions []*ast.FuncType // around the node that is visited
	parents   []ast.Node
	add       func(*mutant)
}

func (s *source) offset(p token.Pos) int { return s.fset.Position(p).Offset }

func (s *source) code(n ast.Node) string { return s.text[s.offset(n.Pos()):s.offset(n.End())] }

// new adds a mutant whose edits come from edits, which is given its id.
func (s *source) new(at ast.Node, what string, rebuild bool, edits func(id int) []edit) {
	line := s.fset.Position(at.Pos()).Line
	code, _, _ := strings.Cut(strings.Split(s.text, "\n")[line-1], " // ")
	m := &mutant{
		pkg: s.pkg, file: s.path, line: line, rebuild: rebuild,
		code: strings.TrimSpace(code),
		what: strings.Join(strings.Fields(what), " "),
	}
	s.add(m)
	m.edits = edits(m.id)
}

// switched adds a mutant that is made by text around n; %d is its id.
func (s *source) switched(n ast.Node, what, before, after string) {
	s.new(n, what, false, func(id int) []edit {
		fill := func(text string) string { return strings.ReplaceAll(text, "%d", strconv.Itoa(id)) }
		start, end := s.offset(n.Pos()), s.offset(n.End())
		return []edit{{start: start, end: start, text: fill(before)}, {start: end, end: end, text: fill(after), after: true}}
	})
}

// built adds a mutant for which the text from start to end is replaced.
func (s *source) built(at ast.Node, what string, start, end int, text string) {
	s.new(at, what, true, func(int) []edit { return []edit{{start: start, end: end, text: text}} })
}

// find adds the mutants of a file.
func (s *source) find() {
	ast.Inspect(s.file, func(n ast.Node) bool {
		if n == nil {
			last := s.parents[len(s.parents)-1]
			s.parents = s.parents[:len(s.parents)-1]
			switch last.(type) {
			case *ast.FuncDecl, *ast.FuncLit:
				s.functions = s.functions[:len(s.functions)-1]
			}
			return true
		}
		switch n := n.(type) {
		case *ast.FuncDecl:
			s.functions = append(s.functions, n.Type)
		case *ast.FuncLit:
			s.functions = append(s.functions, n.Type)
		case *ast.ImportSpec:
			return false
		case *ast.BlockStmt:
			s.statements(n.List)
		case *ast.CaseClause:
			s.statements(n.Body)
		case *ast.CommClause:
			s.statements(n.Body)
		case *ast.IfStmt:
			s.switched(n.Cond, "negated: "+s.code(n.Cond), "mutant.Not(%d, ", ")")
		case *ast.SwitchStmt:
			s.clauses(n)
		case *ast.BinaryExpr:
			s.binary(n)
		case *ast.CompositeLit:
			s.elements(n)
		case *ast.BasicLit:
			s.literal(n)
		case *ast.Field:
			s.tag(n)
		}
		s.parents = append(s.parents, n)
		return true
	})
}

// statements adds a mutant without each statement that the compiler does not need.
func (s *source) statements(list []ast.Stmt) {
	for _, statement := range list {
		switch n := statement.(type) {
		case *ast.ExprStmt:
			if call, ok := n.X.(*ast.CallExpr); ok {
				if name, ok := call.Fun.(*ast.Ident); ok && name.Name == "panic" {
					continue // often the end of a function
				}
			}
		case *ast.AssignStmt:
			if n.Tok == token.DEFINE || s.code(n.Lhs[0]) == "_" && len(n.Lhs) == 1 && !s.hasCall(n.Rhs[0]) {
				continue
			}
		case *ast.ReturnStmt:
			s.result(n)
			if len(n.Results) > 0 {
				continue
			}
		case *ast.BranchStmt:
			if n.Tok == token.FALLTHROUGH || n.Tok == token.GOTO {
				continue
			}
		case *ast.IncDecStmt, *ast.DeferStmt, *ast.GoStmt, *ast.SendStmt:
		default:
			continue
		}
		s.switched(statement, "removed: "+s.code(statement), "if mutant.Off(%d) { ", " }")
	}
}

func (s *source) hasCall(e ast.Expr) (found bool) {
	ast.Inspect(e, func(n ast.Node) bool {
		_, call := n.(*ast.CallExpr)
		found = found || call
		return !found
	})
	return found
}

// result adds a mutant that returns the zero values.
func (s *source) result(n *ast.ReturnStmt) {
	zero := func(e ast.Expr) bool {
		return slices.Contains([]string{"nil", "false", "0", `""`}, s.code(e))
	}
	function := s.functions[len(s.functions)-1]
	if len(n.Results) == 0 || function.Results == nil || !slices.ContainsFunc(n.Results, func(e ast.Expr) bool { return !zero(e) }) {
		return
	}
	var zeros []string
	for _, field := range function.Results.List {
		for range max(1, len(field.Names)) {
			zeros = append(zeros, "*new("+s.code(field.Type)+")")
		}
	}
	s.new(n, "returns zero values: "+s.code(n), false, func(id int) []edit {
		start := s.offset(n.Pos())
		return []edit{{start: start, end: start, text: fmt.Sprintf("if mutant.On(%d) { return %s }; ", id, strings.Join(zeros, ", "))}}
	})
}

// clauses adds a mutant without each case of a switch.
func (s *source) clauses(n *ast.SwitchStmt) {
	for _, statement := range n.Body.List {
		clause := statement.(*ast.CaseClause)
		switch {
		case clause.List == nil:
		case n.Tag == nil:
			for _, condition := range clause.List {
				s.switched(condition, "never: case "+s.code(condition), "mutant.Off(%d) && (", ")")
			}
		default:
			s.built(clause, "removed: case "+s.code(clause.List[0]), s.offset(clause.Pos()), s.offset(clause.End()), "")
		}
	}
}

// boundary holds what becomes of a comparison whose operands are equal.
var boundary = map[token.Token]string{
	token.LSS: ") || mutant.On(%d) && (A) == (B))",
	token.GTR: ") || mutant.On(%d) && (A) == (B))",
	token.LEQ: ") && !(mutant.On(%d) && (A) == (B)))",
	token.GEQ: ") && !(mutant.On(%d) && (A) == (B)))",
}

func (s *source) binary(n *ast.BinaryExpr) {
	if tv := s.info.Types[n]; tv.Value != nil {
		return // a constant
	}
	switch n.Op {
	case token.LAND:
		s.switched(n.X, "ignored: "+s.code(n.X), "(mutant.On(%d) || (", "))")
		s.switched(n.Y, "ignored: "+s.code(n.Y), "(mutant.On(%d) || (", "))")
	case token.LOR:
		s.switched(n.X, "ignored: "+s.code(n.X), "(mutant.Off(%d) && (", "))")
		s.switched(n.Y, "ignored: "+s.code(n.Y), "(mutant.Off(%d) && (", "))")
	case token.LSS, token.LEQ, token.GTR, token.GEQ:
		if s.pure(n.X) && s.pure(n.Y) {
			after := strings.NewReplacer("A", s.code(n.X), "B", s.code(n.Y)).Replace(boundary[n.Op])
			s.switched(n, "the other way if equal: "+s.code(n), "((", after)
		}
	case token.EQL, token.NEQ:
		switch s.parents[len(s.parents)-1].(type) {
		case *ast.ReturnStmt, *ast.AssignStmt, *ast.CallExpr, *ast.KeyValueExpr:
			if basic, ok := s.info.Types[n].Type.(*types.Basic); ok && basic.Info()&types.IsBoolean != 0 {
				s.switched(n, "negated: "+s.code(n), "mutant.Not(%d, ", ")")
			}
		}
	}
}

// pure reports whether e can be evaluated twice.
func (s *source) pure(e ast.Expr) (pure bool) {
	pure = true
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			if tv := s.info.Types[n.Fun]; !tv.IsType() && !tv.IsBuiltin() {
				pure = false
			}
		case *ast.FuncLit, *ast.CompositeLit:
			pure = false
		case *ast.UnaryExpr:
			pure = pure && n.Op != token.ARROW
		}
		return pure
	})
	return pure
}

// elements adds a mutant without each element of a composite literal.
func (s *source) elements(n *ast.CompositeLit) {
	for i, element := range n.Elts {
		if value, conversion, ok := s.field(element); ok {
			s.switched(value, "removed: "+s.code(element), "mutant.Zero(%d, "+conversion+"(", "))")
			continue
		}
		start, end := s.offset(element.Pos()), s.offset(element.End())
		switch {
		case i+1 < len(n.Elts):
			end = s.offset(n.Elts[i+1].Pos())
		case strings.HasPrefix(s.text[end:], ","):
			end++
		case i > 0:
			start = s.offset(n.Elts[i-1].End())
		}
		s.built(element, "removed: "+s.code(element), start, end, "")
	}
}

// field returns the value of a field in a struct literal, which is as good as removed
// if it is zero. That takes a value of exactly the field's type, into which conversion
// makes it, if it is a constant.
func (s *source) field(element ast.Expr) (value ast.Expr, conversion string, ok bool) {
	pair, ok := element.(*ast.KeyValueExpr)
	if !ok {
		return nil, "", false
	}
	name, ok := pair.Key.(*ast.Ident)
	if !ok {
		return nil, "", false
	}
	field, ok := s.info.Uses[name].(*types.Var)
	if !ok || !field.IsField() {
		return nil, "", false
	}
	tv := s.info.Types[pair.Value]
	if tv.Value != nil {
		conversion, ok = s.typeName(field.Type())
		return pair.Value, conversion, ok
	}
	return pair.Value, "", types.Identical(tv.Type, field.Type())
}

// literal adds a mutant with another number, or with another name. Sentences are
// for people, and no test has to hold each of their words.
func (s *source) literal(n *ast.BasicLit) {
	var helper, changed string
	switch n.Kind {
	case token.INT:
		helper, changed = "mutant.Number", "("+n.Value+" + 1)"
	case token.STRING:
		value, err := strconv.Unquote(n.Value)
		if err != nil || value == "" || strings.Contains(value, " ") || strings.Contains(value, "%") {
			return
		}
		helper, changed = "mutant.Text", strconv.Quote(value+"x")
	default:
		return
	}
	what := "other value: " + n.Value
	for i, parent := range s.parents {
		switch parent := parent.(type) {
		case *ast.Field:
			if parent.Tag == n {
				return
			}
		case *ast.ArrayType:
			return
		case *ast.GenDecl:
			if parent.Tok == token.CONST {
				s.built(n, what, s.offset(n.Pos()), s.offset(n.End()), changed)
				return
			}
		case *ast.KeyValueExpr:
			composite, ok := s.parents[max(i-1, 0)].(*ast.CompositeLit)
			if _, isMap := s.info.Types[composite].Type.Underlying().(*types.Map); ok && !isMap && parent.Key == n {
				return
			}
		case *ast.CallExpr:
			if s.info.Types[parent].Value != nil { // a constant, such as len("x")
				return
			}
		}
	}
	name, ok := s.typeName(s.info.Types[n].Type)
	if !ok {
		s.built(n, what, s.offset(n.Pos()), s.offset(n.End()), changed)
		return
	}
	s.switched(n, what, helper+"(%d, "+name+"(", "))")
}

// typeName spells a type as the file may.
func (s *source) typeName(t types.Type) (name string, ok bool) {
	switch t := t.(type) {
	case *types.Basic:
		return t.Name(), t.Info()&types.IsUntyped == 0 && t.Info()&types.IsConstType != 0
	case *types.Named:
		pkg := t.Obj().Pkg()
		if pkg == nil || t.TypeArgs().Len() > 0 {
			return "", false
		}
		if pkg.Path() == s.pkg {
			return t.Obj().Name(), true
		}
		for _, imported := range s.file.Imports {
			if path, _ := strconv.Unquote(imported.Path.Value); path == pkg.Path() {
				name := pkg.Name()
				if imported.Name != nil {
					name = imported.Name.Name
				}
				return name + "." + t.Obj().Name(), true
			}
		}
	}
	return "", false
}

// tag adds a mutant without each key of a struct tag that is not documentation.
func (s *source) tag(n *ast.Field) {
	if n.Tag == nil {
		return
	}
	text, err := strconv.Unquote(n.Tag.Value)
	if err != nil {
		return
	}
	for pair := range strings.FieldsSeq(text) {
		key, _, ok := strings.Cut(pair, ":")
		value, there := reflect.StructTag(text).Lookup(key)
		if !ok || !there || key == "doc" || key == "example" {
			continue
		}
		removed := key + ":" + strconv.Quote(value)
		without := strings.TrimSpace(strings.Replace(text, removed, "", 1))
		s.built(n, "removed: "+removed, s.offset(n.Tag.Pos()), s.offset(n.Tag.End()), "`"+without+"`")
	}
}

// apply makes edits, which were found from the outer nodes to the inner ones.
func apply(text string, edits []edit) string {
	opening, closing := []edit{}, []edit{}
	for _, e := range edits {
		if e.after {
			closing = append(closing, e)
		} else {
			opening = append(opening, e)
		}
	}
	slices.Reverse(closing) // the innermost first
	all := append(closing, opening...)
	slices.SortStableFunc(all, func(a, b edit) int { return a.start - b.start })
	var out strings.Builder
	last := 0
	for _, e := range all {
		out.WriteString(text[last:e.start] + e.text)
		last = e.end
	}
	return out.String() + text[last:]
}
