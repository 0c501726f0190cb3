package project

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/otelgen/otelgen/generator"
)

// TestSymlinks: otelgen never writes through a symbolic link, even if the link
// leads to another place in the same project. It names the link and changes
// nothing.
func TestSymlinks(t *testing.T) {
	tests := []struct {
		link, target string
		want         string // of the error
	}{
		{"a.txt", "keep.txt", "a.txt: cannot be a file, because a.txt is a symbolic link; move that out of the way"},
		{"a.txt", "/etc/passwd", "a.txt: cannot be a file, because a.txt is a symbolic link; move that out of the way"},
		{"a.txt", "nowhere", "a.txt: cannot be a file, because a.txt is a symbolic link; move that out of the way"},
		{"dir", "other", "dir/b.txt: cannot be a file, because dir is a symbolic link; move that out of the way"},
		{"dir", "..", "dir/b.txt: cannot be a file, because dir is a symbolic link; move that out of the way"},
		{"fresh", "other", "fresh/c.txt: cannot be a file, because fresh is a symbolic link; move that out of the way"},
		{".otelgen", "other", ".otelgen/spec.yaml: cannot be a file, because .otelgen is a symbolic link; move that out of the way"},
		{".otelgen/base", "../other", ".otelgen/base: cannot be a directory, because .otelgen/base is a symbolic link; move that out of the way"},
		{".otelgen/base/a.txt.base", "../../keep.txt", ".otelgen/base/a.txt.base: cannot be a file, because .otelgen/base/a.txt.base is a symbolic link; move that out of the way"},
		{".otelgen/record", "../keep.txt", ".otelgen/record: cannot be a file, because .otelgen/record is a symbolic link; move that out of the way"},
		{".otelgen/undo", "../keep.txt", ".otelgen/undo: cannot be a file, because .otelgen/undo is a symbolic link; move that out of the way"},
		{".otelgen/spec.yaml", "../keep.txt", ".otelgen/spec.yaml: cannot be a file, because .otelgen/spec.yaml is a symbolic link; move that out of the way"},
		{".otelgen/tmp", "../keep.txt", "cannot be a file, because .otelgen/tmp is a symbolic link"},
		{".otelgen/journal", "../keep.txt", ".otelgen/journal: cannot be a file, because .otelgen/journal is a symbolic link; move that out of the way"},
		{".otelgen/pending/a.txt.next", "../../keep.txt", ".otelgen/pending/a.txt.next: cannot be a file, because .otelgen/pending/a.txt.next is a symbolic link; move that out of the way"},
		{".otelgen/.gitattributes", "../keep.txt", ".otelgen/.gitattributes: cannot be a file, because .otelgen/.gitattributes is a symbolic link; move that out of the way"},
	}
	for _, tt := range tests {
		t.Run(tt.link+" to "+tt.target, func(t *testing.T) {
			top := t.TempDir()
			dir := filepath.Join(top, "shop")
			mustNew(t, dir, generator.Tree{specFile: []byte("1"), "a.txt": text("a"), "dir/b.txt": text("b")})
			writeDir(t, top, files{"b.txt": "outside\n"})
			writeDir(t, dir, files{"keep.txt": "keep\n", "other/b.txt": "other\n", "other/spec.yaml": "1", "other/a.txt.base": "other\n"})
			link := filepath.Join(dir, tt.link)
			if err := os.RemoveAll(link); err != nil {
				t.Fatal(err)
			}
			if err := os.MkdirAll(filepath.Dir(link), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(tt.target, link); err != nil {
				t.Fatal(err)
			}
			before := readDir(t, top)
			_, err := run(dir, generator.Tree{specFile: []byte("2"), "a.txt": text("A"), "dir/b.txt": text("B"), "fresh/c.txt": text("C")}, nil, 0)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
			checkDir(t, top, before)
		})
	}
}

// TestForgedRecord: a record that somebody committed must not make otelgen touch
// paths that it never writes.
func TestForgedRecord(t *testing.T) {
	for _, forged := range []string{".otelgen/base/.git/HEAD.base", ".otelgen/base/.base", ".otelgen/gone/.otelgen/spec.yaml.base", ".otelgen/pending/.otelgen/x.next"} {
		dir := t.TempDir()
		writeDir(t, dir, files{specFile: "", ".git/HEAD": "ref: x\n", forged: "ref: x\n"})
		want := dir + ": " + forged + ": this record is for a path that otelgen never writes; delete it"
		if _, err := Load(dir); err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

// TestNoFile: what the owner replaced by something that is not a regular file
// stays, unless otelgen has a new version to write.
func TestNoFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "shop")
	v1 := generator.Tree{specFile: nil, "link": text("a"), "dir": text("b"), "sub/file": text("c")}
	mustNew(t, dir, v1)
	for p := range v1 {
		if p != specFile {
			if err := os.Remove(filepath.Join(dir, p)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := os.Symlink("nowhere", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "sub")); err != nil {
		t.Fatal(err)
	}
	writeDir(t, dir, files{"dir/x": "", "sub": ""})
	before := readDir(t, dir)

	if plan := mustUpdate(t, dir, v1, nil); !plan.Empty() {
		t.Errorf("the templates have not changed, but an update does %q", plan)
	}
	checkDir(t, dir, before)

	p, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.Compare(generator.Tree{specFile: nil, "link": text("A"), "dir": text("B"), "sub/file": text("C")}, nil)
	want := []string{"dir: cannot be a file, because dir is a directory", "link: cannot be a file, because link is a symbolic link", "sub/file: cannot be a file, because sub is a file"}
	for _, w := range want {
		if err == nil || !strings.Contains(err.Error(), w) {
			t.Errorf("%v\nlacks %s", err, w)
		}
	}

	for _, c := range mustUpdate(t, dir, generator.Tree{specFile: nil}, nil) {
		if c.Action != Orphan {
			t.Errorf("the templates no longer have it, but an update does %q", c)
		}
	}
	for p := range v1 {
		if p != specFile {
			delete(before, baseDir+p+".base")
		}
	}
	checkDir(t, dir, before)
}

// TestUnwritable: an update names the file that it cannot write, and succeeds
// once it can.
func TestUnwritable(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "shop")
	mustNew(t, dir, generator.Tree{specFile: nil, "sub/a.txt": text("a")})
	stopBeingRoot(t, filepath.Dir(dir))
	sub := filepath.Join(dir, "sub")
	if err := os.Chmod(sub, 0o555); err != nil {
		t.Fatal(err)
	}
	next := generator.Tree{specFile: nil, "sub/a.txt": text("A")}
	if _, err := run(dir, next, nil, 0); err == nil || err.Error() != dir+": cannot write sub/a.txt: permission denied; run as a user who may, or choose another directory" {
		t.Error(err)
	}
	if err := os.Chmod(sub, 0o755); err != nil {
		t.Fatal(err)
	}
	mustUpdate(t, dir, next, nil)
}
