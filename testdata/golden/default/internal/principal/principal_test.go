package principal

import (
	"slices"
	"testing"
)

func TestContext(t *testing.T) {
	if p, ok := FromContext(t.Context()); ok || p.Subject != "" {
		t.Errorf("an anonymous request has the principal %+v", p)
	}
	p, ok := FromContext(NewContext(t.Context(), Principal{Subject: "ada", Scopes: []string{"orders:read"}}))
	if !ok || p.Subject != "ada" || !slices.Equal(p.Scopes, []string{"orders:read"}) {
		t.Errorf("got %+v, %t", p, ok)
	}
}

func TestOwner(t *testing.T) {
	if got := Owner(t.Context()); got != "" {
		t.Errorf("an anonymous request is of %q", got)
	}
	ada := NewContext(t.Context(), Principal{Subject: "ada"})
	if got := Owner(ada); got != "ada" {
		t.Errorf("a request of ada is of %q", got)
	}
	if got := Owner(WithOwner(ada, "acme/ada")); got != "acme/ada" {
		t.Errorf("a request of acme/ada is of %q", got)
	}
}
