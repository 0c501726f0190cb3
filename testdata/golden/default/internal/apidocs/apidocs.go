// Package apidocs serves the documentation of the API: Swagger UI, all of whose files
// are in the program.
package apidocs

import (
	"net/http"

	"github.com/swaggest/swgui/v5emb"

	"shop/internal/httpserver"
)

// Config is what the environment says about the documentation.
type Config struct {
	// Enabled serves the documentation at /docs, by default in development only: it is
	// a page for people. The document that it shows is always served.
	Enabled bool `env:"API_DOCS"`
}

// Register adds the documentation to router, unless cfg says otherwise, and leads to it
// from /: remove that if the service has a page of its own there. It shows the document
// at /openapi.json, and can load nothing from elsewhere.
func Register(router *httpserver.Router, cfg Config) {
	if !cfg.Enabled {
		return
	}
	router.HandleFunc("GET /{$}", http.RedirectHandler("/docs", http.StatusFound).ServeHTTP)
	page := v5emb.New("shop", "/openapi.json", "/docs")
	for _, file := range []string{"", "/swagger-ui.css", "/swagger-ui-bundle.js", "/swagger-ui-standalone-preset.js", "/favicon-16x16.png", "/favicon-32x32.png"} {
		router.HandleFunc("GET /docs"+file, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Security-Policy", "default-src 'self' 'unsafe-inline'; img-src 'self' data:")
			page.ServeHTTP(w, r)
		})
	}
}
