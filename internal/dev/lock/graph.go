package main

import (
	"go/version"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
)

// A graph is what go knows of the modules of a service that requires some of
// them, from their go.mod files. It is the union of what it knows because of
// each of them.
type graph struct {
	seen     map[module.Version]bool // all versions that are mentioned
	read     map[module.Version]bool // those whose go.mod is read
	selected map[string]string       // the latest version seen, by module path
}

// graph reads the module graph of a service with these requirements, as
// readModGraph in cmd/go does: of a module since Go 1.17 only its own go.mod,
// which mentions all that its packages need, and of an older one everything.
func (c *cache) graph(roots []module.Version) graph {
	g := graph{map[module.Version]bool{}, map[module.Version]bool{}, map[string]string{}}
	see := func(m module.Version) {
		g.seen[m] = true
		if semver.Compare(m.Version, g.selected[m.Path]) > 0 {
			g.selected[m.Path] = m.Version
		}
	}
	type visit struct {
		module.Version
		pruned bool
	}
	done := map[visit]bool{}
	var read func(visit)
	read = func(v visit) {
		see(v.Version)
		if done[v] {
			return
		}
		done[v], g.read[v.Version] = true, true
		mod := c.mod(v.Version)
		prunes := mod.Go != nil && version.Compare("go"+mod.Go.Version, "go1.17") >= 0
		for _, r := range mod.Require {
			see(r.Mod)
			if !v.pruned || !prunes {
				read(visit{r.Mod, v.pruned && prunes})
			}
		}
	}
	for _, m := range roots {
		read(visit{m, true})
	}
	return g
}
