package generator

import (
	"errors"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v4"

	"github.com/otelgen/otelgen/internal/logicless"
	"github.com/otelgen/otelgen/internal/modules"
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

// Feature is one folder of a Catalog: files, and what it contributes to files
// of others, which its feature.yaml says. The keys of feature.yaml are the yaml
// tags of this type and of contributions.
//
// A feature with a Slot is a value of it. One with When is a joint: nobody
// chooses it, and it is selected when the condition holds. The one called
// "base" is always selected. Every other one is optional.
type Feature struct {
	Name    string `yaml:"-"` // of its folder
	Title   string `yaml:"title"`
	Summary string `yaml:"summary"` // one line, for lists and prompts

	Slot      string    `yaml:"slot"`
	When      Condition `yaml:"when"`
	Reason    string    `yaml:"reason"`    // of a joint: why no seam makes it needless
	Requires  []string  `yaml:"requires"`  // features that come with it
	Conflicts []string  `yaml:"conflicts"` // features that cannot

	gives contributions
	files []file
	lock  *modules.Lock // nil if it needs no module
	doc   *strict.Document
}

// contributions are what a feature adds to index files.
type contributions struct {
	// Index is base's alone: which of its files are index files, and what they
	// list.
	Index *index `yaml:"index"`

	Env    environment   `yaml:"env"`
	Config []configField `yaml:"config"`
	Wiring []wiring      `yaml:"wiring"`

	// Adds has, for each list that base's index declares, the items to add: a
	// mapping with exactly the declared keys, or a text if there are none. The
	// texts may contain {{.Service}} and {{.Module}}.
	Adds map[string][]item `yaml:"adds"`

	// Moved says which output path a file had in former versions, so that its
	// owner's edits follow it: former path to present one.
	Moved map[string]string `yaml:"moved"`
}

// item is one item of a list: a text, or fields.
type item struct {
	text   string
	fields map[string]string
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (i *item) UnmarshalYAML(n *yaml.Node) error {
	switch n.Kind {
	case yaml.ScalarNode:
		i.text = n.Value
		return nil
	case yaml.MappingNode:
		i.fields = map[string]string{}
		for pair := range slices.Chunk(n.Content, 2) { // not n.Decode, which merges <<
			key, value := pair[0].Value, pair[1]
			if _, twice := i.fields[key]; twice || value.Kind != yaml.ScalarNode {
				return fmt.Errorf("%s: an item has each key once, and a text for it", key)
			}
			i.fields[key] = value.Value
		}
		return nil
	}
	return errors.New("an item is a text or a mapping")
}

// index declares what features can contribute to.
type index struct {
	// Files are output paths: these alone may range over contributions.
	Files []string `yaml:"files"`
	// Lists are the names of the lists that features add to, each with the keys
	// of its items; without keys, an item is a text.
	Lists map[string][]string `yaml:"lists"`
	// Unique are the keys, by list, of whose values a project can have only one
	// of each.
	Unique map[string][]string `yaml:"unique"`
	// Given are the variables that exist before the first step of the wiring.
	Given []string `yaml:"given"`
}

// environment is a section of .env.example.
type environment struct {
	Title     string     `yaml:"title"` // its heading; the feature's title if absent
	Variables []variable `yaml:"variables"`
}

// variable is an environment variable. All but the name may contain
// {{.Service}} and {{.Module}}.
type variable struct {
	Name        string `yaml:"name"`
	Default     string `yaml:"default"`     // the one that the field's tag has, too
	Development string `yaml:"development"` // the default at a developer's desk, if it differs
	Example     string `yaml:"example"`     // what to show where there is no default
	Secret      bool   `yaml:"secret"`      // "make env" makes one up
	Doc         string `yaml:"doc"`         // the comment above it, as many lines as it has
}

// configField is a field of config.Config.
type configField struct {
	Field    string `yaml:"field"`    // API
	Type     string `yaml:"type"`     // api.Config
	Import   string `yaml:"import"`   // internal/api, a directory of the project, or a package elsewhere
	Validate bool   `yaml:"validate"` // it has a method Validate() error
}

// wiring is one step of putting the service together: a call, as data. Steps
// are ordered so that each comes after those whose outputs it takes.
type wiring struct {
	Name     string   `yaml:"name"`   // for errors and the lifecycle: "http server"
	Import   string   `yaml:"import"` // internal/order, a directory of the project, or a package elsewhere
	Call     string   `yaml:"call"`   // order.NewService; without a dot, a function of the wiring's own package
	Inputs   []string `yaml:"inputs"` // outputs of other steps, cfg.Field, or what base gives
	Outputs  []string `yaml:"outputs"`
	Fallible bool     `yaml:"fallible"` // the call also returns an error

	// Methods of the first output, func(context.Context) error, which the
	// lifecycle calls: Run goes on while the service does, Close ends the part,
	// Check tells whether it is ready. Empty if there is none.
	Run   string `yaml:"run"`
	Close string `yaml:"close"`
	Check string `yaml:"check"`

	// Last puts the step after all others that are not, so that its part ends
	// before theirs: it is what lets requests in.
	Last bool `yaml:"last"`
}

// file is what a feature has under files/.
type file struct {
	disk  string // its path in the catalog
	path  string // that of the output, with __service__
	raw   []byte
	text  *logicless.Template
	index bool
}
