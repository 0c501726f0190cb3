package project_test

import (
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/otelgen/otelgen/generator"
)

// What owners do to a project, by hand and with git.

// edit changes something by hand.
func (l *life) edit() {
	all := l.everything()
	files := slices.DeleteFunc(slices.Sorted(maps.Keys(all)), func(p string) bool {
		return strings.HasPrefix(p, ".otelgen/") || comment(p) == "-" || path.Base(p) == "go.sum"
	})
	p := pick(l.r, files)
	for range 3 {
		if !l.changes(p, all[p]) { // where it hurts is in a file that the next release changes
			p = pick(l.r, files)
		}
	}
	switch n := l.r.IntN(20); {
	case n == 0 && !strings.HasSuffix(p, ".go") && path.Base(p) != "go.mod":
		l.logf("deletes %s", p)
		l.deleted[p] = true
		l.must(os.Remove(filepath.Join(l.dir, p)))
	case n == 1:
		l.logf("gives %s other line endings", p)
		l.write(p, strings.ReplaceAll(strings.ReplaceAll(all[p], "\r\n", "\n"), "\n", "\r\n"))
	case n == 2:
		name := fmt.Sprintf("internal/mine/mine%d.go", l.r.IntN(3))
		l.logf("writes %s", name)
		l.modules = true
		l.write(name, "package mine\n\n"+l.newMark(name)+"\nimport _ \""+pick(l.r, []string{"github.com/rs/cors", "modernc.org/sqlite", "fmt", "github.com/go-chi/chi/v5"})+"\"\n")
	default:
		for range 1 + l.r.IntN(3) {
			all[p] = l.addTo(p, all[p])
		}
		l.logf("edits %s, up to owner-%d", p, l.marks)
		l.write(p, all[p])
	}
}

// changes reports whether the next release changes a file.
func (l *life) changes(p, content string) bool {
	spec, err := generator.ParseSpec(generator.SpecFile, []byte(l.read(generator.SpecFile)), "")
	next, ok := render(spec, min(latest, l.release+1)).tree[p]
	return err == nil && ok && plain(string(next)) != plain(content)
}

func (l *life) read(p string) string {
	content, err := os.ReadFile(filepath.Join(l.dir, p))
	if err != nil {
		return ""
	}
	return string(content)
}

func (l *life) write(p, content string) {
	name := filepath.Join(l.dir, p)
	l.must(os.MkdirAll(filepath.Dir(name), 0o755))
	l.must(os.WriteFile(name, []byte(content), 0o644))
}

// comment returns what begins a comment in a file: "" if any text does, and "-"
// if none.
func comment(p string) string {
	switch path.Ext(p) {
	case ".go", ".mod":
		return "//"
	case ".md":
		return ""
	case ".sql":
		return "--"
	case ".json":
		return "-"
	}
	return "#"
}

// newMark returns a line that nobody has written before.
func (l *life) newMark(p string) string {
	l.marks++
	return strings.TrimSpace(fmt.Sprintf("%s owner-%d;", comment(p), l.marks))
}

// addTo adds a line, or adds to one: then it is changed.
func (l *life) addTo(p, content string) string {
	end := "\n"
	if strings.Contains(content, "\r\n") {
		end = "\r\n"
	}
	lines := strings.SplitAfter(content, "\n")
	at := l.place(p, lines)
	line := strings.TrimRight(lines[at], "\r\n")
	switch {
	case path.Base(p) == "go.mod":
		l.modules = true
		fallthrough
	case l.r.IntN(2) == 0:
		if strings.Contains(line, " v") && path.Base(p) == "go.mod" && !strings.Contains(line, "//") {
			lines[at] = line + " " + l.newMark(p) + end
			break
		}
		lines[at] = l.newMark(p) + end + lines[at]
	case line != "" && !strings.HasPrefix(strings.TrimSpace(line), "//go:") && !strings.HasSuffix(line, "\\") && len(line) < len(lines[at]):
		lines[at] = line + " " + l.newMark(p) + end
	}
	return strings.Join(lines, "")
}

// place returns the index of a line to change: half of the time where releases
// change something, too, which is below the first line of a file, or of a function.
func (l *life) place(p string, lines []string) int {
	at := l.r.IntN(len(lines))
	switch {
	case l.r.IntN(2) == 0:
		return at
	case path.Ext(p) != ".go":
		return min(1, len(lines)-1)
	}
	for at < len(lines) && !strings.HasPrefix(lines[at], "func ") {
		at++
	}
	return min(at+1, len(lines)-1)
}

// resolve resolves conflicts of otelgen, or undoes them by the ways that git
// has.
func (l *life) resolve() {
	var open []string
	for p, content := range l.everything() {
		if strings.Contains(content, "<<<<<<<") && marked.MatchString(content) {
			open = append(open, p)
		}
	}
	if len(open) == 0 {
		l.edit()
		return
	}
	slices.Sort(open)
	p := pick(l.r, open)
	switch n := l.r.IntN(8); {
	case n == 0 && l.git:
		out, err := l.tryGit("checkout", "--merge", "--", p)
		l.logf("git checkout --merge %s: %v %s", p, err, shortened(out))
		if err == nil {
			text := l.read(p) // of a merge that is over, perhaps, which had an older release on that side
			l.reverted[p] = l.reverted[p] || marked.MatchString(text) && ofGit.MatchString(text)
			l.resolveGit(p, 1)
			l.gitOrDie("add", "--", p)
		}
	case n < 4:
		l.resolveOne(p)
	default:
		l.resolveAll()
	}
}

// resolveAll resolves the conflicts of otelgen, and those of git that somebody has
// committed.
func (l *life) resolveAll() {
	for p, content := range l.everything() {
		switch {
		case !strings.Contains(content, "<<<<<<<"):
		case ofGit.MatchString(content):
			l.reverted[p] = true // there may be several, one in the other
			l.resolveOne(p)
		case marked.MatchString(content):
			l.resolveOne(p)
		}
	}
	if l.git {
		out, err := l.tryGit("add", "-A")
		l.logf("git add -A: %v %s", err, out)
	}
}

// resolveOne takes otelgen's lines, and puts those of the owner before them.
func (l *life) resolveOne(p string) {
	content, err := os.ReadFile(filepath.Join(l.dir, p))
	l.must(err)
	l.logf("resolves %s", p)
	l.write(p, resolved(p, string(content), 1))
	if l.git && l.r.IntN(2) == 0 {
		_, _ = l.tryGit("add", "--", p)
	}
}

// longMarker matches a marker that git made longer, of a conflict within another.
var longMarker = regexp.MustCompile(`^(<{7}|\|{7}|={7}|>{7})[<|=>]+`)

// resolved takes one side of every conflict, of 0 the first and of 1 the last, and
// keeps what the owner wrote on the other.
func resolved(p, content string, side int) string {
	var out strings.Builder
	sides, at := [2]string{}, -1
	for line := range strings.Lines(content) {
		switch line := longMarker.ReplaceAllString(line, "$1"); {
		case strings.HasPrefix(line, "<<<<<<< "):
			sides, at = [2]string{}, 0
		case strings.HasPrefix(line, "||||||| ") && at == 0:
			at = 2
		case strings.HasPrefix(line, "=======") && len(strings.TrimRight(line, "\r\n")) == 7 && at >= 0:
			at = 1
		case strings.HasPrefix(line, ">>>>>>> ") && at == 1:
			end := "\n"
			if strings.Contains(line, "\r\n") {
				end = "\r\n"
			}
			for _, m := range mark.FindAllString(sides[1-side], -1) {
				if !strings.Contains(sides[side], m) {
					out.WriteString(strings.TrimSpace(comment(p)+" "+m) + end)
				}
			}
			out.WriteString(sides[side])
			at = -1
		case at == 2: // the base
		case at >= 0:
			sides[at] += line
		default:
			out.WriteString(line)
		}
	}
	return out.String()
}

// shortened returns what git says, as far as it helps.
func shortened(out string) string {
	out = strings.TrimSpace(out)
	return out[:min(len(out), 300)]
}

// useGit does one of the things that owners do with git.
func (l *life) useGit() {
	do := func(args ...string) bool {
		out, err := l.tryGit(args...)
		l.logf("git %s: %v %s", strings.Join(args, " "), err, shortened(out))
		return err == nil
	}
	other := fmt.Sprintf("b%d", l.r.IntN(l.branches+1))
	if other == "b0" {
		other = "main"
	}
	commit := func() {
		for p := range l.strays {
			l.adopted[p] = true
		}
		l.strays = nil
		do("add", "-A")
		do("commit", "-qm", "work")
	}
	switch l.r.IntN(15) {
	case 0, 1, 2:
		commit()
	case 3:
		do("reset", "-q", "--hard")
		l.stray()
	case 4:
		if do("stash", "-u") {
			l.stashes++
		}
	case 5:
		if l.stashes > 0 {
			l.stashes--
			side := l.later("stash@{0}")
			ours := l.gitOrDie("ls-files", "--unmerged", "--", ".")
			if !do("stash", "pop") {
				if l.gitOrDie("ls-files", "--unmerged", "--", ".") != ours { // it refuses where otelgen's conflicts are open
					l.settle(side)
					do("reset", "-q")
				}
				l.stray() // it may have brought back untracked files
			}
		}
	case 6:
		commit()
		l.branches++
		do("checkout", "-q", "-b", fmt.Sprintf("b%d", l.branches))
	case 7:
		commit()
		do("checkout", "-q", other)
	case 8:
		do("checkout", "-q", "-f", other)
		l.stray()
	case 9:
		commit()
		side := l.later(other)
		if !do("merge", "-q", other) {
			l.settle(side)
			do("commit", "-qm", "merge")
		}
	case 10:
		commit()
		side := 1 - l.later(other) // theirs is what is rebased
		if do("rebase", "-q", other) {
			return
		}
		for range 20 {
			l.settle(side)
			if do("rebase", "--continue") || do("rebase", "--skip") {
				return
			}
		}
		do("rebase", "--abort")
	case 11:
		commit()
		side := l.later(other)
		if !do("cherry-pick", other) {
			l.settle(side)
			if !do("cherry-pick", "--continue") {
				do("cherry-pick", "--abort")
			}
		}
	case 12:
		commit()
		dir := filepath.Join(l.top, fmt.Sprintf("shop%d", l.marks))
		l.branches++
		if do("worktree", "add", "-q", "-b", fmt.Sprintf("b%d", l.branches), dir) {
			l.dir, l.created = dir, map[string]bool{}
		}
	case 13:
		commit()
		dir := filepath.Join(l.top, fmt.Sprintf("shop%d", l.marks))
		if do("clone", "-q", ".", dir) {
			l.dir, l.created, l.stashes = dir, map[string]bool{}, 0
			for branch := range strings.FieldsSeq(l.gitOrDie("for-each-ref", "--format=%(refname:lstrip=3)", "refs/remotes/origin")) {
				_, _ = l.tryGit("branch", "--track", branch, "origin/"+branch) // an error if it is there already
			}
		}
	case 14:
		changed := strings.Fields(l.gitOrDie("diff", "--name-only", "--diff-filter=M"))
		changed = slices.DeleteFunc(changed, func(p string) bool { return strings.HasPrefix(p, ".otelgen/") })
		if len(changed) > 0 {
			p := pick(l.r, changed)
			l.reverted[p] = true
			do("checkout", "-q", "HEAD", "--", p)
		}
	}
}

// stray remembers the files that git has left of commands that it has taken back.
// Otelgen knows them, unless somebody commits them first.
func (l *life) stray() {
	l.strays = map[string]bool{}
	for p := range strings.Lines(l.gitOrDie("ls-files", "--others", "--exclude-standard", "--", ".")) {
		if p = strings.TrimSpace(p); l.created[p] {
			l.strays[p] = true
		} else {
			l.adopted[p] = true
		}
	}
}

// later returns 1 if another branch has a later release than this one, else 0.
func (l *life) later(other string) int {
	ours, _ := l.tryGit("show", "HEAD:.otelgen/spec.yaml")
	theirs, _ := l.tryGit("show", other+":.otelgen/spec.yaml")
	return max(0, strings.Compare(otelgen(theirs), otelgen(ours)))
}

// otelgen returns the version in a Spec.
func otelgen(spec string) string {
	for line := range strings.Lines(spec) {
		if v, ok := strings.CutPrefix(line, "otelgen: "); ok {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// settle resolves the conflicts of git in the source, and takes the conflicts in
// otelgen's record as they are: otelgen mends it.
func (l *life) settle(side int) {
	if l.r.IntN(2) == 0 && l.updated(side) {
		return
	}
	conflicts := map[string]string{}
	for line := range strings.Lines(l.gitOrDie("ls-files", "--unmerged", "--", ".")) {
		info, p, _ := strings.Cut(strings.TrimSpace(line), "\t")
		conflicts[p] += info[len(info)-1:]
	}
	for _, p := range slices.Sorted(maps.Keys(conflicts)) {
		content, err := os.ReadFile(filepath.Join(l.dir, p))
		if stages := conflicts[p]; err == nil && len(stages) == 1 && stages != "1" && stages != []string{"2", "3"}[side] && !mark.Match(content) {
			l.logf("removes %s, which is on the other side only", p)
			l.must(os.Remove(filepath.Join(l.dir, p)))
			continue
		}
		if p == ".otelgen/spec.yaml" || err == nil {
			l.resolveGit(p, side)
			continue
		}
		l.logf("keeps %s deleted", p)
	}
	if len(conflicts) > 0 {
		l.logf("settles %v with side %d", conflicts, side)
	}
	_, _ = l.tryGit("add", "-A")
}

// updated lets an update resolve the conflicts of git, and resolves what is left of
// them. It reports false if the branches contradict each other.
func (l *life) updated(side int) bool {
	if l.run("otelgen update", l.release, nil, 0).status == 2 {
		return false
	}
	for p, content := range l.everything() {
		if strings.Contains(content, "\n=======") || strings.HasPrefix(content, "<<<<<<< ") {
			l.resolveGit(p, side)
		}
	}
	l.gitOrDie("add", "-A")
	return true
}

// ofGit matches what a conflict of git has, and one of otelgen has not.
var ofGit = regexp.MustCompile(`(?m)^(<{7,} ([^y]|y[^o])|>{7,} [^o])`)

// resolveGit resolves the conflicts of git in a file.
func (l *life) resolveGit(p string, side int) {
	content, err := os.ReadFile(filepath.Join(l.dir, p))
	l.must(err)
	if strings.HasPrefix(p, ".otelgen/") && p != ".otelgen/spec.yaml" {
		return
	}
	if path.Base(p) == "go.mod" || path.Base(p) == "go.sum" {
		l.modules = true
	}
	text := string(content)
	if marked.MatchString(text) && !ofGit.MatchString(text) { // otelgen's
		side = 1
	} else if marked.MatchString(text) { // conflicts in conflicts: one side is taken as a whole
		if _, err := l.tryGit("checkout", []string{"--ours", "--theirs"}[side], "--", p); err != nil {
			return // there is no such side
		}
		for _, m := range mark.FindAllString(text, -1) {
			if now := l.read(p); !strings.Contains(now, m) {
				l.write(p, now+strings.TrimSpace(comment(p)+" "+m)+"\n")
			}
		}
		return
	}
	l.write(p, resolved(p, text, side))
}
