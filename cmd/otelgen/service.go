package main

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/generator/project"
)

// service is one that is going to be made.
type service struct {
	spec         generator.Spec
	origin       string // of the module path, if it is not the user's
	site         site
	project      *project.Project
	selection    *generator.Selection
	plan         project.Plan
	looking      bool   // somebody looks at it before it is made: nothing is going to be written
	refused      error  // why it could not be written to its directory, if somebody only looks at it
	repository   bool   // it has got one of its own
	branch       string // the first one of that, or ""
	noRepository error  // it should have a repository, but git would not make one
}

// parse turns the options into a Spec and looks at where it goes. Beside an error it
// returns what it could parse, so that more problems can be found.
func (o newOptions) parse(catalog *generator.Catalog) (*service, error) {
	n, err := parseName(o.name)
	if err != nil {
		n.service = anyService // of which nothing else can be wrong
	}
	spec, unknown := o.choices(catalog)
	s := &service{spec: spec, looking: o.dryRun || o.explore != "" || o.printed}
	s.spec.Service, s.spec.Module = n.service, o.module
	errs := []error{err, unknown}
	if isAddress(o.module) {
		of, err := ofAddress(o.module)
		s.spec.Module = cmp.Or(of.module, anyModule)
		errs = append(errs, err)
	}
	if n.module != "" {
		if s.spec.Module != "" && s.spec.Module != n.module {
			errs = append(errs, fmt.Errorf("module %s: the name %s is a different module path; give only one of them", o.module, o.name))
		}
		s.spec.Module = n.module
	}
	if n.dir != "" && o.dir != "" {
		errs = append(errs, fmt.Errorf("--dir %s: the name %s is a directory already; give only one of them", o.dir, o.name))
	}
	return s, errors.Join(append(errs, s.locate(cmp.Or(o.dir, n.dir)))...)
}

// choices returns a Spec with what the options choose, and no names.
func (o newOptions) choices(catalog *generator.Catalog) (generator.Spec, error) {
	spec := o.of
	spec.Otelgen, spec.Slots = thisVersion(), map[string]string{}
	var err error
	if o.preset != "" {
		var of generator.Spec
		of, err = preset(o.preset)
		maps.Copy(spec.Slots, of.Slots)
		spec.Features = of.Features
	}
	for _, names := range o.with {
		spec.Features = append(spec.Features, strings.Fields(names)...)
	}
	for _, f := range catalog.Features {
		if slices.Contains(spec.Features, f.Name) {
			delete(spec.Slots, f.Slot) // what the preset has in that slot, if it is one
		}
	}
	maps.Copy(spec.Slots, o.slots)
	return spec, err
}

// anyService is a valid service name.
const anyService = "any"

// locate looks at the directory that a service goes to, and takes the module
// path from its surroundings. The consequences of a wrong name are not reported as
// further problems.
func (s *service) locate(dir string) error {
	named := generator.Spec{Service: s.spec.Service, Module: anyModule}.Validate() == nil
	if !named {
		s.spec.Module = cmp.Or(s.spec.Module, anyModule)
	}
	if dir == "" && !named {
		return nil
	}
	var err error
	if first, _, _ := strings.Cut(dir, "/"); first == "~" {
		err = unexpanded("--dir", dir)
	} else {
		s.site, err = surround(cmp.Or(dir, s.spec.Service))
	}
	if err != nil {
		s.spec.Module = cmp.Or(s.spec.Module, anyModule)
		return err
	}
	given := s.spec.Module
	if given == "" {
		s.spec.Module, s.origin = s.site.modulePath(s.spec.Service)
	}
	if s.project, err = project.New(s.site.dir); err != nil {
		return s.refuse(err)
	}
	if declared := s.site.declared(); named && given != "" && declared != "" && given != declared {
		return fmt.Errorf("module %s: %s already declares the module %s; use that, or change the file",
			given, filepath.Join(s.site.dir, "go.mod"), declared)
	}
	return nil
}

// refuse returns the reason why the service cannot be written to its directory. To
// somebody who only looks at it that is no error: they see it as it would be in a new
// directory beside that one, and are told.
func (s *service) refuse(reason error) (err error) {
	if !s.looking {
		return reason
	}
	s.refused = reason
	s.project, err = project.New(s.site.absolute + "." + rand.Text())
	return err
}

// refusal is what somebody who looks at the service is told if it could not be written.
func (s *service) refusal() string {
	if s.refused == nil {
		return ""
	}
	return fmt.Sprintf("otelgen new would not write there: %v\n", s.refused)
}

// compare finds out what it takes to make the service. earlier is what is wrong
// already: then there is no plan, but all that is wrong is known.
func (s *service) compare(catalog *generator.Catalog, earlier error) error {
	selection, err := generator.Resolve(catalog, s.spec)
	if err := errors.Join(earlier, err); err != nil {
		return err
	}
	s.spec, s.selection = selection.Spec, selection
	tree, err := generator.Render(selection)
	if err != nil {
		return err
	}
	s.project.Command = "otelgen new"
	s.plan, err = s.project.Compare(tree, nil)
	return err
}

// make writes the service, and makes it a repository of its own if it is in none.
// Without git it has no repository, which is not an error.
func (s *service) make(withGit bool) error {
	if err := s.project.Apply(s.plan); err != nil {
		return err
	}
	if withGit && s.site.workTree == "" {
		s.branch, s.noRepository = initRepository(s.site.dir)
		s.repository = s.noRepository == nil
	}
	return nil
}
