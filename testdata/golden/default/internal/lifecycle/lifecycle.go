// Package lifecycle runs the parts of the service: it starts them, checks whether
// they are ready, and stops them in the right order.
package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Config configures readiness and the shutdown.
type Config struct {
	// Grace is how long the service keeps serving after it was told to stop, but
	// reports that it is not ready: load balancers need a moment to notice.
	Grace time.Duration `env:"SHUTDOWN_GRACE" envDefault:"5s"`
	// Timeout is how long the parts may then take to close.
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

// Group runs the parts of a service. They are added in the order in which they are
// built, so that each comes after those that it needs, and is closed before them.
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

// call calls p and turns a panic into an error, which it logs with the stack. The
// service can then still shut down.
func (g *Group) call(ctx context.Context, p part) (err error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			err = fmt.Errorf("panic: %v", panicked)
			g.log.ErrorContext(ctx, "panic", "part", p.name, "error", err, "stack", string(debug.Stack()))
		}
	}()
	return p.f(ctx)
}

// overtime is how long a part may take to return after its context is done.
const overtime = time.Second

// do calls p, but does not wait for it longer than overtime after ctx is done.
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
		return errors.New("did not return in time")
	}
}

// The phases of a Group, in their order.
const (
	building int32 = iota
	serving
	grace   // serving, but not ready
	closing // closing its parts
)

// NewGroup returns a group without parts.
func NewGroup(cfg Config, log *slog.Logger) *Group {
	return &Group{cfg: cfg, log: log, checks: map[string]*check{}}
}

// OnRun adds a function that runs as long as the service does. f must return when
// its part is closed, or when its context is done, which is after all parts have
// been closed. If f returns earlier, the service stops.
func (g *Group) OnRun(name string, f func(context.Context) error) {
	g.runs = append(g.runs, part{name, f})
}

// OnClose adds a function that closes a part. f finishes the work in progress,
// until its context is done, and releases the resources of the part.
func (g *Group) OnClose(name string, f func(context.Context) error) {
	g.closes = append(g.closes, part{name, f})
}

// OnCheck adds a readiness check: f returns nil if its part is ready. Its context
// is done after READINESS_TIMEOUT. However many probes there are, there is only one
// call of f at a time, and its result is valid for a second.
func (g *Group) OnCheck(name string, f func(context.Context) error) {
	g.checks[name] = &check{part: part{name, f}}
}

// Optional is the error of a check of something that the service can do without: its
// state is reported, but the service is ready without it.
type Optional struct{ Err error }

func (o Optional) Error() string { return o.Err.Error() }

// Unwrap returns Err.
func (o Optional) Unwrap() error { return o.Err }

// Started reports whether all parts have been started.
func (g *Group) Started() bool { return g.phase.Load() != building }

// Ending reports whether the service has been told to stop, and will soon take no
// more requests.
func (g *Group) Ending() bool { return g.phase.Load() > serving }

// Check returns the result of every check by name, and whether the service is
// ready: it has started, is not ending, and every check has passed or returned
// an Optional error.
func (g *Group) Check(ctx context.Context) (states map[string]error, ready bool) {
	running := make(map[string]*attempt, len(g.checks))
	for name, c := range g.checks {
		running[name] = g.attempt(ctx, c)
	}
	states, passed := make(map[string]error, len(g.checks)), true
	for name, a := range running {
		err := a.wait(ctx)
		_, optional := errors.AsType[Optional](err)
		states[name], passed = err, passed && (err == nil || optional)
	}
	return states, passed && g.phase.Load() == serving
}

// maxAge is how long the result of a check is valid.
const maxAge = time.Second

// check is a part with its latest attempt, which probes share.
type check struct {
	part
	mu     sync.Mutex
	latest *attempt
}

// attempt is one call of a check.
type attempt struct {
	ctx  context.Context // done after READINESS_TIMEOUT, even if the call has not returned
	done chan struct{}   // closed when the call has returned
	err  error           // why the check failed, once done is closed
}

// attempt returns the latest attempt of c, or a new one if there is none or it returned
// longer than maxAge ago.
func (g *Group) attempt(ctx context.Context, c *check) *attempt {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.latest != nil {
		return c.latest
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), g.cfg.CheckTimeout) // other probes wait for it, too
	a := &attempt{ctx: ctx, done: make(chan struct{})}
	c.latest = a
	go func() {
		defer cancel()
		a.err = g.call(ctx, c.part)
		close(a.done)
		time.AfterFunc(maxAge, func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.latest = nil
		})
	}()
	return a
}

// wait returns the result of a, or an error if there is none in time.
func (a *attempt) wait(ctx context.Context) error {
	select {
	case <-a.done:
	case <-a.ctx.Done():
	case <-ctx.Done():
	}
	select {
	case <-a.done:
		return a.err
	default:
		return errors.New("did not answer in time")
	}
}

// Run starts all parts and waits until ctx is done or one of them returns. If ctx
// is done, the service is not ready from then on, and keeps serving for the grace
// period. Then Run closes the parts, the last built first.
func (g *Group) Run(ctx context.Context) error {
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	failed, fail := context.WithCancel(context.WithoutCancel(ctx))
	defer fail()
	problems := make([]error, len(g.runs))
	var wait sync.WaitGroup
	for i, run := range g.runs {
		wait.Go(func() {
			err := g.do(running, run)
			if err == nil && g.phase.Load() < closing {
				err = errors.New("returned before it was closed")
			}
			if err != nil {
				problems[i] = fmt.Errorf("%s: %w", run.name, err)
				fail()
			}
		})
	}
	g.phase.Store(serving)

	select {
	case <-failed.Done():
	case <-ctx.Done():
		g.log.InfoContext(ctx, "stopping", "reason", context.Cause(ctx), "grace", g.cfg.Grace.String())
		g.phase.Store(grace)
		select {
		case <-failed.Done():
		case <-time.After(g.cfg.Grace):
		}
	}
	err := g.Close(ctx)
	stop() // those that have not returned yet
	wait.Wait()
	return errors.Join(append(problems, err)...)
}

// Close closes all parts, the last built first. Run calls it; call it yourself if
// the service could not be built completely. ctx may be done already: only its
// values are used.
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
