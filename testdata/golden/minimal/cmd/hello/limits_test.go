package main

import (
	"net/http"
	"strings"
	"testing"
)

// Requests that are too large are refused by the whole service, with the same kind of
// problem as its other refusals.
func TestLimits(t *testing.T) {
	t.Parallel()
	p := start(t)
	for _, c := range []struct {
		url, header, status int
	}{
		{32 << 10, 0, http.StatusNotFound},
		{32<<10 + 1, 0, http.StatusRequestURITooLong},
		{100, 30_000, http.StatusNotFound}, // with what the client and the test send besides
		{100, 33_000, http.StatusRequestHeaderFieldsTooLarge},
	} {
		p.header.Set("Large", strings.Repeat("x", c.header))
		status, header, body := p.ask(http.MethodGet, "/nowhere?"+strings.Repeat("x", c.url-len("/nowhere?")), "")
		if status != c.status || header.Get("Content-Type") != "application/problem+json" || !strings.Contains(body, `"trace_id":"`) {
			t.Errorf("%+v: %d %v %s", c, status, header, body)
		}
	}
}

// A query that cannot be read is refused, and not used without the part that cannot.
func TestMalformedQuery(t *testing.T) {
	t.Parallel()
	p := start(t)
	for query, want := range map[string]int{
		"":                     http.StatusNotFound,
		"a=1&b=%3B%25&c=+&d&=": http.StatusNotFound,
		"a=1;b=2":              http.StatusBadRequest,
		"a=1&b=%zz":            http.StatusBadRequest,
		"a=100%":               http.StatusBadRequest,
	} {
		status, header, body := p.ask(http.MethodGet, "/nowhere?"+query, "")
		if isProblem := strings.Contains(body, "the query is malformed"); status != want || isProblem != (want == http.StatusBadRequest) || header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %s", query, status, body)
		}
	}
}
