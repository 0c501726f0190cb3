package collector

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/rules"
	"go.yaml.in/yaml/v2"
)

// promQL parses expressions.
var promQL = parser.NewParser(parser.Options{})

// ruleTests is a file of tests of rules, as promtool reads it.
type ruleTests struct {
	RuleFiles          []string       `yaml:"rule_files"`
	EvaluationInterval model.Duration `yaml:"evaluation_interval"`
	Tests              []ruleTest
}

type ruleTest struct {
	Name        string
	Interval    model.Duration
	InputSeries []series         `yaml:"input_series"`
	Expressions []expressionTest `yaml:"promql_expr_test"`
	Alerts      []alertTest      `yaml:"alert_rule_test"`
}

type series struct{ Series, Values string }

type expressionTest struct {
	Expr       string
	EvalTime   model.Duration `yaml:"eval_time"`
	ExpSamples []struct {
		Labels string
		Value  float64
	} `yaml:"exp_samples"`
}

type alertTest struct {
	Alertname string
	EvalTime  model.Duration  `yaml:"eval_time"`
	ExpAlerts []expectedAlert `yaml:"exp_alerts"`
}

type expectedAlert struct {
	Labels      map[string]string `yaml:"exp_labels"`
	Annotations map[string]string `yaml:"exp_annotations"`
}

// loaded are groups of rules that need not be read from a file.
type loaded struct{ groups []rulefmt.RuleGroup }

func (l loaded) Load(string, bool, model.ValidationScheme) (*rulefmt.RuleGroups, []error) {
	return &rulefmt.RuleGroups{Groups: l.groups}, nil
}

func (loaded) Parse(query string) (parser.Expr, error) { return promQL.ParseExpr(query) }

// run evaluates rules once in an interval, as Prometheus does, and says which expectation of the test they do not meet, or nothing.
func (test ruleTest) run(t *testing.T, groups []rulefmt.RuleGroup, interval time.Duration) string {
	t.Helper()
	load := "load " + test.Interval.String() + "\n"
	for _, s := range test.InputSeries {
		load += "  " + s.Series + " " + s.Values + "\n"
	}
	loader, err := promqltest.NewLazyLoader(load, promqltest.LazyLoaderOpts{EnableAtModifier: true, EnableNegativeOffset: true})
	if err != nil {
		t.Fatal(test.Name, err)
	}
	defer loader.Close()
	query := rules.EngineQueryFunc(loader.QueryEngine(), loader.Storage())
	manager := rules.NewManager(&rules.ManagerOptions{
		QueryFunc: query, Appendable: loader.Storage(), Context: t.Context(), Logger: promslog.NewNopLogger(), Parser: promQL,
		NotifyFunc: func(context.Context, string, ...*rules.Alert) {}, GroupLoader: loaded{groups},
	})
	byKey, errs := manager.LoadGroups(interval, labels.EmptyLabels(), "", nil, false, "")
	if errs != nil {
		t.Fatal(test.Name, errs)
	}
	var end model.Duration
	for _, alert := range test.Alerts {
		end = max(end, alert.EvalTime)
	}
	for _, e := range test.Expressions {
		end = max(end, e.EvalTime)
	}
	problem := ""
	for now := time.Duration(0); now <= time.Duration(end) && problem == ""; now += interval {
		at := time.Unix(0, 0).UTC().Add(now)
		loader.WithSamplesTill(at, func(err error) {
			if err != nil {
				t.Fatal(test.Name, err)
			}
			for _, group := range groups { // in the order of the file, as one uses what another records
				g := byKey[rules.GroupKey("", group.Name)]
				g.Eval(loader.Context(), at)
				for _, rule := range g.Rules() {
					if rule.LastError() != nil {
						problem = rule.Name() + ": " + rule.LastError().Error()
					}
				}
			}
		})
		problem = cmp.Or(problem, test.differ(t, byKey, query, now))
	}
	return problem
}

// differ says what is not as the test expects it at a time.
func (test ruleTest) differ(t *testing.T, groups map[string]*rules.Group, query rules.QueryFunc, now time.Duration) string {
	t.Helper()
	for _, expected := range test.Alerts {
		if time.Duration(expected.EvalTime) != now {
			continue
		}
		known := false
		var want, got []string
		for _, alert := range expected.ExpAlerts {
			of := labels.NewBuilder(labels.FromMap(alert.Labels)).Set(labels.AlertName, expected.Alertname).Labels()
			want = append(want, of.String()+labels.FromMap(alert.Annotations).String())
		}
		for _, group := range groups {
			for _, rule := range group.AlertingRules() {
				known = known || rule.Name() == expected.Alertname
				for _, alert := range rule.ActiveAlerts() {
					if rule.Name() == expected.Alertname && alert.State == rules.StateFiring {
						got = append(got, alert.Labels.String()+alert.Annotations.String())
					}
				}
			}
		}
		if !known {
			return fmt.Sprintf("%s: there is no alert %s", test.Name, expected.Alertname)
		}
		if problem := unequal(got, want); problem != "" {
			return fmt.Sprintf("%s: %s after %v: %s", test.Name, expected.Alertname, now, problem)
		}
	}
	for _, expected := range test.Expressions {
		if time.Duration(expected.EvalTime) != now {
			continue
		}
		samples, err := query(t.Context(), expected.Expr, time.Unix(0, 0).UTC().Add(now))
		if err != nil {
			t.Fatal(test.Name, err)
		}
		var want, got []string
		for _, sample := range expected.ExpSamples {
			of, err := promQL.ParseMetric(sample.Labels)
			if err != nil {
				t.Fatal(test.Name, err)
			}
			want = append(want, promql.Sample{Metric: of, F: sample.Value}.String())
		}
		for _, sample := range samples {
			got = append(got, promql.Sample{Metric: sample.Metric, F: sample.F}.String())
		}
		if problem := unequal(got, want); problem != "" {
			return fmt.Sprintf("%s: %s after %v: %s", test.Name, expected.Expr, now, problem)
		}
	}
	return ""
}

func unequal(got, want []string) string {
	slices.Sort(got)
	slices.Sort(want)
	if slices.Equal(got, want) {
		return ""
	}
	return fmt.Sprintf("got %q, want %q", got, want)
}

// mutant is a rule with a fault.
type mutant struct {
	what string
	rule rulefmt.Rule
}

// mutants are faults of a rule that its tests have to notice: it never fires, or without need; a limit is half or twice as high; an
// operand or a condition is missing; it does not wait.
func mutants(t *testing.T, rule rulefmt.Rule) []mutant {
	t.Helper()
	var all []mutant
	add := func(what, expr string) {
		m := rule
		m.Expr = expr
		all = append(all, mutant{what + ": " + expr, m})
	}
	if rule.Alert != "" {
		add("it never fires", "("+rule.Expr+") < -Inf")
	}
	if rule.For != 0 {
		m := rule
		m.For = 0
		all = append(all, mutant{"it does not wait", m})
	}
	expr, err := promQL.ParseExpr(rule.Expr)
	if err != nil {
		t.Fatal(err)
	}
	text := func(from, to int) string { return rule.Expr[from:to] }
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		switch node := node.(type) {
		case *parser.BinaryExpr:
			whole, left, right := node.PositionRange(), node.LHS.PositionRange(), node.RHS.PositionRange()
			before, after := text(0, int(whole.Start)), text(int(whole.End), len(rule.Expr))
			lhs, rhs := text(int(left.Start), int(left.End)), text(int(right.Start), int(right.End))
			switch {
			case node.Op.IsComparisonOperator():
				add("no limit", before+lhs+after)
				if rhs != "0" {
					limit := text(int(whole.Start), int(right.Start))
					add("half the limit", before+limit+"0.5 * ("+rhs+")"+after)
					add("twice the limit", before+limit+"2 * ("+rhs+")"+after)
				}
			case node.Op.IsSetOperator():
				add("no right side of "+node.Op.String(), before+lhs+after)
				add("no left side of "+node.Op.String(), before+rhs+after)
			}
		case *parser.VectorSelector:
			matchers := node.LabelMatchers
			for i, matcher := range matchers {
				if matcher.Name != labels.MetricName {
					node.LabelMatchers = slices.Delete(slices.Clone(matchers), i, i+1)
					add("no condition "+matcher.String(), expr.String())
				}
			}
			node.LabelMatchers = matchers
		}
		return nil
	})
	return all
}

// Rules of all features pass the tests that come with them, and these notice if a rule is wrong.
func TestAlerts(t *testing.T) {
	files, err := filepath.Glob("../../templates/*/*/files/deploy/alerts/*rules.yaml.raw")
	if err != nil || len(files) < 8 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml.raw"), func(t *testing.T) {
			t.Parallel()
			groups := readRules(t, file)
			name := strings.Replace(file, "rules.yaml", "rules_test.yaml", 1)
			content, err := os.ReadFile(name)
			var tests ruleTests
			if err == nil {
				err = yaml.UnmarshalStrict(content, &tests)
			}
			if err != nil || !slices.Equal(tests.RuleFiles, []string{strings.TrimSuffix(filepath.Base(file), ".raw")}) {
				t.Fatalf("%s: %v, of %v", name, err, tests.RuleFiles)
			}
			interval := time.Duration(tests.EvaluationInterval)
			for _, test := range tests.Tests {
				if problem := test.run(t, groups, interval); problem != "" {
					t.Fatal(problem)
				}
			}
			for _, group := range groups {
				for i, rule := range group.Rules {
					if noticed(t, tests.Tests, related(group.Rules, i), interval) {
						t.Fatalf("%s%s: alone, it fails", rule.Alert, rule.Record)
					}
					for _, m := range mutants(t, rule) {
						faulty := slices.Clone(group.Rules)
						faulty[i] = m.rule
						if !noticed(t, tests.Tests, related(faulty, i), interval) {
							t.Errorf("%s%s: no test notices: %s", rule.Alert, rule.Record, m.what)
						}
					}
				}
			}
		})
	}
}

// related are the i-th rule, those that use it, and what all of these use.
func related(all []rulefmt.Rule, i int) []rulefmt.Rule {
	uses := func(user, used rulefmt.Rule) bool {
		return used.Record != "" && strings.Contains(user.Expr, used.Record)
	}
	var users, some []rulefmt.Rule
	for j, rule := range all {
		if j == i || uses(rule, all[i]) {
			users = append(users, rule)
		}
	}
	for j, rule := range all {
		if j == i || uses(rule, all[i]) || slices.ContainsFunc(users, func(user rulefmt.Rule) bool { return uses(user, rule) }) {
			some = append(some, rule)
		}
	}
	return some
}

// noticed reports whether one of the tests that are about some rules fails.
func noticed(t *testing.T, tests []ruleTest, faulty []rulefmt.Rule, interval time.Duration) bool {
	t.Helper()
	about := func(text string) bool {
		return slices.ContainsFunc(faulty, func(rule rulefmt.Rule) bool {
			return text == rule.Alert || rule.Record != "" && strings.Contains(text, rule.Record)
		})
	}
	for _, test := range tests {
		test.Alerts = slices.DeleteFunc(slices.Clone(test.Alerts), func(a alertTest) bool { return !about(a.Alertname) })
		test.Expressions = slices.DeleteFunc(slices.Clone(test.Expressions), func(e expressionTest) bool { return !about(e.Expr) })
		if len(test.Alerts)+len(test.Expressions) > 0 && test.run(t, []rulefmt.RuleGroup{{Name: "faulty", Rules: faulty}}, interval) != "" {
			return true
		}
	}
	return false
}

// readRules reads a file of rules as Prometheus does.
func readRules(t *testing.T, file string) []rulefmt.RuleGroup {
	t.Helper()
	read, errs := rulefmt.ParseFile(file, false, model.UTF8Validation, promQL, promslog.NewNopLogger())
	if errs != nil {
		t.Fatal(file, errs)
	}
	return read.Groups
}

// Each alert says how urgent it is and what to do about it: its runbook is a section of a page that comes with it.
func TestRunbooks(t *testing.T) {
	files, err := filepath.Glob("../../templates/*/*/files/deploy/alerts/*rules.yaml.raw")
	if err != nil || len(files) < 8 {
		t.Fatal(files, err)
	}
	heading := regexp.MustCompile(`(?m)^## (.*)\n\n([^#]+)`)
	for _, file := range files {
		used := map[string]bool{}
		pages, err := filepath.Glob(filepath.Join(filepath.Dir(file), "*.md.raw"))
		if err != nil || len(pages) != 1 {
			t.Fatal(file, pages, err)
		}
		content, err := os.ReadFile(pages[0])
		if err != nil {
			t.Fatal(err)
		}
		sections := map[string]string{}
		for _, match := range heading.FindAllStringSubmatch(string(content), -1) {
			anchor := strings.ReplaceAll(strings.ToLower(match[1]), " ", "-")
			sections["deploy/alerts/"+strings.TrimSuffix(filepath.Base(pages[0]), ".raw")+"#"+anchor] = match[2]
		}
		for _, group := range readRules(t, file) {
			for _, rule := range group.Rules {
				if rule.Alert == "" {
					continue
				}
				if severity := rule.Labels["severity"]; severity != "page" && severity != "ticket" {
					t.Errorf("%s: severity %q", rule.Alert, severity)
				}
				runbook := rule.Annotations["runbook"]
				if len(sections[runbook]) < 100 {
					t.Errorf("%s: %s says %q", rule.Alert, runbook, sections[runbook])
				}
				used[runbook] = true
			}
		}
		for section := range sections {
			if !used[section] {
				t.Errorf("no alert leads to %s", section)
			}
		}
	}
}
