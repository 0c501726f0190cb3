// Package principal carries in a context who makes a request. The code that verifies
// the credentials of a request puts the principal there. The domain reads it, and
// need not know how it was verified.
package principal

import (
	"context"
	"encoding/json"
	"slices"
)

// Principal is the verified sender of a request: a person or a service.
type Principal struct {
	// Subject identifies the principal. It is never empty.
	Subject string
	// Scopes are those that the principal was granted (RFC 6749, section 3.3).
	Scopes []string
	// Claims are everything that is said of the principal, verified, as a JSON object;
	// empty if nothing is.
	Claims json.RawMessage
}

// Claim returns the claim with a name if it is a text, and "" otherwise.
func (p Principal) Claim(name string) string {
	var claims map[string]json.RawMessage
	var text string
	_ = json.Unmarshal(p.Claims, &claims) // what is no object has no claims
	_ = json.Unmarshal(claims[name], &text)
	return text
}

// HasScope reports whether the principal was granted scope.
func (p Principal) HasScope(scope string) bool { return slices.Contains(p.Scopes, scope) }

type contextKey struct{}

// NewContext returns a context that carries p.
func NewContext(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, contextKey{}, p)
}

// FromContext returns the principal that ctx carries. If there is none, the request
// is anonymous, and ok is false.
func FromContext(ctx context.Context) (p Principal, ok bool) {
	p, ok = ctx.Value(contextKey{}).(Principal)
	return p, ok
}
