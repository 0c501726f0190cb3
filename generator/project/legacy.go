package project

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"strings"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/internal/diff3"
)

// The first form of the record was a plain file for each path and version:
//
//	.otelgen/base/PATH.base      entry.base
//	.otelgen/gone/PATH.base      entry.gone
//	.otelgen/pending/PATH.next   entry.pending
//	.otelgen/journal             only if an update was killed: hashes of files that it was about to write
var legacyParts = []struct {
	dir, suffix string
	of          func(*entry) *[]byte
}{
	{stateDir + "/base", ".base", func(e *entry) *[]byte { return &e.base }},
	{stateDir + "/gone", ".base", func(e *entry) *[]byte { return &e.gone }},
	{stateDir + "/pending", ".next", func(e *entry) *[]byte { return &e.pending }},
}

// readLegacy returns what files of the first form say. They go when the record
// is written.
func (r *record) readLegacy(d *disk) (map[string]entry, error) {
	entries := map[string]entry{}
	for _, part := range legacyParts {
		err := d.walk(part.dir, func(p string, file fs.DirEntry) error {
			name, ok := strings.CutSuffix(strings.TrimPrefix(p, part.dir+"/"), part.suffix)
			if file.IsDir() || !ok {
				return nil
			}
			if name == specFile || generator.CheckPath(name) != nil {
				return fmt.Errorf("%s: this record is for a path that otelgen never writes; delete it", p)
			}
			f, err := d.read(p)
			e := entries[name]
			*part.of(&e) = f.data
			entries[name] = e
			r.legacy = append(r.legacy, p)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return entries, nil
}

// migrate makes lines of what the first form says.
func (r *record) migrate(d *disk, entries map[string]entry) error {
	for p, e := range entries {
		if e.base != nil {
			e.gone = nil // both exist if a run was killed between writing one and removing the other
		}
		if e.pending != nil {
			f, err := d.look(p)
			if err != nil {
				return err
			}
			if !diff3.Marked(f.data) && legacyUnwritten(d, p, f.data) {
				e.pending = nil
			}
		}
		for _, l := range e.lines(p) {
			r.add(l)
		}
	}
	return nil
}

// legacyUnwritten reports whether an update was killed before it wrote a file:
// its journal promised another content.
func legacyUnwritten(d *disk, p string, content []byte) bool {
	journal, err := d.read(journalFile)
	if err != nil {
		return false
	}
	for l := range strings.Lines(string(journal.data)) {
		if hash, name, ok := strings.Cut(strings.TrimSuffix(l, "\n"), "  "); ok && name == p {
			sum := sha256.Sum256(content)
			return hash != hex.EncodeToString(sum[:])
		}
	}
	return false
}
