package project

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/otelgen/otelgen/internal/git"
)

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
		return nil // without git, or outside a work tree, the markers are enough
	}
	tracked, err := listFiles(dir, "\t", "--stage")
	if err != nil {
		return err
	}
	modified, err := listFiles(dir, "", "--modified")
	if err != nil {
		return nil // without a filter that the repository requires, such as git-lfs, git cannot say
	}
	conflicts = slices.DeleteFunc(conflicts, func(c *stages) bool { return tracked[cmp.Or(c.From, c.Path)] == "" && tracked[c.Path] == "" })
	ours, err := addBlobs(dir, conflicts)
	if err != nil {
		return err
	}
	var entries strings.Builder
	for i, c := range conflicts {
		known := cmp.Or(c.From, c.Path)
		if tracked[c.Path] != "" {
			known = c.Path
		}
		mode, rest, _ := strings.Cut(tracked[known], " ")
		staged, stage, _ := strings.Cut(rest, " ")
		yours := staged
		if _, differs := modified[known]; differs || stage != "0" {
			id, err := git.Run(dir, c.Yours, "hash-object", "-w", "--stdin", "--path="+c.Path)
			if err != nil {
				return err
			}
			yours = strings.TrimSpace(id)
		}
		if stage == "0" && staged != yours && staged != committed(dir, known) {
			continue
		}
		// Mode 0 removes the stage of a file that is not in conflict.
		at := strings.TrimSuffix(prefix, "\n") + c.Path
		fmt.Fprintf(&entries, "0 %s\t%s\x00", strings.Repeat("0", len(yours)), at)
		for stage, id := range []string{ours[2*i], yours, ours[2*i+1]} {
			if id != "" {
				fmt.Fprintf(&entries, "%s %s %d\t%s\x00", mode, id, stage+1, at)
			}
		}
	}
	_, err = git.Run(dir, []byte(entries.String()), "update-index", "-z", "--index-info")
	return err
}

// addBlobs adds the base and the next version of each conflict to the objects of
// git, and returns their names, or "" for a version that is absent. However many
// there are, git runs once.
func addBlobs(dir string, conflicts []*stages) ([]string, error) {
	var in strings.Builder
	names := make([]string, 2*len(conflicts))
	var added []int
	for i := range names {
		content := conflicts[i/2].Base
		if i%2 == 1 {
			content = conflicts[i/2].Next
		}
		if content != nil {
			added = append(added, i)
			fmt.Fprintf(&in, "blob\nmark :%d\ndata %d\n%s\nget-mark :%[1]d\n", i+1, len(content), content)
		}
	}
	out, err := git.Run(dir, []byte(in.String()), "fast-import", "--quiet")
	if err != nil {
		return nil, err
	}
	for n, name := range strings.Fields(out) {
		names[added[n]] = name
	}
	return names, nil
}

// committed returns the blob of a file in the last commit, or "".
func committed(dir, p string) string {
	blob, _ := git.Run(dir, nil, "rev-parse", "--verify", "--quiet", "HEAD:./"+p) // an error if there is none
	return strings.TrimSpace(blob)
}

// refresh lets git see that files are what they were when it merged them. Otherwise
// git would refuse to abort the merge.
func refresh(dir string) {
	index.Lock()
	defer index.Unlock()
	_, _ = git.Run(dir, nil, "update-index", "-q", "--refresh") // its status says whether files differ
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
