// Package problem writes errors as RFC 9457 problem documents, with the trace id of
// the request.
package problem

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/trace"
)

// ContentType is the media type of a problem document (RFC 9457, section 3).
const ContentType = "application/problem+json"

// Details is a problem document (RFC 9457, section 3.1). It is for the client, and
// never contains the message of an internal error.
type Details struct {
	// Type identifies the kind of problem. It is empty if the status says everything.
	Type string `json:"type,omitempty" doc:"A URI reference that identifies the kind of problem." example:"/problems/out_of_stock"`
	// Title is the text of the status.
	Title string `json:"title" doc:"A short summary of the kind of problem." example:"Conflict"`
	// Status is the HTTP status code.
	Status int `json:"status" doc:"The HTTP status code." example:"409"`
	// Detail says what is wrong with this request, and what to do about it.
	Detail string `json:"detail,omitempty" doc:"What is wrong with this request."`
	// Errors lists the invalid parts of the request, up to MaxErrors.
	Errors []Invalid `json:"errors,omitempty" nullable:"false" doc:"The invalid parts of the request, at most 20."`
	// TraceID finds the request in the telemetry.
	TraceID string `json:"trace_id,omitempty" doc:"The id of the request's trace; quote it when asking for help." example:"4bf92f3577b34da6a3ce929d0e0e4736"`

	observer Observer // of the request; may be nil
}

// MaxErrors is how many invalid parts a problem lists. A request can have any number of
// them, and a response with all of them could be forty times as large as the request.
const MaxErrors = 20

// Invalid is one invalid part of a request. It names the part and never
// repeats the value, which may be a secret.
type Invalid struct {
	Location string `json:"location" doc:"Where in the request." example:"body.items[0].quantity"`
	Message  string `json:"message" doc:"What is expected there." example:"expected number >= 1"`
}

// Observer is told which problem is the response to a request. It is the value of
// ObserverKey in the context of the request, where the telemetry of the server sets it.
type Observer interface{ ObserveProblem(*Details) }

// ObserverKey is the key of the Observer in a context.
type ObserverKey struct{}

// New returns a problem with a status code and a detail, which may be empty, as the
// response to the request of ctx.
func New(ctx context.Context, status int, detail string) *Details {
	return (&Details{Title: http.StatusText(status), Status: status, Detail: detail}).For(ctx)
}

// Refusal returns a problem that answers any request: a reason of the domain to
// refuse one, which is declared once and returned as an error. The code is the end
// of its type and the error.type of telemetry, such as "out_of_stock". The detail
// is for the client.
func Refusal(code string, status int, detail string) *Details {
	return &Details{Type: typePrefix + code, Title: http.StatusText(status), Status: status, Detail: detail}
}

// For returns a copy of d as the response to the request of ctx. d is not changed, so
// that many requests may share it.
func (d *Details) For(ctx context.Context) *Details {
	answer := *d
	answer.TraceID = ""
	if sc := trace.SpanContextFromContext(ctx); sc.HasTraceID() {
		answer.TraceID = sc.TraceID().String()
	}
	answer.observer, _ = ctx.Value(ObserverKey{}).(Observer)
	return &answer
}

const typePrefix = "/problems/"

// From returns the problem with which to respond to the request of ctx after err, and
// whether err is internal. Log an internal error: it is a fault of the service, and the
// client is not told its text.
//
// Only the context of the request shows that the client went away: context.Canceled
// may also come from a context that the service itself has cancelled.
func From(ctx context.Context, err error) (details *Details, internal bool) {
	if known, ok := errors.AsType[*Details](err); ok {
		return known.For(ctx), known.Status >= http.StatusInternalServerError
	}
	switch {
	case errors.Is(err, context.Canceled) && errors.Is(ctx.Err(), context.Canceled):
		return New(ctx, 499, ""), false // as nginx logs it; the client does not see it
	case errors.Is(err, context.DeadlineExceeded):
		return New(ctx, http.StatusGatewayTimeout, ""), true
	default:
		return New(ctx, http.StatusInternalServerError, ""), true
	}
}

// Error makes a problem usable as an error.
func (d *Details) Error() string { return cmp.Or(d.Detail, d.Title) }

// HTTPStatus returns the status of the response.
func (d *Details) HTTPStatus() int { return d.Status }

// ErrorType returns the error.type for telemetry: the kind of the problem or, if it
// has none, the status.
func (d *Details) ErrorType() string {
	return cmp.Or(strings.TrimPrefix(d.Type, typePrefix), strconv.Itoa(d.Status))
}

// Send sends d as the whole response. Nothing may have been written to w.
func (d *Details) Send(w http.ResponseWriter) {
	d.Report()
	body, _ := json.Marshal(d) // cannot fail: every field is a string or a number
	h := w.Header()
	h.Set("Content-Type", ContentType)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store") // it has the trace of one request
	for _, name := range []string{"Content-Encoding", "Content-Length", "Etag", "Last-Modified"} {
		h.Del(name) // meant for the response of the handler
	}
	w.WriteHeader(d.Status)
	_, _ = w.Write(append(body, '\n')) // the client may have gone away
}

// Report tells the Observer that d is the response. Send calls it; call it yourself if
// you send d in another way.
func (d *Details) Report() {
	if d.observer != nil {
		d.observer.ObserveProblem(d)
	}
}
