package generator_test

import (
	"strings"
	"testing"

	"github.com/otelgen/otelgen/generator"
)

func TestMergeSpecs(t *testing.T) {
	base := generator.Spec{
		Otelgen: "v1.0.0", Service: "shop", Module: "example.com/shop",
		Slots:    map[string]string{"router": "stdlib", "database": "sqlite"},
		Features: []string{"cors", "auth"}, Resources: []generator.Resource{{Name: "item", Plural: "items", Migration: "20260101000000"}},
	}
	with := func(change func(*generator.Spec)) generator.Spec {
		s, err := generator.ParseSpec(generator.SpecFile, base.YAML(), "")
		if err != nil {
			t.Fatal(err)
		}
		change(&s)
		return s
	}
	ours := with(func(s *generator.Spec) {
		s.Features = []string{"auth", "background", "redis"} // without cors
		s.Slots["router"] = "chi"
	})
	theirs := with(func(s *generator.Spec) {
		s.Otelgen, s.Module = "v1.1.0", "example.com/store"
		s.Features = append(s.Features, "accesslog", "redis")
		delete(s.Slots, "database")
		s.Resources = append(s.Resources, generator.Resource{Name: "price", Plural: "prices", Migration: "20260102000000"})
	})
	want := with(func(s *generator.Spec) {
		s.Module = "example.com/store"
		s.Features = []string{"accesslog", "auth", "background", "redis"}
		s.Slots = map[string]string{"router": "chi"}
		s.Resources = theirs.Resources
	})
	got, err := generator.MergeSpecs(base, ours, theirs)
	if err != nil || string(got.YAML()) != string(want.YAML()) {
		t.Errorf("%v\n%swant\n%s", err, got.YAML(), want.YAML())
	}
	for problem, change := range map[string]func(*generator.Spec){
		"router: one branch has chi and the other gin; choose one of them":  func(s *generator.Spec) { s.Slots["router"] = "gin" },
		"router: one branch has chi and the other none; choose one of them": func(s *generator.Spec) { delete(s.Slots, "router") },
		"resource order: both branches have added one; remove one of them": func(s *generator.Spec) {
			s.Resources = append(s.Resources, generator.Resource{Name: "order", Plural: "orders", Migration: "2"})
		},
		"service: one branch has store and the other stock; choose one of them": func(s *generator.Spec) { s.Service = "stock" },
	} {
		ours := with(func(s *generator.Spec) {
			s.Service, s.Slots["router"] = "store", "chi"
			s.Resources = append(s.Resources, generator.Resource{Name: "order", Plural: "orders", Migration: "1"})
		})
		if _, err := generator.MergeSpecs(base, ours, with(change)); err == nil || !strings.HasPrefix(err.Error(), problem) {
			t.Errorf("MergeSpecs says %v, want %s", err, problem)
		}
	}
}
