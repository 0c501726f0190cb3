// Command dashboards writes the dashboards for Grafana that the templates contain: each feature has those of its own metrics.
//
//	go run . ../../templates
//
// They show any service: the service is a variable, and so are the data sources.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/dashboardlist"
	"github.com/grafana/grafana-foundation-sdk/go/logs"
	"github.com/grafana/grafana-foundation-sdk/go/loki"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

// tag is what all dashboards have in common: links between them follow from it.
const tag = "service"

func main() {
	files, err := files()
	for name, content := range files {
		if err == nil {
			name = filepath.Join(os.Args[1], name)
			if err = os.MkdirAll(filepath.Dir(name), 0o755); err == nil {
				err = os.WriteFile(name, content, 0o644)
			}
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "dashboards:", err)
		os.Exit(1)
	}
}

// files returns the dashboards, as the templates have them.
func files() (map[string][]byte, error) {
	all := map[string][]byte{}
	for _, b := range boards {
		built, err := b.build().Build()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", b.name, err)
		}
		var content bytes.Buffer
		encoder := json.NewEncoder(&content)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", " ")
		if err := encoder.Encode(built); err != nil {
			return nil, fmt.Errorf("%s: %w", b.name, err)
		}
		all[b.feature+"/files/deploy/dashboards/"+b.name+".json.raw"] = content.Bytes()
	}
	return all, nil
}

// board is a dashboard.
type board struct {
	feature string // whose metrics it shows: a folder of the templates
	name    string // of its file
	title   string
	panels  []panel
}

// panel is a diagram. $service and $interval in its queries stand for a selector of the service, and for what a rate takes.
type panel struct {
	title, about string
	unit         string // of Grafana: s, reqps, percentunit, bytes, short
	queries      []query
	kind         kind
}

type query struct{ expr, legend string }

// kind is how a panel shows what it has. The zero value is a diagram over time.
type kind int

const (
	number   kind = iota + 1 // the last value
	records                  // of a log
	overview                 // of all dashboards
)

// uid returns the id of the board in Grafana, which has at most 40 characters: as many as the name of a resource alone.
func (b board) uid() string {
	if resource, ok := strings.CutPrefix(b.name, "resource-"); ok {
		return resource
	}
	return "otelgen-" + b.name
}

func (b board) build() *dashboard.DashboardBuilder {
	built := dashboard.NewDashboardBuilder(b.title).
		Uid(b.uid()).
		Tags([]string{tag}).
		Time("now-30m", "now").
		Refresh("10s").
		Tooltip(dashboard.DashboardCursorSyncCrosshair).
		WithVariable(source("metrics", "prometheus")).
		WithVariable(source("logs", "loki")).
		WithVariable(dashboard.NewQueryVariableBuilder("service").Label("Service").
			Datasource(ref("metrics", "prometheus")).
			Query(dashboard.StringOrMap{String: cog.ToPtr("label_values(target_info, service_name)")}).
			Refresh(dashboard.VariableRefreshOnTimeRangeChanged).
			Multi(true).IncludeAll(true).
			Current(dashboard.VariableOption{Text: all("All"), Value: all("$__all")})).
		Link(dashboard.NewDashboardLinkBuilder("Dashboards").Type(dashboard.DashboardLinkTypeDashboards).
			Tags([]string{tag}).AsDropdown(true).IncludeVars(true).KeepTime(true))
	for _, p := range b.panels {
		built.WithPanel(p.build())
	}
	return built
}

func all(text string) dashboard.StringOrArrayOfString {
	return dashboard.StringOrArrayOfString{ArrayOfString: []string{text}}
}

// source is a variable for a data source. The first of its type is the default.
func source(name, of string) *dashboard.DatasourceVariableBuilder {
	return dashboard.NewDatasourceVariableBuilder(name).Label(name).Type(of)
}

// ref refers to the data source that a variable says.
func ref(variable, of string) common.DataSourceRef {
	return common.DataSourceRef{Type: &of, Uid: cog.ToPtr("${" + variable + "}")}
}

func (p panel) build() cog.Builder[dashboard.Panel] {
	metrics, lines := ref("metrics", "prometheus"), ref("logs", "loki")
	switch p.kind {
	case overview:
		return dashboardlist.NewPanelBuilder().Title(p.title).Height(10).Span(24).
			Tags([]string{tag}).ShowSearch(true).ShowStarred(false).ShowRecentlyViewed(false).ShowHeadings(false).IncludeVars(true).KeepTime(true)
	case records:
		built := logs.NewPanelBuilder().Title(p.title).Description(p.about).Datasource(lines).Height(16).Span(24).
			ShowTime(true).WrapLogMessage(true).EnableLogDetails(true).SortOrder(common.LogsSortOrderDescending)
		for _, q := range p.queries {
			built.WithTarget(loki.NewDataqueryBuilder().Datasource(lines).Expr(q.expr))
		}
		return built
	case number:
		built := stat.NewPanelBuilder().Title(p.title).Description(p.about).Unit(p.unit).Datasource(metrics).Height(5).Span(6)
		for _, q := range p.queries {
			built.WithTarget(p.target(q).Instant())
		}
		return built
	default:
		built := timeseries.NewPanelBuilder().Title(p.title).Description(p.about).Unit(p.unit).Min(0).Datasource(metrics).Height(8).Span(12).
			FillOpacity(10).ShowPoints(common.VisibilityModeNever).
			Legend(common.NewVizLegendOptionsBuilder().ShowLegend(true).DisplayMode(common.LegendDisplayModeTable).
				Placement(common.LegendPlacementBottom).Calcs([]string{"mean", "max"}))
		for _, q := range p.queries {
			built.WithTarget(p.target(q))
		}
		return built
	}
}

// target asks for exemplars as well: points that lead to the trace of what took so long.
func (p panel) target(q query) *prometheus.DataqueryBuilder {
	return prometheus.NewDataqueryBuilder().Datasource(ref("metrics", "prometheus")).Expr(q.expr).LegendFormat(q.legend).Exemplar(p.unit == "s")
}
