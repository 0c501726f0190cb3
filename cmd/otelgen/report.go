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
	Refused    string            `json:"refused,omitempty"`       // why it could not be written; only of a dry run
	Files      []reportedFile    `json:"files"`
	Next       []string          `json:"next"`               // commands to type
	Requests   []string          `json:"requests,omitempty"` // commands that show it at work, from another terminal
	Pages      []string          `json:"pages,omitempty"`    // to open once it runs

	origin  string // of the module path
	service *service
}

type reportedFile struct {
	Path   string         `json:"path"`
	From   string         `json:"from,omitempty"` // where it was, if the templates moved it
	Action project.Action `json:"action"`
	State  string         `json:"state,omitempty"` // outdated, edited or pending; only of otelgen check
	Note   string         `json:"note,omitempty"`  // what the owner should know about it
	Owner  string         `json:"owner,omitempty"` // the feature that it is from; only of a new service
	Size   int            `json:"size,omitempty"`  // in bytes; only of a new service
}

const created = project.Create

func reported(c project.Change) reportedFile {
	return reportedFile{Path: c.Path, From: c.From, Action: c.Action, Note: c.Note}
}

func reportOn(s *service, o newOptions) report {
	r := report{
		Service: s.spec.Service, Module: s.spec.Module, Dir: filepath.ToSlash(s.site.dir), Slots: s.spec.Slots, Features: s.spec.Features,
		DryRun: o.dryRun, Repository: s.repository, origin: s.origin, service: s,
	}
	if s.noRepository != nil {
		r.NoRepo = s.noRepository.Error()
	}
	if s.refused != nil {
		r.Refused = s.refused.Error()
	}
	notes := s.workflowNotes(!o.noGit)
	r.Files = s.files()
	for i, file := range r.Files {
		r.Files[i].Note = joinNotes(file.Note, notes[file.Path])
	}
	switch dir := s.site.dir; {
	case dir == ".":
	case strings.HasPrefix(dir, "-"):
		r.Next = append(r.Next, "cd "+quote("./"+dir)) // otherwise it would be an option
	default:
		r.Next = append(r.Next, "cd "+quote(dir))
	}
	if s.site.workspace != "" {
		r.Next = append(r.Next, "go work use .")
		if s.site.vendored() {
			r.Next = append(r.Next, "go work vendor")
		}
	}
	var first firstSteps
	for _, c := range s.plan {
		if c.Path == "README.md" {
			first = readFirstSteps(c.After)
		}
	}
	if first.commands == nil { // a README of its owner's
		first.commands = []string{"make run"}
	}
	r.Next = append(r.Next, first.commands...)
	r.Requests, r.Pages = first.requests, first.pages
	return r
}

// files returns those of the plan, with the features that they are from.
func (s *service) files() []reportedFile {
	var all []reportedFile
	owners := s.selection.Owners()
	for _, c := range s.plan {
		file := reported(c)
		file.Size, file.Owner = len(c.After), "otelgen"
		if owner := owners[c.Path]; owner != nil {
			file.Owner = owner.Name
		}
		all = append(all, file)
	}
	return all
}

// print prints data to out and talk to err.
func (r report) print(out, err io.Writer, output format) error {
	switch {
	case output.json():
		return printJSON(out, r)
	case r.DryRun:
		if err := r.service.tree(".").print(out, painterFor(out)); err != nil {
			return err
		}
		dir := r.Dir
		if r.Refused != "" {
			dir = "a new directory"
		}
		fmt.Fprintf(err, "%s: %s would be written to %s; nothing has been written\n%s", r.Service, r.written(), dir, r.service.refusal())
		fmt.Fprint(err, r.details())
		return nil
	}
	paint := painterFor(err)
	fmt.Fprintf(err, "%s: %s written to %s\n", paint.bold(paint.green(r.Service)), r.written(), r.Dir)
	fmt.Fprint(err, r.details())
	if r.NoRepo != "" {
		fmt.Fprintf(err, "cannot create a git repository: %s\n", r.NoRepo)
	}
	fmt.Fprintf(err, "\nNext (the first build takes a minute or two):\n\n  %s\n", paint.bold(strings.Join(r.Next, "\n  ")))
	if len(r.Requests) > 0 {
		fmt.Fprintf(err, "\nThen, from another terminal in the same directory:\n\n  %s\n", strings.Join(r.Requests, "\n  "))
	}
	fmt.Fprintln(err)
	for _, page := range r.Pages {
		fmt.Fprintf(err, "API documentation: %s\n", page)
	}
	fmt.Fprint(err, "To add a feature, such as a database, run otelgen add; otelgen list shows all features\n")
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
	return counted(n)
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
