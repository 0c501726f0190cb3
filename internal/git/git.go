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
	"strconv"
	"strings"
	"time"
)

// timeout is how long git may take. No command that this package runs needs a network.
const timeout = 30 * time.Second

// repositoryVariables name a repository. Git sets them when it runs a hook or an
// alias, and they would take precedence over the directory that Run is given.
var repositoryVariables = []string{"GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES"}

// Run runs git in a directory and returns what it prints. Its error says what git
// says on stderr.
func Run(dir string, stdin []byte, args ...string) (string, error) {
	name := args[0]
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	// With safecrlf, git would refuse contents that it converts. That is meant for
	// files that the user adds.
	args = append([]string{"-C", dir, "-c", "core.safecrlf=false"}, args...)
	cmd := exec.CommandContext(ctx, "git", args...) //nolint:gosec // the arguments are ours, and no shell interprets them
	cmd.Stdin = bytes.NewReader(stdin)
	cmd.WaitDelay = time.Second // what a hook has started may outlive git, and hold its output open
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return slices.Contains(repositoryVariables, name)
	})
	out, err := cmd.Output()
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil // git itself has ended well, and said all that it had to say
	}
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

// Objects returns the contents of objects, each by its name or by an expression
// such as HEAD:./go.mod. That of an object that is not there is nil. However many
// there are, git runs once.
func Objects(dir string, names []string) ([][]byte, error) {
	if len(names) == 0 {
		return nil, nil
	}
	out, err := Run(dir, []byte(strings.Join(names, "\n")+"\n"), "cat-file", "--batch")
	if err != nil {
		return nil, err
	}
	return parseObjects(out, names)
}

// parseObjects reads what git cat-file --batch prints: for each object a line with
// its name, type and size, or that it is missing; and then its content.
func parseObjects(out string, names []string) ([][]byte, error) {
	contents := make([][]byte, len(names))
	for i, name := range names {
		line, rest, whole := strings.Cut(out, "\n")
		if out = rest; whole && strings.HasSuffix(line, " missing") {
			continue
		}
		size, err := strconv.Atoi(line[strings.LastIndexByte(line, ' ')+1:])
		if err != nil || size < 0 || size >= len(out) {
			return nil, fmt.Errorf("git cat-file %s: its output is cut short or unknown: %q", name, line)
		}
		contents[i], out = []byte(out[:size]), out[size+1:]
	}
	return contents, nil
}
