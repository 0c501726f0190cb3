package main

import (
	"context"
	"net/http"
)

// This file is yours: otelgen wrote it once, and no update changes it. serve calls its
// functions.

// addOwn adds the service's own parts: resources, routes, clients, work in the
// background. All that otelgen has built is in b, and no request comes in yet.
func addOwn(_ context.Context, _ built) error {
	return nil
}

// ownMiddleware returns the service's own middleware, or nil if there is none. It
// sees every request, whose route is known, after the middleware in serve and
// before the handlers. Several make one: return the first around the others.
func ownMiddleware(_ built) func(http.Handler) http.Handler {
	return nil
}
