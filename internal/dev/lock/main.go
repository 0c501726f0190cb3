// Command lock writes the modules.lock of a catalog:
//
//	go run ./internal/dev/lock templates testdata/pins
//
// It is run when a version changes, or what a template imports. All versions
// come from the module PINS; all else comes from the module cache, into which go
// downloads missing modules. Package modules describes the format of the lock, and
// type locker how it is made.
package main

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"golang.org/x/mod/modfile"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/internal/modules"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("lock: ")
	if len(os.Args) != 3 {
		log.Fatal("usage: lock CATALOG PINS")
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		log.Fatal(err)
	}
}

func run(catalogDir, pinsDir string) error {
	catalog, err := generator.LoadUnlocked(os.DirFS(catalogDir))
	if err != nil {
		return err
	}
	lock, err := compute(catalog, pinsDir)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(catalogDir, "modules.lock"), lock.Format(), 0o644)
}

// compute computes the lock of a catalog.
func compute(catalog *generator.Catalog, pinsDir string) (*modules.Lock, error) {
	path := filepath.Join(pinsDir, "go.mod")
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	pins, err := modfile.Parse(path, data, nil)
	if err != nil {
		return nil, err
	}
	if pins.Go == nil {
		return nil, fmt.Errorf("%s: has no go directive", path)
	}
	cache, err := newCache(pinsDir)
	if err != nil {
		return nil, err
	}
	return newLocker(cache).lock(pins, catalog.Imports())
}
