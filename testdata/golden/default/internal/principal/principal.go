// Package principal carries in a context who makes a request. The code that verifies
// the credentials of a request puts the principal there. The domain reads it, and
// need not know how it was verified.
package principal

import "context"

type ownerKey struct{}

// WithOwner returns a context for which Owner returns owner. It is the subject of the
// credentials where that says everything; two tenants may have the same one.
func WithOwner(ctx context.Context, owner string) context.Context {
	return context.WithValue(ctx, ownerKey{}, owner)
}

// Owner returns the owner of everything that is created with ctx. It is empty if the
// request is anonymous.
func Owner(ctx context.Context) string {
	owner, _ := ctx.Value(ownerKey{}).(string)
	return owner
}
