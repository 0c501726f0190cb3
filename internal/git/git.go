// Package git runs the user's git, which knows better than any library what
// the user has configured.
package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// patience is how long git may take: it has nothing to do here but with files.
const patience = 30 * time.Second

// elsewhere are the variables by which git, when it runs a hook or an alias,
// says which repository that is for. We mean the one of a directory.
var elsewhere = []string{"GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES"}

// Run runs git in a directory and returns what it prints. An error is of what
// git complains about.
func Run(dir string, stdin []byte, args ...string) (string, error) {
	name := args[0]
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	// safecrlf is about what the user adds, not about what we say that there is.
	args = append([]string{"-C", dir, "-c", "core.safecrlf=false"}, args...)
	cmd := exec.CommandContext(ctx, "git", args...) //nolint:gosec // the words are ours, and no shell reads them
	cmd.Stdin = bytes.NewReader(stdin)
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return slices.Contains(elsewhere, name)
	})
	out, err := cmd.Output()
	if errors.Is(err, exec.ErrNotFound) {
		return "", errors.New("git: not on PATH")
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) && len(exit.Stderr) > 0 {
		err = errors.New(strings.TrimSpace(string(exit.Stderr)))
	}
	if err != nil {
		return "", fmt.Errorf("git %s: %w", name, err)
	}
	return string(out), nil
}
