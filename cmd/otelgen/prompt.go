package main

import (
	"io"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/AlecAivazis/survey/v2"
	"github.com/AlecAivazis/survey/v2/core"
	"golang.org/x/term"
)

// asker asks the user. It is nil where nobody can answer. An error of its
// methods is errBack, errEnded, or an interruptedError.
type asker interface {
	// line asks for a line until it passes the check. An empty one is the initial
	// answer.
	line(question, initial string, check func(string) error) (string, error)
	// one asks for one of several options.
	one(question string, options []option, initial string) (string, error)
	// any asks for any number of them.
	any(question string, options []option, initial []string) ([]string, error)
	// say shows a text between two questions.
	say(text string)
	// width is that of a line.
	width() int
}

// option is a possible answer, with what comes with it, in brackets, or "".
type option struct{ name, summary, brings string }

// description describes an option in at most most letters. The features that come
// with it are omitted last.
func (o option) description(most int) string {
	const atLeast = 20 // letters of a summary that still say something
	if room := most - utf8.RuneCountInString(o.brings); room >= atLeast {
		return cut(o.summary, room) + o.brings
	}
	return cut(o.summary+o.brings, most)
}

// onTerminal returns who can be asked, and what to call at the end. It returns
// nil if that is nobody: then otelgen never asks. A continuous integration
// system may provide a terminal, but nobody is there to answer.
func onTerminal(in io.Reader, err io.Writer) (asker, func() error) {
	from, readable := in.(*os.File)
	to, writable := err.(*os.File)
	if !readable || !writable || !term.IsTerminal(int(from.Fd())) || !term.IsTerminal(int(to.Fd())) || isSet("CI") {
		return nil, func() error { return nil }
	}
	keys := readKeys(from)
	if os.Getenv("TERM") == "dumb" || isSet("ACCESSIBLE") {
		return &dialog{keys, to}, keys.Close
	}
	return &prompt{&screen{File: to, keys: keys}}, keys.Close
}

// isSet reports whether an environment variable says yes: it does with any value
// but one that means false.
func isSet(variable string) bool {
	value := os.Getenv(variable)
	is, err := strconv.ParseBool(value)
	return value != "" && (is || err != nil)
}

// prompt asks by menus. It talks, hence to stderr.
type prompt struct{ *screen }

func (p *prompt) line(question, initial string, check func(string) error) (string, error) {
	p.say("\n\x1b[A") // there is a line below, where survey ends
	answer := initial
	err := p.ask(&survey.Input{Message: question, Default: initial}, &answer, survey.WithValidator(func(line any) error {
		return check(line.(string)) // of an Input it is one
	}))
	return answer, err
}

func (p *prompt) one(question string, options []option, initial string) (string, error) {
	answer := initial
	err := p.ask(&survey.Select{Message: question, Options: namesOfOptions(options), Description: p.describe(options), Default: initial}, &answer, filterBy(options))
	return answer, err
}

func (p *prompt) any(question string, options []option, initial []string) ([]string, error) {
	answer := []string{} // survey appends to what is there
	err := p.ask(&survey.MultiSelect{Message: question, Options: namesOfOptions(options), Description: p.describe(options), Default: initial}, &answer, filterBy(options))
	return answer, err
}

func (p *prompt) say(text string) { _, _ = io.WriteString(p.screen, text) }

func (p *prompt) width() int { return widthOf(p.File) }

func widthOf(terminal *os.File) int {
	if columns, _, err := term.GetSize(int(terminal.Fd())); err == nil && columns > 0 {
		return columns
	}
	return 80
}

func namesOfOptions(options []option) []string {
	var names []string
	for _, o := range options {
		names = append(names, o.name)
	}
	return names
}

// describe returns the summaries, cut so that each option has one line: survey
// cannot tell how many lines it has drawn after the terminal became narrower.
func (p *prompt) describe(options []option) func(string, int) string {
	const around = len("> [x]  name - ") - len("name") + 2
	return func(name string, i int) string {
		room := p.width() - around - utf8.RuneCountInString(name)
		if room <= 0 {
			return ""
		}
		return options[i].description(room)
	}
}

// cut returns the beginning of a text that is too long.
func cut(text string, length int) string {
	if utf8.RuneCountInString(text) <= length {
		return text
	}
	return strings.TrimRight(string([]rune(text)[:max(0, length-1)]), " ,") + "…"
}

// filterBy finds options by their summaries as well.
func filterBy(options []option) survey.AskOpt {
	return survey.WithFilter(func(typed, _ string, i int) bool {
		return strings.Contains(strings.ToLower(options[i].name+" "+options[i].summary+options[i].brings), strings.ToLower(typed))
	})
}

func (p *prompt) ask(question survey.Prompt, answer any, opts ...survey.AskOpt) error {
	return survey.AskOne(question, answer, append(opts, survey.WithStdio(p.keys, p.screen, p.screen), survey.WithPageSize(pageSize))...)
}

// pageSize is how many options are there at once.
const pageSize = 12

// survey's templates, in our words: they say how to go back, and that nothing
// matches what has been typed.
func init() { //nolint:gochecknoinits // they are variables of survey, which has no other way
	for template, hint := range map[*string]string{
		&survey.SelectQuestionTemplate:      "[arrows move, Enter chooses, Esc goes back, type to search]",
		&survey.MultiSelectQuestionTemplate: "[arrows move, Space selects, Enter goes on, Esc goes back, type to search]",
	} {
		begin := strings.Index(*template, "[Use arrows")
		finish := strings.LastIndex(*template, "]{{color")
		*template = (*template)[:begin] + hint + (*template)[finish+1:]
		options := strings.LastIndex(*template, "{{- range $ix")
		*template = (*template)[:options] + `{{- if not .PageEntries}}  nothing matches; press Backspace to delete letters{{"\n"}}{{end}}` + (*template)[options:]
	}
	survey.ErrorTemplate = strings.Replace(survey.ErrorTemplate, "Sorry, your reply was invalid: ", "", 1)
	core.DisableColor = os.Getenv("NO_COLOR") != "" // https://no-color.org
}
