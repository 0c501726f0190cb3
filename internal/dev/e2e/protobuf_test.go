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
	t.Parallel()
	catalog := e2e.Catalog(t)
	for feature, plugin := range map[string]string{"grpc": "protoc-gen-go-grpc", "connect": "protoc-gen-connect-go"} {
		t.Run(feature, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "store")
			e2e.New(t, catalog, dir, generator.Spec{Service: "store", Module: "zoo.example/a/store/v2", Features: []string{feature}})
			code := filepath.Join(dir, "proto")
			committed := files(t, code)
			buf := strings.TrimSpace(e2e.Go(t, filepath.Join(dir, "tools", "buf"), "tool", "-n", "buf"))
			for _, arguments := range [][]string{{"lint"}, {"generate"}, {"generate", "--template", "buf.gen." + feature + ".yaml"}} {
				run := exec.CommandContext(t.Context(), buf, arguments...)
				run.Dir = dir
				if out, err := run.CombinedOutput(); err != nil {
					t.Fatalf("buf %v: %v\n%s", arguments, err, out)
				}
			}
			checkGenerated(t, "buf", "files/proto", committed, files(t, code))
			for _, tool := range []string{"buf", plugin} {
				e2e.Go(t, filepath.Join(dir, "tools", tool), "mod", "tidy", "-diff")
			}
		})
	}
}
