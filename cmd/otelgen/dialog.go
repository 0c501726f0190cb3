package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
)

// dialog asks by lines, without moving the cursor: for terminals that cannot,
// and for those who have a screen read to them.
type dialog struct {
	keys *keys
	to   *os.File
}

const back = "<"

func (d *dialog) line(question, initial string, check func(string) error) (string, error) {
	for {
		prompt := question
		if initial != "" {
			prompt += " (" + initial + ")"
		}
		answer, err := d.read(prompt + ": ")
		if err != nil {
			return "", err
		}
		if answer == "" {
			answer = initial
		}
		err = check(answer)
		if err == nil {
			return answer, nil
		}
		d.say(err.Error() + "\n")
	}
}

func (d *dialog) one(question string, options []option, initial string) (string, error) {
	d.list(question, options, func(o option) bool { return o.name == initial })
	answer := ""
	_, err := d.line("Number or name, "+back+" to go back", initial, func(line string) error {
		var err error
		answer, err = chosen(line, options)
		return err
	})
	return answer, err
}

func (d *dialog) any(question string, options []option, initial []string) ([]string, error) {
	d.list(question, options, func(o option) bool { return slices.Contains(initial, o.name) })
	var answers []string
	_, err := d.line("Numbers or names, - for none, "+back+" to go back", strings.Join(initial, ","), func(line string) error {
		answers = []string{}
		for _, word := range strings.FieldsFunc(line, func(r rune) bool { return r == ',' || r == ' ' }) {
			if word == "-" {
				continue
			}
			one, err := chosen(word, options)
			if err != nil {
				return err
			}
			answers = append(answers, one)
		}
		return nil
	})
	return answers, err
}

// list shows options with their numbers.
func (d *dialog) list(question string, options []option, preset func(option) bool) {
	var text strings.Builder
	text.WriteString(question + "\n")
	for i, o := range options {
		mark := ""
		if preset(o) {
			mark = " (default)"
		}
		fmt.Fprintf(&text, "  %d. %s: %s%s\n", i+1, o.name, o.summary+o.brings, mark)
	}
	d.say(text.String())
}

// chosen returns the option that a word is the number or the name of.
func chosen(word string, options []option) (string, error) {
	if i, err := strconv.Atoi(word); err == nil && i >= 1 && i <= len(options) {
		return options[i-1].name, nil
	}
	if slices.Contains(namesOfOptions(options), word) {
		return word, nil
	}
	return "", fmt.Errorf("%q: no such answer; type a number from 1 to %d, or a name", word, len(options))
}

func (d *dialog) say(text string) { _, _ = io.WriteString(d.to, text) }

func (d *dialog) width() int { return widthOf(d.to) }

// read reads a line, which the terminal lets the user edit.
func (d *dialog) read(prompt string) (string, error) {
	d.say(prompt)
	var line []byte
	for {
		var key [8]byte
		switch n, err := d.keys.Read(key[:]); {
		case err != nil:
			return "", err
		case key[0] == '\n':
			if answer := strings.TrimSpace(string(line)); answer != back {
				return answer, nil
			}
			return "", errBack
		case key[0] != redraw[0]:
			line = append(line, key[:n]...)
		}
	}
}
