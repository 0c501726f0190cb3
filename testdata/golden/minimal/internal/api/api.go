// Package api is the foundation of the HTTP API: handlers that return errors,
// JSON in and out, and problem documents for what went wrong.
package api

import (
	"bytes"
	"cmp"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"example.com/hello/internal/problem"
)

// ReadJSON reads the JSON body of r into v. A body that does not fit is an error, which
// lists every mistake: values of another type, and unknown members, because a misspelt one
// would otherwise be ignored. The error is a problem.
func ReadJSON(r *http.Request, v any) error {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" || params["charset"] != "" && !strings.EqualFold(params["charset"], "utf-8") {
		return problem.New(r.Context(), http.StatusUnsupportedMediaType, "send application/json")
	}
	body, err := io.ReadAll(r.Body)
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var value any
	if err == nil {
		err = decoder.Decode(&value)
	}
	if err == nil && decoder.Decode(&struct{}{}) != io.EOF {
		err = errSeveral
	}
	if err != nil {
		return bodyProblem(r, err)
	}
	var invalid Invalid
	checkValue(value, reflect.TypeOf(v), "body", &invalid)
	// Of two members with one name the last has been checked. encoding/json would read both
	// into the same struct.
	body, err = json.Marshal(value)
	if invalid == nil && (err != nil || json.Unmarshal(body, v) != nil) {
		invalid.Add("body", "expected another value")
	}
	return invalid.Problem(r)
}

// checkValue adds to invalid the parts of value that do not fit into a t. Unlike
// encoding/json it says in which element of a list they are, finds all of them, and does
// not ignore members that are unknown, or whose upper and lower case is another.
func checkValue(value any, t reflect.Type, location string, invalid *Invalid) {
	if len(*invalid) == problem.MaxErrors {
		return
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	elements, isList := value.([]any)
	members, isObject := value.(map[string]any)
	switch {
	case readsItself(t):
	case isList && (t.Kind() == reflect.Slice || t.Kind() == reflect.Array):
		for i, element := range elements {
			checkValue(element, t.Elem(), fmt.Sprintf("%s[%d]", location, i), invalid)
		}
		return
	case isObject && t.Kind() == reflect.Map:
		for _, name := range slices.Sorted(maps.Keys(members)) {
			checkValue(members[name], t.Elem(), location+"."+name, invalid)
		}
		return
	case isObject && t.Kind() == reflect.Struct:
		types := memberTypes(t)
		for _, name := range slices.Sorted(maps.Keys(members)) {
			if types[name] == nil {
				invalid.Add(location+"."+name, "unexpected member")
				continue
			}
			checkValue(members[name], types[name], location+"."+name, invalid)
		}
		return
	}
	text, err := json.Marshal(value)
	invalid.Check(err == nil && json.Unmarshal(text, reflect.New(t).Interface()) == nil, location, "expected "+jsonType(t))
}

// memberTypes returns the types of the members that a struct is in JSON, by name.
func memberTypes(t reflect.Type) map[string]reflect.Type {
	types := map[string]reflect.Type{}
	for _, field := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case !field.IsExported(), name == "-", field.Anonymous && name == "": // whose own fields are there, too
		case options == "string":
			types[name] = reflect.TypeFor[any]() // a number in a string
		default:
			types[cmp.Or(name, field.Name)] = field.Type
		}
	}
	return types
}

// readsItself reports whether the JSON of a t does not follow from its kind.
func readsItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return t == reflect.TypeFor[[]byte]() || // in base64
		p.Implements(reflect.TypeFor[json.Unmarshaler]()) || p.Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// bodyProblem returns the problem of a body that cannot be read. Its text does not
// repeat the body, which may hold a secret.
func bodyProblem(r *http.Request, err error) error {
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return problem.New(r.Context(), http.StatusRequestEntityTooLarge, fmt.Sprintf("the body is larger than %d bytes", tooLarge.Limit))
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return problem.New(r.Context(), http.StatusRequestTimeout, "")
	}
	return problem.New(r.Context(), http.StatusBadRequest, malformed(err))
}

// errSeveral is the error of a body with more than one JSON value.
var errSeveral = errors.New("more than one value")

// malformed says where a body is no JSON, without repeating it.
func malformed(err error) string {
	const text = "the body is not valid JSON"
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Sprintf("%s: byte %d is unexpected", text, syntax.Offset)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return text + ": it ends too early"
	}
	if errors.Is(err, errSeveral) {
		return text + ": it has more than one value"
	}
	return "the body cannot be read"
}

// jsonType returns the name of t in JSON, because clients do not know Go types.
func jsonType(t reflect.Type) string {
	if readsItself(t) {
		return "another value"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "boolean"
	case reflect.String:
		return "string"
	case reflect.Slice, reflect.Array:
		return "array"
	case reflect.Struct, reflect.Map:
		return "object"
	case reflect.Float32, reflect.Float64:
		return "number"
	default:
		return "integer"
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

// One returns the only one of values, or "" if there is none. More than one is added to
// invalid: what is in front of the service may read another one of them.
func One(values []string, location string, invalid *Invalid) string {
	if len(values) == 0 {
		return ""
	}
	invalid.Check(len(values) == 1, location, "expected one value")
	return values[0]
}

// Query reads an integer from the query, or returns fallback if it is not
// there. Mistakes are added to invalid.
func Query(r *http.Request, name string, fallback, least, most int, invalid *Invalid) int {
	values := r.URL.Query()[name]
	if len(values) == 0 {
		return fallback
	}
	n, err := strconv.Atoi(values[0])
	valid := len(values) == 1 && err == nil && n >= least && n <= most
	invalid.Check(valid, "query."+name, fmt.Sprintf("expected a number from %d to %d", least, most))
	return n
}

// PageQuery reads the query of a request for a page of a list: the cursor, which
// is empty for the first page, and how many items a page has at most.
func PageQuery(r *http.Request, invalid *Invalid) (cursor string, limit int) {
	cursor = One(r.URL.Query()["cursor"], "query.cursor", invalid)
	return cursor, Query(r, "limit", 20, 1, 100, invalid)
}

// IdempotencyKey reads the header with which a client marks the requests that are
// one and the same, because it sends one again (draft-ietf-httpapi-idempotency-key-header).
// It is empty if the client has sent none. Any text is a key, quoted or not.
func IdempotencyKey(r *http.Request, invalid *Invalid) string {
	key := One(r.Header.Values("Idempotency-Key"), "header.Idempotency-Key", invalid)
	unprintable := strings.ContainsFunc(key, func(c rune) bool { return c < ' ' || c > '~' })
	invalid.Check(!unprintable && len(key) <= 255, "header.Idempotency-Key", "expected at most 255 printable ASCII characters")
	return key
}

// Invalid collects the invalid parts of a request, up to problem.MaxErrors.
type Invalid []problem.Invalid

// Check adds a message unless ok.
func (i *Invalid) Check(ok bool, location, message string) {
	if !ok {
		i.Add(location, message)
	}
}

// Add adds a message, unless there are problem.MaxErrors.
func (i *Invalid) Add(location, message string) {
	if len(*i) < problem.MaxErrors {
		*i = append(*i, problem.Invalid{Location: location, Message: message})
	}
}

// Problem returns the problem of a request with invalid parts, or nil if it has none.
func (i *Invalid) Problem(r *http.Request) error {
	if len(*i) == 0 {
		return nil
	}
	details := problem.New(r.Context(), http.StatusUnprocessableEntity, "validation failed")
	details.Errors = *i
	return details
}
