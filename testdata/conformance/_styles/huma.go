package main

import (
	"context"
	"log/slog"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"shop/internal/api"
	"shop/internal/httpserver"
)

type input struct {
	ID string `path:"id"`
}

// register adds operations of Huma.
func register(router *httpserver.Router, routes map[string]http.HandlerFunc, log *slog.Logger) {
	operations := api.New(router, log)
	for pattern, handler := range routes {
		method, path, _ := strings.Cut(pattern, " ")
		operation := huma.Operation{OperationID: "item", Method: method, Path: path}
		huma.Register(operations, operation, func(context.Context, *input) (*huma.StreamResponse, error) {
			return &huma.StreamResponse{Body: func(ctx huma.Context) {
				r, w := humago.Unwrap(ctx)
				handler(w, r)
			}}, nil
		})
	}
}
