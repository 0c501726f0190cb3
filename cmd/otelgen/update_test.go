package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/templates"
)

// A service that a later otelgen wrote, an earlier one would take back in time.
func TestUpdate_OfALaterOtelgen(t *testing.T) {
	catalog, err := generator.Load(templates.FS)
	if err != nil {
		t.Fatal(err)
	}
	defer func(was string) { version = was }(version)
	for _, test := range []struct{ from, this, problem string }{
		{"v1.10.0", "v1.10.0", ""},
		{"v1.9.0", "v1.10.0", ""},
		{"v1.10.0", "v1.9.0", "otelgen v1.10.0 wrote it, and this is v1.9.0; install that version, or a later one"},
		{"v2.0.0-rc.1", "v1.9.0", "otelgen v2.0.0-rc.1 wrote it, and this is v1.9.0; install that version, or a later one"},
		{"v1.10.1-0.20261125120000-0123456789ab", "v1.10.0", ""},
		{"v1.10.0", "v1.9.1-0.20261125120000-0123456789ab", ""},
		{"v1.10.0", "devel", ""},
		{"devel", "v1.9.0", ""},
	} {
		t.Run(test.from+" by "+test.this, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "shop")
			version = test.from
			s, err := newOptions{name: "shop", dir: dir}.parse(catalog)
			if err := s.compare(catalog, err); err != nil {
				t.Fatal(err)
			}
			if err := s.make(false); err != nil {
				t.Fatal(err)
			}
			if test.problem != "" { // so that the way out is the version, and not to remove what it has brought
				addTo(t, filepath.Join(dir, ".otelgen", "spec.yaml"), "colour: blue\n")
			}
			version = test.this
			u := updater{catalog: catalog, dryRun: true}
			var one update
			err = u.update(&one, dir, func(said string) { t.Log(said) })
			want := test.problem
			if want != "" {
				want = filepath.Join(dir, ".otelgen", "spec.yaml") + ": " + want
			}
			if got := errorText(err); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
			if inSync := test.from == test.this; err == nil && one.InSync != inSync {
				t.Errorf("in sync: %t, want %t: %v", one.InSync, inSync, one.Files)
			}
		})
	}
}

func addTo(t *testing.T, file, text string) {
	t.Helper()
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, append(before, text...), 0o600); err != nil {
		t.Fatal(err)
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
