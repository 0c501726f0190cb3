// Package api is the foundation of the HTTP API: typed operations by Huma, with
// validation, an OpenAPI 3.1 document, and problem documents for errors.
package api

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"shop/internal/httpserver"
	"shop/internal/problem"
)

// Option changes all operations of an API.
type Option func(*huma.Group)

// PageQuery is the query of an operation that returns a page of a list.
type PageQuery struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20"`
	Cursor string `query:"cursor" doc:"The next_cursor of the page before."`
}

// Describe says in the document what an operation is: its id, by which generated
// clients name a function, its summary, and its tag, which groups operations. The
// problems are the statuses of its own refusals. Those that any operation can
// answer with are documented anyway.
func Describe(id, summary, tag string, problems ...int) func(*huma.Operation) {
	return func(o *huma.Operation) {
		o.OperationID, o.Summary, o.Tags, o.Errors = id, summary, []string{tag}, problems
	}
}

// New returns an API without operations, on router. It serves /openapi.json
// and /openapi.yaml.
func New(router *httpserver.Router, log *slog.Logger, options ...Option) huma.API {
	replaceErrors()
	config := huma.DefaultConfig("shop", "1.0.0")
	config.CreateHooks = nil // no $schema link in every body: it would be made from the Host header
	config.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	config.Formats = map[string]huma.Format{"application/json": format, "json": format}
	config.SchemasPath, config.DocsPath = "", "" // Huma's own page loads its script from the internet
	config.Servers = append(config.Servers, &huma.Server{URL: "/"})
	config.Security = append(config.Security, map[string][]string{}) // none, unless an option or an operation says so
	config.AllowAdditionalPropertiesByDefault = true
	config.OnAddOperation = append(config.OnAddOperation, closeRequest, listTags)
	config.Transformers = append(config.Transformers, finisher{log}.finish)
	api := huma.NewGroup(humago.New(router, config))
	// The server's limits are the only ones. Huma has put its defaults in place
	// of zeros before it asks here; a zero from here leaves the body and the
	// connection's deadline alone, where -1 would clear the deadline.
	api.UseSimpleModifier(func(o *huma.Operation) { o.MaxBodyBytes, o.BodyReadTimeout = 0, 0 })
	api.UseSimpleModifier(func(o *huma.Operation) { documentProblems(o, config.Components.Schemas) })
	// A body must have a documented type and be in UTF-8. Huma would also read one without
	// a type, with any type that ends in json, and in any charset.
	api.UseMiddleware(func(ctx huma.Context, next func(huma.Context)) {
		body, contentType := ctx.Operation().RequestBody, ctx.Header("Content-Type")
		kind, params, err := mime.ParseMediaType(contentType)
		isUTF8 := strings.EqualFold(cmp.Or(params["charset"], "utf-8"), "utf-8")
		if body != nil && (body.Required || contentType != "") && (err != nil || body.Content[kind] == nil || !isUTF8) {
			_ = huma.WriteErr(api, ctx, http.StatusUnsupportedMediaType, "send "+strings.Join(slices.Sorted(maps.Keys(body.Content)), " or "))
			return
		}
		if invalid := checkOnce(ctx); invalid != nil {
			_ = huma.WriteErr(api, ctx, http.StatusUnprocessableEntity, "validation failed", invalid...)
			return
		}
		next(ctx)
	})
	for _, option := range options {
		option(api)
	}
	return api
}

// format is JSON. Its errors say where a body is wrong. Of two members with one name it
// reads the last, which Huma has validated as an any: encoding/json would read both into
// one struct.
var format = huma.Format{Marshal: huma.DefaultJSONFormat.Marshal, Unmarshal: func(data []byte, v any) error {
	var value any
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if _, untyped := v.(*any); !untyped && json.Valid(data) && decoder.Decode(&value) == nil {
		data, _ = json.Marshal(value) // cannot fail: it comes from JSON
	}
	err := json.Unmarshal(data, v)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("%w, at byte %d", err, syntax.Offset)
	}
	return err
}}

// checkOnce returns an error for every parameter that is sent twice, or that is empty
// although it is not a string. Huma would use the first of several values, which may not
// be the one that a proxy has checked, and the default in place of an empty one.
func checkOnce(ctx huma.Context) (invalid []error) {
	r, _ := humago.Unwrap(ctx)
	query := r.URL.Query()
	for _, p := range ctx.Operation().Parameters {
		values := map[string][]string{"query": query[p.Name], "header": r.Header.Values(p.Name)}[p.In]
		if len(values) > 1 && p.Schema.Type != huma.TypeArray || slices.Equal(values, []string{""}) && p.Schema.Type != huma.TypeString {
			invalid = append(invalid, &huma.ErrorDetail{Location: p.In + "." + p.Name, Message: "expected one value"})
		}
	}
	return invalid
}

// schemaName names a schema after its package and its type, because two resources
// may have a type of the same name. Item of package orderapi is OrderItem, and
// Order is just Order.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	owner := strings.TrimSuffix(strings.Split(strings.TrimLeft(t.String(), "*"), ".")[0], "api") // the fields, if the struct has no name
	if strings.Contains(owner, " ") || strings.HasPrefix(strings.ToLower(name), owner) {
		return name
	}
	return strings.ToUpper(owner[:1]) + owner[1:] + name
}

// documentProblems documents the problems that an operation answers with because
// of its input or the state of the service.
func documentProblems(o *huma.Operation, schemas huma.Registry) {
	problems := []int{http.StatusInternalServerError, http.StatusServiceUnavailable, http.StatusGatewayTimeout}
	if o.RequestBody != nil {
		problems = append(problems, http.StatusBadRequest, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity)
	} else if len(o.Parameters) > 0 {
		problems = append(problems, http.StatusUnprocessableEntity)
	}
	content := map[string]*huma.MediaType{problem.ContentType: {Schema: schemas.Schema(reflect.TypeFor[Problem](), true, "")}}
	for _, status := range problems {
		o.Responses[strconv.Itoa(status)] = &huma.Response{Description: http.StatusText(status), Content: content}
	}
	delete(o.Responses, "default") // every status is there
}

// listTags adds the tags of o to those of the document.
func listTags(document *huma.OpenAPI, o *huma.Operation) {
	for _, name := range o.Tags {
		if !slices.ContainsFunc(document.Tags, func(tag *huma.Tag) bool { return tag.Name == name }) {
			document.Tags = append(document.Tags, &huma.Tag{Name: name})
		}
	}
}

// closeRequest refuses members that a request may not have: a misspelt one would be
// ignored silently. Responses stay open, so that clients do not refuse a member that is
// added one day.
func closeRequest(document *huma.OpenAPI, o *huma.Operation) {
	if o.RequestBody != nil {
		for _, content := range o.RequestBody.Content {
			closeSchema(document.Components.Schemas, content.Schema)
		}
	}
}

func closeSchema(schemas huma.Registry, s *huma.Schema) {
	if s.Ref != "" {
		s = schemas.SchemaFromRef(s.Ref)
	}
	if s.AdditionalProperties == true {
		s.AdditionalProperties = false
		for _, property := range s.Properties {
			closeSchema(schemas, property)
		}
	}
	if s.Items != nil {
		closeSchema(schemas, s.Items)
	}
}

// Problem is a problem document that implements huma.StatusError.
type Problem struct {
	*problem.Details
	cause error // for the log; nil if there is nothing to log
}

// finisher completes a problem before it is sent, and logs its cause.
type finisher struct{ log *slog.Logger }

// finish gives a problem the trace of its request, and logs its cause.
func (f finisher) finish(ctx huma.Context, _ string, body any) (any, error) {
	if p, ok := body.(Problem); ok {
		if p.cause != nil {
			f.log.ErrorContext(ctx.Context(), "internal error", "error", p.cause)
		}
		details := p.For(ctx.Context()) // Huma's helpers did not know the request
		details.Report()
		ctx.SetHeader("X-Content-Type-Options", "nosniff")
		body = Problem{Details: details}
	}
	return body, nil
}

// GetStatus implements huma.StatusError.
func (p Problem) GetStatus() int { return p.Status }

// ContentType implements huma.ContentTypeFilter.
func (Problem) ContentType(string) string { return problem.ContentType }

// replaceErrors makes Huma answer every error with a problem document. The only
// place to set that is a variable of Huma's, whose default sends the text of any
// error to the client. Another variable makes the names of members case-sensitive:
// without it, Huma validates "quantity", and encoding/json then reads "QUANTITY"
// into the same field.
var replaceErrors = sync.OnceFunc(func() {
	huma.NewErrorWithContext = func(ctx huma.Context, status int, detail string, errs ...error) huma.StatusError {
		return newProblem(ctx.Context(), status, detail, errs...)
	}
	huma.NewError = func(status int, detail string, errs ...error) huma.StatusError { // by helpers such as Error404NotFound
		return newProblem(context.Background(), status, detail, errs...)
	}
	huma.ValidateStrictCasing = true
})

// newProblem returns the problem that answers an error. It passes on what is meant
// for the client: what a handler refused and what validation found. The text of
// any other error only goes to the log.
func newProblem(ctx context.Context, status int, detail string, errs ...error) huma.StatusError {
	cause := errors.Join(errs...)
	answer, internal := problem.From(ctx, cause)
	if !internal {
		return Problem{Details: answer}
	}
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](cause); ok {
		status, detail = http.StatusRequestEntityTooLarge, fmt.Sprintf("the body is larger than %d bytes", tooLarge.Limit)
	} else if detail == "cannot read request body" { // it ends early or is framed wrongly, which Huma treats as an error of the server
		status = http.StatusBadRequest
	} else if status == http.StatusInternalServerError && cause != nil {
		return Problem{answer, cause}
	}
	if status >= http.StatusInternalServerError {
		return Problem{problem.New(ctx, status, ""), cmp.Or(cause, errors.New(detail))}
	}
	details := problem.New(ctx, status, detail)
	for _, err := range errs[:min(len(errs), problem.MaxErrors)] {
		var invalid huma.ErrorDetailer
		if errors.As(err, &invalid) {
			d := invalid.ErrorDetail() // not its value, which may be a secret, and which a parser repeats after a colon
			message, _, _ := strings.Cut(strings.ReplaceAll(d.Message, "json: ", "wrong type: "), ": ")
			details.Errors = append(details.Errors, problem.Invalid{Location: d.Location, Message: message})
		}
	}
	return Problem{Details: details}
}
