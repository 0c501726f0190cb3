package orderapi_test

import (
	"log/slog"
	"net/http"
	"testing"

	"shop/internal/api"
	"shop/internal/httpserver"
	"shop/internal/order"
	"shop/internal/orderapi"
)

// register returns a handler of nothing but orders.
func register(_ *testing.T, orders *order.Service, log *slog.Logger) http.Handler {
	router := httpserver.NewRouter()
	orderapi.Register(api.New(router, log), orders)
	return router
}
