package generator

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestSpec_Validate(t *testing.T) {
	for _, service := range []string{"shop", "order-api", "a", "7eleven", strings.Repeat("a", 63)} {
		if err := (Spec{Service: service, Module: "shop"}).Validate(); err != nil {
			t.Errorf("%v", err)
		}
	}
	for _, module := range []string{"shop", "example.com/shop", "github.com/acme/Shop/v2", "acme/shop", "shop-api"} {
		if err := (Spec{Service: "shop", Module: module}).Validate(); err != nil {
			t.Errorf("%v", err)
		}
	}
	const (
		label = "no DNS label; use at most 63 of a-z, 0-9 and -, with no - at the ends"
		like  = "; it looks like example.com/shop, or like shop"
	)
	for service, want := range map[string]string{
		"":                      "service: no name; give it one, such as shop",
		"Shop":                  `service "Shop": ` + label,
		"shop_api":              `service "shop_api": ` + label,
		"-shop":                 `service "-shop": ` + label,
		"shop.api":              `service "shop.api": ` + label,
		"../shop":               `service "../shop": ` + label,
		"shop\n":                `service "shop\n": ` + label,
		strings.Repeat("a", 64): `service "` + strings.Repeat("a", 64) + `": ` + label,
		"range":                 "service range: a keyword of Go; find another name",
		"internal":              "service internal: has a meaning for Go's tools; find another name",
		"main":                  "service main: has a meaning for Go's tools; find another name",
		"con":                   "service con: not every system has directories of this name; find another",
		"null":                  "service null: YAML takes it for something else than a name; find another",
		"007":                   "service 007: YAML takes it for something else than a name; find another",
		"1e3":                   "service 1e3: YAML takes it for something else than a name; find another",
		"no":                    "service no: YAML takes it for something else than a name; find another",
		"context":               "service context: the name of a standard package; find another name",
	} {
		lines(t, Spec{Service: service, Module: "shop"}.Validate(), want)
	}
	for module, want := range map[string]string{
		"":                    "module: no path; give it one, such as example.com/shop",
		"example.com//shop":   `module "example.com//shop": double slash` + like,
		"/shop":               `module "/shop": empty path element` + like,
		"../shop":             `module "../shop": invalid path element ".."` + like,
		"shop api":            `module "shop api": invalid char ' '` + like,
		"example.com/shop/v1": `module "example.com/shop/v1": invalid version` + like,
		"Example.com/shop":    `module "Example.com/shop": invalid char 'E' in first path element` + like,
		"errors/shop":         "module errors/shop: its packages would look like those of the standard errors; find another path",
		"acme/vendor/shop":    "module acme/vendor/shop: what is below vendor, Go's tools import by another path; find another path",
		"cmd":                 "module cmd: cmd has a meaning for Go's tools; find another path",
	} {
		lines(t, Spec{Service: "shop", Module: module}.Validate(), want)
	}
}

func TestSpec_YAML(t *testing.T) {
	spec := Spec{
		Otelgen: "v1.2.3", Service: "shop", Module: "example.com/shop",
		Slots: map[string]string{"router": "chi", "database": "none"}, Features: []string{"off", "background"},
	}
	const want = `otelgen: v1.2.3
service: shop
module: example.com/shop
slots:
  database: none
  router: chi
features:
- background
- 'off'
`
	if got := string(spec.YAML()); got != want {
		t.Errorf("got\n%s", got)
	}
	if spec.Features[0] != "off" {
		t.Error("writing it changes it")
	}
	back, err := ParseSpec("spec.yaml", spec.YAML())
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(spec.Features)
	if back.Otelgen != spec.Otelgen || back.Service != spec.Service || back.Module != spec.Module ||
		!maps.Equal(back.Slots, spec.Slots) || !slices.Equal(back.Features, spec.Features) {
		t.Errorf("read back: %v", back)
	}
	_, err = ParseSpec(".otelgen/spec.yaml", []byte("service: shop\nslots: [chi]\nmodul: shop\nfeatures: background\n"))
	lines(t, err,
		".otelgen/spec.yaml:2:8: a mapping is expected here, not a list",
		".otelgen/spec.yaml:3:1: modul: unknown key; did you mean module?",
		".otelgen/spec.yaml:4:11: a list is expected here, not a plain value",
	)
}

// A new standard package must not take a name that we still let services have.
func TestStandardIsComplete(t *testing.T) {
	root, err := exec.CommandContext(t.Context(), "go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(filepath.Join(strings.TrimSpace(string(root)), "src"))
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if name := entry.Name(); entry.IsDir() && !slices.Contains(standard, name) && !slices.Contains(reserved, name) {
			t.Errorf("%s is missing", name)
		}
	}
	if !slices.IsSorted(standard) || !slices.IsSorted(reserved) {
		t.Error("not sorted")
	}
}
