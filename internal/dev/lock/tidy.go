package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"golang.org/x/mod/modfile"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/internal/modules"
)

// tidy renders a selection, gives it the versions of the pins and returns what
// `go mod tidy` makes of them.
func (l *locker) tidy(s *generator.Selection) (*modules.Lock, error) {
	if tidy := l.tidied[key(s)]; tidy != nil {
		return tidy, nil
	}
	tree, err := generator.Render(s)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "otelgen-lock-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	for path, content := range tree {
		path = filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return nil, err
		}
	}
	steps := []func(dir string) error{
		func(dir string) error { return l.pin(dir, s.Spec.Module) }, goModTidy,
		unpin, goModTidy,
		l.repin, goModTidy,
	}
	for _, step := range steps {
		if err := step(dir); err != nil {
			return nil, err
		}
	}
	mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		return nil, err
	}
	sum, err := os.ReadFile(filepath.Join(dir, "go.sum"))
	if err != nil {
		return nil, err
	}
	tidy, err := modules.Tidied(mod, sum)
	l.tidied[key(s)] = tidy
	return tidy, err
}

func goModTidy(dir string) error {
	cmd := exec.CommandContext(context.Background(), "go", "mod", "tidy")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go mod tidy: %w\n%s", err, bytes.TrimSpace(out))
	}
	return nil
}

// pin writes the pins' go.mod and go.sum into dir, under another module path.
func (l *locker) pin(dir, module string) error {
	mod, err := readMod(l.pins)
	if err != nil {
		return err
	}
	if err := mod.AddModuleStmt(module); err != nil {
		return err
	}
	data, err := mod.Format()
	if err != nil {
		return err
	}
	sums, err := os.ReadFile(filepath.Join(l.pins, "go.sum"))
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(dir, "go.mod"), data, 0o644),
		os.WriteFile(filepath.Join(dir, "go.sum"), sums, 0o644))
}

// unpin removes the indirect requirements. Tidy kept those of the pins that
// anything mentions, though most are there for other features; what is needed
// here it adds again.
func unpin(dir string) error {
	return editMod(dir, func(mod *modfile.File) error {
		for _, require := range slices.Clone(mod.Require) {
			if require.Indirect {
				if err := mod.DropRequire(require.Mod.Path); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// repin gives the indirect requirements that came back the pins' versions.
func (l *locker) repin(dir string) error {
	pins, err := readMod(l.pins)
	if err != nil {
		return err
	}
	return editMod(dir, func(mod *modfile.File) error {
		for _, require := range slices.Clone(mod.Require) {
			for _, pin := range pins.Require {
				if pin.Mod.Path == require.Mod.Path {
					if err := mod.AddRequire(pin.Mod.Path, pin.Mod.Version); err != nil {
						return err
					}
				}
			}
		}
		return nil
	})
}

func editMod(dir string, edit func(*modfile.File) error) error {
	mod, err := readMod(dir)
	if err != nil {
		return err
	}
	if err := edit(mod); err != nil {
		return err
	}
	mod.Cleanup()
	data, err := mod.Format()
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "go.mod"), data, 0o644)
}

func readMod(dir string) (*modfile.File, error) {
	path := filepath.Join(dir, "go.mod")
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return modfile.Parse(path, data, nil)
}
