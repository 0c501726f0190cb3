package api

import (
	"github.com/go-playground/validator/v10"
	"github.com/labstack/echo/v5"

	"shop/internal/httpserver"
)

// BindJSON lets the handlers of router bind a JSON body to a struct and validate
// it: c.Bind(&in). Unlike echo's own, its binder takes nothing but JSON, no members
// that are unknown, and nothing from the path or the query. The error is a problem
// that lists every part that is invalid by its validate tag.
func BindJSON(router *httpserver.Router) {
	validate := validator.New(validator.WithRequiredStructEnabled())
	validate.RegisterTagNameFunc(fieldName)
	router.Binder = binder{validate}
}

type binder struct{ validate *validator.Validate }

// Bind implements echo.Binder.
func (b binder) Bind(c *echo.Context, v any) error {
	if err := ReadJSON(c.Request(), v); err != nil {
		return err
	}
	return fieldsProblem(c.Request(), b.validate.StructCtx(c.Request().Context(), v))
}
