package git

import "testing"

// What git prints may be cut short, or be something else. That is an error,
// whatever is missing.
func TestParseObjects_CutShort(t *testing.T) {
	const out = "a blob 4\none\n\nb missing\nc blob 0\n\n"
	names := []string{"a", "b", "c"}
	got, err := parseObjects(out, names)
	if err != nil || len(got) != 3 || string(got[0]) != "one\n" || got[1] != nil || got[2] == nil {
		t.Fatalf("got %q, %v", got, err)
	}
	for n := range out {
		if got, err := parseObjects(out[:n], names); err == nil {
			t.Errorf("%q: got %q, want an error", out[:n], got)
		}
	}
	for _, out := range []string{"a blob -1\n\n", "a blob x\n\n", "fatal: what\n"} {
		if got, err := parseObjects(out, names[:1]); err == nil {
			t.Errorf("%q: got %q, want an error", out, got)
		}
	}
}
