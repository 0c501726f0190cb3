package api

import (
	"log/slog"
	"net/http"
)

// Handler is an http.HandlerFunc that may fail.
type Handler func(w http.ResponseWriter, r *http.Request) error

// Handle makes an http.HandlerFunc of h. An error that is meant for the client
// becomes a problem document; the text of any other is logged and goes no
// further.
func Handle(log *slog.Logger, h Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			refuse(w, r, log, err)
		}
	}
}

// Decode reads the JSON body of r into a T. Unknown members are errors, for a
// misspelt one would be lost without a word. The error is a problem.
func Decode[T any](r *http.Request) (T, error) {
	var v T
	err := decode(r, &v)
	return v, err
}
