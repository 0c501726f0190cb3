package principal

import (
	"fmt"
	"testing"
)

func TestContext(t *testing.T) {
	if p, ok := FromContext(t.Context()); ok || p.Subject != "" {
		t.Errorf("an anonymous request has the principal %+v", p)
	}
	p, ok := FromContext(NewContext(t.Context(), Principal{Subject: "ada", Scopes: []string{"orders:read"}}))
	if !ok || p.Subject != "ada" || !p.HasScope("orders:read") || p.HasScope("orders:write") {
		t.Errorf("got %+v, %t", p, ok)
	}
}

// Owners differ if their subjects or their realms do.
func TestOwner(t *testing.T) {
	owners := map[string]string{}
	for _, realm := range []string{"", "acme", "globex"} {
		for _, subject := range []string{"", "ada", "acme\x1fada", "\x1fada"} {
			ctx := Within(t.Context(), realm)
			if subject != "" {
				ctx = NewContext(ctx, Principal{Subject: subject})
			}
			who := fmt.Sprintf("%q in %q", subject, realm)
			if other, taken := owners[Owner(ctx)]; taken {
				t.Errorf("%s and %s are one owner", who, other)
			}
			owners[Owner(ctx)] = who
		}
	}
	if got := Owner(NewContext(t.Context(), Principal{Subject: "ada"})); got != "ada" {
		t.Errorf("without a realm: %q", got)
	}
}
