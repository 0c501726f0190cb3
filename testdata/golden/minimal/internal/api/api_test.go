package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
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

// Of two members with one name the last counts, and nothing is left of the first.
func TestReadJSON_MemberTwice(t *testing.T) {
	type item struct {
		SKU   string `json:"sku"`
		Count int64  `json:"count"`
	}
	type draft struct {
		Gift  item   `json:"gift"`
		Items []item `json:"items"`
	}
	for body, want := range map[string]string{
		`{"gift":{"sku":"a","count":5},"gift":{"sku":"<b>"}}`:              "{Gift:{SKU:<b> Count:0} Items:[]}",
		`{"items":[{"sku":"a","count":5}],"items":[{"sku":"b"}]}`:          "{Gift:{SKU: Count:0} Items:[{SKU:b Count:0}]}",
		`{"gift":{"sku":"a"},"gift":{"count":1,"count":9007199254740993}}`: "{Gift:{SKU: Count:9007199254740993} Items:[]}",
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		var got draft
		if err := ReadJSON(r, &got); err != nil || fmt.Sprintf("%+v", got) != want {
			t.Errorf("%s: %+v, %v", body, got, err)
		}
	}
}

// What is wrong with a body is told as far as it is known.
func TestReadJSON_Unreadable(t *testing.T) {
	for want, body := range map[string]io.Reader{
		"the body is not valid JSON: it ends too early":          strings.NewReader("{"),
		"the body is not valid JSON: it has more than one value": strings.NewReader("{} {}"),
		"the body is not valid JSON: byte 2 is unexpected":       strings.NewReader("{]"),
		"the body cannot be read":                                iotest.ErrReader(errors.New("invalid byte in chunk length")),
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", body)
		r.Header.Set("Content-Type", "application/json")
		if details, ok := errors.AsType[*problem.Details](ReadJSON(r, &struct{}{})); !ok || details.Status != http.StatusBadRequest || details.Detail != want {
			t.Errorf("%+v, want %s", details, want)
		}
	}
}

// A request can have any number of mistakes. The problem lists some, or a small request
// would have a huge response.
func TestReadJSON_ManyMistakes(t *testing.T) {
	type numbers map[string][]int
	for name, body := range map[string]string{
		"values":  `{"all":[` + strings.Repeat(`"x",`, 1000) + `0]}`,
		"members": `{"all":[` + strings.Repeat(`{"x":0},`, 1000) + `{}]}`,
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		details, ok := errors.AsType[*problem.Details](ReadJSON(r, &numbers{}))
		if !ok || details.Status != http.StatusUnprocessableEntity || len(details.Errors) != 20 || details.Errors[0].Location != "body.all[0]" {
			t.Errorf("%s: %+v", name, details)
		}
	}
	var invalid Invalid
	for range 30 {
		invalid.Check(false, "query.limit", "expected a number")
	}
	if len(invalid) != 20 {
		t.Errorf("%d mistakes are collected, want 20", len(invalid))
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
