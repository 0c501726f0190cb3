package main

import (
	"io/fs"
	"os"
	"strings"
	"testing/fstest"

	"github.com/otelgen/otelgen/templates"
)

// otelgenOlder is otelgen as it might have been a release ago: it writes no
// .dockerignore, and an AGENTS.md and a Makefile that say less.
func otelgenOlder() { os.Exit(run(older(), os.Args[1:])) }

func older() fs.FS {
	const files = "shared/project/files/"
	all := fstest.MapFS{}
	err := fs.WalkDir(templates.FS, ".", func(p string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || p == "shared/deploy/files/.dockerignore.tmpl" {
			return err
		}
		content, err := fs.ReadFile(templates.FS, p)
		all[p] = &fstest.MapFile{Data: content}
		return err
	})
	if err != nil {
		panic(err)
	}
	edit := func(p, text, instead string) {
		was := string(all[p].Data)
		if !strings.Contains(was, text) {
			panic(p + " has changed: choose another text that an older one lacks")
		}
		all[p].Data = []byte(strings.Replace(was, text, instead, 1))
	}
	edit("shared/deploy/feature.yaml", "    - .dockerignore\n", "")
	edit(files+"AGENTS.md.tmpl", " Log an error once, where it is handled.", "")
	edit(files+"Makefile.tmpl", "ps: compose ## List the containers\n\tdocker compose ps --all\n\n", "")
	edit(files+"Makefile.tmpl", "## Run the service here, telemetry on this terminal", "## Run the service")
	return all
}
