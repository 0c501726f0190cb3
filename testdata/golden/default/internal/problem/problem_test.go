package problem

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"testing"

	"go.opentelemetry.io/otel/trace"
)

const traceID = "4bf92f3577b34da6a3ce929d0e0e4736"

// inTrace returns the context of a request in a trace.
func inTrace(t *testing.T) context.Context {
	t.Helper()
	id, err := trace.TraceIDFromHex(traceID)
	if err != nil {
		t.Fatal(err)
	}
	return trace.ContextWithSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{TraceID: id, SpanID: trace.SpanID{1}}))
}

type observer struct{ seen []*Details }

func (o *observer) ObserveProblem(d *Details) { o.seen = append(o.seen, d) }

// The document has the members of RFC 9457, without those that are empty.
func TestSend(t *testing.T) {
	for _, c := range []struct {
		details *Details
		want    map[string]any
	}{
		{New(t.Context(), http.StatusNotFound, ""), map[string]any{"title": "Not Found", "status": 404.0}},
		{New(inTrace(t), http.StatusConflict, "taken"), map[string]any{"title": "Conflict", "status": 409.0, "detail": "taken", "trace_id": traceID}},
		{
			&Details{Type: "/problems/odd", Title: "Odd", Status: 422, Errors: []Invalid{{Location: "body.n", Message: "expected even"}}},
			map[string]any{"type": "/problems/odd", "title": "Odd", "status": 422.0, "errors": []any{map[string]any{"location": "body.n", "message": "expected even"}}},
		},
	} {
		w := httptest.NewRecorder()
		for name, value := range map[string]string{ // of what the handler had meant to send
			"Cache-Control": "public, max-age=3600", "Content-Encoding": "gzip", "Content-Length": "3", "Content-Type": "text/plain",
			"Etag": `"1"`, "Last-Modified": "Thu, 26 Nov 2026 20:00:00 GMT", "Retry-After": "1",
		} {
			w.Header().Set(name, value)
		}
		c.details.Send(w)
		var got map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || !reflect.DeepEqual(got, c.want) || w.Code != c.details.Status {
			t.Errorf("%d %s, %v; want %v", w.Code, w.Body, err, c.want)
		}
		if want := (http.Header{
			"Cache-Control": {"no-store"}, "Content-Type": {"application/problem+json"}, "Retry-After": {"1"}, "X-Content-Type-Options": {"nosniff"},
		}); !reflect.DeepEqual(w.Header(), want) {
			t.Errorf("header %v, want %v", w.Header(), want)
		}
	}
}

// The observer is told once about every problem that is sent, and about no other.
func TestSend_IsObserved(t *testing.T) {
	o := &observer{}
	ctx := context.WithValue(t.Context(), ObserverKey{}, o)
	_ = New(ctx, http.StatusNotFound, "not sent")
	shared := New(t.Context(), http.StatusConflict, "taken") // as a variable, for every request
	shared.For(ctx).Send(httptest.NewRecorder())
	shared.Send(httptest.NewRecorder())
	if len(o.seen) != 1 || o.seen[0].Detail != "taken" {
		t.Errorf("observed %+v", o.seen)
	}
	if shared.observer != nil {
		t.Error("the observer of one request has become everybody's")
	}
}

// A problem that many requests share has the trace of each.
func TestFor(t *testing.T) {
	shared := New(inTrace(t), http.StatusConflict, "taken")
	if got := shared.For(t.Context()); got.TraceID != "" || got.Detail != "taken" || shared.TraceID != traceID {
		t.Errorf("%+v of %+v", got, shared)
	}
	if got := (&Details{}).For(inTrace(t)); got.TraceID != traceID {
		t.Errorf("trace %q", got.TraceID)
	}
}

// From decides what the client is told of an error, and whether it belongs in the log.
func TestFrom(t *testing.T) {
	left, leave := context.WithCancel(t.Context())
	leave()
	late, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	refusal := Refusal("out_of_stock", http.StatusConflict, "nothing is left")
	unavailable := Refusal("unavailable", http.StatusServiceUnavailable, "try again later")
	for name, c := range map[string]struct {
		ctx      context.Context
		err      error
		status   int
		kind     string
		detail   string
		internal bool
	}{
		"a problem":                 {t.Context(), fmt.Errorf("wrapped: %w", New(t.Context(), 415, "send JSON")), 415, "", "send JSON", false},
		"a refusal":                 {t.Context(), fmt.Errorf("wrapped: %w", refusal), 409, "/problems/out_of_stock", "nothing is left", false},
		"a refusal of ours":         {t.Context(), errors.Join(errors.New("secret"), unavailable), 503, "/problems/unavailable", "try again later", true},
		"our fault, known":          {t.Context(), Refusal("broken", 500, "broken"), 500, "/problems/broken", "broken", true},
		"any other":                 {t.Context(), errors.New("secret"), 500, "", "", true},
		"the client left":           {left, fmt.Errorf("query: %w", context.Canceled), 499, "", "", false},
		"the client left, and more": {left, errors.New("secret"), 500, "", "", true},
		"a context of ours":         {t.Context(), fmt.Errorf("query: %w", context.Canceled), 500, "", "", true},
		"canceled, and out of time": {late, fmt.Errorf("query: %w", context.Canceled), 500, "", "", true},
		"out of time":               {t.Context(), fmt.Errorf("query: %w", context.DeadlineExceeded), 504, "", "", true},
	} {
		got, internal := From(c.ctx, c.err)
		if got.Status != c.status || got.Type != c.kind || got.Detail != c.detail || internal != c.internal || got.Title != http.StatusText(c.status) {
			t.Errorf("%s: %+v, internal %t", name, got, internal)
		}
	}
	if got, _ := From(inTrace(t), refusal); got.TraceID != traceID {
		t.Errorf("trace %q", got.TraceID)
	}
}

// The error.type of a problem is its kind or, if it has none, its status.
func TestErrorType(t *testing.T) {
	refusal, _ := From(t.Context(), Refusal("out_of_stock", http.StatusConflict, "nothing is left"))
	for want, d := range map[string]*Details{"out_of_stock": refusal, "404": New(t.Context(), http.StatusNotFound, "")} {
		if got := d.ErrorType(); got != want || d.HTTPStatus() != d.Status {
			t.Errorf("error type %q, want %q; status %d", got, want, d.HTTPStatus())
		}
	}
	for want, d := range map[string]*Details{"taken": New(t.Context(), http.StatusConflict, "taken"), "Not Found": New(t.Context(), http.StatusNotFound, "")} {
		if got := d.Error(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
