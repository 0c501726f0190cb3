// Package principal carries in a context who makes a request. The code that verifies
// the credentials of a request puts the principal there. The domain reads it, and
// need not know how it was verified.
package principal

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
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

type realmKey struct{}

// separator is between a realm and a subject.
const separator = "\x1f"

// Within returns a context whose principal is one of a realm, such as a tenant. Realms do
// not contain control characters.
func Within(ctx context.Context, realm string) context.Context {
	return context.WithValue(ctx, realmKey{}, realm)
}

// Owner returns to whom belongs what is made with ctx: the subject of its principal, which
// is empty if there is none, within its realm if it has one. Principals of different realms
// are never the same owner.
func Owner(ctx context.Context) string {
	p, _ := FromContext(ctx)
	realm, _ := ctx.Value(realmKey{}).(string)
	if realm == "" && !strings.Contains(p.Subject, separator) {
		return p.Subject
	}
	return realm + separator + p.Subject
}
