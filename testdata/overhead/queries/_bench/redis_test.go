package overhead

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/redis/go-redis/extra/redisotel/v9"
	"github.com/redis/go-redis/v9"

	"shop/internal/redisclient"
)

// answering is the last hook of a client, which answers each command itself: what is
// measured is what hooks do, without the system calls, which vary by more.
type answering struct{}

func (answering) DialHook(next redis.DialHook) redis.DialHook { return next }

func (answering) ProcessHook(redis.ProcessHook) redis.ProcessHook {
	return func(_ context.Context, cmd redis.Cmder) error {
		if get, ok := cmd.(*redis.StringCmd); ok {
			get.SetVal("value")
		}
		return nil
	}
}

func (answering) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func get(t *testing.T, client *redis.Client) func(context.Context) error {
	client.AddHook(answering{})
	t.Cleanup(func() { _ = client.Close() })
	return func(ctx context.Context) error { return client.Get(ctx, "key").Err() }
}

func stock(t *testing.T, options ...redisotel.TracingOption) func(context.Context) error {
	client := redis.NewClient(&redis.Options{})
	if err := redisotel.InstrumentTracing(client, options...); err != nil {
		t.Fatal(err)
	}
	if err := redisotel.InstrumentMetrics(client); err != nil {
		t.Fatal(err)
	}
	return get(t, client)
}

func TestOverhead(t *testing.T) {
	compare(t, "go-redis",
		variant{"bare", func(t *testing.T) func(context.Context) error { return get(t, redis.NewClient(&redis.Options{})) }},
		variant{"ours", func(t *testing.T) func(context.Context) error {
			client, err := redisclient.Open(t.Context(), redisclient.Config{
				URL: "redis://127.0.0.1:1", ConnectTimeout: time.Nanosecond, Timeout: time.Second, MaxConns: 10, MaxConnIdleTime: time.Minute,
			}, slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			return get(t, client.Client)
		}},
		variant{"redisotel", func(t *testing.T) func(context.Context) error { return stock(t) }},
		variant{"redisotel without statements and callers", func(t *testing.T) func(context.Context) error {
			return stock(t, redisotel.WithDBStatement(false), redisotel.WithCallerEnabled(false))
		}},
	)
}
