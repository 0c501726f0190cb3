package orderapi

import (
	"log/slog"
	"net/http"

	"github.com/go-chi/chi/v5"

	"shop/internal/api"
	"shop/internal/httpserver"
	"shop/internal/order"
)

// Register adds the routes of orders to router.
func Register(router *httpserver.Router, orders *order.Service, log *slog.Logger) {
	h := handlers{orders}
	router.Route("/orders", func(r chi.Router) {
		r.Post("/", api.Handle(log, h.create))
		r.Get("/", api.Handle(log, h.list))
		r.Get("/{id}", api.Handle(log, h.get))
		r.Post("/{id}/cancel", api.Handle(log, h.cancel))
	})
}

func id(r *http.Request) string { return httpserver.URLParam(r, "id") }
