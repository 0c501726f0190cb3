package modules

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
)

// A Sum is one line of go.sum. The version of a line for a go.mod file ends in
// /go.mod.
type Sum struct {
	Module module.Version
	Hash   string
}

// String returns the line.
func (s Sum) String() string { return s.Module.Path + " " + s.Module.Version + " " + s.Hash }

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

// sorted returns sums in the order of a go.sum, which is that of module.Sort.
func sorted(sums map[Sum]bool) []Sum {
	return slices.SortedFunc(maps.Keys(sums), func(a, b Sum) int {
		if c := strings.Compare(a.Module.Path, b.Module.Path); c != 0 {
			return c
		}
		versionA, fileA, _ := strings.Cut(a.Module.Version, "/")
		versionB, fileB, _ := strings.Cut(b.Module.Version, "/")
		return cmp.Or(semver.Compare(versionA, versionB), strings.Compare(fileA, fileB), strings.Compare(a.Hash, b.Hash))
	})
}

func formatSums(sums map[Sum]bool) []byte {
	var out bytes.Buffer
	for _, s := range sorted(sums) {
		out.WriteString(s.String())
		out.WriteByte('\n')
	}
	return out.Bytes()
}
