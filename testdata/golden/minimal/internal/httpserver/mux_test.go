package httpserver

import (
	"net/http"
	"testing"
)

// A pattern that ends in a slash is the route of everything below it.
func TestRouter_Subtree(t *testing.T) {
	router := NewRouter()
	router.HandleFunc("GET /trees/{name}/", func(http.ResponseWriter, *http.Request) {})
	for _, path := range []string{"/trees/oak/", "/trees/oak/leaves/1", "/trees/oak/leaves/"} {
		if w, route := getRoute(t, router, http.MethodGet, path); w.Code != http.StatusOK || route != "/trees/{name}/" {
			t.Errorf("%s: %d, route %q", path, w.Code, route)
		}
	}
}

// The pattern / matches every path, but the asterisk of "PRI * HTTP/2.0" is not a path.
func TestRouter_Asterisk(t *testing.T) {
	router := NewRouter()
	router.HandleFunc("/", func(http.ResponseWriter, *http.Request) {})
	if w, route := getRoute(t, router, "PRI", "*"); w.Code != http.StatusNotFound || route != "" {
		t.Errorf("%d, route %q", w.Code, route)
	}
}
