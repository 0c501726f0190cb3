package api

import (
	"errors"
	"log/slog"
	"maps"
	"net/http"

	"shop/internal/problem"
)

// Refuse answers a request with the problem of an error, and with the header fields
// that belong to it. The text of an error that is not meant for the client is logged
// and goes no further. If a response has begun, Refuse aborts the connection, so that
// the client does not take the response for complete.
func Refuse(w http.ResponseWriter, r *http.Request, err error, log *slog.Logger) {
	details, internal := problem.From(r.Context(), err)
	if internal {
		log.ErrorContext(r.Context(), "internal error", "error", err)
	}
	if begun(w) {
		panic(http.ErrAbortHandler)
	}
	var refusal interface{ GetHeaders() http.Header }
	if errors.As(err, &refusal) {
		maps.Copy(w.Header(), refusal.GetHeaders())
	}
	details.Send(w)
}

// begun reports whether a response has begun, as far as w or what it wraps knows.
func begun(w http.ResponseWriter) bool {
	if response, ok := w.(interface{ Written() bool }); ok {
		return response.Written()
	}
	wrapper, ok := w.(interface{ Unwrap() http.ResponseWriter })
	return ok && begun(wrapper.Unwrap())
}
