package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/otelgen/otelgen/generator"
)

// newOptions are the arguments of otelgen new, as they are given.
type newOptions struct {
	name    string
	module  string
	dir     string
	slots   map[string]string
	with    []string
	preset  string
	spec    string         // a file
	of      generator.Spec // what that has for which there is no flag
	printed bool           // the Spec is printed
	dryRun  bool
	explore string
	noGit   bool
	noInput bool
	output  format
}

func newCommand(catalog *generator.Catalog) *cobra.Command {
	o := newOptions{slots: map[string]string{}}
	cmd := &cobra.Command{
		Use:   "new NAME",
		Short: "Make a new service",
		Long: `Make a new service: complete, tested, and observable from its first commit.

NAME is the name of the service, its module path, the URL of its repository, or a
directory. If NAME does not say what the module path is, otelgen derives it from a
go.mod in the directory or above, from the modules of a go.work file, or from the
git remote.

The service is written to a directory of its name. The directory may already hold
what a new repository has, such as documents, hidden files and a go.mod; otelgen
keeps them.

On a terminal, otelgen asks for every choice that no flag makes; otelgen list shows
them all. It needs no network and commits nothing, and after an error it has written
nothing.`,
		Example: `  otelgen new shop
  otelgen new github.com/acme/shop/v2 --preset minimal
  otelgen new ./services/shop --database sqlite --with auth,cors
  otelgen new . --no-input                 # in a fresh clone`,
		Args:              oneName(catalog),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := noEmptyFlags(cmd.Flags()); err != nil {
				return err
			}
			if err := oneOutput(cmd.Flags()); err != nil {
				return err
			}
			o.name = strings.Join(args, "")
			return runNew(cmd, catalog, o)
		},
	}
	o.addFlags(cmd, catalog)
	return cmd
}

func (o *newOptions) addFlags(cmd *cobra.Command, catalog *generator.Catalog) {
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&o.module, "module", "", "module `PATH` (default: derived from NAME)")
	flags.StringVar(&o.dir, "dir", "", "`DIR` of the service (default: its name)")
	o.addSelectionFlags(cmd, catalog)
	flags.BoolVar(&o.printed, "print-spec", false, "print all choices in that format, defaults included, and write nothing")
	flags.BoolVar(&o.dryRun, "dry-run", false, "print what would be written, and write nothing")
	flags.StringVar(&o.explore, "explore", "", "print the file `PATH` as it would be written, and write nothing")
	flags.BoolVar(&o.noGit, "no-git", false, "do not create a git repository")
	flags.BoolVar(&o.noInput, "no-input", false, "ask no questions, even on a terminal")
	o.output.addTo(cmd)
}

// addSelectionFlags adds the flags that choose what a service consists of.
func (o *newOptions) addSelectionFlags(cmd *cobra.Command, catalog *generator.Catalog) {
	flags := cmd.Flags()
	addChoices(cmd, catalog, o.slots)
	flags.StringSliceVar(&o.with, "with", nil, "optional `FEATURES`, separated by commas: "+strings.Join(namesOf(optional(catalog)), ", "))
	flags.StringVar(&o.preset, "preset", "", "`PRESET` to start from: "+strings.Join(presetNames(), ", "))
	flags.StringVar(&o.spec, "spec", "", "read all choices from `FILE`, in the format of .otelgen/spec.yaml; - is standard input")
	complete(cmd, "preset", presetNames())
	if err := cmd.RegisterFlagCompletionFunc("with", completeFeatures(catalog)); err != nil {
		panic(err) // there is no such flag
	}
}

// oneOutput refuses flags of which each says what is printed: there would be one of
// them only.
func oneOutput(flags *pflag.FlagSet) error {
	var given []string
	for _, name := range []string{"print-spec", "explore", "output"} {
		if flags.Changed(name) {
			given = append(given, "--"+name)
		}
	}
	if len(given) < 2 {
		return nil
	}
	return fmt.Errorf("%s: %s prints something else; give one of them", given[1], given[0])
}

// oneName refuses more than one NAME, and says where the other words belong.
func oneName(catalog *generator.Catalog) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		hint := "a service has one name, such as " + generator.ServiceName(strings.Join(args, "-"))
		for _, arg := range args[min(1, len(args)):] {
			if flag := flagFor(cmd, catalog.Features, arg); flag != "" {
				hint = "did you mean " + flag + "?"
			}
		}
		return atMost(1, hint)(cmd, args)
	}
}

// runNew fills a Spec, by flags and answers, and makes a project of it.
func runNew(cmd *cobra.Command, catalog *generator.Catalog, o newOptions) error {
	if o.spec != "" {
		if err := o.readSpec(catalog, cmd.InOrStdin()); err != nil {
			return err
		}
	}
	if !o.noInput && o.spec == "" {
		var err error
		if o, err = answered(cmd, catalog, o); err != nil {
			return err
		}
	}
	s, err := o.parse(catalog)
	if err := s.compare(catalog, err); err != nil {
		return err
	}
	if o.printed {
		_, err := cmd.OutOrStdout().Write(s.spec.YAML())
		return err
	}
	if o.explore != "" {
		fmt.Fprint(cmd.ErrOrStderr(), s.refusal())
		return s.explore(cmd.OutOrStdout(), o.explore)
	}
	if !o.dryRun {
		if err := s.make(!o.noGit); err != nil {
			return err
		}
	}
	return reportOn(s, o).print(cmd.OutOrStdout(), cmd.ErrOrStderr(), o.output)
}

// answered returns the options with the user's answers, if there is a user to
// ask. Mistakes in the flags are reported before the first question.
func answered(cmd *cobra.Command, catalog *generator.Catalog, o newOptions) (newOptions, error) {
	if o.preset != "" && o.name != "" {
		return o, nil
	}
	ask, done := onTerminal(cmd.InOrStdin(), cmd.ErrOrStderr())
	if ask == nil {
		return o, nil
	}
	defer done() //nolint:errcheck // it has none
	if o.wrong(catalog) {
		return o, nil // what it is will be found again, and reported
	}
	i := interview{catalog: catalog, flags: cmd.Flags(), given: o, ask: ask}
	return i.run()
}

// wrong reports whether the options cannot lead to a service, whatever the
// answers are.
func (o newOptions) wrong(catalog *generator.Catalog) bool {
	if o.name != "" {
		s, err := o.parse(catalog)
		return s.compare(catalog, err) != nil
	}
	spec, err := o.choices(catalog)
	spec.Service, spec.Module = anyService, anyModule
	_, unresolved := generator.Resolve(catalog, spec)
	return err != nil || unresolved != nil
}

// readSpec reads --spec. Flags override the file. The module in the file belongs to
// its service: a service with another NAME has its own.
func (o *newOptions) readSpec(catalog *generator.Catalog, in io.Reader) error {
	data, err := os.ReadFile(o.spec)
	if o.spec == "-" {
		data, err = io.ReadAll(in)
	}
	switch {
	case o.spec == "-" && err == nil && len(data) == 0:
		return errors.New("--spec -: standard input is empty; send a file such as .otelgen/spec.yaml of another service to it")
	case err != nil && strings.Contains(o.spec, "://"):
		return fmt.Errorf("--spec %s: it is a URL, and otelgen does not download files; download it, and name the file", o.spec)
	case errors.Is(err, syscall.EISDIR):
		return fmt.Errorf("--spec %s: it is a directory; name a file such as .otelgen/spec.yaml of another service", o.spec)
	case err != nil:
		return fmt.Errorf("--spec %s: %w; name a file such as .otelgen/spec.yaml of another service", o.spec, errors.Unwrap(err))
	}
	spec, err := generator.ParseSpec(o.spec, data, thisVersion())
	if err != nil {
		return err
	}
	o.of = generator.Spec{Resources: spec.Resources, Packs: spec.Packs}
	if o.name == "" {
		o.name = spec.Service
	}
	if n, err := parseName(o.name); err == nil && n.service == spec.Service && n.module == "" {
		o.module = cmp.Or(o.module, spec.Module)
	}
	if spec.Slots == nil {
		spec.Slots = map[string]string{}
	}
	if set, err := catalog.Set(spec, o.slots); err == nil {
		spec = set // without what then does not exist, such as a store without a database
	} else {
		maps.Copy(spec.Slots, o.slots) // which is refused later
	}
	o.slots = spec.Slots
	if len(o.with) == 0 {
		o.with = spec.Features
	}
	return nil
}
