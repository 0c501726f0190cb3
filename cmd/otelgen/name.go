package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"golang.org/x/mod/module"

	"github.com/otelgen/otelgen/generator"
)

// name is what the argument NAME of otelgen new says. People type the name of a
// service, but they also paste what they have: a module path, the address of a
// repository, or a directory.
type name struct {
	service string
	module  string // "" if it does not say
	dir     string // "" if it does not say
}

// parseName parses NAME. It does not validate the names that it finds, which the Spec
// does. An error means that it finds none.
func parseName(text string) (name, error) {
	text = strings.TrimSpace(text)
	if match := documented.FindStringSubmatch(text); match != nil {
		text = match[1]
	}
	switch {
	case isAddress(text):
		return ofAddress(text)
	case strings.HasPrefix(text, "~"):
		return name{}, unexpanded("directory", text)
	case isDirectory(text):
		return ofDirectory(text)
	}
	text = strings.TrimRight(text, "/")
	if !strings.Contains(text, "/") {
		return name{service: text}, nil
	}
	if !isAzureDevOps(text) { // whose module paths do end in .git
		text = strings.TrimSuffix(text, ".git")
	}
	return name{service: generator.ServiceName(lastElement(text)), module: text}, nil
}

// documented is the address of a module's page on pkg.go.dev, with or without what
// browsers put in front.
var documented = regexp.MustCompile(`^(?:https://)?pkg\.go\.dev/([^@?#]+)`)

func isAddress(text string) bool {
	return strings.Contains(text, "://") || scpAddress.MatchString(text)
}

// scpAddress is what git calls the scp-like syntax: git@github.com:acme/shop.git.
var scpAddress = regexp.MustCompile(`^[^/\s:]+@[^/\s:]+:[^\s]+$`)

// pageOf is what follows the path of a repository in the addresses of its pages.
var pageOf = regexp.MustCompile(`(/-)?/(tree|blob|pulls?|issues|commits?|src|actions|releases|wiki|merge_requests)(/.*)?$|[?#].*$`)

func ofAddress(text string) (name, error) {
	repository := text
	for pageOf.MatchString(repository) {
		repository = pageOf.ReplaceAllString(repository, "")
	}
	found := repositoryPath(repository, sshHost)
	if !strings.Contains(found, "/") {
		return name{}, fmt.Errorf("%s: it is not the URL of a repository; give a name such as shop, or a module path such as github.com/acme/shop", text)
	}
	return name{service: generator.ServiceName(strings.TrimSuffix(lastElement(found), ".git")), module: found}, nil
}

// isDirectory reports whether a NAME can only be meant as a directory, or is
// below one that exists: services/shop is a valid module path, too.
func isDirectory(text string) bool {
	first, _, below := strings.Cut(filepath.ToSlash(text), "/")
	switch {
	case first == "." || first == ".." || filepath.IsAbs(text) || strings.HasPrefix(text, "/"):
		return true
	case !below || strings.Contains(first, "."):
		return false
	}
	info, err := os.Stat(first)
	return err == nil && info.IsDir() && strings.Trim(text, "/") != first
}

func ofDirectory(text string) (name, error) {
	absolute, err := filepath.Abs(text)
	if err != nil {
		return name{}, fmt.Errorf("cannot tell where %s is: %w; change to a directory that exists", text, err)
	}
	if filepath.Dir(absolute) == absolute {
		return name{}, fmt.Errorf("%s: the root directory cannot be that of a service; name another directory", text)
	}
	return name{service: generator.ServiceName(filepath.Base(absolute)), dir: filepath.Clean(text)}, nil
}

// lastElement returns the one of a module path, its major version aside.
func lastElement(modulePath string) string {
	prefix, _, ok := module.SplitPathVersion(modulePath)
	if !ok {
		prefix = modulePath
	}
	return prefix[strings.LastIndex(prefix, "/")+1:]
}

// checkName tells what is wrong with a NAME.
func checkName(text string) error {
	n, err := parseName(text)
	if err != nil {
		return err
	}
	if n.module == "" {
		n.module = anyModule
	}
	return generator.Spec{Service: n.service, Module: n.module}.Validate()
}

// anyModule is a valid module path.
const anyModule = "example.com/any"

// unexpanded is the error for a path with a ~, which would become a directory
// that nobody dares to remove.
func unexpanded(what, text string) error {
	return fmt.Errorf("%s %s: the shell did not expand the ~; write $HOME instead, or ./%[2]s for a directory called ~", what, text)
}
