package main

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"shop/internal/api"
	"shop/internal/httpserver"
)

const document = `
openapi: 3.0.3
info: {title: items, version: 1.0.0}
paths:
  %s:
    %s:
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {default: {description: whatever it is}}
`

// register adds operations of a document.
func register(router *httpserver.Router, routes map[string]http.HandlerFunc, log *slog.Logger) {
	for pattern, handler := range routes {
		method, path, _ := strings.Cut(pattern, " ")
		parsed, err := openapi3.NewLoader().LoadFromData(fmt.Appendf(nil, document, path, strings.ToLower(method)))
		if err != nil {
			panic(err)
		}
		api.New(router, parsed, log).HandleFunc(pattern, handler)
	}
}
