package main

import (
	"fmt"
	"maps"
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

// answer asks for what a Spec leaves open: each slot that exists, given the
// answers so far, and has a choice, and, if they are open, optional features.
// It reports whether there was anything to ask.
func answer(ask asker, catalog *generator.Catalog, spec *generator.Spec, features bool) (asked bool, err error) {
	for _, slot := range catalog.Slots {
		soFar, err := generator.Resolve(catalog, *spec)
		if err != nil {
			return asked, err
		}
		preset, exists := soFar.Spec.Slots[slot.Name]
		if !exists || decided(*spec, slot) {
			continue
		}
		var options []option
		for _, value := range listSlot(catalog, slot).Values {
			if possible(catalog, *spec, slot.Name, value.Name) {
				options = append(options, option{value.Name, value.Summary})
			}
		}
		if len(options) == 1 {
			continue
		}
		asked = true
		if spec.Slots[slot.Name], err = ask.one(slot.Question, options, preset); err != nil {
			return asked, err
		}
	}
	var options []option
	for _, f := range optional(catalog) {
		options = append(options, option{f.Name, f.Summary})
	}
	if !features || len(options) == 0 {
		return asked, nil
	}
	spec.Features, err = ask.any("What else should it have?", options)
	return true, err
}

// possible reports whether a slot can have a value, given the answers so far.
func possible(catalog *generator.Catalog, spec generator.Spec, slot, value string) bool {
	spec.Slots = maps.Clone(spec.Slots)
	spec.Slots[slot] = value
	_, err := generator.Resolve(catalog, spec)
	return err == nil
}

// decided reports whether a Spec says what is in a slot, by either name.
func decided(spec generator.Spec, slot generator.Slot) bool {
	_, chosen := spec.Slots[slot.Name]
	return chosen || slices.ContainsFunc(slot.Values, func(value string) bool { return slices.Contains(spec.Features, value) })
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
