package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/generator/project"
)

// service is one that is going to be made.
type service struct {
	spec         generator.Spec
	origin       string // of the module path, if it is not the user's
	site         site
	project      *project.Project
	plan         project.Plan
	repository   bool  // it has got one of its own
	noRepository error // it should have, but git would not
}

// parse turns the options into a Spec and looks at where it goes. What it
// returns with an error is as good as it gets, so that more can be found.
func (o newOptions) parse(catalog *generator.Catalog) (*service, error) {
	s := &service{spec: generator.Spec{Otelgen: thisVersion(), Service: o.name, Module: o.module, Slots: map[string]string{}}}
	var errs []error
	if o.preset != "" {
		spec, err := preset(o.preset)
		errs = append(errs, err)
		maps.Copy(s.spec.Slots, spec.Slots)
		s.spec.Features = spec.Features
	}
	for _, name := range o.with {
		if name = strings.TrimSpace(name); name != "" {
			s.spec.Features = append(s.spec.Features, name)
		}
	}
	for _, f := range catalog.Features {
		if slices.Contains(s.spec.Features, f.Name) {
			delete(s.spec.Slots, f.Slot) // what the preset has in that slot, if it is one
		}
	}
	maps.Copy(s.spec.Slots, o.slots)
	if strings.Contains(o.name, "/") {
		if o.module != "" && o.module != o.name {
			errs = append(errs, fmt.Errorf("module %s: the name %s is a different module path; give only one of them", o.module, o.name))
		}
		s.spec.Service, s.spec.Module = lastElement(o.name), o.name
	}
	return s, errors.Join(append(errs, s.locate(o.dir))...)
}

// lastElement returns the one of a module path, its major version aside.
func lastElement(modulePath string) string {
	prefix, _, ok := module.SplitPathVersion(modulePath)
	if !ok {
		prefix = modulePath
	}
	return path.Base(prefix)
}

// checkName tells what is wrong with a name or a module path that stands for one.
func checkName(name string) error {
	if strings.Contains(name, "/") {
		return generator.Spec{Service: lastElement(name), Module: name}.Validate()
	}
	return generator.Spec{Service: name, Module: anyModule}.Validate()
}

// anyModule is a module path that is no problem.
const anyModule = "example.com/any"

// locate looks at the directory that a service goes to, and takes the module
// path from what is around it. What follows from a wrong name is not a second
// problem.
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
		err = fmt.Errorf("--dir %s: the shell did not expand the ~; write $HOME instead, or ./%[1]s for a directory called ~", dir)
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
		return err
	}
	if declared := s.site.declared(); named && given != "" && declared != "" && given != declared {
		return fmt.Errorf("module %s: %s already declares the module %s; use that, or change the file",
			given, filepath.Join(s.site.dir, "go.mod"), declared)
	}
	return nil
}

// compare finds out what it takes to make the service. earlier is what is wrong
// already: then there is no plan, but all that is wrong is known.
func (s *service) compare(catalog *generator.Catalog, earlier error) error {
	selection, err := generator.Resolve(catalog, s.spec)
	if err := errors.Join(earlier, err); err != nil {
		return err
	}
	s.spec = selection.Spec
	tree, err := generator.Render(selection)
	if err != nil {
		return err
	}
	s.plan, err = s.project.Compare(tree, nil)
	return err
}

// make writes the service, and makes it a repository of its own if it is in
// none. Without git it has none, and is not worse for it.
func (s *service) make(withGit bool) error {
	if err := s.project.Apply(s.plan); err != nil {
		return err
	}
	if withGit && s.site.workTree == "" {
		s.noRepository = initRepository(s.site.dir)
		s.repository = s.noRepository == nil
	}
	return nil
}
