package project_test

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"

	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/generator/project"
	"github.com/otelgen/otelgen/internal/dev/releases"
	"github.com/otelgen/otelgen/templates"
)

var (
	attacks = flag.Int("attack.projects", 12, "how many projects TestAttack plays with")
	built   = flag.Uint64("attack.built", 0, "how many of them it builds")
	first   = flag.Uint64("attack.seed", 0, "the seed of the first of them")
)

// TestAttack plays the lives of projects at random, with the real templates in
// three releases. Owners edit, delete and resolve; they update, add and remove,
// and are interrupted; and they use git for whatever it can do in between. After
// each command
//
//   - every line that an owner wrote is still there,
//   - the outcome is the truth: who is told "up to date" has what the templates
//     say, but for the lines of the owner; who is told of a conflict has one; and
//     who is told of an error has what was there before,
//   - a check says what an update then does, and writes nothing.
//
// At the end, after all conflicts are resolved, an update leads to what the
// templates say, and once more to no change at all.
//
// To see what one project goes through:
//
//	go test ./generator/project -run TestAttack -attack.projects 1 -attack.seed N -v
func TestAttack(t *testing.T) {
	isolateGit(t)
	var next, failures, tried atomic.Uint64
	var lives sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		lives.Go(func() {
			for i := next.Add(1); i <= uint64(*attacks) && failures.Load() < 10; i = next.Add(1) {
				build := func() bool { return tried.Add(1) <= *built }
				if !play(t, *first+i-1, build) {
					failures.Add(1)
				}
			}
		})
	}
	lives.Wait()
}

// play plays the life of one project. If it ends with a service that should
// build, and build says so, it builds that.
func play(t *testing.T, seed uint64, build func() bool) (ok bool) {
	l := newLife(t, seed)
	defer func() {
		if r := recover(); r != nil {
			if r != (failed{}) {
				panic(r)
			}
			return
		}
		if *attacks == 1 {
			t.Logf("seed %d:\n%s", seed, strings.Join(l.log, "\n"))
		}
		_ = os.RemoveAll(l.top)
	}()
	l.new()
	for range 8 + l.r.IntN(16) {
		l.step()
	}
	l.end()
	if l.builds() && build() {
		l.build()
	}
	return true
}

// life is that of a project.
type life struct {
	t   *testing.T
	r   *rand.Rand
	log []string // what has happened, for who has to find out why

	seed     uint64
	top, dir string // everything, and the project
	git      bool
	release  int // of otelgen, as far as it has got
	marks    int // how many lines the owner has written
	branches int
	stashes  int

	deleted  map[string]bool   // by the owner, at any time
	reverted map[string]bool   // by the owner, after an update
	strays   map[string]bool   // what git has left of an update that it has taken back
	adopted  map[string]bool   // by the owner, who committed them
	wrote    map[string]bool   // paths that the templates have ever had
	moved    map[string]string // all that the templates have moved
	undoable map[string]string // what undo brings back
	created  map[string]bool   // by commands, in this directory
	modules  bool              // the owner has a say about modules
}

// failed is the panic that ends a life.
type failed struct{}

// fatalf ends a life, and leaves the project for who has to find out why.
func (l *life) fatalf(format string, args ...any) {
	l.t.Errorf("seed %d: %s\nin %s, after\n%s", l.seed, fmt.Sprintf(format, args...), l.dir, strings.Join(l.log, "\n"))
	panic(failed{})
}

func (l *life) logf(format string, args ...any) {
	l.log = append(l.log, "  "+fmt.Sprintf(format, args...))
}

func newLife(t *testing.T, seed uint64) *life {
	top, err := os.MkdirTemp("/dev/shm", "attack") //nolint:usetesting // which knows one place only, and removes what should be looked at
	if err != nil {
		top = t.TempDir()
	}
	return &life{
		t: t, r: rand.New(rand.NewPCG(12, seed)), seed: seed, top: top, dir: filepath.Join(top, "shop"),
		deleted: map[string]bool{}, reverted: map[string]bool{}, adopted: map[string]bool{}, wrote: map[string]bool{}, moved: map[string]string{},
		created: map[string]bool{},
	}
}

// choices are what is added and removed.
var choices = []string{"background", "cors", "accesslog", "auth", "client", "sqlite", "chi", "gin", "stdlib", "plain", "huma"}

func (l *life) new() {
	l.git = l.r.IntN(3) > 0
	spec := generator.Spec{Service: "shop", Module: "example.com/shop"}
	for range l.r.IntN(3) {
		if with, err := catalogs()[0].With(spec, choices[l.r.IntN(len(choices))]); err == nil {
			spec = with
		}
	}
	l.spec(spec)
	if l.git {
		l.gitOrDie("init", "-q", "-b", "main", ".")
		l.gitOrDie("add", "-A")
		l.gitOrDie("commit", "-qm", "new")
	}
}

// spec makes a new project of the first release.
func (l *life) spec(spec generator.Spec) {
	tree, moved := l.render(spec, 0)
	p, err := project.New(l.dir)
	l.must(err)
	plan, err := p.Compare(tree, moved)
	l.must(err)
	l.must(p.Apply(plan))
	l.logf("new %v %v, git %v", spec.Slots, spec.Features, l.git)
}

func (l *life) must(err error) {
	if err != nil {
		l.fatalf("%v", err)
	}
}

// step is one thing that happens.
func (l *life) step() {
	switch n := l.r.IntN(20); {
	case n < 7:
		l.undoable = nil
		l.edit()
	case n < 9:
		l.undoable = nil
		l.resolve()
	case n < 14 || !l.git:
		l.command()
	default:
		l.undoable = nil
		l.useGit()
	}
}

// end brings the project to what the latest templates say.
func (l *life) end() {
	l.logf("the end")
	l.release = latest
	for range 6 {
		o := l.run("otelgen update", l.release, nil, 0)
		// An undo may bring back what was in conflict before an update resolved it.
		if o.status == 2 && !strings.Contains(o.err.Error(), "it is in conflict; resolve that") && !strings.Contains(o.err.Error(), "git has a conflict in it; resolve that") {
			l.fatalf("the last update: %v", o.err)
		}
		if o.status == 0 {
			break
		}
		l.resolveAll()
	}
	before := l.everything()
	o := l.run("otelgen update", l.release, nil, 0)
	if o.status != 0 || !o.plan.Empty() {
		l.fatalf("once more: %v %v", o.err, brief(o.plan))
	}
	if diff := difference(l.everything(), before); diff != "" {
		l.fatalf("once more changes%s", diff)
	}
	for p := range before {
		if strings.HasPrefix(p, ".otelgen/journal") || strings.HasPrefix(p, ".otelgen/tmp") || strings.HasPrefix(p, ".otelgen/pending") {
			l.fatalf("%s is left", p)
		}
	}
}

// builds reports whether the owner has done nothing by which the service can stop
// to compile.
func (l *life) builds() bool {
	all := l.everything()
	spec, err := generator.ParseSpec(generator.SpecFile, []byte(all[generator.SpecFile]), "")
	l.must(err)
	tree, _ := l.render(spec, l.release)
	for p := range l.wrote {
		if _, ok := all[p]; ok && tree[p] == nil {
			return false // it stays, and what it needs may be gone
		}
	}
	return len(l.reverted) == 0
}

// build builds the service, tests included.
func (l *life) build() {
	commands := [][]string{{"vet", "./..."}}
	if l.modules {
		commands = [][]string{{"mod", "tidy"}, {"vet", "./..."}} // as a note has said
	}
	for _, args := range commands {
		cmd := exec.Command("go", args...)
		cmd.Dir, cmd.Env = l.dir, append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
		if !l.modules {
			cmd.Env = append(cmd.Env, "GOFLAGS=-mod=readonly")
		}
		if out, err := cmd.CombinedOutput(); err != nil {
			l.fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	l.logf("builds")
}

// The releases.
const latest = 2

var catalogs = sync.OnceValue(func() (all []*generator.Catalog) {
	for n := range latest + 1 {
		files, err := releases.Later(templates.FS, n)
		if err != nil {
			panic(err)
		}
		catalog, err := generator.Load(files)
		if err != nil {
			panic(err)
		}
		all = append(all, catalog)
	}
	return all
})

// rendering is what the templates of a release say about a Spec.
type rendering struct {
	tree  generator.Tree
	moved map[string]string
	err   error
}

var renderings sync.Map // by release and Spec

func render(spec generator.Spec, release int) rendering {
	key := fmt.Sprint(release, string(spec.YAML()))
	if known, ok := renderings.Load(key); ok {
		return known.(rendering)
	}
	spec.Otelgen = version(release)
	var r rendering
	var selection *generator.Selection
	if selection, r.err = generator.Resolve(catalogs()[release], spec); r.err == nil {
		r.tree, r.err = generator.Render(selection)
		r.moved = selection.Moved()
	}
	renderings.Store(key, r)
	return r
}

func version(release int) string { return fmt.Sprintf("v0.%d.0", release+1) }

// render renders a Spec, and remembers what the project may then hold.
func (l *life) render(spec generator.Spec, release int) (generator.Tree, map[string]string) {
	r := render(spec, release)
	l.must(r.err)
	for p := range r.tree {
		l.wrote[p] = true
	}
	for from, to := range r.moved {
		l.moved[neutral(from)] = neutral(to)
	}
	return r.tree, r.moved
}

// outcome is that of a command.
type outcome struct {
	status int // the exit status
	err    error
	plan   project.Plan
	killed bool

	finished bool // what a killed run had begun
}

// killedRun is the panic that stands for the kill of a run.
type killedRun struct{}

// command lets the owner run a command, and perhaps kills it and has another one
// run next.
func (l *life) command() {
	for {
		if l.r.IntN(3) == 0 {
			l.check()
		}
		kill := 0
		if l.r.IntN(3) == 0 {
			kill = 1 + l.r.IntN(60)
		}
		switch l.r.IntN(8) {
		case 0:
			l.undo(kill)
		case 1:
			service, module := pick(l.r, names), pick(l.r, names)
			l.run(fmt.Sprintf("otelgen rename %s --module example.com/%s", service, module), l.release, renamed(service, "example.com/"+module), kill)
		case 2, 3, 4, 5:
			release := min(latest, l.release+l.r.IntN(2))
			l.run("otelgen update", release, nil, kill)
			l.release = release
		default:
			name := pick(l.r, choices)
			if l.r.IntN(2) == 0 {
				l.run("otelgen add "+name, l.release, with(name), kill)
			} else {
				l.run("otelgen remove "+name, l.release, without(name), kill)
			}
		}
		if kill == 0 {
			return
		}
	}
}

// chooser changes what a service is made of.
type chooser func(*generator.Catalog, generator.Spec) (generator.Spec, error)

func with(name string) chooser {
	return func(c *generator.Catalog, spec generator.Spec) (generator.Spec, error) { return c.With(spec, name) }
}

func without(name string) chooser {
	return func(c *generator.Catalog, spec generator.Spec) (generator.Spec, error) { return c.Without(spec, name) }
}

// names are those that a service and its module may have.
var names = []string{"shop", "store"}

func renamed(service, module string) chooser {
	return func(_ *generator.Catalog, spec generator.Spec) (generator.Spec, error) {
		spec.Service, spec.Module = service, module
		return spec, nil
	}
}

// neutral returns a path as it is whatever the name of the service.
func neutral(p string) string {
	elements := strings.Split(p, "/")
	for i, e := range elements {
		if slices.Contains(names, e) {
			elements[i] = "*"
		}
	}
	return strings.Join(elements, "/")
}

// run runs a command as cmd/otelgen does, kills it before the kill-th change to
// the disk, unless that is 0, and holds it to what it must keep.
func (l *life) run(command string, release int, choose chooser, kill int) outcome {
	before := l.everything()
	o := l.carryOut(command, kill, func(p *project.Project) (project.Plan, error) { return l.plan(p, release, choose) })
	after := l.everything()
	l.logf("%s with release %d: status %d, killed %v, %v %v", command, release, o.status, o.killed, brief(o.plan), o.err)
	l.checkLines(before, after)
	l.modules = l.modules || slices.ContainsFunc(o.plan.Conflicts(), func(c project.Change) bool { return path.Ext(c.Path) == ".go" }) // imports may be on both sides
	for p := range after {
		l.created[p] = l.created[p] || before[p] == ""
	}
	if l.undoable = nil; !o.killed && !o.finished && difference(ofOwner(after), ofOwner(before)) != "" {
		l.undoable = ofOwner(before)
	}
	if o.killed {
		return o
	}
	switch o.status {
	case 2:
		if diff := difference(after, before); diff != "" && !o.finished {
			l.fatalf("%s: %v, and yet changes%s", command, o.err, diff)
		}
	case 1:
		l.checkConflicts(o.plan)
	case 0:
		l.checkDone(release)
	}
	return o
}

// undo takes back what the last command did, which is all of it if nobody did
// anything since. If a conflict is open, it may do so by otelgen update --abort.
func (l *life) undo(kill int) {
	before := l.everything()
	command, abort := "otelgen undo", l.r.IntN(2) == 0
	if abort {
		command = "otelgen update --abort"
	}
	o := l.carryOut(command, kill, func(p *project.Project) (project.Plan, error) {
		if open, err := p.Open(); abort && (err != nil || len(open) == 0) {
			return nil, errors.Join(err, errors.New("no conflict is open"))
		}
		return p.Undo()
	})
	after := l.everything()
	l.logf("%s: status %d, killed %v, %v %v", command, o.status, o.killed, brief(o.plan), o.err)
	l.checkLines(before, after)
	want := l.undoable
	if abort && o.status == 2 && !o.finished {
		want = ofOwner(before)
	}
	if want != nil && !o.killed {
		if diff := difference(ofOwner(after), want); diff != "" {
			l.fatalf("%s: %v, and yet there is%s", command, o.err, diff)
		}
	}
	l.undoable = nil
}

// carryOut begins a command, plans and carries it out.
func (l *life) carryOut(command string, kill int, plan func(*project.Project) (project.Plan, error)) (o outcome) {
	changes := 0
	defer func() {
		switch r := recover(); r {
		case nil:
		case killedRun{}:
			o.killed = true
		default:
			panic(r)
		}
	}()
	p, err := project.BeginWith(l.dir, command, func(said string) { l.logf("%s", said) }, func(string) error {
		if changes++; changes == kill {
			panic(killedRun{})
		}
		return nil
	})
	if err != nil {
		return outcome{status: 2, err: err}
	}
	defer p.Close()
	o.finished = p.Finished != ""
	if o.plan, err = plan(p); err == nil {
		err = p.Apply(o.plan)
	}
	switch {
	case err != nil:
		o.status, o.err = 2, err
	case len(o.plan.Conflicts()) > 0:
		o.status = 1
	}
	return o
}

// plan makes the plan of a command.
func (l *life) plan(p *project.Project, release int, choose chooser) (project.Plan, error) {
	spec, err := p.Spec(generator.SpecFile, version(release))
	if err != nil {
		return nil, err
	}
	if choose != nil && p.Finished != p.Command { // otherwise the choice is made already
		if spec, err = choose(catalogs()[release], spec); err != nil {
			return nil, err
		}
	}
	r := render(spec, release)
	if r.err != nil {
		return nil, r.err
	}
	tree, moved := l.render(spec, release)
	return p.Compare(tree, moved)
}

// check checks the project, which writes nothing, and compares what it says with
// what an update does.
func (l *life) check() {
	before := l.everything()
	p, err := project.Load(l.dir)
	if err != nil {
		l.logf("otelgen check: %v", err)
		return
	}
	plan, err := l.plan(p, l.release, nil)
	if diff := difference(l.everything(), before); diff != "" {
		l.fatalf("otelgen check writes%s", diff)
	}
	l.logf("otelgen check: %v %v", brief(plan), err)
	if err != nil {
		return
	}
	o := l.run("otelgen update", l.release, nil, 0)
	if o.status == 2 {
		l.fatalf("otelgen check says nothing of %v", o.err)
	}
	if diff := difference(ofOwner(l.everything()), ofOwner(before)); diff != "" && plan.Empty() {
		l.fatalf("otelgen check says that all is well, and update then changes%s", diff)
	}
}

// brief returns a plan for the log.
func brief(plan project.Plan) string {
	count := map[project.Action]int{}
	var all []string
	for _, c := range plan {
		switch {
		case c.Action == project.Conflict || c.From != "":
			all = append(all, fmt.Sprintf("%s %s %s (%s)", c.Action, c.From, c.Path, c.Note))
		case c.Matters():
			count[c.Action]++
		}
	}
	return fmt.Sprint(count, all)
}

// mark matches what the owner wrote. Before it there may be the beginning of a
// comment.
var (
	mark      = regexp.MustCompile(`owner-\d+;`)
	ownSuffix = regexp.MustCompile(`\s*(//|#|--)?\s*owner-\d+;.*$`)
)

// marksIn returns what the owner wrote in all files, with where it is.
func marksIn(all map[string]string) map[string]string {
	marks := map[string]string{}
	for p, content := range all {
		if strings.HasPrefix(p, ".otelgen/") || !strings.Contains(content, "owner-") {
			continue
		}
		for _, m := range mark.FindAllString(content, -1) {
			marks[m] = p
		}
	}
	return marks
}

// checkLines checks that no line of the owner is lost.
func (l *life) checkLines(before, after map[string]string) {
	has := marksIn(after)
	for m, p := range marksIn(before) {
		if has[m] == "" {
			l.fatalf("%s, which was in %s, is lost", m, p)
		}
	}
}

// marked matches what a conflict of otelgen looks like.
var marked = regexp.MustCompile(`(?m)^(<<<<<<< yours|>>>>>>> otelgen)\r?$`)

// checkConflicts checks that who is told of a conflict can see it.
func (l *life) checkConflicts(plan project.Plan) {
	all := l.everything()
	unmerged := ""
	if l.git {
		unmerged, _ = l.tryGit("ls-files", "--unmerged", "--", ".")
	}
	for _, c := range plan.Conflicts() {
		if !marked.MatchString(all[c.Path]) && !strings.Contains(unmerged, c.Path) {
			l.fatalf("%s is said to be in conflict (%s), and is not", c.Path, c.Note)
		}
	}
}

// checkDone checks that a project is what the templates of a release say, but
// for what its owner wrote.
func (l *life) checkDone(release int) {
	all := l.everything()
	spec, err := generator.ParseSpec(generator.SpecFile, []byte(all[generator.SpecFile]), version(release))
	l.must(err)
	tree, _ := l.render(spec, release)
	modules := l.modules
	for p := range l.wrote {
		if content, ok := all[p]; ok && tree[p] == nil {
			if !mark.MatchString(content) && !l.follows(l.adopted, p) {
				l.fatalf("%s is left", p)
			}
			modules = true // what it imports stays
		}
	}
	for p, content := range tree {
		disk, ok := all[p]
		switch {
		case p == generator.SpecFile:
		case (path.Base(p) == "go.mod" || path.Base(p) == "go.sum") && modules:
		case !ok && !l.follows(l.deleted, p):
			l.fatalf("%s is missing", p)
		case ok && disk != string(content) && plain(disk) != plain(string(content)) && !l.follows(l.reverted, p):
			l.fatalf("%s is not what the templates say:%s", p, lineDiff(plain(disk), plain(string(content))))
		}
		if strings.Contains(disk, "<<<<<<<") && marked.MatchString(disk) {
			l.fatalf("%s is in conflict, and nothing is said", p)
		}
	}
}

// follows reports whether a file is one of some, or the templates moved one of
// them there.
func (l *life) follows(some map[string]bool, p string) bool {
	to := neutral(p)
	for from := range some {
		from = neutral(from)
		for range len(l.moved) + 1 {
			if from == to {
				return true
			}
			from = l.moved[from]
		}
	}
	return false
}

// plain returns a text without what the owner wrote, and without what a
// formatter may change because of it.
func plain(text string) string {
	var out []string
	for line := range strings.Lines(text) {
		if strings.Contains(line, "owner-") {
			line = ownSuffix.ReplaceAllString(strings.TrimRight(line, "\r\n"), "")
		}
		line = strings.Join(strings.Fields(line), " ")
		if line != "" && line != "//" {
			out = append(out, line)
		}
	}
	return strings.Join(out, "\n")
}

// everything returns all files of the project, content by path.
func (l *life) everything() map[string]string {
	all := map[string]string{}
	err := filepath.WalkDir(l.dir, func(p string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.Name() == ".git":
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case entry.IsDir():
			return nil
		}
		name, _ := filepath.Rel(l.dir, p)
		if name == filepath.Join(".otelgen", "tmp") {
			return nil // what a run that was killed has left, until the next
		}
		content, err := os.ReadFile(p)
		all[filepath.ToSlash(name)] = string(content)
		return err
	})
	l.must(err)
	return all
}

// ofOwner returns what does not belong to otelgen's own records.
func ofOwner(all map[string]string) map[string]string {
	some := map[string]string{}
	for p, content := range all {
		if !strings.HasPrefix(p, ".otelgen/") {
			some[p] = content
		}
	}
	return some
}

// difference tells how two directories differ.
func difference(got, want map[string]string) string {
	var diff strings.Builder
	for p, content := range got {
		if old, ok := want[p]; !ok {
			fmt.Fprintf(&diff, "\n%s, which was not there", p)
		} else if old != content {
			fmt.Fprintf(&diff, "\n%s: %s", p, lineDiff(content, old))
		}
	}
	for p := range want {
		if _, ok := got[p]; !ok {
			fmt.Fprintf(&diff, "\n%s, which is gone", p)
		}
	}
	return diff.String()
}

// lineDiff tells in which lines texts differ, as far as that takes no algorithm.
func lineDiff(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for len(g) > 0 && len(w) > 0 && g[0] == w[0] {
		g, w = g[1:], w[1:]
	}
	for len(g) > 0 && len(w) > 0 && g[len(g)-1] == w[len(w)-1] {
		g, w = g[:len(g)-1], w[:len(w)-1]
	}
	return fmt.Sprintf("\n    is  %q\n    not %q", g[:min(len(g), 12)], w[:min(len(w), 12)])
}

// isolateGit keeps git from the settings of whoever runs the tests.
func isolateGit(t *testing.T) {
	for name, value := range map[string]string{
		"GIT_CONFIG_GLOBAL": os.DevNull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_EDITOR": "true", "GIT_MERGE_AUTOEDIT": "no", "GIT_TERMINAL_PROMPT": "0",
		"GIT_AUTHOR_NAME": "Owner", "GIT_AUTHOR_EMAIL": "owner@example.com", "GIT_COMMITTER_NAME": "Owner", "GIT_COMMITTER_EMAIL": "owner@example.com",
		"GIT_CONFIG_COUNT": "3", "GIT_CONFIG_KEY_0": "gc.auto", "GIT_CONFIG_VALUE_0": "0",
		"GIT_CONFIG_KEY_1": "core.fsync", "GIT_CONFIG_VALUE_1": "none", "GIT_CONFIG_KEY_2": "advice.detachedHead", "GIT_CONFIG_VALUE_2": "false",
	} {
		t.Setenv(name, value)
	}
}

func (l *life) tryGit(args ...string) (string, error) {
	cmd := exec.Command("git", args...)
	cmd.Dir = l.dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (l *life) gitOrDie(args ...string) string {
	out, err := l.tryGit(args...)
	if err != nil {
		l.fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// pick returns one of several things.
func pick[T any](r *rand.Rand, all []T) T { return all[r.IntN(len(all))] }
