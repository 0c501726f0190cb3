// Package problem writes errors the way every part of the service writes them:
// as RFC 9457 problem details, with the id of the trace they belong to.
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

// Details is a problem document (RFC 9457, section 3.1). Its text is for the
// client: it never holds the message of an internal error.
type Details struct {
	// Type identifies the kind of problem. It is left out where the status says all there is to say.
	Type string `json:"type,omitempty" doc:"A URI reference that identifies the kind of problem." example:"/problems/out_of_stock"`
	// Title is the text of the status.
	Title string `json:"title" doc:"A short summary of the kind of problem." example:"Conflict"`
	// Status is the HTTP status code.
	Status int `json:"status" doc:"The HTTP status code." example:"409"`
	// Detail says what is wrong with this request, and what to do about it.
	Detail string `json:"detail,omitempty" doc:"What is wrong with this request."`
	// Errors lists every invalid part of the request.
	Errors []Invalid `json:"errors,omitempty" nullable:"false" doc:"Every invalid part of the request."`
	// TraceID finds the request in the telemetry.
	TraceID string `json:"trace_id,omitempty" doc:"The id of the request's trace; quote it when asking for help." example:"4bf92f3577b34da6a3ce929d0e0e4736"`

	observer Observer // of the request that d answers; may be nil
}

// Invalid is one invalid part of a request. It names the part and never
// repeats the value, which may be a secret.
type Invalid struct {
	Location string `json:"location" doc:"Where in the request." example:"body.items[0].quantity"`
	Message  string `json:"message" doc:"What is expected there." example:"expected number >= 1"`
}

// Observer hears of the problem that answers a request. It is the value of
// ObserverKey in the context of the request: the server's telemetry puts itself
// there.
type Observer interface{ ObserveProblem(*Details) }

// ObserverKey is the key of the Observer in a context.
type ObserverKey struct{}

// New returns the problem of a status code and a detail, which may be empty, as
// the answer to the request of ctx.
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

// For returns d as the answer to the request of ctx. d itself stays as it is:
// it may be a variable that many requests share.
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

// clientLeft is what nginx calls this: there is nobody to answer, and nobody
// has failed.
const clientLeft = 499

// From returns the problem to answer the request of ctx with after err, and
// whether err is internal. An internal error belongs in the log: it is not the
// client's, and the client is not told all that it says.
//
// Only the request's context tells that the client has left: context.Canceled
// may as well come from a context that this service cancelled.
func From(ctx context.Context, err error) (details *Details, internal bool) {
	if known, ok := errors.AsType[*Details](err); ok {
		return known.For(ctx), known.Status >= http.StatusInternalServerError
	}
	switch {
	case errors.Is(err, context.Canceled) && errors.Is(ctx.Err(), context.Canceled):
		return New(ctx, clientLeft, ""), false
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

// ErrorType returns the error.type of telemetry: the kind of the problem, or its
// status where that says it all.
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
	h.Del("Content-Length") // whatever the handler had meant to send
	w.WriteHeader(d.Status)
	_, _ = w.Write(append(body, '\n')) // a client that left is not our error
}

// Report tells the Observer that d answers its request. Send does so itself:
// Report is for code that sends d in another way.
func (d *Details) Report() {
	if d.observer != nil {
		d.observer.ObserveProblem(d)
	}
}
