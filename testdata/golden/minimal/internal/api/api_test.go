package api

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestQuery(t *testing.T) {
	for query, want := range map[string]int{"": 20, "limit=5": 5, "limit=0": -1, "limit=101": -1, "limit=x": -1} {
		var invalid Invalid
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/?"+query, http.NoBody)
		got := Query(r, "limit", 20, 1, 100, &invalid)
		if err := invalid.Problem(r); (err != nil) != (want < 0) || (want > 0 && got != want) {
			t.Errorf("%q: %d, %v", query, got, err)
		}
	}
}
