package project

import (
	"bytes"
	"errors"
	"fmt"
	"go/format"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/mod/modfile"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/internal/git"
)

// renaming is the difference between the names for which otelgen wrote a project
// and those in its Spec. Each has the old name and the new one; they may be the
// same.
type renaming struct {
	service, module [2]string

	// others are the files of the owner: what is there beside what otelgen writes.
	others map[string]file

	below []string // the paths that others declare for modules below this one
}

// newRenaming returns what the names in a Spec and in the next one differ by.
func newRenaming(was, now generator.Spec) renaming {
	if was.Service == "" {
		return renaming{}
	}
	return renaming{service: [2]string{was.Service, now.Service}, module: [2]string{was.Module, now.Module}}
}

// readOthers reads the files of the owner, which use the old names, if there are
// others now.
func (r *renaming) readOthers(d *disk, s *snapshot) error {
	if !r.isOne() {
		return nil
	}
	r.moves(s)
	r.others = map[string]file{}
	return d.walkReadable(func(p string, entry fs.DirEntry) error {
		switch name := entry.Name(); {
		case entry.IsDir() && slices.Contains([]string{".git", stateDir, "vendor", "node_modules"}, name):
			return fs.SkipDir
		case entry.IsDir() || s.entries[p].last() != nil || s.next[p] != nil:
			return nil
		}
		if info, err := entry.Info(); err == nil && info.Size() > mostText && path.Ext(p) != ".go" && r.destination(p, s) == p {
			r.others[p] = file{mode: info.Mode()}
			return nil
		}
		f, err := d.look(p)
		if errors.Is(err, fs.ErrPermission) {
			return nil // such as a secret of somebody else
		}
		r.others[p] = f
		if declared := modfile.ModulePath(f.data); path.Base(p) == goMod && strings.HasPrefix(declared, r.module[0]+"/") {
			r.below = append(r.below, declared)
		}
		return err
	})
}

// mostText is the size of the largest file that may be a text of the owner's. A larger
// one, such as a database, is not read, unless it moves.
const mostText = 1 << 20

func (r renaming) isOne() bool {
	return r.service[0] != r.service[1] || r.module[0] != r.module[1]
}

// moves adds to the paths that the templates moved those that have the name of
// the service in them.
func (r renaming) moves(s *snapshot) {
	if r.service[0] == r.service[1] {
		return
	}
	for p := range s.entries {
		to := r.path(p)
		_, written := s.next[to]
		if _, stays := s.next[p]; !stays && to != p && (written || s.moved[to] != "") {
			s.moved[p] = to
		}
	}
}

// takeAlong finds the files that git has moved to the name of the service on one of two
// branches, although otelgen writes them with the name on the other. The records of both
// paths are then records of that file, which moves back.
func (s *snapshot) takeAlong(lines map[string][]line) {
	for from := range maps.Clone(lines) {
		to := s.renaming.path(from)
		_, stays := s.next[from]
		_, written := s.next[to]
		if written && !stays && lines[to] != nil && s.disk[from].data != nil && s.disk[to].absent() {
			lines[from] = append(slices.Clone(lines[from]), lines[to]...)
			delete(lines, to)
			s.moved[from], s.unrecorded[to] = to, true
		}
	}
}

// check makes sure that nothing is in conflict: the names in such a file would
// stay as they are.
func (r renaming) check(s *snapshot, paths map[string]string) error {
	for _, p := range slices.Sorted(maps.Keys(paths)) {
		if r.isOne() && s.open(p) {
			return fmt.Errorf("%s: it has a conflict; resolve that, then run the command again", p)
		}
	}
	return nil
}

// path returns a path with the new name of the service.
func (r renaming) path(p string) string {
	elements := strings.Split(p, "/")
	for i, element := range elements {
		if element == r.service[0] {
			elements[i] = r.service[1]
		}
	}
	return strings.Join(elements, "/")
}

// versions replaces names in what otelgen wrote last, and in what the owner made
// of it, so that only what the owner changed differs from next.
func (r renaming) versions(p string, v versions) versions {
	if !r.isOne() || v.base == nil || v.disk == nil {
		return v
	}
	v.base, v.disk = r.content(p, v.base), r.content(p, v.disk)
	lines := r.lines(v.base, v.next)
	count := func(text []byte) map[string]int {
		count := map[string]int{}
		for line := range bytes.Lines(text) {
			count[string(line)]++
		}
		return count
	}
	was, kept := count(v.base), count(v.disk)
	replace := func(text []byte) []byte {
		var out []byte
		for line := range bytes.Lines(text) {
			// If the owner has changed one of several equal lines, the merge decides about them.
			if renamed, ok := lines[string(line)]; ok && kept[string(line)] >= was[string(line)] {
				line = []byte(renamed)
			}
			out = append(out, line...)
		}
		return present(out)
	}
	v.base, v.disk = replace(v.base), replace(v.disk)
	return v
}

// lines returns the lines of a file that have another name in its next version, if
// that has as many lines.
func (r renaming) lines(base, next []byte) map[string]string {
	was, now := slices.Collect(bytes.Lines(base)), slices.Collect(bytes.Lines(next))
	if len(was) != len(now) {
		return nil
	}
	lines := map[string]string{}
	for i := range was {
		if r.nameless(was[i]) != r.nameless(now[i]) {
			continue // it has changed otherwise
		}
		if line, known := lines[string(was[i])]; known && line != string(now[i]) {
			return nil // what has the same name by chance
		}
		lines[string(was[i])] = string(now[i])
	}
	return lines
}

// stale returns a file of two branches that git has merged, in which lines may have
// the names of one of them, and otelgen writes the other's: such a line, which
// otelgen wrote, is the one that it writes today.
func (r renaming) stale(written, disk, next []byte) []byte {
	if !r.isOne() || written == nil || disk == nil || next == nil {
		return disk
	}
	wrote, has, writes := git.Lines(written), git.Lines(disk), git.Lines(next)
	today := map[string]string{} // nameless to the line that is not on the disk, or "" if there are several
	for line, n := range writes {
		if has[line] < n {
			key := r.nameless([]byte(line))
			if _, several := today[key]; several {
				line = ""
			}
			today[key] = line
		}
	}
	var out []byte
	for line := range bytes.Lines(disk) {
		text := string(bytes.TrimRight(line, "\r\n"))
		if wrote[text] > 0 && writes[text] == 0 {
			if renamed := today[r.nameless([]byte(text))]; renamed != "" {
				line = append([]byte(renamed), line[len(text):]...)
			}
		}
		out = append(out, line...)
	}
	return out
}

// nameless returns a line without the names, the old ones and the new ones, and as
// it would be aligned without them.
func (r renaming) nameless(line []byte) string {
	names := strings.NewReplacer(r.module[0], "\x01", r.module[1], "\x01", r.service[0], "\x02", r.service[1], "\x02")
	return strings.Join(strings.Fields(names.Replace(string(line))), " ")
}

// content returns a file with the new path of the module: in what a Go file
// imports, and in a go.mod.
func (r renaming) content(p string, content []byte) []byte {
	switch {
	case r.module[0] == r.module[1] || content == nil:
		return content
	case path.Ext(p) == ".go":
		return r.inImports(content)
	case path.Base(p) == goMod:
		return r.inGoMod(content)
	}
	return content
}

// renamed returns the path of a module or a package with the new path of the module.
// Modules of the owner below this one have a name of their own, which stays.
func (r renaming) renamed(name string) string {
	below, ok := strings.CutPrefix(name, r.module[0])
	if !ok || below != "" && below[0] != '/' {
		return name
	}
	for _, other := range r.below {
		if name == other || strings.HasPrefix(name, other+"/") {
			return name
		}
	}
	return r.module[1] + below
}

// inGoMod replaces the path of the module in a go.mod: its own, or one that requires
// or replaces it.
func (r renaming) inGoMod(source []byte) []byte {
	file, err := modfile.ParseLax(goMod, source, nil)
	if err != nil {
		return source // what does not parse stays
	}
	var lines []*modfile.Line
	for _, statement := range file.Syntax.Stmt {
		switch s := statement.(type) {
		case *modfile.Line:
			lines = append(lines, s)
		case *modfile.LineBlock:
			lines = append(lines, s.Line...)
		}
	}
	content := slices.Clone(source)
	for _, line := range slices.Backward(lines) {
		tokens := slices.Clone(line.Token)
		for i, token := range tokens {
			name, err := strconv.Unquote(token)
			if err != nil {
				name = token
			}
			if to := r.renamed(name); to != name && (i > 0 || line.InBlock) {
				tokens[i] = modfile.AutoQuote(to)
			}
		}
		if !slices.Equal(tokens, line.Token) {
			content = slices.Concat(content[:line.Start.Byte], []byte(strings.Join(tokens, " ")), content[line.End.Byte:])
		}
	}
	return content
}

// inImports replaces the path of the module in the imports of a Go file. A file that
// was formatted is so afterwards.
func (r renaming) inImports(source []byte) []byte {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, "", source, parser.ImportsOnly)
	if err != nil {
		return source // what does not parse stays
	}
	content := slices.Clone(source)
	for _, spec := range slices.Backward(file.Imports) {
		imported, err := strconv.Unquote(spec.Path.Value)
		if to := r.renamed(imported); err == nil && to != imported {
			start, end := set.Position(spec.Path.Pos()).Offset, set.Position(spec.Path.End()).Offset
			content = slices.Concat(content[:start], []byte(strconv.Quote(to)), content[end:])
		}
	}
	if formatted, err := format.Source(source); err == nil && bytes.Equal(formatted, source) {
		return gofmt(content)
	}
	return content
}

// changes returns what changes in the files of the owner: their imports, and
// their directory, if the files of otelgen beside them move.
func (r renaming) changes(s *snapshot) (Plan, error) {
	var plan Plan
	for _, p := range slices.Sorted(maps.Keys(r.others)) {
		c := Change{Path: r.destination(p, s), Before: r.others[p].data, mode: r.others[p].mode}
		c.After, c.Action = r.content(p, c.Before), Update
		if c.Path != p && r.others[p].obstacle != "" {
			plan = append(plan, Change{Path: p, Action: Keep, Note: "it is " + kindOf(c.mode) + ", so it stays: move it yourself", news: true})
			continue
		}
		if c.Path != p {
			c.From = p
			if _, other := r.others[c.Path]; other || !s.disk[c.Path].absent() {
				return nil, fmt.Errorf("%s: cannot move to %s, where another file is; move that out of the way", p, c.Path)
			}
		}
		if same(c.Before, c.After) {
			c.Action = Move
		}
		if r.isMentioned(p, c.After) {
			c.Note, c.news = "it names "+r.module[0]+" outside of imports: check that yourself", true
		}
		if c.From != "" || c.Action == Update || c.news {
			if !utf8.ValidString(p) {
				return nil, fmt.Errorf("%q: its name is not UTF-8, so otelgen cannot bring it along; rename it, then run the command again", p)
			}
			if c.From == "" && c.Action == Move {
				c.Action = Keep
			}
			plan = append(plan, c)
		}
	}
	return plan, nil
}

// isMentioned reports whether a file has the old path of the module, if that is one
// that nothing else is called. A file that is not text, such as a program, is built from one that is.
// The name of a module below is worth a look once, where it is declared.
func (r renaming) isMentioned(p string, text []byte) bool {
	if r.module[0] == r.module[1] || !strings.Contains(r.module[0], "/") || bytes.IndexByte(text, 0) >= 0 {
		return false
	}
	names := []string{r.module[1]}
	if path.Base(p) != goMod {
		names = append(names, r.below...)
	}
	for _, name := range names {
		text = bytes.ReplaceAll(text, []byte(name), nil)
	}
	return bytes.Contains(text, []byte(r.module[0]))
}

// destination returns where a file of the owner moves: along with the directory
// of otelgen's files that has the name of the service.
func (r renaming) destination(p string, s *snapshot) string {
	for dir := path.Dir(p); dir != "."; dir = path.Dir(dir) {
		if path.Base(dir) != r.service[0] || r.service[0] == r.service[1] {
			continue
		}
		for from := range s.moved {
			if path.Dir(from) == dir && s.entries[from].last() != nil && r.path(from) == s.moved[from] {
				return path.Join(r.path(dir), strings.TrimPrefix(p, dir))
			}
		}
	}
	return p
}
