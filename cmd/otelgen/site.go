package main

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/generator/project"
	"github.com/otelgen/otelgen/internal/git"
)

// site is where a project goes, and what is around it.
type site struct {
	dir       string // as the user names it
	absolute  string
	workTree  string // of git, around it; or ""
	goMod     string // of the module around it in the same work tree; or ""
	workspace string // the go.work around it; or ""
}

// surround looks at a directory, which need not exist, and at the directories above it.
func surround(dir string) (site, error) {
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return site{}, fmt.Errorf("cannot tell where %s is: %w; change to a directory that exists", dir, err)
	}
	absolute = resolved(absolute)
	s := site{dir: filepath.Clean(dir), absolute: absolute, workspace: os.Getenv("GOWORK")}
	for at := absolute; ; at = filepath.Dir(at) {
		if file := filepath.Join(at, "go.mod"); s.goMod == "" && s.workTree == "" && at != absolute && exists(file) {
			s.goMod = file
		}
		if file := filepath.Join(at, "go.work"); s.workspace == "" && exists(file) {
			s.workspace = file
		}
		if s.workTree == "" && exists(filepath.Join(at, ".git")) {
			s.workTree = at
		}
		if at == filepath.Dir(at) {
			break
		}
	}
	if s.workspace == "off" { // so the go command has it
		s.workspace = ""
	}
	return s, nil
}

// resolved follows the symbolic links in the part of a path that is there: git
// and Go look for what is around a directory where it really is.
func resolved(p string) string {
	if followed, err := filepath.EvalSymlinks(p); err == nil {
		return followed
	}
	if dir := filepath.Dir(p); dir != p {
		return filepath.Join(resolved(dir), filepath.Base(p))
	}
	return p
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// parent is where the module path of a new project comes from: the path of the
// directory root, and how we know.
type parent struct{ path, root, origin string }

// nameOfHere returns the NAME that most likely is wanted here: "." in a clone or
// a module without a program, or in an empty directory, and else an example.
func nameOfHere() string {
	entries, err := os.ReadDir(".")
	_, notHere := project.New(".")
	switch {
	case err == nil && len(entries) == 0, notHere == nil && (exists(".git") || exists("go.mod")):
		return "."
	}
	return "shop"
}

// modulePath returns the module path of a service here: the one that its surroundings
// suggest, if it is valid, or else the service's name. A declared path takes precedence
// over one derived from the URL of a repository.
func (s site) modulePath(service string) (modulePath, origin string) {
	if declared := s.declared(); declared != "" {
		return declared, "go.mod"
	}
	for _, find := range []func() parent{s.module, s.workspaceModules, s.remote} {
		p := find()
		if p.path == "" {
			continue
		}
		if below, err := filepath.Rel(p.root, s.absolute); err == nil {
			found := path.Join(p.path, filepath.ToSlash(below))
			if (generator.Spec{Service: service, Module: found}).Validate() == nil {
				return found, p.origin
			}
		}
	}
	return service, "the name of the service"
}

// declared returns the module path of the go.mod that is here already, or "".
func (s site) declared() string {
	data, err := os.ReadFile(filepath.Join(s.absolute, "go.mod"))
	if err != nil {
		return "" // reading the project tells why
	}
	return modfile.ModulePath(data)
}

// module is what the go.mod above says.
func (s site) module() parent {
	if s.goMod == "" {
		return parent{}
	}
	return parent{declaredIn(s.goMod), filepath.Dir(s.goMod), "go.mod above"}
}

// declaredIn returns the module path that a go.mod declares, without its major
// version, which is not that of what is below.
func declaredIn(goMod string) string {
	data, err := os.ReadFile(goMod)
	if err != nil {
		return "" // which does not help
	}
	declared := modfile.ModulePath(data)
	prefix, _, _ := module.SplitPathVersion(declared)
	return prefix
}

// workspaceModules is what the modules of the go.work have in common, if each
// is called as its directory.
func (s site) workspaceModules() parent {
	data, err := os.ReadFile(s.workspace)
	if err != nil {
		return parent{}
	}
	work, err := modfile.ParseWork(s.workspace, data, nil)
	if err != nil {
		return parent{}
	}
	p := parent{root: filepath.Dir(s.workspace), origin: "the modules of go.work"}
	for _, use := range work.Use {
		dir := path.Clean(filepath.ToSlash(use.Path))
		declared := declaredIn(filepath.Join(p.root, filepath.FromSlash(dir), "go.mod"))
		common, ok := strings.CutSuffix(declared, "/"+dir)
		if !ok || p.path != "" && p.path != common {
			return parent{}
		}
		p.path = common
	}
	return p
}

// remote is what the address of the work tree's repository says.
func (s site) remote() parent {
	if s.workTree == "" {
		return parent{}
	}
	out, err := git.Run(s.workTree, nil, "remote", "get-url", "origin")
	if err != nil {
		return parent{} // it has none, or there is no git
	}
	return parent{repositoryPath(out, sshHost), s.workTree, "git remote origin"}
}
