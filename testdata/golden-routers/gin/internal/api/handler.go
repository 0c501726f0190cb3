package api

import (
	"log/slog"
	"net/http"
	"sync"

	"github.com/gin-gonic/gin"
	"github.com/gin-gonic/gin/binding"
	"github.com/go-playground/validator/v10"
)

// Handler is a gin.HandlerFunc that may fail.
type Handler func(c *gin.Context) error

// Handle makes a gin.HandlerFunc of h, whose error it answers as Refuse does. No handler
// comes after one that fails.
func Handle(log *slog.Logger, h Handler) gin.HandlerFunc {
	return func(c *gin.Context) {
		if err := h(c); err != nil {
			Refuse(c.Writer, c.Request, err, log)
			c.Abort()
		}
	}
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
