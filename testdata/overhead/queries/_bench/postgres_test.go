package overhead

import (
	"context"
	"database/sql"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/XSAM/otelsql"
	"github.com/caarlos0/env/v11"
	"github.com/exaring/otelpgx"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"gorm.io/gorm"
	"gorm.io/plugin/opentelemetry/tracing"

	"shop/internal/database"
	"shop/internal/orm"
)

type article struct {
	SKU   string `gorm:"primaryKey"`
	Price int64
	Stock int
}

type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

const query = "SELECT sku, price, stock FROM articles WHERE sku = $1"

func selectOne(db querier) func(context.Context) error {
	return func(ctx context.Context) error {
		var a article
		return db.QueryRowContext(ctx, query, "coffee").Scan(&a.SKU, &a.Price, &a.Stock)
	}
}

func selectNative(pool *pgxpool.Pool) func(context.Context) error {
	return func(ctx context.Context) error {
		var a article
		return pool.QueryRow(ctx, query, "coffee").Scan(&a.SKU, &a.Price, &a.Stock)
	}
}

func selectGORM(db *gorm.DB) func(context.Context) error {
	return func(ctx context.Context) error {
		return db.WithContext(ctx).Take(&article{}, "sku = ?", "coffee").Error
	}
}

func TestOverhead(t *testing.T) {
	url := os.Getenv("TEST_DATABASE_URL")
	if url == "" {
		t.Skip("TEST_DATABASE_URL names no server")
	}
	cfg, err := env.ParseAsWithOptions[database.Config](env.Options{Environment: map[string]string{
		"DATABASE_URL": url, "DATABASE_MIGRATE": "true",
	}})
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	ours := func(t *testing.T) *database.DB {
		db, err := database.Open(t.Context(), cfg, log)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close(context.Background()) })
		return db
	}
	ours(t) // migrates
	pool := func(t *testing.T, change func(*pgxpool.Config)) *pgxpool.Pool {
		config, err := pgxpool.ParseConfig(url)
		if err != nil {
			t.Fatal(err)
		}
		config.MaxConns, config.PingTimeout = cfg.MaxConns, 5*time.Second
		change(config)
		pool, err := pgxpool.NewWithConfig(t.Context(), config)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(pool.Close)
		return pool
	}
	bare := func(*pgxpool.Config) {}
	traced := func(config *pgxpool.Config) { config.ConnConfig.Tracer = otelpgx.NewTracer() }
	sqlOf := func(t *testing.T, pool *pgxpool.Pool) *sql.DB {
		db := stdlib.OpenDBFromPool(pool)
		t.Cleanup(func() { _ = db.Close() })
		return db
	}
	gormOf := func(t *testing.T, db *database.DB) *gorm.DB {
		opened, err := orm.New(db, log)
		if err != nil {
			t.Fatal(err)
		}
		return opened.DB
	}
	bareGORM := func(t *testing.T) *gorm.DB { return gormOf(t, &database.DB{DB: sqlOf(t, pool(t, bare))}) }
	compare(t, "database/sql on pgx",
		variant{"bare", func(t *testing.T) func(context.Context) error { return selectOne(sqlOf(t, pool(t, bare))) }},
		variant{"ours", func(t *testing.T) func(context.Context) error { return selectOne(ours(t)) }},
		variant{"otelsql", func(t *testing.T) func(context.Context) error {
			db := otelsql.OpenDB(stdlib.GetPoolConnector(pool(t, bare)), otelsql.WithAttributes(semconv.DBSystemNamePostgreSQL))
			db.SetMaxIdleConns(0)
			t.Cleanup(func() { _ = db.Close() })
			return selectOne(db)
		}},
		variant{"otelpgx", func(t *testing.T) func(context.Context) error { return selectOne(sqlOf(t, pool(t, traced))) }},
	)
	compare(t, "GORM",
		variant{"bare", func(t *testing.T) func(context.Context) error { return selectGORM(bareGORM(t)) }},
		variant{"ours", func(t *testing.T) func(context.Context) error { return selectGORM(gormOf(t, ours(t))) }},
		variant{"GORM's plugin", func(t *testing.T) func(context.Context) error {
			db := bareGORM(t)
			if err := db.Use(tracing.NewPlugin()); err != nil {
				t.Fatal(err)
			}
			return selectGORM(db)
		}},
	)
	compare(t, "pgx itself, which ours goes around",
		variant{"bare pgx", func(t *testing.T) func(context.Context) error { return selectNative(pool(t, bare)) }},
		variant{"ours, by database/sql", func(t *testing.T) func(context.Context) error { return selectOne(ours(t)) }},
		variant{"otelpgx", func(t *testing.T) func(context.Context) error { return selectNative(pool(t, traced)) }},
	)
}
