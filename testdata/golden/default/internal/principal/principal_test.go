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

func TestPrincipal_Claim(t *testing.T) {
	p := Principal{Claims: []byte(`{"tenant":"acme","number":1,"null":null,"list":["a"]}`)}
	for name, want := range map[string]string{"tenant": "acme", "Tenant": "", "number": "", "null": "", "list": "", "other": ""} {
		if got := p.Claim(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if got := (Principal{}).Claim("tenant"); got != "" {
		t.Errorf("without claims: %q", got)
	}
}
