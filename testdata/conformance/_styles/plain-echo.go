package main

import (
	"log/slog"
	"net/http"
	"strings"

	"github.com/labstack/echo/v5"

	"shop/internal/httpserver"
)

// register adds handlers of echo.
func register(router *httpserver.Router, routes map[string]http.HandlerFunc, log *slog.Logger) {
	httpserver.HandleErrors(router, log)
	for pattern, handler := range routes {
		method, path, _ := strings.Cut(pattern, " ")
		router.Add(method, strings.ReplaceAll(path, "{id}", ":id"), func(c *echo.Context) error {
			handler(c.Response(), c.Request())
			return nil
		})
	}
}
