package generator

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/otelgen/otelgen/internal/problem"
)

// provider is a step, or something else of a feature, that provides an input.
type provider struct {
	*Feature
	step *step // nil if it is not a step's output
}

// checkLists proves that every list that an index file ranges over is declared
// wherever the file is.
func (l *loader) checkLists() {
	for _, f := range l.Features {
		for _, file := range f.files {
			if !file.index {
				continue
			}
			for _, use := range file.text.Uses() {
				if owner := l.lists[use.List].owner; l.satisfiable([]*Feature{f}, []*Feature{owner}) {
					l.problems.Add(problem.Position{Path: file.disk, Line: use.Line, Column: use.Column},
						"list %s: %s can be selected without %s, which declares it; require that, or declare a list", use.List, f.Name, owner.Name)
				}
			}
		}
	}
}

// checkWiring proves that the wiring is complete whatever is selected: no
// selection has a step without a provider for each of its inputs, and none has
// steps that wait for each other. Resolve reports those of the latter that this misses.
func (l *loader) checkWiring() {
	for _, f := range l.Features {
		for i := range f.contributes.Wiring {
			s := &f.contributes.Wiring[i]
			if s.Wraps != "" && (!slices.Contains(s.Inputs, s.Wraps) || len(s.Outputs) != 1) {
				l.problems.Add(f.doc.At("wiring", i, "wraps"), "wraps: step %s takes no input %s, or has not exactly one output; a step that wraps an input takes it, and has the output that replaces it", s.Name, s.Wraps)
			}
			with, without := l.present(f, s)
			for j, input := range s.Inputs {
				var lacking []*Feature
				for _, p := range l.providers[input] {
					if p.Feature == f || p.step == nil || p.step.Into == "" || l.groupOwner(p.step).Always { // else it may step out
						lacking = append(lacking, p.Feature)
					}
				}
				if slices.Contains(lacking, f) || !l.satisfiable(with, append(lacking, without...)) {
					continue
				}
				from := ""
				if len(lacking) > 0 {
					from = fmt.Sprintf(", which only %s provides", problem.Listed(names(lacking), "or"))
				}
				l.problems.Add(f.doc.At("wiring", i, "inputs", j), "input %s: %s can be selected without it%s; provide it wherever this feature is", input, f.Name, from)
			}
		}
	}
	l.checkCircles()
}

// present returns with which features, and without which, a step is part of the
// wiring: a fallback steps out for others, and a step that joins a group is not
// there without the group.
func (l *loader) present(f *Feature, s *step) (with, without []*Feature) {
	with = []*Feature{f}
	if s.Into != "" {
		with = append(with, l.groupOwner(s))
	}
	if s.Fallback {
		for _, output := range s.Outputs {
			for _, p := range l.providers[output] {
				if p.step != nil && !p.step.Fallback {
					without = append(without, p.Feature)
				}
			}
		}
	}
	return with, without
}

// groupOwner returns the feature that declares the group that a step joins.
func (l *loader) groupOwner(s *step) *Feature {
	group, _ := s.group()
	return l.groups[group].owner
}

// gatherProviders collects what provides each input that a step can have.
func (l *loader) gatherProviders() {
	l.providers = map[string][]provider{configVariable: {}}
	for _, f := range l.Features {
		add := func(input string, s *step) { l.providers[input] = append(l.providers[input], provider{f, s}) }
		add(configVariable, nil)
		for _, name := range f.contributes.Index.Given {
			add(name, nil)
		}
		for _, field := range f.contributes.Config {
			add(configVariable+"."+field.Field, nil)
		}
		for group := range f.contributes.Index.Groups {
			add(group+allOf, nil)
		}
		for i := range f.contributes.Wiring {
			s := &f.contributes.Wiring[i]
			for _, output := range s.Outputs {
				add(output, s)
			}
		}
	}
}

// checkCircles reports steps that wait for each other in some selection: for
// each step the shortest way back to it, if there is one, each circle once.
func (l *loader) checkCircles() {
	joined, wrappers := map[string][]provider{}, map[string][]provider{} // by group, and by what they wrap
	for _, f := range l.Features {
		for i := range f.contributes.Wiring {
			s := &f.contributes.Wiring[i]
			if group, _ := s.group(); group != "" {
				joined[group+allOf] = append(joined[group+allOf], provider{f, s})
			}
			if s.Wraps != "" {
				wrappers[s.Wraps] = append(wrappers[s.Wraps], provider{f, s})
			}
		}
	}
	reported := map[string]bool{}
	for _, f := range l.Features {
		for i := range f.contributes.Wiring {
			circle := shortestCircle(provider{f, &f.contributes.Wiring[i]}, func(p provider) []provider {
				var next []provider
				for _, input := range p.step.Inputs {
					next = append(next, slices.Concat(l.providers[input], joined[input])...)
					if p.step.Wraps != input { // else it takes what is wrapped, and not the wrapper
						next = append(next, wrappers[input]...)
					}
				}
				return slices.DeleteFunc(next, func(p provider) bool { return p.step == nil })
			})
			var features []*Feature
			var steps []string
			for _, p := range circle {
				features, steps = append(features, p.Feature), append(steps, p.step.Name)
			}
			key := strings.Join(slices.Sorted(slices.Values(steps)), "\n")
			if len(circle) == 0 || reported[key] || !l.together(features...) {
				continue
			}
			reported[key] = true
			l.problems.Add(f.doc.At("wiring", i), "wiring: a circle, %s -> %s; each takes what the next provides; remove an input that one of them does not need",
				strings.Join(steps, " -> "), steps[0])
		}
	}
}

// shortestCircle returns the fewest steps that lead from one back to it.
func shortestCircle(from provider, next func(provider) []provider) []provider {
	came := map[*step]provider{} // from which a step was reached first
	for queue := []provider{from}; len(queue) > 0; queue = queue[1:] {
		for _, p := range next(queue[0]) {
			if p.step == from.step {
				circle := []provider{queue[0]}
				for circle[0].step != from.step {
					circle = slices.Insert(circle, 0, came[circle[0].step])
				}
				return circle
			}
			if _, seen := came[p.step]; !seen {
				came[p.step] = queue[0]
				queue = append(queue, p)
			}
		}
	}
	return nil
}

// names returns the names of features, each once, sorted.
func names(features []*Feature) []string {
	all := map[string]bool{}
	for _, f := range features {
		all[f.Name] = true
	}
	return slices.Sorted(maps.Keys(all))
}
