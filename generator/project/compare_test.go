package project

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/otelgen/otelgen/generator"
)

// world is a project in memory: what Compare needs of one, and what Apply does
// to it.
type world struct{ snapshot }

// newWorld returns a world of one path.
func newWorld(p string, e entry, disk []byte) *world {
	return &world{snapshot{
		entries: map[string]entry{p: e},
		disk:    map[string]file{p: {data: disk}},
	}}
}

func (w *world) apply(plan Plan) {
	for _, c := range plan {
		delete(w.disk, c.From)
		w.disk[c.Path] = file{data: c.After}
		for _, r := range c.records {
			w.entries[r.path] = r.committed
		}
	}
}

func (w *world) update(t *testing.T, next generator.Tree) Plan {
	t.Helper()
	plan, err := w.compare(next, nil)
	if err != nil {
		t.Fatal(err)
	}
	w.apply(plan)
	return plan
}

func (w *world) compare(next generator.Tree, moved map[string]string) (Plan, error) {
	w.next, w.moved = next, moved
	return w.snapshot.compare()
}

// text returns the file that a cell of a table stands for. Each letter is a line,
// "." is an empty file, "-" is an absent file, and (y|b=x) is a conflict.
func text(cell string) []byte {
	if cell == "-" {
		return nil
	}
	lines := ""
	for line := range strings.SplitSeq(cell, "") {
		switch line {
		case ".":
		case "(":
			lines += "<<<<<<< yours\n"
		case "|":
			lines += "||||||| base\n"
		case "=":
			lines += "=======\n"
		case ")":
			lines += ">>>>>>> otelgen\n"
		default:
			lines += line + "\n"
		}
	}
	return []byte(lines)
}

// TestTable is the table of Action and what it means for the disk and the
// record, line by line.
func TestTable(t *testing.T) {
	const table = `
	base     disk     next     action    disk then           base then  pending
	# any = next
	-        x        x        none      x                   x
	b        x        x        none      x                   x
	b        b        b        none      b                   b
	.        .        .        none      .                   .
	# what is not there yet, and what is not ours
	-        -        x        create    x                   x
	-        -        .        create    .                   .
	-        y        x        conflict  (y|=x)              -          x
	-        y        -        none      y                   -
	# what its owner deleted
	b        -        -        none      -                   -
	b        -        b        gone      -                   gone:b
	b        -        x        gone      -                   gone:x
	gone:b   -        x        gone      -                   gone:x
	gone:b   -        -        none      -                   -
	gone:b   b        x        update    x                   x
	gone:b   y        b        keep      y                   b
	# what its owner did not touch
	b        b        x        update    x                   x
	b        b        .        update    .                   .
	b        b        -        delete    -                   -
	# what its owner changed
	b        y        b        keep      y                   b
	b        .        b        keep      .                   b
	b        y        -        orphan    y                   -
	abc      Abc      abC      merge     AbC                 abC
	abc      Abc      aBc      conflict  (Ab|ab=aB)c         abc        aBc
	abc      aXc      aYc      conflict  a(X|b=Y)c           abc        aYc
	abc      AbC      Abc      keep      AbC                 Abc
	abc      ac       aBc      conflict  a(|b=B)c            abc        aBc
	# pending, still open: nothing happens
	b        (y|b=x)  b        conflict  (y|b=x)             b
	b>x      (y|b=x)  x        conflict  (y|b=x)             b          x
	b>x      (y|b=x)  z        conflict  (y|b=x)             b          x
	b>x      (y|b=x)  -        conflict  (y|b=x)             b          x
	b>x      y)       x        conflict  y)                  b          x
	->x      (y|=x)   x        conflict  (y|=x)              -          x
	# pending, resolved: base is what was pending
	b>x      x        x        none      x                   x
	b>x      y        x        keep      y                   x
	b>x      -        x        gone      -                   gone:x
	->x      y        x        keep      y                   x
	b>x      x        z        update    z                   z
	b>x      y        z        conflict  (y|x=z)             x          z
	b>x      y        -        orphan    y                   -
	b>x      x        -        delete    -                   -
	`
	for line := range strings.Lines(table) {
		cells := strings.Fields(line)
		if len(cells) < 5 || cells[0] == "#" || cells[0] == "base" {
			continue
		}
		was, pending, _ := strings.Cut(cells[0], ">")
		e := entry{base: text(was)}
		if tombstone, ok := strings.CutPrefix(was, "gone:"); ok {
			e = entry{gone: text(tombstone)}
		}
		if pending != "" {
			e.pending = text(pending)
		}
		w := newWorld("f", e, text(cells[1]))
		next := generator.Tree{}
		if cells[2] != "-" {
			next["f"] = text(cells[2])
		}
		plan := w.update(t, next)

		got := None
		if len(plan) > 0 {
			got = plan[0].Action
		}
		want := entry{base: text(cells[5])}
		if tombstone, ok := strings.CutPrefix(cells[5], "gone:"); ok {
			want = entry{gone: text(tombstone)}
		}
		if len(cells) > 6 {
			want.pending = text(cells[6])
		}
		if want.pending != nil && e.pending == nil || cells[3] == "conflict" && pending != "" && !same(text(cells[1]), text(cells[4])) {
			want.yours = hashOf(text(cells[1]))
		}
		if disk := w.disk["f"].data; string(got) != cells[3] || !same(disk, text(cells[4])) || !w.entries["f"].equal(want) {
			t.Errorf("%s\ngot %s, disk %q, record %q", strings.TrimSpace(line), got, disk, w.entries["f"])
		}
	}
}

// TestEmpty: a plan is empty if nothing in it matters to the owner.
func TestEmpty(t *testing.T) {
	tests := []struct {
		name             string
		e                entry
		disk, path, next string
		empty            bool
	}{
		{"as it should be", entry{base: text("b")}, "b", "f", "b", true},
		{"changed by its owner", entry{base: text("b")}, "y", "f", "b", true},
		{"deleted by its owner", entry{base: text("b")}, "-", "f", "b", true},
		{"deleted by its owner, and changed", entry{base: text("b")}, "-", "f", "x", false},
		{"deleted, known, and changed", entry{gone: text("b")}, "-", "f", "x", false},
		{"changed by its owner as by us", entry{base: text("b")}, "x", "f", "x", true},
		{"forgotten", entry{base: text("b")}, "-", "f", "-", true},
		{"to be updated", entry{base: text("b")}, "b", "f", "x", false},
		{"an orphan", entry{base: text("b")}, "y", "f", "-", false},
		{"moved", entry{base: text("b")}, "b", "g", "b", false},
		{"in conflict", entry{base: text("b"), pending: text("x")}, "(y|b=x)", "f", "x", false},
		{"resolved", entry{base: text("b"), pending: text("x")}, "y", "f", "x", true},
	}
	for _, tt := range tests {
		next := generator.Tree{}
		if tt.next != "-" {
			next[tt.path] = text(tt.next)
		}
		plan, err := newWorld("f", tt.e, text(tt.disk)).compare(next, map[string]string{"f": "g"})
		if err != nil || plan.Empty() != tt.empty {
			t.Errorf("%s: empty is %v, %v: %q", tt.name, plan.Empty(), err, plan)
		}
	}
}

// states yields every combination of a few contents for the record, the disk and
// the Tree.
func states(yield func(*world, generator.Tree) bool) {
	contents := [][]byte{nil, {}, text("abcde"), text("Abcde"), text("abcdE"), text("abXde"), text("abYde"), text("ab(X|c=Y)de")}
	for n := range 8 * 7 * 7 * 7 * 3 * 2 {
		choose := func(of int) int {
			choice := n % of
			n /= of
			return choice
		}
		disk, next, base, pending, tombstone := contents[choose(8)], contents[choose(7)], contents[choose(7)], contents[choose(7)], contents[choose(3)]
		w := newWorld("f", entry{base: base, gone: tombstone, pending: pending}, disk)
		w.unmerged = map[string]bool{"f": choose(2) == 1}
		tree := generator.Tree{}
		if next != nil {
			tree["f"] = next
		}
		if !yield(w, tree) {
			return
		}
	}
}

// TestEveryState checks what must hold in every state, likely or not.
func TestEveryState(t *testing.T) {
	for w, next := range states {
		before, had := w.disk["f"].data, w.entries["f"]
		wasOpen, state := w.open("f"), fmt.Sprintf("record %q, disk %q, next %q, unmerged %v", w.entries["f"], before, next, w.unmerged)
		plan := w.update(t, next)
		after := w.disk["f"].data

		// No line that only the owner has is lost.
		known := lineSet(had.base, had.gone, had.pending)
		for line := range lineSet(before) {
			if !known[line] && !lineSet(after)[line] {
				t.Fatalf("%s: line %q is lost: %q", state, line, plan)
			}
		}
		// A file in an open conflict does not change.
		if wasOpen && (!same(before, after) || len(plan.Conflicts()) != 1) {
			t.Fatalf("%s: was in conflict: %q", state, plan)
		}
		// A second update does nothing and reports nothing new.
		for _, c := range w.update(t, next) {
			switch {
			case c.Action == Keep && !c.Matters() || c.Action == Conflict && same(c.Before, c.After):
			default:
				t.Fatalf("%s: once more: %q\nafter: %q", state, c, plan)
			}
			if c.changesRecord() {
				t.Fatalf("%s: once more, the record changes: %q", state, c)
			}
		}
		// However the owner resolves a conflict, it is resolved.
		if w.entries["f"].pending == nil {
			continue
		}
		for _, resolved := range [][]byte{nil, {}, before, next["f"], text("resolved")} {
			if hasMarkers := lineSet(resolved)["<<<<<<< yours"]; hasMarkers {
				continue
			}
			w := &world{snapshot{entries: maps.Clone(w.entries), disk: map[string]file{"f": {data: resolved}}}}
			plan := w.update(t, generator.Tree{"f": w.entries["f"].pending})
			if w.entries["f"].pending != nil || len(plan.Conflicts()) > 0 {
				t.Fatalf("%s: resolved as %q: %q", state, resolved, plan)
			}
		}
	}
}

func lineSet(texts ...[]byte) map[string]bool {
	all := map[string]bool{}
	for _, text := range texts {
		for line := range strings.Lines(string(text)) {
			all[strings.TrimSuffix(line, "\n")] = true
		}
	}
	return all
}
