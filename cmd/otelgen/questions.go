package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/otelgen/otelgen/generator"
)

// interview fills the options of otelgen new by questions: for what flags leave
// open, in an order in which no answer depends on a later one.
type interview struct {
	catalog *generator.Catalog
	flags   *pflag.FlagSet
	given   newOptions // by flags
	ask     asker

	// Answers, kept when the user goes back.
	preset   string
	name     string
	slots    map[string]string
	features map[string][]string // by area
}

// question is a question, with the functions that ask it and keep the answer.
type question struct {
	text string
	ask  func(text string) error
}

// letMeChoose is the answer of those who want no preset.
const letMeChoose = "let me choose"

// errStopped is the answer to the last question that nothing is to be written.
var errStopped = errors.New("otelgen: stopped; nothing has been written")

// run asks until all is answered, and returns the options. A user who goes back is
// asked the previous question again.
func (i *interview) run() (newOptions, error) {
	for at := 0; ; {
		questions, err := i.questions()
		if err != nil || at == len(questions) {
			return i.options(), err
		}
		one := questions[at]
		text := one.text
		if len(questions) > 1 {
			text = fmt.Sprintf("%d of %d: %s", at+1, len(questions), text)
		}
		switch err := one.ask(text); {
		case errors.Is(err, errBack):
			at = max(0, at-1)
		case err != nil:
			i.ask.say("\n") // after the question, whose line it may be
			return i.options(), err
		default:
			at++
		}
	}
}

// questions returns those that there are with the answers so far.
func (i *interview) questions() ([]question, error) {
	var all []question
	if i.given.preset == "" {
		all = append(all, question{"What should it start from?", i.askPreset})
	}
	if i.given.name == "" {
		all = append(all, question{"What is the service called?", i.askName})
	}
	if i.preset == letMeChoose {
		each, err := i.choices()
		if err != nil {
			return nil, err
		}
		all = append(all, each...)
	}
	return append(all, question{"Is that right?", i.confirm}), nil
}

func (i *interview) askPreset(text string) error {
	var options []option
	for _, name := range presetNames() {
		options = append(options, option{name: name, summary: presetSummary(name)})
	}
	options = append(options, option{name: letMeChoose, summary: "one question for each choice"})
	var err error
	i.preset, err = i.ask.one(text, options, cmp.Or(i.preset, options[0].name))
	return err
}

func (i *interview) askName(text string) error {
	initial := i.name
	if initial == "" {
		initial = nameOfHere()
	}
	var err error
	i.name, err = i.ask.line(text, initial, func(name string) error {
		if err := checkName(name); err != nil {
			return err
		}
		o := i.options()
		o.name = name
		_, err := o.parse(i.catalog)
		return err
	})
	return err
}

// choices returns the questions for each slot that still has a choice, given
// the answers to those before it, and for the optional features that can still
// be chosen. A slot with only one possible value is not asked about.
func (i *interview) choices() ([]question, error) {
	var all []question
	spec, err := i.given.choices(i.catalog)
	if err != nil {
		return nil, err
	}
	for _, slot := range i.catalog.Slots {
		choices, err := i.catalog.Choices(spec)
		if err != nil {
			return nil, err
		}
		if _, decided := choices[slot.Name]; decided {
			continue
		}
		values := i.catalog.Options(choices, slot.Name)
		whole, _ := i.catalog.Complete(choices) // which Choices has made sure of
		value := whole[slot.Name]
		switch {
		case len(values) > 1:
			if answered := i.slots[slot.Name]; slices.Contains(values, answered) {
				value = answered
			}
			all = append(all, i.slotQuestion(slot, values, value))
		case value == slot.Default || !slot.When.Holds(whole):
			continue
		}
		spec.Slots[slot.Name] = value
	}
	i.slots = spec.Slots
	if i.flags.Changed("with") {
		return all, nil
	}
	before := i.features
	i.features = map[string][]string{}
	for _, area := range areas(i.catalog) {
		options := i.possible(spec, area.features)
		if len(options) == 0 {
			continue
		}
		all = append(all, i.areaQuestion(area, options, spec))
		for _, o := range options {
			if slices.Contains(before[area.Name], o.name) {
				i.features[area.Name] = append(i.features[area.Name], o.name)
			}
		}
		spec.Features = slices.Concat(spec.Features, i.features[area.Name])
	}
	return all, nil
}

// areaQuestion asks for the features of an area, beside a Spec, until they go
// together.
func (i *interview) areaQuestion(area area, options []option, spec generator.Spec) question {
	return question{area.Question, func(text string) error {
		for {
			answers, err := i.ask.any(text, options, i.features[area.Name])
			if err != nil {
				return err
			}
			i.features[area.Name] = answers
			with := spec
			with.Features = slices.Concat(spec.Features, answers)
			if _, err = i.catalog.Choices(with); err == nil {
				return nil
			}
			i.ask.say(err.Error() + "\n")
		}
	}}
}

func (i *interview) slotQuestion(slot generator.Slot, values []string, initial string) question {
	return question{slot.Question, func(text string) error {
		answer, err := i.ask.one(text, slotOptions(i.catalog, slot, values), initial)
		if err == nil {
			i.slots[slot.Name] = answer
		}
		return err
	}}
}

// slotOptions returns those values of a slot that are possible.
func slotOptions(catalog *generator.Catalog, slot generator.Slot, possible []string) []option {
	var options []option
	for _, value := range listSlot(catalog, slot).Values {
		if slices.Contains(possible, value.Name) {
			options = append(options, option{name: value.Name, summary: value.Summary})
		}
	}
	return options
}

// possible returns those features that can be chosen beside a Spec, each with what
// comes with it.
func (i *interview) possible(spec generator.Spec, features []*generator.Feature) []option {
	choices, err := i.catalog.Choices(spec)
	if err != nil {
		return nil // has been reported
	}
	var options []option
	for _, f := range features {
		if slices.Contains(i.catalog.Options(choices, f.Name), generator.On) {
			options = append(options, option{f.Name, f.Summary, i.comesWith(choices, f.Name)})
		}
	}
	return options
}

// comesWith names the other choices that a feature makes.
func (i *interview) comesWith(choices generator.Choices, feature string) string {
	without, _ := i.catalog.Complete(choices)
	choices = maps.Clone(choices)
	choices[feature] = generator.On
	with, _ := i.catalog.Complete(choices)
	var others []string
	for _, name := range slices.Sorted(maps.Keys(with)) {
		switch {
		case name == feature || with[name] == without[name]:
		case with[name] == generator.On:
			others = append(others, name)
		case with[name] != generator.Off:
			others = append(others, name+" "+with[name])
		}
	}
	if len(others) == 0 {
		return ""
	}
	return " (comes with " + strings.Join(others, ", ") + ")"
}

// options returns those that the answers come to.
func (i *interview) options() newOptions {
	o := i.given
	o.name = cmp.Or(o.name, i.name)
	if i.preset != letMeChoose {
		o.preset = cmp.Or(o.preset, i.preset)
		return o
	}
	o.slots = maps.Clone(o.slots)
	maps.Copy(o.slots, i.slots)
	if !i.flags.Changed("with") {
		for _, area := range areas(i.catalog) {
			o.with = append(o.with, i.features[area.Name]...)
		}
	}
	return o
}

// The answers to the last question.
const (
	yes  = "write it"
	no   = "go back"
	stop = "stop"
)

// confirm shows what is about to be written.
func (i *interview) confirm(text string) error {
	o := i.options()
	s, err := o.parse(i.catalog)
	if err := s.compare(i.catalog, err); err != nil {
		return err
	}
	i.ask.say("\n" + s.preview(i.catalog, i.ask.width()) + "\nTo do the same without questions:\n\n  " + i.command(s.spec) + "\n\n")
	options := []option{{name: yes, summary: "to " + s.site.dir}, {name: no, summary: "back to the previous question"}, {name: stop, summary: "and write nothing"}}
	if o.dryRun {
		options[0] = option{name: yes, summary: "list the files, as --dry-run is set"}
	}
	switch answer, err := i.ask.one(text, options, yes); {
	case err != nil:
		return err
	case answer == no:
		return errBack
	case answer == stop:
		return errStopped
	}
	return nil
}

// command returns the command that needs no answers.
func (i *interview) command(spec generator.Spec) string {
	o := i.options()
	if o.preset != "" && !i.flags.Changed("preset") {
		return withoutQuestions(i.flags, o.name, []string{"--preset", o.preset})
	}
	if o.preset != "" {
		return withoutQuestions(i.flags, o.name, nil)
	}
	return withoutQuestions(i.flags, o.name, flagsOf(i.catalog, spec))
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
