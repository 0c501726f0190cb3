package generator

import (
	"bytes"
	"fmt"
	"go/format"
	"go/scanner"
	"go/token"
	"path"
	"regexp"
	"strings"

	"github.com/otelgen/otelgen/internal/problem"
)

// Vet checks the Go files that features own: templates fill in only string literals and
// comments, and what comes out is as gofmt would have it, whatever the names of service
// and module. It is not part of Load because it takes longer than a command should, and
// only a change of the catalog can break it.
func (c *Catalog) Vet() error {
	var problems problem.List
	for _, f := range c.Features {
		for _, file := range f.files {
			if path.Ext(file.path) != ".go" || file.index {
				continue
			}
			vetActions(file, &problems)
			vetFormat(file, &problems)
		}
	}
	return problems.Err()
}

var templateAction = regexp.MustCompile(`(?s)\{\{.*?\}\}`)

// vetActions reports actions outside of string literals and comments. With
// those alone a template is Go as it lies in the catalog: editors show it, and
// no rename of a service changes what it means.
func vetActions(f file, problems *problem.List) {
	if strings.HasSuffix(f.disk, ".raw") {
		return
	}
	filled := templateAction.ReplaceAllFunc(f.raw, func(a []byte) []byte { return bytes.Repeat([]byte("x"), len(a)) })
	files := token.NewFileSet()
	source := files.AddFile(f.disk, -1, len(filled))
	var s scanner.Scanner
	s.Init(source, filled, nil, scanner.ScanComments) // vetFormat reports what is not Go
	inside := make([]bool, len(filled))
	for {
		at, kind, literal := s.Scan()
		if kind == token.EOF {
			break
		}
		if kind == token.STRING || kind == token.COMMENT {
			begin := source.Offset(at)
			for i := begin; i < min(begin+len(literal), len(inside)); i++ {
				inside[i] = true
			}
		}
	}
	for _, span := range templateAction.FindAllIndex(f.raw, -1) {
		if !inside[span[0]] {
			at := files.Position(source.Pos(span[0]))
			problems.Add(problem.Position{Path: f.disk, Line: at.Line, Column: at.Column},
				"%s: neither in a string literal nor in a comment; no name in Go depends on the service", f.raw[span[0]:span[1]])
		}
	}
}

// extremes are names as short and as long as they can be, at both ends of the
// alphabet: they change alignment and the order of imports if anything does.
var extremes = []identity{{"a", "a"}, {strings.Repeat("z", 63), "zzz.zz/" + strings.Repeat("z", 100)}}

func vetFormat(f file, problems *problem.List) {
	for _, names := range extremes {
		rendered, err := f.text.Execute(names)
		if err != nil {
			problems.AddError(f.disk, err)
			return
		}
		formatted, err := format.Source(rendered)
		if err != nil {
			for line := range strings.Lines(err.Error()) {
				problems.AddError(f.disk, fmt.Errorf("%s:%s", f.disk, line))
			}
			return
		}
		if !bytes.Equal(rendered, formatted) {
			line := 1
			for i := 0; i < min(len(rendered), len(formatted)) && rendered[i] == formatted[i]; i++ {
				if rendered[i] == '\n' {
					line++
				}
			}
			problems.Add(problem.Position{Path: f.disk, Line: line},
				"not as gofmt would have it for module %.10s; format it, and keep what is filled in out of aligned columns and mixed imports", names.Module)
			return
		}
	}
}
