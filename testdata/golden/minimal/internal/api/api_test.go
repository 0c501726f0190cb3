package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"example.com/hello/internal/problem"
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

// Members are told apart by upper and lower case, at any depth: otherwise a validated
// one could be followed by another spelling that replaces it.
func TestReadJSON_Case(t *testing.T) {
	type item struct {
		SKU string `json:"sku"`
	}
	type embedded struct {
		Note string `json:"note"`
	}
	type draft struct {
		embedded
		Customer string `json:"customer"`
		Plain    int
		Items    []item           `json:"items"`
		ByName   map[string]*item `json:"by_name"`
		At       time.Time        `json:"at"`
		Raw      json.RawMessage  `json:"raw"`
		Any      any              `json:"any"`
	}
	for body, want := range map[string][]string{
		`{"customer":"ada","Plain":1,"items":[{"sku":"a"}],"by_name":{"X":{"sku":"a"}},"at":"2026-01-02T15:04:05Z","raw":[{"X":[[1]]}],"any":[{"X":[1]}],"note":"n"}`: nil,
		`{"Customer":"ada"}`: {"body.Customer"},
		`{"customer":"ada","CUSTOMER":"bob","plain":1,"NOTE":"n"}`:                 {"body.CUSTOMER", "body.NOTE", "body.plain"},
		`{"items":[{"sku":"a"},{"sku":"a","SKU":"b"}],"by_name":{"x":{"Sku":""}}}`: {"body.by_name.x.Sku", "body.items[1].SKU"},
		`null`: nil,
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		err := ReadJSON(r, &draft{})
		var got []string
		if details, ok := errors.AsType[*problem.Details](err); ok && details.Status == http.StatusUnprocessableEntity {
			for _, invalid := range details.Errors {
				got = append(got, invalid.Location)
			}
		}
		if !slices.Equal(got, want) || (err == nil) != (want == nil) {
			t.Errorf("%s: %v, %v; want %v", body, got, err, want)
		}
	}
}

func TestQuery(t *testing.T) {
	for query, want := range map[string]int{"": 20, "limit=5": 5, "limit=0": -1, "limit=101": -1, "limit=x": -1, "limit=": -1, "limit=5&limit=6": -1} {
		var invalid Invalid
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/?"+query, http.NoBody)
		got := Query(r, "limit", 20, 1, 100, &invalid)
		if err := invalid.Problem(r); (err != nil) != (want < 0) || (want > 0 && got != want) {
			t.Errorf("%q: %d, %v", query, got, err)
		}
	}
}

func TestPageQuery(t *testing.T) {
	for query, want := range map[string]struct {
		cursor string
		limit  int
		valid  bool
	}{
		"":                  {"", 20, true},
		"cursor=x&limit=1":  {"x", 1, true},
		"limit=100":         {"", 100, true},
		"limit=101":         {"", 101, false},
		"limit=0":           {"", 0, false},
		"cursor=":           {"", 20, true},
		"cursor=x&cursor=y": {"x", 20, false},
	} {
		var invalid Invalid
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/?"+query, http.NoBody)
		cursor, limit := PageQuery(r, &invalid)
		if cursor != want.cursor || limit != want.limit || (len(invalid) == 0) != want.valid {
			t.Errorf("%q: %q, %d, %v", query, cursor, limit, invalid)
		}
	}
}
