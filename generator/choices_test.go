package generator

import (
	"io/fs"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// What can be chosen is the same whether all is loaded or only that.
func TestLoadChoices(t *testing.T) {
	t.Parallel()
	all := loaded(t, templates)
	choices, err := LoadChoices(templates)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(choices.Slots, all.Slots) {
		t.Errorf("slots %+v, want %+v", choices.Slots, all.Slots)
	}
	if got, want := choices.chosenNames(), all.chosenNames(); !slices.Equal(got, want) || len(want) == 0 {
		t.Fatalf("features %q, want %q", got, want)
	}
	for _, f := range choices.Features {
		if want := exported(all.byName[f.Name]); !reflect.DeepEqual(exported(f), want) {
			t.Errorf("%+v, want %+v", exported(f), want)
		}
	}
}

// exported returns what other packages see of a feature.
func exported(f *Feature) Feature {
	return Feature{
		Name: f.Name, Folder: f.Folder, Title: f.Title, Summary: f.Summary, Slot: f.Slot, Always: f.Always,
		When: f.When, Reason: f.Reason, Requires: f.Requires, Conflicts: f.Conflicts,
	}
}

// A shell waits for it at every Tab, so it reads no template.
func TestLoadChoices_ReadsLittle(t *testing.T) {
	t.Parallel()
	counted := &countingFS{FS: templates}
	if _, err := LoadChoices(counted); err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(counted.opened, slotsFile) {
		t.Errorf("it reads %q, which is not a catalog", counted.opened)
	}
	for _, name := range counted.opened {
		if strings.Contains(name, "/"+filesDir+"/") {
			t.Errorf("it reads %s", name)
		}
	}
}

// countingFS remembers which files somebody has opened.
type countingFS struct {
	fs.FS
	opened []string
}

func (c *countingFS) Open(name string) (fs.File, error) {
	file, err := c.FS.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.IsDir() {
		c.opened = append(c.opened, name)
	}
	return file, err
}

// The keys that LoadChoices leaves out are those of contributions.
func TestContributed(t *testing.T) {
	t.Parallel()
	var keys []string
	for field := range reflect.TypeFor[contributions]().Fields() {
		keys = append(keys, field.Tag.Get("yaml"))
	}
	if !slices.Equal(keys, contributed) {
		t.Errorf("%q, want %q", contributed, keys)
	}
}
