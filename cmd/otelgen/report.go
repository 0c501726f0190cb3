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
	switch dir := s.site.dir; {
	case dir == ".":
	case strings.HasPrefix(dir, "-"):
		r.Next = append(r.Next, "cd "+quote("./"+dir)) // it is no option
	default:
		r.Next = append(r.Next, "cd "+quote(dir))
	}
	if s.site.workspace != "" {
		r.Next = append(r.Next, "go work use .")
	}
	r.Next = append(r.Next, "make run")
	return r
}

// print prints data to out and talk to err.
func (r report) print(out, err io.Writer, output format) error {
	switch {
	case output.json():
		return printJSON(out, r)
	case r.DryRun:
		var files strings.Builder
		for _, file := range r.Files {
			fmt.Fprintf(&files, "%-8s  %s\n", file.Action, file.Path)
		}
		if _, err := io.WriteString(out, files.String()); err != nil {
			return err
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
