// Command lock writes the modules.lock of every feature of a catalog:
//
//	go run ./internal/dev/lock templates testdata/pins
//
// It is run when a version or an import of a template changes, and needs the
// network or a filled module cache; rendering never does. All versions come
// from the module PINS. Every feature is rendered in the smallest selection that
// has it, and what `go mod tidy` writes there, less what the features that come
// with it need, is the feature's lock. Then every pair of features is tidied
// too, and what their union gets wrong is stored as a correction. What the locks
// say of three features, and of as many as there can be together, has to be
// right then: if it is not, lock says so and writes nothing.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"log"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/internal/modules"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("lock: ")
	if len(os.Args) != 3 {
		log.Fatal("usage: lock CATALOG PINS")
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		log.Fatal(err)
	}
}

func run(catalogDir, pinsDir string) error {
	catalog, err := generator.Load(os.DirFS(catalogDir))
	if err != nil {
		return err
	}
	l := locker{
		catalog: catalog, pins: pinsDir,
		least: map[string]string{}, locks: map[string]*modules.Lock{}, tidied: map[string]*modules.Lock{},
	}
	if err := l.findLeast(); err != nil {
		return err
	}
	for _, f := range catalog.Features {
		if err := l.alone(f); err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	for i, f := range catalog.Features {
		for _, g := range catalog.Features[:i] {
			if err := l.pair(f, g); err != nil {
				return fmt.Errorf("%s with %s: %w", f.Name, g.Name, err)
			}
		}
	}
	if err := l.verify(); err != nil {
		return err
	}
	for name, lock := range l.locks {
		path := filepath.Join(catalogDir, name, "modules.lock")
		if name != "base" && len(lock.Requires)+len(lock.Sums)+len(lock.Corrections) == 0 {
			if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
				return err
			}
			continue
		}
		if err := os.WriteFile(path, lock.Format(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

type locker struct {
	catalog *generator.Catalog
	pins    string                   // directory
	least   map[string]string        // the value of each slot that needs fewest modules
	locks   map[string]*modules.Lock // by feature
	tidied  map[string]*modules.Lock // by the names of the selected features: to tidy takes long
}

// alone locks one feature, after those that can come with it.
func (l *locker) alone(f *generator.Feature) error {
	selection, err := l.smallest(f)
	if err != nil {
		return err
	}
	tidy, err := l.tidy(selection)
	if err != nil {
		return err
	}
	united := modules.Unite(l.of(selection))
	lock := &modules.Lock{Go: tidy.Go, Needs: modules.Needs{Requires: map[string]modules.Require{}, Sums: map[modules.Sum]bool{}}}
	for path, require := range tidy.Requires {
		if had, ok := united.Requires[path]; !ok || had != require {
			lock.Requires[path] = require
		}
	}
	for sum := range tidy.Sums {
		if !united.Sums[sum] {
			lock.Sums[sum] = true
		}
	}
	l.locks[f.Name] = lock
	return nil
}

// pair stores what the union of two features gets wrong, if they can be chosen
// together at all.
func (l *locker) pair(f, g *generator.Feature) error {
	selection, err := l.smallest(f, g)
	if errors.Is(err, errApart) {
		return nil
	}
	if err != nil {
		return err
	}
	tidy, err := l.tidy(selection)
	if err != nil {
		return err
	}
	correction := modules.Correct(modules.Unite(l.of(selection)), tidy, g.Name)
	if len(correction.Add.Requires)+len(correction.Add.Sums)+len(correction.Drop.Requires)+len(correction.Drop.Sums) > 0 {
		l.locks[f.Name].Corrections = append(l.locks[f.Name].Corrections, correction)
	}
	return nil
}

// verify compares what the locks say with what tidy says: of every feature,
// every two, every three, and as many as there can be together. Nothing explains
// a difference, so it is for a person to look into.
func (l *locker) verify() error {
	var errs []error
	seen := map[string]bool{}
	check := func(features ...*generator.Feature) error {
		selection, err := l.smallest(features...)
		if err != nil || seen[key(selection)] {
			return nil //nolint:nilerr // they cannot be chosen together
		}
		seen[key(selection)] = true
		tidy, err := l.tidy(selection)
		if err != nil {
			return err
		}
		if is, want := modules.Unite(l.of(selection)), tidy; !bytes.Equal(is.Format(), want.Format()) {
			difference := modules.Lock{Go: want.Go, Corrections: []modules.Correction{modules.Correct(is, want, key(selection))}}
			errs = append(errs, fmt.Errorf("%s: tidy says otherwise than their locks, and no pair explains it:\n%s", key(selection), difference.Format()))
		}
		return nil
	}
	for i, f := range l.catalog.Features {
		for j, g := range l.catalog.Features[:i+1] {
			for _, h := range l.catalog.Features[:j+1] { // f, g and h may be one, or two
				if err := check(f, g, h); err != nil {
					return err
				}
			}
		}
		if err := check(l.most(f)...); err != nil {
			return err
		}
	}
	return errors.Join(errs...)
}

// most returns a feature with as many others as there can be.
func (l *locker) most(f *generator.Feature) []*generator.Feature {
	all := []*generator.Feature{f}
	for _, other := range l.catalog.Features {
		if more := append(slices.Clip(all), other); other != f {
			if _, err := l.smallest(more...); err == nil {
				all = more
			}
		}
	}
	return all
}

// key returns the names of the selected features.
func key(s *generator.Selection) string {
	var names []string
	for _, f := range s.Features {
		names = append(names, f.Name)
	}
	return strings.Join(names, " ")
}

// of returns the locks that a selection has so far.
func (l *locker) of(s *generator.Selection) map[string]*modules.Lock {
	locks := map[string]*modules.Lock{}
	for _, f := range s.Features {
		if lock := l.locks[f.Name]; lock != nil {
			locks[f.Name] = lock
		}
	}
	return locks
}

var errApart = errors.New("cannot be chosen together")

// smallest returns the selection with the fewest features that has all of
// these. It tries what the features say of themselves, and for what they leave
// open the first value that adds least.
func (l *locker) smallest(features ...*generator.Feature) (*generator.Selection, error) {
	var best *generator.Selection
	for _, spec := range l.specs(features) {
		s, err := generator.Resolve(l.catalog, spec)
		if err != nil {
			continue
		}
		has := func(f *generator.Feature) bool { return slices.Contains(s.Features, f) }
		if slices.ContainsFunc(features, func(f *generator.Feature) bool { return !has(f) }) {
			continue
		}
		if best == nil || len(s.Features) < len(best.Features) {
			best = s
		}
	}
	if best == nil {
		return nil, errApart
	}
	return best, nil
}

// specs returns every Spec that differs only in what the features, and those
// that they require, name or exclude, with the least of everything else.
func (l *locker) specs(features []*generator.Feature) []generator.Spec {
	specs := []generator.Spec{{Service: "app", Module: "app", Slots: maps.Clone(l.least)}}
	features = l.required(features)
	for _, slot := range l.catalog.Slots {
		left := slices.DeleteFunc(slices.Clone(slot.Values), func(value string) bool { return l.excluded(value, features) })
		if len(left) < len(slot.Values) { // else the least, or the default, will do
			specs = append(specs, l.vary(specs, slot.Name, left)...)
		}
	}
	for _, f := range features {
		switch {
		case f.Slot != "":
			specs = l.vary(specs, f.Slot, []string{f.Name})
		case f.When != nil:
			for _, name := range slices.Sorted(maps.Keys(f.When)) {
				specs = l.vary(specs, name, f.When[name])
			}
		case f.Optional():
			specs = l.vary(specs, f.Name, []string{"on"})
		}
	}
	return specs
}

// required returns the features and all that they require.
func (l *locker) required(features []*generator.Feature) []*generator.Feature {
	all := slices.Clone(features)
	for i := 0; i < len(all); i++ {
		for _, f := range l.catalog.Features {
			if slices.Contains(all[i].Requires, f.Name) && !slices.Contains(all, f) {
				all = append(all, f)
			}
		}
	}
	return all
}

// excluded tells whether a value of a slot conflicts with one of the features.
func (l *locker) excluded(value string, features []*generator.Feature) bool {
	i := slices.IndexFunc(l.catalog.Features, func(f *generator.Feature) bool { return f.Name == value })
	return i >= 0 && slices.ContainsFunc(features, func(f *generator.Feature) bool {
		return slices.Contains(f.Conflicts, value) || slices.Contains(l.catalog.Features[i].Conflicts, f.Name)
	})
}

// vary multiplies specs by the values that a condition allows for a slot, and
// by those that the slot needs to exist, or switches an optional feature on.
func (l *locker) vary(specs []generator.Spec, name string, values []string) []generator.Spec {
	i := slices.IndexFunc(l.catalog.Slots, func(s generator.Slot) bool { return s.Name == name })
	if i < 0 {
		for i := range specs {
			if slices.Contains(values, "on") && !slices.Contains(specs[i].Features, name) {
				specs[i].Features = append(slices.Clone(specs[i].Features), name)
			}
		}
		return specs
	}
	slot := l.catalog.Slots[i]
	if slices.Contains(values, "any") {
		values = slices.DeleteFunc(slices.Clone(slot.Values), func(value string) bool { return value == "none" })
	}
	var all []generator.Spec
	for _, spec := range specs {
		for _, value := range values {
			varied := spec
			varied.Slots = maps.Clone(spec.Slots)
			varied.Slots[name] = value
			all = append(all, varied)
		}
	}
	for _, other := range slices.Sorted(maps.Keys(slot.When)) {
		if slices.Equal(values, []string{"none"}) {
			break
		}
		if slices.ContainsFunc(all, func(s generator.Spec) bool { return s.Slots[other] == "none" }) {
			all = l.vary(all, other, slot.When[other])
		}
	}
	return all
}

// findLeast finds the value of each slot that needs fewest modules, and so can
// stand beside a feature without hiding what it needs itself: none where that
// is a value, or else by trying.
func (l *locker) findLeast() error {
	var open []generator.Slot
	for _, slot := range l.catalog.Slots {
		switch {
		case len(slot.When) > 0: // it follows from others
		case slot.Optional:
			l.least[slot.Name] = "none"
		default:
			open = append(open, slot)
			l.least[slot.Name] = slot.Values[0]
		}
	}
	// Twice, for the first round compares the values of the first slot beside
	// whatever comes first in the others.
	for _, slot := range append(open, open...) {
		least := -1
		for _, value := range slot.Values {
			spec := l.specs(nil)[0]
			spec.Slots[slot.Name] = value
			selection, err := generator.Resolve(l.catalog, spec)
			if err != nil {
				return err
			}
			tidy, err := l.tidy(selection)
			if err != nil {
				return fmt.Errorf("%s: %w", value, err)
			}
			if n := len(tidy.Requires); least < 0 || n < least {
				least, l.least[slot.Name] = n, value
			}
		}
	}
	return nil
}
