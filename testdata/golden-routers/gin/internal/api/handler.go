package api

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"sync"

	"github.com/gin-gonic/gin"
	"github.com/gin-gonic/gin/binding"
	"github.com/go-playground/validator/v10"

	"shop/internal/problem"
)

// Handler is a gin.HandlerFunc that may fail.
type Handler func(c *gin.Context) error

// Handle makes a gin.HandlerFunc of h. An error that is meant for the client
// becomes a problem document; the text of any other is logged and goes no
// further. No handler comes after one that fails. If h has begun a response, Handle
// aborts the connection, so that the client does not take the response for complete.
func Handle(log *slog.Logger, h Handler) gin.HandlerFunc {
	return func(c *gin.Context) {
		if err := h(c); err != nil {
			details, internal := problem.From(c.Request.Context(), err)
			if internal {
				log.ErrorContext(c.Request.Context(), "internal error", "error", err)
			}
			if c.Writer.Written() {
				panic(http.ErrAbortHandler)
			}
			details.Send(c.Writer)
			c.Abort()
		}
	}
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

// JSON binds a JSON body to a struct: c.ShouldBindWith(&in, api.JSON). Unlike
// binding.JSON it takes nothing but JSON, and no members that are unknown. The
// error is a problem that lists every part that is invalid by its binding tag.
var JSON binding.Binding = jsonBinding{}

type jsonBinding struct{}

// Name implements binding.Binding.
func (jsonBinding) Name() string { return "json" }

// Bind implements binding.Binding.
func (jsonBinding) Bind(r *http.Request, v any) error {
	if err := ReadJSON(r, v); err != nil {
		return err
	}
	nameFields()
	return fieldsProblem(r, binding.Validator.ValidateStruct(v))
}

// nameFields lets gin's validator call fields what the client calls them.
var nameFields = sync.OnceFunc(func() {
	binding.Validator.Engine().(*validator.Validate).RegisterTagNameFunc(fieldName)
})
