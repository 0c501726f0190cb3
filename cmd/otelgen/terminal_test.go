//go:build unix

package main

import (
	"cmp"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/templates"
)

// terminal is otelgen on a terminal with somebody in front of it.
type terminal struct {
	t       *testing.T
	dir     string
	command *exec.Cmd
	tty     *os.File // our end
	screen  vt10x.Terminal

	drained chan struct{} // closed when all that it has written has been read

	mu  sync.Mutex
	raw strings.Builder // all that has been written
}

const (
	up        = "\x1b[A"
	down      = "\x1b[B"
	enter     = "\r"
	esc       = "\x1b"
	ctrlC     = "\x03"
	ctrlD     = "\x04"
	backspace = "\x7f"
)

// onPty starts otelgen in a new directory, on a terminal of 100 columns.
func onPty(t *testing.T, environment []string, args ...string) *terminal {
	t.Helper()
	return startOnPty(t, t.TempDir(), 100, environment, args...)
}

func startOnPty(t *testing.T, dir string, columns int, environment []string, args ...string) *terminal {
	t.Helper()
	const rows = 70
	tt := &terminal{t: t, dir: dir, screen: vt10x.New(vt10x.WithSize(columns, rows)), drained: make(chan struct{})}
	tt.command = exec.Command("otelgen", args...)
	tt.command.Dir = dir
	tt.command.Env = append(os.Environ(), append([]string{
		"TERM=xterm", "CI=", "NO_COLOR=", "ACCESSIBLE=", "GOWORK=off", "GIT_CONFIG_GLOBAL=" + os.DevNull,
	}, environment...)...)
	tty, err := pty.StartWithSize(tt.command, &pty.Winsize{Cols: uint16(columns), Rows: rows})
	if err != nil {
		t.Fatal(err)
	}
	tt.tty = tty
	t.Cleanup(func() {
		_ = tt.command.Process.Kill()
		_ = tty.Close()
	})
	go func() {
		defer close(tt.drained)
		buffer := make([]byte, 4096)
		for {
			n, err := tty.Read(buffer)
			tt.mu.Lock()
			tt.raw.Write(buffer[:n])
			_, _ = tt.screen.Write(buffer[:n])
			tt.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return tt
}

// shows waits until the screen shows a text.
func (tt *terminal) shows(text string) {
	tt.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if strings.Contains(tt.text(), text) {
			return
		}
	}
	tt.t.Fatalf("the screen never shows %q:\n%s", text, tt.text())
}

// text is what is on the screen.
func (tt *terminal) text() string {
	tt.mu.Lock()
	defer tt.mu.Unlock()
	lines := strings.Split(tt.screen.String(), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " ")
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n") + "\n"
}

func (tt *terminal) written() string {
	tt.mu.Lock()
	defer tt.mu.Unlock()
	return tt.raw.String()
}

// types sends keys.
func (tt *terminal) types(keys ...string) {
	tt.t.Helper()
	for _, key := range keys {
		if _, err := io.WriteString(tt.tty, key); err != nil {
			tt.t.Fatal(err)
		}
	}
}

// answers waits for a question, and then types.
func (tt *terminal) answers(question string, keys ...string) {
	tt.t.Helper()
	tt.shows(question)
	time.Sleep(20 * time.Millisecond) // the terminal is still being set
	tt.types(keys...)
}

// ends waits for the end, which must have a status and leave the terminal as it
// was: with a cursor.
func (tt *terminal) ends(status int) {
	tt.t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- tt.command.Wait() }()
	var err error
	select {
	case err = <-ended:
	case <-time.After(20 * time.Second):
		tt.t.Fatalf("it does not end:\n%s", tt.text())
	}
	got := 0
	if exit, failed := errors.AsType[*exec.ExitError](err); failed {
		got = exit.ExitCode()
	}
	<-tt.drained
	if got != status {
		tt.t.Errorf("exit status %d, want %d:\n%s", got, status, tt.text())
	}
	tt.mu.Lock()
	defer tt.mu.Unlock()
	if !tt.screen.CursorVisible() {
		tt.t.Errorf("the cursor is gone")
	}
}

// wroteNothing checks that there is no service.
func (tt *terminal) wroteNothing() {
	tt.t.Helper()
	entries, err := os.ReadDir(tt.dir)
	if err != nil || len(entries) > 0 {
		tt.t.Errorf("there is %v, want nothing (%v)", entries, err)
	}
}

func (tt *terminal) spec(dir string) string {
	tt.t.Helper()
	spec, err := os.ReadFile(filepath.Join(tt.dir, dir, ".otelgen", "spec.yaml"))
	if err != nil {
		tt.t.Fatalf("%v\n%s", err, tt.text())
	}
	return string(spec)
}

// Pressing Enter at every question makes the default service.
func TestTerminal_Defaults(t *testing.T) {
	t.Parallel()
	tt := onPty(t, nil, "new", "--no-git")
	tt.answers("1 of 3: What should it start from?", enter)
	tt.answers("2 of 3: What is the service called?", "shop", enter)
	tt.answers("3 of 3: Is that right?", enter)
	tt.ends(0)
	tt.shows("shop: ")
	tt.shows("otelgen new shop --no-git --preset default --no-input")
	tt.shows("curl localhost:8080/orders")
	if spec := tt.spec("shop"); !strings.Contains(spec, "router: stdlib") {
		t.Errorf("%s", spec)
	}
}

// numbered is a question with its number.
var numbered = regexp.MustCompile(`(?m)(\d+) of \d+: ([^?]+\?)`)

// walk answers every question from the first on: as it says, or else with Enter.
// It returns them.
func (tt *terminal) walk(first int, keys map[string]string) []string {
	tt.t.Helper()
	var asked []string
	for at, deadline := first-1, time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		all := numbered.FindAllStringSubmatch(tt.text(), -1)
		if len(all) == 0 || all[len(all)-1][1] != strconv.Itoa(at+1) {
			if time.Now().After(deadline) {
				tt.t.Fatalf("after %q there is no question:\n%s", asked, tt.text())
			}
			continue
		}
		at++
		question := all[len(all)-1][2]
		asked = append(asked, question)
		time.Sleep(20 * time.Millisecond)
		tt.types(cmp.Or(keys[question], enter))
		if question == "Is that right?" {
			return asked
		}
	}
}

// Every choice has a question, and the command at the end makes the same.
func TestTerminal_EveryQuestion(t *testing.T) {
	t.Parallel()
	tt := onPty(t, nil, "new", "shop", "--no-git")
	asked := tt.walk(1, map[string]string{
		"What should it start from?":                    up + enter, // the last: let me choose
		"Which router serves requests?":                 up + enter,
		"Where does data live?":                         "sqlite" + enter,
		"What does the API need beside its operations?": "cors" + " " + enter,
	})
	tt.ends(0)
	catalog, err := generator.Load(templates.FS)
	if err != nil {
		t.Fatal(err)
	}
	for _, slot := range catalog.Slots {
		if !slices.Contains(asked, slot.Question) {
			t.Errorf("nobody asks %s", slot.Question)
		}
	}
	spec := tt.spec("shop")
	for _, want := range []string{"database: sqlite", "- cors"} {
		if !strings.Contains(spec, want) {
			t.Errorf("%s is not in\n%s", want, spec)
		}
	}
	const begin = "otelgen new shop --no-git --router "
	_, command, found := strings.Cut(tt.text(), begin)
	if !found {
		t.Fatalf("no command:\n%s", tt.text())
	}
	command, _, _ = strings.Cut(command, "--no-input")
	again := exec.Command("sh", "-c", begin+strings.ReplaceAll(command, "\n", "")+" --no-input --dir again")
	again.Dir = tt.dir
	if out, err := again.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if out, err := exec.Command("diff", "-r", filepath.Join(tt.dir, "shop"), filepath.Join(tt.dir, "again")).CombinedOutput(); err != nil {
		t.Errorf("the command makes another service:\n%s", out)
	}
}

// Esc goes back, with the answer that was given, and so does the last question.
func TestTerminal_Back(t *testing.T) {
	t.Parallel()
	tt := onPty(t, nil, "new", "--no-git")
	tt.answers("1 of 3: What should it start from?", esc) // there is nothing before
	tt.answers("1 of 3: What should it start from?", down, down, enter)
	tt.answers("2 of 3: What is the service called?", "shop", enter)
	tt.answers("3 of 3: Is that right?", esc)
	tt.answers("2 of 3: What is the service called? (shop)", esc)
	tt.answers("> minimal", enter)
	tt.answers("2 of 3: What is the service called? (shop)", enter)
	tt.answers("3 of 3: Is that right?", down, enter) // go back
	tt.answers("2 of 3: What is the service called? (shop)", "stock", enter)
	tt.answers("stock: ", enter)
	tt.ends(0)
	if spec := tt.spec("stock"); !strings.Contains(spec, "sample: none") {
		t.Errorf("%s", spec)
	}
}

// At every question one can leave: with a key, or by a signal. Nothing is written.
func TestTerminal_Abort(t *testing.T) {
	t.Parallel()
	reach := []func(*terminal){
		func(tt *terminal) { tt.shows("What should it start from?") },
		func(tt *terminal) {
			tt.answers("What should it start from?", enter)
			tt.shows("What is the service called?")
		},
		func(tt *terminal) {
			tt.answers("What should it start from?", enter)
			tt.answers("What is the service called?", "shop", enter)
			tt.shows("Is that right?")
		},
	}
	leave := map[string]struct {
		how    func(*terminal)
		status int
	}{
		"Ctrl-C":  {func(tt *terminal) { tt.types(ctrlC) }, 130},
		"Ctrl-D":  {func(tt *terminal) { tt.types(ctrlD) }, 2},
		"SIGINT":  {func(tt *terminal) { _ = tt.command.Process.Signal(syscall.SIGINT) }, 130},
		"SIGTERM": {func(tt *terminal) { _ = tt.command.Process.Signal(syscall.SIGTERM) }, 143},
		"SIGHUP":  {func(tt *terminal) { _ = tt.command.Process.Signal(syscall.SIGHUP) }, 129},
	}
	for name, how := range leave {
		for at, reach := range reach {
			for _, environment := range []string{"TERM=xterm", "TERM=dumb"} {
				t.Run(name+string(rune('1'+at))+environment, func(t *testing.T) {
					t.Parallel()
					tt := onPty(t, []string{environment}, "new")
					reach(tt)
					time.Sleep(50 * time.Millisecond)
					how.how(tt)
					tt.ends(how.status)
					tt.shows("nothing has been written")
					if how.status == 130 {
						tt.shows("otelgen: interrupted; ")
					}
					tt.wroteNothing()
				})
			}
		}
	}
	t.Run("stop", func(t *testing.T) {
		t.Parallel()
		tt := onPty(t, nil, "new", "shop")
		tt.answers("What should it start from?", enter)
		tt.answers("Is that right?", up, enter)
		tt.ends(2)
		tt.wroteNothing()
	})
}

// What is typed before a question is there is its answer, not lost.
func TestTerminal_TypedAhead(t *testing.T) {
	t.Parallel()
	tt := onPty(t, nil, "new", "--no-git")
	tt.types(down + down + enter + "shop" + enter + enter)
	tt.ends(0)
	if spec := tt.spec("shop"); !strings.Contains(spec, "sample: none") {
		t.Errorf("%s", spec)
	}
}

// A name that cannot be one is refused at once, and asked for again.
func TestTerminal_Mistakes(t *testing.T) {
	t.Parallel()
	tt := onPty(t, nil, "new", "--no-git")
	tt.answers("What should it start from?", "xyz")
	tt.shows("nothing matches")
	tt.types(enter) // is no answer
	time.Sleep(50 * time.Millisecond)
	tt.types(backspace, backspace, backspace)
	tt.answers("> default", "\x1b[5~", "\x1bx", enter) // keys that mean nothing here
	tt.answers("What is the service called?", "My Shop", enter)
	tt.shows(`service name "My Shop" is not valid: use lower-case letters, digits and hyphens`)
	tt.answers("What is the service called?", "shop", enter)
	tt.answers("Is that right?", enter)
	tt.ends(0)
}

// A narrow terminal, and one that becomes narrow while a question is asked, show
// each option once.
func TestTerminal_Narrow(t *testing.T) {
	t.Parallel()
	for _, resized := range []bool{false, true} {
		columns := uint16(40)
		tt := startOnPty(t, t.TempDir(), 40, nil, "new", "--no-git")
		if resized {
			tt = onPty(t, nil, "new", "--no-git")
			tt.shows("What should it start from?")
			time.Sleep(50 * time.Millisecond)
			tt.mu.Lock()
			tt.screen.Resize(int(columns), 70)
			tt.mu.Unlock()
			if err := pty.Setsize(tt.tty, &pty.Winsize{Cols: columns, Rows: 70}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(100 * time.Millisecond)
		}
		tt.answers("start from?", down, down)
		tt.answers("> minimal", up, up)
		tt.shows("> default")
		for _, option := range []string{"default - ", "full - ", "minimal - ", "let me choose - "} {
			if n := strings.Count(tt.text(), option); n != 1 {
				t.Errorf("resized %v: %q is there %d times:\n%s", resized, option, n, tt.text())
			}
		}
		tt.types(enter)
		tt.answers("called?", "shop", enter)
		tt.answers("right?", enter)
		tt.ends(0)
	}
}

// Without a terminal that can move its cursor, and for those who have a screen
// read to them, questions are lines.
func TestTerminal_Dialog(t *testing.T) {
	t.Parallel()
	for _, environment := range []string{"TERM=dumb", "ACCESSIBLE=1"} {
		tt := onPty(t, []string{environment}, "new", "--no-git")
		tt.answers("Number or name", "9\n")
		tt.shows("no such answer; type a number from 1 to")
		tt.types("let me choose\n")
		tt.answers("What is the service called?", "<\n")
		tt.answers("(let me choose)", "\n")
		for strings.Count(tt.text(), "What is the service called?") < 2 {
			time.Sleep(5 * time.Millisecond)
		}
		tt.types("shop\n")
		tt.walk(3, map[string]string{
			"Which router serves requests?":                 "chi\n",
			"Where does data live?":                         "sqlite\n",
			"What does the API need beside its operations?": "cors\n",
			"Who may call it?":                              "auth\n",
		})
		tt.ends(0)
		spec := tt.spec("shop")
		for _, want := range []string{"database: sqlite", "router: chi", "- auth", "- cors"} {
			if !strings.Contains(spec, want) {
				t.Errorf("%s: %s is not in\n%s", environment, want, spec)
			}
		}
		if strings.Contains(tt.written(), "\x1b") {
			t.Errorf("%s: there is an escape sequence in %q", environment, tt.written())
		}
	}
}

// Colours are for who can see them, and wants to.
func TestTerminal_Colours(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		environment string
		coloured    bool
	}{{"NO_COLOR=", true}, {"NO_COLOR=1", false}} {
		tt := onPty(t, []string{test.environment}, "new", "shop", "--no-git")
		tt.answers("What should it start from?", enter)
		tt.answers("Is that right?", enter)
		tt.ends(0)
		if coloured := strings.Contains(tt.written(), "\x1b[0m") || strings.Contains(tt.written(), ";1m"); coloured != test.coloured {
			t.Errorf("%s: coloured is %v in %q", test.environment, coloured, tt.written())
		}
		diff := startOnPty(t, tt.dir, 100, []string{test.environment}, "diff", "shop", "--with", "cors")
		diff.ends(1)
		for plain, painted := range map[string]string{
			"+package cors": "\x1b[32m+package cors\x1b[0m", "+++ b/shop/go.mod": "\x1b[1m+++ b/shop/go.mod\x1b[0m", "@@ -0,0 +1,": "\x1b[36m@@ -0,0 +1,",
		} {
			if got := diff.written(); !strings.Contains(got, plain) || strings.Contains(got, painted) != test.coloured {
				t.Errorf("%s: %q is not as it should be in %q", test.environment, plain, got)
			}
		}
	}
}

// In a fresh clone the service is made in place, unless somebody says otherwise.
func TestTerminal_InPlace(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "billing")
	if err := os.MkdirAll(filepath.Join(dir, ".git"), 0o755); err != nil {
		t.Fatal(err)
	}
	tt := startOnPty(t, dir, 100, nil, "new", "--no-git")
	tt.answers("What should it start from?", enter)
	tt.answers("What is the service called? (.)", enter)
	tt.answers("Is that right?", enter)
	tt.ends(0)
	if _, err := os.Stat(filepath.Join(dir, "cmd", "billing", "main.go")); err != nil {
		t.Error(err)
	}
}
