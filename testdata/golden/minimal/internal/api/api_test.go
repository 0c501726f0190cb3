package api

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/iotest"
)

// A body that does not come in time is not one that is wrong.
func TestDecode_Late(t *testing.T) {
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", iotest.ErrReader(os.ErrDeadlineExceeded))
	r.Header.Set("Content-Type", "application/json")
	var status interface{ HTTPStatus() int }
	if err := ReadJSON(r, &struct{}{}); !errors.As(err, &status) || status.HTTPStatus() != http.StatusRequestTimeout {
		t.Error(err)
	}
}

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

func TestPageQuery(t *testing.T) {
	longest := strings.Repeat("\u00e4", 64)
	for query, want := range map[string]struct {
		cursor string
		limit  int
		valid  bool
	}{
		"":                   {"", 20, true},
		"cursor=x&limit=1":   {"x", 1, true},
		"limit=100":          {"", 100, true},
		"limit=101":          {"", 101, false},
		"limit=0":            {"", 0, false},
		"cursor=" + longest:  {longest, 20, true},
		"cursor=x" + longest: {"x" + longest, 20, false},
	} {
		var invalid Invalid
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/?"+query, http.NoBody)
		cursor, limit := PageQuery(r, &invalid)
		if cursor != want.cursor || limit != want.limit || (len(invalid) == 0) != want.valid {
			t.Errorf("%q: %q, %d, %v", query, cursor, limit, invalid)
		}
	}
}
