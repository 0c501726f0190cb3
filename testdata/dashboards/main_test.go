package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/variants"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/dashboardlist"
	"github.com/grafana/grafana-foundation-sdk/go/logs"
	"github.com/grafana/grafana-foundation-sdk/go/loki"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
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

// Grafana takes the dashboards: they are strictly what its schema says, of the kinds of panels and queries that are used.
func TestTheSchemaIsKept(t *testing.T) {
	runtime := cog.NewRuntime()
	for _, panel := range []variants.PanelcfgConfig{timeseries.VariantConfig(), stat.VariantConfig(), logs.VariantConfig(), dashboardlist.VariantConfig()} {
		runtime.RegisterPanelcfgVariant(panel)
	}
	for _, query := range []variants.DataqueryConfig{prometheus.VariantConfig(), loki.VariantConfig()} {
		runtime.RegisterDataqueryVariant(query)
	}
	written, err := files()
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range written {
		if problem := strictly(content); problem != "" {
			t.Errorf("%s: %s", name, problem)
		}
	}
	broken := bytes.Replace(written["feature/dashboards/files/deploy/dashboards/start.json.raw"], []byte(`"legendFormat"`), []byte(`"legend"`), 1)
	if problem := strictly(broken); !strings.Contains(problem, "unexpected field 'legend'") {
		t.Errorf("a query may have a key that the schema lacks: %q", problem)
	}
}

// strictly says what is wrong with a dashboard. The SDK returns an error in any case, whose text is empty if all is well.
func strictly(content []byte) string {
	var board dashboard.Dashboard
	if err := board.UnmarshalJSONStrict(content); err != nil && err.Error() != "" {
		return err.Error()
	}
	if err := board.Validate(); err != nil {
		return err.Error()
	}
	return ""
}

var (
	grouping    = regexp.MustCompile(`by \(([^)]*)\)`)
	placeholder = regexp.MustCompile(`{{(\w+)}}`)
)

// A dashboard has an id of its own, and its panels have titles of their own, a unit, and legends of labels that their
// queries leave.
func TestBoardsAreWhole(t *testing.T) {
	const longest = 40 // of an id, for Grafana, and of the name of a resource
	ids := map[string]board{}
	for _, b := range boards {
		other, taken := ids[b.uid()]
		if taken && (other.name != b.name || other.feature == b.feature) { // the same file of features that exclude each other
			t.Errorf("%s and %s have the id %s", b.feature, other.feature, b.uid())
		}
		ids[b.uid()] = b
		b.name = strings.Replace(b.name, "gift-cards", strings.Repeat("x", longest), 1)
		if len(b.uid()) > longest {
			t.Errorf("%s: the id %s is too long", b.name, b.uid())
		}
		titles := map[string]bool{}
		for _, p := range b.panels {
			if titles[p.title] || p.title == "" || p.unit == "" && p.kind != records && p.kind != overview {
				t.Errorf("%s: %q: another panel has that title, or there is no unit", b.name, p.title)
			}
			titles[p.title] = true
			for _, q := range p.queries {
				labels := strings.Join(grouping.FindStringSubmatch(q.expr), " ")
				for _, name := range placeholder.FindAllStringSubmatch(q.legend, -1) {
					if !slices.Contains(strings.FieldsFunc(labels, func(r rune) bool { return strings.ContainsRune("(), ", r) }), name[1]) {
						t.Errorf("%s: %s: the legend has %s, which is not among %s", b.name, p.title, name[1], labels)
					}
				}
			}
		}
	}
}
