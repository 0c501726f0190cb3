package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/dirhash"

	"github.com/otelgen/otelgen/internal/modules"
)

// A cache reads the module cache. The go command downloads missing modules. After
// an error its methods return nothing more.
type cache struct {
	dir       string
	err       error                     // the first one
	sums      map[module.Version]string // of the pins' go.sum
	mods      map[module.Version]*modfile.File
	packages  map[string]*source // by directory; nil if there is no package
	extracted map[module.Version]bool
}

// source is what the Go files in one directory import of other modules than the
// standard library.
type source struct{ imports, tests []string }

func newCache(pinsDir string) (*cache, error) {
	out, err := exec.CommandContext(context.Background(), "go", "env", "GOMODCACHE").Output()
	if err != nil {
		return nil, fmt.Errorf("go env GOMODCACHE: %w", err)
	}
	c := &cache{
		dir:  strings.TrimSpace(string(out)),
		sums: map[module.Version]string{}, mods: map[module.Version]*modfile.File{}, packages: map[string]*source{}, extracted: map[module.Version]bool{},
	}
	data, err := os.ReadFile(filepath.Join(pinsDir, "go.sum"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for line := range strings.Lines(string(data)) {
		if words := strings.Fields(line); len(words) == 3 {
			c.sums[module.Version{Path: words[0], Version: words[1]}] = words[2]
		}
	}
	return c, nil
}

// fail keeps the first error.
func (c *cache) fail(err error) {
	if c.err == nil {
		c.err = err
	}
}

// mod returns the go.mod of a module.
func (c *cache) mod(m module.Version) *modfile.File {
	f, known := c.mods[m]
	if !known {
		f = new(modfile.File)
		if data := c.proxied(m, ".mod"); data != nil {
			parsed, err := modfile.ParseLax(m.String()+": go.mod", data, nil)
			if err != nil {
				c.fail(err)
			} else {
				f = parsed
			}
		}
		c.mods[m] = f
	}
	return f
}

// modSum returns the hash of the go.mod of a module.
func (c *cache) modSum(m module.Version) string {
	hash, err := dirhash.Hash1([]string{"go.mod"}, func(string) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(c.proxied(m, ".mod"))), nil
	})
	if err != nil {
		c.fail(err)
	}
	return c.checked(module.Version{Path: m.Path, Version: m.Version + "/go.mod"}, hash)
}

// sum returns the hash of the content of a module.
func (c *cache) sum(m module.Version) string {
	return c.checked(m, string(bytes.TrimSpace(c.proxied(m, ".ziphash"))))
}

// checked returns a hash, which must be that of the pins if they have one.
func (c *cache) checked(m module.Version, hash string) string {
	if pinned := c.sums[m]; pinned != "" && pinned != hash {
		c.fail(fmt.Errorf("%s: its hash is %s in the module cache and %s in the go.sum of the pins; find out which one is a fake", m, hash, pinned))
	}
	return hash
}

// source returns what a package of a module imports, or nil if the module does
// not have the package.
func (c *cache) source(m module.Version, importPath string) *source {
	if !within(m.Path, importPath) {
		return nil
	}
	path, version, err := escape(m)
	if err != nil {
		c.fail(err)
		return nil
	}
	root := filepath.Join(c.dir, path+"@"+version)
	if !c.extracted[m] {
		if _, err := os.Stat(root); errors.Is(err, fs.ErrNotExist) {
			c.download(m)
		}
		c.extracted[m] = true
	}
	dir := filepath.Join(root, filepath.FromSlash(strings.TrimPrefix(importPath, m.Path)))
	s, known := c.packages[dir]
	if !known {
		if s, err = readSource(dir); err != nil {
			c.fail(err)
		}
		c.packages[dir] = s
	}
	return s
}

// proxied returns a file of the cache's part that is like a module proxy.
func (c *cache) proxied(m module.Version, suffix string) []byte {
	path, version, err := escape(m)
	if err != nil {
		c.fail(err)
		return nil
	}
	file := filepath.Join(c.dir, "cache", "download", path, "@v", version+suffix)
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		c.download(m)
		data, err = os.ReadFile(file)
	}
	if err != nil {
		c.fail(err)
	}
	return data
}

// download downloads a module, outside of any other.
func (c *cache) download(m module.Version) {
	if c.err != nil {
		return
	}
	dir, err := os.MkdirTemp("", "otelgen-lock-")
	if err != nil {
		c.fail(err)
		return
	}
	defer os.RemoveAll(dir)
	cmd := exec.CommandContext(context.Background(), "go", "mod", "download", "-json", m.String()) //nolint:gosec // it comes from go.mod files
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOWORK=off")
	out, err := cmd.Output()
	var answer struct{ Error string }
	if json.Unmarshal(out, &answer) == nil && answer.Error != "" {
		err = errors.New(answer.Error)
	}
	if err != nil {
		c.fail(fmt.Errorf("go mod download %s: %w", m, err))
	}
}

// escape returns a module's path and version as the cache's file names have them.
func escape(m module.Version) (path, version string, err error) {
	path, errPath := module.EscapePath(m.Path)
	version, errVersion := module.EscapeVersion(m.Version)
	return filepath.FromSlash(path), version, errors.Join(errPath, errVersion)
}

// within tells whether a module of this path can have a package.
func within(modulePath, importPath string) bool {
	rest, ok := strings.CutPrefix(importPath, modulePath)
	return ok && (rest == "" || rest[0] == '/')
}

// readSource reads a directory, which is not a package if there is no Go file in it.
func readSource(dir string) (*source, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	isPackage := false
	imports, tests := map[string]bool{}, map[string]bool{}
	for _, entry := range entries {
		name := entry.Name()
		if entry.IsDir() || !strings.HasSuffix(name, ".go") {
			continue
		}
		isPackage = true
		if name[0] == '_' || name[0] == '.' {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		into := imports
		if strings.HasSuffix(name, "_test.go") {
			into = tests
		}
		for _, importPath := range modules.Imports(data) {
			if modules.External(importPath) {
				into[importPath] = true
			}
		}
	}
	if !isPackage {
		return nil, nil
	}
	return &source{slices.Sorted(maps.Keys(imports)), slices.Sorted(maps.Keys(tests))}, nil
}
