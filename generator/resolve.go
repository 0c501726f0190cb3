package generator

import (
	"errors"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/otelgen/otelgen/internal/problem"
)

// Selection is a Spec made whole: what it says, what it leaves open, and what
// follows from both.
type Selection struct {
	Spec     Spec       // total: every slot that exists has a value
	Features []*Feature // in reading order, hidden ones and joints included

	catalog *Catalog
	steps   []step            // in the order of their calls
	joined  map[string][]step // those that have joined a group, by its name
}

// Resolve selects the features that a Spec asks for and those that come with
// them. A slot that it leaves open is filled as others require, or else with
// its default; an optional feature that it leaves open is there if others
// require it. Nothing else is guessed.
//
// All problems are reported at once, joined: those of the Spec as [*ChoiceError],
// those of the catalog as [Problem].
func Resolve(c *Catalog, spec Spec) (*Selection, error) {
	choices, err := c.Choices(spec)
	problems := []error{spec.Validate(), err}
	solution, _ := c.space.solve(choices) // which Choices has made sure of
	s := &Selection{Spec: spec, catalog: c}
	for _, f := range c.Features {
		if solution.True(c.space.selected[f]) {
			s.Features = append(s.Features, f)
		}
	}
	s.Spec.Slots, s.Spec.Features = c.total(c.decided(solution))
	s.Spec.Resources = byName(spec.Resources)
	if err == nil { // else choices are fewer than the Spec has
		problems = append(problems, s.checkGuesses(choices))
	}
	problems = append(problems, s.checkModule(), s.checkResources())
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return s, s.wire()
}

// total returns choices as a Spec has them.
func (c *Catalog) total(whole Choices) (slots map[string]string, features []string) {
	slots = map[string]string{}
	for _, slot := range c.Slots {
		if slot.When.Holds(whole) {
			slots[slot.Name] = whole[slot.Name]
		}
	}
	for _, name := range slices.Sorted(maps.Keys(whole)) {
		if whole[name] == On && !c.byName[name].resource {
			features = append(features, name)
		}
	}
	return slots, features
}

// RequiredBy returns the selected features that require the one of this name.
func (s *Selection) RequiredBy(name string) []*Feature {
	return slices.DeleteFunc(slices.Clone(s.Features), func(f *Feature) bool { return !slices.Contains(f.Requires, name) })
}

// Owners returns the selected feature that each file of the Tree is from, by path.
// The files that follow from all features have none: go.mod, go.sum and the recorded
// Spec.
func (s *Selection) Owners() map[string]*Feature {
	owners := map[string]*Feature{}
	for _, f := range s.Features {
		for _, path := range s.pathsOf(f) {
			owners[path] = f
		}
	}
	return owners
}

// pathsOf returns the paths of the files of a selected feature in the Tree.
func (s *Selection) pathsOf(f *Feature) []string {
	renamers := []*strings.Replacer{strings.NewReplacer()}
	if f.resource {
		renamers = nil
		for _, r := range s.Spec.Resources {
			renamers = append(renamers, r.renamer())
		}
	}
	var all []string
	for _, names := range renamers {
		for file := range s.filesOf(f) {
			all = append(all, outputPath(names.Replace(file.path), s.Spec.Service))
		}
	}
	return all
}

// filesOf returns the files of a selected feature, less those in folders that no
// selected feature declares.
func (s *Selection) filesOf(f *Feature) iter.Seq[file] {
	return func(yield func(file) bool) {
		for _, file := range f.files {
			if file.folder != nil && !slices.Contains(s.Features, file.folder) {
				continue
			}
			if !yield(file) {
				return
			}
		}
	}
}

// checkGuesses finds slots that are open and whose default is not possible. Another
// value is chosen only if a feature requires it.
func (s *Selection) checkGuesses(choices Choices) error {
	var problems []error
	for _, slot := range s.catalog.Slots {
		value, exists := s.Spec.Slots[slot.Name]
		if _, decided := choices[slot.Name]; decided || !exists || value == slot.Default || len(s.RequiredBy(value)) > 0 {
			continue
		}
		withDefault := maps.Clone(choices)
		withDefault[slot.Name] = slot.Default
		problems = append(problems, choiceError(slot.Name, "%s: it is not chosen, and its default %s is not possible, because %s; %s",
			slot.Name, slot.Default, s.catalog.space.reasons(withDefault), problem.Choose(s.catalog.Options(choices, slot.Name))))
	}
	return errors.Join(problems...)
}

// checkModule finds a module that calls itself as one that it requires: there
// is no way to import that any more.
func (s *Selection) checkModule() error {
	path, lock := s.Spec.Module, s.catalog.lock
	if lock == nil || !lock.Has(path) {
		return nil
	}
	var steps []step
	for _, f := range s.Features {
		steps = append(steps, f.contributes.Wiring...)
	}
	if lock.Requires(path, importsOf(s.Features, steps)) {
		return choiceError("module", "module path %q is not valid: the service requires a module of this path; choose another path", path)
	}
	return nil
}

// wire orders the steps of the selected features. Its errors are faults of the
// catalog.
func (s *Selection) wire() (err error) {
	var steps []step
	groups := map[string][]string{}
	for _, f := range s.Features {
		for i, one := range f.contributes.Wiring {
			one.at = f.doc.At("wiring", i)
			if !f.resource {
				steps = append(steps, one)
				continue
			}
			for _, r := range s.Spec.Resources {
				steps = append(steps, one.renamed(r.renamer()))
			}
		}
		maps.Copy(groups, f.contributes.Index.Groups)
	}
	steps = withoutNeedless(steps, groups)
	s.joined = join(steps, groups)
	s.steps, err = orderSteps(wrapOutputs(expandGroups(steps, s.joined)))
	return err
}

// Once returns the paths of the files that belong to the owner as soon as they are
// written.
func (s *Selection) Once() []string {
	var all []string
	for _, f := range s.Features {
		for _, name := range f.contributes.Once {
			all = append(all, outputPath(name, s.Spec.Service))
		}
		if f.resource {
			all = append(all, s.pathsOf(f)...)
		}
	}
	return all
}

// Moved returns the paths that files of the selected features had in former
// versions, each with the present one.
func (s *Selection) Moved() map[string]string {
	moved := map[string]string{}
	for _, f := range s.Features {
		if f.resource {
			continue // the owner's
		}
		for from, to := range f.contributes.Moved {
			moved[outputPath(from, s.Spec.Service)] = outputPath(to, s.Spec.Service)
		}
	}
	return moved
}
