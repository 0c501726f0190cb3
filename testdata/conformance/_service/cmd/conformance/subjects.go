package main

import (
	"log/slog"
	"net/http"

	"example.com/shop/internal/httpserver"
)

// subjects is the service's server: its router and its instrumentation.
func subjects() map[string]subject {
	return map[string]subject{"": func(routes map[string]http.HandlerFunc, between func(http.Handler) http.Handler) http.Handler {
		router := httpserver.NewRouter()
		for pattern, handler := range routes {
			router.HandleFunc(pattern, handler)
		}
		next := httpserver.Wrap(router, []func(http.Handler) http.Handler{between})
		instrumented, err := httpserver.Instrument(httpserver.InstrumentConfig{TrustIncomingTrace: true}, slog.New(slog.DiscardHandler), next)
		if err != nil {
			panic(err)
		}
		return instrumented
	}}
}
