package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/otelgen/otelgen/generator"
)

// TestWasm runs the command under Node.js and compares what it prints with what
// the same code renders here, file by file.
func TestWasm(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatalf("%v: Node.js runs what is built with GOOS=js; install it", err)
	}
	wasm := filepath.Join(t.TempDir(), "main.wasm")
	build := exec.Command("go", "build", "-o", wasm, ".")
	build.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	output(t, build)
	goroot := strings.TrimSpace(string(output(t, exec.Command("go", "env", "GOROOT"))))
	run := exec.Command(node, "--stack-size=8192", filepath.Join(goroot, "lib", "wasm", "wasm_exec_node.js"), wasm)
	run.Env = []string{} // wasm_exec.js has little room for variables
	var got generator.Tree
	if err := json.Unmarshal(output(t, run), &got); err != nil {
		t.Fatal(err)
	}

	want, err := render()
	if err != nil {
		t.Fatal(err)
	}
	if want[generator.SpecFile] == nil || len(want) < 10 {
		t.Errorf("%d files: this is no service", len(want))
	}
	for path, content := range want {
		if inTree, ok := got[path]; !ok || !bytes.Equal(inTree, content) {
			t.Errorf("%s: is %q, want %q", path, inTree, content)
		}
	}
	for path := range got {
		if _, ok := want[path]; !ok {
			t.Errorf("%s: is rendered under Node.js only", path)
		}
	}
}

// output returns what a command writes to its standard output.
func output(t *testing.T, cmd *exec.Cmd) []byte {
	t.Helper()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, &stderr)
	}
	return out
}
