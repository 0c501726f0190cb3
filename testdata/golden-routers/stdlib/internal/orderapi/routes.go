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
	router.HandleFunc("POST /orders", api.Handle(log, h.create))
	router.HandleFunc("GET /orders", api.Handle(log, h.list))
	router.HandleFunc("GET /orders/{id}", api.Handle(log, h.get))
	router.HandleFunc("POST /orders/{id}/cancel", api.Handle(log, h.cancel))
}

func id(r *http.Request) string { return r.PathValue("id") }
