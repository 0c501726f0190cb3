package principal

import "testing"

func TestContext(t *testing.T) {
	if p, ok := FromContext(t.Context()); ok || p.Subject != "" || p.HasScope("") {
		t.Errorf("without a principal: got %+v, %t", p, ok)
	}
	ctx := NewContext(t.Context(), Principal{Subject: "ada", Scopes: []string{"orders:read", "orders:write"}})
	if p, ok := FromContext(ctx); !ok || p.Subject != "ada" || !p.HasScope("orders:write") || p.HasScope("orders") {
		t.Errorf("got %+v, %t", p, ok)
	}
	ctx = NewContext(ctx, Principal{Subject: "bob"})
	if p, _ := FromContext(ctx); p.Subject != "bob" || p.HasScope("orders:write") {
		t.Errorf("the inner principal does not replace the outer one: got %+v", p)
	}
}
