package generator

import (
	"bytes"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/mod/module"

	"github.com/otelgen/otelgen/internal/logicless"
	"github.com/otelgen/otelgen/internal/problem"
)

// check compares what was read with itself. Each part reports what only it can
// see, and copes with what another part has reported.
func (l *loader) check() {
	switch b := l.byName[baseFeature]; {
	case b == nil:
		l.problems.Add(problem.Position{Path: baseFeature}, "missing; it is the feature that is always there and has the index files")
	case b.lock == nil:
		l.problems.Add(problem.Position{Path: baseFeature + "/" + lockFile}, "missing; it says, too, which Go a project needs")
	}
	if b := l.byName[baseFeature]; b != nil && b.doc != nil && !b.doc.Readable() || l.slotsDoc != nil && !l.slotsDoc.Readable() {
		return // everything else would be compared with nothing
	}
	l.gather()
	for i := range l.Slots {
		l.checkSlot(i)
	}
	for _, f := range l.Features {
		switch {
		case f.doc == nil:
			l.problems.Add(problem.Position{Path: f.Name + "/" + featureFile}, "missing; every folder of a catalog is a feature")
		case f.doc.Readable():
			l.checkFeature(f)
			l.checkContributions(f)
		}
		l.checkFiles(f)
		l.checkLock(f)
	}
	l.checkCycles()
	if len(l.problems) == 0 { // else who is selected with whom is guesswork
		l.checkTogether()
	}
}

// words are the values of conditions that name no feature.
var words = []string{nothing, anything, on, off}

var featureName = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

func (l *loader) checkSlot(i int) {
	slot := l.Slots[i]
	at := l.slotsDoc.Under(i)
	l.checkName(slot.Name, at("name"))
	l.checkTexts(at(), map[string]string{"title": slot.Title, "question": slot.Question})
	if _, isFeature := l.byName[slot.Name]; isFeature {
		l.problems.Add(at("name"), "slot %s: a feature has this name, too; conditions could not tell them apart", slot.Name)
	}
	for _, other := range l.Slots[:i] {
		if other.Name == slot.Name {
			l.problems.Add(at("name"), "slot %s: it is there twice; remove one", slot.Name)
		}
	}
	if !slices.Contains(slot.Values, slot.Default) {
		l.problems.Add(at("default"), "slot %s: default %s: no value of this slot; %s", slot.Name, slot.Default, problem.Suggest(slot.Default, slot.Values))
	}
	above := map[string][]string{}
	for _, other := range l.Slots[:i] {
		above[other.Name] = l.choices[other.Name]
	}
	l.checkCondition(slot.When, above, "slots above", at)
}

// checkFeature checks what a feature says of itself and of others.
func (l *loader) checkFeature(f *Feature) {
	l.checkName(f.Name, problem.Position{Path: f.Name})
	l.checkTexts(f.doc.At(), map[string]string{"title": f.Title, "summary": f.Summary})
	if f.Slot != "" && l.slot(f.Slot) == nil {
		l.problems.Add(f.doc.At("slot"), "slot %s: there is no such slot; %s", f.Slot, problem.Suggest(f.Slot, slotNames(l.Slots)))
	}
	chosen := f.When == nil && f.Name != baseFeature
	switch {
	case f.Name == baseFeature && (f.Slot != "" || f.When != nil):
		l.problems.Add(f.doc.At(), "%s: always selected; it has neither slot nor when", baseFeature)
	case f.Slot != "" && f.When != nil:
		l.problems.Add(f.doc.At("when"), "when: a value of a slot is chosen, a joint is not; remove slot or when")
	case f.When != nil && f.Reason == "":
		l.problems.Add(f.doc.At("when"), "reason: missing; a joint needs its reason, here, because no seam made it needless")
	case f.When == nil && f.Reason != "":
		l.problems.Add(f.doc.At("reason"), "reason: only joints have one; remove it, or add when")
	case f.When != nil && len(f.When) == 0:
		l.problems.Add(f.doc.At("when"), "when: without a condition it holds always; give the files to %s", baseFeature)
	}
	l.checkCondition(f.When, l.choices, "slots and optional features", f.doc.At)
	for key, others := range map[string][]string{"requires": f.Requires, "conflicts": f.Conflicts} {
		if len(others) > 0 && !chosen {
			l.problems.Add(f.doc.At(key), "%s: nobody chooses %s, so it cannot ask for anything; say it in the features that it is for", key, f.Name)
		}
		for i, other := range others {
			l.checkReference(f, other, key, f.doc.At(key, i))
		}
	}
}

// checkReference checks one feature that another requires or conflicts with.
func (l *loader) checkReference(f *Feature, name, key string, at problem.Position) {
	other := l.byName[name]
	switch {
	case other == nil:
		l.problems.Add(at, "%s %s: there is no such feature; %s", key, name, problem.Suggest(name, l.chosenNames()))
	case other == f:
		l.problems.Add(at, "%s %s: itself; remove it", key, name)
	case other.Name == baseFeature || other.When != nil:
		l.problems.Add(at, "%s %s: nobody can choose it; name what can be chosen: %s", key, name, strings.Join(l.chosenNames(), ", "))
	case key == "conflicts" && slices.Contains(f.Requires, name):
		l.problems.Add(at, "conflicts %s: required as well; remove one", name)
	}
}

// checkCondition checks the names and values of a condition against those that
// can be chosen.
func (l *loader) checkCondition(c Condition, choices possible, what string, at func(...any) problem.Position) {
	for _, name := range slices.Sorted(maps.Keys(c)) {
		values, ok := choices[name]
		if !ok {
			l.problems.Add(at("when", name), "when %s: no such choice among the %s; %s", name, what, problem.Suggest(name, slices.Collect(maps.Keys(choices))))
			continue
		}
		if len(c[name]) == 0 {
			l.problems.Add(at("when", name), "when %s: without values it never holds; known are %s", name, strings.Join(values, ", "))
		}
		for i, value := range c[name] {
			if slices.Contains(values, value) || value == anything && l.slot(name) != nil {
				continue
			}
			l.problems.Add(at("when", name, i), "when %s %s: no such value; %s", name, value, problem.Suggest(value, values))
		}
	}
}

// checkFiles parses the templates of a feature, and checks where its files go.
func (l *loader) checkFiles(f *Feature) {
	for i := range f.files {
		file := &f.files[i]
		at := problem.Position{Path: file.disk}
		name := outputOf(file.path)
		suffix := file.path[len(name):]
		if suffix == "" {
			l.problems.Add(at, "unknown kind of file; a template ends in .tmpl, what is copied as it is in .raw")
			continue
		}
		l.checkPath(name, at)
		file.path = name
		if suffix == ".raw" {
			file.text = logicless.Text(string(file.raw))
			continue
		}
		if i := bytes.IndexFunc(file.raw, oddInText); i >= 0 {
			at.Line = 1 + bytes.Count(file.raw[:i], lf)
			l.problems.Add(at, "no text that is the same everywhere; a template is UTF-8 without a mark at its beginning, and its lines end in \\n; what is copied as it is ends in .raw")
			continue
		}
		file.index = f.Name == baseFeature && slices.Contains(l.index().Files, name)
		kind := logicless.Owned
		if file.index {
			kind = logicless.Index
		}
		text, problems := logicless.Parse(file.disk, string(file.raw), kind)
		file.text = text
		l.problems = append(l.problems, problems...)
	}
}

// oddInText tells what no text has: the other line endings, a byte order mark,
// NUL, and what is no UTF-8.
func oddInText(r rune) bool { return r == '\r' || r == '\ufeff' || r == 0 || r == utf8.RuneError }

// outputOf returns the path of a file in a project, less the suffix that says
// how it gets there.
func outputOf(path string) string {
	if name, ok := strings.CutSuffix(path, ".raw"); ok {
		return name
	}
	return strings.TrimSuffix(path, ".tmpl")
}

func (l *loader) checkPath(path string, at problem.Position) {
	switch {
	case strings.EqualFold(path, goMod) || strings.EqualFold(path, goSum) || strings.HasPrefix(path, stateDir+"/"):
		l.problems.Add(at, "%s: otelgen writes it itself; a feature has its modules in %s", path, lockFile)
	case module.CheckFilePath(strings.ReplaceAll(path, serviceInPath, "x")) != nil:
		l.problems.Add(at, "%s: no path that every system can have; use letters, digits, - _ and .", path)
	default:
		if err := checkPath(path); err != nil {
			l.problems.Add(at, "%v; find another path", err)
		}
	}
}

// checkLock finds corrections for features that are no more.
func (l *loader) checkLock(f *Feature) {
	if f.lock == nil {
		return
	}
	for _, correction := range f.lock.Corrections {
		for _, name := range correction.With {
			if l.byName[name] == nil {
				l.problems.Add(problem.Position{Path: f.Name + "/" + lockFile}, "with %s: there is no such feature; lock the modules again", name)
			}
		}
	}
}

// checkCycles reports each circle of requirements once, by the first of its
// features.
func (l *loader) checkCycles() {
	var walk func(from, f *Feature, path []string)
	walk = func(from, f *Feature, path []string) {
		path = append(path, f.Name)
		for i, name := range f.Requires {
			next := l.byName[name]
			switch {
			case next == from && f != from:
				l.problems.Add(f.doc.At("requires", i), "requires %s: a circle, %s -> %s; remove one of these requirements", name, strings.Join(path, " -> "), name)
			case next != nil && next.Name > from.Name && !slices.Contains(path, name):
				walk(from, next, path)
			}
		}
	}
	for _, f := range l.Features {
		walk(f, f, nil)
	}
}

func (l *loader) checkName(text string, at problem.Position) {
	if !featureName.MatchString(text) || slices.Contains(words, text) {
		l.problems.Add(at, "%q: no name; it begins with a letter, goes on with a-z, 0-9 and single hyphens, and is none of %s", text, strings.Join(words, ", "))
	}
}

// checkTexts checks what is shown in one line.
func (l *loader) checkTexts(at problem.Position, texts map[string]string) {
	for key, text := range texts {
		if text == "" || strings.ContainsAny(text, "\n{}") {
			l.problems.Add(at, "%s: one line of plain text is needed", key)
		}
	}
}

// chosenNames returns the features that people choose.
func (c *Catalog) chosenNames() []string {
	var names []string
	for _, f := range c.Features {
		if f.Slot != "" || f.Optional() {
			names = append(names, f.Name)
		}
	}
	return names
}
