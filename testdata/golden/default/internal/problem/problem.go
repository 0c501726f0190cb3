// Package problem writes errors the way every part of the service writes them:
// as RFC 9457 problem details, with the id of the trace they belong to.
package problem

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

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
}

// Invalid is one invalid part of a request. It names the part and never
// repeats the value, which may be a secret.
type Invalid struct {
	Location string `json:"location" doc:"Where in the request." example:"body.items[0].quantity"`
	Message  string `json:"message" doc:"What is expected there." example:"expected number >= 1"`
}

// New returns the problem of a status code and a detail, which may be empty.
func New(ctx context.Context, status int, detail string) *Details {
	d := &Details{Title: http.StatusText(status), Status: status, Detail: detail}
	if sc := trace.SpanContextFromContext(ctx); sc.HasTraceID() {
		d.TraceID = sc.TraceID().String()
	}
	return d
}

// Refusal is an error whose text is for the client: a reason of the domain.
type Refusal interface {
	error
	ErrorType() string // of low cardinality, as in telemetry
	HTTPStatus() int
}

// clientLeft is what nginx calls this: there is nobody to answer, and nobody
// has failed.
const clientLeft = 499

// From returns the problem that err, or an error that it wraps, is to the
// client: a problem itself, a Refusal, or that it has left. It returns nil if
// err is none of the client's business.
func From(ctx context.Context, err error) *Details {
	var details *Details
	var refusal Refusal
	switch {
	case errors.As(err, &details):
	case errors.As(err, &refusal):
		details = New(ctx, refusal.HTTPStatus(), refusal.Error())
		details.Type = "/problems/" + refusal.ErrorType()
	case errors.Is(err, context.Canceled):
		details = New(ctx, clientLeft, "")
	}
	return details
}

// Error makes a problem usable as an error.
func (d *Details) Error() string { return d.Title + ": " + d.Detail }

// Send sends d as the whole response. Nothing may have been written to w.
func (d *Details) Send(w http.ResponseWriter) {
	body, _ := json.Marshal(d) // cannot fail: every field is a string or a number
	h := w.Header()
	h.Set("Content-Type", ContentType)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Del("Content-Length") // whatever the handler had meant to send
	w.WriteHeader(d.Status)
	_, _ = w.Write(append(body, '\n')) // a client that left is not our error
}
