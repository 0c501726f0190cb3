package main

import (
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/otelgen/otelgen/generator/project"
	"github.com/otelgen/otelgen/internal/git"
)

// initRepository makes a directory a git repository, and returns its first branch: main
// unless the user has configured another.
func initRepository(dir string) (branch string, err error) {
	if _, err := git.Run(dir, nil, "init", "--quiet"); err != nil {
		return "", err
	}
	if branch := configuredBranch(dir); branch != "" {
		return branch, nil
	}
	_, err = git.Run(dir, nil, "symbolic-ref", "HEAD", "refs/heads/main")
	return "main", err
}

// configuredBranch returns the first branch of new repositories that the user
// has configured, or "".
func configuredBranch(dir string) string {
	branch, _ := git.Run(dir, nil, "config", "--get", "init.defaultBranch") // an error if there is none
	return strings.TrimSpace(branch)
}

// branches returns the branches that a service may be pushed to: that of the
// repository which is made for it, or those of the work tree around it that are
// its default, or may become it. It returns none where git does not say.
func (s *service) branches(withGit bool) []string {
	dir := s.site.workTree
	if dir == "" {
		switch {
		case !withGit:
			return nil
		case s.branch != "":
			return []string{s.branch}
		}
		for dir = s.site.absolute; !exists(dir); {
			dir = filepath.Dir(dir)
		}
		if branch := configuredBranch(dir); branch != "" {
			return []string{branch}
		}
		return nil
	}
	if head, err := git.Run(dir, nil, "symbolic-ref", "--short", "refs/remotes/origin/HEAD"); err == nil {
		return []string{strings.TrimPrefix(strings.TrimSpace(head), "origin/")}
	}
	local, _ := git.Run(dir, nil, "for-each-ref", "--format=%(refname:short)", "refs/heads")
	current, _ := git.Run(dir, nil, "symbolic-ref", "--short", "HEAD") // need not have a commit
	return append(strings.Fields(current), strings.Fields(local)...)
}

const workflowDir = ".github/workflows"

// workflowNotes returns what the owner has to do before GitHub runs the
// workflows of a plan, by path.
func (s *service) workflowNotes(withGit bool) map[string]string {
	notes := map[string]string{}
	var branches []string
	for _, c := range s.plan {
		if path.Dir(c.Path) != workflowDir || c.Action != project.Create {
			continue
		}
		if branches == nil {
			branches = append([]string{}, s.branches(withGit)...)
		}
		notes[c.Path] = joinNotes(s.misplaced(c.Path), neverPushed(c.After, branches))
	}
	return notes
}

// misplaced says what to do with a workflow below the root of a work tree, where
// GitHub does not look for any.
func (s *service) misplaced(workflow string) string {
	below, err := filepath.Rel(s.site.workTree, s.site.absolute)
	if s.site.workTree == "" || err != nil || below == "." {
		return ""
	}
	below = filepath.ToSlash(below)
	return fmt.Sprintf("GitHub runs only the workflows at the root of a repository: move it to %s/%s-%s there, and add "+
		"paths: [%s/**] to its triggers, defaults: {run: {working-directory: %[4]s}}, and %[4]s/ before go.mod",
		workflowDir, s.spec.Service, path.Base(workflow), below)
}

// neverPushed says what to change in a workflow that is for pushes to other
// branches than there are.
func neverPushed(workflow []byte, branches []string) string {
	var w struct {
		On struct {
			Push struct {
				Branches []string `yaml:"branches"`
			} `yaml:"push"`
		} `yaml:"on"`
	}
	// A workflow that does not parse, or has its triggers in another form, names no branches.
	if err := yaml.Load(workflow, &w); err != nil || len(branches) == 0 || len(w.On.Push.Branches) == 0 {
		return ""
	}
	isFor := func(branch string) bool {
		return slices.ContainsFunc(w.On.Push.Branches, func(pattern string) bool {
			matched, err := path.Match(pattern, branch)
			return matched || err != nil
		})
	}
	if slices.ContainsFunc(branches, isFor) {
		return ""
	}
	return fmt.Sprintf("it runs for pushes to %s, and the branch here is %s: add that to on.push.branches",
		strings.Join(w.On.Push.Branches, " and "), branches[0])
}

// joinNotes joins those that are not empty.
func joinNotes(notes ...string) string {
	return strings.Join(slices.DeleteFunc(notes, func(note string) bool { return note == "" }), "; ")
}

// vendored reports whether the workspace around a service has a vendor directory.
func (s site) vendored() bool {
	return s.workspace != "" && exists(filepath.Join(filepath.Dir(s.workspace), "vendor", "modules.txt"))
}
