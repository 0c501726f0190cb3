package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/otelgen/otelgen/generator"
)

func tryCommand(catalog *generator.Catalog) *cobra.Command {
	o := newOptions{slots: map[string]string{}}
	var keep, untested bool
	cmd := &cobra.Command{
		Use:   "try [NAME]",
		Short: "Make a service in a temporary directory, run it and test it",
		Long: `Make a service in a temporary directory and do what its README says: build it, run it
on a free port, send it the first requests, show their traces, and run its tests. The
directory is removed afterwards.

This needs Go, make, sh and curl. The first build takes a minute or two, to download
and compile modules.`,
		Example: `  otelgen try
  otelgen try --database sqlite --with auth
  otelgen try shop --preset minimal --no-tests --keep`,
		Args:              oneName(catalog),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := noEmptyFlags(cmd.Flags()); err != nil {
				return err
			}
			if o.name = strings.Join(args, ""); o.name == "" && o.spec == "" {
				o.name = "shop"
			}
			out := cmd.OutOrStdout()
			return try(cmd.Context(), cmd.InOrStdin(), catalog, o, keep, &trial{out: out, paint: painterFor(out), tests: !untested})
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	o.addSelectionFlags(cmd, catalog)
	flags.BoolVar(&untested, "no-tests", false, "do not run its tests")
	flags.BoolVar(&keep, "keep", false, "do not remove the directory")
	return cmd
}

// try makes a service in a temporary directory for a trial.
func try(ctx context.Context, in io.Reader, catalog *generator.Catalog, o newOptions, keep bool, t *trial) (err error) {
	if o.spec != "" {
		if err := o.readSpec(catalog, in); err != nil {
			return err
		}
	}
	for _, program := range []string{"go", "make", "sh", "curl"} {
		if _, err := exec.LookPath(program); err != nil {
			return fmt.Errorf("%s: not found on PATH; otelgen try needs go, make, sh and curl", program)
		}
	}
	top, err := os.MkdirTemp("", "otelgen-try-")
	if err != nil {
		return err
	}
	defer func() {
		if _, unmade := os.Stat(t.dir); keep && unmade == nil {
			fmt.Fprintf(t.out, "\n%s is kept\n", t.dir)
			return
		}
		err = errors.Join(err, os.RemoveAll(top))
	}()
	ctx, ended := untilSignal(ctx)
	defer ended()

	n, err := parseName(o.name)
	if err != nil {
		return err
	}
	t.dir = filepath.Join(top, n.service)
	o.dir, o.name = t.dir, n.service
	if n.module != "" {
		o.module = n.module
	}
	began := time.Now()
	done, err := made(catalog, o) //nolint:contextcheck // it takes a moment
	if err != nil {
		return err
	}
	t.step("otelgen new "+n.service, began, done.written()+" written to "+t.dir)
	err = t.run(ctx, n.service, done.Requests)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// made makes a service without a repository.
func made(catalog *generator.Catalog, o newOptions) (report, error) {
	s, err := o.parse(catalog)
	if err := s.compare(catalog, err); err != nil {
		return report{}, err
	}
	if err := s.make(false); err != nil {
		return report{}, err
	}
	return reportOn(s, o), nil
}

// untilSignal returns a context that a signal ends, which is its cause then.
func untilSignal(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		select {
		case s := <-signals:
			number, _ := s.(syscall.Signal) // all of them are
			cancel(interruptedError{number})
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		cancel(nil)
	}
}

// trial does in the directory of a service what its README says, and prints it as
// it would be on a terminal.
type trial struct {
	out   io.Writer
	paint painter
	dir   string
	tests bool
}

// startLimit is how long a service may take to listen after it was built. Its output
// for a request is complete when nothing more has come for as long as silence.
const (
	startLimit = time.Minute
	silence    = 700 * time.Millisecond
)

func (t *trial) run(ctx context.Context, service string, requests []string) error {
	began := time.Now()
	build := t.command(ctx, "go", "build", "-v", "-o", "bin/"+service, "./cmd/"+service)
	if err := t.progress(build); err != nil {
		return err
	}
	t.step("go build ./cmd/"+service, began, "built")

	address, err := freeAddress(ctx)
	if err != nil {
		return err
	}
	var said transcript
	running := t.command(ctx, "make", "--silent", "run")
	running.Env = append(running.Env, "HTTP_ADDR="+address)
	running.Stdout, running.Stderr = &said, &said
	began = time.Now()
	if err := running.Start(); err != nil {
		return err
	}
	exited := make(chan error, 1)
	go func() { exited <- running.Wait() }()
	if err := listens(ctx, address, exited); err != nil {
		return fmt.Errorf("make run: %w\n%s", err, said.next())
	}
	said.wait(ctx)
	t.step("make run", began, "listening")
	fmt.Fprint(t.out, said.next())

	for _, request := range requests {
		began := time.Now()
		here := strings.ReplaceAll(request, "localhost:8080", address)
		answer, err := t.command(ctx, "sh", "-c", strings.Replace(here, "curl ", "curl --silent --show-error ", 1)).CombinedOutput()
		if err != nil {
			err = fmt.Errorf("%s: %w\n%s%s", here, err, answer, said.next())
			return errors.Join(err, terminate(running, exited))
		}
		t.step(here, began, "answered")
		fmt.Fprintln(t.out, strings.TrimSpace(string(answer)))
		said.wait(ctx)
		fmt.Fprint(t.out, said.next())
	}
	if err := terminate(running, exited); err != nil {
		return fmt.Errorf("make run: %w\n%s", err, said.next())
	}
	if !t.tests {
		return nil
	}
	began = time.Now()
	fmt.Fprintln(t.out, t.paint.bold("$ make test"))
	result, err := t.command(ctx, "make", "--silent", "test").CombinedOutput()
	if err != nil {
		return fmt.Errorf("make test: %w\n%s", err, result)
	}
	t.done(began, fmt.Sprintf("the tests of %d packages pass", bytes.Count(result, []byte("ok  \t"))))
	return nil
}

// command returns one that ends with ctx, as by Ctrl-C. It runs in the directory
// of the service.
func (t *trial) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...) //nolint:gosec // the commands are ours, and those of the README
	cmd.Dir = t.dir
	cmd.Env = append(os.Environ(), "GOTMPDIR="+filepath.Dir(t.dir))          // which go leaves full when a signal ends it
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) } // which make passes on
	cmd.WaitDelay = startLimit
	return cmd
}

// progress runs a command that prints a line for each thing that it does, and shows
// the last line on a terminal.
func (t *trial) progress(cmd *exec.Cmd) error {
	pipe, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	var all strings.Builder
	began := time.Now()
	lines := bufio.NewScanner(pipe)
	for n := 1; lines.Scan(); n++ {
		fmt.Fprintln(&all, lines.Text())
		if t.paint {
			fmt.Fprintf(t.out, "\r\x1b[K%s", t.paint.faint(fmt.Sprintf("%3.0f s, package %d: %.60s", time.Since(began).Seconds(), n, lines.Text())))
		}
	}
	if t.paint {
		fmt.Fprint(t.out, "\r\x1b[K")
	}
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, &all)
	}
	return nil
}

// step prints a command that has been run.
func (t *trial) step(command string, began time.Time, result string) {
	fmt.Fprintln(t.out, t.paint.bold("$ "+command))
	t.done(began, result)
}

func (t *trial) done(began time.Time, result string) {
	fmt.Fprintln(t.out, t.paint.faint(fmt.Sprintf("# %s, after %v", result, rounded(time.Since(began)))))
}

// rounded returns d as it is printed.
func rounded(d time.Duration) time.Duration {
	if d < time.Second {
		return d.Round(time.Millisecond)
	}
	return d.Round(100 * time.Millisecond)
}

// freeAddress returns an address that nobody listens on.
func freeAddress(ctx context.Context) (string, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}

// listens waits until somebody listens on address, or the process that should has
// exited.
func listens(ctx context.Context, address string, exited <-chan error) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	for {
		connection, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err == nil {
			return connection.Close()
		}
		select {
		case err := <-exited:
			return fmt.Errorf("the service has ended: %w", err)
		case <-ctx.Done():
			return fmt.Errorf("nothing listens on %s after %v", address, startLimit)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// terminate ends a service, and returns an error if that takes force. It is not an error
// that make reports the signal which ended its command.
func terminate(running *exec.Cmd, exited <-chan error) error {
	if err := running.Cancel(); err != nil {
		return err
	}
	select {
	case <-exited: //nolint:errcheck // make says so when a signal ends what it runs
		return nil
	case <-time.After(startLimit):
		return errors.Join(fmt.Errorf("the service has not ended after %v", startLimit), running.Process.Kill())
	}
}

// transcript is what a process has printed.
type transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
	last time.Time
}

// Write implements io.Writer.
func (o *transcript) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.last = time.Now()
	return o.text.Write(p)
}

// next returns what has been printed since it was called last.
func (o *transcript) next() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	defer o.text.Reset()
	return o.text.String()
}

// wait waits until something has been printed, and nothing more for a while.
func (o *transcript) wait(ctx context.Context) {
	for began := time.Now(); time.Since(began) < 10*silence && ctx.Err() == nil; time.Sleep(silence / 10) {
		o.mu.Lock()
		silent := o.text.Len() > 0 && time.Since(o.last) > silence
		o.mu.Unlock()
		if silent {
			return
		}
	}
}
