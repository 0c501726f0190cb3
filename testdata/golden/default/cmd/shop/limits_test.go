package main

import (
	"net/http"
	"strings"
	"testing"
)

// What is too large is refused by the whole service with the problem that its other
// refusals are.
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
