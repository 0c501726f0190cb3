package main

import "testing"

func TestRepositoryPath(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"git@github.com:acme/shop.git\n":           "github.com/acme/shop",
		"https://github.com/acme/shop":             "github.com/acme/shop",
		"https://github.com/acme/shop.git/":        "github.com/acme/shop",
		"https://user:token@github.com/acme/shop":  "github.com/acme/shop",
		"ssh://git@git.example.com:2222/acme/shop": "git.example.com/acme/shop",
		"git://example.com/shop.git":               "example.com/shop",
		"https://gitlab.com/acme/web/shop.git":     "gitlab.com/acme/web/shop",
		"https://GitHub.com/Acme/Shop.git":         "github.com/Acme/Shop",
		"git@github.com:acme/shop.go.git":          "github.com/acme/shop.go",
		"https://example.com/my%20shop":            "", // no module path
		"git@internal:acme/shop.git":               "", // no host that go would ask
		"/srv/git/shop.git":                        "",
		"../shop.git":                              "",
		"file:///srv/shop.git":                     "",
		"":                                         "",
	} {
		if got := repositoryPath(address); got != want {
			t.Errorf("%q: %q, want %q", address, got, want)
		}
	}
}
