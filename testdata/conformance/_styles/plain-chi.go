package main

import (
	"log/slog"
	"net/http"
	"strings"

	"shop/internal/api"
	"shop/internal/httpserver"
)

// register adds handlers of net/http that may fail, by chi's own method.
func register(router *httpserver.Router, routes map[string]http.HandlerFunc, log *slog.Logger) {
	for pattern, handler := range routes {
		method, path, _ := strings.Cut(pattern, " ")
		router.Method(method, path, api.Handle(log, func(w http.ResponseWriter, r *http.Request) error {
			handler(w, r)
			return nil
		}))
	}
}
