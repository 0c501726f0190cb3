package e2e_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/internal/dev/e2e"
)

// resources have every form of a name: one word, several, and words that Go writes
// in capitals.
var resources = []generator.Resource{
	{Name: "product", Plural: "products", Migration: "20261126010200"},
	{Name: "api-key", Plural: "api-keys", Migration: "20261126010201"},
	{Name: "uncle", Plural: "uncles", Migration: "20261126010202"},
}

// Nothing in a service speaks of the resource that the templates are written for.
func TestResource_HasItsOwnNames(t *testing.T) {
	spec := generator.Spec{Service: "shop", Module: "shop", Resources: resources}
	without := e2e.Render(t, e2e.Catalog(t), generator.Spec{Service: "shop", Module: "shop"})
	for path, content := range e2e.Render(t, e2e.Catalog(t), spec) {
		for _, name := range []string{"gift", "20060102150405"} {
			if text := path + "\n" + string(content); strings.Contains(strings.ToLower(text), name) {
				t.Errorf("%s speaks of %s", path, name)
			}
		}
		for _, article := range []string{" a uncle", " a api"} {
			if strings.Contains(strings.ToLower(string(content)), article) {
				t.Errorf("%s has %q", path, article)
			}
		}
	}
	if len(without) == 0 {
		t.Error("nothing is rendered without resources")
	}
}

// The code of a resource is its owner's: an update leaves it as it is, whether its
// owner has changed it or not, and brings nothing back that the owner deleted.
func TestResource_IsTheOwners(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "shop")
	spec := generator.Spec{Service: "shop", Module: "shop", Resources: resources[:1]}
	e2e.New(t, e2e.Catalog(t), dir, spec)
	read := func() map[string]string {
		all := map[string]string{}
		for _, pattern := range []string{"internal/product*/*.go", "internal/product/*/*.go", "cmd/shop/own.go", "cmd/shop/product*"} {
			files, err := filepath.Glob(filepath.Join(dir, pattern))
			if err != nil {
				t.Fatal(err)
			}
			for _, file := range files {
				content, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				all[file] = string(content)
			}
		}
		return all
	}
	mine := filepath.Join(dir, "internal", "product", "product.go")
	if err := os.WriteFile(mine, []byte("package product // rewritten\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "internal", "product", "memory.go")); err != nil {
		t.Fatal(err)
	}
	before := read()
	catalog, err := loadWith(t, map[string]string{
		"resource/collection/files/internal/giftcard/giftcard.go.tmpl": "package giftcard // by a later otelgen\n",
		"resource/collection/files/internal/giftcard/memory.go.raw":    "package giftcard // by a later otelgen\n",
		"resource/collection/files/internal/giftcard/service.go.tmpl":  "package giftcard // by a later otelgen\n",
		"shared/command/files/cmd/__service__/own.go.raw":              "package main // by a later otelgen\n",
		"shared/http/files/internal/httpserver/later.go.raw":           "package httpserver // by a later otelgen\n",
	})
	if err != nil {
		t.Fatal(err)
	}
	e2e.Update(t, catalog, dir, spec)
	if after := read(); !maps.Equal(before, after) {
		t.Errorf("the update changed files of the owner: had %v, has %v", slices.Sorted(maps.Keys(before)), slices.Sorted(maps.Keys(after)))
	}
	if _, err := os.Stat(filepath.Join(dir, "internal", "httpserver", "later.go")); err != nil {
		t.Errorf("the update wrote nothing: %v", err)
	}
}

// The migration of a resource cannot have the version of one that the service has.
func TestResources_VersionIsTaken(t *testing.T) {
	spec := generator.Spec{
		Service: "shop", Module: "shop", Slots: map[string]string{"database": "sqlite"},
		Resources: []generator.Resource{{Name: "product", Plural: "products", Migration: "20261123000000"}},
	}
	want := "resource product: there is a migration 20261123000000; give it a later time"
	if _, err := generator.Resolve(e2e.Catalog(t), spec); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want %s", err, want)
	}
}
