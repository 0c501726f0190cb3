package api

import (
	"log/slog"
	"net/http"
)

// Handler is an http.HandlerFunc that may fail.
type Handler func(w http.ResponseWriter, r *http.Request) error

// Handle makes an http.HandlerFunc of h, whose error it answers as Refuse does.
func Handle(log *slog.Logger, h Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			Refuse(w, r, err, log)
		}
	}
}

// Decode reads the JSON body of r into a T. Unknown members are errors,
// because a misspelt one would otherwise be ignored. The error is a problem.
func Decode[T any](r *http.Request) (T, error) {
	var v T
	err := ReadJSON(r, &v)
	return v, err
}
