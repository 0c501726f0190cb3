package main

import (
	"log/slog"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"shop/internal/api"
	"shop/internal/httpserver"
)

// register adds handlers of gin that may fail.
func register(router *httpserver.Router, routes map[string]http.HandlerFunc, log *slog.Logger) {
	for pattern, handler := range routes {
		method, path, _ := strings.Cut(pattern, " ")
		router.Handle(method, strings.ReplaceAll(path, "{id}", ":id"), api.Handle(log, func(c *gin.Context) error {
			handler(c.Writer, c.Request)
			return nil
		}))
	}
}
