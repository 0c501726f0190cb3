package project

import (
	"bytes"
	"path"
	"slices"
	"strings"
)

// mayPredate reports whether what is at a path may be there before the project
// is: what desktops, editors, bots and organisations put into a repository that
// is still empty. It stays, and is the owner's. Only what may be somebody's
// program, and would be mixed up with ours, is in the way: source code, the
// manifests of other languages, and directories of unknown content.
func mayPredate(p string, isDir bool) bool {
	name, _, below := strings.Cut(p, "/")
	switch {
	case strings.HasPrefix(name, "."):
		return true
	case isDir || below:
		return name == "docs" || name == "LICENSES"
	}
	ext := path.Ext(name)
	if ext == strings.ToUpper(ext) || ext == ".txt" { // LICENSE, LICENSE.MIT, LICENSE-MIT.txt
		document, _, _ := strings.Cut(strings.TrimSuffix(name, ext), "-")
		return slices.Contains(documents, strings.ToUpper(document)) || slices.Contains(others, name)
	}
	switch strings.ToLower(ext) {
	case ".md", ".markdown", ".adoc", ".rst":
		return true
	case ".yaml", ".yml", ".json", ".json5", ".jsonc", ".toml", ".ini", ".properties", ".code-workspace", ".iml":
		return !slices.Contains(manifests, strings.ToLower(name))
	}
	return slices.Contains(others, name)
}

var (
	// documents are what files about a repository are called, without an extension.
	documents = []string{
		"AUTHORS", "CHANGELOG", "CHANGES", "CODEOWNERS", "CODE_OF_CONDUCT", "CONTRIBUTING", "CONTRIBUTORS", "COPYING", "COPYRIGHT",
		"GOVERNANCE", "HISTORY", "LICENCE", "LICENSE", "MAINTAINERS", "NOTICE", "OWNERS", "PATENTS", "README", "SECURITY", "SUPPORT",
	}

	// others are files of desktops and tools, and those that go mod init and go
	// work init write.
	others = []string{
		"Thumbs.db", "Icon\r", "Brewfile", "Jenkinsfile", "justfile", "flake.nix", "flake.lock", "shell.nix", "devbox.lock", "mise.lock",
		goMod, goSum, "go.work", "go.work.sum",
	}

	// manifests are files by whose extension one would take them for the
	// configuration of a tool, but which say that a program is here.
	manifests = []string{
		"angular.json", "cargo.toml", "chart.yaml", "composer.json", "deno.json", "deno.jsonc", "package-lock.json", "package.json",
		"package.yaml", "pnpm-lock.yaml", "pnpm-workspace.yaml", "project.json", "pubspec.yaml", "pyproject.toml", "shard.yml", "stack.yaml",
		"tsconfig.json",
	}
)

// adopt decides about a file that was there before the project. It is treated as
// the owner's change of what otelgen would have written, and stays. There are
// three exceptions. A .gitignore gets the patterns that it lacks, because git
// must not track secrets. A go.mod and a go.sum are merged, because there can be
// only one of each. A README that is no more than a heading gets the text of
// otelgen's.
func (s *snapshot) adopt(c *Change, v versions, sofar Plan) error {
	c.Action, c.Note = Keep, "it existed before and was kept; to see otelgen's version, run otelgen original "+c.Path
	switch {
	case same(c.Before, v.next):
		c.Action, c.Note = None, ""
	case isModule(c.Path):
		return s.adoptModule(c, sofar)
	case c.Path == ignoreFile:
		c.Note = "it existed before and was kept"
		if c.After = withPatterns(c.Before, v.next); !same(c.Before, c.After) {
			c.Action, c.Note = Merge, "it existed before; missing patterns were added"
		}
	case c.Path == readmeFile && isHeading(c.Before):
		c.After = withText(c.Before, v.next)
		c.Action, c.Note = Merge, "it had only a heading, which was kept above otelgen's text"
	}
	return nil
}

// adopted returns what to record of a file that was there before the project. It
// is the owner's own unless it holds all of otelgen's text, or is merged by what
// it means.
func adopted(c Change, next []byte) entry {
	if same(c.After, next) || isModule(c.Path) || c.Path == readmeFile && c.Action == Merge {
		return entry{base: next}
	}
	return entry{own: next}
}

// keepOwn decides about a file that was there before the project, in a later
// update. There is no base that it would have in common with what otelgen
// writes: it stays, and a .gitignore gets the patterns that are new.
func (s *snapshot) keepOwn(c *Change, v versions) {
	c.Action = Keep
	switch {
	case same(v.disk, v.next):
		c.Action = None
	case same(v.base, v.next):
	case c.Path == ignoreFile:
		if c.After = withPatterns(v.disk, without(v.next, v.base)); !same(c.Before, c.After) {
			c.Action, c.Note = Merge, "new patterns were added"
		}
	default:
		c.Note, c.news = "it is yours and was kept; to see otelgen's new version, run otelgen original "+c.Path, true
	}
}

// without returns the lines of a text that another lacks.
func without(text, other []byte) (more []byte) {
	had := map[string]bool{}
	for line := range strings.Lines(string(other)) {
		had[line] = true
	}
	for line := range strings.Lines(string(text)) {
		if !had[line] {
			more = append(more, line...)
		}
	}
	return more
}

// adoptModule merges a go.mod or go.sum that was there before the project.
func (s *snapshot) adoptModule(c *Change, sofar Plan) error {
	c.Note = ""
	if err := s.mergeModule(c, sofar); err != nil {
		return err
	}
	if c.Action == Merge && c.Note == "" && c.Path == goMod {
		c.Note = "it existed before; the modules that the service requires were added"
	}
	return nil
}

const ignoreFile = ".gitignore"

// withPatterns returns a .gitignore with the lines of another that it lacks. They
// are added at the end, because the last pattern that matches a path wins.
func withPatterns(yours, ours []byte) []byte {
	v := versions{crlf: allCRLF(yours)}
	have := map[string]bool{"": true}
	for line := range strings.Lines(string(yours)) {
		have[strings.TrimSpace(line)] = true
	}
	var more []byte
	for line := range strings.Lines(string(ours)) {
		if !have[strings.TrimSpace(line)] {
			more = append(more, strings.TrimSpace(line)+"\n"...)
		}
	}
	switch {
	case more == nil:
		return yours
	case len(yours) > 0 && !bytes.HasSuffix(yours, lf):
		more = slices.Concat(lf, lf, more)
	case len(yours) > 0:
		more = slices.Concat(lf, more)
	}
	return slices.Concat(yours, v.restore(more))
}

const readmeFile = "README.md"

// isHeading reports whether a README is what GitHub and others write into a new
// repository: its name as a heading, and perhaps its description on one line.
func isHeading(readme []byte) bool {
	_, description, ok := splitHeading(readme)
	return ok && !strings.HasPrefix(description, "#")
}

// splitHeading returns the heading of a README and its description. It reports
// whether the README holds nothing else.
func splitHeading(readme []byte) (heading, description string, ok bool) {
	var lines []string
	for line := range strings.Lines(string(readme)) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	if len(lines) > 0 && strings.HasPrefix(lines[0], "# ") {
		heading, lines = lines[0], lines[1:]
	}
	if len(lines) == 1 {
		description = lines[0]
	}
	return heading, description, len(lines) <= 1
}

// withText returns otelgen's README below the heading and the description of
// another.
func withText(yours, ours []byte) []byte {
	heading, description, _ := splitHeading(yours)
	title, text, _ := strings.Cut(string(ours), "\n")
	if heading == "" {
		heading = title
	}
	if description != "" {
		description = "\n" + description + "\n"
	}
	return versions{crlf: allCRLF(yours)}.restore([]byte(heading + "\n" + description + text))
}
