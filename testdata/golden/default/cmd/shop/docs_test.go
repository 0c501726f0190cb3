package main

import (
	"net/http"
	"testing"
)

// Anybody can read the documentation in development: the page, to which / leads, what it
// loads, and the document that it shows.
func TestDocs(t *testing.T) {
	t.Parallel()
	p := start(t)
	p.header = http.Header{} // readers need no credentials
	for _, path := range []string{
		"/", "/docs", "/docs/swagger-ui.css", "/docs/swagger-ui-bundle.js", "/docs/swagger-ui-standalone-preset.js",
		"/docs/favicon-16x16.png", "/docs/favicon-32x32.png", "/openapi.json",
	} {
		if status, body := p.do(http.MethodGet, path, ""); status != http.StatusOK || body == "" {
			t.Errorf("%s: %d, %d bytes", path, status, len(body))
		}
	}
}
