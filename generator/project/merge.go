package project

import (
	"bytes"
	"go/format"
	"path"

	"github.com/otelgen/otelgen/internal/diff3"
)

// versions are the three versions of a file that decide what happens to it. A
// version is nil if the file is absent in it.
type versions struct {
	base []byte // what otelgen wrote last
	disk []byte // what is there now
	next []byte // what otelgen would write today

	crlf bool // disk had CRLF line endings, which normalized has replaced
}

// action is the table of Action.
func (v versions) action() Action {
	switch {
	case same(v.disk, v.next):
		return None
	case v.base == nil && v.disk == nil:
		return Create
	case v.base == nil && v.next == nil:
		return None
	case v.base == nil:
		return Conflict
	case v.disk == nil:
		return Gone
	case v.next == nil && same(v.disk, v.base):
		return Delete
	case v.next == nil:
		return Orphan
	case same(v.disk, v.base):
		return Update
	case same(v.next, v.base):
		return Keep
	}
	return Merge
}

// normalized returns the versions as they are compared and merged: lines end as in
// otelgen's versions. An owner whose git writes CRLF has not changed the file by that.
func (v versions) normalized() versions {
	if v.crlf = allCRLF(v.disk) && !bytes.Contains(v.base, crlf) && !bytes.Contains(v.next, crlf); v.crlf {
		v.disk = bytes.ReplaceAll(v.disk, crlf, lf)
	}
	return v
}

// formatted returns the versions of a Go file as gofmt has them. An owner who uses
// other indentation has not changed the file by that.
func (v versions) formatted() versions {
	v.base, v.disk, v.next = gofmt(v.base), gofmt(v.disk), gofmt(v.next)
	return v
}

// sameText reports whether a file on the disk is what otelgen wrote, but for CRLF.
func sameText(disk, written []byte) bool {
	v := versions{disk: disk, next: written}.normalized()
	return same(v.disk, v.next)
}

// restore gives text the line endings that the file on disk had before it was
// normalized.
func (v versions) restore(text []byte) []byte {
	if v.crlf {
		return bytes.ReplaceAll(text, lf, crlf)
	}
	return text
}

var lf, crlf = []byte("\n"), []byte("\r\n")

// allCRLF reports whether every line of a text ends in CRLF.
func allCRLF(text []byte) bool {
	n := bytes.Count(text, crlf)
	return n > 0 && n == bytes.Count(text, lf)
}

// gofmt formats Go source. It returns source that does not parse unchanged.
func gofmt(source []byte) []byte {
	formatted, err := format.Source(source)
	if source == nil || err != nil {
		return source
	}
	return formatted
}

// merge merges normalized versions line by line. Go files are formatted where that
// makes a difference, which takes longer than all the rest. Conflict markers would
// destroy a file that is not text, so such a file stays as it is.
func (c *Change) merge(v versions) {
	if bytes.IndexByte(v.base, 0) >= 0 || bytes.IndexByte(v.disk, 0) >= 0 || bytes.IndexByte(v.next, 0) >= 0 {
		c.Action = Conflict
		c.Note = "it is not text, so your version was kept; to see otelgen's version, run otelgen original " + c.Path
		return
	}
	merged, clean := diff3.Merge(v.base, v.disk, v.next)
	if !clean && path.Ext(c.Path) == ".go" {
		next := v.next
		v = v.formatted()
		switch action := v.action(); action {
		case None, Keep:
			c.Action = action
			return
		case Update:
			c.Action, c.After = Update, v.restore(next)
			return
		}
		merged, clean = diff3.Merge(v.base, v.disk, v.next)
	}
	if clean && path.Ext(c.Path) == ".go" && !bytes.Equal(merged, v.disk) {
		merged = gofmt(merged)
	}
	switch {
	case !clean:
		c.Action, c.After = Conflict, v.restore(merged)
		c.Note = "you and otelgen changed the same lines: resolve the conflict between the markers"
	case bytes.Equal(merged, v.disk):
		c.Action = Keep // the owner has made the same changes
	case v.base != nil && bytes.Equal(merged, v.next):
		c.Action, c.After = Update, v.restore(v.next)
	default:
		c.Action, c.After = Merge, v.restore(merged)
	}
}
