package generator

import (
	"cmp"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/otelgen/otelgen/internal/logicless"
	"github.com/otelgen/otelgen/internal/modules"
	"github.com/otelgen/otelgen/internal/problem"
	"github.com/otelgen/otelgen/internal/strict"
)

// Catalog is everything that can be chosen, loaded and checked. What it says
// never changes, and it can be used concurrently.
type Catalog struct {
	Slots    []Slot
	Features []*Feature // in reading order

	byName  map[string]*Feature
	choices possible                       // of slots and optional features
	texts   map[string]*logicless.Template // those of contributions, by what they are parsed from

	// formatted are Go files of earlier renderings, by what they were before.
	// To format them takes longer than all else, and selections share most.
	formatted sync.Map // string to []byte
}

// What a catalog consists of.
const (
	slotsFile   = "slots.yaml"
	featureFile = "feature.yaml"
	lockFile    = "modules.lock"
	filesDir    = "files/"

	baseFeature   = "base"        // the feature that is always selected and has the index files
	serviceInPath = "__service__" // stands for the name of the service in output paths

	embedFile = "embed.go" // Go's, not the catalog's: the package that embeds it
)

// Load reads a catalog and checks all that can be checked without rendering.
// It reports every problem at once, with file and line.
func Load(fsys fs.FS) (*Catalog, error) {
	l := loader{
		fsys:    fsys,
		Catalog: &Catalog{byName: map[string]*Feature{}, texts: map[string]*logicless.Template{}},
	}
	if err := fs.WalkDir(fsys, ".", l.visit); err != nil {
		return nil, fmt.Errorf("catalog: %w", err)
	}
	l.sort()
	l.check()
	if err := l.problems.Err(); err != nil {
		return nil, err
	}
	return l.Catalog, nil
}

// loader builds a catalog. Problems do not stop it, so that it finds them all.
type loader struct {
	*Catalog
	fsys     fs.FS
	problems problem.List
	slotsDoc *strict.Document
	given    []string // all that steps can take, whoever gives it
	unread   bool     // somebody may give more, but cannot be read
	packages []string // the names by which steps call packages
}

// visit reads one file. What it does not know is a problem, not a surprise in
// some project: editors and file managers leave files behind.
func (l *loader) visit(name string, entry fs.DirEntry, err error) error {
	if err != nil || entry.IsDir() || name == embedFile {
		return err
	}
	_, rest, inFeature := strings.Cut(name, "/")
	known := name == slotsFile || inFeature && (rest == featureFile || rest == lockFile || strings.HasPrefix(rest, filesDir))
	switch {
	case !known:
		l.problems.Add(problem.Position{Path: name}, "unknown file; a catalog has %s and, for each feature, %s, %s and %s", slotsFile, featureFile, lockFile, filesDir)
	case !entry.Type().IsRegular():
		l.problems.Add(problem.Position{Path: name}, "not a regular file; put a copy there")
	default:
		content, err := fs.ReadFile(l.fsys, name)
		if err != nil {
			return err
		}
		l.read(name, content)
	}
	return nil
}

func (l *loader) read(name string, content []byte) {
	if name == slotsFile {
		l.slotsDoc = l.decode(name, content, &l.Slots)
		return
	}
	folder, rest, _ := strings.Cut(name, "/")
	f := l.byName[folder]
	if f == nil {
		f = &Feature{Name: folder}
		l.byName[folder] = f
	}
	switch rest {
	case featureFile:
		f.doc = l.decode(name, content, &struct {
			*Feature       `yaml:",inline"`
			*contributions `yaml:",inline"`
		}{f, &f.gives})
	case lockFile:
		lock, err := modules.Parse(name, content)
		l.problems.AddError(name, err)
		f.lock = lock
	default:
		f.files = append(f.files, file{disk: name, path: strings.TrimPrefix(rest, filesDir), raw: content})
	}
}

func (l *loader) decode(name string, content []byte, value any) *strict.Document {
	doc, problems := strict.Decode(name, content, value)
	l.problems = append(l.problems, problems...)
	return doc
}

// sort brings everything into reading order, whatever the order on disk, and
// finds out what can be chosen.
func (l *loader) sort() {
	l.choices = possible{}
	place := map[string]int{}
	for i, slot := range l.Slots {
		place[slot.Name] = i + 1
		l.choices[slot.Name] = nil
	}
	for _, f := range l.byName {
		l.Features = append(l.Features, f)
		switch {
		case f.Slot != "":
			l.choices[f.Slot] = append(l.choices[f.Slot], f.Name)
		case f.Optional():
			l.choices[f.Name] = []string{on, off}
		}
		slices.SortFunc(f.files, func(a, b file) int { return cmp.Compare(a.disk, b.disk) })
	}
	for i := range l.Slots {
		slot := &l.Slots[i]
		slices.Sort(l.choices[slot.Name])
		if slot.Optional {
			l.choices[slot.Name] = append(l.choices[slot.Name], nothing)
		}
		slot.Values = slices.Clone(l.choices[slot.Name])
		if !slot.Optional && slot.When != nil {
			l.choices[slot.Name] = append(l.choices[slot.Name], nothing)
		}
	}
	slices.SortFunc(l.Features, func(a, b *Feature) int {
		return cmp.Or(cmp.Compare(rank(a, place), rank(b, place)), cmp.Compare(a.kind(), b.kind()), cmp.Compare(a.Name, b.Name))
	})
}

// rank is where a feature stands among slots: with its own or, for a joint,
// with the last that it names; base is above all, optional features below.
func rank(f *Feature, place map[string]int) int {
	last := 0
	for name := range f.condition() {
		at, ok := place[name]
		if !ok {
			at = len(place) + 1
		}
		last = max(last, at)
	}
	return last
}

// Optional tells whether a feature is chosen by itself, and not as the value of
// a slot.
func (f *Feature) Optional() bool { return f.Slot == "" && f.When == nil && f.Name != baseFeature }

// kind orders the features of one rank: joints follow what they join.
func (f *Feature) kind() int {
	if f.When != nil {
		return 1
	}
	return 0
}

// slot returns the slot of a name, or nil.
func (c *Catalog) slot(name string) *Slot {
	for i := range c.Slots {
		if c.Slots[i].Name == name {
			return &c.Slots[i]
		}
	}
	return nil
}

// index returns what base declares.
func (c *Catalog) index() index {
	if f := c.byName[baseFeature]; f != nil && f.gives.Index != nil {
		return *f.gives.Index
	}
	return index{}
}

// conflicting returns the features that f cannot be together with, whichever
// of the two says so.
func (c *Catalog) conflicting(f *Feature) []*Feature {
	var all []*Feature
	for _, other := range c.Features {
		if slices.Contains(f.Conflicts, other.Name) || slices.Contains(other.Conflicts, f.Name) {
			all = append(all, other)
		}
	}
	return all
}

// outputPath returns where a file is in the project of a service.
func outputPath(path, service string) string {
	return strings.ReplaceAll(path, serviceInPath, service)
}
