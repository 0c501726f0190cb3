package main

import (
	"log/slog"
	"net/http"

	"shop/internal/api"
	"shop/internal/httpserver"
)

// register adds handlers of net/http that may fail.
func register(router *httpserver.Router, routes map[string]http.HandlerFunc, log *slog.Logger) {
	for pattern, handler := range routes {
		router.HandleFunc(pattern, api.Handle(log, func(w http.ResponseWriter, r *http.Request) error {
			handler(w, r)
			return nil
		}))
	}
}
