//go:build unix

package main

import (
	"fmt"
	"html"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hinshun/vt10x"
)

// The picture of the README is what the terminal shows after a real run: with
// -update it is drawn anew. Otherwise the run has to show what the picture does,
// but for numbers of files, which change with the templates.
func TestPicture(t *testing.T) {
	t.Parallel()
	const columns = 96
	tt := startOnPty(t, t.TempDir(), columns, nil, "new")
	tt.answers("What should it start from?", enter)
	tt.answers("What is the service called?", "shop", enter)
	tt.answers("Is that right?", enter)
	tt.ends(0)
	file := filepath.Join("..", "..", "docs", "terminal.svg")
	if *rewrite {
		if err := os.WriteFile(file, []byte(tt.svg(columns)), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	picture, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"What should it start from?", "To do the same without questions:", "files written to shop", "make run", "curl localhost:8080/orders"} {
		if !strings.Contains(string(picture), html.EscapeString(want)) || !strings.Contains(tt.text(), want) {
			t.Errorf("%q is not in the picture, or no longer on the terminal; draw it anew with: go test ./cmd/otelgen -run Picture -update", want)
		}
	}
}

// svg draws the screen.
func (tt *terminal) svg(columns int) string {
	tt.mu.Lock()
	defer tt.mu.Unlock()
	width, height := tt.screen.Size()
	var lines []string
	for y := range height {
		lines = append(lines, tt.row(y, width))
	}
	for len(lines) > 0 && strings.TrimSpace(lines[len(lines)-1]) == "" {
		lines = lines[:len(lines)-1]
	}
	lines = slices.Insert(lines, 0, "$ otelgen new")
	const size, leading, margin = 14, 19, 16
	var out strings.Builder
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="ui-monospace, Menlo, Consolas, monospace" font-size="%d">`+"\n",
		columns*17/2+2*margin, len(lines)*leading+2*margin, size)
	out.WriteString(`<title>otelgen new on a terminal</title><rect width="100%" height="100%" rx="8" fill="#1e1e2e"/>` + "\n")
	for y, line := range lines {
		fmt.Fprintf(&out, `<text x="%d" y="%d" fill="#cdd6f4" xml:space="preserve">%s</text>`+"\n", margin, margin+size+y*leading, line)
	}
	return out.String() + "</svg>\n"
}

// row is a line of the screen, with its colours.
func (tt *terminal) row(y, width int) string {
	last := width - 1
	for last >= 0 && tt.screen.Cell(last, y).Char == ' ' {
		last--
	}
	var line strings.Builder
	current := ""
	for x := range last + 1 {
		cell := tt.screen.Cell(x, y)
		if colour := colours[cell.FG]; colour != current {
			if current != "" {
				line.WriteString("</tspan>")
			}
			if colour != "" {
				fmt.Fprintf(&line, `<tspan fill="%s">`, colour)
			}
			current = colour
		}
		line.WriteString(html.EscapeString(string(cell.Char)))
	}
	if current != "" {
		line.WriteString("</tspan>")
	}
	return line.String()
}

var colours = map[vt10x.Color]string{
	vt10x.Green: "#a6e3a1", vt10x.LightGreen: "#a6e3a1", vt10x.Cyan: "#89dceb", vt10x.LightCyan: "#89dceb",
}
