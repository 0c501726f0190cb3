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

// What otelgen records in a project is files, one for each path, so that git
// merges branches of it like everything else, and says where they disagree.
// Nothing in it tells when or where it was written.
//
//	.otelgen/spec.yaml           the Spec. A new project's is written last: without it there is none
//	.otelgen/base/PATH.base      what otelgen wrote last to PATH, whatever has become of it since
//	.otelgen/gone/PATH.base      the same, as a tombstone: the owner deleted PATH, it stays deleted;
//	                             whoever wants it back deletes the tombstone and runs otelgen update
//	.otelgen/pending/PATH.next   what otelgen wanted at PATH where there is a conflict
//	.otelgen/.gitattributes      no conversion of line endings, no noise in reviews
//	.otelgen/journal             only while otelgen writes: what it is about to merge, see apply
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

// record is what otelgen recorded.
type record struct {
	entries map[string]entry  // by path
	journal map[string]string // path to hash of what it was going to hold; see apply
}

// entry is what otelgen recorded of a path. Nil is no file, not an empty one.
type entry struct{ base, gone, pending []byte }

// last returns what otelgen wrote last, or would have, had the owner not
// deleted it.
func (e entry) last() []byte {
	if e.base == nil {
		return e.gone // killed between the two, we may have left both
	}
	return e.base
}

func (e entry) equal(other entry) bool {
	return same(e.base, other.base) && same(e.gone, other.gone) && same(e.pending, other.pending)
}

// same reports whether both are absent, or both are there and equal.
func same(a, b []byte) bool { return (a == nil) == (b == nil) && bytes.Equal(a, b) }

// parts of an entry, with the files that they are in.
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
				return fmt.Errorf("%s: is the record of a path that otelgen never writes; delete it", p)
			}
			f, err := d.file(p)
			e := r.entries[name]
			*part.of(&e) = f.data
			r.entries[name] = e
			return err
		}))
	}
	journal, err := d.file(journalFile)
	for line := range strings.Lines(string(journal.data)) {
		if hash, p, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  "); ok {
			r.journal[p] = hash
		}
	}
	return r, errors.Join(append(errs, err)...)
}

// record turns what is recorded of a path from one entry into another.
func (d *disk) record(p string, from, to entry) error {
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
