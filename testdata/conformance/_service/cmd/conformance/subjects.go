package main

import (
	"log/slog"
	"net/http"

	"shop/internal/httpserver"
)

// subjects is the service's server: its router, with operations in the style of its
// API, and its instrumentation.
func subjects() map[string]subject {
	return map[string]subject{"": func(routes map[string]http.HandlerFunc, between func(http.Handler) http.Handler) http.Handler {
		log := slog.New(slog.DiscardHandler)
		router := httpserver.NewRouter()
		register(router, routes, log)
		next := httpserver.Wrap(router, 32<<10, []func(http.Handler) http.Handler{between})
		instrumented, err := httpserver.Instrument(httpserver.InstrumentConfig{TrustIncomingTrace: true}, log, next)
		if err != nil {
			panic(err)
		}
		return instrumented
	}}
}
