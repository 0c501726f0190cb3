package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"example.com/hello/internal/config"
	"example.com/hello/internal/httpserver"
	"example.com/hello/internal/lifecycle"
)

// built holds the parts that serve has built, for own.go to add to.
type built struct {
	cfg    config.Config
	log    *slog.Logger
	parts  *lifecycle.Group
	router *httpserver.Router
}

// serve builds the service and runs it until ctx ends. This is the one place
// where its parts meet: each is built from those above it, and ends before them.
func serve(ctx context.Context, cfg config.Config, log *slog.Logger) (err error) {
	parts := lifecycle.NewGroup(cfg.Lifecycle, log)
	defer func() { err = errors.Join(err, parts.Close(ctx)) }()

	router := httpserver.NewRouter()

	all := built{cfg, log, parts, router}

	if err := addOwn(ctx, all); err != nil {
		return fmt.Errorf("own parts: %w", err)
	}

	own := ownMiddleware(all)

	server, err := httpserver.New(ctx, cfg.HTTP, parts, router, log, own)
	if err != nil {
		return fmt.Errorf("http server: %w", err)
	}
	parts.OnRun("http server", server.Run)
	parts.OnClose("http server", server.Close)

	return parts.Run(ctx)
}
