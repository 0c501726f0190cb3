// Package principal carries in a context who makes a request. The code that verifies
// the credentials of a request puts the principal there. The domain reads it, and
// need not know how it was verified.
package principal

import (
	"context"
	"encoding/json"
)

// Principal is the verified sender of a request: a person or a service.
type Principal struct {
	// Subject identifies the principal. It is never empty.
	Subject string
	// Scopes are those that the principal was granted (RFC 6749, section 3.3).
	Scopes []string
	// Claims are all that is said of the principal, a JSON object, or empty.
	Claims json.RawMessage
}

type contextKey struct{}

// NewContext returns a context that carries p, and whose Owner is the subject of p.
func NewContext(ctx context.Context, p Principal) context.Context {
	return WithOwner(context.WithValue(ctx, contextKey{}, p), p.Subject)
}

// FromContext returns the principal that ctx carries. If there is none, the request
// is anonymous, and ok is false.
func FromContext(ctx context.Context) (p Principal, ok bool) {
	p, ok = ctx.Value(contextKey{}).(Principal)
	return p, ok
}

type ownerKey struct{}

// WithOwner returns a context for which Owner returns owner, for a service where the
// subject does not say everything: two tenants may have the same one.
func WithOwner(ctx context.Context, owner string) context.Context {
	return context.WithValue(ctx, ownerKey{}, owner)
}

// Owner returns the owner of what is created with ctx, which is empty if the request is
// anonymous.
func Owner(ctx context.Context) string {
	owner, _ := ctx.Value(ownerKey{}).(string)
	return owner
}
