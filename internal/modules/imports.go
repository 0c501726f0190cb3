package modules

import (
	"go/ast"
	"go/build/constraint"
	goparser "go/parser"
	"go/token"
	"strconv"
	"strings"
)

// Imports returns the packages that a Go file imports, as `go mod tidy` counts
// them: for every system and with every build tag, but not if the file is for
// `ignore` only. A syntax error ends the list.
func Imports(source []byte) []string {
	file, _ := goparser.ParseFile(token.NewFileSet(), "", source, goparser.ImportsOnly|goparser.ParseComments|goparser.AllErrors|goparser.SkipObjectResolution)
	if file == nil {
		return nil
	}
	if !buildable(file) {
		return nil
	}
	var all []string
	for _, spec := range file.Imports {
		if path, err := strconv.Unquote(spec.Path.Value); err == nil {
			all = append(all, path)
		}
	}
	return all
}

// buildable tells whether there is any system, and are any tags, for which a
// file is built.
func buildable(file *ast.File) bool {
	old := true // what lines of the form +build say, which count if there is none of the form go:build
	for _, group := range file.Comments {
		for _, comment := range group.List {
			if comment.Pos() > file.Package {
				return old
			}
			expr, err := constraint.Parse(comment.Text)
			switch {
			case err != nil: // a comment like any other
			case constraint.IsGoBuild(comment.Text):
				return possible(expr, true)
			case group != file.Doc: // where +build has no meaning
				old = old && possible(expr, true)
			}
		}
	}
	return old
}

// possible tells whether a build constraint can come out as wanted. Every tag
// can be true and false, even in one constraint, except for ignore.
func possible(expr constraint.Expr, want bool) bool {
	switch x := expr.(type) {
	case *constraint.NotExpr:
		return !possible(x.X, !want)
	case *constraint.AndExpr:
		return possible(x.X, want) && possible(x.Y, want)
	case *constraint.OrExpr:
		return possible(x.X, want) || possible(x.Y, want)
	case *constraint.TagExpr:
		return want && x.Tag != "ignore"
	}
	return want
}

// External tells whether an import path is that of a package of another module:
// of those of the standard library, and of directories of a project as features
// name them, the first element has no dot.
func External(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return strings.Index(first, ".") > 0
}
