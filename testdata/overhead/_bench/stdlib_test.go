package overhead

import (
	"net/http"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"

	"shop/internal/httpserver"
)

const stockName = "otelhttp"

func get(w http.ResponseWriter, r *http.Request) { answer(w, r.PathValue("id")) }

func bare() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /orders/{id}", get)
	return mux
}

func router() http.Handler {
	router := httpserver.NewRouter()
	router.ServeMux.HandleFunc("GET /orders/{id}", get)
	return router
}

func stock() http.Handler { return otelhttp.NewHandler(bare(), "") }
