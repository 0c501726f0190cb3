package main

import (
	"io"
	"os"

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

func (p painter) bold(text string) string  { return p.sgr("1", text) }
func (p painter) faint(text string) string { return p.sgr("2", text) }
func (p painter) green(text string) string { return p.sgr("32", text) }

// sgr is Select Graphic Rendition of ECMA-48.
func (p painter) sgr(parameter, text string) string {
	if !p || text == "" {
		return text
	}
	return "\x1b[" + parameter + "m" + text + "\x1b[0m"
}
