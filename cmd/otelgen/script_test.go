package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"go.yaml.in/yaml/v4"

	"github.com/otelgen/otelgen/internal/dev/releases"
	"github.com/otelgen/otelgen/templates"
)

// TestMain makes commands of otelgen for scripts: "otelgen" is that of users, and
// "otelgen-0", "otelgen-1" and "otelgen-2" are three releases of it.
func TestMain(m *testing.M) {
	commands := map[string]func(){"otelgen": main, "otelgen-older": otelgenOlder}
	for n := range 3 {
		commands[fmt.Sprintf("otelgen-%d", n)] = func() {
			edited, err := releases.Later(templates.FS, n)
			if err != nil {
				panic(err)
			}
			os.Exit(run(edited, os.Args[1:]))
		}
	}
	testscript.Main(m, commands)
}

// How long a machine may be busy with other things: all scripts together, one
// of which builds a service, and the start of that.
const (
	scriptTimeout = 15 * time.Minute
	startTimeout  = 1 * time.Minute
)

// What a user types, and what they get.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("..", "..", "testdata", "script"),
		Setup:               prepare,
		Deadline:            time.Now().Add(scriptTimeout),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"as-nobody":       asNobody,
			"await":           await,
			"drop-privileges": dropPrivileges,
			"interrupted":     interrupted,
			"killed":          killed,
			"post":            post,
			"shell-of":        shellOf,
			"refused":         refused,
			"differs":         differs,
		},
	})
}

// prepare adds to a script's environment, which is otherwise empty, where the
// go command finds what it needs, and keeps git from the user's settings.
//
//	BIN     the directory of otelgen, to do without anything else on PATH
//	GOLDEN  that of the committed projects
//	SOURCE  that of this repository
//	ADDR    an address to listen on
func prepare(env *testscript.Env) error {
	golden, err := filepath.Abs(filepath.Join("..", "..", "testdata", "golden"))
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer listener.Close()
	env.Setenv("BIN", filepath.SplitList(env.Getenv("PATH"))[0])
	env.Setenv("GOLDEN", golden)
	env.Setenv("SOURCE", filepath.Dir(filepath.Dir(golden)))
	env.Setenv("ADDR", listener.Addr().String())
	env.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	env.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	out, err := exec.Command("go", "env", "-json", "GOCACHE", "GOMODCACHE", "GOPROXY", "GOSUMDB", "GONOSUMDB", "GOTOOLCHAIN").Output()
	if err != nil {
		return err
	}
	settings := map[string]string{}
	if err := json.Unmarshal(out, &settings); err != nil {
		return err
	}
	for name, value := range settings {
		env.Setenv(name, value)
	}
	return nil
}

// subjectFirst is how an error begins: with what it is about, be it a place in a
// file.
var subjectFirst = regexp.MustCompile(`^\S+( [^:]+)?: [^A-Z ]`)

// refused runs a command, which must refuse: exit status 2, no data, on stderr
// nothing but errors as our style has them, and every file as before.
func refused(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: refused program args...")
	}
	before := snapshot(ts, ts.Getenv("WORK"))
	err := ts.Exec(args[0], args[1:]...)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != couldNot {
		ts.Fatalf("%v, want exit status %d", err, couldNot)
	}
	if out := ts.ReadFile("stdout"); out != "" {
		ts.Fatalf("there is something on stdout")
	}
	if err := wellSaid(ts.ReadFile("stderr")); err != nil {
		ts.Fatalf("%v", err)
	}
	if after := snapshot(ts, ts.Getenv("WORK")); !maps.Equal(before, after) {
		ts.Fatalf("files have changed:\nbefore %q\nafter  %q", slices.Sorted(maps.Keys(before)), slices.Sorted(maps.Keys(after)))
	}
}

// differs runs a command, which must say that something differs: exit status 1 without
// an error.
func differs(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: differs program args...")
	}
	err := ts.Exec(args[0], args[1:]...)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != differ {
		ts.Fatalf("%v, want exit status %d", err, differ)
	}
}

// killed kills a command that makes a directory, as kill -9 does, after it has
// written no file, some, nearly all. Each time the directory must be as whole
// as if nobody had killed it, or not there. What is left beside must not be in
// the way of the next, and the last must clean it up.
func killed(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: killed dir program args...")
	}
	const moments = 40
	dir, command := ts.MkAbs(args[0]), args[1:]
	parent := filepath.Dir(dir)
	ts.Check(ts.Exec(command[0], command[1:]...))
	whole := snapshot(ts, dir)
	ts.Check(os.RemoveAll(dir))
	clean := snapshot(ts, parent)

	interrupted := 0
	for moment := range moments {
		killAfter(ts, parent, len(clean)+len(whole)*moment/moments, command)
		switch got := snapshot(ts, dir); {
		case len(got) == 0 && !maps.Equal(snapshot(ts, parent), clean):
			interrupted++
		case len(got) > 0 && !maps.Equal(got, whole):
			ts.Fatalf("killed, it left a part: %d of %d files", len(got), len(whole))
		}
		ts.Check(os.RemoveAll(dir))
	}
	ts.Logf("killed %d times, %d times while it wrote", moments, interrupted)
	if interrupted < moments/4 {
		ts.Fatalf("it has hardly ever been killed while it wrote, so this shows nothing")
	}
	ts.Check(ts.Exec(command[0], command[1:]...))
	ts.Check(os.RemoveAll(dir))
	if !maps.Equal(snapshot(ts, parent), clean) {
		ts.Fatalf("the last did not clean up after those that were killed")
	}
}

// killAfter runs a command and kills it once there are more than n files in a
// directory.
func killAfter(ts *testscript.TestScript, dir string, n int, command []string) {
	cmd := exec.Command(filepath.Join(ts.Getenv("BIN"), command[0]), command[1:]...)
	cmd.Dir = ts.MkAbs(".")
	killOnce(ts, cmd, func() bool { return len(names(dir)) > n })
}

// killOnce runs a command and kills it once a condition holds, unless it ends
// before.
func killOnce(ts *testscript.TestScript, cmd *exec.Cmd, holds func() bool) {
	ts.Check(cmd.Start())
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // it is killed, or was faster
		close(ended)
	}()
	for !holds() {
		select {
		case <-ended:
			return
		default:
		}
	}
	_ = cmd.Process.Kill()
	<-ended
}

// interrupted runs a command on the service in the current directory, and kills
// it as kill -9 does when it has begun to change that, and has not ended.
func interrupted(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: interrupted program args...")
	}
	const attempts = 20
	dir := ts.MkAbs(".")
	journal := filepath.Join(dir, ".otelgen", "journal")
	for range attempts {
		before := filepath.Join(ts.Getenv("WORK"), ".tmp", "before")
		ts.Check(os.CopyFS(before, os.DirFS(dir)))
		cmd := exec.Command(filepath.Join(ts.Getenv("BIN"), args[0]), args[1:]...)
		cmd.Dir = dir
		killOnce(ts, cmd, func() bool { return exists(journal) })
		if exists(journal) {
			ts.Check(os.RemoveAll(before))
			return
		}
		ts.Check(os.RemoveAll(dir))
		ts.Check(os.Rename(before, dir))
	}
	ts.Fatalf("it always ends before it can be killed")
}

// names returns the files below a directory while somebody may write there.
func names(dir string) []string {
	var all []string
	_ = filepath.WalkDir(dir, func(p string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			all = append(all, p)
		}
		return nil
	})
	return all
}

// snapshot returns what is below a directory: contents of files, targets of
// links. What the test itself keeps there does not count.
func snapshot(ts *testscript.TestScript, dir string) map[string]string {
	all, err := contents(dir)
	ts.Check(err)
	return all
}

func contents(dir string) (map[string]string, error) {
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, entry fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist) && p == dir:
			return nil
		case err != nil:
			return err
		case entry.IsDir() && entry.Name() == ".tmp":
			return fs.SkipDir
		case entry.IsDir():
			all[p] = "a directory"
			return nil
		case entry.Type()&fs.ModeSymlink != 0:
			all[p], err = os.Readlink(p)
			return err
		}
		content, err := os.ReadFile(p)
		all[p] = string(content)
		return err
	})
	return all, err
}

// shellOf writes the shell script that a workflow has at a path of keys into a file.
func shellOf(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: shell-of workflow file key...")
	}
	var at any
	ts.Check(yaml.Unmarshal([]byte(ts.ReadFile(args[0])), &at))
	for _, key := range args[2:] {
		switch value := at.(type) {
		case map[string]any:
			at = value[key]
		case []any: // of which it is the last
			at = value[len(value)-1]
		}
	}
	script, ok := at.(string)
	if !ok {
		ts.Fatalf("%s: no script is at %q", args[0], args[2:])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(script), 0o644))
}

// await waits until a URL answers 200.
func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: await url")
	}
	for deadline := time.Now().Add(startTimeout); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if response, err := http.Get(args[0]); err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return
			}
		}
	}
	ts.Fatalf("%s does not answer", args[0])
}

// post posts a file of JSON, and prints status and answer.
func post(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: post url file")
	}
	response, err := http.Post(args[0], "application/json", bytes.NewReader([]byte(ts.ReadFile(args[1]))))
	ts.Check(err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	ts.Check(err)
	ts.Logf("%s\n%s", response.Status, body)
	if response.StatusCode >= http.StatusBadRequest {
		ts.Fatalf("refused")
	}
}
