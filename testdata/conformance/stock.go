package main

import (
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"strings"

	"github.com/gin-gonic/gin"
	echootel "github.com/labstack/echo-opentelemetry"
	"github.com/labstack/echo/v5"
	"github.com/labstack/echo/v5/middleware"
	"go.opentelemetry.io/contrib/instrumentation/github.com/gin-gonic/gin/otelgin"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
)

// subjects are the routers with the instrumentation that their documentation
// recommends, as it recommends it.
func subjects() map[string]subject {
	return map[string]subject{
		"otelhttp": func(routes map[string]http.HandlerFunc, between func(http.Handler) http.Handler) http.Handler {
			mux := http.NewServeMux()
			for pattern, handler := range routes {
				mux.HandleFunc(pattern, handler)
			}
			return otelhttp.NewHandler(between(mux), "server")
		},
		"otelgin": func(routes map[string]http.HandlerFunc, between func(http.Handler) http.Handler) http.Handler {
			gin.SetMode(gin.ReleaseMode)
			engine := gin.New()
			engine.HandleMethodNotAllowed = true
			engine.Use(gin.RecoveryWithWriter(io.Discard), otelgin.Middleware("server"))
			engine.Use(func(c *gin.Context) {
				passed := false
				between(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					passed = true
					c.Request = r
					c.Next()
				})).ServeHTTP(c.Writer, c.Request)
				if !passed {
					c.Abort()
				}
			})
			for pattern, handler := range routes {
				method, path, _ := strings.Cut(pattern, " ")
				engine.Handle(method, colons(path), gin.WrapF(handler))
			}
			return engine
		},
		"echo-opentelemetry": func(routes map[string]http.HandlerFunc, between func(http.Handler) http.Handler) http.Handler {
			e := echo.NewWithConfig(echo.Config{Logger: slog.New(slog.DiscardHandler)})
			e.Use(middleware.Recover(), echootel.NewMiddleware(""), echo.WrapMiddleware(between))
			for pattern, handler := range routes {
				method, path, _ := strings.Cut(pattern, " ")
				e.Add(method, colons(path), echo.WrapHandler(handler))
			}
			return e
		},
	}
}

var wildcard = regexp.MustCompile(`{([^}]*)}`)

func colons(path string) string { return wildcard.ReplaceAllString(path, ":$1") }
