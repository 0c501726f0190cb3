package api

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"

	"shop/internal/problem"
)

// Handler is an http.HandlerFunc that may fail.
type Handler func(w http.ResponseWriter, r *http.Request) error

// Handle makes an http.HandlerFunc of h. An error that is meant for the client
// becomes a problem document; the text of any other is logged and goes no
// further. If h has begun a response, Handle aborts the connection, so that the
// client does not take the response for complete.
func Handle(log *slog.Logger, h Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			details, internal := problem.From(r.Context(), err)
			if internal {
				log.ErrorContext(r.Context(), "internal error", "error", err)
			}
			if begun(w) {
				panic(http.ErrAbortHandler)
			}
			details.Send(w)
		}
	}
}

// begun reports whether a response has begun, as far as w or what it wraps knows.
func begun(w http.ResponseWriter) bool {
	if response, ok := w.(interface{ Written() bool }); ok {
		return response.Written()
	}
	wrapper, ok := w.(interface{ Unwrap() http.ResponseWriter })
	return ok && begun(wrapper.Unwrap())
}

// Reply sends v as JSON.
func Reply(w http.ResponseWriter, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("response: %w", err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // a client that left is not our error
	return nil
}

// Decode reads the JSON body of r into a T. Unknown members are errors,
// because a misspelt one would otherwise be ignored. The error is a problem.
func Decode[T any](r *http.Request) (T, error) {
	var v T
	err := ReadJSON(r, &v)
	return v, err
}
