package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const templates = "../../templates"

// The templates have what the command writes, and no other dashboards.
func TestTemplatesAreUpToDate(t *testing.T) {
	want, err := files()
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range want {
		got, err := os.ReadFile(filepath.Join(templates, name))
		if err != nil || !bytes.Equal(got, content) {
			t.Errorf("%s is not what is written now (%v); run make dashboards", name, err)
		}
	}
	err = filepath.WalkDir(templates, func(name string, _ os.DirEntry, err error) error {
		relative := strings.TrimPrefix(filepath.ToSlash(name), templates+"/")
		if strings.Contains(relative, "/deploy/dashboards/") && strings.HasSuffix(name, ".json.raw") && want[relative] == nil {
			t.Errorf("%s is not written any more; remove it", relative)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
