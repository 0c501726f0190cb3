package api

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"

	"shop/internal/httpserver"
	"shop/internal/problem"
	"shop/internal/telemetry/telemetrytest"
)

type input struct {
	Body struct {
		Email string `json:"email" format:"email"`
		Age   int    `json:"age,omitempty" minimum:"0"`
	}
}

func post(t *testing.T, handler http.Handler, path, body string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

// A client learns everything about its own errors, and nothing about those of the
// service.
func TestErrors(t *testing.T) {
	rec := telemetrytest.Start(t)
	router := httpserver.NewRouter()
	operations := New(router, rec.Logger())
	for path, err := range map[string]error{
		"/internal": errors.New("dial db: password hunter2 rejected"),
		"/wrapped":  errors.Join(errors.New("hunter2"), problem.New(t.Context(), http.StatusConflict, "taken")),
		"/late":     fmt.Errorf("hunter2: %w", context.DeadlineExceeded),
		"/own":      fmt.Errorf("hunter2: %w", context.Canceled), // of a context of ours: nobody has left
	} {
		huma.Post(operations, path, func(context.Context, *input) (*struct{}, error) { return nil, err })
	}
	const valid = `{"email":"ada@example.com"}`
	for _, c := range []struct {
		path, body string
		status     int
		want       string
	}{
		{"/internal", valid, 500, `"title":"Internal Server Error"`},
		{"/wrapped", valid, 409, `"detail":"taken"`},
		{"/late", valid, 504, `"title":"Gateway Timeout"`},
		{"/own", valid, 500, `"title":"Internal Server Error"`},
		{"/internal", `{"email":"hunter2"}`, 422, `"location":"body.email"`},
		{"/internal", `{"email":"ada@example.com","EMAIL":"hunter2"}`, 422, `"location":"body.EMAIL"`},
		{"/internal", `{"email":"ada@example.com","age":1,"Age":-1}`, 422, `"location":"body.Age"`},
		{"/internal", `{"email":"ada@example.com","age":1e2}`, 422, `"message":"wrong type"`},
		{"/internal", `{"email":"hunter2",}`, 400, `, at byte 20"`},
		{"/internal", `{"email":"hunter2`, 400, `"message":"unexpected end of JSON input, at byte 17"`},
		{"/internal", `{"email":"hunter2"} {}`, 400, `, at byte 21"`},
	} {
		w := post(t, router, c.path, c.body)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%s: %d %s", c.path, w.Code, w.Body)
		}
		for name, want := range map[string]string{"Content-Type": problem.ContentType, "X-Content-Type-Options": "nosniff"} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s: %s: %q, want %q", c.path, name, got, want)
			}
		}
		if strings.Contains(w.Body.String(), "hunter2") {
			t.Errorf("%s leaks: %s", c.path, w.Body)
		}
	}
	for text, want := range map[string]int{"hunter2 rejected": 1, "deadline exceeded": 1, "context canceled": 1} {
		if n := strings.Count(rec.Logs(), text); n != want {
			t.Errorf("%q is in the log %d times, want %d", text, n, want)
		}
	}
}

// Of two members with one name the last counts, and nothing is left of the first: it has
// not been validated, but encoding/json would read both into the same struct.
func TestErrors_MemberTwice(t *testing.T) {
	type address struct {
		Zip  string `json:"zip,omitempty" maxLength:"5"`
		City string `json:"city"`
	}
	type draft struct {
		Home  address   `json:"home"`
		Other []address `json:"other,omitempty" maxItems:"1"`
		Large int64     `json:"large,omitempty"`
	}
	router := httpserver.NewRouter()
	var got draft
	huma.Post(New(router, telemetrytest.Start(t).Logger()), "/", func(_ context.Context, in *struct{ Body draft }) (*struct{}, error) {
		got = in.Body
		return nil, nil
	})
	for body, want := range map[string]string{
		`{"home":{"zip":"not a zip code","city":"a"},"home":{"city":"b"},"large":9007199254740993}`:                 "{Home:{Zip: City:b} Other:[] Large:9007199254740993}",
		`{"home":{"city":"b"},"other":[{"zip":"not a zip code","city":"a"},{"city":"b"}],"other":[{"city":"<c>"}]}`: "{Home:{Zip: City:b} Other:[{Zip: City:<c>}] Large:0}",
	} {
		if w := post(t, router, "/", body); w.Code != http.StatusNoContent || fmt.Sprintf("%+v", got) != want {
			t.Errorf("%s: %d %s, the handler gets %+v", body, w.Code, w.Body, got)
		}
	}
	if err := format.Unmarshal([]byte(`{} {}`), &got); err == nil { // an operation can skip validation, which would refuse it before
		t.Error("reads the first of two values")
	}
}

// A request can have any number of mistakes. The response lists some, or a small
// request would have a huge one.
func TestErrors_ManyMistakes(t *testing.T) {
	router := httpserver.NewRouter()
	huma.Post(New(router, telemetrytest.Start(t).Logger()), "/", func(context.Context, *struct{ Body []int }) (*struct{}, error) { return nil, nil })
	w := post(t, router, "/", "["+strings.Repeat(`"x",`, 1000)+"0]")
	var details problem.Details
	if err := json.Unmarshal(w.Body.Bytes(), &details); err != nil || w.Code != http.StatusUnprocessableEntity || len(details.Errors) != 20 || details.Errors[0].Location != "body[0]" {
		t.Errorf("%v: %d with %d mistakes: %.200s", err, w.Code, len(details.Errors), w.Body)
	}
}

// The response to a client that has left is 499, which only telemetry sees. It is not
// an error of the service.
func TestClientLeft(t *testing.T) {
	rec := telemetrytest.Start(t)
	router := httpserver.NewRouter()
	ctx, leave := context.WithCancel(t.Context())
	huma.Get(New(router, rec.Logger()), "/", func(ctx context.Context, _ *struct{}) (*struct{}, error) {
		leave()
		return nil, fmt.Errorf("query: %w", ctx.Err())
	})
	w := httptest.NewRecorder()
	router.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/", http.NoBody))
	if w.Code != 499 || rec.Logs() != "" {
		t.Errorf("%d, log %s", w.Code, rec.Logs())
	}
}

// Huma's helpers do not know the request. Their problems still have its trace, even if
// requests share them, and the cause of a 5xx is logged once.
func TestErrors_OfHuma(t *testing.T) {
	rec := telemetrytest.Start(t)
	router := httpserver.NewRouter()
	operations := New(router, rec.Logger())
	for path, err := range map[string]error{
		"/absent": huma.Error404NotFound("no such thing", errors.New("hunter2 in a 404")),
		"/broken": huma.Error500InternalServerError("hunter2", errors.New("db down: hunter2")),
		"/bare":   huma.Error503ServiceUnavailable("hunter2 alone"),
		"/fault":  huma.Error500InternalServerError("hunter2 without a cause"),
	} {
		huma.Get(operations, path, func(context.Context, *struct{}) (*struct{}, error) { return nil, err })
	}
	for _, c := range []struct {
		path   string
		status int
		want   string
	}{
		{"/absent", 404, `"detail":"no such thing"`},
		{"/absent", 404, `"detail":"no such thing"`},
		{"/broken", 500, `"title":"Internal Server Error"`},
		{"/bare", 503, `"title":"Service Unavailable"`},
		{"/fault", 500, `"title":"Internal Server Error"`},
	} {
		ctx, span := otel.Tracer("test").Start(t.Context(), "request")
		w := httptest.NewRecorder()
		router.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, c.path, http.NoBody))
		span.End()
		body := w.Body.String()
		if w.Code != c.status || !strings.Contains(body, c.want) || strings.Contains(body, "hunter2") {
			t.Errorf("%s: %d %s", c.path, w.Code, body)
		}
		if id := span.SpanContext().TraceID(); !id.IsValid() || !strings.Contains(body, `"trace_id":"`+id.String()+`"`) {
			t.Errorf("%s: want the trace %s in %s", c.path, id, body)
		}
	}
	for text, want := range map[string]int{"db down: hunter2": 1, `"error":"hunter2 alone"`: 1, "hunter2 without a cause": 1, "in a 404": 0, `"level":"ERROR"`: 3} {
		if n := strings.Count(rec.Logs(), text); n != want {
			t.Errorf("%q is in the log %d times, want %d\n%s", text, n, want, rec.Logs())
		}
	}
}

// untouched is a response whose connection must keep its deadline.
type untouched struct {
	*httptest.ResponseRecorder
	t *testing.T
}

func (u untouched) SetReadDeadline(deadline time.Time) error {
	u.t.Errorf("the deadline of the connection is set to %v", deadline)
	return nil
}

// The limits of the server hold, and no others.
func TestLimits(t *testing.T) {
	type text struct{ Body string }
	for _, c := range []struct {
		limit int64
		size  int
		want  int
	}{
		{10, 10, http.StatusNoContent},
		{10, 11, http.StatusRequestEntityTooLarge},
		{5 << 20, 2 << 20, http.StatusNoContent},
		{5 << 20, 6 << 20, http.StatusRequestEntityTooLarge},
	} {
		rec := telemetrytest.Start(t)
		router := httpserver.NewRouter()
		huma.Post(New(router, rec.Logger()), "/text", func(_ context.Context, in *text) (*struct{}, error) {
			if len(in.Body) != c.size-2 {
				t.Errorf("%d bytes arrived of %d", len(in.Body)+2, c.size)
			}
			return nil, nil
		})
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/text", strings.NewReader(`"`+strings.Repeat("x", c.size-2)+`"`))
		r.Header.Set("Content-Type", "application/json")
		http.MaxBytesHandler(router, c.limit).ServeHTTP(untouched{w, t}, r)
		if w.Code != c.want {
			t.Errorf("%d bytes of %d: %d %s", c.size, c.limit, w.Code, w.Body)
		}
		if got := w.Header().Get("Content-Type"); w.Code >= 400 && got != problem.ContentType {
			t.Errorf("content type %s", got)
		}
		if strings.Contains(rec.Logs(), "ERROR") {
			t.Errorf("a client's error is logged as ours: %s", rec.Logs())
		}
	}
}

// A body that ends early, or is framed wrongly, is the client's error.
func TestUnreadableBody_IsTheClientsError(t *testing.T) {
	rec := telemetrytest.Start(t)
	router := httpserver.NewRouter()
	huma.Post(New(router, rec.Logger()), "/", func(context.Context, *input) (*struct{}, error) { return nil, nil })
	for _, err := range []error{io.ErrUnexpectedEOF, errors.New("invalid byte in chunk length")} {
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", iotest.ErrReader(err))
		r.Header.Set("Content-Type", "application/json")
		router.ServeHTTP(w, r)
		if w.Code != http.StatusBadRequest || w.Header().Get("Content-Type") != problem.ContentType {
			t.Errorf("%v: %d %s", err, w.Code, w.Body)
		}
	}
	if rec.Logs() != "" {
		t.Errorf("a client's error is logged as ours: %s", rec.Logs())
	}
}

// A body must have a type that the operation documents, and be in UTF-8.
func TestLimits_ContentType(t *testing.T) {
	rec := telemetrytest.Start(t)
	router := httpserver.NewRouter()
	operations := New(router, rec.Logger())
	served := 0
	huma.Post(operations, "/json", func(context.Context, *input) (*struct{}, error) { served++; return nil, nil })
	huma.Post(operations, "/image", func(context.Context, *struct {
		RawBody []byte `contentType:"image/png"`
	},
	) (*struct{}, error) {
		served++
		return nil, nil
	})
	huma.Post(operations, "/optional", func(context.Context, *struct{ Body *struct{} }) (*struct{}, error) { served++; return nil, nil })
	huma.Post(operations, "/none", func(context.Context, *struct{}) (*struct{}, error) { served++; return nil, nil })
	for _, c := range []struct {
		path, kind string
		want       int
		detail     string
	}{
		{"/json", "application/json", 422, ""},
		{"/json", "Application/JSON; charset=UTF-8", 422, ""},
		{"/json", "application/json; charset=utf-16", 415, "send application/json"},
		{"/json", "application/json; charset=latin1", 415, "send application/json"},
		{"/json", "application/problem+json", 415, "send application/json"},
		{"/json", "application/json; charset", 415, "send application/json"},
		{"/json", "text/plain", 415, "send application/json"},
		{"/json", "json", 415, "send application/json"},
		{"/json", "", 415, "send application/json"},
		{"/image", "image/png", 204, ""},
		{"/image", "application/json", 415, "send image/png"},
		{"/optional", "application/json", 204, ""},
		{"/optional", "text/plain", 415, "send application/json"},
		{"/none", "text/plain", 204, ""},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, c.path, strings.NewReader(`{}`))
		r.Header.Set("Content-Type", c.kind)
		w := httptest.NewRecorder()
		served = 0
		router.ServeHTTP(w, r)
		if w.Code != c.want || (served == 0) != (c.want >= 400) || !strings.Contains(w.Body.String(), c.detail) || (w.Code < 400) != (w.Header().Get("Content-Type") == "") {
			t.Errorf("%s %s: %d %s, want %d", c.path, c.kind, w.Code, w.Body, c.want)
		}
	}
	w := httptest.NewRecorder()
	if router.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/optional", http.NoBody)); w.Code != http.StatusNoContent {
		t.Errorf("no body: %d %s", w.Code, w.Body)
	}
}

// A parameter that is sent twice, or that is empty although it is not a string, is
// refused: the first may not be the one that a proxy has checked, and the default is not
// what was meant. The name of a header may be written in any case.
func TestParameters_Once(t *testing.T) {
	router, served := httpserver.NewRouter(), 0
	huma.Get(New(router, telemetrytest.Start(t).Logger()), "/{id}", func(context.Context, *struct {
		ID   string   `path:"id"`
		N    int      `query:"n" default:"1"`
		Text string   `query:"text"`
		All  []string `query:"all,explode"`
		Key  string   `header:"X-KEY"`
		List []int    `header:"X-List"`
	},
	) (*struct{}, error) {
		served++
		return nil, nil
	})
	for query, want := range map[string]string{
		"": "", "n=2": "", "text=": "", "all=&all=b": "", "other=1&other=2": "",
		"n=": "query.n", "n=2&n=2": "query.n", "text=a&text=": "query.text", "n=&text=a&text=b": "query.n query.text",
	} {
		for header, values := range map[string][]string{"": nil, "X-List": {"1", "2"}, "X-Key": {"a", "b"}} {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/x?"+query, http.NoBody)
			r.Header[header] = values // in its canonical form, as net/http reads it
			w := httptest.NewRecorder()
			served = 0
			router.ServeHTTP(w, r)
			var details problem.Details
			if w.Code != http.StatusNoContent {
				if err := json.Unmarshal(w.Body.Bytes(), &details); err != nil {
					t.Errorf("%v: %s", err, w.Body)
				}
			}
			var locations []string
			for _, invalid := range details.Errors {
				if locations = append(locations, invalid.Location); invalid.Message != "expected one value" {
					t.Errorf("%s %s: %+v", query, header, invalid)
				}
			}
			slices.Sort(locations)
			expected := strings.Fields(want)
			if header == "X-Key" {
				expected = append([]string{"header.X-KEY"}, expected...)
			}
			if !slices.Equal(locations, expected) || (w.Code == http.StatusUnprocessableEntity) != (len(expected) > 0) || (served == 0) != (len(expected) > 0) {
				t.Errorf("%s %s: %d %s, want %v", query, header, w.Code, w.Body, expected)
			}
		}
	}
}

// A page has 20 entries unless the client asks for another number, up to 100.
func TestPageQuery(t *testing.T) {
	var got PageQuery
	router := httpserver.NewRouter()
	huma.Get(New(router, telemetrytest.Start(t).Logger()), "/", func(_ context.Context, page *PageQuery) (*struct{}, error) {
		got = *page
		return nil, nil
	})
	for query, want := range map[string]PageQuery{
		"": {Limit: 20}, "limit=1": {Limit: 1}, "limit=100&cursor=abc": {Limit: 100, Cursor: "abc"}, "limit=0": {}, "limit=101": {}, "limit=ten": {},
	} {
		got = PageQuery{}
		w := httptest.NewRecorder()
		router.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/?"+query, http.NoBody))
		if got != want || (w.Code == http.StatusUnprocessableEntity) != (want == PageQuery{}) {
			t.Errorf("%q: %d, %+v, want %+v", query, w.Code, got, want)
		}
	}
}

// The reason of a refusal is on the span of the request.
func TestErrors_InTelemetry(t *testing.T) {
	rec := telemetrytest.Start(t)
	router := httpserver.NewRouter()
	huma.Get(New(router, rec.Logger()), "/", func(context.Context, *struct{}) (*struct{}, error) {
		return nil, problem.Refusal("taken", http.StatusConflict, "the name is taken")
	})
	handler, err := httpserver.Instrument(httpserver.InstrumentConfig{}, rec.Logger(), router)
	if err != nil {
		t.Fatal(err)
	}
	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody))
	span := rec.Span("GET /")
	for key, want := range map[attribute.Key]string{"error.type": "taken", "problem.type": "/problems/taken"} {
		if got := telemetrytest.Attribute(span, key).AsString(); got != want {
			t.Errorf("%s: %q, want %q", key, got, want)
		}
	}
}

// A response is what the handler returns, without what Huma would add: a link to its
// schema, which it would make from the Host header of the request.
func TestResponse_IsNothingElse(t *testing.T) {
	router := httpserver.NewRouter()
	huma.Get(New(router, telemetrytest.Start(t).Logger()), "/", func(context.Context, *struct{}) (*struct{ Body Invalid }, error) {
		return &struct{ Body Invalid }{Invalid{"none"}}, nil
	})
	w := httptest.NewRecorder()
	router.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody))
	if names := slices.Sorted(maps.Keys(w.Header())); w.Body.String() != `{"reason":"none"}`+"\n" || !slices.Equal(names, []string{"Content-Type"}) {
		t.Errorf("%s with %v", w.Body, w.Header())
	}
}

// The read timeout of the server ends a body that does not arrive in time.
func TestLimits_ReadTimeout(t *testing.T) {
	rec := telemetrytest.Start(t)
	router := httpserver.NewRouter()
	huma.Post(New(router, rec.Logger()), "/", func(context.Context, *input) (*struct{}, error) { return nil, nil })
	server := httptest.NewUnstartedServer(router)
	server.Config.ReadTimeout = time.Second // enough for the header, however busy the machine is
	server.Start()
	defer server.Close()
	body, never := io.Pipe()
	defer never.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	began := time.Now()
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if took := time.Since(began); response.StatusCode != http.StatusRequestTimeout || took > 4*time.Second { // Huma's own would be 5 s
		t.Errorf("%s after %v", response.Status, took)
	}
}

// Huma serves the document in several versions. Requests for them leave no telemetry.
func TestDocument_LeavesNoTelemetry(t *testing.T) {
	rec := telemetrytest.Start(t)
	router := httpserver.NewRouter()
	New(router, rec.Logger())
	handler, err := httpserver.Instrument(httpserver.InstrumentConfig{}, rec.Logger(), router)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/openapi.json", "/openapi.yaml", "/openapi-3.0.json", "/openapi-3.0.yaml"} {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody))
		if w.Code != http.StatusOK {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	for _, span := range rec.Spans() {
		t.Errorf("a span %s", span.Name())
	}
}

// Invalid has the name of a type of another package.
type Invalid struct {
	Reason string `json:"reason"`
}

// Two packages can have types with the same name.
func TestDocument_SchemasOfPackages(t *testing.T) {
	for want, value := range map[string]any{
		"MailAddress": mail.Address{}, // not Address
		"URL":         url.URL{},      // not UrlURL
		"XmlName":     xml.Name{},     // not Name
		"Invalid":     Invalid{},      // not ApiInvalid
		"Hint":        struct{ At time.Time }{},
	} {
		for _, of := range []reflect.Type{reflect.TypeOf(value), reflect.PointerTo(reflect.TypeOf(value))} {
			if got := schemaName(of, "Hint"); got != want {
				t.Errorf("%v: %s, want %s", of, got, want)
			}
		}
	}
	rec := telemetrytest.Start(t)
	router := httpserver.NewRouter()
	operations := New(router, rec.Logger())
	type body struct{ Body Invalid }
	type output struct{ Body problem.Invalid }
	huma.Post(operations, "/invalid", func(context.Context, *body) (*output, error) { return &output{}, nil })
	w := httptest.NewRecorder()
	router.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/openapi.json", http.NoBody))
	for _, ref := range []string{"#/components/schemas/Invalid", "#/components/schemas/ProblemInvalid", "#/components/schemas/Problem"} {
		if !strings.Contains(w.Body.String(), `"$ref":"`+ref+`"`) {
			t.Errorf("nothing refers to %s in %s", ref, w.Body)
		}
	}
}

// The document has every response of an operation: its own, and those that depend on
// its input.
func TestDocument_Problems(t *testing.T) {
	rec := telemetrytest.Start(t)
	router := httpserver.NewRouter()
	operations := New(router, rec.Logger())
	huma.Post(operations, "/body", func(context.Context, *input) (*struct{}, error) { return nil, nil }, Describe("makeBody", "Make one", "bodies", http.StatusConflict))
	huma.Post(operations, "/bare", func(context.Context, *input) (*struct{}, error) { return nil, nil }, Describe("postBare", "Post one", "bodies"))
	huma.Get(operations, "/one/{id}", func(context.Context, *struct {
		ID string `path:"id"`
	},
	) (*struct{}, error) {
		return nil, nil
	}, Describe("getOne", "Get one", "bodies"))
	huma.Get(operations, "/page", func(context.Context, *PageQuery) (*struct{}, error) { return nil, nil }, Describe("listPages", "List pages", "pages"))
	huma.Get(operations, "/nothing", func(context.Context, *struct{}) (*struct{}, error) { return nil, nil }, Describe("getNothing", "Get nothing", "nothing"))
	for path, want := range map[string]string{
		"/body":     "makeBody Make one [bodies] 204 400 408 409 413 415 422 500 503 504",
		"/bare":     "postBare Post one [bodies] 204 400 408 413 415 422 500 503 504",
		"/one/{id}": "getOne Get one [bodies] 204 422 500 503 504",
		"/page":     "listPages List pages [pages] 204 422 500 503 504",
		"/nothing":  "getNothing Get nothing [nothing] 204 500 503 504",
	} {
		item := operations.OpenAPI().Paths[path]
		o := item.Get
		if o == nil {
			o = item.Post
		}
		got := fmt.Sprintf("%s %s %v %s", o.OperationID, o.Summary, o.Tags, strings.Join(slices.Sorted(maps.Keys(o.Responses)), " "))
		if got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
		for status, response := range o.Responses {
			if content := response.Content[problem.ContentType]; status >= "400" && (content == nil || content.Schema.Ref != "#/components/schemas/Problem") {
				t.Errorf("%s: %s: %+v", path, status, response)
			}
			if response.Description == "" { // OpenAPI requires one
				t.Errorf("%s: %s has no description", path, status)
			}
		}
	}
}

func TestDocument(t *testing.T) {
	router := httpserver.NewRouter()
	operations := New(router, telemetrytest.Start(t).Logger())
	huma.Post(operations, "/things", func(context.Context, *input) (*struct{}, error) { return nil, nil })
	w := httptest.NewRecorder()
	router.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/openapi.json", http.NoBody))
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"openapi":"3.1.0"`) || !strings.Contains(w.Body.String(), `"operationId":"post-things"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// The document says what the service is, where it is, and that no operation needs
// credentials unless it says so. An option is given all operations.
func TestDocument_Service(t *testing.T) {
	rec := telemetrytest.Start(t)
	router := httpserver.NewRouter()
	operations := New(router, rec.Logger(), func(group *huma.Group) {
		group.UseSimpleModifier(func(o *huma.Operation) { o.Description = "by an option" })
	})
	huma.Post(operations, "/things", func(context.Context, *input) (*struct{}, error) { return nil, nil })
	document := operations.OpenAPI()
	if document.Info.Title != "shop" || document.Info.Version != "1.0.0" {
		t.Errorf("%+v", document.Info)
	}
	if len(document.Servers) != 1 || document.Servers[0].URL != "/" {
		t.Errorf("servers: %+v", document.Servers)
	}
	if len(document.Security) != 1 || len(document.Security[0]) != 0 {
		t.Errorf("security: %v", document.Security)
	}
	if got := document.Paths["/things"].Post.Description; got != "by an option" {
		t.Errorf("description %q", got)
	}
	unwanted := []string{"/docs"} // a page with a script from the internet
	for name := range document.Components.Schemas.Map() {
		unwanted = append(unwanted, "/schemas/"+name+".json")
	}
	for _, path := range unwanted { // which Huma would serve
		w := httptest.NewRecorder()
		router.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody))
		if w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

// A request must not have unknown members, at any depth. A response may get more
// members one day. A schema that both use is strict.
func TestDocument_OnlyRequestsAreClosed(t *testing.T) {
	type common struct{ N int }
	type inner struct{ Shared common }
	type sent struct{ Inner []inner }
	type answered struct {
		Shared common
		Inner  struct{ N int }
	}
	rec := telemetrytest.Start(t)
	operations := New(httpserver.NewRouter(), rec.Logger())
	huma.Post(operations, "/things", func(context.Context, *struct{ Body sent }) (*struct{ Body answered }, error) { return nil, nil },
		func(o *huma.Operation) { o.Tags = []string{"things"} })
	huma.Get(operations, "/things", func(context.Context, *struct{}) (*struct{ Body answered }, error) { return nil, nil },
		func(o *huma.Operation) { o.Tags = []string{"things"} })
	document := operations.OpenAPI()
	got := map[string]any{}
	for name, schema := range document.Components.Schemas.Map() {
		got[name] = schema.AdditionalProperties
	}
	want := map[string]any{"Sent": false, "Inner": false, "Common": false, "Answered": true, "AnsweredInnerStruct": true, "Problem": true, "ProblemInvalid": true}
	if !maps.Equal(got, want) {
		t.Errorf("additionalProperties: %v, want %v", got, want)
	}
	if len(document.Tags) != 1 || document.Tags[0].Name != "things" {
		t.Errorf("tags: %v", document.Tags)
	}
}
