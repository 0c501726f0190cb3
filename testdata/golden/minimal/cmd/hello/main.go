// Command hello is the service. Its environment configures it: see .env.example.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"example.com/hello/internal/config"
	"example.com/hello/internal/telemetry"
)

// A command is a subcommand of hello.
type command struct {
	name, summary string
	run           runner
}

type runner func(ctx context.Context, cfg config.Config, stdout, stderr io.Writer) error

// commands are the subcommands. The first is the default.
var commands = []command{
	{"serve", "serve until SIGINT, SIGTERM or SIGHUP (the default)", instrumented(serve)},
	{"healthcheck", "ask a running hello on this machine whether it is ready", healthcheck},
}

// version is set by the build of the image, which has no repository to read it from.
var version string

func main() { os.Exit(run(os.Args[1:], os.Environ(), os.Stdout, os.Stderr)) }

// run is main, with its inputs and outputs as arguments. It returns the exit status:
// 1 after a failure, 2 for wrong usage or configuration.
func run(args, environment []string, stdout, stderr io.Writer) int {
	name := cmp.Or(strings.Join(args, " "), commands[0].name)
	i := slices.IndexFunc(commands, func(c command) bool { return c.name == name })
	if i < 0 {
		fmt.Fprint(stderr, "usage: hello [command]\n\n")
		for _, c := range commands {
			fmt.Fprintf(stderr, "  %-15s %s\n", c.name, c.summary)
		}
		return 2
	}
	cfg, err := config.Load(environment)
	if err != nil {
		fmt.Fprintln(stderr, errors.Join(append(cfg.Misspelt, err)...))
		return 2
	}
	signal.Ignore(syscall.SIGPIPE) // the end of the reader of its log must not end the service
	ctx, stop := signal.NotifyContext(context.Background(), stopSignals()...)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	if err := commands[i].run(ctx, cfg, stdout, stderr); err != nil {
		fmt.Fprintf(stderr, "hello: %v\n", err)
		return 1
	}
	return 0
}

// stopSignals returns the signals that shut the service down. SIGHUP is sent when a
// terminal closes, and by some supervisors. A signal that was ignored when the
// process started, as by nohup, remains ignored.
func stopSignals() []os.Signal {
	return slices.DeleteFunc([]os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP}, signal.Ignored)
}

// lastExport is how long the export of the remaining telemetry may take.
const lastExport = 5 * time.Second

// instrumented wraps a command in telemetry, which starts before it and ends after it.
func instrumented(run func(context.Context, config.Config, *slog.Logger) error) runner {
	return func(ctx context.Context, cfg config.Config, stdout, stderr io.Writer) error {
		service := telemetry.Service{Name: "hello", Environment: cfg.Environment, Development: cfg.Development()}
		info, _ := debug.ReadBuildInfo()
		service.Version, service.Revision = buildVersion(version, info)
		t, err := telemetry.Start(ctx, cfg.Telemetry, cfg.Log, service, stdout, stderr)
		if err != nil {
			return err
		}
		defer func() {
			if err := t.Shutdown(ctx, lastExport); err != nil {
				fmt.Fprintf(stderr, "hello: telemetry: %v\n", err)
			}
		}()
		for _, err := range append(cfg.Misspelt, cfg.Ignored...) {
			t.Logger().WarnContext(ctx, "variable ignored", "error", err)
		}
		if err = run(ctx, cfg, t.Logger()); err != nil {
			t.Logger().ErrorContext(ctx, "failed", "error", err) // stderr may be lost
		}
		return err
	}
}

// healthcheck is the HEALTHCHECK of the image, which has no curl.
func healthcheck(ctx context.Context, cfg config.Config, _, _ io.Writer) error {
	host, port, _ := net.SplitHostPort(cfg.HTTP.ListenAddress()) // it has been validated
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	ready := &url.URL{Scheme: "http", Host: net.JoinHostPort(cmp.Or(host, "localhost"), port), Path: "/readyz"}
	request := (&http.Request{Method: http.MethodGet, URL: ready, Header: http.Header{}}).WithContext(ctx)
	response, err := new(http.Transport).RoundTrip(request) // the default client would use HTTP_PROXY
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", ready, response.Status)
	}
	return nil
}

// buildVersion returns the version of a build, unless it was given one, and the revision
// of its source.
func buildVersion(given string, info *debug.BuildInfo) (v, revision string) {
	info = cmp.Or(info, &debug.BuildInfo{}) // nil if the program has none
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			revision = setting.Value
		}
	}
	return cmp.Or(given, info.Main.Version, "unknown"), revision
}
