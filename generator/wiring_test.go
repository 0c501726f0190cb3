package generator

import (
	"slices"
	"strings"
	"testing"
)

func TestStatements(t *testing.T) {
	user := step{Name: "user", Call: "use", Inputs: []string{"a"}}
	for _, test := range []struct {
		name  string
		step  step
		after []step
		want  string
		hooks []hook
	}{
		{"nothing comes out", step{Call: "p.F", Inputs: []string{"x", "cfg.Y"}}, nil, "p.F(x, cfg.Y)", nil},
		{"nobody uses it", step{Call: "p.F", Outputs: []string{"a", "b"}}, nil, "p.F()", nil},
		{"somebody uses it", step{Call: "p.F", Outputs: []string{"a"}}, []step{user}, "a := p.F()", nil},
		{"somebody uses one", step{Call: "p.F", Outputs: []string{"b", "a"}}, []step{user}, "_, a := p.F()", nil},
		{
			"it can fail", step{Name: "a part", Call: "p.F", Fallible: true}, nil,
			"if err := p.F(); err != nil {\n\treturn fmt.Errorf(\"a part: %w\", err)\n}", nil,
		},
		{
			"it can fail, and nobody uses it", step{Name: "a part", Call: "p.F", Outputs: []string{"b", "a"}, Fallible: true}, nil,
			"if _, _, err := p.F(); err != nil {\n\treturn fmt.Errorf(\"a part: %w\", err)\n}", nil,
		},
		{
			"it can fail, and somebody uses it", step{Name: "a part", Call: "p.F", Outputs: []string{"a"}, Fallible: true}, []step{user},
			"a, err := p.F()\nif err != nil {\n\treturn fmt.Errorf(\"a part: %w\", err)\n}", nil,
		},
		{
			"only the lifecycle uses it", step{Name: "a part", Call: "p.F", Outputs: []string{"a"}, Run: "Serve", Close: "Close", Check: "Ping"}, nil,
			"a := p.F()", []hook{{"OnRun", "a part", "a.Serve"}, {"OnClose", "a part", "a.Close"}, {"OnCheck", "a part", "a.Ping"}},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := statements(append([]step{test.step}, test.after...))[0]
			if got.Code != test.want {
				t.Errorf("got\n%s\nwant\n%s", got.Code, test.want)
			}
			if !slices.Equal(got.Hooks, test.hooks) {
				t.Errorf("hooks %v", got.Hooks)
			}
		})
	}
}

func TestOrder(t *testing.T) {
	for _, test := range []struct{ name, steps, want string }{
		{"reading order, if nothing is against it", "a b c", "a b c"},
		{"what is needed comes before", "a(x) b(y) c:y d:x", "c b d a"},
		{"the last end first", "server!(a):s a:a b(a) c", "a b c server"},
		{"the last among themselves", "s!(y) t!:y a", "a t s"},
		{"what needs the last comes after it", "s!:x a(x) b", "b s a"},
		{"what serves comes after the last that wait for one another", "server!! s!(x) t!:x own!(y) u!:y", "t s u own server"},
		{"what is given needs nobody", "a(ctx,cfg.X) b", "a b"},
	} {
		t.Run(test.name, func(t *testing.T) {
			ordered, problems := orderSteps(stepsOf(test.steps))
			var got []string
			for _, step := range ordered {
				got = append(got, step.Name)
			}
			if strings.Join(got, " ") != test.want || problems != nil {
				t.Errorf("got %v, %v", got, problems)
			}
		})
	}
}

// stepsOf reads steps: name, ! if it is last, !! if it serves, (inputs), :output.
func stepsOf(text string) []step {
	var steps []step
	for word := range strings.FieldsSeq(text) {
		var one step
		word, output, ok := strings.Cut(word, ":")
		if ok {
			one.Outputs = []string{output}
		}
		name, inputs, ok := strings.Cut(word, "(")
		if ok {
			one.Inputs = strings.Split(strings.TrimSuffix(inputs, ")"), ",")
		}
		name, one.Serves = strings.CutSuffix(name, "!!")
		one.Name, one.Last = strings.CutSuffix(name, "!")
		steps = append(steps, one)
	}
	return steps
}

func TestImportSpec(t *testing.T) {
	for _, test := range []struct{ path, name, want string }{
		{"internal/order", "order.Service", `"shop/internal/order"`},
		{"gen/order/v1", "orderv1.New", `orderv1 "shop/gen/order/v1"`},
		{"database/sql", "sql.DB", `"database/sql"`},
		{"example.com/orm/v2", "orm.New", `"example.com/orm/v2"`},
		{"gopkg.in/orm.v2", "orm.New", `"gopkg.in/orm.v2"`},
		{"example.com/go-orm", "orm.New", `orm "example.com/go-orm"`},
	} {
		if got := importSpec("shop", test.path, test.name); got != test.want {
			t.Errorf("%s: got %s", test.path, got)
		}
	}
}
