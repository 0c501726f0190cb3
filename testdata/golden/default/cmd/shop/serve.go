package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"shop/internal/api"
	"shop/internal/config"
	"shop/internal/httpserver"
	"shop/internal/lifecycle"
	"shop/internal/order"
	"shop/internal/orderapi"
)

// serve builds the service and runs it until ctx ends. This is the one place
// where its parts meet: each is built from those above it, and ends before them.
func serve(ctx context.Context, cfg config.Config, log *slog.Logger) (err error) {
	parts := lifecycle.NewGroup(cfg.Lifecycle, log)
	defer func() { err = errors.Join(err, parts.Close(ctx)) }()

	router := httpserver.NewRouter()

	operations := api.New(router, cfg.API, log)

	payments := order.NewSandbox()

	store := order.NewMemory()

	orders, err := order.NewService(store, payments, log)
	if err != nil {
		return fmt.Errorf("orders: %w", err)
	}

	orderapi.Register(operations, orders)

	server, err := httpserver.New(ctx, cfg.HTTP, parts, router, log)
	if err != nil {
		return fmt.Errorf("http server: %w", err)
	}
	parts.OnRun("http server", server.Run)
	parts.OnClose("http server", server.Close)

	return parts.Run(ctx)
}
