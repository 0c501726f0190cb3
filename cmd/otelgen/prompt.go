package main

import (
	"errors"
	"io"
	"os"
	"strconv"
	"syscall"

	"github.com/AlecAivazis/survey/v2"
	"github.com/AlecAivazis/survey/v2/terminal"
	"golang.org/x/term"
)

// prompt asks on a terminal. It talks, hence to stderr.
type prompt struct{ in, err *os.File }

// onTerminal returns who can be asked, or nil if that is nobody: then otelgen
// never asks. A continuous integration system may provide a terminal, but
// nobody is there to answer.
func onTerminal(in io.Reader, err io.Writer) asker {
	from, readable := in.(*os.File)
	to, writable := err.(*os.File)
	if !readable || !writable || !term.IsTerminal(int(from.Fd())) || !term.IsTerminal(int(to.Fd())) || inCI() {
		return nil
	}
	return prompt{from, to}
}

// inCI reports whether the environment variable CI says that this is continuous
// integration: it does with any value but one that means false.
func inCI() bool {
	value := os.Getenv("CI")
	is, err := strconv.ParseBool(value)
	return value != "" && (is || err != nil)
}

// line asks for a line until it passes the check.
func (p prompt) line(question string, check func(string) error) (string, error) {
	var answer string
	err := p.ask(&survey.Input{Message: question}, &answer, survey.WithValidator(func(line any) error {
		return check(line.(string)) // of an Input it is one
	}))
	return answer, err
}

func (p prompt) one(question string, options []option, preset string) (string, error) {
	names, describe := described(options)
	answer := preset
	err := p.ask(&survey.Select{Message: question, Options: names, Description: describe, Default: preset}, &answer)
	return answer, err
}

func (p prompt) any(question string, options []option) ([]string, error) {
	names, describe := described(options)
	var answer []string
	err := p.ask(&survey.MultiSelect{Message: question, Options: names, Description: describe}, &answer)
	return answer, err
}

// described splits options as survey wants them.
func described(options []option) (names []string, describe func(string, int) string) {
	for _, o := range options {
		names = append(names, o.name)
	}
	return names, func(_ string, i int) string { return options[i].summary }
}

func (p prompt) ask(question survey.Prompt, answer any, opts ...survey.AskOpt) error {
	err := survey.AskOne(question, answer, append(opts, survey.WithStdio(p.in, p.err, p.err))...)
	if errors.Is(err, terminal.InterruptErr) {
		return interruptedError{syscall.SIGINT}
	}
	return err
}
