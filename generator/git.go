package generator

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/otelgen/otelgen/internal/git"
)

// unmerged returns the paths in a directory that git has in conflict, if there
// is git.
func unmerged(dir string) map[string]bool {
	out, err := git.Run(dir, nil, "ls-files", "--unmerged", "-z")
	if err != nil {
		return nil
	}
	paths := map[string]bool{}
	for line := range strings.SplitSeq(out, "\x00") {
		if _, p, ok := strings.Cut(line, "\t"); ok {
			paths[p] = true
		}
	}
	return paths
}

// skipped returns the paths in a directory that are not there because git leaves
// them out of the work tree: it is a sparse checkout.
func skipped(dir string) map[string]bool {
	out, err := git.Run(dir, nil, "ls-files", "-t", "-z")
	if err != nil {
		return nil
	}
	paths := map[string]bool{}
	for line := range strings.SplitSeq(out, "\x00") {
		if p, ok := strings.CutPrefix(line, "S "); ok {
			paths[p] = true
		}
	}
	return paths
}

// stage makes conflicts known to git, so that mergetools and editors see them
// and a commit waits for them: base, yours and otelgen's as stages 1, 2 and 3.
// A file that git does not track, it leaves to its markers.
func stage(dir string, conflicts []Change) error {
	prefix, err := git.Run(dir, nil, "rev-parse", "--show-prefix")
	if err != nil {
		return nil //nolint:nilerr // there is no git, or no work tree: markers have to do
	}
	prefix = strings.TrimSuffix(prefix, "\n")
	tracked, err := git.Run(dir, nil, "ls-files", "--stage", "-z")
	if err != nil {
		return err
	}
	modes := map[string]string{}
	for line := range strings.SplitSeq(tracked, "\x00") {
		if info, p, ok := strings.Cut(line, "\t"); ok {
			modes[p], _, _ = strings.Cut(info, " ")
		}
	}
	var index strings.Builder
	for _, c := range conflicts {
		mode := cmp.Or(modes[c.Path], modes[c.From])
		if mode == "" {
			continue
		}
		var id, stages string
		for i, content := range c.sides {
			if content == nil {
				continue
			}
			if id, err = git.Run(dir, content, "hash-object", "-w", "--stdin", "--path="+c.Path); err != nil {
				return err
			}
			id = strings.TrimSpace(id)
			stages += fmt.Sprintf("%s %s %d\t%s%s\x00", mode, id, i+1, prefix, c.Path)
		}
		// Mode 0 takes away what was merged.
		fmt.Fprintf(&index, "0 %s\t%s%s\x00%s", strings.Repeat("0", len(id)), prefix, c.Path, stages)
	}
	_, err = git.Run(dir, []byte(index.String()), "update-index", "-z", "--index-info")
	return err
}
