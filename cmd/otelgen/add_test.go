package main

import (
	"maps"
	"slices"
	"testing"

	"github.com/otelgen/otelgen/generator"
)

func TestChoose(t *testing.T) {
	t.Parallel()
	catalog := smallCatalog(t)
	whole := map[string]string{"router": "chi", "database": "sqlite", "store": "gorm", "queue": "ring"}
	without := map[string]string{"router": "chi", "database": "none", "queue": "ring"}
	for name, test := range map[string]struct {
		change       func(*generator.Catalog, *generator.Spec, []string) error
		names        []string
		slots        map[string]string // before
		features     []string
		problem      string
		want         map[string]string
		wantFeatures []string
	}{
		"add one":                             {add, []string{"mail"}, without, nil, "", without, []string{"mail"}},
		"add one that is there":               {add, []string{"mail"}, without, []string{"mail"}, "", without, []string{"mail"}},
		"add a value":                         {add, []string{"gin"}, without, nil, "", map[string]string{"router": "gin", "database": "none", "queue": "ring"}, nil},
		"add to a Spec without slots":         {add, []string{"gin", "mail"}, nil, []string{"news"}, "", map[string]string{"router": "gin"}, []string{"news", "mail"}},
		"add two values of a slot":            {add, []string{"gin", "chi"}, without, nil, "router chi: the slot has the value gin already; choose one", nil, nil},
		"remove one":                          {remove, []string{"mail"}, without, []string{"mail", "metrics"}, "", without, []string{"metrics"}},
		"remove a value, and what is with it": {remove, []string{"sqlite"}, whole, nil, "", without, nil},
		"remove what is needed":               {remove, []string{"chi"}, whole, nil, "chi: something is needed as router; add another instead", nil, nil},
		"remove nothing":                      {remove, []string{"none"}, without, nil, "none: is not in the service; it has chi, ring", nil, nil},
		"remove what is not there":            {remove, []string{"mail"}, whole, nil, "mail: is not in the service; it has chi, gorm, ring, sqlite", nil, nil},
		"remove what is required":             {remove, []string{"mail"}, without, []string{"mail", "news"}, "mail: news requires it; remove that as well", nil, nil},
		"remove what is required, and that":   {remove, []string{"mail", "news"}, without, []string{"mail", "news"}, "", without, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spec := generator.Spec{Service: "shop", Module: "shop", Slots: maps.Clone(test.slots), Features: slices.Clone(test.features)}
			err := test.change(catalog, &spec, test.names)
			if errorText(err) != test.problem {
				t.Errorf("got  %v\nwant %s", err, test.problem)
			}
			if err != nil {
				return
			}
			if !maps.Equal(spec.Slots, test.want) || !slices.Equal(spec.Features, test.wantFeatures) {
				t.Errorf("it is %v %v, want %v %v", spec.Slots, spec.Features, test.want, test.wantFeatures)
			}
			if _, err := generator.Resolve(catalog, spec); err != nil {
				t.Error(err)
			}
		})
	}
}
