package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
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

// What does not fit is listed, wherever it is. Members are told apart by upper and lower
// case: otherwise a validated one could be followed by another spelling that replaces it.
func TestReadJSON(t *testing.T) {
	type item struct {
		SKU   string  `json:"sku"`
		Count uint8   `json:"count"`
		Price float64 `json:"price"`
	}
	type embedded struct {
		Note string `json:"note"`
	}
	type draft struct {
		embedded
		Customer string `json:"customer"`
		Plain    int
		Gift     *bool            `json:"gift"`
		Items    []item           `json:"items"`
		ByName   map[string]*item `json:"by_name"`
		At       time.Time        `json:"at"`
		From     netip.Addr       `json:"from"`
		Key      []byte           `json:"key"`
		Large    int64            `json:"large,string"`
		Raw      json.RawMessage  `json:"raw"`
		Any      any              `json:"any"`
		Hidden   string           `json:"-"`
		secret   string           //nolint:unused // no member
	}
	for body, want := range map[string][]string{
		`{"customer":"ada","Plain":1,"gift":true,"items":[{"sku":"a","count":255,"price":1e2}],"by_name":{"X":{"sku":"a"}},"at":"2026-01-02T15:04:05Z"}`: nil,
		`{"from":"192.0.2.1","key":"AQID","large":"9007199254740993","raw":[{"X":[[1]]}],"any":[{"X":[1]}],"note":"n"}`:                                  nil,
		`{"customer":null,"items":null,"gift":null,"by_name":{"X":null},"any":null}`:                                                                     nil,
		`null`:               nil,
		`{"Customer":"ada"}`: {"body.Customer: unexpected member"},
		`{"customer":"ada","CUSTOMER":"bob","plain":1,"NOTE":"n"}`: {
			"body.CUSTOMER: unexpected member", "body.NOTE: unexpected member", "body.plain: unexpected member",
		},
		`{"items":[{"sku":"a"},{"sku":"a","SKU":"b"}],"by_name":{"x":{"Sku":""}}}`: {
			"body.by_name.x.Sku: unexpected member", "body.items[1].SKU: unexpected member",
		},
		`{"embedded":{},"Hidden":"x","-":"x","secret":"x"}`: {
			"body.-: unexpected member", "body.Hidden: unexpected member", "body.embedded: unexpected member", "body.secret: unexpected member",
		},
		`{"customer":1,"gift":"no","items":[{"sku":"a"},{"count":256},{"count":1.5},{"price":"1"},7],"by_name":[]}`: {
			"body.by_name: expected object", "body.customer: expected string", "body.gift: expected boolean", "body.items[1].count: expected integer",
			"body.items[2].count: expected integer", "body.items[3].price: expected number", "body.items[4]: expected object",
		},
		`{"at":"tomorrow","from":"nowhere","key":"no base 64","items":{}}`: {
			"body.at: expected another value", "body.from: expected another value", "body.items: expected array", "body.key: expected another value",
		},
		`{"large":"x"}`: {"body: expected another value"},
		`[]`:            {"body: expected object"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		err := ReadJSON(r, &draft{})
		var got []string
		if details, ok := errors.AsType[*problem.Details](err); ok && details.Status == http.StatusUnprocessableEntity {
			for _, invalid := range details.Errors {
				got = append(got, invalid.Location+": "+invalid.Message)
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
