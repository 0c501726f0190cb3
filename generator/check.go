package generator

import (
	"bytes"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/mod/module"

	"github.com/otelgen/otelgen/internal/logicless"
	"github.com/otelgen/otelgen/internal/problem"
)

// check checks the catalog as a whole. Each part reports what only it can see, and
// tolerates what another part has reported.
func (l *loader) check() {
	if l.slotsDoc != nil && !l.slotsDoc.Readable() || l.areasDoc != nil && !l.areasDoc.Readable() {
		return // everything else would be compared with nothing
	}
	l.gather()
	if l.locked && l.lock == nil {
		l.problems.Add(problem.Position{Path: lockFile}, "missing; it says which modules, and which Go, a project needs: run make lock")
	}
	for i := range l.Slots {
		l.checkSlot(i)
	}
	for i := range l.Areas {
		l.checkArea(i)
	}
	l.each(l.Features, func(l *loader, f *Feature) {
		switch {
		case f.doc == nil:
			l.problems.Add(problem.Position{Path: f.Folder + "/" + featureFile}, "missing; every folder of a catalog is a feature")
		case f.doc.Readable():
			l.checkFeature(f)
			l.checkContributions(f)
		}
	})
	nested := l.nestedModules()
	l.each(l.Features, func(l *loader, f *Feature) {
		l.checkFiles(f)
		f.findImports(nested)
	})
	l.checkImports()
	l.checkCycles()
	if len(l.problems) == 0 { // otherwise which features meet is not known
		l.space = newSpace(l.Catalog)
		l.checkTogether()
		l.checkLists()
		l.checkWiring()
	}
}

// words are the values of conditions that name no feature.
var words = []string{None, Any, On, Off}

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
			l.problems.Add(at("name"), "slot %s: declared twice; remove one", slot.Name)
		}
	}
	if !slices.Contains(slot.Values, slot.Default) {
		l.problems.Add(at("default"), "slot %s: default %s is not a value of this slot; %s", slot.Name, slot.Default, problem.Suggest(slot.Default, slot.Values))
	}
	above := map[string][]string{}
	for _, other := range l.Slots[:i] {
		above[other.Name] = l.choices[other.Name]
	}
	l.checkCondition(slot.When, above, "slots above", at)
}

func (l *loader) checkArea(i int) {
	area, at := l.Areas[i], l.areasDoc.Under(i)
	l.checkName(area.Name, at("name"))
	l.checkTexts(at(), map[string]string{"title": area.Title, "question": area.Question})
	if slices.Contains(areaNames(l.Areas[:i]), area.Name) {
		l.problems.Add(at("name"), "area %s: declared twice; remove one", area.Name)
	}
}

// checkFeature checks what a feature says of itself and of others.
func (l *loader) checkFeature(f *Feature) {
	l.checkName(path.Base(f.Folder), problem.Position{Path: f.Folder})
	l.checkTexts(f.doc.At(), map[string]string{"title": f.Title, "summary": f.Summary})
	for i, word := range f.Also {
		switch other := l.byName[word]; {
		case !featureName.MatchString(word):
			l.problems.Add(f.doc.At("also", i), "also %s: not a word that can be typed as a name; use lower-case letters, digits and hyphens", word)
		case other != nil:
			l.problems.Add(f.doc.At("also", i), "also %s: it is the name of a feature; remove it", word)
		}
	}
	if f.Slot != "" && l.slot(f.Slot) == nil {
		l.problems.Add(problem.Position{Path: f.Folder}, "slot %s: there is no such slot; %s", f.Slot, problem.Suggest(f.Slot, append(slotNames(l.Slots), optionalDir, sharedDir)))
	}
	switch areas := areaNames(l.Areas); {
	case f.Area != "" && !f.Optional():
		l.problems.Add(f.doc.At("area"), "area: only optional features have one; remove it, or move the folder below %s", optionalDir)
	case f.Optional() && f.Area == "" && len(areas) > 0:
		l.problems.Add(f.doc.At(), "area: missing; %s", problem.Suggest("", areas))
	case f.Area != "" && !slices.Contains(areas, f.Area):
		l.problems.Add(f.doc.At("area"), "area %s: there is no such area; %s", f.Area, problem.Suggest(f.Area, areas))
	}
	switch {
	case f.Always && !f.hidden:
		l.problems.Add(f.doc.At("always"), "always: only features below %s are selected always; remove it, or move the folder", sharedDir)
	case f.When != nil && !f.Joint() && !f.Optional():
		l.problems.Add(f.doc.At("when"), "when: only optional features and joints have a condition; remove it, or move the folder below what it joins")
	case f.Joint() && len(f.When) == 0:
		l.problems.Add(f.doc.At("when"), "when: missing; without a condition the files belong to %s", f.parent.Name)
	case f.Joint() && f.Reason == "":
		l.problems.Add(f.doc.At("when"), "reason: missing; say why no seam can replace this joint")
	case f.Reason != "" && !f.Joint():
		l.problems.Add(f.doc.At("reason"), "reason: only joints have one; remove it, or move the folder below what it joins")
	}
	l.checkCondition(f.When, l.choices, "slots and optional features", f.doc.At)
	chosen := !f.hidden && !f.Joint()
	if len(f.Conflicts) > 0 && !chosen {
		l.problems.Add(f.doc.At("conflicts"), "conflicts: nobody chooses %s; say it in the features that need it", f.Name)
	}
	for i, other := range f.Requires {
		l.checkReference(f, other, "requires", f.doc.At("requires", i))
		if r := l.byName[other]; !chosen && r != nil && !r.hidden {
			l.problems.Add(f.doc.At("requires", i), "requires %s: nobody chooses %s, so it can require only hidden features; say it in the features that need it", other, f.Name)
		}
	}
	for i, other := range f.Conflicts {
		l.checkReference(f, other, "conflicts", f.doc.At("conflicts", i))
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
	case key == "requires" && other.hidden && !other.Always:
	case other.hidden || other.Joint():
		l.problems.Add(at, "%s %s: nobody can choose it; name what can be chosen: %s", key, name, strings.Join(l.chosenNames(), ", "))
	case key == "conflicts" && slices.Contains(f.Requires, name):
		l.problems.Add(at, "conflicts %s: required as well; remove one", name)
	}
}

// checkCondition checks the names and values of a condition against those that
// can be chosen.
func (l *loader) checkCondition(c Condition, choices map[string][]string, what string, at func(...any) problem.Position) {
	for _, name := range slices.Sorted(maps.Keys(c)) {
		values, ok := choices[name]
		if !ok {
			l.problems.Add(at("when", name), "when %s: not one of the %s; %s", name, what, problem.Suggest(name, slices.Collect(maps.Keys(choices))))
			continue
		}
		if len(c[name]) == 0 {
			l.problems.Add(at("when", name), "when %s: without values it never holds; %s", name, problem.Choose(values))
		}
		for i, value := range c[name] {
			if slices.Contains(values, value) || value == Any && l.slot(name) != nil {
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
			l.problems.Add(at, "unknown kind of file; name a template .tmpl, and a file that is copied byte for byte .raw")
			continue
		}
		l.checkPath(name, at)
		file.path = name
		if suffix == ".raw" {
			file.text = logicless.Text(string(file.raw))
			continue
		}
		if i := oddInText(file.raw); i >= 0 {
			at.Line = 1 + bytes.Count(file.raw[:i], []byte("\n"))
			l.problems.Add(at, "not portable text; a template is UTF-8 without a byte order mark, and its lines end in \\n; name a file that is copied byte for byte .raw")
			continue
		}
		file.index = slices.Contains(f.contributes.Index.Files, name)
		kind := logicless.Owned
		unread := f.doc == nil || !f.doc.Readable() // and so are the names of its index files
		if file.index || unread {
			kind = logicless.Index
		}
		text, problems := logicless.Parse(file.disk, string(file.raw), kind)
		file.text = text
		l.problems = append(l.problems, problems...)
		if file.index && !unread && len(problems) == 0 {
			l.checkPrints(*file)
		}
	}
}

// oddInText returns the offset of the first byte that makes a text unportable, or -1:
// another line ending, a byte order mark, NUL, or what is not UTF-8.
func oddInText(text []byte) int {
	if utf8.Valid(text) && bytes.IndexByte(text, '\r') < 0 && bytes.IndexByte(text, 0) < 0 && !bytes.Contains(text, []byte("\ufeff")) {
		return -1 // which is much faster than to look at each rune
	}
	return bytes.IndexFunc(text, func(r rune) bool { return r == '\r' || r == '\ufeff' || r == 0 || r == utf8.RuneError })
}

// outputOf returns the path of a file in a project, less the suffix that says
// how it gets there.
func outputOf(path string) string {
	if name, ok := strings.CutSuffix(path, ".raw"); ok {
		return name
	}
	return strings.TrimSuffix(path, ".tmpl")
}

func (l *loader) checkPath(name string, at problem.Position) {
	switch {
	case strings.EqualFold(name, goMod) || strings.EqualFold(name, goSum) || strings.HasPrefix(name, StateDir+"/"):
		l.problems.Add(at, "%s: otelgen writes this file itself, from what the other files say; remove it", name)
	case module.CheckFilePath(strings.ReplaceAll(name, serviceInPath, "x")) != nil:
		l.problems.Add(at, "%s: not a path that every system supports; use letters, digits, - _ and .", name)
	default:
		if err := CheckPath(name); err != nil {
			l.problems.Add(at, "%v; find another path", err)
		}
	}
}

// checkCycles reports circles of requirements, each by the first of its features.
// Where circles share features, there may be more of them than anybody can read:
// then it reports some, and at least one.
func (l *loader) checkCycles() {
	w := cycleWalk{loader: l, place: map[*Feature]int{}}
	for _, f := range slices.SortedFunc(maps.Values(l.byName), func(a, b *Feature) int { return strings.Compare(a.Name, b.Name) }) {
		w.visit(f)
	}
}

// cycleWalk walks along requirements, depth first and along each only once.
type cycleWalk struct {
	*loader
	path  []*Feature       // from where the walk began to where it is
	place map[*Feature]int // in path, from 1; -1 if all that it leads to has been seen
}

func (w *cycleWalk) visit(f *Feature) {
	w.path = append(w.path, f)
	w.place[f] = len(w.path)
	for _, name := range f.Requires {
		next := w.byName[name]
		switch {
		case next == nil || next == f: // which checkReference reports
		case w.place[next] == 0:
			w.visit(next)
		case w.place[next] > 0:
			w.report(w.path[w.place[next]-1:])
		}
	}
	w.place[f] = -1
	w.path = w.path[:len(w.path)-1]
}

// report reports a circle, of which each feature requires the next.
func (w *cycleWalk) report(circle []*Feature) {
	var names []string
	for _, f := range circle {
		names = append(names, f.Name)
	}
	first := slices.Index(names, slices.Min(names))
	names = slices.Concat(names[first:], names[:first+1])
	last := w.byName[names[len(names)-2]]
	w.problems.Add(last.doc.At("requires", slices.Index(last.Requires, names[0])),
		"requires %s: a circle, %s; remove one of these requirements", names[0], strings.Join(names, " -> "))
}

func (l *loader) checkName(text string, at problem.Position) {
	if !featureName.MatchString(text) || slices.Contains(words, text) {
		l.problems.Add(at, "%q is not a valid name: use a letter, then a-z, 0-9 and single hyphens, and none of the words %s", text, strings.Join(words, ", "))
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
