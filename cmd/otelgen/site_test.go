package main

import "testing"

func TestRepositoryPath(t *testing.T) {
	t.Parallel()
	connected := func(host string) string { // what ssh is configured to do
		return map[string]string{
			"github.com-work": "github.com", "work": "gitlab.com", "github.com": "ssh.github.com", "git.example.com": "10.0.0.1",
			"internal": "git.internal-1", "home.example.com": "github.com",
		}[host]
	}
	for address, want := range map[string]string{
		"git@github.com:acme/shop.git\n":                "github.com/acme/shop",
		"https://github.com/acme/shop":                  "github.com/acme/shop",
		"https://github.com/acme/shop.git/":             "github.com/acme/shop",
		"https://user:token@github.com/acme/shop":       "github.com/acme/shop",
		"ssh://git@git.example.com:2222/acme/shop":      "git.example.com/acme/shop",
		"git://example.com/shop.git":                    "example.com/shop",
		"https://gitlab.com/acme/web/shop.git":          "gitlab.com/acme/web/shop",
		"https://GitHub.com/Acme/Shop.git":              "github.com/Acme/Shop",
		"git@github.com:acme/shop.go.git":               "github.com/acme/shop.go",
		"https://example.com/my%20shop":                 "",                     // no module path
		"git@internal:acme/shop.git":                    "",                     // no host that go would ask
		"git@github.com-work:acme/shop.git":             "github.com/acme/shop", // an alias
		"ssh://git@github.com-work/acme/shop.git":       "github.com/acme/shop",
		"work:acme/shop.git":                            "gitlab.com/acme/shop",
		"git@home.example.com:acme/shop.git":            "github.com/acme/shop",
		"git@git.example.com:acme/shop.git":             "git.example.com/acme/shop", // reached by its address
		"https://github.com-work/acme/shop":             "",                          // ssh has no say here
		"git@unknown-1:acme/shop.git":                   "",
		"git@github.com-other:acme/shop.git":            "",
		"git@10.0.0.1:acme/shop.git":                    "",
		"ssh://git@ssh.github.com:443/acme/shop":        "github.com/acme/shop",
		"git@ssh.dev.azure.com:v3/acme/all/shop":        "dev.azure.com/acme/all/_git/shop.git",
		"https://acme@dev.azure.com/acme/all/_git/shop": "dev.azure.com/acme/all/_git/shop.git",
		"https://dev.azure.com/acme/_git/shop":          "dev.azure.com/acme/_git/shop.git",
		"https://acme.visualstudio.com/all/_git/shop":   "acme.visualstudio.com/all/_git/shop.git",
		"acme@vs-ssh.visualstudio.com:v3/acme/all/shop": "dev.azure.com/acme/all/_git/shop.git",
		"-oProxyCommand=evil:acme/shop":                 "",
		"C:/git/shop.git":                               "",
		"repositories/shop":                             "",
		"my.repositories/shop":                          "",
		"/srv/git/shop.git":                             "",
		"../shop.git":                                   "",
		"file:///srv/shop.git":                          "",
		"":                                              "",
	} {
		if got := repositoryPath(address, connected); got != want {
			t.Errorf("%q: %q, want %q", address, got, want)
		}
	}
}
