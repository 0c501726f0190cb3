package overhead

import (
	"net/http"

	"github.com/go-chi/chi/v5"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"

	"shop/internal/httpserver"
)

const stockName = "otelhttp"

func get(w http.ResponseWriter, r *http.Request) { answer(w, chi.URLParam(r, "id")) }

func bare() http.Handler {
	router := chi.NewRouter()
	router.Get("/orders/{id}", get)
	return router
}

func router() http.Handler {
	router := httpserver.NewRouter()
	router.Get("/orders/{id}", get)
	return router
}

func stock() http.Handler { return otelhttp.NewHandler(bare(), "") }
