package overhead

import (
	"context"
	"database/sql"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/XSAM/otelsql"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"gorm.io/gorm"
	"gorm.io/plugin/opentelemetry/tracing"
	"modernc.org/sqlite"

	"shop/internal/database"
	"shop/internal/orm"
)

func selectOne(db *sql.DB) func(context.Context) error {
	return func(ctx context.Context) error {
		var sku string
		var price, stock int64
		return db.QueryRowContext(ctx, "SELECT sku, price, stock FROM articles WHERE sku = $1", "coffee").Scan(&sku, &price, &stock)
	}
}

type article struct {
	SKU   string `gorm:"primaryKey"`
	Price int64
	Stock int
}

func selectGORM(db *gorm.DB) func(context.Context) error {
	return func(ctx context.Context) error {
		return db.WithContext(ctx).Take(&article{}, "sku = ?", "coffee").Error
	}
}

// SQLite answers in the process, without system calls that vary by more than what
// is measured.
func TestOverhead(t *testing.T) {
	cfg := database.Config{Path: filepath.Join(t.TempDir(), "test.db"), BusyTimeout: time.Second, Migrate: true, QueryText: true}
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
	connector, err := sqlite.NewConnector("file:" + cfg.Path)
	if err != nil {
		t.Fatal(err)
	}
	plain := func(t *testing.T, db *sql.DB) *sql.DB {
		db.SetMaxIdleConns(4)
		t.Cleanup(func() { _ = db.Close() })
		return db
	}
	compare(t, "database/sql on SQLite",
		variant{"bare", func(t *testing.T) func(context.Context) error { return selectOne(plain(t, sql.OpenDB(connector))) }},
		variant{"ours", func(t *testing.T) func(context.Context) error { return selectOne(ours(t).DB) }},
		variant{"otelsql", func(t *testing.T) func(context.Context) error {
			db := otelsql.OpenDB(connector, otelsql.WithAttributes(semconv.DBSystemNameSQLite))
			registration, err := otelsql.RegisterDBStatsMetrics(db, otelsql.WithAttributes(semconv.DBSystemNameSQLite))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = registration.Unregister() })
			return selectOne(plain(t, db))
		}},
	)
	gormOf := func(t *testing.T, db *database.DB) *gorm.DB {
		opened, err := orm.New(db, log)
		if err != nil {
			t.Fatal(err)
		}
		return opened.DB
	}
	bare := func(t *testing.T) *gorm.DB {
		return gormOf(t, &database.DB{DB: plain(t, sql.OpenDB(connector))})
	}
	compare(t, "GORM on SQLite",
		variant{"bare", func(t *testing.T) func(context.Context) error { return selectGORM(bare(t)) }},
		variant{"ours", func(t *testing.T) func(context.Context) error { return selectGORM(gormOf(t, ours(t))) }},
		variant{"GORM's plugin", func(t *testing.T) func(context.Context) error {
			db := bare(t)
			if err := db.Use(tracing.NewPlugin()); err != nil {
				t.Fatal(err)
			}
			return selectGORM(db)
		}},
	)
}
