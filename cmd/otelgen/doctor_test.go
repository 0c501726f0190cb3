package main

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The endpoint is really tried: with an export that has no spans, as OTLP over
// HTTP has it, and with the headers that the service would send.
func TestDoctor_Endpoint(t *testing.T) {
	var got *http.Request
	var body []byte
	status := http.StatusOK
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
		w.WriteHeader(status)
	}))
	defer collector.Close()
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := "http://" + nobody.Addr().String()
	_ = nobody.Close()
	for _, test := range []struct {
		endpoint string
		status   int
		want     string
		ill      bool
	}{
		{collector.URL, http.StatusOK, "ok    telemetry: " + collector.URL + "/v1/traces takes traces", false},
		{collector.URL, http.StatusNotFound, "wrong telemetry: " + collector.URL + "/v1/traces answers with 404", true},
		{collector.URL, http.StatusUnauthorized, "requires credentials (401); set OTEL_EXPORTER_OTLP_HEADERS", true},
		{closed, 0, "wrong telemetry: " + closed + "/v1/traces does not answer", true},
		{"localhost:4318", 0, "is not a URL; write http://HOST:4318", true},
		{"", 0, "note  telemetry: OTEL_EXPORTER_OTLP_ENDPOINT is not set", false},
	} {
		t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", test.endpoint)
		t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "api-key=a%20b")
		status = test.status
		var out bytes.Buffer
		d := doctor{out: &out}
		d.endpoint(t.Context())
		if !strings.Contains(out.String(), test.want) || d.ill != test.ill {
			t.Errorf("%s: %v, %s", test.endpoint, d.ill, out.String())
		}
	}
	if got.Method != http.MethodPost || got.URL.Path != "/v1/traces" || got.Header.Get("Content-Type") != "application/json" ||
		got.Header.Get("Api-Key") != "a b" || string(body) != `{"resourceSpans":[]}` {
		t.Errorf("%s %s %v: %s", got.Method, got.URL.Path, got.Header, body)
	}
}

// A port that is taken is found.
func TestDoctor_Port(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	t.Setenv("HTTP_ADDR", taken.Addr().String())
	var out bytes.Buffer
	d := doctor{out: &out}
	if d.port(); !d.ill || !strings.Contains(out.String(), "set HTTP_ADDR to another") {
		t.Errorf("%s", out.String())
	}
}

// The variables of .env count, as they do for make run: the environment goes before
// them, and what is misspelt is found in both.
func TestDoctor_DotEnv(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	var key string
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { key = r.Header.Get("Api-Key") }))
	defer collector.Close()
	dir := t.TempDir()
	for name, content := range map[string]string{
		".otelgen/spec.yaml": "",
		".env.example":       "#HTTP_ADDR=\n#LOG_LEVEL=info\n",
		".env": "# PORT=1\nHTTP_ADDR=" + taken.Addr().String() + " # here\r\nHTTP_ADRR=x\n" +
			"export OTEL_EXPORTER_OTLP_ENDPOINT=\"" + collector.URL + "\"\nOTEL_EXPORTER_OTLP_HEADERS='api-key=a%20b'\n" +
			"OTEL_EXPORTER_OTLP_PROTOCOL=$(touch ran)\n",
	} {
		file := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(content), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	for _, name := range []string{"HTTP_ADDR", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_PROTOCOL"} {
		t.Setenv(name, "") // which the test puts back
		if err := os.Unsetenv(name); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("GOPROXY", "off")
	examine := func() string {
		var out bytes.Buffer
		d := doctor{out: &out, dir: "."}
		_ = d.run(t.Context()) // the spec is empty
		return out.String()
	}
	out := examine()
	for _, want := range []string{
		"wrong port: " + taken.Addr().String() + " is in use",
		"ok    telemetry: " + collector.URL + "/v1/traces takes traces",
		"the service does not read HTTP_ADRR; did you mean HTTP_ADDR?",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q:\n%s", want, out)
		}
	}
	if key != "a b" {
		t.Errorf("the collector got the key %q", key)
	}
	if exists("ran") {
		t.Error(".env was executed")
	}
	t.Setenv("HTTP_ADDR", "127.0.0.1:0")
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "")
	if out := examine(); !strings.Contains(out, "ok    port: 127.0.0.1:0 is free") || !strings.Contains(out, "ENDPOINT is not set") {
		t.Errorf("the environment does not go before .env:\n%s", out)
	}
}

// What the proxy of modules wants to know is a secret, and is in no finding.
func TestDoctor_ModulesSecret(t *testing.T) {
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, password, _ := r.BasicAuth(); password != "secret" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	address := strings.Replace(proxy.URL, "http://", "http://ada:secret@", 1)
	t.Setenv("GOPROXY", address)
	for _, want := range []string{"ok    modules: ", "wrong modules: "} {
		var out bytes.Buffer
		d := doctor{out: &out, dir: t.TempDir()}
		d.modules(t.Context())
		if !strings.HasPrefix(out.String(), want+"http://ada:xxxxx@") || strings.Contains(out.String(), "secret") {
			t.Errorf("want %s: %s", want, out.String())
		}
		proxy.Close()
	}
}
