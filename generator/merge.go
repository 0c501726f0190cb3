package generator

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// MergeSpecs merges two Specs that descend from a third, which is empty if they do
// not. Changes of only one of them are taken. Contradicting changes are an error.
func MergeSpecs(base, ours, theirs Spec) (Spec, error) {
	var problems []error
	one := func(what, base, ours, theirs string) string {
		merged, ok := merged(base, ours, theirs)
		if !ok {
			problems = append(problems, fmt.Errorf("%s: one branch has %s and the other %s; choose one of them there, then run the command again",
				what, cmp.Or(ours, "none"), cmp.Or(theirs, "none")))
		}
		return merged
	}
	spec := Spec{
		Otelgen: cmp.Or(ours.Otelgen, theirs.Otelgen), // the one that merges writes its own
		Service: one("service", base.Service, ours.Service, theirs.Service),
		Module:  one("module", base.Module, ours.Module, theirs.Module),
		Slots:   map[string]string{},
	}
	for _, name := range slices.Sorted(maps.Keys(union(base.Slots, ours.Slots, theirs.Slots))) {
		if value := one(name, base.Slots[name], ours.Slots[name], theirs.Slots[name]); value != "" {
			spec.Slots[name] = value
		}
	}
	spec.Features = mergeSets(base.Features, ours.Features, theirs.Features)
	spec.Packs = mergeSets(base.Packs, ours.Packs, theirs.Packs)
	spec.Resources = mergeSets(base.Resources, ours.Resources, theirs.Resources)
	names := map[string]bool{}
	for _, r := range spec.Resources {
		if names[r.Name] {
			problems = append(problems, fmt.Errorf("resource %s: both branches have added one; remove one of them there, with its files, then run the command again", r.Name))
		}
		names[r.Name] = true
	}
	return spec, errors.Join(problems...)
}

// merged merges one value. It reports false if both sides have changed it, each to
// something else.
func merged[T comparable](base, ours, theirs T) (T, bool) {
	if ours == base {
		return theirs, true
	}
	return ours, theirs == base || ours == theirs
}

// mergeSets returns what is in both sides, or was added by one.
func mergeSets[T comparable](base, ours, theirs []T) (all []T) {
	for _, v := range slices.Concat(ours, theirs) {
		if is, _ := merged(slices.Contains(base, v), slices.Contains(ours, v), slices.Contains(theirs, v)); is && !slices.Contains(all, v) {
			all = append(all, v)
		}
	}
	return all
}

func union[V any](all ...map[string]V) map[string]V {
	together := map[string]V{}
	for _, m := range all {
		maps.Copy(together, m)
	}
	return together
}
