package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"example.com/hello/internal/httpserver"
	"example.com/hello/internal/problem"
	"example.com/hello/internal/telemetry/telemetrytest"
)

type input struct {
	Name     string `json:"name"`
	Quantity int    `json:"quantity"`
}

// A client learns everything about its own errors, and nothing about those of the
// service.
func TestErrors(t *testing.T) {
	rec := telemetrytest.Start(t)
	mux := http.NewServeMux()
	for path, err := range map[string]error{
		"/internal": errors.New("dial db: password hunter2 rejected"),
		"/wrapped":  errors.Join(errors.New("hunter2"), problem.New(t.Context(), http.StatusConflict, "taken")),
		"/late":     fmt.Errorf("hunter2: %w", context.DeadlineExceeded),
		"/own":      fmt.Errorf("hunter2: %w", context.Canceled), // of a context of ours: nobody has left
		"/ok":       nil,
	} {
		mux.HandleFunc(path, Handle(rec.Logger(), func(w http.ResponseWriter, r *http.Request) error {
			in, decodeErr := Decode[input](r)
			if decodeErr != nil {
				return decodeErr
			}
			if err != nil {
				return err
			}
			return Reply(w, http.StatusCreated, in)
		}))
	}
	for _, c := range []struct {
		path, kind, body string
		status           int
		want             string
	}{
		{"/ok", "application/json; charset=utf-8", `{"name":"x","quantity":1}`, 201, `{"name":"x","quantity":1}`},
		{"/internal", "application/json", `{}`, 500, `"title":"Internal Server Error"`},
		{"/wrapped", "application/json", `{}`, 409, `"detail":"taken"`},
		{"/late", "application/json", `{}`, 504, `"title":"Gateway Timeout"`},
		{"/own", "application/json", `{}`, 500, `"title":"Internal Server Error"`},
		{"/ok", "text/plain", `{}`, 415, `"detail":"send application/json"`},
		{"/ok", "application/json; charset=utf-16", `{}`, 415, `"detail":"send application/json"`},
		{"/ok", "application/json", `{"name":"hunter2"`, 400, `"detail":"the body is not valid JSON: it ends too early"`},
		{"/ok", "application/json", `{"name":"hunter2",}`, 400, `"detail":"the body is not valid JSON: byte 19 is unexpected"`},
		{"/ok", "application/json", `{} {}`, 400, `"detail":"the body is not valid JSON: it has more than one value"`},
		{"/ok", "application/json", `{"label":"hunter2"}`, 422, `"location":"body.label"`},
		{"/ok", "application/json", `{"quantity":"hunter2"}`, 422, `"location":"body.quantity","message":"expected integer"`},
		{"/ok", "application/json", `{"name":["hunter2"]}`, 422, `"location":"body.name","message":"expected string"`},
		{"/ok", "application/json", `["hunter2"]`, 422, `"location":"body","message":"expected object"`},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, c.path, strings.NewReader(c.body))
		r.Header.Set("Content-Type", c.kind)
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%s %s: %d %s", c.path, c.body, w.Code, w.Body)
		}
		if isProblem := w.Header().Get("Content-Type") == problem.ContentType; isProblem != (c.status >= 400) {
			t.Errorf("%s %s: content type %s", c.path, c.body, w.Header().Get("Content-Type"))
		}
		if strings.Contains(w.Body.String(), "hunter2") {
			t.Errorf("%s leaks: %s", c.path, w.Body)
		}
	}
	for text, want := range map[string]int{"hunter2 rejected": 1, "deadline exceeded": 1, "context canceled": 1} {
		if n := strings.Count(rec.Logs(), text); n != want {
			t.Errorf("%q is in the log %d times, want %d", text, n, want)
		}
	}
}

// An error after the first byte is not sent behind it, and the client notices that the
// response is not complete.
func TestErrors_TooLate(t *testing.T) {
	rec := telemetrytest.Start(t)
	handler, err := httpserver.Instrument(httpserver.InstrumentConfig{}, rec.Logger(), Handle(rec.Logger(), func(w http.ResponseWriter, _ *http.Request) error {
		_, err := io.WriteString(w, "half")
		return errors.Join(err, http.NewResponseController(w).Flush(), errors.New("broken"))
	}))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	defer server.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, err := io.ReadAll(response.Body); string(body) != "half" || err == nil {
		t.Errorf("%q, %v", body, err)
	}
	if n := strings.Count(rec.Logs(), "broken"); n != 1 {
		t.Errorf("the error is in the log %d times: %s", n, rec.Logs())
	}
}

// The response to a client that has left is 499, which only telemetry sees. It is not
// an error of the service.
func TestClientLeft(t *testing.T) {
	rec := telemetrytest.Start(t)
	ctx, leave := context.WithCancel(t.Context())
	w := httptest.NewRecorder()
	Handle(rec.Logger(), func(_ http.ResponseWriter, r *http.Request) error {
		leave()
		return fmt.Errorf("query: %w", r.Context().Err())
	})(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/", http.NoBody))
	if w.Code != 499 || rec.Logs() != "" {
		t.Errorf("%d, log %s", w.Code, rec.Logs())
	}
}
