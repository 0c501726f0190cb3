package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/otelgen/otelgen/generator"
)

// asker asks the user. It is nil where nobody can answer.
type asker interface {
	line(question string, check func(string) error) (string, error)
	one(question string, options []option, preset string) (string, error)
	any(question string, options []option) ([]string, error)
}

// option is a possible answer.
type option struct{ name, summary string }

// answer asks for what a Spec leaves open: each slot that still has a choice,
// given the answers so far, and, if they are open, the optional features that can
// still be chosen. It reports whether there was anything to ask.
func answer(ask asker, catalog *generator.Catalog, spec *generator.Spec, features bool) (asked bool, err error) {
	if err := spec.Validate(); err != nil {
		return false, err
	}
	for _, slot := range catalog.Slots {
		choices, err := catalog.Choices(*spec)
		if err != nil {
			return asked, err
		}
		if _, decided := choices[slot.Name]; decided {
			continue
		}
		values := catalog.Options(choices, slot.Name)
		whole, _ := catalog.Complete(choices) // which Choices has made sure of
		value := whole[slot.Name]
		switch {
		case len(values) > 1:
			asked = true
			if value, err = ask.one(slot.Question, slotOptions(catalog, slot, values), value); err != nil {
				return asked, err
			}
		case value == slot.Default || !slot.When.Holds(whole):
			continue
		}
		spec.Slots[slot.Name] = value
	}
	if !features {
		return asked, nil
	}
	choices, err := catalog.Choices(*spec)
	if err != nil {
		return asked, err
	}
	var options []option
	for _, f := range optional(catalog) {
		if slices.Contains(catalog.Options(choices, f.Name), generator.On) {
			options = append(options, option{f.Name, f.Summary})
		}
	}
	if len(options) == 0 {
		return asked, nil
	}
	spec.Features, err = ask.any("What else should it have?", options)
	return true, err
}

// slotOptions returns those values of a slot that are possible.
func slotOptions(catalog *generator.Catalog, slot generator.Slot, possible []string) []option {
	var options []option
	for _, value := range listSlot(catalog, slot).Values {
		if slices.Contains(possible, value.Name) {
			options = append(options, option{value.Name, value.Summary})
		}
	}
	return options
}

// withoutQuestions returns the command that needs no answers: the flags as they
// were given, and those that say what was answered.
func withoutQuestions(flags *pflag.FlagSet, name string, choices []string) string {
	words := []string{"otelgen", "new", quote(name)}
	flags.Visit(func(f *pflag.Flag) {
		switch {
		case slices.Contains(choices, "--"+f.Name):
		case f.Value.Type() == "bool":
			if f.Value.String() == "true" {
				words = append(words, "--"+f.Name)
			}
		default:
			value := f.Value.String()
			if list, ok := f.Value.(pflag.SliceValue); ok {
				value = strings.Join(list.GetSlice(), ",")
			}
			words = append(words, "--"+f.Name, quote(value))
		}
	})
	words = append(words, choices...)
	return strings.Join(append(words, "--no-input"), " ")
}

// quote writes a word as a shell reads it.
func quote(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./,:@+=%", r)
	}
	if word != "" && !strings.ContainsFunc(word, func(r rune) bool { return !plain(r) }) {
		return word
	}
	return fmt.Sprintf("'%s'", strings.ReplaceAll(word, "'", `'\''`))
}
