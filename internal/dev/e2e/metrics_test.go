package e2e_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/internal/dev/e2e"
)

// unshown are metrics that no panel shows, and why.
var unshown = map[string]string{
	"db.client.connection.pending_requests": "the pool of SQLite does not tell how many wait; the board of a database server shows it",

	"go.config.gogc":                               "a setting",
	"otel.sdk.span.live":                           "spans that have not ended are those of requests in progress, which a panel shows",
	"otel.sdk.log.created":                         "each is processed, which a panel shows",
	"otel.sdk.exporter.span.inflight":              "as many as one export has, or none",
	"otel.sdk.exporter.log.inflight":               "as many as one export has, or none",
	"otel.sdk.exporter.metric_data_point.inflight": "as many as one export has, or none",
	"otel.sdk.metric_reader.collection.duration":   "collecting takes a part of the time of an export, which a panel shows",
}

// Every metric that the code of a service records is in a panel of that service, whatever is selected. Of those
// that modules record, TestMatrix_Dashboards says so.
func TestSelections_ShowTheirMetrics(t *testing.T) {
	f := newMetricFinder(t)
	used := map[string]bool{}
	for _, spec := range e2e.EveryPair(t, e2e.Catalog(t)) {
		if !slices.Contains(spec.Features, "dashboards") {
			spec.Features = append(spec.Features, "dashboards")
		}
		tree := e2e.Render(t, e2e.Catalog(t), spec)
		shown := shownBy(tree)
		for name, content := range tree {
			if path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
				continue
			}
			for _, metric := range f.find(name, content) {
				used[metric] = true
				if unshown[metric] == "" && !shown[strings.ReplaceAll(metric, ".", "_")] {
					t.Errorf("%v %v: nothing shows %s of %s", spec.Slots, spec.Features, metric, name)
				}
			}
		}
	}
	if len(used) < 40 {
		t.Errorf("only %d metrics are found: %v", len(used), slices.Sorted(maps.Keys(used)))
	}
	t.Logf("%d metrics", len(used))
}

// metricFinder finds the names of metrics in Go code.
type metricFinder struct {
	t           *testing.T
	module      string              // the directory of go.opentelemetry.io/otel
	found       map[string][]string // by the content of a file
	conventions map[string][]string // by functions of the semantic conventions, such as v1.43.0/httpconv.NewServerRequestDuration
}

func newMetricFinder(t *testing.T) *metricFinder {
	t.Helper()
	module := e2e.Go(t, filepath.Join(e2e.Root(t), "testdata", "pins"), "list", "-m", "-f", "{{.Dir}}", "go.opentelemetry.io/otel")
	return &metricFinder{t, strings.TrimSpace(module), map[string][]string{}, map[string][]string{}}
}

// find returns the names of the metrics that a file makes instruments for.
func (f *metricFinder) find(name string, content []byte) []string {
	f.t.Helper()
	if all, ok := f.found[string(content)]; ok {
		return all
	}
	file, err := parser.ParseFile(token.NewFileSet(), name, content, 0)
	if err != nil {
		f.t.Fatal(err)
	}
	all := f.instruments(name, file)
	packages := map[string]string{} // such as v1.43.0/httpconv, by their names
	for _, imported := range file.Imports {
		if within, ok := strings.CutPrefix(strings.Trim(imported.Path.Value, `"`), "go.opentelemetry.io/otel/semconv/"); ok && strings.HasSuffix(within, "conv") {
			packages[path.Base(within)] = within
		}
	}
	ast.Inspect(file, func(node ast.Node) bool {
		if call, ok := node.(*ast.CallExpr); ok {
			if selector, ok := call.Fun.(*ast.SelectorExpr); ok {
				if qualifier, ok := selector.X.(*ast.Ident); ok && packages[qualifier.Name] != "" {
					all = append(all, f.convention(packages[qualifier.Name], selector.Sel.Name)...)
				}
			}
		}
		return true
	})
	f.found[string(content)] = all
	return all
}

// convention returns the names of the metrics that a function of the semantic conventions makes instruments for.
func (f *metricFinder) convention(within, function string) []string {
	f.t.Helper()
	if _, ok := f.conventions[within]; !ok {
		f.conventions[within] = nil // it has been read
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(f.module, "semconv", filepath.FromSlash(within), "metric.go"), nil, 0)
		if err != nil {
			f.t.Fatal(err)
		}
		for _, declared := range file.Decls {
			if made, ok := declared.(*ast.FuncDecl); ok && made.Recv == nil {
				f.conventions[within+"."+made.Name.Name] = f.instruments(within, made)
			}
		}
	}
	return f.conventions[within+"."+function]
}

var makesInstrument = regexp.MustCompile(`^(Int64|Float64)(Observable)?(Counter|UpDownCounter|Histogram|Gauge)$`)

// instruments returns the names with which methods of a metric.Meter are called.
func (f *metricFinder) instruments(where string, in ast.Node) []string {
	f.t.Helper()
	var all []string
	ast.Inspect(in, func(node ast.Node) bool {
		call, ok := node.(*ast.CallExpr)
		if !ok {
			return true
		}
		selector, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || !makesInstrument.MatchString(selector.Sel.Name) || len(call.Args) == 0 {
			return true
		}
		literal, ok := call.Args[0].(*ast.BasicLit)
		if !ok {
			f.t.Errorf("%s: a metric has a name that is not a literal: this test cannot find it", where)
			return true
		}
		name, err := strconv.Unquote(literal.Value)
		if err != nil {
			f.t.Fatal(err)
		}
		all = append(all, name)
		return true
	})
	return all
}

var (
	expressions = regexp.MustCompile(`"expr": ".*"`)
	identifier  = regexp.MustCompile(`[a-z_][a-z0-9_]*`)
)

// shownBy returns what the panels of a project select, with and without what Prometheus adds to a name.
func shownBy(tree generator.Tree) map[string]bool {
	shown := map[string]bool{}
	for name, content := range tree {
		if path.Dir(name) != "deploy/dashboards" {
			continue
		}
		for _, expression := range expressions.FindAllString(string(content), -1) {
			for _, series := range identifier.FindAllString(expression, -1) {
				for _, family := range families(series) {
					shown[family] = true
				}
			}
		}
	}
	return shown
}

// families returns the names that a metric whose series have this name may have in Prometheus, without
// its unit or with it: a histogram's series end in _bucket, a counter's in _total.
func families(series string) []string {
	all := []string{series}
	for _, endings := range [][]string{{"_bucket", "_count", "_sum", "_total"}, {"_seconds", "_bytes", "_ratio", "_percent"}} {
		for _, ending := range endings {
			if name, ok := strings.CutSuffix(all[len(all)-1], ending); ok {
				all = append(all, name)
			}
		}
	}
	return all
}
