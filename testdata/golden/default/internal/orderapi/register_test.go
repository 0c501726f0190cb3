package orderapi_test

import (
	"log/slog"
	"net/http"

	"shop/internal/api"
	"shop/internal/httpserver"
	"shop/internal/order"
	"shop/internal/orderapi"
)

// register returns a handler of nothing but orders.
func register(orders *order.Service, log *slog.Logger) http.Handler {
	router := httpserver.NewRouter()
	orderapi.Register(api.New(router, api.Config{}, log), orders)
	return router
}
