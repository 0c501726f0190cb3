package principal

import "testing"

func TestOwner(t *testing.T) {
	if got := Owner(t.Context()); got != "" {
		t.Errorf("an anonymous request is of %q", got)
	}
	if got := Owner(WithOwner(t.Context(), "ada")); got != "ada" {
		t.Errorf("a request of ada is of %q", got)
	}
}
