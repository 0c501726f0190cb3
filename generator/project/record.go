package project

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/otelgen/otelgen/generator"
)

// The files that otelgen keeps in a project, all below one directory. The first four
// files belong in git, the others are kept out of it by the third.
//
//	.otelgen/spec.yaml       the Spec. In a new project it is written last: without it there is no project
//	.otelgen/record          what otelgen wrote last: a line for each path
//	.otelgen/.gitignore      keeps out of git what is below
//	.otelgen/.gitattributes  says to git how to merge the record, and to reviews to leave it out
//	.otelgen/journal         what a run is about to do, until it is done; see operation
//	.otelgen/undo            what the last run did
//	.otelgen/lock            what is at work, for those that wait
//	.otelgen/tmp             the next file, while otelgen writes it
const (
	stateDir       = generator.StateDir
	specFile       = generator.SpecFile
	recordFile     = stateDir + "/record"
	ignoreOurs     = stateDir + "/.gitignore"
	attributesFile = stateDir + "/.gitattributes"
	journalFile    = stateDir + "/journal"
	undoFile       = stateDir + "/undo"
	lockFile       = stateDir + "/lock"

	ignored    = "/journal\n/lock\n/tmp\n/undo\n"
	attributes = "* -text linguist-generated\n/record -diff merge=union\n"
)

// record is what otelgen recorded of a project: lines by path.
//
// The file has one line for each path, sorted, so that git merges it line by
// line. Nothing in it is plain text: a search, a replacement or a bot that looks
// for what is in the project does not find it here, and git does not take it for
// a file that was renamed. Each line proves itself by its first word, so a line
// that somebody changed is noticed.
//
// With merge=union, git keeps the lines of both branches if both changed them.
// Then there are several lines for a path, and the next update chooses among
// them: see snapshot.settle. Conflict markers in the record mean the same.
type record struct {
	lines  map[string][]line
	merged []byte   // the file, if it is not as otelgen would write it, because git has merged it
	legacy []string // the files of the first form, which migrate when the record is written
}

const (
	form   = 2 // of the record
	header = "# otelgen record, form "
	about  = "; otelgen writes and git merges it\n"
)

// line is a line of the record: a path, and versions of the file in it.
type line struct {
	path  string
	parts []part
	text  string // without the line ending
}

// part is one version of a file: its kind, its hash and, compressed, its content.
type part struct {
	kind byte
	hash string
	data string // base64
}

// entry is what otelgen recorded of one path. In each field with content, nil
// means that nothing is recorded, which is not the same as an empty file.
type entry struct {
	base    []byte // what otelgen wrote last
	gone    []byte // the same for a file that its owner deleted: it stays deleted
	own     []byte // the same for a path where the owner has a file instead, from before the project
	pending []byte // what otelgen would write to a file that is in conflict
	yours   string // the hash of a file in conflict as it was before

	// detached is the hash of own when the owner detached the file: it stays
	// theirs, whatever is in it.
	detached string
}

// kinds are the parts of an entry, with the letters for them in a line.
var kinds = []struct {
	kind byte
	of   func(*entry) *[]byte
}{
	{kindBase, func(e *entry) *[]byte { return &e.base }},
	{kindGone, func(e *entry) *[]byte { return &e.gone }},
	{kindOwn, func(e *entry) *[]byte { return &e.own }},
	{kindPending, func(e *entry) *[]byte { return &e.pending }},
}

const kindBase, kindGone, kindOwn, kindPending, kindYours, kindDetached = 'b', 'g', 'o', 'n', 'y', 'd'

// last returns what otelgen wrote last, or would have written if the owner had
// not deleted the file or put another in its place.
func (e entry) last() []byte { return first(e.base, e.gone, e.own) }

func (e entry) equal(other entry) bool {
	for _, k := range kinds {
		if !same(*k.of(&e), *k.of(&other)) {
			return false
		}
	}
	return e.yours == other.yours && e.detached == other.detached
}

// same reports whether two files are both absent, or have the same content.
func same(a, b []byte) bool { return (a == nil) == (b == nil) && bytes.Equal(a, b) }

// first returns the first of some files that is not absent.
func first(versions ...[]byte) []byte {
	for _, v := range versions {
		if v != nil {
			return v
		}
	}
	return nil
}

func readRecord(d *disk) (record, error) {
	r := record{lines: map[string][]line{}}
	f, err := d.read(recordFile)
	if err != nil {
		return r, err
	}
	if f.absent() {
		entries, err := r.readLegacy(d)
		if err == nil {
			err = r.migrate(d, entries)
		}
		return r, err
	}
	text := string(f.data)
	if err := r.parse(text); err != nil {
		return r, err
	}
	if !r.isFormat(text) {
		r.merged = f.data
	}
	_, err = r.readLegacy(d) // only to remove it: a run was killed before it did, or git has merged an older branch
	return r, err
}

func (r *record) parse(text string) error {
	n := 0
	for t := range strings.SplitSeq(text, "\n") {
		n++
		t = strings.TrimSuffix(t, "\r")
		var later int
		if _, err := fmt.Sscanf(t, header+"%d", &later); err == nil && later > form {
			return fmt.Errorf("%s: a later version of otelgen wrote it; install that version", recordFile)
		}
		if t == "" || strings.ContainsAny(t[:1], "#<>|=") { // git's markers, too
			continue
		}
		l, ok := parseLine(t)
		if !ok {
			return fmt.Errorf("%s:%d: this line is not as otelgen wrote it; restore the file from git, for example by git checkout HEAD -- %[1]s, then run the command again", recordFile, n)
		}
		if err := generator.CheckPath(l.path); err != nil {
			return fmt.Errorf("%s:%d: this line is for a path that otelgen never writes (%w); delete it", recordFile, n, err)
		}
		r.add(l)
	}
	return nil
}

// add adds a line, unless there is one that says the same.
func (r *record) add(l line) {
	if !slices.ContainsFunc(r.lines[l.path], l.equal) {
		r.lines[l.path] = append(r.lines[l.path], l)
	}
}

// part returns the version of a kind, if the line has one.
func (l line) part(kind byte) (part, bool) {
	i := slices.IndexFunc(l.parts, func(p part) bool { return p.kind == kind })
	if i < 0 {
		return part{}, false
	}
	return l.parts[i], true
}

func (l line) equal(other line) bool {
	return l.path == other.path && slices.EqualFunc(l.parts, other.parts, func(a, b part) bool { return a.kind == b.kind && a.hash == b.hash })
}

// pieces are those of the file that holds the record.
func (r *record) pieces() iter.Seq[string] {
	return func(yield func(string) bool) {
		if !yield(fmt.Sprintf("%s%d%s", header, form, about)) {
			return
		}
		for _, p := range slices.Sorted(maps.Keys(r.lines)) {
			for _, l := range r.lines[p] {
				if !yield(l.text) || !yield("\n") {
					return
				}
			}
		}
	}
}

// format returns the file that holds the record.
func (r *record) format() []byte {
	var out bytes.Buffer
	for piece := range r.pieces() {
		out.WriteString(piece)
	}
	return out.Bytes()
}

// isFormat reports whether a text is the file that holds the record. Every command asks
// it, so it makes no such file.
func (r *record) isFormat(text string) bool {
	for piece := range r.pieces() {
		rest, ok := strings.CutPrefix(text, piece)
		if !ok {
			return false
		}
		text = rest
	}
	return text == ""
}

// formatAs returns the record as git had merged it, unless that is nil or says
// something else.
func (r *record) formatAs(merged []byte) []byte {
	text, was := r.format(), record{lines: map[string][]line{}}
	if merged == nil || was.parse(string(merged)) != nil || !was.isFormat(string(text)) {
		return text
	}
	return merged
}

// set replaces the lines of a path. No line means that nothing is recorded. A line
// that is there already stays as it is: its text may come from another compressor.
func (r *record) set(p string, lines []line) {
	if r.lines == nil {
		r.lines = map[string][]line{}
	}
	had := r.lines[p]
	delete(r.lines, p)
	for _, l := range lines {
		if i := slices.IndexFunc(had, l.equal); i >= 0 {
			l = had[i]
		}
		r.lines[p] = append(r.lines[p], l)
	}
}

var encoding = base64.RawURLEncoding

// A hash has 18 bytes of SHA-256, and is written in 24 characters of base64, a
// check in 12.
const (
	hashLen     = 18
	hashChars   = 24
	checkLength = 12
)

func hashOf(data []byte) string {
	sum := sha256.Sum256(data)
	return string(sum[:hashLen])
}

func checkOf(text string) string {
	return encoding.EncodeToString([]byte(hashOf([]byte(text))))[:checkLength]
}

// lines returns the line for an entry, or none if nothing is recorded in it.
func (e entry) lines(p string) []line {
	l := line{path: p}
	for _, k := range kinds {
		if content := *k.of(&e); content != nil {
			l.parts = append(l.parts, part{k.kind, hashOf(content), compress(content, smallest)})
		}
	}
	if l.parts == nil {
		return nil
	}
	if e.yours != "" {
		l.parts = append(l.parts, part{kind: kindYours, hash: e.yours})
	}
	if e.detached != "" {
		l.parts = append(l.parts, part{kind: kindDetached, hash: e.detached})
	}
	var text strings.Builder
	text.WriteString(encoding.EncodeToString([]byte(p)))
	for _, part := range l.parts {
		text.WriteString(" " + string(part.kind) + encoding.EncodeToString([]byte(part.hash)) + part.data)
	}
	l.text = checkOf(text.String()) + " " + text.String()
	return []line{l}
}

func parseLine(text string) (l line, ok bool) {
	check, rest, _ := strings.Cut(text, " ")
	if check != checkOf(rest) {
		return l, false
	}
	words := strings.Split(rest, " ")
	name, err := encoding.DecodeString(words[0])
	if err != nil {
		return l, false
	}
	l = line{path: string(name), text: text}
	for _, word := range words[1:] {
		if len(word) < 1+hashChars {
			return l, false
		}
		hash, err := encoding.DecodeString(word[1 : 1+hashChars])
		if err != nil {
			return l, false
		}
		l.parts = append(l.parts, part{word[0], string(hash), word[1+hashChars:]})
	}
	return l, len(l.parts) > 0
}

// entry returns what a line says. known are versions of the file that are at
// hand: one that has the hash of a part need not be decompressed.
func (l line) entry(known ...[]byte) (e entry, err error) {
	for _, part := range l.parts {
		switch part.kind {
		case kindYours:
			e.yours = part.hash
			continue
		case kindDetached:
			e.detached = part.hash
			continue
		}
		content, errPart := part.content(known)
		err = errors.Join(err, errPart)
		for _, k := range kinds {
			if k.kind == part.kind {
				*k.of(&e) = content
			}
		}
	}
	if err != nil {
		err = fmt.Errorf("%s: what it says of %s cannot be read: %w", recordFile, l.path, err)
	}
	return e, err
}

func (p part) content(known [][]byte) ([]byte, error) {
	for _, content := range known {
		if content != nil && hashOf(content) == p.hash {
			return content, nil
		}
	}
	return decompress(p.data)
}

// deflaters are kept, because each takes a megabyte. Files in git are made small; files
// that every update writes, and that stay here, are written fast.
type deflaters struct{ sync.Pool }

var smallest, fastest = newDeflaters(flate.BestCompression), newDeflaters(flate.BestSpeed)

func newDeflaters(level int) *deflaters {
	return &deflaters{sync.Pool{New: func() any {
		w, err := flate.NewWriter(nil, level)
		if err != nil {
			panic(err) // there is such a level
		}
		return w
	}}}
}

func compress(content []byte, by *deflaters) string {
	var out bytes.Buffer
	w := by.Get().(*flate.Writer)
	defer by.Put(w)
	w.Reset(&out)
	_, err := w.Write(content)
	if err := errors.Join(err, w.Close()); err != nil {
		panic(err) // a buffer takes everything
	}
	return encoding.EncodeToString(out.Bytes())
}

func decompress(data string) ([]byte, error) {
	r := flate.NewReader(base64.NewDecoder(encoding, strings.NewReader(data)))
	content, err := io.ReadAll(r)
	return present(content), err
}
