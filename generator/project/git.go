package project

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/otelgen/otelgen/internal/git"
)

// listFiles returns the paths that git ls-files lists in a directory, each with
// what comes before it and the separator on its line.
func listFiles(dir, separator string, options ...string) (map[string]string, error) {
	out, err := git.Run(dir, nil, append([]string{"ls-files", "-z"}, options...)...)
	if err != nil {
		return nil, err
	}
	paths := map[string]string{}
	for line := range strings.SplitSeq(out, "\x00") {
		if info, p, ok := strings.Cut(line, separator); ok {
			paths[p] = info
		}
	}
	return paths, nil
}

// unmerged returns the paths in a directory that git has in conflict. Without
// git there are none.
func unmerged(dir string) map[string]bool {
	all, _ := listFiles(dir, "\t", "--unmerged")
	paths := map[string]bool{}
	for p := range all {
		paths[p] = true
	}
	return paths
}

// skipped returns the paths in a directory that git leaves out of the work tree,
// because it is a sparse checkout. Without git there are none.
func skipped(dir string) map[string]bool {
	all, _ := listFiles(dir, " ", "-t")
	paths := map[string]bool{}
	for p, status := range all {
		paths[p] = status == "S"
	}
	return paths
}

// stage makes conflicts known to git, so that merge tools and editors see them
// and git refuses to commit them: base, disk and next are stages 1, 2 and 3 of
// the index. A file that git does not track has only its markers.
func stage(dir string, conflicts []Change) error {
	prefix, err := git.Run(dir, nil, "rev-parse", "--show-prefix")
	if err != nil {
		return nil //nolint:nilerr // without git, or outside a work tree, the markers are enough
	}
	prefix = strings.TrimSuffix(prefix, "\n")
	tracked, err := listFiles(dir, "\t", "--stage")
	if err != nil {
		return err
	}
	var index strings.Builder
	for _, c := range conflicts {
		mode, _, _ := strings.Cut(cmp.Or(tracked[c.Path], tracked[c.From]), " ")
		if mode == "" {
			continue
		}
		var id, stages string
		recorded := c.records[0].committed
		for i, content := range [][]byte{recorded.base, c.Before, recorded.pending} {
			if content == nil {
				continue
			}
			if id, err = git.Run(dir, content, "hash-object", "-w", "--stdin", "--path="+c.Path); err != nil {
				return err
			}
			id = strings.TrimSpace(id)
			stages += fmt.Sprintf("%s %s %d\t%s%s\x00", mode, id, i+1, prefix, c.Path)
		}
		// Mode 0 removes the stage of a file that is not in conflict.
		fmt.Fprintf(&index, "0 %s\t%s%s\x00%s", strings.Repeat("0", len(id)), prefix, c.Path, stages)
	}
	_, err = git.Run(dir, []byte(index.String()), "update-index", "-z", "--index-info")
	return err
}
