package orderapi

import (
	"log/slog"
	"net/http"

	"shop/internal/api"
	"shop/internal/httpserver"
	"shop/internal/order"
)

// Register adds the routes of orders to router.
func Register(router *httpserver.Router, orders *order.Service, log *slog.Logger) {
	h := handlers{orders}
	router.Post("/orders", api.Handle(log, h.create)) // Route would take /orders/ as well
	router.Get("/orders", api.Handle(log, h.list))
	router.Get("/orders/{id}", api.Handle(log, h.get))
	router.Post("/orders/{id}/cancel", api.Handle(log, h.cancel))
}

func id(r *http.Request) string { return httpserver.URLParam(r, "id") }
