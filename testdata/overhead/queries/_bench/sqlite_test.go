package overhead

import (
	"context"
	"database/sql"
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/XSAM/otelsql"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"modernc.org/sqlite"

	"shop/internal/database"
)

type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func selectOne(db querier) func(context.Context) error {
	return func(ctx context.Context) error {
		var sku string
		var price, stock int64
		return db.QueryRowContext(ctx, "SELECT sku, price, stock FROM articles WHERE sku = $1", "coffee").Scan(&sku, &price, &stock)
	}
}

func TestOverhead(t *testing.T) {
	cfg := database.Config{Path: filepath.Join(t.TempDir(), "test.db"), Migrate: true, QueryText: true}
	log := slog.New(slog.DiscardHandler)
	connect := func(t *testing.T) *database.DB {
		db, err := database.Open(t.Context(), cfg, log)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close(context.Background()) })
		return db
	}
	connect(t) // migrates
	connector, err := sqlite.NewConnector("file:" + cfg.Path)
	if err != nil {
		t.Fatal(err)
	}
	plain := func(t *testing.T, db *sql.DB) func(context.Context) error {
		db.SetMaxIdleConns(4)
		t.Cleanup(func() { _ = db.Close() })
		return selectOne(db)
	}
	compare(t, "database/sql on SQLite",
		variant{"bare", func(t *testing.T) func(context.Context) error { return plain(t, sql.OpenDB(connector)) }},
		variant{"ours", func(t *testing.T) func(context.Context) error { return selectOne(connect(t)) }},
		variant{"otelsql", func(t *testing.T) func(context.Context) error {
			db := otelsql.OpenDB(connector, otelsql.WithAttributes(semconv.DBSystemNameSQLite))
			registration, err := otelsql.RegisterDBStatsMetrics(db, otelsql.WithAttributes(semconv.DBSystemNameSQLite))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = registration.Unregister() })
			return plain(t, db)
		}},
	)
}
