package generator

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/otelgen/otelgen/internal/problem"
)

// claim is something of which a project can have only one.
type claim struct{ what, name string }

// claimant is a feature with a claim.
type claimant struct {
	*Feature
	at    problem.Position
	name  string // as the feature spells it
	value string // those with the same one can share the claim; "" shares with nobody

	fallback bool // gives way to one that is none
}

// shares reports whether both claimants can have what they claim.
func (c claimant) shares(other claimant) bool {
	return c.value != "" && c.value == other.value || c.fallback != other.fallback
}

// checkTogether reports what two features claim that can be selected together.
func (l *loader) checkTogether() {
	for _, f := range l.Features {
		if !l.together(f) {
			l.problems.Add(f.doc.At(), "%s: can never be selected: what it needs excludes itself", f.Name)
		}
	}
	known := map[[2]string]bool{}
	together := func(a, b *Feature) bool {
		pair := [2]string{a.Name, b.Name}
		if _, ok := known[pair]; !ok {
			known[pair] = a == b || l.together(a, b)
		}
		return known[pair]
	}
	for c, claimants := range l.claims() {
		for i, second := range claimants {
			for _, first := range claimants[:i] {
				if !first.shares(second) && together(first.Feature, second.Feature) {
					l.problems.Add(second.at, "%s %s: %s has it, too (%s), and both can be selected together; rename one, or let them exclude each other",
						c.what, second.name, first.Name, first.at)
				}
			}
		}
	}
}

// claims collects all claims, in reading order.
func (c *Catalog) claims() map[claim][]claimant {
	all := map[claim][]claimant{}
	unique := map[string][]string{}
	for _, f := range c.Features {
		maps.Copy(unique, f.contributes.Index.Unique)
	}
	for _, f := range c.Features {
		add := func(what, name, value string, at problem.Position) {
			c := claim{what, name}
			if what == "path" {
				c.name = strings.ToLower(name) // which is the same file on many a disk
			}
			if n := len(all[c]); n > 0 && value != "" && all[c][n-1].Feature == f && all[c][n-1].value == value {
				return // the same once more
			}
			all[c] = append(all[c], claimant{Feature: f, at: at, name: name, value: value})
		}
		addPath := func(name string, at problem.Position) {
			add("path", name, "", at)
			for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
				add("path", dir, dir, at) // a directory, which all can share
			}
		}
		for _, file := range f.files {
			addPath(file.path, problem.Position{Path: file.disk})
		}
		for _, from := range slices.Sorted(maps.Keys(f.contributes.Moved)) {
			addPath(from, f.doc.At("moved", from))
		}
		for i, v := range f.contributes.Env.Variables {
			add("variable", v.Name, "", f.doc.At("env", "variables", i, "name"))
		}
		for i, field := range f.contributes.Config {
			add("config field", field.Field, "", f.doc.At("config", i, "field"))
			qualifier, _, _ := strings.Cut(field.Type, ".")
			add("config package", qualifier, field.Import, f.doc.At("config", i, "import"))
		}
		for i, step := range f.contributes.Wiring {
			addOf := func(what, name string, at problem.Position) {
				c := claim{what, name}
				all[c] = append(all[c], claimant{Feature: f, at: at, name: name, fallback: step.Fallback})
			}
			addOf("step", step.Name, f.doc.At("wiring", i, "name"))
			if step.Wraps != "" {
				addOf("wrapped output", step.Wraps, f.doc.At("wiring", i, "wraps"))
			}
			for j, output := range step.Outputs {
				addOf("output", output, f.doc.At("wiring", i, "outputs", j))
			}
			if qualifier, _, ok := strings.Cut(step.Call, "."); ok {
				add("wiring package", qualifier, step.Import, f.doc.At("wiring", i, "import"))
			}
			if qualifier, _, ok := strings.Cut(strings.TrimPrefix(step.Type, "*"), "."); ok {
				add("wiring package", qualifier, cmp.Or(step.TypeImport, step.Import), f.doc.At("wiring", i, "type"))
			}
		}
		for _, name := range f.contributes.Index.Given {
			add("given variable", name, "", f.doc.At("index", "given"))
		}
		for list, keys := range unique {
			for i, item := range f.contributes.Adds[list] {
				for _, key := range keys {
					if value, ok := item.fields[key]; ok {
						add(list+" "+key, value.source, "", f.doc.At("adds", list, i, key))
					}
				}
			}
		}
	}
	return all
}
