package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/danielgtaylor/huma/v2"

	"shop/internal/api"
	"shop/internal/apidocs"
	"shop/internal/config"
	"shop/internal/httpserver"
	"shop/internal/lifecycle"
	"shop/internal/order"
	"shop/internal/orderapi"
)

// built holds the parts that serve has built, for own.go to add to.
type built struct {
	cfg        config.Config
	log        *slog.Logger
	parts      *lifecycle.Group
	router     *httpserver.Router
	operations huma.API
	orders     *order.Service
}

// serve builds the service and runs it until ctx ends. This is the one place
// where its parts meet: each is built from those above it, and ends before them.
func serve(ctx context.Context, cfg config.Config, log *slog.Logger) (err error) {
	parts := lifecycle.NewGroup(cfg.Lifecycle, log)
	defer func() { err = errors.Join(err, parts.Close(ctx)) }()

	router := httpserver.NewRouter()

	apidocs.Register(router, cfg.Docs)

	operations := api.New(router, log)

	payments := order.NewSandbox()

	store := order.NewMemory()

	orders, err := order.NewService(store, payments, log)
	if err != nil {
		return fmt.Errorf("orders: %w", err)
	}

	orderapi.Register(operations, orders)

	all := built{cfg, log, parts, router, operations, orders}

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
