//go:build matrix

package e2e_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/internal/dev/e2e"
)

// malformed is what somebody sends who does not keep to HTTP, and the statuses of
// the answers up to the end of the connection. No answer at all is right as well
// where the request never ends.
type malformed struct {
	name, text string
	statuses   string
}

const (
	postOrders = "POST /orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
	smuggled   = "GET /smuggled HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
	closing    = "Host: x\r\nConnection: close\r\n"
)

var corpus = []malformed{
	// Two readers that disagree on where a request ends are how one is smuggled.
	{"two lengths", postOrders + "Content-Length: 0\r\nContent-Length: 5\r\n\r\n" + smuggled, "400"},
	{"a list of lengths", postOrders + "Content-Length: 0, 5\r\n\r\n" + smuggled, "400"},
	{"a negative length", postOrders + "Content-Length: -1\r\n\r\n" + smuggled, "400"},
	{"a length with a sign", postOrders + "Content-Length: +5\r\n\r\n" + smuggled, "400"},
	{"a length in hexadecimal", postOrders + "Content-Length: 0x5\r\n\r\n" + smuggled, "400"},
	{"a length beyond all numbers", postOrders + "Content-Length: 99999999999999999999\r\n\r\n" + smuggled, "400"},
	{"an unknown coding", postOrders + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + smuggled, "501"},
	{"two codings", postOrders + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" + smuggled, "501"},
	{"chunked twice", postOrders + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled, "501"},
	{"a coding behind a tab", postOrders + "Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n" + smuggled, "400"},
	{"a space before the colon", postOrders + "Content-Length : 5\r\n\r\n" + smuggled, "400"},
	{"a length of its own line", postOrders + "X: y\r\n Content-Length: 100\r\n" + "Connection: close\r\nContent-Length: 2\r\n\r\n{}", "422"},
	// Chunks.
	{"a chunk of no size", postOrders + "Transfer-Encoding: chunked\r\n\r\nx\r\n{}\r\n0\r\n\r\n" + smuggled, "400"},
	{"a chunk of a negative size", postOrders + "Transfer-Encoding: chunked\r\n\r\n-1\r\n{}\r\n0\r\n\r\n" + smuggled, "400"},
	{"a chunk beyond all numbers", postOrders + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}\r\n0\r\n\r\n" + smuggled, "400"},
	{"a chunk longer than it says", postOrders + "Transfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n" + smuggled, "400"},
	{"a chunk that never comes", postOrders + "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{", "408"},
	{"an endless extension of a chunk", postOrders + "Transfer-Encoding: chunked\r\n\r\n2;" + strings.Repeat("x", 1<<16) + "\r\n{}\r\n0\r\n\r\n" + smuggled, "400"},
	// The line of the request, and the header.
	{"nothing of HTTP", "\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03", "400"}, // TLS
	{"no host", "GET /orders HTTP/1.1\r\n\r\n" + smuggled, "400"},
	{"two hosts", "GET /orders HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" + smuggled, "400"},
	{"a host that is none", "GET /orders HTTP/1.1\r\nHost: a b\r\n\r\n" + smuggled, "400"},
	{"a method that is none", "G@T /orders HTTP/1.1\r\n" + closing + "\r\n", "400"},
	{"a method in lower case", "get /orders HTTP/1.1\r\n" + closing + "\r\n", "405"},
	{"a version of the future", "GET /orders HTTP/3.9\r\n" + closing + "\r\n", "505"},
	{"no version", "GET /orders\r\n" + closing + "\r\n", "400"},
	{"the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "404"},
	{"a path without a slash", "GET orders HTTP/1.1\r\n" + closing + "\r\n", "400"},
	{"an escape that is none", "GET /orders/%zz HTTP/1.1\r\n" + closing + "\r\n", "400"},
	{"a null in the path", "GET /orders/%00 HTTP/1.1\r\n" + closing + "\r\n", "404"},
	{"a path that climbs", "GET /orders/..%2f..%2fetc%2fpasswd HTTP/1.1\r\n" + closing + "\r\n", "404"},
	{"a proxy's request", "GET http://elsewhere.example/orders HTTP/1.1\r\n" + closing + "\r\n", "200"},
	{"the server as a whole", "OPTIONS * HTTP/1.1\r\n" + closing + "\r\n", "200"},
	{"a tunnel", "CONNECT elsewhere.example:443 HTTP/1.1\r\n" + closing + "\r\n", "404"},
	{"an expectation that is none", postOrders + "Expect: wonders\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}", "417"},
	{"a null in the header", "GET /orders HTTP/1.1\r\nX: a\x00b\r\n" + closing + "\r\n", "400"},
	{"a name that is none", "GET /orders HTTP/1.1\r\nX@Y: a\r\n" + closing + "\r\n", "400"},
	{"a header without a colon", "GET /orders HTTP/1.1\r\nnonsense\r\n" + closing + "\r\n", "400"},
	{"a huge header", "GET /orders HTTP/1.1\r\nX: " + strings.Repeat("x", 1<<17) + "\r\n" + closing + "\r\n", "431"},
	{"many headers", "GET /orders HTTP/1.1\r\n" + strings.Repeat("X: y\r\n", 1<<15) + closing + "\r\n", "431"},
	{"a huge path", "GET /" + strings.Repeat("x", 1<<17) + " HTTP/1.1\r\n" + closing + "\r\n", "431"},
	{"a header that never ends", "GET /orders HTTP/1.1\r\nHost: x\r\nX: ", ""},
	// The body.
	{"a body that never comes", postOrders + "Content-Length: 100\r\n\r\n{", "408"},
	{"a body in another charset", strings.Replace(postOrders, "json", "json; charset=utf-16", 1) + "Connection: close\r\nContent-Length: 2\r\n\r\n{}", "415"},
	{"a body as deep as it is long", postOrders + "Connection: close\r\nContent-Length: 200000\r\n\r\n" + strings.Repeat("[", 200_000), "400"},
	{"a name that is there twice", postOrders + "Connection: close\r\nContent-Length: 31\r\n\r\n" + `{"customer":"a","customer":"b"}`, "422"},
}

// What is not HTTP harms nothing: each router answers as the standard library
// does, or with a problem, keeps nothing of it, and serves the next request.
func TestMatrix_MalformedHTTP(t *testing.T) {
	t.Parallel()
	for _, slot := range e2e.Catalog(t).Slots {
		if slot.Name != "router" {
			continue
		}
		for _, router := range slot.Values {
			apis := []string{"huma", "plain"}
			if router == slot.Default {
				apis = append(apis, "openapi") // whose server is that of net/http on every router
			}
			for _, api := range apis {
				t.Run(router+" "+api, func(t *testing.T) {
					t.Parallel() // it waits more than it works
					dir := filepath.Join(t.TempDir(), "shop")
					e2e.New(t, e2e.Catalog(t), dir, generator.Spec{Service: "shop", Module: "shop", Slots: map[string]string{
						"router": router, "api": api, "sample": "orders",
					}, Features: []string{"admin"}})
					address, admin := e2e.FreeAddress(t), e2e.FreeAddress(t)
					service := e2e.Start(t, []string{
						"HTTP_ADDR=" + address, "ADMIN_ADDR=" + admin, "ENVIRONMENT=test", "SHUTDOWN_GRACE=0s", "OTEL_SDK_DISABLED=true",
						"HTTP_READ_TIMEOUT=1s", "HTTP_READ_HEADER_TIMEOUT=1s",
					}, e2e.Build(t, dir, "shop"))
					service.AwaitOK("http://" + address + "/readyz")
					before := goroutines(t, admin)
					for _, m := range corpus {
						if got := provoke(t, address, m.text); got != m.statuses {
							t.Errorf("%s: answers %q, want %q", m.name, got, m.statuses)
						}
					}
					service.AwaitOK("http://" + address + "/readyz")
					after := goroutines(t, admin)
					for range 50 { // those of the last connections end
						if after <= before+2 {
							break
						}
						time.Sleep(100 * time.Millisecond)
						after = goroutines(t, admin)
					}
					if after > before+2 { // the connection that asks, and the one of the probe
						t.Errorf("%d goroutines, and %d before", after, before)
					}
					if code := service.Stop(); code != 0 {
						t.Errorf("exit status %d", code)
					}
					if log := service.Stdout.String() + service.Stderr.String(); strings.Contains(log, "panic") {
						t.Errorf("a panic:\n%s", log)
					}
				})
			}
		}
	}
}

// goroutines returns how many there are in a service with the feature admin.
func goroutines(t *testing.T, admin string) (n int) {
	t.Helper()
	profile := e2e.Get(t, "http://"+admin+"/debug/pprof/goroutine?debug=1")
	if _, err := fmt.Sscanf(string(profile), "goroutine profile: total %d", &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// provoke sends a text and returns the statuses of all answers.
func provoke(t *testing.T, address, text string) string {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.WriteString(conn, text) }() // the server may answer before the end
	var statuses []string
	for answers := bufio.NewReader(conn); ; {
		response, err := http.ReadResponse(answers, nil)
		if err != nil {
			return strings.Join(statuses, " ")
		}
		statuses = append(statuses, fmt.Sprint(response.StatusCode))
		if _, err := io.Copy(io.Discard, response.Body); err != nil {
			return strings.Join(statuses, " ")
		}
		response.Body.Close()
	}
}
