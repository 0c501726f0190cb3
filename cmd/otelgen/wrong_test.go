package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var rewrite = flag.Bool("update", false, "write what tests compare with anew: testdata/wrong.txt, docs")

// Each command of testdata/wrong.txt is refused with the message below it, which
// is for somebody who sees otelgen for the first time, and changes no file.
func TestWrong(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("the commands are those of a shell")
	}
	file := filepath.Join("..", "..", "testdata", "wrong.txt")
	corpus, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	dir, commands := "", 0
	for line := range strings.Lines(string(corpus)) {
		place, in := strings.CutPrefix(line, "in ")
		command, typed := strings.CutPrefix(line, "$ ")
		switch {
		case in:
			dir = fixture(t, strings.TrimSpace(place))
			got.WriteString(line)
		case typed:
			commands++
			got.WriteString(line + refusal(t, dir, strings.TrimSpace(command)))
		case strings.HasPrefix(line, "#") || line == "\n":
			got.WriteString(line)
		}
	}
	if commands < 150 {
		t.Errorf("there are %d commands, want at least 150", commands)
	}
	switch {
	case *rewrite:
		if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	case got.String() != string(corpus):
		t.Errorf("messages have changed; look at them after: go test ./cmd/otelgen -run Wrong -update\n%s", firstDifference(string(corpus), got.String()))
	}
}

// fixture makes the surroundings of commands, by the name that the corpus gives
// them.
func fixture(t *testing.T, name string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "store")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	script := map[string]string{
		"an empty directory": ``,
		"a directory with files": `mkdir -p full services; echo x >full/main.go; echo x >file
			printf 'module example.com/other\n' >services/go.mod
			otelgen new ./many/stock --module example.com/stock --no-git --preset minimal 2>/dev/null`,
		"a service": `otelgen new shop --dir . --no-git --preset minimal 2>/dev/null`,
		"a service whose record is damaged": `for name in syntax tab key twice list type slot value feature empty name null alias comment documents quote at; do
			otelgen new shop --dir $name --no-git --preset minimal 2>/dev/null; done
			cd syntax/.otelgen && printf 'service: shop\nmodule: [shop\n' >spec.yaml && cd ../..
			cd tab/.otelgen && printf 'service: shop\nslots:\n\trouter: gin\n' >spec.yaml && cd ../..
			cd key/.otelgen && sed -i s/service:/servce:/ spec.yaml && cd ../..
			cd twice/.otelgen && printf 'service: shop\nservice: stock\nmodule: shop\n' >spec.yaml && cd ../..
			cd list/.otelgen && printf -- '- shop\n- stock\n' >spec.yaml && cd ../..
			cd type/.otelgen && printf 'service: shop\nmodule: shop\nfeatures: auth\n' >spec.yaml && cd ../..
			cd slot/.otelgen && sed -i 's/router:/ruoter:/' spec.yaml && cd ../..
			cd value/.otelgen && sed -i 's/router: .*/router: fiber/' spec.yaml && cd ../..
			cd feature/.otelgen && printf 'features:\n- auht\n' >>spec.yaml && cd ../..
			cd empty/.otelgen && : >spec.yaml && cd ../..
			cd name/.otelgen && sed -i 's/^service: .*/service: My Shop/' spec.yaml && cd ../..
			cd null/.otelgen && sed -i 's/^module: .*/module:/' spec.yaml && cd ../..
			cd alias/.otelgen && printf 'service: &a shop\nmodule: *a\n' >spec.yaml && cd ../..
			cd comment/.otelgen && echo '# service: shop' >spec.yaml && cd ../..
			cd documents/.otelgen && printf -- '---\nservice: stock\n' >>spec.yaml && cd ../..
			cd quote/.otelgen && printf 'service: "shop\nmodule: shop\n' >spec.yaml && cd ../..
			cd at/.otelgen && printf 'service: shop\nmodule: @acme/shop\n' >spec.yaml && cd ../..`,
	}
	commands, known := script[name]
	if !known {
		t.Fatalf("the corpus is in %s, which nobody makes", name)
	}
	cmd := exec.Command("sh", "-ec", commands)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return dir
}

// refusal runs a command that must refuse, and returns the message.
func refusal(t *testing.T, dir, command string) string {
	t.Helper()
	before := filesIn(t, dir)
	cmd := exec.Command("sh", "-c", command)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME=/home/ada", "GIT_CONFIG_GLOBAL="+os.DevNull, "GOWORK=")
	var out, message bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &message
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case !errors.As(err, &exit) || exit.ExitCode() != couldNot:
		t.Errorf("%s: %v, want exit status %d\n%s", command, err, couldNot, message.String())
	case out.Len() > 0:
		t.Errorf("%s: there is something on stdout", command)
	}
	if err := wellSaid(message.String()); err != nil {
		t.Errorf("%s: %v", command, err)
	}
	if after := filesIn(t, dir); !maps.Equal(before, after) {
		t.Errorf("%s: files have changed: there are %d, were %d", command, len(after), len(before))
	}
	return choices.ReplaceAllString(message.String(), "choose ... or ...")
}

// choices is a list of all that there is to choose from.
var choices = regexp.MustCompile(`choose [a-z][a-z0-9, -]* or [a-z0-9-]+`)

// wellSaid tells what is wrong with the form of errors: each is one line that
// begins with its subject.
func wellSaid(errs string) error {
	for line := range strings.Lines(errs) {
		if !subjectFirst.MatchString(line) && !strings.HasPrefix(line, "cannot ") && !strings.Contains(line, " is ") {
			return fmt.Errorf("%q does not name its subject first", line)
		}
	}
	if errs == "" || strings.Contains(errs, "failed to") || strings.Contains(errs, "Usage:") {
		return fmt.Errorf("%q is not the way to say it", errs)
	}
	return nil
}

func filesIn(t *testing.T, dir string) map[string]string {
	t.Helper()
	files, err := contents(dir)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func firstDifference(want, got string) string {
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("line %d:\nwant %s\ngot  %s", i+1, a[i], b[i])
		}
	}
	return "one of them is longer"
}
