package api

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"example.com/hello/internal/problem"
	"example.com/hello/internal/telemetry/telemetrytest"
)

// busy is an error that belongs with a header field.
type busy struct{ *problem.Details }

func (b busy) Unwrap() error { return b.Details }

func (busy) GetHeaders() http.Header { return http.Header{"Retry-After": {"7"}} }

// An error that is not meant for the client is logged, and goes no further.
func TestRefuse(t *testing.T) {
	rec := telemetrytest.Start(t)
	taken := problem.New(t.Context(), http.StatusConflict, "taken")
	for _, c := range []struct {
		err    error
		status int
		retry  string
		logged int
	}{
		{errors.New("password hunter2 rejected"), http.StatusInternalServerError, "", 1},
		{errors.Join(errors.New("hunter2"), taken), http.StatusConflict, "", 1},
		{errors.Join(errors.New("hunter2"), busy{taken}), http.StatusConflict, "7", 1},
	} {
		w := httptest.NewRecorder()
		Refuse(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody), c.err, rec.Logger())
		if w.Code != c.status || w.Header().Get("Retry-After") != c.retry || strings.Contains(w.Body.String(), "hunter2") || strings.Count(rec.Logs(), "hunter2") != c.logged {
			t.Errorf("%v: %d %v %s, log %s", c.err, w.Code, w.Header(), w.Body, rec.Logs())
		}
	}
}

// begunResponse is a response whose header has been sent.
type begunResponse struct{ *httptest.ResponseRecorder }

func (begunResponse) Written() bool { return true }

// wrapper hides what it wraps from all but those who ask for it.
type wrapper struct{ http.ResponseWriter }

func (w wrapper) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// An error after the first byte is logged, and aborts the connection.
func TestRefuse_TooLate(t *testing.T) {
	rec := telemetrytest.Start(t)
	w := httptest.NewRecorder()
	defer func() {
		err, _ := recover().(error)
		if !errors.Is(err, http.ErrAbortHandler) || w.Body.Len() > 0 || strings.Count(rec.Logs(), "broken") != 1 {
			t.Errorf("%v, body %s, log %s", err, w.Body, rec.Logs())
		}
	}()
	Refuse(wrapper{begunResponse{w}}, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody), errors.New("broken"), rec.Logger())
}
