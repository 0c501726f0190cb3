package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/format"
	"go/parser"
	"go/token"
	"net/http"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/go/ast/astutil"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/internal/dev/e2e"
)

// followed is a service whose owner has done what its README says.
type followed struct {
	t       *testing.T
	dir     string
	spec    generator.Spec
	readme  string
	address string
	service *e2e.Process
}

// follow makes a service for somebody who has nothing but its README.
func follow(t *testing.T, features ...string) *followed {
	t.Helper()
	f := &followed{t: t, dir: filepath.Join(t.TempDir(), "shop"), spec: generator.Spec{Service: "shop", Module: "shop", Features: features}}
	e2e.New(t, e2e.Catalog(t), f.dir, f.spec)
	readme, err := os.ReadFile(filepath.Join(f.dir, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, f.readme, _ = strings.Cut(string(readme), "## Your own code")
	return f
}

// add does what one item of the README says, from its bold words on: it writes the
// files, and puts the functions in own.go in place of those of the same name.
// Imports there are up to the editor, as the README says. Replacements are pairs of
// a text that the item must hold and what stands for it.
func (f *followed) add(item string, replacements ...string) {
	f.t.Helper()
	_, text, found := strings.Cut(f.readme, "**"+item+"**")
	if !found {
		f.t.Fatalf("README has nothing about %s", item)
	}
	text, _, _ = strings.Cut(text, "\n**")
	for i := 0; i < len(replacements); i += 2 {
		if !strings.Contains(text, replacements[i]) {
			f.t.Fatalf("README does not say %s for %s", replacements[i], item)
		}
	}
	steps := regexp.MustCompile("(?s)`([^`\n]+\\.(?:go|sql))`[^`]*:\n\n```[a-z]+\n(.*?)```\n").FindAllStringSubmatch(text, -1)
	if len(steps) == 0 {
		f.t.Fatalf("README has no file for %s", item)
	}
	for _, step := range steps {
		name, content := filepath.Join(f.dir, step[1]), strings.NewReplacer(replacements...).Replace(step[2])
		if filepath.Base(name) == "own.go" {
			f.addOwn(content)
			continue
		}
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			f.t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			f.t.Fatal(err)
		}
	}
}

// addOwn puts a function in own.go in place of that of the same name.
func (f *followed) addOwn(function string) {
	f.t.Helper()
	name := filepath.Join(f.dir, "cmd", "shop", "own.go")
	own, err := os.ReadFile(name)
	if err != nil {
		f.t.Fatal(err)
	}
	head, _, _ := strings.Cut(function, "(")
	old := regexp.MustCompile(`(?ms)^` + regexp.QuoteMeta(head) + `\(.*?^}\n`)
	if err := os.WriteFile(name, []byte(f.withImports(old.ReplaceAllLiteralString(string(own), function))), 0o600); err != nil {
		f.t.Fatal(err)
	}
}

// withImports imports the packages that a file uses and does not import yet: those
// of the README, as an editor would.
func (f *followed) withImports(source string) string {
	f.t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "own.go", source, parser.ParseComments)
	if err != nil {
		f.t.Fatal(err)
	}
	var own []string
	for _, importPath := range []string{"fmt", "net/url", "shop/internal/apikey", "shop/internal/backoffice", "shop/internal/httpserver", "shop/internal/product", "shop/internal/rates"} {
		switch used := strings.Contains(source, path.Base(importPath)+".") && !strings.Contains(source, strconv.Quote(importPath)); {
		case used && strings.HasPrefix(importPath, "shop/"):
			own = append(own, strconv.Quote(importPath))
		case used:
			astutil.AddImport(files, file, importPath)
		}
	}
	var out bytes.Buffer
	if err := format.Node(&out, files, file); err != nil {
		f.t.Fatal(err)
	}
	if own == nil {
		return out.String()
	}
	end := strings.Index(out.String(), "\n)\n")
	return out.String()[:end] + "\n\n\t" + strings.Join(own, "\n\t") + out.String()[end:]
}

// start builds the service and starts it.
func (f *followed) start(environment ...string) {
	f.t.Helper()
	f.address = e2e.FreeAddress(f.t)
	f.service = e2e.Start(f.t, append(environment, "HTTP_ADDR="+f.address, "SHUTDOWN_GRACE=0s"), e2e.Build(f.t, f.dir, "shop"))
	f.service.AwaitOK("http://" + f.address + "/readyz")
}

// do makes a request with a key, and returns the status and the answer.
func (f *followed) do(method, path, key, body string) (int, map[string]any) {
	f.t.Helper()
	request, err := http.NewRequestWithContext(f.t.Context(), method, "http://"+f.address+path, strings.NewReader(body))
	if err != nil {
		f.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Api-Key", key)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		f.t.Fatal(err)
	}
	defer response.Body.Close()
	var answer map[string]any
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		f.t.Fatal(err)
	}
	return response.StatusCode, answer
}

// A stranger adds a resource and a middleware of their own, by README alone. What
// the middleware refuses has its route in telemetry, and an update leaves all of it
// as it is.
func TestStranger_ResourceAndMiddleware(t *testing.T) {
	t.Parallel()
	f := follow(t)
	f.add("A resource")
	f.add("A middleware")
	if err := os.WriteFile(filepath.Join(f.dir, "internal", "apikey", "apikey_test.go"), []byte(apikeyTest), 0o600); err != nil {
		t.Fatal(err)
	}
	e2e.Go(t, f.dir, "test", "./internal/apikey")
	e2e.Lint(t, f.dir, "./cmd/...", "./internal/apikey", "./internal/product")
	collector := e2e.StartCollector(t, filepath.Join(f.dir, "deploy", "otel-collector.yaml"))
	f.start("OTEL_EXPORTER_OTLP_ENDPOINT="+collector.Endpoint, "ENVIRONMENT=test")

	const key = "correct horse battery staple"
	status, first := f.do(http.MethodPost, "/products", key, `{"name":"teapot"}`)
	if id, _ := first["id"].(string); status != http.StatusCreated || first["name"] != "teapot" || !strings.HasPrefix(id, "prd_") {
		t.Fatalf("%d %v", status, first)
	}
	_, second := f.do(http.MethodPost, "/products", key, `{"name":"cup"}`)
	if status, got := f.do(http.MethodGet, "/products/"+first["id"].(string), key, ""); status != http.StatusOK || got["name"] != "teapot" {
		t.Errorf("%d %v", status, got)
	}
	if status, page := f.do(http.MethodGet, "/products?limit=1", key, ""); status != http.StatusOK || page["next_cursor"] != second["id"] {
		t.Errorf("%d %v", status, page)
	}
	if status, page := f.do(http.MethodGet, "/products?limit=1&cursor="+second["id"].(string), key, ""); status != http.StatusOK || page["next_cursor"] != nil || len(page["products"].([]any)) != 1 {
		t.Errorf("%d %v", status, page)
	}
	for path, want := range map[string]string{"/products/none": "/problems/product_not_found", "/products?cursor=none": "/problems/unknown_cursor"} {
		if status, got := f.do(http.MethodGet, path, key, ""); status < 400 || got["type"] != want {
			t.Errorf("%s: %d %v", path, status, got)
		}
	}
	_, document := f.do(http.MethodGet, "/openapi.json", key, "")
	schemas := document["components"].(map[string]any)["schemas"].(map[string]any)
	for _, name := range []string{"Product", "ProductDraft", "ProductPage", "OrderDraft", "OrderPage"} {
		if schemas[name] == nil {
			t.Errorf("no schema %s", name)
		}
	}
	if status, got := f.do(http.MethodGet, "/products/secret", "wrong", ""); status != http.StatusUnauthorized || got["detail"] != "send the key in X-Api-Key" {
		t.Errorf("%d %v", status, got)
	}
	if code := f.service.Stop(); code != 0 {
		t.Errorf("exit status %d\n%s", code, &f.service.Stderr)
	}
	refused := 0
	arrived := collector.Stop()
	for _, span := range arrived.Span("GET /products/{id}") {
		if span.Attributes["http.route"] != "/products/{id}" {
			t.Errorf("route %v", span.Attributes["http.route"])
		}
		if span.Attributes["error.type"] == "401" {
			refused++
		}
	}
	if refused != 1 || len(arrived.Span("create_product")) != 2 {
		t.Errorf("%d refused requests have their route; %d spans create_product", refused, len(arrived.Span("create_product")))
	}

	own, err := os.ReadFile(filepath.Join(f.dir, "cmd", "shop", "own.go"))
	if err != nil {
		t.Fatal(err)
	}
	f.spec.Features = []string{"background"}
	e2e.Update(t, e2e.Catalog(t), f.dir, f.spec)
	if after, err := os.ReadFile(filepath.Join(f.dir, "cmd", "shop", "own.go")); err != nil || string(after) != string(own) {
		t.Errorf("the update changed own.go: %v\n%s", err, after)
	}
	e2e.Go(t, f.dir, "vet", "./...")
}

// apikeyTest is for the middleware of the README: a key that the configuration lacks lets in
// nobody, and every 401 has a challenge (RFC 9110, section 15.5.2).
const apikeyTest = `package apikey

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestRequire(t *testing.T) {
	for _, c := range []struct {
		key, sent string
		want      int
	}{{"right", "right", 204}, {"right", "wrong", 401}, {"right", "", 401}, {"", "", 401}} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
		r.Header.Set("X-Api-Key", c.sent)
		w := httptest.NewRecorder()
		Require(c.key)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) })).ServeHTTP(w, r)
		if challenged := w.Header().Get("WWW-Authenticate") != ""; w.Code != c.want || challenged != (c.want == 401) {
			t.Errorf("%+v: %d %v", c, w.Code, w.Header())
		}
	}
}
`

// A stranger pastes what the README shows, into a service that lets in only those who have
// a token: each command does what the README says.
func TestStranger_FirstRequest(t *testing.T) {
	t.Parallel()
	f := follow(t, "auth", "users")
	readme, err := os.ReadFile(filepath.Join(f.dir, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(readme), "\n## Run it\n")
	text, _, _ := strings.Cut(rest, "\n## Where things are\n")
	f.address = e2e.FreeAddress(t)
	environment := append(slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "MAKE") }), "GOWORK=off", "HTTP_ADDR="+f.address)
	program, err := exec.LookPath("make")
	if err != nil {
		t.Fatal(err)
	}
	f.service = e2e.Start(t, environment, program, "-C", f.dir, "run")
	f.service.AwaitOK("http://" + f.address + "/readyz")
	t.Cleanup(func() { f.service.Stop() })

	answers := ""
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(text, -1) {
		pasted := strings.NewReplacer("localhost:8080", f.address, "curl ", "curl --fail-with-body --silent --show-error ").Replace(block[1])
		run := exec.CommandContext(t.Context(), "sh", "-e", "-c", pasted)
		run.Dir, run.Env = f.dir, environment
		out, err := run.CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s", block[1], err, out)
		}
		answers += string(out)
	}
	for _, want := range []string{`"total_cents":2500`, `"name":"ada"`, `"access_token":`} {
		if !strings.Contains(answers, want) {
			t.Errorf("no answer has %s:\n%s", want, answers)
		}
	}
	for _, want := range []string{"POST /orders 201", "create_order", "validate_token"} {
		if !strings.Contains(f.service.Stderr.String(), want) {
			t.Errorf("the trace has no %s:\n%s", want, &f.service.Stderr)
		}
	}
}

// A stranger calls another service, by README alone, and what both do is one trace.
func TestStranger_OutboundCall(t *testing.T) {
	t.Parallel()
	other := follow(t)
	other.addOwn(`func addOwn(_ context.Context, b built) error {
	b.router.HandleFunc("GET /rates/{currency}", func(w http.ResponseWriter, r *http.Request) {
		b.log.InfoContext(r.Context(), "rate asked for")
		_, _ = w.Write([]byte("1.25"))
	})
	return nil
}
`)
	configuration := filepath.Join(other.dir, "deploy", "otel-collector.yaml")
	theirs := e2e.StartCollector(t, configuration)
	other.start("OTEL_EXPORTER_OTLP_ENDPOINT=" + theirs.Endpoint)

	f := follow(t, "client")
	f.add("A call to another service", "http://localhost:9000", "http://"+other.address)
	e2e.Lint(t, f.dir, "./cmd/...", "./internal/rates")
	ours := e2e.StartCollector(t, configuration)
	f.start("OTEL_EXPORTER_OTLP_ENDPOINT=" + ours.Endpoint)
	for _, service := range []*e2e.Process{f.service, other.service} {
		if code := service.Stop(); code != 0 {
			t.Errorf("exit status %d\n%s", code, &service.Stderr)
		}
	}
	if !strings.Contains(f.service.Stdout.String(), "currency=EUR rate=1.25") {
		t.Errorf("the rate is not in the log:\n%s", &f.service.Stdout)
	}
	sent, received := ours.Stop(), theirs.Stop()
	calls, requests := sent.Span("GET /rates/{currency}"), received.Span("GET /rates/{currency}")
	if len(calls) != 1 || len(requests) != 1 {
		t.Fatalf("%d calls and %d requests, want one: %v", len(calls), len(requests), sent.Spans)
	}
	call, request := calls[0], requests[0]
	if call.Kind != 3 || call.Attributes["url.template"] != "/rates/{currency}" {
		t.Errorf("kind %d of the call, template %v", call.Kind, call.Attributes["url.template"])
	}
	if request.Kind != 2 || request.TraceID != call.TraceID || request.ParentSpanID != call.SpanID {
		t.Errorf("the request %+v is not below the call %+v", request, call)
	}
	for _, record := range received.Records {
		if fmt.Sprint(record.Body) == "{rate asked for}" && record.TraceID == call.TraceID && record.SpanID == request.SpanID {
			return
		}
	}
	t.Errorf("the log record of the request is not in its trace: %+v", received.Records)
}
