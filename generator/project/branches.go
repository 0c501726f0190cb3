package project

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/internal/git"
	"github.com/otelgen/otelgen/internal/modules"
)

// Two branches that each add a feature change the same lines of the wiring: git
// sees a conflict where nobody wrote anything, or merges lines that do not belong
// together. The commits tell what each side had, and the record in them tells what
// otelgen wrote there: the difference is the owner's. So the file is what otelgen
// writes today, with the changes of both owners. Only where these do not fit is
// there anything to resolve.

// merging is two sides that git merges, or has merged last.
type merging struct {
	ours, theirs, base string    // commits
	records            [2]record // of the sides
	files              map[string]sides
}

// sides are the versions of a file that git merges. A version is nil if the file is
// absent in it.
type sides struct {
	base         []byte
	ours, theirs []byte
}

// asLeft reports whether a file is what git made of its sides: nobody has begun to
// resolve a conflict in it.
func (f sides) asLeft(content []byte) bool {
	unix := func(text []byte) []byte { return bytes.ReplaceAll(text, crlf, lf) }
	return f.ours != nil && f.theirs != nil && git.AsLeft(unix(content), unix(f.base), unix(f.ours), unix(f.theirs))
}

// findMergings returns what git is in the middle of in a directory, or did last,
// with some files. Several things may be possible. Without git there is nothing.
func findMergings(dir string, paths []string) ([]*merging, error) {
	all := []*merging{
		{ours: "HEAD", theirs: "MERGE_HEAD"},
		{ours: "HEAD", theirs: "CHERRY_PICK_HEAD", base: "CHERRY_PICK_HEAD^"},
		{ours: "HEAD", theirs: "REBASE_HEAD", base: "REBASE_HEAD^"},
		{ours: "HEAD", theirs: "REVERT_HEAD^", base: "REVERT_HEAD"},
		{ours: "HEAD", theirs: squashed(dir)},
		{ours: "HEAD", theirs: "refs/stash", base: "refs/stash^"},
		{ours: "HEAD^1", theirs: "HEAD^2"},
	}
	var names []string
	for _, m := range all {
		names = append(names, m.theirs)
	}
	commits, err := git.Objects(dir, names)
	if err != nil {
		return nil, nil //nolint:nilerr // without git there is nothing
	}
	var there []*merging
	for i, m := range all {
		if commits[i] == nil {
			continue
		}
		if m.base == "" {
			base, _ := git.Run(dir, nil, "merge-base", m.ours, m.theirs) // an error if there is none
			m.base = strings.TrimSpace(base)
		}
		there = append(there, m)
		if err := m.read(dir, paths); err != nil {
			return nil, err
		}
	}
	return there, nil
}

// squashed returns the last commit of the branch that git merge --squash is about, or
// "". It is in the message that git has prepared.
func squashed(dir string) string {
	name, err := git.Run(dir, nil, "rev-parse", "--path-format=absolute", "--git-path", "SQUASH_MSG")
	if err != nil {
		return ""
	}
	message, _ := os.ReadFile(strings.TrimSuffix(name, "\n")) // it is rarely there
	_, commits, _ := strings.Cut(string(message), "\n\ncommit ")
	last, _, _ := strings.Cut(commits, "\n")
	return last
}

// read reads the records and some files of both sides.
func (m *merging) read(dir string, paths []string) error {
	var names []string
	for _, p := range append([]string{recordFile}, paths...) {
		for _, commit := range []string{m.base, m.ours, m.theirs} {
			names = append(names, commit+":./"+p)
		}
	}
	contents, err := git.Objects(dir, names)
	if err != nil {
		return err
	}
	for i := range m.records {
		m.records[i].lines = map[string][]line{}
		if err := m.records[i].parse(string(contents[1+i])); err != nil {
			m.records[i].lines = nil // nothing follows from a record that somebody has changed
		}
	}
	m.files = map[string]sides{}
	for i, p := range paths {
		of := contents[3+3*i:]
		m.files[p] = sides{of[0], of[1], of[2]}
	}
	return nil
}

// Spec returns what the project is made of. While git has a conflict in that, it is
// what both sides chose. otelgen is the version that asks, and name is what errors
// call the file: see generator.ParseSpec.
func (p *Project) Spec(name, otelgen string) (generator.Spec, error) {
	if !git.HasMarker(p.SpecYAML) {
		return generator.ParseSpec(name, p.SpecYAML, otelgen)
	}
	all, err := findMergings(p.Dir, []string{specFile})
	if err != nil {
		return generator.Spec{}, err
	}
	for _, m := range all {
		if f := m.files[specFile]; f.asLeft(p.SpecYAML) {
			return f.mergeSpecs(name, otelgen)
		}
	}
	return generator.Spec{}, fmt.Errorf("%s: git has a conflict in it; resolve that, then run the command again", name)
}

func (f sides) mergeSpecs(name, otelgen string) (spec generator.Spec, err error) {
	var all [3]generator.Spec
	var errs []error
	for i, content := range [][]byte{f.base, f.ours, f.theirs} {
		if content != nil {
			all[i], err = generator.ParseSpec(name, content, otelgen)
			errs = append(errs, err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return spec, err
	}
	if spec, err = generator.MergeSpecs(all[0], all[1], all[2]); err != nil {
		err = errors.New(name + ": " + strings.ReplaceAll(err.Error(), "\n", "\n"+name+": "))
	}
	return spec, err
}

// mergeBranches merges the files that both sides changed, as far as it is certain
// what otelgen wrote on each. The others stay as git left them.
func (s *snapshot) mergeBranches(d *disk, recorded record) error {
	var paths []string
	for p, next := range s.next {
		if disk := s.disk[p].data; p != specFile && !s.once[p] && !same(disk, next) && (git.Marked(disk) || len(recorded.lines[p]) > 1) {
			paths = append(paths, p)
		}
	}
	if paths == nil {
		return nil
	}
	for _, p := range paths {
		if isModule(p) { // each of the two needs the other
			paths = append(paths, path.Join(path.Dir(p), goMod), path.Join(path.Dir(p), goSum))
		}
	}
	all, err := findMergings(d.root.Name(), paths)
	if err != nil {
		return err
	}
	slices.SortFunc(paths, modulesLast)
	for _, p := range slices.Compact(paths) {
		for _, m := range all {
			if merged, ok := (branches{s, m}).merge(p); ok && s.merged[p] == nil {
				s.merged[p] = merged
				s.entries[p], s.unrecorded[p] = entry{base: present(s.next[p])}, true
			}
		}
	}
	return nil
}

// followGit finds the files that git has moved along with others. Where one side of
// a merge moves a file, and the other has put another one in its place, such as that
// of another API, git takes the two for the same and moves both. Then a file is
// missing, and one that is not written any more has its lines instead of its own: it
// is that file, and moves to where that one belongs.
func (s *snapshot) followGit() {
	for _, p := range slices.Sorted(maps.Keys(s.entries)) {
		to := p
		if _, stays := s.next[p]; !stays {
			to = s.destination(p)
		}
		if base := s.entries[p].base; base != nil && to != "" && s.disk[p].absent() && s.disk[to].absent() {
			if at := s.movedByGit(base); at != "" {
				s.entries[at] = s.entries[p]
				delete(s.entries, p)
				s.moved[at] = to
			}
		}
	}
}

// movedByGit returns the path to which git has moved a file that otelgen wrote
// elsewhere, or "". The file at that path has more lines of the moved one than of what
// otelgen wrote there.
func (s *snapshot) movedByGit(base []byte) string {
	at, most, lines := "", 0, git.Lines(base)
	for _, p := range slices.Sorted(maps.Keys(s.entries)) {
		own := s.entries[p].base
		if _, stays := s.next[p]; stays || own == nil || s.destination(p) != "" {
			continue
		}
		disk := git.Lines(s.disk[p].data)
		if n := common(disk, lines); 2*n > common(disk, disk) && n > common(disk, git.Lines(own)) && n > most {
			at, most = p, n
		}
	}
	return at
}

// common returns how many lines are in both of two texts.
func common(a, b map[string]int) (n int) {
	for line := range a {
		n += min(a[line], b[line])
	}
	return n
}

func resolvedNote(p string) string {
	return "otelgen resolves the conflict that git has in it; run git add " + p + " afterwards"
}

// branches are what git merges of a project.
type branches struct {
	*snapshot
	*merging
}

// merge merges one file. It reports false if that is not certain.
func (b branches) merge(p string) (merged []byte, ok bool) {
	disk := b.disk[p].data
	if !b.files[p].asLeft(disk) {
		return nil, false
	}
	if isModule(p) {
		merged, ok = b.mergeModule(p)
	} else {
		merged, ok = b.mergeText(p)
	}
	if ok && allCRLF(disk) {
		merged = bytes.ReplaceAll(bytes.ReplaceAll(merged, crlf, lf), lf, crlf)
	}
	return merged, ok
}

func (b branches) mergeText(p string) ([]byte, bool) {
	var changed [2][]byte // next, with what the owner changed on each side
	for i := range changed {
		v, ok := b.versions(i, p)
		if ok {
			changed[i], ok = v.merge(p)
		}
		if !ok {
			return nil, false
		}
	}
	return versions{base: present(b.next[p]), disk: changed[0], next: changed[1]}.merge(p)
}

// mergeModule merges a go.mod or a go.sum, for which both of them matter.
func (b branches) mergeModule(p string) ([]byte, bool) {
	dir := path.Dir(p)
	files := func(of func(name string) []byte) modules.Files {
		return modules.Files{Mod: of(path.Join(dir, goMod)), Sum: of(path.Join(dir, goSum))}
	}
	next := files(func(name string) []byte { return b.next[name] })
	var merged Plan // of the other files
	for p, content := range b.merged {
		merged = append(merged, Change{Path: p, After: content})
	}
	imports := b.code.imports(dir, merged)
	var changed [2]modules.Files
	for i := range changed {
		known := true
		side := func(version func(versions) []byte) modules.Files {
			return files(func(name string) []byte {
				v, ok := b.versions(i, name)
				known = known && ok
				return version(v)
			})
		}
		base, yours := side(func(v versions) []byte { return v.base }), side(func(v versions) []byte { return v.disk })
		if changed[i] = next; known && same(base.Mod, yours.Mod) && same(base.Sum, yours.Sum) {
			continue
		}
		merged, err := modules.Merge(dir, recordFile, base, yours, next, imports)
		if err != nil || !known {
			return nil, false // the usual merge has the same error
		}
		changed[i] = merged.Files
	}
	both, err := modules.Merge(dir, recordFile, next, changed[0], changed[1], imports)
	if path.Base(p) == goSum {
		return both.Sum, err == nil
	}
	return both.Mod, err == nil
}

// versions returns the versions of a file on one side. It reports false unless it is
// certain what otelgen wrote there.
func (b branches) versions(side int, p string) (versions, bool) {
	v := versions{disk: [][]byte{b.files[p].ours, b.files[p].theirs}[side], next: present(b.next[p])}
	lines := b.records[side].lines[p]
	if len(lines) != 1 || v.disk == nil {
		return v, false
	}
	e, err := lines[0].entry(v.disk)
	v.base = e.base
	return v.normalized(), err == nil && e.base != nil && e.pending == nil
}

// merge returns what the table of Action makes of three versions that all are
// there, unless that is a conflict.
func (v versions) merge(p string) ([]byte, bool) {
	c := Change{Path: p, Action: v.action(), After: v.disk}
	switch c.Action {
	case Update:
		c.After = v.next
	case Merge:
		c.merge(v)
	}
	return c.After, c.Action != Conflict
}

// onlyWritten reports whether every line of a file is from a version that otelgen
// wrote, and what otelgen would write of those today is in it.
func onlyWritten(disk, next []byte, recorded []entry) bool {
	if disk == nil || next == nil {
		return false
	}
	most, sum := map[string]int{}, map[string]int{}
	for _, e := range recorded {
		if e.base == nil || e.pending != nil {
			return false
		}
		for line, n := range git.Lines(e.base) {
			most[line] = max(most[line], n)
			sum[line] += n
		}
	}
	has := git.Lines(disk)
	for line, n := range has {
		if n > sum[line] {
			return false
		}
	}
	for line, n := range git.Lines(next) {
		if has[line] < min(n, most[line]) {
			return false
		}
	}
	return true
}
