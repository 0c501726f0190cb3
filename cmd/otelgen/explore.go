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

// firstSteps returns what a README says to do once the service runs: requests
// that it shows, complete, and pages that it names.
func firstSteps(readme []byte) (requests, pages []string) {
	_, rest, _ := bytes.Cut(readme, []byte("\n## Run it\n"))
	section, _, _ := bytes.Cut(rest, []byte("\n## "))
	arguments, shell := "", false
	for line := range strings.Lines(string(section)) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "```"):
			shell = line == "```sh"
		case shell && strings.HasPrefix(line, "-H "):
			arguments += " " + line // that every request needs
		case shell && strings.HasPrefix(line, "curl "):
			requests = append(requests, line+arguments)
		case !shell:
			for _, word := range strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" <>()`", r) }) {
				if strings.HasPrefix(word, "http://localhost:8080") {
					pages = append(pages, strings.TrimRight(word, ".,"))
				}
			}
		}
	}
	return requests, pages
}
