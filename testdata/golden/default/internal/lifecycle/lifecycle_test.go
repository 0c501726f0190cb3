package lifecycle

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func newGroup() *Group {
	return NewGroup(Config{Grace: 5 * time.Second, Timeout: 15 * time.Second, CheckTimeout: time.Second}, slog.New(slog.DiscardHandler))
}

// A shutdown has an order: not ready, grace period, then the parts, the last built first.
func TestGroup_EndsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGroup()
		var log strings.Builder
		g.log = slog.New(slog.NewTextHandler(&log, nil))
		var (
			mu     sync.Mutex
			events []string
		)
		began := time.Now()
		note := func(name string) func(context.Context) error {
			return func(ctx context.Context) error {
				if ctx.Err() != nil {
					t.Errorf("%s: closed with a context that is done", name)
				}
				if _, ready := g.Check(ctx); ready {
					t.Errorf("%s: closed while ready", name)
				}
				mu.Lock()
				defer mu.Unlock()
				events = append(events, name+" after "+time.Since(began).String())
				return nil
			}
		}
		g.OnClose("database", note("database"))
		closed := make(chan struct{})
		g.OnRun("server", func(context.Context) error { <-closed; return nil })
		g.OnClose("server", func(ctx context.Context) error {
			err := note("server")(ctx)
			close(closed)
			return err
		})
		if _, ready := g.Check(t.Context()); ready || g.Started() {
			t.Error("ready before the start")
		}

		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- g.Run(ctx) }()
		synctest.Wait()
		if _, ready := g.Check(t.Context()); !ready || !g.Started() || g.Ending() {
			t.Error("not ready after the start")
		}
		stop()
		synctest.Wait()
		if _, ready := g.Check(t.Context()); ready || !g.Ending() {
			t.Error("ready in the grace period")
		}
		mu.Lock()
		if len(events) > 0 {
			t.Errorf("closed in the grace period: %v", events)
		}
		mu.Unlock()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := g.Close(t.Context()); err != nil { // again, which closes nothing twice
			t.Error(err)
		}
		if want := []string{"server after 5s", "database after 5s"}; !slices.Equal(events, want) {
			t.Errorf("got %v, want %v", events, want)
		}
		if want := `level=INFO msg=stopping reason="context canceled" grace=5s`; !strings.Contains(log.String(), want) {
			t.Errorf("%s is missing in %s", want, &log)
		}
	})
}

// If a part returns early, the service stops, and the others are closed in order.
func TestGroup_APartThatEndsEndsTheService(t *testing.T) {
	for want, run := range map[string]func(context.Context) error{
		"worker: broken":                        func(context.Context) error { return errors.New("broken") },
		"worker: returned before it was closed": func(context.Context) error { return nil },
		"worker: panic: boom":                   func(context.Context) error { panic("boom") },
	} {
		g := newGroup()
		closed := false
		g.OnClose("server", func(context.Context) error { closed = true; return nil })
		g.OnRun("worker", run)
		if err := g.Run(t.Context()); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
		if !closed {
			t.Errorf("%s: the server was not closed", want)
		}
	}
}

// If a part returns in the grace period, the period is over.
func TestGroup_APartThatEndsEndsTheGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGroup()
		g.OnRun("worker", func(context.Context) error { time.Sleep(2 * time.Second); return nil })
		ctx, stop := context.WithCancel(t.Context())
		stop()
		began := time.Now()
		if err := g.Run(ctx); err == nil || err.Error() != "worker: returned before it was closed" {
			t.Errorf("got %v", err)
		}
		if took := time.Since(began); took != 2*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

// A panic while one part is closed does not keep the others from being closed.
func TestGroup_APanicInClose(t *testing.T) {
	var log strings.Builder
	g := NewGroup(Config{Timeout: time.Second}, slog.New(slog.NewTextHandler(&log, nil)))
	closed := false
	g.OnClose("database", func(context.Context) error { closed = true; return nil })
	g.OnClose("worker", func(context.Context) error { panic("boom") })
	if err := g.Close(t.Context()); err == nil || err.Error() != "closing worker: panic: boom" {
		t.Errorf("got %v", err)
	}
	if !closed {
		t.Error("the database was not closed")
	}
	line := `level=ERROR msg=panic part=worker error="panic: boom" stack=`
	if !strings.Contains(log.String(), line) || !strings.Contains(log.String(), "TestGroup_APanicInClose") {
		t.Errorf("the log does not say where it happened: %s", &log)
	}
}

// The context of a part that does not close in time is done, and the others are closed.
func TestGroup_TimeIsLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGroup()
		released := false
		g.OnClose("database", func(context.Context) error { released = true; return nil })
		g.OnRun("worker", func(ctx context.Context) error { <-ctx.Done(); return nil })
		g.OnClose("worker", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		ctx, stop := context.WithCancel(t.Context())
		stop()
		began := time.Now()
		if err := g.Run(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if took := time.Since(began); took != 20*time.Second {
			t.Errorf("took %v", took)
		}
		if !released {
			t.Error("the database was not closed")
		}
	})
}

// A part that ignores its context is not waited for, and the error names it.
func TestGroup_LeavesBehindWhatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGroup()
		released := make(chan struct{})
		defer close(released)
		hang := func(context.Context) error { <-released; return nil }
		closed := false
		g.OnClose("database", func(context.Context) error { closed = true; return nil })
		g.OnRun("worker", hang)
		g.OnRun("poller", hang)
		g.OnRun("server", func(ctx context.Context) error { <-ctx.Done(); return errors.New("late") })
		g.OnClose("worker", hang)
		ctx, stop := context.WithCancel(t.Context())
		stop()
		began := time.Now()
		err := g.Run(ctx)
		if want := 20*time.Second + 2*overtime; time.Since(began) != want {
			t.Errorf("took %v, want %v", time.Since(began), want)
		}
		for _, want := range []string{"closing worker: did not return in time", "worker: did not return in time", "poller: did not return in time", "server: late"} {
			if err == nil || !slices.Contains(strings.Split(err.Error(), "\n"), want) {
				t.Errorf("%q is missing in %v", want, err)
			}
		}
		if !closed {
			t.Error("the database was not closed")
		}
	})
}

func TestGroup_Check(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGroup()
		g.phase.Store(serving)
		g.OnCheck("cache", func(context.Context) error { return nil })
		if _, ready := g.Check(t.Context()); !ready {
			t.Error("not ready though every check passes")
		}
		g.OnCheck("database", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }) // hangs
		released := make(chan struct{})
		defer close(released)
		g.OnCheck("queue", func(context.Context) error { <-released; return nil }) // and ignores its context
		states, ready := g.Check(t.Context())
		if ready || states["cache"] != nil || states["database"] == nil || states["queue"] == nil {
			t.Errorf("ready %t, states %v", ready, states)
		}
	})
}

// However many probes there are, there is one call of a check at a time, and its
// result is valid for a second. A check that never returns costs one goroutine.
func TestGroup_Check_CallsAreFew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGroup()
		g.phase.Store(serving)
		var mu sync.Mutex
		calls := map[string]int{}
		count := func(name string) {
			mu.Lock()
			defer mu.Unlock()
			calls[name]++
		}
		called := func(name string) int {
			mu.Lock()
			defer mu.Unlock()
			return calls[name]
		}
		down := true
		g.OnCheck("database", func(context.Context) error {
			count("database")
			time.Sleep(100 * time.Millisecond)
			if down {
				return errors.New("down")
			}
			return nil
		})
		released := make(chan struct{})
		defer close(released)
		g.OnCheck("queue", func(context.Context) error { count("queue"); <-released; return nil })

		var probes sync.WaitGroup
		for range 10 {
			probes.Go(func() {
				if states, _ := g.Check(t.Context()); states["database"] == nil || states["queue"] == nil {
					t.Errorf("states %v", states)
				}
			})
		}
		probes.Wait()
		if called("database") != 1 || called("queue") != 1 {
			t.Errorf("calls by ten probes: %d and %d", called("database"), called("queue"))
		}
		down = false
		time.Sleep(200 * time.Millisecond) // more than a second after the database answered: the probes waited a second for the queue
		began := time.Now()
		states, ready := g.Check(t.Context())
		if states["database"] != nil || states["queue"] == nil || ready {
			t.Errorf("ready %t, states %v", ready, states)
		}
		if called("database") != 2 || called("queue") != 1 {
			t.Errorf("calls a second later: %d and %d", called("database"), called("queue"))
		}
		if took := time.Since(began); took != 100*time.Millisecond {
			t.Errorf("another probe waited for a check that hangs: %v", took)
		}
		g.Check(t.Context())
		if called("database") != 2 {
			t.Error("a check was called again within a second")
		}
	})
}

// The probe that started a check may be cancelled before the others.
func TestGroup_Check_TheFirstProbeLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGroup()
		g.OnCheck("database", func(ctx context.Context) error {
			select {
			case <-time.After(500 * time.Millisecond):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		hasty, leave := context.WithTimeout(t.Context(), time.Millisecond)
		defer leave()
		if states, _ := g.Check(hasty); states["database"] == nil {
			t.Error("a check passed before it returned")
		}
		if states, _ := g.Check(t.Context()); states["database"] != nil {
			t.Errorf("got %v", states)
		}
	})
}

func TestGroup_Check_Panics(t *testing.T) {
	g := newGroup()
	g.OnCheck("cache", func(context.Context) error { panic("boom") })
	if states, ready := g.Check(t.Context()); ready || states["cache"] == nil || states["cache"].Error() != "panic: boom" {
		t.Errorf("ready %t, states %v", ready, states)
	}
}

func TestConfig_ReportsEveryProblem(t *testing.T) {
	err := Config{Grace: -1}.Validate()
	for _, want := range []string{
		"SHUTDOWN_GRACE: -1ns is negative", "SHUTDOWN_TIMEOUT: 0s is not a positive duration", "READINESS_TIMEOUT: 0s is not a positive duration",
	} {
		if err == nil || !slices.Contains(strings.Split(err.Error(), "\n"), want) {
			t.Errorf("%q is missing in %v", want, err)
		}
	}
	if err := (Config{Timeout: 1, CheckTimeout: 1}).Validate(); err != nil {
		t.Error(err)
	}
}

// An Optional error is reported, but the service is ready.
func TestOptional(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGroup()
		lost := errors.New("lost")
		var database error
		g.OnCheck("cache", func(context.Context) error { return Optional{lost} })
		g.OnCheck("queue", func(context.Context) error { return nil })
		g.OnCheck("database", func(context.Context) error { return database })
		g.phase.Store(serving)
		states, ready := g.Check(t.Context())
		if !ready || !errors.Is(states["cache"], lost) || states["cache"].Error() != "lost" || states["queue"] != nil {
			t.Errorf("%v, ready: %v", states, ready)
		}
		time.Sleep(2 * maxAge)
		database = lost
		if states, ready := g.Check(t.Context()); ready || !errors.Is(states["database"], lost) {
			t.Errorf("%v, ready: %v", states, ready)
		}
	})
}
