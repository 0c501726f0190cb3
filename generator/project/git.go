package project

import (
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
