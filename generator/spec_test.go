package generator

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func TestSpec_Validate(t *testing.T) {
	for _, service := range []string{"shop", "order-api", "a", "u2", strings.Repeat("a", 63)} {
		if err := (Spec{Service: service, Module: "shop"}).Validate(); err != nil {
			t.Errorf("%v", err)
		}
	}
	for _, module := range []string{"shop", "example.com/shop", "github.com/acme/Shop/v2", "acme/shop", "shop-api"} {
		if err := (Spec{Service: "shop", Module: module}).Validate(); err != nil {
			t.Errorf("%v", err)
		}
	}
	for service, want := range map[string]string{
		"":                      `service name is missing: choose one, for example "shop"`,
		"Shop":                  `service name "Shop" is not valid: use lower-case letters, digits and hyphens, for example "shop"`,
		"shop_api":              `service name "shop_api" is not valid: use lower-case letters, digits and hyphens, for example "shop-api"`,
		"shop.api":              `service name "shop.api" is not valid: use lower-case letters, digits and hyphens, for example "shop-api"`,
		"../shop":               `service name "../shop" is not valid: use lower-case letters, digits and hyphens, for example "shop"`,
		"shop\n":                `service name "shop\n" is not valid: use lower-case letters, digits and hyphens, for example "shop"`,
		"-shop":                 `service name "-shop" is not valid: it begins or ends with a hyphen; remove that, as in "shop"`,
		"-":                     `service name "-" is not valid: it begins or ends with a hyphen; remove that, as in "shop"`,
		strings.Repeat("a", 64): `service name "` + strings.Repeat("a", 64) + `" is not valid: it has 64 characters; use at most 63`,
		"range":                 `service name "range" is not valid: it is a keyword of Go; choose another name, for example "range-service"`,
		"internal":              `service name "internal" is not valid: the go command gives it a special meaning; choose another name, for example "internal-service"`,
		"main":                  `service name "main" is not valid: the go command gives it a special meaning; choose another name, for example "main-service"`,
		"con":                   `service name "con" is not valid: it cannot be the name of a directory on Windows; choose another name, for example "con-service"`,
		"null":                  `service name "null" is not valid: files such as compose.yaml would take it for an empty value; choose another name, for example "null-service"`,
		"007":                   `service name "007" is not valid: it begins with a digit, which Kubernetes does not allow; begin it with a letter, for example "service-007"`,
		"7eleven":               `service name "7eleven" is not valid: it begins with a digit, which Kubernetes does not allow; begin it with a letter, for example "service-7eleven"`,
		"no":                    `service name "no" is not valid: files such as compose.yaml would take it for true or false; choose another name, for example "no-service"`,
		"2026-11-26":            `service name "2026-11-26" is not valid: it begins with a digit, which Kubernetes does not allow; begin it with a letter, for example "service-2026-11-26"`,
		"shöp":                  `service name "shöp" is not valid: "ö" is not one of the letters a to z; use lower-case letters, digits and hyphens, for example "shop"`,
		"context":               `service name "context" is not valid: it is the name of a package of the standard library; choose another name, for example "context-service"`,
	} {
		lines(t, Spec{Service: service, Module: "shop"}.Validate(), want)
	}
	for module, want := range map[string]string{
		"example.com/shop@v1": `module path "example.com/shop@v1" is not valid: a module path does not contain a version; leave that out, as in "example.com/shop"`,
		"":                    `module path is missing: choose one, for example "example.com/shop"`,
		"example.com//shop":   `module path "example.com//shop" is not valid: it has two slashes in a row; use "example.com/shop", for example`,
		"/shop":               `module path "/shop" is not valid: it is a directory; use the path by which others import the module, such as "example.com/shop" or "shop"`,
		"../shop":             `module path "../shop" is not valid: it is a directory; use the path by which others import the module, such as "example.com/shop" or "shop"`,
		"shop api":            `module path "shop api" is not valid: it has a space; use "shop-api", for example`,
		"example.com/shop/v1": `module path "example.com/shop/v1" is not valid: versions in a module path begin with v2; leave the version out, as in "example.com/shop"`,
		"Example.com/shop":    `module path "Example.com/shop" is not valid: its first element is not the name of a host, in lower-case letters; use "example.com/shop", for example`,
		"errors/shop":         `module path "errors/shop" is not valid: it looks like the package errors of the standard library; choose another path`,
		"acme/vendor/shop":    `module path "acme/vendor/shop" is not valid: the go command keeps copies of dependencies in directories called vendor; choose another path`,
		"cmd":                 `module path "cmd" is not valid: the go command gives cmd a special meaning; choose another path`,
	} {
		lines(t, Spec{Service: "shop", Module: module}.Validate(), want)
	}
}

func TestServiceName(t *testing.T) {
	for text, want := range map[string]string{
		"shop": "shop", "My Shop": "my-shop", "MyShop": "my-shop", "my_shop": "my-shop", "shop.api": "shop-api", "-shop-": "shop",
		"../shop": "shop", "": "shop", "!": "shop", "24": "service-24", strings.Repeat("a", 62) + "-b": strings.Repeat("a", 62),
	} {
		if got := ServiceName(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
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
	back, err := ParseSpec("spec.yaml", spec.YAML(), "")
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(spec.Features)
	if back.Otelgen != spec.Otelgen || back.Service != spec.Service || back.Module != spec.Module ||
		!maps.Equal(back.Slots, spec.Slots) || !slices.Equal(back.Features, spec.Features) {
		t.Errorf("read back: %v", back)
	}
	_, err = ParseSpec(".otelgen/spec.yaml", []byte("service: shop\nslots: [chi]\nmodul: shop\nfeatures: background\n"), "v1.2.3")
	lines(t, err,
		".otelgen/spec.yaml:2:8: slots: it is a list (- item); write a group of keys (key: value)",
		".otelgen/spec.yaml:3:1: modul: there is no such key; did you mean module?",
		".otelgen/spec.yaml:4:11: features: it is a single value; write a list (- item)",
	)
}

// What a later release has written is not for this one to understand.
func TestParseSpec_OfALaterRelease(t *testing.T) {
	const newKey = "colour: blue\nslots: [chi]\n"
	for _, test := range []struct{ from, this, want string }{
		{"v1.10.0", "v1.9.0", "spec.yaml: otelgen v1.10.0 wrote it, and this is v1.9.0; install that version, or a later one"},
		{"v2.0.0-rc.1", "v1.9.0", "spec.yaml: otelgen v2.0.0-rc.1 wrote it, and this is v1.9.0; install that version, or a later one"},
		{"v1.9.0", "v1.9.0", "spec.yaml:2:1: colour: there is no such key; choose features, module, otelgen, packs, resources, service or slots"},
		{"v1.8.0", "v1.9.0", "spec.yaml:2:1: colour: there is no such key; choose features, module, otelgen, packs, resources, service or slots"},
		{"v1.10.0", "devel", "spec.yaml:2:1: colour: there is no such key; choose features, module, otelgen, packs, resources, service or slots"},
		{"v1.10.0", "v1.9.1-0.20261125120000-0123456789ab", "spec.yaml:2:1: colour: there is no such key; choose features, module, otelgen, packs, resources, service or slots"},
	} {
		_, err := ParseSpec("spec.yaml", []byte("otelgen: "+test.from+"\n"+newKey), test.this)
		if got, _, _ := strings.Cut(err.Error(), "\n"); got != test.want {
			t.Errorf("%s by %s: %v", test.from, test.this, got)
		}
	}
	if _, err := ParseSpec("spec.yaml", []byte("otelgen: v1.10.0\nservice: shop\n"), "v1.9.0"); err == nil {
		t.Error("a Spec of a later release is read where this one knows all of its keys")
	}
}

// Packs are reserved: they are read and written, and not used.
func TestSpec_Packs(t *testing.T) {
	const text = `otelgen: v1.2.3
service: shop
module: example.com/shop
packs:
- name: example.com/pack
  version: v1.0.0
  sum: h1:JrYqDRPbH5TcY2Zj3kOoVsJ0hrSLPdlGCZhEZKbbRCU=
`
	spec, err := ParseSpec("spec.yaml", []byte(text), "v1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	if got := string(spec.YAML()); got != text {
		t.Errorf("written back as\n%s", got)
	}
	_, err = Resolve(smallCatalog(t), spec)
	lines(t, err, "packs: this otelgen cannot use packs yet; get a version that can, or remove packs from the Spec")
	_, err = ParseSpec("spec.yaml", []byte(strings.Replace(text, "sum:", "hash:", 1)), "v1.2.3")
	lines(t, err, "spec.yaml:7:3: hash: there is no such key; choose name, sum or version")
}

// smallCatalog has a slot that depends on another, one that has one
// value, and optional features.
func smallCatalog(t *testing.T) *Catalog {
	t.Helper()
	files := fstest.MapFS{
		"slots.yaml": {Data: []byte(`
- {name: router, title: Router, question: "Router?", default: chi}
- {name: database, title: Database, question: "Database?", default: none, optional: true}
- {name: store, title: Store, question: "Store?", default: sql, when: {database: [any]}}
- {name: queue, title: Queue, question: "Queue?", default: ring}
`)},
		"modules.lock": {Data: []byte("go 1.26.0\n")},
	}
	for folder, more := range map[string]string{
		"shared/base": "always: true", "feature/mail": "", "feature/news": "requires: [mail]", "feature/metrics": "requires: [chi]",
		"router/chi": "", "router/gin": "", "database/sqlite": "", "store/sql": "", "store/gorm": "", "queue/ring": "",
	} {
		files[folder+"/feature.yaml"] = &fstest.MapFile{Data: []byte("title: x\nsummary: x\n" + more + "\n")}
	}
	return loaded(t, files)
}

func TestCatalog_WithAndWithout(t *testing.T) {
	c := smallCatalog(t)
	whole := map[string]string{"router": "chi", "database": "sqlite", "store": "gorm", "queue": "ring"}
	without := map[string]string{"router": "chi", "database": "none", "queue": "ring"}
	for name, test := range map[string]struct {
		change       func(Spec, ...string) (Spec, error)
		names        []string
		slots        map[string]string // before
		features     []string
		problem      string
		want         map[string]string
		wantFeatures []string
	}{
		"add one":                             {c.With, []string{"mail"}, without, nil, "", without, []string{"mail"}},
		"add one that is there":               {c.With, []string{"mail"}, without, []string{"mail"}, "", without, []string{"mail"}},
		"add a value":                         {c.With, []string{"gin"}, without, nil, "", map[string]string{"router": "gin", "database": "none", "queue": "ring"}, nil},
		"add a value, and what it needs":      {c.With, []string{"gorm", "sqlite"}, without, nil, "", whole, nil},
		"add to a Spec without slots":         {c.With, []string{"gin", "news"}, nil, []string{"mail"}, "", map[string]string{"router": "gin"}, []string{"mail", "news"}},
		"add two values of a slot":            {c.With, []string{"gin", "chi"}, without, nil, "router gin and chi: a service has one router; choose one of them", nil, nil},
		"add what there is not":               {c.With, []string{"maill", "base"}, without, nil, "feature maill: there is no such feature; did you mean mail?\nfeature base: it is in every service; leave it out", nil, nil},
		"remove one":                          {c.Without, []string{"mail"}, without, []string{"mail", "metrics"}, "", without, []string{"metrics"}},
		"remove a value, and what is with it": {c.Without, []string{"sqlite"}, whole, nil, "", without, nil},
		"remove what is needed":               {c.Without, []string{"chi"}, whole, nil, "feature chi: a service needs a value for router; add another one, which takes its place", nil, nil},
		"remove what is needed if it exists":  {c.Without, []string{"gorm"}, whole, nil, "feature gorm: a service needs a value for store; add another one, which takes its place", nil, nil},
		"remove nothing":                      {c.Without, []string{"none"}, without, nil, "feature none: there is no such feature; of those in the service, none can be removed", nil, nil},
		"remove what is not there":            {c.Without, []string{"mail"}, whole, nil, "feature mail: the service does not have it, so there is nothing to remove", nil, nil},
		"remove what is required":             {c.Without, []string{"mail"}, without, []string{"mail", "news"}, "feature mail: news requires it; remove that as well", nil, nil},
		"remove what is required, and that":   {c.Without, []string{"mail", "news"}, without, []string{"mail", "news"}, "", without, nil},
	} {
		t.Run(name, func(t *testing.T) {
			before := Spec{Service: "shop", Module: "shop", Slots: maps.Clone(test.slots), Features: slices.Clone(test.features)}
			after, err := test.change(before, test.names...)
			if !maps.Equal(before.Slots, test.slots) || !slices.Equal(before.Features, test.features) {
				t.Errorf("the Spec before has become %v %v", before.Slots, before.Features)
			}
			if test.problem != "" {
				lines(t, err, strings.Split(test.problem, "\n")...)
				return
			}
			if err != nil || !maps.Equal(after.Slots, test.want) || !slices.Equal(after.Features, test.wantFeatures) {
				t.Errorf("it is %v %v, %v, want %v %v", after.Slots, after.Features, err, test.want, test.wantFeatures)
			}
			if _, err := Resolve(c, after); err != nil {
				t.Error(err)
			}
		})
	}
}

// What has been asked for is not left out in silence.
func TestCatalog_WithWhatCannotExist(t *testing.T) {
	c := smallCatalog(t)
	spec, err := c.With(Spec{Service: "shop", Module: "shop", Slots: map[string]string{"database": "none"}}, "gorm")
	if err != nil {
		t.Fatal(err)
	}
	_, err = Resolve(c, spec)
	lines(t, err, "database none and store gorm: they exclude each other, because store exists only with a database; change one of them")
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
