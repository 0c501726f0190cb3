package generator

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// configVariable is the configuration, of which steps take fields.
const configVariable = "cfg"

// orderSteps brings the steps of the selected features into an order in which
// each comes after those that give what it takes, and otherwise into reading
// order.
func orderSteps(steps []wiring, given func(input string) bool) ([]wiring, []error) {
	gives := map[string]string{} // output to step
	for _, step := range steps {
		for _, output := range step.Outputs {
			gives[output] = step.Name
		}
	}
	if problems := missing(steps, gives, given); len(problems) > 0 {
		return nil, problems
	}
	var ordered []wiring
	placed := map[string]bool{}
	ready := func(last bool) func(wiring) bool {
		return func(step wiring) bool {
			return step.Last == last && !placed[step.Name] && !slices.ContainsFunc(step.Inputs, func(input string) bool {
				return gives[input] != "" && !placed[gives[input]]
			})
		}
	}
	for len(ordered) < len(steps) {
		next := slices.IndexFunc(steps, ready(false))
		if next < 0 {
			next = slices.IndexFunc(steps, ready(true))
		}
		if next < 0 {
			return nil, []error{circle(steps, gives, placed)}
		}
		ordered = append(ordered, steps[next])
		placed[steps[next].Name] = true
	}
	return ordered, nil
}

// missing reports what steps take and nobody gives.
func missing(steps []wiring, gives map[string]string, given func(input string) bool) []error {
	var problems []error
	for _, step := range steps {
		for _, input := range step.Inputs {
			if gives[input] == "" && !given(input) {
				problems = append(problems, fmt.Errorf("wiring of %s: nothing selected gives %s; let a feature that is always there with it give it", step.Name, input))
			}
		}
	}
	return problems
}

// circle names steps that wait for each other. Each step that is left waits
// for one that is left, so following them leads into a circle.
func circle(steps []wiring, gives map[string]string, placed map[string]bool) error {
	byName := map[string]wiring{}
	var name string
	for _, step := range slices.Backward(steps) {
		byName[step.Name] = step
		if !placed[step.Name] {
			name = step.Name
		}
	}
	var walked []string
	for !slices.Contains(walked, name) {
		walked = append(walked, name)
		for _, input := range byName[name].Inputs {
			if giver := gives[input]; giver != "" && !placed[giver] {
				name = giver
				break
			}
		}
	}
	walked = append(walked[slices.Index(walked, name):], name)
	return fmt.Errorf("wiring: a circle, %s; each takes what the next gives: find the output that one of them does not need", strings.Join(walked, " -> "))
}

// step is a wiring as index files print it.
type step struct {
	Name  string
	Code  string // the call, and what follows if it fails
	Hooks []hook
}

// hook is a method that the lifecycle calls.
type hook struct {
	Event  string // OnRun, OnClose or OnCheck
	Name   string
	Method string // server.Run
}

// statements writes ordered steps as Go, which is not formatted yet. Variables
// that nothing uses are not declared.
func statements(ordered []wiring) []step {
	used := map[string]bool{}
	for _, w := range ordered {
		for _, input := range w.Inputs {
			used[input] = true
		}
	}
	var all []step
	for _, w := range ordered {
		s := step{Name: w.Name}
		for _, h := range []hook{{"OnRun", w.Name, w.Run}, {"OnClose", w.Name, w.Close}, {"OnCheck", w.Name, w.Check}} {
			if h.Method != "" {
				h.Method = w.Outputs[0] + "." + h.Method
				s.Hooks = append(s.Hooks, h)
				used[w.Outputs[0]] = true
			}
		}
		s.Code = w.statement(used)
		all = append(all, s)
	}
	return all
}

// statement writes the call.
func (w *wiring) statement(used map[string]bool) string {
	call := w.Call + "(" + strings.Join(w.Inputs, ", ") + ")"
	var variables []string
	declares := false
	for _, output := range w.Outputs {
		if used[output] {
			declares = true
		} else {
			output = "_"
		}
		variables = append(variables, output)
	}
	if w.Fallible {
		variables = append(variables, "err")
	}
	assignment := strings.Join(variables, ", ") + " := " + call
	failure := fmt.Sprintf("{\n\treturn fmt.Errorf(%q, err)\n}", w.Name+": %w")
	switch {
	case w.Fallible && declares:
		return assignment + "\nif err != nil " + failure
	case w.Fallible:
		return "if " + assignment + "; err != nil " + failure
	case declares:
		return assignment
	default:
		return call
	}
}

// wiringImports returns the imports of the statements of these steps.
func wiringImports(module string, steps []wiring) []string {
	var all []string
	for _, w := range steps {
		if w.Import != "" {
			all = append(all, importSpec(module, w.Import, w.Call))
		}
		if w.Fallible {
			all = append(all, `"fmt"`)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// importSpec returns how a project imports the package whose name is that of a
// qualified name. A path that is neither another module's nor the standard
// library's is the project's own.
func importSpec(project, importPath, qualifiedName string) string {
	first, _, _ := strings.Cut(importPath, "/")
	if !strings.Contains(first, ".") && !slices.Contains(standard, first) {
		importPath = project + "/" + importPath
	}
	if qualifier, _, _ := strings.Cut(qualifiedName, "."); qualifier != path.Base(importPath) {
		return fmt.Sprintf("%s %q", qualifier, importPath)
	}
	return fmt.Sprintf("%q", importPath)
}
