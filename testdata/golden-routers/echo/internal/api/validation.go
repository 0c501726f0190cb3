package api

import (
	"errors"
	"net/http"
	"reflect"
	"strings"

	"github.com/go-playground/validator/v10"
)

// fieldsProblem returns the problem of a body that a validator has found invalid
// with err, or err itself if that is something else.
func fieldsProblem(r *http.Request, err error) error {
	var fields validator.ValidationErrors
	if !errors.As(err, &fields) {
		return err
	}
	var invalid Invalid
	for _, field := range fields {
		_, path, _ := strings.Cut(field.Namespace(), ".")
		invalid.Add("body."+path, expected(field))
	}
	return invalid.Problem(r)
}

// fieldName returns what the client calls a field.
func fieldName(field reflect.StructField) string {
	name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	return name
}

// expected says what a tag asks for.
func expected(field validator.FieldError) string {
	size := ""
	if kind := field.Kind(); kind == reflect.String || kind == reflect.Slice || kind == reflect.Map {
		size = "a length of "
	}
	switch field.Tag() {
	case "required":
		return "expected a value"
	case "min":
		return "expected " + size + "at least " + field.Param()
	case "max":
		return "expected " + size + "at most " + field.Param()
	case "oneof":
		return "expected " + strings.Join(strings.Fields(field.Param()), " or ")
	default:
		return strings.TrimSpace("expected " + field.Tag() + " " + field.Param())
	}
}
