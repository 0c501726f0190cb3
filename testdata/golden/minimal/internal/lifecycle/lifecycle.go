// Package lifecycle runs the parts of the service together: it starts them,
// says whether they are ready, and stops them in the right order.
package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"runtime/debug"
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
	checks map[string]*check
	phase  atomic.Int32
}

type part struct {
	name string
	f    func(context.Context) error
}

// call calls f and turns a panic into an error, which it logs with its stack:
// the service can still end in good order.
func (g *Group) call(ctx context.Context, p part) (err error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			err = fmt.Errorf("panic: %v", panicked)
			g.log.ErrorContext(ctx, "panic", "part", p.name, "error", err, "stack", string(debug.Stack()))
		}
	}()
	return p.f(ctx)
}

// overtime is how long a part may go on after its context has ended.
const overtime = time.Second

// do calls a part, and leaves it behind if it has not ended overtime after its
// context.
func (g *Group) do(ctx context.Context, p part) error {
	done := make(chan error, 1)
	go func() { done <- g.call(ctx, p) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-done:
		return err
	case <-time.After(overtime):
		return errors.New("did not end")
	}
}

// The phases of a Group, in their order.
const (
	building int32 = iota
	serving
	grace   // goes on as before, but unready
	closing // ends its parts
)

// NewGroup returns a group without parts.
func NewGroup(cfg Config, log *slog.Logger) *Group {
	return &Group{cfg: cfg, log: log, checks: map[string]*check{}}
}

// OnRun adds work that goes on for as long as the service runs. f returns when
// its part is closed, or when its context ends, which is after all parts have
// been closed. If it returns earlier, with an error or without, the service ends.
func (g *Group) OnRun(name string, f func(context.Context) error) {
	g.runs = append(g.runs, part{name, f})
}

// OnClose adds the end of a part. f finishes what is under way, as long as its
// context lasts, and releases what the part holds.
func (g *Group) OnClose(name string, f func(context.Context) error) {
	g.closes = append(g.closes, part{name, f})
}

// OnCheck adds a condition of being ready: f returns what is wrong. Its context
// ends after READINESS_TIMEOUT. However many probes there are, f is called once
// at a time, and its result stands for a second.
func (g *Group) OnCheck(name string, f func(context.Context) error) {
	g.checks[name] = &check{part: part{name, f}}
}

// Started tells whether all parts have been started.
func (g *Group) Started() bool { return g.phase.Load() != building }

// Ending tells whether the service was told to stop, and soon takes no more
// requests.
func (g *Group) Ending() bool { return g.phase.Load() > serving }

// Check returns the state of every dependency by name, and whether the service
// can take requests: it has started, is not ending, and every check passed.
func (g *Group) Check(ctx context.Context) (states map[string]error, ready bool) {
	running := make(map[string]*attempt, len(g.checks))
	for name, c := range g.checks {
		running[name] = g.attempt(ctx, c)
	}
	states = make(map[string]error, len(g.checks))
	for name, a := range running {
		states[name] = a.wait(ctx)
	}
	failed := slices.ContainsFunc(slices.Collect(maps.Values(states)), func(err error) bool { return err != nil })
	return states, !failed && g.phase.Load() == serving
}

// fresh is how long the result of a check stands.
const fresh = time.Second

// check is a part with its latest attempt, which probes share.
type check struct {
	part
	mu     sync.Mutex
	latest *attempt
}

// attempt is one call of a check.
type attempt struct {
	ctx  context.Context // ends after READINESS_TIMEOUT, whether the call has ended or not
	done chan struct{}   // closed when the call has ended
	err  error           // why the check failed, once done is closed
	at   time.Time       // when the call ended
}

// attempt returns the latest attempt of c, or a new one if that is out of date.
func (g *Group) attempt(ctx context.Context, c *check) *attempt {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.latest != nil && c.latest.stands() {
		return c.latest
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), g.cfg.CheckTimeout) // the first probe may leave
	a := &attempt{ctx: ctx, done: make(chan struct{})}
	c.latest = a
	go func() {
		defer cancel()
		a.err = g.call(ctx, c.part)
		a.at = time.Now()
		close(a.done)
	}()
	return a
}

// stands tells whether a is under way, or its result is still fresh.
func (a *attempt) stands() bool {
	select {
	case <-a.done:
		return time.Since(a.at) < fresh
	default:
		return true
	}
}

// wait returns the result of a, or that there is none in time.
func (a *attempt) wait(ctx context.Context) error {
	select {
	case <-a.done:
	case <-a.ctx.Done():
	case <-ctx.Done():
	}
	select {
	case <-a.done: // at the same moment, perhaps
		return a.err
	default:
		return errors.New("did not answer in time")
	}
}

// Run starts all parts and waits until ctx ends or one of them does. Then it
// ends them: unready first, then a moment of grace, then one part after the
// other, the last built first.
func (g *Group) Run(ctx context.Context) error {
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	failed := make(chan error, len(g.runs))
	var wait sync.WaitGroup
	for _, run := range g.runs {
		wait.Go(func() {
			err := g.do(running, run)
			if err == nil && g.phase.Load() < closing {
				err = errors.New("ended before it was closed")
			}
			if err != nil {
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
		g.phase.Store(grace)
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
	g.phase.Store(closing)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), g.cfg.Timeout)
	defer cancel()
	var problems []error
	for _, part := range slices.Backward(g.closes) {
		if err := g.do(ctx, part); err != nil {
			problems = append(problems, fmt.Errorf("closing %s: %w", part.name, err))
		}
	}
	g.closes = nil
	return errors.Join(problems...)
}
