package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/otelgen/otelgen/generator/project"
)

// report is what otelgen new has done, or would do.
type report struct {
	Service    string            `json:"service"`
	Module     string            `json:"module"`
	Dir        string            `json:"dir"`
	Slots      map[string]string `json:"slots"`
	Features   []string          `json:"features,omitempty"`
	DryRun     bool              `json:"dry_run"`
	Repository bool              `json:"repository"`              // git init has been run
	NoRepo     string            `json:"no_repository,omitempty"` // why git init failed
	Files      []reportedFile    `json:"files"`
	Next       []string          `json:"next"` // commands to type

	origin string // of the module path
}

type reportedFile struct {
	Path   string         `json:"path"`
	From   string         `json:"from,omitempty"` // where it was, if the templates moved it
	Action project.Action `json:"action"`
	Note   string         `json:"note,omitempty"` // what the owner should know about it
}

func reported(c project.Change) reportedFile {
	return reportedFile{c.Path, c.From, c.Action, c.Note}
}

func reportOn(s *service, o newOptions) report {
	r := report{
		Service: s.spec.Service, Module: s.spec.Module, Dir: filepath.ToSlash(s.site.dir), Slots: s.spec.Slots, Features: s.spec.Features,
		DryRun: o.dryRun, Repository: s.repository, origin: s.origin,
	}
	if s.noRepository != nil {
		r.NoRepo = s.noRepository.Error()
	}
	notes := s.workflowNotes(!o.noGit)
	for _, change := range s.plan {
		file := reported(change)
		file.Note = joinNotes(file.Note, notes[change.Path])
		r.Files = append(r.Files, file)
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
		if s.site.vendored() {
			r.Next = append(r.Next, "go work vendor")
		}
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
		fmt.Fprintf(err, "%s: %s would be written to %s; nothing has been written\n", r.Service, r.written(), r.Dir)
		fmt.Fprint(err, r.details())
		return nil
	}
	fmt.Fprintf(err, "%s: %s written to %s\n", r.Service, r.written(), r.Dir)
	fmt.Fprint(err, r.details())
	if r.NoRepo != "" {
		fmt.Fprintf(err, "cannot create a git repository: %s\n", r.NoRepo)
	}
	fmt.Fprintf(err, "\nNext:\n\n  %s\n", strings.Join(r.Next, "\n  "))
	return nil
}

// written counts the files that have not been there.
func (r report) written() string {
	n := 0
	for _, file := range r.Files {
		if file.Action == project.Create {
			n++
		}
	}
	return fmt.Sprintf("%d files", n)
}

// details are lines about the module path, and about files that were there.
func (r report) details() string {
	lines := []string{"module " + r.Module}
	if r.origin != "" {
		lines[0] += ", from " + r.origin
	}
	for _, file := range r.Files {
		if file.Note != "" {
			lines = append(lines, file.Path+": "+file.Note)
		}
	}
	return strings.Join(lines, "\n") + "\n"
}
