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
		"":                    "service: no name; ",
		"my shop":             `service "my shop": no DNS label; `,
		"example.com//shop":   `module "example.com//shop": double slash; `,
		"example.com/Shop":    `service "Shop": no DNS label; `,
	} {
		switch err := checkName(name); {
		case want == "" && err != nil:
			t.Error(err)
		case want != "" && (err == nil || !strings.HasPrefix(err.Error(), want)):
			t.Errorf("%q: %v, want %s", name, err, want)
		}
	}
}
