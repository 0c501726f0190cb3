package generator

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// docs/adding-a-feature.md, followed literally: the files that it shows make a
// feature, and what it says to see is to be seen.
func TestAddingAFeature(t *testing.T) {
	page, err := os.ReadFile("../docs/adding-a-feature.md")
	if err != nil {
		t.Fatal(err)
	}
	f := newFixture(t)
	for _, shown := range regexp.MustCompile("(?ms)^`templates/([^`\n]*)`:\n\n```\\w+\n(.*?)^```$").FindAllSubmatch(page, -1) {
		f.write(string(shown[1]), string(shown[2]))
	}
	c := loaded(t, f.files)
	if err := c.Vet(); err != nil {
		t.Error(err)
	}
	without := rendered(t, c, shop(nil))
	with := rendered(t, c, shop(nil, "heartbeat"))
	for _, path := range []string{"internal/heartbeat/heartbeat.go", "internal/heartbeat/heartbeat_test.go"} {
		if with[path] == nil || without[path] != nil {
			t.Errorf("%s is not there with the feature only", path)
		}
	}
	seen := regexp.MustCompile("(?ms)^In `([^`\n]*)`:\n\n```\\w+\n(.*?)^```$").FindAllSubmatch(page, -1)
	if len(seen) != 4 {
		t.Errorf("%d files to see", len(seen))
	}
	for _, s := range seen {
		path, text := string(s[1]), string(s[2])
		if !strings.Contains(string(with[path]), text) || strings.Contains(string(without[path]), text) {
			t.Errorf("%s does not say, with the feature only:\n%s", path, text)
		}
	}
}
