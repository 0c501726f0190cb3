//go:build unix

// Command firstminute follows README.md as a stranger does: in a shell on a
// terminal, with an empty home directory and empty caches, from the installation
// to the first trace. It prints when each step was done.
//
//	go run ./internal/dev/firstminute [-dir DIR] [-clone URL]
//
// It takes about 2 GB in DIR, which it removes afterwards, and port 8080.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/creack/pty"
)

func main() {
	dir := flag.String("dir", "", "where to work (default: a temporary directory)")
	clone := flag.String("clone", ".", "what to clone in the place of the repository on GitHub")
	flag.Parse()
	if err := follow(context.Background(), *dir, *clone); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// stepTimeout is how long one step may take: the first downloads and compiles.
const stepTimeout = 15 * time.Minute

func follow(ctx context.Context, parent, clone string) (err error) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		return err
	}
	install, run, request, err := steps(string(readme))
	if err != nil {
		return err
	}
	if clone, err = filepath.Abs(clone); err != nil {
		return err
	}
	home, err := os.MkdirTemp(parent, "firstminute-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(home)) }()

	began := time.Now()
	done := func(step string) { fmt.Printf("%6.1f s  %s\n", time.Since(began).Seconds(), step) }
	s, err := start(ctx, home, environment(home, clone))
	if err != nil {
		return err
	}
	defer s.end()
	for _, step := range []struct{ what, commands, shows string }{
		{"installed", install + "echo installed: $?\n", "installed: 0"},
		{"made, and listening", run, "msg=listening"},
	} {
		if err := s.types(step.commands, step.shows); err != nil {
			return err
		}
		done(step.what)
	}
	curl := exec.CommandContext(ctx, "sh", "-c", request) //nolint:gosec // it is what our README says
	answer, err := curl.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", request, err, answer)
	}
	if err := s.types("", "└─"); err != nil {
		return err
	}
	done("first trace")
	return nil
}

// steps returns what the README says to type: to install otelgen, to make a service
// and run it, and to send it a request.
func steps(readme string) (install, run, request string, err error) {
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(readme, -1) {
		switch commands := block[1]; {
		case install == "" && strings.Contains(commands, "git clone"):
			install = commands
		case run == "" && strings.HasPrefix(commands, "otelgen new"):
			run = commands
		case request == "" && strings.HasPrefix(commands, "curl"):
			request = commands
		}
	}
	if install == "" || run == "" || request == "" {
		err = errors.New("README.md: the commands to install, to run and to send a request are not all there")
	}
	return install, run, request, err
}

// environment is that of somebody who has just got an account, except for what the
// network takes. The repository is a clone of ours.
func environment(home, clone string) []string {
	all := []string{
		"HOME=" + home, "TERM=xterm", "PS1=$ ", "GOFLAGS=-modcacherw", // so that the module cache can be removed
		"PATH=" + filepath.Join(home, "go", "bin") + string(filepath.ListSeparator) + os.Getenv("PATH"),
		"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=url." + clone + ".insteadOf", "GIT_CONFIG_VALUE_0=https://github.com/otelgen/otelgen",
	}
	for _, name := range []string{"GOPROXY", "GOSUMDB", "GONOSUMDB", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "SSL_CERT_FILE"} {
		if value, ok := os.LookupEnv(name); ok {
			all = append(all, name+"="+value)
		}
	}
	return all
}

// shell is one on a terminal.
type shell struct {
	command *exec.Cmd
	tty     *os.File

	mu   sync.Mutex
	text strings.Builder // what it has shown since somebody typed
}

func start(ctx context.Context, home string, environment []string) (*shell, error) {
	s := &shell{command: exec.CommandContext(ctx, "bash", "--norc", "-i")}
	s.command.Dir, s.command.Env = home, environment
	tty, err := pty.StartWithSize(s.command, &pty.Winsize{Cols: 200, Rows: 50})
	if err != nil {
		return nil, err
	}
	s.tty = tty
	go func() {
		buffer := make([]byte, 4096)
		for {
			n, err := tty.Read(buffer)
			if err != nil {
				return
			}
			s.mu.Lock()
			s.text.Write(buffer[:n])
			s.mu.Unlock()
		}
	}()
	return s, nil
}

// types types commands, if any, and waits until the shell shows a text.
func (s *shell) types(commands, shows string) error {
	if commands != "" {
		s.mu.Lock()
		s.text.Reset()
		s.mu.Unlock()
		if _, err := s.tty.WriteString(commands); err != nil {
			return err
		}
	}
	for deadline := time.Now().Add(stepTimeout); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if strings.Contains(s.shown(), shows) {
			return nil
		}
	}
	return fmt.Errorf("the terminal never shows %q:\n%s", shows, s.shown())
}

func (s *shell) shown() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// end ends what runs in the shell, as Ctrl-C does, and the shell.
func (s *shell) end() {
	_, _ = s.tty.WriteString("\x03")
	time.Sleep(time.Second)
	_, _ = s.tty.WriteString("exit\n")
	ended := make(chan struct{})
	go func() { _ = s.command.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		_ = s.command.Process.Kill()
	}
	_ = s.tty.Close()
}
