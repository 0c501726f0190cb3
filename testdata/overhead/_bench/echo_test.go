package overhead

import (
	"net/http"

	echootel "github.com/labstack/echo-opentelemetry"
	"github.com/labstack/echo/v5"

	"shop/internal/httpserver"
)

const stockName = "echo-opentelemetry"

func get(c *echo.Context) error {
	answer(c.Response(), c.Param("id"))
	return nil
}

func bare() http.Handler { return server() }

func stock() http.Handler { return server(echootel.NewMiddleware("")) }

func server(middleware ...echo.MiddlewareFunc) http.Handler {
	e := echo.New()
	e.Use(middleware...)
	e.GET("/orders/:id", get)
	return e
}

func router() http.Handler {
	router := httpserver.NewRouter()
	router.GET("/orders/:id", get)
	return router
}
