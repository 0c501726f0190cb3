package e2e_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/otelgen/otelgen/internal/dev/e2e"
)

// The tests of a service pass whatever the shell exports, be it meant for this
// service or for other programs.
func TestDefault_TestsIgnoreTheEnvironment(t *testing.T) {
	project := filepath.Join(e2e.Root(t), "testdata", "golden", "default")
	example, err := os.ReadFile(filepath.Join(project, ".env.example"))
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile(`(?m)^#?([A-Z][A-Z0-9_]*)=`).FindAllStringSubmatch(string(example), -1)
	if len(names) < 50 {
		t.Fatalf("%d variables in .env.example", len(names))
	}
	for _, match := range names {
		value := "bogus"
		switch name := match[1]; {
		case strings.Contains(name, "LIMIT"):
			value = "1"
		case strings.HasSuffix(name, "SAMPLER"):
			value = "always_off"
		case strings.HasSuffix(name, "EXPORTER"):
			value = "none"
		case strings.HasSuffix(name, "ENDPOINT"):
			value = "http://127.0.0.1:1"
		}
		t.Setenv(match[1], value)
	}
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	e2e.Go(t, project, "test", "-count=1", "./...")
}
