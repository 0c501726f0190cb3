package generator

import (
	"errors"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v4"

	"github.com/otelgen/otelgen/internal/logicless"
	"github.com/otelgen/otelgen/internal/problem"
	"github.com/otelgen/otelgen/internal/strict"
)

// Slot is a choice of exactly one feature. A Catalog's slots.yaml lists them;
// their order there is the reading order everywhere else.
type Slot struct {
	Name     string `yaml:"name"`
	Title    string `yaml:"title"`
	Question string `yaml:"question"` // what a prompt asks
	Default  string `yaml:"default"`  // the value for those who do not say
	Optional bool   `yaml:"optional"` // it may be "none"

	// When is the condition for the slot to exist at all. It names slots above.
	When Condition `yaml:"when"`

	// Values are the features that fill the slot and, if it may be, "none".
	Values []string `yaml:"-"`
}

// Area is what some optional features are about, which people ask for, read about and
// compare together. A Catalog's areas.yaml lists them, in reading order; a feature
// says which is its own.
type Area struct {
	Name     string `yaml:"name"`
	Title    string `yaml:"title"`
	Question string `yaml:"question"` // what a prompt asks
}

// Feature is one folder of a Catalog: files, and what it contributes to files
// of others, which its feature.yaml says. The keys of feature.yaml are the yaml
// tags of this type and of contributions.
//
// The folder says what the feature is:
//
//	SLOT/NAME          a value of the slot
//	feature/NAME       optional: chosen by itself
//	resource/NAME      what each resource of a service consists of: it is selected
//	                   if there are any, and is there once for each of them
//	shared/NAME        hidden: nobody chooses it. It is selected if it says
//	                   always, or else when a selected feature requires it
//	FOLDER/NAME        a joint, below what it joins: it is selected when the
//	                   feature around it is and its condition holds
type Feature struct {
	Name    string `yaml:"-"` // that of its folder; a joint's follows its parent's: orders-huma
	Folder  string `yaml:"-"` // its path in the catalog: sample/orders/huma
	Title   string `yaml:"title"`
	Summary string `yaml:"summary"` // one line, for lists and prompts

	// Also are other words by which people ask for it: k8s, cron.
	Also []string `yaml:"also"`

	Slot      string    `yaml:"-"`         // of which it is a value
	Area      string    `yaml:"area"`      // of an optional feature: what it is about
	Always    bool      `yaml:"always"`    // a hidden feature that every service has
	When      Condition `yaml:"when"`      // of a joint, with what its folder implies; of an optional feature, what it cannot do without
	Reason    string    `yaml:"reason"`    // of a joint: why no seam can replace it
	Requires  []string  `yaml:"requires"`  // features that come with it
	Conflicts []string  `yaml:"conflicts"` // features that cannot

	contributes contributions
	files       []file
	doc         *strict.Document
	hidden      bool
	resource    bool     // it is there once for each resource
	parent      *Feature // of a joint: the feature that its folder is in
}

// Optional reports whether f is chosen by itself, and not as the value of a
// slot.
func (f *Feature) Optional() bool { return f.onOrOff() && !f.resource }

// onOrOff reports whether f is there or not whatever the slots are.
func (f *Feature) onOrOff() bool { return f.Slot == "" && f.parent == nil && !f.hidden }

// Resource reports whether f is what each resource of a service consists of, or a
// joint of that.
func (f *Feature) Resource() bool { return f.resource }

// Hidden reports whether nobody chooses f, because every service has it or
// other features require it.
func (f *Feature) Hidden() bool { return f.hidden }

// Joint reports whether f is selected by its condition.
func (f *Feature) Joint() bool { return f.parent != nil }

// condition returns when a feature is selected. A hidden one has none: it is
// always there, or selected by those that require it.
func (f *Feature) condition() Condition {
	switch {
	case f.hidden:
		return nil
	case f.Slot != "":
		return Condition{f.Slot: {f.Name}}
	case f.Joint():
		return f.When
	default:
		return Condition{f.Name: {On}}
	}
}

// contributions are what a feature adds to index files, its own or those of
// others.
type contributions struct {
	Index  index         `yaml:"index"`
	Env    environment   `yaml:"env"`
	Config []configField `yaml:"config"`
	Wiring []step        `yaml:"wiring"`

	// Adds has the items to add, by list. An item is a mapping with exactly the
	// keys that the list declares, or a text if it declares none. Items for a
	// list that no selected feature declares are left out.
	Adds map[string][]item `yaml:"adds"`

	// Once are output paths of the feature's own that belong to the owner as soon
	// as they are written: no update changes them.
	Once []string `yaml:"once"`

	// Moved says which output path a file had in former versions, so that its
	// owner's edits follow it: former path to present one.
	Moved map[string]string `yaml:"moved"`
}

// contributed are the keys of contributions.
var contributed = []string{"index", "env", "config", "wiring", "adds", "once", "moved"}

// snippet is a contributed text. It may contain {{.Service}} and {{.Module}}.
type snippet struct {
	source   string
	template *logicless.Template
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (t *snippet) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.ScalarNode {
		return errors.New("a plain value is expected here")
	}
	t.source = n.Value
	return nil
}

// item is one item of a list: a text, or fields.
type item struct {
	text   snippet
	fields map[string]*snippet
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (i *item) UnmarshalYAML(n *yaml.Node) error {
	switch n.Kind {
	case yaml.ScalarNode:
		i.text.source = n.Value
		return nil
	case yaml.MappingNode:
		i.fields = map[string]*snippet{}
		for pair := range slices.Chunk(n.Content, 2) { // not n.Decode, which merges <<
			key, value := pair[0].Value, pair[1]
			if _, twice := i.fields[key]; twice || value.Kind != yaml.ScalarNode {
				return fmt.Errorf("%s: an item has each key once, and a text for it", key)
			}
			i.fields[key] = &snippet{source: value.Value}
		}
		return nil
	}
	return errors.New("an item is a text or a mapping")
}

// index declares what features can contribute to. Every feature may have one.
type index struct {
	// Files are output paths of the feature's own: these alone may range over
	// contributions.
	Files []string `yaml:"files"`
	// Lists are the lists that features add to.
	Lists map[string]list `yaml:"lists"`
	// Unique are the keys, by list, of whose values a project can have only one
	// of each.
	Unique map[string][]string `yaml:"unique"`
	// Groups are the groups that outputs of steps join, by name, each with its
	// stages in their order.
	Groups map[string][]string `yaml:"groups"`
	// Folders are directories to which every feature may add files of its own, each
	// of which stands alone: dashboards, manifests. A file in a folder that no
	// selected feature declares is left out.
	Folders []string `yaml:"folders"`
	// Given are the variables that exist before the first step of the wiring.
	Given []string `yaml:"given"`
}

// list declares the items of a list: texts of a kind, or mappings with keys,
// each of a kind.
type list struct {
	kind kind
	keys map[string]kind
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (l *list) UnmarshalYAML(n *yaml.Node) error {
	switch n.Kind {
	case yaml.ScalarNode:
		l.kind = kind(n.Value)
		return nil
	case yaml.MappingNode:
		l.keys = map[string]kind{}
		for pair := range slices.Chunk(n.Content, 2) {
			if pair[1].Kind != yaml.ScalarNode {
				return fmt.Errorf("%s: the kind of a key is expected", pair[0].Value)
			}
			l.keys[pair[0].Value] = kind(pair[1].Value)
		}
		return nil
	}
	return errors.New("a list declares a kind, or keys with their kinds")
}

// environment is a section of .env.example.
type environment struct {
	Title     snippet    `yaml:"title"` // its heading; the feature's title if absent
	Variables []variable `yaml:"variables"`
}

// variable is an environment variable.
type variable struct {
	Name        string  `yaml:"name"`
	Default     snippet `yaml:"default"`     // the one that the field's tag has, too
	Development snippet `yaml:"development"` // the default at a developer's desk, if it differs
	Example     snippet `yaml:"example"`     // what to show where there is no default
	Secret      bool    `yaml:"secret"`      // "make env" makes one up
	Doc         snippet `yaml:"doc"`         // the comment above it, as many lines as it has
}

// configField is a field of config.Config.
type configField struct {
	Field  string `yaml:"field"`  // API
	Type   string `yaml:"type"`   // api.Config
	Import string `yaml:"import"` // internal/api, a directory of the project, or a package elsewhere
}

// step is one step of putting the service together: a call, as data. Steps are
// ordered so that each comes after those whose outputs it takes.
type step struct {
	Name   string `yaml:"name"`   // for errors and the lifecycle: "http server"
	Import string `yaml:"import"` // internal/order, a directory of the project, or a package elsewhere
	Call   string `yaml:"call"`   // order.NewService; without a dot, a function of the wiring's own package

	// Inputs are outputs of other steps, cfg.Field, what an index gives, or
	// "GROUP...": all that has joined the group, stage by stage.
	Inputs   []string `yaml:"inputs"`
	Outputs  []string `yaml:"outputs"`
	Fallible bool     `yaml:"fallible"` // the call also returns an error

	// Into is the group, and the stage of it, that the first output joins:
	// "middleware.identity". If no selected feature declares the group, the step
	// is left out.
	Into string `yaml:"into"`
	// Type is the type of the first output, such as "*database.DB", for index
	// files that declare a struct of what has joined a group. TypeImport is its
	// package, if that is not Import.
	Type       string `yaml:"type"`
	TypeImport string `yaml:"type_import"`
	// Literal makes Call a struct of the wiring's own package instead of a
	// function. Its fields are the inputs, in their order.
	Literal bool `yaml:"literal"`
	// Fallback leaves the step out when another selected step has its outputs.
	Fallback bool `yaml:"fallback"`
	// Wraps is the one input to which the step adds something: the other steps
	// that take it get the output instead. An output is wrapped once.
	Wraps string `yaml:"wraps"`
	// Unwrapped has the step take its inputs without what wraps them: for example,
	// to decide on what is in the store, and not on what a cache remembers.
	Unwrapped bool `yaml:"unwrapped"`

	// Methods of the first output, func(context.Context) error, which the
	// lifecycle calls: Run goes on while the service does, Close ends the part,
	// Check tells whether it is ready. Empty if there is none.
	Run   string `yaml:"run"`
	Close string `yaml:"close"`
	Check string `yaml:"check"`

	// Last puts the step after all others that are not, so that its part ends
	// before theirs. Serves puts it after those as well: it is what lets requests in,
	// to everything that the service has, also to what its owner has added.
	Last   bool `yaml:"last"`
	Serves bool `yaml:"serves"`

	at problem.Position // set by Resolve
}

// file is what a feature has under files/.
type file struct {
	disk  string // its path in the catalog
	path  string // that of the output, with __service__
	raw   []byte
	text  *logicless.Template
	index bool

	example bool // its names are those of a resource

	folder *Feature // without which the file is left out, or nil

	// imports are the packages of other modules that a Go file imports whatever
	// the names of service and module are, and whatever an index file lists.
	imports []string
}
