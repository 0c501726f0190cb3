package project

import (
	"testing"

	"github.com/otelgen/otelgen/generator"
)

// TestRename_OnlyNames: a new name is no change of the owner's, and nothing else
// counts as one. What the owner and otelgen both changed beside it is a conflict.
func TestRename_OnlyNames(t *testing.T) {
	tree := func(service, content string) generator.Tree {
		return generator.Tree{specFile: []byte("service: " + service + "\nmodule: example.com/" + service + "\n"), "f.txt": []byte(content)}
	}
	for name, tt := range map[string]struct{ base, disk, next, want string }{
		"only the name":            {"shop\na\nb\n", "shop\nmine\na\nb\n", "store\na\nb\n", "store\nmine\na\nb\n"},
		"its alignment":            {"shop:  a\n", "shop:  a\nmine\n", "store: a\n", "store: a\nmine\n"},
		"the module":               {"use example.com/shop/x\n", "mine\nuse example.com/shop/x\n", "use example.com/store/x\n", "mine\nuse example.com/store/x\n"},
		"another line, twice":      {"shop\na\nb\na\n", "shop\na\nb\na mine\n", "store\nA\nb\nA\n", "store\nA\nb\n<<<<<<< yours\na mine\n||||||| base\na\n=======\nA\n>>>>>>> otelgen\n"},
		"the name, twice":          {"shop\nb\nshop\n", "shop\nb\nshop mine\n", "store\nb\nstore\n", "store\nb\n<<<<<<< yours\nshop mine\n||||||| base\nshop\n=======\nstore\n>>>>>>> otelgen\n"},
		"the same line, otherwise": {"shop a\n", "shop a mine\n", "store b\n", "<<<<<<< yours\nshop a mine\n||||||| base\nshop a\n=======\nstore b\n>>>>>>> otelgen\n"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := repository(t, nil)
			mustNew(t, dir, tree("shop", tt.base))
			writeDir(t, dir, files{"f.txt": tt.disk})
			plan := mustUpdate(t, dir, tree("store", tt.next), nil)
			if got := readDir(t, dir)["f.txt"]; got != tt.want {
				t.Errorf("%q leads to\n%s\nwant\n%s", plan, got, tt.want)
			}
		})
	}
}
