package principal

import "testing"

func TestContext(t *testing.T) {
	if p, ok := FromContext(t.Context()); ok || p.Subject != "" {
		t.Errorf("an anonymous request has the principal %+v", p)
	}
	p, ok := FromContext(NewContext(t.Context(), Principal{Subject: "ada", Scopes: []string{"orders:read"}}))
	if !ok || p.Subject != "ada" || !p.HasScope("orders:read") || p.HasScope("orders:write") {
		t.Errorf("got %+v, %t", p, ok)
	}
}
