package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What docs/getting-started.md says to type works as it stands there, one command
// after the other, for somebody who has done what the README says. What make does is
// tried with the README.
func TestGettingStarted(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("the commands are those of a shell")
	}
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "getting-started.md"))
	if err != nil {
		t.Fatal(err)
	}
	commands := []string{"otelgen new shop --no-input"}
	language := "" // of the block that a line is in
	for line := range strings.Lines(string(page)) {
		line = strings.TrimRight(line, "\n")
		typed, prompted := strings.CutPrefix(line, "$ ")
		switch {
		case strings.HasPrefix(line, "```"):
			language = line[len("```"):]
		case strings.Contains(line, "make "):
		case language == "sh", language == "console" && prompted:
			commands = append(commands, typed)
		}
	}
	if len(commands) < 15 {
		t.Errorf("there are only the commands %q", commands)
	}
	cmd := exec.Command("sh", "-exc", strings.Join(commands, "\n"))
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "GOWORK=", "GIT_CONFIG_GLOBAL="+os.DevNull,
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.com")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
