package project

import (
	"cmp"
	"fmt"
	"strings"
	"sync"

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

// index keeps what runs at the same time from changing the index of git, which
// refuses that.
var index sync.Mutex

// stages are the versions of a file in a new conflict.
type stages struct {
	Path  string `json:"path"`
	From  string `json:"from,omitempty"` // where git knows the file, if it moves
	Base  []byte `json:"base"`
	Yours []byte `json:"yours"`
	Next  []byte `json:"next"`
}

// stage makes the new conflicts of an operation known to git, so that merge
// tools and editors see them and git refuses to commit them: base, yours and
// next are stages 1, 2 and 3 of the index. A file that git does not track has
// only its markers, and so has one with content in the index that is neither in
// the last commit nor on the disk: nothing else would refer to that any more.
func (d *disk) stage(op *operation) error {
	var conflicts []*stages
	for _, s := range op.Steps {
		if s.Conflict != nil {
			conflicts = append(conflicts, s.Conflict)
		}
	}
	if conflicts == nil {
		return nil
	}
	if err := d.will("stage conflicts"); err != nil {
		return err
	}
	index.Lock() // services of one repository have one index
	defer index.Unlock()
	dir := d.root.Name()
	prefix, err := git.Run(dir, nil, "rev-parse", "--show-prefix")
	if err != nil {
		return nil //nolint:nilerr // without git, or outside a work tree, the markers are enough
	}
	prefix = strings.TrimSuffix(prefix, "\n")
	tracked, err := listFiles(dir, "\t", "--stage")
	if err != nil {
		return err
	}
	committed := committed(dir)
	var entries strings.Builder
	for _, c := range conflicts {
		mode, rest, _ := strings.Cut(cmp.Or(tracked[c.Path], tracked[c.From]), " ")
		if mode == "" {
			continue
		}
		var ids [3]string
		for i, content := range [][]byte{c.Base, c.Yours, c.Next} {
			if content == nil {
				continue
			}
			id, err := git.Run(dir, content, "hash-object", "-w", "--stdin", "--path="+c.Path)
			if err != nil {
				return err
			}
			ids[i] = strings.TrimSpace(id)
		}
		staged, stage, _ := strings.Cut(rest, " ")
		if stage == "0" && staged != ids[1] && staged != committed[cmp.Or(c.From, c.Path)] {
			continue
		}
		// Mode 0 removes the stage of a file that is not in conflict.
		fmt.Fprintf(&entries, "0 %s\t%s%s\x00", strings.Repeat("0", len(ids[1])), prefix, c.Path)
		for i, id := range ids {
			if id != "" {
				fmt.Fprintf(&entries, "%s %s %d\t%s%s\x00", mode, id, i+1, prefix, c.Path)
			}
		}
	}
	_, err = git.Run(dir, []byte(entries.String()), "update-index", "-z", "--index-info")
	return err
}

// committed returns the blobs of the last commit, by their paths in a directory.
func committed(dir string) map[string]string {
	blobs := map[string]string{}
	out, _ := git.Run(dir, nil, "ls-tree", "-r", "-z", "HEAD") // an error if there is no commit yet
	for line := range strings.SplitSeq(out, "\x00") {
		info, p, _ := strings.Cut(line, "\t")
		if fields := strings.Fields(info); len(fields) == 3 {
			blobs[p] = fields[2]
		}
	}
	return blobs
}

// unstage makes git forget the conflicts that an operation takes back: in the
// index is then what is in the last commit.
func unstage(dir string, op *operation) {
	args := []string{"reset", "--quiet", "--"}
	for _, s := range op.Steps {
		if s.Settles != "" {
			args = append(args, s.Settles)
		}
	}
	if len(args) > 3 {
		index.Lock()
		defer index.Unlock()
		_, _ = git.Run(dir, nil, args...) // without a commit, the conflicts stay in the index until the files are added
	}
}
