package main

import (
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// painter colours text, or leaves it as it is.
type painter bool

// painterFor colours what goes to a terminal that can show it, unless the user
// has said no: https://no-color.org.
func painterFor(w io.Writer) painter {
	file, ok := w.(*os.File)
	return painter(ok && term.IsTerminal(int(file.Fd())) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && !isSet("ACCESSIBLE"))
}

func (p painter) bold(text string) string   { return p.sgr("1", text) }
func (p painter) faint(text string) string  { return p.sgr("2", text) }
func (p painter) red(text string) string    { return p.sgr("31", text) }
func (p painter) green(text string) string  { return p.sgr("32", text) }
func (p painter) yellow(text string) string { return p.sgr("33", text) }
func (p painter) cyan(text string) string   { return p.sgr("36", text) }

// patch colours a patch as git does.
func (p painter) patch(text string) string {
	if !p {
		return text
	}
	var all strings.Builder
	inHunk := false
	for whole := range strings.Lines(text) {
		line := strings.TrimSuffix(whole, "\n")
		paint := func(text string) string { return text }
		switch {
		case strings.HasPrefix(line, "diff "):
			inHunk, paint = false, p.bold
		case strings.HasPrefix(line, "@@ "):
			inHunk, paint = true, p.cyan
		case !inHunk:
			paint = p.bold
		case strings.HasPrefix(line, "+"):
			paint = p.green
		case strings.HasPrefix(line, "-"):
			paint = p.red
		}
		all.WriteString(paint(line) + whole[len(line):])
	}
	return all.String()
}

// sgr is Select Graphic Rendition of ECMA-48.
func (p painter) sgr(parameter, text string) string {
	if !p || text == "" {
		return text
	}
	return "\x1b[" + parameter + "m" + text + "\x1b[0m"
}
