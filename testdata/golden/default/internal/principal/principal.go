// Package principal carries in the context who makes a request. What verifies
// a request's credentials puts the principal there; the domain reads it and
// need not know how it was verified.
package principal

import (
	"context"
	"slices"
)

// Principal is the verified originator of a request: a person or a service.
type Principal struct {
	// Subject identifies the principal among all that the service knows. It is
	// never empty.
	Subject string
	// Scopes are what the principal was allowed to ask for (RFC 6749, section 3.3).
	Scopes []string
}

// HasScope tells whether the principal was granted scope.
func (p Principal) HasScope(scope string) bool { return slices.Contains(p.Scopes, scope) }

type contextKey struct{}

// NewContext returns a context that carries p.
func NewContext(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, contextKey{}, p)
}

// FromContext returns the principal that ctx carries. Without one, the request
// is anonymous, and ok is false.
func FromContext(ctx context.Context) (p Principal, ok bool) {
	p, ok = ctx.Value(contextKey{}).(Principal)
	return p, ok
}
