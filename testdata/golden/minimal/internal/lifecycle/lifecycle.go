// Package lifecycle runs the parts of the service together: it starts them,
// says whether they are ready, and stops them in the right order.
package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Config is what the environment says about stopping.
type Config struct {
	// Grace is how long the service goes on as before after it was told to
	// stop, but reports itself unready: load balancers need a moment to see it.
	Grace time.Duration `env:"SHUTDOWN_GRACE" envDefault:"5s"`
	// Timeout is how long the parts may take to end after that.
	Timeout time.Duration `env:"SHUTDOWN_TIMEOUT" envDefault:"15s"`
	// CheckTimeout is how long a readiness check may take.
	CheckTimeout time.Duration `env:"READINESS_TIMEOUT" envDefault:"2s"`
}

// Validate returns every problem of c, joined.
func (c Config) Validate() error {
	var problems []error
	if c.Grace < 0 {
		problems = append(problems, fmt.Errorf("SHUTDOWN_GRACE: %v is negative", c.Grace))
	}
	for name, d := range map[string]time.Duration{"SHUTDOWN_TIMEOUT": c.Timeout, "READINESS_TIMEOUT": c.CheckTimeout} {
		if d <= 0 {
			problems = append(problems, fmt.Errorf("%s: %v is not a positive duration", name, d))
		}
	}
	return errors.Join(problems...)
}

// Group is the parts of a service, added in the order in which they were
// built: a part comes after those that it needs, and ends before them.
type Group struct {
	cfg    Config
	log    *slog.Logger
	runs   []part
	closes []part
	checks map[string]func(context.Context) error
	phase  atomic.Int32
}

type part struct {
	name string
	f    func(context.Context) error
}

// lastMoment is how long a part may go on after its context has ended.
const lastMoment = time.Second

// do calls f, and leaves it behind if it does not heed the end of its context
// within so much time.
func (p part) do(ctx context.Context, more time.Duration) error {
	done := make(chan error, 1)
	go func() { done <- p.f(ctx) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-done:
		return err
	case <-time.After(more):
		return errors.New("did not end")
	}
}

const (
	building int32 = iota
	serving
	ending
)

// NewGroup returns a group without parts.
func NewGroup(cfg Config, log *slog.Logger) *Group {
	return &Group{cfg: cfg, log: log, checks: map[string]func(context.Context) error{}}
}

// OnRun adds work that goes on for as long as the service runs. f returns when
// its part is closed; its context ends only when the time for that is over. If
// f returns an error, the service ends.
func (g *Group) OnRun(name string, f func(context.Context) error) {
	g.runs = append(g.runs, part{name, f})
}

// OnClose adds the end of a part. f finishes what is under way, as long as its
// context lasts, and releases what the part holds.
func (g *Group) OnClose(name string, f func(context.Context) error) {
	g.closes = append(g.closes, part{name, f})
}

// OnCheck adds a condition of being ready: f returns what is wrong.
func (g *Group) OnCheck(name string, f func(context.Context) error) {
	g.checks[name] = f
}

// Started tells whether all parts have been started.
func (g *Group) Started() bool { return g.phase.Load() != building }

// Check returns the state of every dependency by name, and whether the service
// can take requests: it has started, is not ending, and every check passed.
func (g *Group) Check(ctx context.Context) (states map[string]error, ready bool) {
	ctx, cancel := context.WithTimeout(ctx, g.cfg.CheckTimeout)
	defer cancel()
	var wait sync.WaitGroup
	var mu sync.Mutex
	states = make(map[string]error, len(g.checks))
	for name, check := range g.checks {
		wait.Go(func() {
			err := part{name, check}.do(ctx, 0) // a probe has no more patience than the check
			mu.Lock()
			defer mu.Unlock()
			states[name] = err
		})
	}
	wait.Wait()
	failed := slices.ContainsFunc(slices.Collect(maps.Values(states)), func(err error) bool { return err != nil })
	return states, !failed && g.phase.Load() == serving
}

// Run starts all parts and waits until ctx ends or one of them fails. Then it
// ends them: unready first, then a moment of grace, then one part after the
// other, the last built first.
func (g *Group) Run(ctx context.Context) error {
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	failed := make(chan error, len(g.runs))
	var wait sync.WaitGroup
	for _, run := range g.runs {
		wait.Go(func() {
			if err := run.do(running, lastMoment); err != nil {
				failed <- fmt.Errorf("%s: %w", run.name, err)
			}
		})
	}
	g.phase.Store(serving)

	var problems []error
	select {
	case err := <-failed:
		problems = append(problems, err)
	case <-ctx.Done():
		g.log.InfoContext(ctx, "stopping", "reason", context.Cause(ctx), "grace", g.cfg.Grace.String())
		g.phase.Store(ending)
		select {
		case <-time.After(g.cfg.Grace):
		case err := <-failed:
			problems = append(problems, err)
		}
	}
	problems = append(problems, g.Close(ctx))
	stop() // for whatever did not end in time
	wait.Wait()
	close(failed)
	for err := range failed {
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}

// Close ends all parts, the last built first. It is for the parts of a service
// that could not be built to its end; Run calls it by itself. ctx may be over:
// only its values are used.
func (g *Group) Close(ctx context.Context) error {
	g.phase.Store(ending)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), g.cfg.Timeout)
	defer cancel()
	var problems []error
	for _, part := range slices.Backward(g.closes) {
		if err := part.do(ctx, lastMoment); err != nil {
			problems = append(problems, fmt.Errorf("closing %s: %w", part.name, err))
		}
	}
	g.closes = nil
	return errors.Join(problems...)
}
