package main

import (
	"bytes"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/otelgen/otelgen/internal/problem"
)

// explore prints a file of a service as it would be written or, of a directory,
// the tree.
func (s *service) explore(w io.Writer, p string) error {
	p = path.Clean(strings.TrimPrefix(p, "./"))
	var paths []string
	below := false
	for _, c := range s.plan {
		if c.Path == p {
			_, err := w.Write(c.After)
			return err
		}
		paths = append(paths, c.Path)
		below = below || strings.HasPrefix(c.Path, p+"/")
	}
	if below {
		return s.tree(p).print(w, painterFor(w))
	}
	if near := problem.Nearest(p, paths); near != "" {
		return fmt.Errorf("--explore %s: the service has no such file; did you mean %s?", p, near)
	}
	return fmt.Errorf("--explore %s: the service has no such file; --dry-run shows all of them", p)
}

// tree returns the files of a plan below a directory, with their sizes and the
// features that they are from.
func (s *service) tree(dir string) *branch {
	notes := map[string]string{}
	var paths []string
	for _, file := range s.files() {
		below, ok := strings.CutPrefix(file.Path, dir+"/")
		switch {
		case dir == ".":
			below = file.Path
		case !ok:
			continue
		}
		paths = append(paths, below)
		notes[below] = fmt.Sprintf("%6s  %s", sized(file.Size), file.Owner)
		if file.Action != created {
			notes[below] += ", " + string(file.Action)
		}
	}
	name := dir
	if dir == "." {
		name = s.spec.Service
	}
	return treeOf(name, paths, func(p string) string { return notes[p] })
}

// sized writes a number of bytes as people do.
func sized(n int) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f kB", float64(n)/1000)
}

// firstSteps is what a README says about running the service.
type firstSteps struct {
	commands []string // that run it
	requests []string // to send it, from another terminal
	pages    []string // to open
}

// readFirstSteps reads a README.
func readFirstSteps(readme []byte) (first firstSteps) {
	_, rest, _ := bytes.Cut(readme, []byte("\n## Run it\n"))
	section, _, _ := bytes.Cut(rest, []byte("\n## "))
	language := "" // of the code block that a line is in
	for line := range strings.Lines(string(section)) {
		line = strings.TrimSpace(line)
		command, typed := strings.CutPrefix(line, "$ ")
		switch {
		case strings.HasPrefix(line, "```"):
			language = line[3:]
		case language == "console" && typed:
			command, _, _ = strings.Cut(command, "  # ")
			first.commands = append(first.commands, command)
		case language == "sh" && strings.HasPrefix(line, "curl "):
			first.requests = append(first.requests, line)
		case language == "":
			for _, word := range strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" <>()`,", r) }) {
				if strings.HasPrefix(word, "http://localhost:8080") {
					first.pages = append(first.pages, strings.TrimRight(word, "."))
				}
			}
		}
	}
	return first
}
