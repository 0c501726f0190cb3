package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
)

// report is what otelgen new has done, or would do.
type report struct {
	Service    string            `json:"service"`
	Module     string            `json:"module"`
	Dir        string            `json:"dir"`
	Slots      map[string]string `json:"slots"`
	Features   []string          `json:"features,omitempty"`
	DryRun     bool              `json:"dry_run"`
	Repository bool              `json:"repository"` // git init has been run
	Files      []reportedFile    `json:"files"`
	Next       []string          `json:"next"` // commands to type

	origin       string // of the module path
	noRepository error
}

type reportedFile struct {
	Path   string `json:"path"`
	Action string `json:"action"`
}

func reportOn(s *service, dryRun bool) report {
	r := report{
		Service: s.spec.Service, Module: s.spec.Module, Dir: filepath.ToSlash(s.site.dir), Slots: s.spec.Slots, Features: s.spec.Features,
		DryRun: dryRun, Repository: s.repository, origin: s.origin, noRepository: s.noRepository,
	}
	for _, change := range s.plan {
		r.Files = append(r.Files, reportedFile{change.Path, string(change.Action)})
	}
	if s.site.workspace != "" {
		r.Next = append(r.Next, "go work use "+quote(goPath(s.site.dir)))
	}
	if s.site.dir != "." {
		r.Next = append(r.Next, "cd "+quote(s.site.dir))
	}
	r.Next = append(r.Next, "make run")
	return r
}

// goPath is a directory as the go command wants it: else shop would be a
// package of the standard library.
func goPath(dir string) string {
	if filepath.IsAbs(dir) || dir == "." || strings.HasPrefix(dir, "..") {
		return dir
	}
	return "." + string(filepath.Separator) + dir
}

// print prints data to out and talk to err.
func (r report) print(out, err io.Writer, output format) error {
	switch {
	case output.json():
		return printJSON(out, r)
	case r.DryRun:
		for _, file := range r.Files {
			fmt.Fprintf(out, "%-8s  %s\n", file.Action, file.Path)
		}
		fmt.Fprintf(err, "%s: %s would be written to %s; nothing has been\n", r.Service, r.written(), r.Dir)
		fmt.Fprintf(err, "module %s%s\n", r.Module, r.from())
		return nil
	}
	fmt.Fprintf(err, "%s: %s written to %s\n", r.Service, r.written(), r.Dir)
	fmt.Fprintf(err, "module %s%s\n", r.Module, r.from())
	if r.noRepository != nil {
		fmt.Fprintf(err, "no git repository: %v\n", r.noRepository)
	}
	fmt.Fprintf(err, "\nNext:\n\n  %s\n", strings.Join(r.Next, "\n  "))
	return nil
}

// written counts the files that have not been there.
func (r report) written() string {
	n := 0
	for _, file := range r.Files {
		if file.Action == "create" {
			n++
		}
	}
	return fmt.Sprintf("%d files", n)
}

func (r report) from() string {
	if r.origin == "" {
		return ""
	}
	return ", from " + r.origin
}
