package project

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/otelgen/otelgen/generator"
)

// The record of a project is one file for each path and kind of entry, so that
// git merges the records of two branches like any other files and shows where
// they disagree. It does not say when or where it was written.
//
//	.otelgen/spec.yaml           the Spec. In a new project it is written last: without it there is no project
//	.otelgen/base/PATH.base      what otelgen wrote last to PATH, whatever the owner did to PATH since
//	.otelgen/gone/PATH.base      the same for a PATH that the owner deleted: a tombstone. PATH stays deleted
//	                             until the owner deletes the tombstone, too, and runs otelgen update
//	.otelgen/pending/PATH.next   what otelgen would write to PATH, which is in conflict
//	.otelgen/.gitattributes      keeps git from converting line endings, and the record out of reviews
//	.otelgen/journal             only while otelgen writes: the hashes of files that it merges; see disk.apply
//	.otelgen/tmp                 only while otelgen writes: the next file
const (
	stateDir       = generator.StateDir
	specFile       = generator.SpecFile
	attributesFile = stateDir + "/.gitattributes"
	journalFile    = stateDir + "/journal"

	baseDir    = stateDir + "/base/"
	goneDir    = stateDir + "/gone/"
	pendingDir = stateDir + "/pending/"

	attributes = "* -text linguist-generated\n"
)

// record is what otelgen recorded of a project, by path.
type record struct {
	entries map[string]entry
	journal map[string]string // the hash of what the file was going to hold
}

// entry is what otelgen recorded of one path. In each of the three fields, nil
// means that nothing is recorded, which is not the same as an empty file.
type entry struct{ base, gone, pending []byte }

// last returns what otelgen wrote last, or would have written if the owner had
// not deleted the file.
func (e entry) last() []byte {
	if e.base == nil {
		return e.gone // both exist if a run was killed after it wrote one and before it removed the other
	}
	return e.base
}

func (e entry) equal(other entry) bool {
	return same(e.base, other.base) && same(e.gone, other.gone) && same(e.pending, other.pending)
}

// same reports whether two files are both absent, or have the same content.
func same(a, b []byte) bool { return (a == nil) == (b == nil) && bytes.Equal(a, b) }

// parts are the fields of an entry, with the files in which they are recorded.
var parts = []struct {
	dir, suffix string
	of          func(*entry) *[]byte
}{
	{baseDir, ".base", func(e *entry) *[]byte { return &e.base }},
	{goneDir, ".base", func(e *entry) *[]byte { return &e.gone }},
	{pendingDir, ".next", func(e *entry) *[]byte { return &e.pending }},
}

func readRecord(d *disk) (record, error) {
	r := record{entries: map[string]entry{}, journal: map[string]string{}}
	var errs []error
	for _, part := range parts {
		errs = append(errs, d.walk(strings.TrimSuffix(part.dir, "/"), func(p string, entry fs.DirEntry) error {
			name, ok := strings.CutSuffix(strings.TrimPrefix(p, part.dir), part.suffix)
			if !ok || entry.IsDir() {
				return nil
			}
			if name == specFile || generator.CheckPath(name) != nil {
				return fmt.Errorf("%s: this record is for a path that otelgen never writes; delete it", p)
			}
			f, err := d.read(p)
			e := r.entries[name]
			*part.of(&e) = f.data
			r.entries[name] = e
			return err
		}))
	}
	journal, err := d.read(journalFile)
	for line := range strings.Lines(string(journal.data)) {
		if hash, p, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  "); ok {
			r.journal[p] = hash
		}
	}
	return r, errors.Join(append(errs, err)...)
}

// writeEntry changes what is recorded of a path. It adds before it removes, so
// that a run that is killed in between leaves too much rather than too little.
func (d *disk) writeEntry(p string, from, to entry) error {
	for _, part := range parts {
		if data := *part.of(&to); data != nil && !same(data, *part.of(&from)) {
			if err := d.write(part.dir+p+part.suffix, data); err != nil {
				return err
			}
		}
	}
	for _, part := range parts {
		if *part.of(&to) == nil && *part.of(&from) != nil {
			if err := d.remove(part.dir + p + part.suffix); err != nil {
				return err
			}
		}
	}
	return nil
}

func hashOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
