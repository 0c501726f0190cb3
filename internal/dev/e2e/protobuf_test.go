//go:build matrix

package e2e_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/internal/dev/e2e"
)

// The code of calls that the templates have is what buf makes of their .proto files, in
// the versions that services pin, whatever service and module are called: owners, and their
// CI, make it again. With -update it is written into the templates.
func TestMatrix_Protobuf(t *testing.T) {
	catalog := e2e.Catalog(t)
	dir := filepath.Join(t.TempDir(), "store")
	e2e.New(t, catalog, dir, generator.Spec{Service: "store", Module: "example.org/a/b/store/v2", Features: []string{"grpc"}})
	code := filepath.Join(dir, "proto")
	committed := files(t, code)
	t.Setenv("CGO_ENABLED", "0")
	buf := strings.TrimSpace(e2e.Go(t, filepath.Join(dir, "tools", "buf"), "tool", "-n", "buf"))
	for _, command := range []string{"lint", "generate"} {
		run := exec.CommandContext(t.Context(), buf, command)
		run.Dir = dir
		if out, err := run.CombinedOutput(); err != nil {
			t.Fatalf("buf %s: %v\n%s", command, err, out)
		}
	}
	generated := files(t, code)
	if len(generated) != len(committed) {
		t.Errorf("%d files, and %d before", len(generated), len(committed))
	}
	for name, content := range generated {
		if content == committed[name] {
			continue
		}
		if *update {
			replace(t, "files/proto"+name+".raw", committed[name], content)
			continue
		}
		t.Errorf("%s: buf makes it otherwise; with -update it is written anew", name)
	}
	for _, tool := range []string{"buf", "protoc-gen-go-grpc"} {
		e2e.Go(t, filepath.Join(dir, "tools", tool), "mod", "tidy", "-diff")
	}
}
