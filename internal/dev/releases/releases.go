// Package releases makes later releases of the templates, by editing the real
// ones. Tests of updates go from one to the next, because today's templates are
// only one release.
package releases

import (
	"fmt"
	"hash/fnv"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing/fstest"
)

// Later returns the templates as they might be n releases from now. Release 0 is
// the real one, but for one module, which it requires in an older version. With
// each release
//
//   - statements come into the functions of a third of the Go files, and change, but
//     not in the package that moves,
//   - lines come at the beginnings of half of the other files, always of README.md,
//   - some Go files get other names, of which some have done so before, and with the
//     second release a package gets another directory,
//   - a file comes, and that of the release before goes.
//
// Which files these are follows from the path of each alone, so that a new template
// does not change the others. Each release renders a service that builds.
func Later(templates fs.FS, n int) (fs.FS, error) {
	r, err := read(templates)
	if err != nil {
		return nil, err
	}
	if n == 0 {
		r.downgrade()
	}
	for release := 1; release <= n; release++ {
		r.change(release)
		r.rename(release)
		r.add(release)
		if release == 2 {
			r.moveDirectory(movesAsWhole, "internal/run/lifecycle")
		}
	}
	r.sayWhatMoved()
	return r.fs(), r.err
}

// tree is a catalog in the making.
type tree struct {
	files map[string]string
	moved map[string]map[string]string // by feature.yaml, old output path to new
	err   error
}

func read(templates fs.FS) (*tree, error) {
	r := &tree{files: map[string]string{}, moved: map[string]map[string]string{}}
	err := fs.WalkDir(templates, ".", func(p string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(templates, p)
		r.files[p] = string(content)
		return err
	})
	return r, err
}

func (r *tree) fs() fs.FS {
	all := fstest.MapFS{}
	for p, content := range r.files {
		all[p] = &fstest.MapFile{Data: []byte(content), Mode: 0o644}
	}
	return all
}

// output returns the path that a template has in a service, and the file of its
// feature; ok is false if it is not a template.
func output(p string) (out, feature string, ok bool) {
	folder, rest, ok := strings.Cut(p, "/files/")
	ext := path.Ext(rest)
	return strings.TrimSuffix(rest, ext), folder + "/feature.yaml", ok && (ext == ".tmpl" || ext == ".raw")
}

// templates returns the paths of the templates of files for which a condition
// holds, in a fixed order. Those of a resource are not among them: no release
// changes what belongs to its owner.
func (r *tree) templates(holds func(out string) bool) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(r.files)), func(p string) bool {
		out, _, ok := output(p)
		return !ok || strings.HasPrefix(p, "resource/") || !holds(out)
	})
}

// The module whose version release 0 does not have yet.
const (
	bumped     = "module github.com/caarlos0/env/v11 "
	olderLines = bumped + `v11.4.1
sum h1:fYwH0sWEsBSMPG7t4e/PEfTFzrWrpjyygXyUnWiSwEw=
mod h1:qupehSf/Y0TUTsxKywqRt/vJjN5nz6vauiYEUUr8P4U=
`
)

func (r *tree) downgrade() {
	const lock = "modules.lock"
	newer := regexp.MustCompile(regexp.QuoteMeta(bumped) + `v\S+\nsum .*\nmod .*\n`)
	if !newer.MatchString(r.files[lock]) {
		r.err = fmt.Errorf("%s: there is no %sin it; choose another module", lock, bumped)
	}
	r.files[lock] = newer.ReplaceAllLiteralString(r.files[lock], olderLines)
}

var (
	function = regexp.MustCompile(`(?m)^func [^{}\n]*\{\n(\t_ = "release \d+"\n)?`)
	heading  = regexp.MustCompile(`(?m)\A.*\n`)
)

// change changes lines: of Go files inside functions, of others below the first
// line.
func (r *tree) change(release int) {
	for _, p := range r.templates(func(out string) bool { return path.Ext(out) == ".go" }) {
		if out, _, _ := output(p); !oneOf(3, out, "changes", release) || path.Dir(out) == movesAsWhole {
			continue
		}
		n := 0
		r.files[p] = function.ReplaceAllStringFunc(r.files[p], func(old string) string {
			if n++; n%4 != 1 {
				return old
			}
			first, _, _ := strings.Cut(old, "\n")
			return fmt.Sprintf("%s\n\t_ = \"release %d\"\n", first, release)
		})
	}
	comments := map[string]string{".md": "\nRelease %d.\n", ".yaml": "# Release %d.\n", "": "# Release %d.\n"}
	for _, p := range r.templates(func(out string) bool { return comments[path.Ext(out)] != "" && path.Base(out)[0] != '.' }) {
		out, _, _ := output(p)
		if (oneOf(2, out, "changes", release) || out == "README.md") && !strings.HasPrefix(r.files[p], "{{") {
			r.files[p] = heading.ReplaceAllString(r.files[p], "${0}"+fmt.Sprintf(comments[path.Ext(out)], release))
		}
	}
}

// movesAsWhole is the package that gets another directory, and no other names.
const movesAsWhole = "internal/lifecycle"

// renamed is the end of the name of a Go file: of which release it is, unless that is 0.
var renamed = regexp.MustCompile(`(_r\d+)?\.go$`)

// oneOf reports whether a file is one of those, one in n, to which something happens.
// It goes by the path that the file had in release 0.
func oneOf(n uint32, out string, why ...any) bool {
	hash := fnv.New32a()
	fmt.Fprintln(hash, append(why, renamed.ReplaceAllString(out, ".go"))...)
	return hash.Sum32()%n == 0
}

// rename gives some Go files another name: some in this release, some in each.
func (r *tree) rename(release int) {
	candidates := r.templates(func(out string) bool {
		return path.Ext(out) == ".go" && !strings.HasSuffix(out, "_test.go") && strings.HasPrefix(out, "internal/") && !strings.HasPrefix(out, movesAsWhole)
	})
	for _, p := range candidates {
		out, feature, _ := output(p)
		if !oneOf(12, out, "moves", release) && !oneOf(12, out, "moves") || strings.Contains(r.files[feature], out) {
			continue // it is an index, which its feature names
		}
		r.move(p, renamed.ReplaceAllString(out, fmt.Sprintf("_r%d.go", release)))
	}
}

// move moves a template to another path in the service.
func (r *tree) move(p, to string) {
	from, feature, _ := output(p)
	r.files[strings.Replace(p, "/files/"+from, "/files/"+to, 1)] = r.files[p]
	delete(r.files, p)
	if r.moved[feature] == nil {
		r.moved[feature] = map[string]string{}
	}
	for old, last := range r.moved[feature] {
		if last == from {
			r.moved[feature][old] = to
		}
	}
	r.moved[feature][from] = to
}

// moveDirectory moves a package to another directory, and what imports it along.
func (r *tree) moveDirectory(from, to string) {
	named := regexp.MustCompile(regexp.QuoteMeta(from) + `\b`)
	for _, p := range slices.Sorted(maps.Keys(r.files)) {
		r.files[p] = named.ReplaceAllString(r.files[p], to)
		if out, _, ok := output(p); ok && strings.HasPrefix(out, from+"/") {
			r.move(p, to+strings.TrimPrefix(out, from))
		}
	}
}

// add adds a file, and drops that of the release before.
func (r *tree) add(release int) {
	name := func(release int) string {
		return fmt.Sprintf("shared/http/files/internal/problem/release%d.go.raw", release)
	}
	r.files[name(release)] = fmt.Sprintf("package problem\n\n// Release is the release of the templates.\nconst Release = %d\n", release)
	delete(r.files, name(release-1))
}

// sayWhatMoved adds to each feature what has moved in it.
func (r *tree) sayWhatMoved() {
	for feature, moved := range r.moved {
		if strings.Contains(r.files[feature], "\nmoved:") {
			r.err = fmt.Errorf("%s: has a key moved; merge it with %q", feature, moved)
		}
		r.files[feature] += "\nmoved:\n"
		for _, old := range slices.Sorted(maps.Keys(moved)) {
			r.files[feature] += fmt.Sprintf("  %s: %s\n", old, moved[old])
		}
	}
}
