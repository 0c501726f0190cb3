package generator

import (
	"bytes"
	"cmp"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/otelgen/otelgen/internal/modules"
	"github.com/otelgen/otelgen/internal/problem"
	"github.com/otelgen/otelgen/internal/strict"
)

// Catalog is everything that can be chosen, loaded and checked. It is
// immutable and safe for concurrent use.
type Catalog struct {
	Slots    []Slot
	Areas    []Area     // of optional features
	Features []*Feature // in reading order

	byName  map[string]*Feature
	lock    *modules.Lock       // nil after LoadUnlocked
	choices map[string][]string // the values of slots and optional features
	space   *space
	lists   map[string]declaredList // by name
	format  formatter
}

// declaredList is a list with the feature whose index declares it.
type declaredList struct {
	list
	owner *Feature
}

// declaredGroup is the stages of a group, with the feature whose index declares
// it.
type declaredGroup struct {
	stages []string
	owner  *Feature
}

// The names of the files and directories of a catalog.
const (
	slotsFile   = "slots.yaml"
	areasFile   = "areas.yaml"
	featureFile = "feature.yaml"
	lockFile    = "modules.lock"
	filesDir    = "files"

	optionalDir = "feature"  // holds the features that are chosen by themselves
	sharedDir   = "shared"   // holds those that nobody chooses
	resourceDir = "resource" // holds those that are there for each resource

	serviceInPath = "__service__" // stands for the name of the service in output paths

	embedFile  = "embed.go"  // Go's, not the catalog's: the package that embeds it
	readmeFile = "README.md" // for people
)

// Load reads a catalog and checks all that can be checked without rendering.
// It reports every problem at once, with file and line.
func Load(fsys fs.FS) (*Catalog, error) { return load(fsys, true) }

// LoadUnlocked is Load for the command that writes the lock of the modules: the
// present one, if any, is not read, and nothing can be rendered.
func LoadUnlocked(fsys fs.FS) (*Catalog, error) { return load(fsys, false) }

// LoadChoices is Load for those who only ask what can be chosen, such as a shell
// that completes a command. The features are those that people choose, with what
// they say of themselves. Nothing else is read or checked, and nothing can be
// resolved. It takes a tenth of the time.
func LoadChoices(fsys fs.FS) (*Catalog, error) {
	l := newLoader(fsys)
	features, err := fs.Glob(fsys, "*/*/"+featureFile)
	if err != nil {
		return nil, fmt.Errorf("catalog: %w", err)
	}
	areas, err := fs.Glob(fsys, areasFile) // of which a catalog may have none
	if err != nil {
		return nil, fmt.Errorf("catalog: %w", err)
	}
	for _, name := range slices.Concat([]string{slotsFile}, areas, features) {
		if strings.HasPrefix(name, sharedDir+"/") || strings.HasPrefix(name, resourceDir+"/") {
			continue
		}
		content, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("catalog: %w", err)
		}
		folder, rest := split(name)
		if rest == featureFile {
			content = ofItself(content)
		}
		l.read(folder, rest, name, content)
	}
	l.decodeFeatures()
	l.arrange()
	l.sort()
	if err := l.problems.Err(); err != nil {
		return nil, err
	}
	return l.Catalog, nil
}

// ofItself returns the part of a feature.yaml that decodes into the fields of
// Feature, without contributions, which are nearly all of it.
func ofItself(content []byte) []byte {
	var part []byte
	keep := false
	for line := range bytes.Lines(content) {
		if 'a' <= line[0] && line[0] <= 'z' { // a key of the outermost mapping, for all else is indented
			key, _, _ := bytes.Cut(line, []byte(":"))
			keep = !slices.Contains(contributed, string(key))
		}
		if keep {
			part = append(part, line...)
		}
	}
	return part
}

func newLoader(fsys fs.FS) *loader {
	return &loader{
		fsys:     fsys,
		Catalog:  &Catalog{byName: map[string]*Feature{}, lists: map[string]declaredList{}},
		byFolder: map[string]*Feature{},
		unparsed: map[*Feature][]byte{},
		groups:   map[string]declaredGroup{},
		folders:  map[string]*Feature{},
	}
}

func load(fsys fs.FS, locked bool) (*Catalog, error) {
	l := newLoader(fsys)
	l.locked = locked
	if err := fs.WalkDir(fsys, ".", l.visit); err != nil {
		return nil, fmt.Errorf("catalog: %w", err)
	}
	l.decodeFeatures()
	l.arrange()
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
	locked   bool // modules.lock counts
	byFolder map[string]*Feature
	unparsed map[*Feature][]byte // the content of each feature.yaml, until it is decoded
	problems problem.List
	slotsDoc *strict.Document
	areasDoc *strict.Document

	groups    map[string]declaredGroup // by name
	folders   map[string]*Feature      // that declare them
	providers map[string][]provider    // of each input that a step can have
	variables []string                 // those that exist before the first step
	packages  []string                 // the names by which steps call packages
	unread    bool                     // a feature may declare or provide more, but cannot be read
}

// visit reads one file. An unknown file is a problem here rather than a surprise in
// some project: editors and file managers leave files behind.
func (l *loader) visit(name string, entry fs.DirEntry, err error) error {
	if err != nil || entry.IsDir() || name == embedFile || name == readmeFile {
		return err
	}
	folder, rest := split(name)
	switch {
	case name != slotsFile && name != areasFile && name != lockFile && rest == "":
		l.problems.Add(problem.Position{Path: name}, "unknown file; a catalog has %s, %s, %s and, for each feature, SLOT/NAME, %s/NAME or %s/NAME with %s and %s/",
			slotsFile, areasFile, lockFile, optionalDir, sharedDir, featureFile, filesDir)
	case !entry.Type().IsRegular():
		l.problems.Add(problem.Position{Path: name}, "not a regular file; put a copy there")
	default:
		content, err := fs.ReadFile(l.fsys, name)
		if err != nil {
			return err
		}
		l.read(folder, rest, name, content)
	}
	return nil
}

// split returns the folder of the feature that a file belongs to, and the
// file's path in it. The latter is empty if the file can belong to none.
func split(name string) (folder, rest string) {
	elements := strings.Split(name, "/")
	at := slices.Index(elements, filesDir)
	if at < 0 {
		at = len(elements) - 1
		if elements[at] != featureFile {
			return "", ""
		}
	}
	if at < 2 || at == len(elements)-1 && elements[at] == filesDir {
		return "", ""
	}
	return strings.Join(elements[:at], "/"), strings.Join(elements[at:], "/")
}

func (l *loader) read(folder, rest, name string, content []byte) {
	switch name {
	case slotsFile:
		l.slotsDoc = l.decode(name, content, &l.Slots)
		return
	case areasFile:
		l.areasDoc = l.decode(name, content, &l.Areas)
		return
	case lockFile:
		if l.locked {
			lock, err := modules.Parse(name, content)
			l.problems.AddError(name, err)
			l.lock, l.locked = lock, err == nil
		}
		return
	}
	f := l.byFolder[folder]
	if f == nil {
		f = &Feature{Folder: folder}
		l.byFolder[folder] = f
	}
	if rest == featureFile {
		l.unparsed[f] = content
		return
	}
	f.files = append(f.files, file{disk: name, path: strings.TrimPrefix(rest, filesDir+"/"), raw: content})
}

// decodeFeatures decodes the feature.yaml of each feature.
func (l *loader) decodeFeatures() {
	l.each(slices.Collect(maps.Keys(l.unparsed)), func(l *loader, f *Feature) {
		f.doc = l.decode(f.Folder+"/"+featureFile, l.unparsed[f], &struct {
			*Feature       `yaml:",inline"`
			*contributions `yaml:",inline"`
		}{f, &f.contributes})
	})
	clear(l.unparsed)
}

// each calls do for each feature, on all processors. do changes only
// the feature, and reports problems to the loader that it is given.
func (l *loader) each(features []*Feature, do func(*loader, *Feature)) {
	found := make([]problem.List, len(features))
	var all sync.WaitGroup
	for i, f := range features {
		all.Go(func() {
			one := *l
			one.problems = nil
			do(&one, f)
			found[i] = one.problems
		})
	}
	all.Wait()
	l.problems = append(l.problems, slices.Concat(found...)...)
}

func (l *loader) decode(name string, content []byte, value any) *strict.Document {
	doc, problems := strict.Decode(name, content, value)
	l.problems = append(l.problems, problems...)
	return doc
}

// arrange says what each feature is, which follows from its folder.
func (l *loader) arrange() {
	for _, folder := range slices.Sorted(maps.Keys(l.byFolder)) { // parents first
		f := l.byFolder[folder]
		elements := strings.Split(folder, "/")
		f.Name = strings.Join(elements[1:], "-")
		f.resource = elements[0] == resourceDir
		switch {
		case len(elements) > 2:
			l.joins(f, path.Dir(folder))
		case elements[0] == sharedDir:
			f.hidden = true
		case elements[0] != optionalDir && !f.resource:
			f.Slot = elements[0]
		}
		if other := l.byName[f.Name]; other != nil {
			l.problems.Add(problem.Position{Path: folder}, "feature %s: %s has this name, too; rename one", f.Name, other.Folder)
			continue
		}
		l.byName[f.Name] = f
	}
}

// joins completes the condition of a joint by what the folder that it is in
// implies.
func (l *loader) joins(f *Feature, folder string) {
	at := problem.Position{Path: f.Folder}
	parent := l.byFolder[folder]
	switch {
	case parent == nil:
		l.problems.Add(at, "joint %s: %s is not a feature; a joint lies below what it joins", f.Name, folder)
		f.parent = f
		return
	case parent.hidden && !parent.Always:
		l.problems.Add(at, "joint %s: nobody chooses %s; put it below a feature that is chosen", f.Name, parent.Name)
	}
	f.parent = parent
	if f.doc == nil || len(f.When) == 0 {
		return // which is reported
	}
	for name, values := range parent.condition() {
		if _, twice := f.When[name]; twice {
			l.problems.Add(f.doc.At("when", name), "when %s: the folder says it already; remove it here", name)
		}
		f.When[name] = values
	}
}

// sort brings everything into reading order, whatever the order on disk, and
// finds out what can be chosen.
func (l *loader) sort() {
	l.choices = map[string][]string{}
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
		case f.onOrOff():
			l.choices[f.Name] = []string{Off, On}
		}
		slices.SortFunc(f.files, func(a, b file) int { return cmp.Compare(a.disk, b.disk) })
	}
	for i := range l.Slots {
		slot := &l.Slots[i]
		slices.Sort(l.choices[slot.Name])
		if slot.Optional {
			l.choices[slot.Name] = append(l.choices[slot.Name], None)
		}
		slot.Values = slices.Clone(l.choices[slot.Name])
		if !slot.Optional && slot.When != nil {
			l.choices[slot.Name] = append(l.choices[slot.Name], None)
		}
	}
	slices.SortFunc(l.Features, func(a, b *Feature) int {
		return cmp.Or(cmp.Compare(rank(a, place), rank(b, place)), cmp.Compare(a.order(), b.order()), cmp.Compare(a.Name, b.Name))
	})
	for _, f := range l.Features {
		for name, list := range f.contributes.Index.Lists {
			if l.lists[name].owner == nil {
				l.lists[name] = declaredList{list, f}
			}
		}
		for name, stages := range f.contributes.Index.Groups {
			if l.groups[name].owner == nil {
				l.groups[name] = declaredGroup{stages, f}
			}
		}
		for _, dir := range f.contributes.Index.Folders {
			if l.folders[dir] == nil {
				l.folders[dir] = f
			}
		}
	}
	for _, f := range l.Features {
		for i := range f.files {
			for dir, owner := range l.folders {
				if owner != f && strings.HasPrefix(f.files[i].path, dir+"/") {
					f.files[i].folder = owner
				}
			}
		}
	}
}

// rank is where a feature stands among slots: with its own or, for a joint,
// with the last that it names. Hidden features are above all, optional ones
// below.
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

// order orders the features of one rank: those that every service has come
// first, and joints follow what they join.
func (f *Feature) order() int {
	switch {
	case f.Always:
		return 0
	case f.Joint():
		return 2
	}
	return 1
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

// outputPath returns where a file is in the project of a service.
func outputPath(path, service string) string {
	return strings.ReplaceAll(path, serviceInPath, service)
}
