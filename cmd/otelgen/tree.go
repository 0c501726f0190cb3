package main

import (
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"unicode/utf8"
)

// branch is a directory of a tree that is printed, or a file in it.
type branch struct {
	name  string
	note  string // of a file
	below []*branch
}

// treeOf makes a tree of paths. note is what stands behind a file.
func treeOf(root string, paths []string, note func(string) string) *branch {
	top := &branch{name: root}
	for _, p := range slices.Sorted(slices.Values(paths)) {
		at := top
		for element := range strings.SplitSeq(p, "/") {
			if last := len(at.below) - 1; last >= 0 && at.below[last].name == element {
				at = at.below[last]
				continue
			}
			next := &branch{name: element}
			at.below = append(at.below, next)
			at = next
		}
		at.note = note(p)
	}
	return top
}

// fold leaves out the files, but for those of the top, and counts them. A
// directory that has nothing but one directory is one line with it.
func (b *branch) fold() *branch {
	folded := &branch{name: b.name}
	for _, one := range b.below {
		for len(one.below) == 1 && one.below[0].below != nil {
			one = &branch{name: path.Join(one.name, one.below[0].name), below: one.below[0].below}
		}
		if one.below == nil {
			folded.below = append(folded.below, one)
			continue
		}
		files := 0
		inner := &branch{name: one.name}
		for _, below := range one.fold().below {
			if below.below == nil && !strings.HasSuffix(below.name, "/") {
				files++
			} else {
				inner.below = append(inner.below, below)
			}
		}
		if inner.note = counted(files); files == 0 {
			inner.note = ""
		}
		if len(inner.below) == 0 {
			inner.name += "/" // still a directory
		}
		folded.below = append(folded.below, inner)
	}
	return folded
}

// counted writes "1 file" and "2 files".
func counted(n int) string {
	if n == 1 {
		return "1 file"
	}
	return fmt.Sprintf("%d files", n)
}

// line is one of a printed tree.
type line struct{ lead, name, note string }

func (b *branch) lines(lead string) []line {
	var all []line
	for i, below := range b.below {
		fork, trunk := "├── ", "│   "
		if i == len(b.below)-1 {
			fork, trunk = "└── ", "    "
		}
		all = append(all, line{lead + fork, below.name, below.note})
		all = append(all, below.lines(lead+trunk)...)
	}
	return all
}

// print prints a tree with its notes in a column.
func (b *branch) print(w io.Writer, paint painter) error {
	lines := b.lines("")
	column := 0
	for _, l := range lines {
		if l.note != "" {
			column = max(column, utf8.RuneCountInString(l.lead+l.name))
		}
	}
	var out strings.Builder
	out.WriteString(paint.bold(b.name) + "\n")
	for _, l := range lines {
		out.WriteString(paint.faint(l.lead) + l.name)
		if l.note != "" {
			out.WriteString(strings.Repeat(" ", column-utf8.RuneCountInString(l.lead+l.name)+2) + paint.faint(l.note))
		}
		out.WriteString("\n")
	}
	_, err := io.WriteString(w, out.String())
	return err
}
