package apidocs

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"shop/internal/httpserver"
	"shop/internal/telemetry/telemetrytest"
)

// The page has all that it needs in the service itself, a browser would refuse to load
// anything else, and none of it is a request that telemetry counts.
func TestRegister(t *testing.T) {
	rec := telemetrytest.Start(t)
	router := httpserver.NewRouter()
	Register(router, Config{Enabled: true})
	handler, err := httpserver.Instrument(httpserver.InstrumentConfig{}, rec.Logger(), router)
	if err != nil {
		t.Fatal(err)
	}
	get := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody))
		return w
	}
	page := get("/docs")
	if policy := page.Header().Get("Content-Security-Policy"); policy != "default-src 'self' 'unsafe-inline'; img-src 'self' data:" {
		t.Errorf("policy %q", policy)
	}
	for _, part := range []string{"<title>shop ", `"/openapi.json"`} { // of which service, and the document that it shows
		if !strings.Contains(page.Body.String(), part) {
			t.Errorf("the page has no %s", part)
		}
	}
	links := regexp.MustCompile(`(?:src|href)="([^"]*)"`).FindAllStringSubmatch(page.Body.String(), -1)
	for _, link := range links {
		if w := get(link[1]); w.Code != http.StatusOK || w.Body.Len() == 0 {
			t.Errorf("%s: %d, %d bytes", link[1], w.Code, w.Body.Len())
		}
	}
	if len(links) < 3 {
		t.Errorf("the page loads %v", links)
	}
	for _, span := range rec.Spans() {
		t.Errorf("a span %s", span.Name())
	}
	if root := get("/"); root.Code != http.StatusFound || root.Header().Get("Location") != "/docs" {
		t.Errorf("/ answers %d, and leads to %q", root.Code, root.Header().Get("Location"))
	}
	if beside := get("/nothing"); beside.Code != http.StatusNotFound {
		t.Errorf("/nothing answers %d", beside.Code)
	}
}

// Strangers do not get it.
func TestRegister_Off(t *testing.T) {
	router := httpserver.NewRouter()
	Register(router, Config{})
	for _, path := range []string{"/docs", "/"} {
		w := httptest.NewRecorder()
		router.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody))
		if w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}
