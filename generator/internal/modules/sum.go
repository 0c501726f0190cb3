package modules

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
)

// parseSums reads a go.sum.
func parseSums(file string, data []byte) (map[Sum]bool, error) {
	sums := map[Sum]bool{}
	var errs []error
	n := 0
	for line := range strings.Lines(string(data)) {
		n++
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		s, err := parseSum(fields)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s:%d: %w", file, n, err))
			continue
		}
		sums[s] = true
	}
	return sums, errors.Join(errs...)
}

// parseSum reads the words of one line.
func parseSum(words []string) (Sum, error) {
	if len(words) != 3 {
		return Sum{}, fmt.Errorf("%q: a sum is a module path, a version and a hash", strings.Join(words, " "))
	}
	s := Sum{module.Version{Path: words[0], Version: words[1]}, words[2]}
	if err := module.CheckPath(s.Module.Path); err != nil {
		return Sum{}, err
	}
	if !semver.IsValid(strings.TrimSuffix(s.Module.Version, "/go.mod")) {
		return Sum{}, fmt.Errorf("%s: %q is not a version", s.Module.Path, s.Module.Version)
	}
	if !strings.Contains(s.Hash, ":") {
		return Sum{}, fmt.Errorf("%s: %q is not a hash", s.Module.Path, s.Hash)
	}
	return s, nil
}

// sumLines returns the lines of a go.sum in its order.
func sumLines(sums map[Sum]bool) []string {
	hashes := map[module.Version][]string{}
	for s := range sums {
		hashes[s.Module] = append(hashes[s.Module], s.Hash)
	}
	mods := slices.Collect(maps.Keys(hashes))
	module.Sort(mods)
	var lines []string
	for _, m := range mods {
		slices.Sort(hashes[m])
		for _, hash := range hashes[m] {
			lines = append(lines, m.Path+" "+m.Version+" "+hash)
		}
	}
	return lines
}

func formatSums(sums map[Sum]bool) []byte {
	var out bytes.Buffer
	for _, line := range sumLines(sums) {
		out.WriteString(line + "\n")
	}
	return out.Bytes()
}
