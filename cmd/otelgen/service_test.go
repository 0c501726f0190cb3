package main

import (
	"strings"
	"testing"
)

// A name that cannot be one is refused at the prompt: nobody starts over for a slip.
func TestCheckName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"shop":                "",
		"example.com/shop/v2": "",
		"":                    "service name is missing: ",
		"my shop":             `service name "my shop" is not valid: use lower-case`,
		"example.com//shop":   `module path "example.com//shop" is not valid: it has two slashes in a row; `,
		"Shop":                `service name "Shop" is not valid: use lower-case`,
	} {
		switch err := checkName(name); {
		case want == "" && err != nil:
			t.Error(err)
		case want != "" && (err == nil || !strings.HasPrefix(err.Error(), want)):
			t.Errorf("%q: %v, want %s", name, err, want)
		}
	}
}
