package generator

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/otelgen/otelgen/internal/problem"
)

// configVariable is the configuration, of which steps take fields.
const configVariable = "cfg"

// allOf follows the name of a group where a step takes all that has joined it.
const allOf = "..."

// group returns the group that s joins, and its stage, or nothing.
func (s *step) group() (group, stage string) {
	group, stage, _ = strings.Cut(s.Into, ".")
	return group, stage
}

// withoutNeedless leaves out steps whose group no selected feature declares, and
// fallbacks where another step has their outputs.
func withoutNeedless(steps []step, groups map[string][]string) []step {
	steps = slices.DeleteFunc(steps, func(s step) bool {
		group, _ := s.group()
		return group != "" && groups[group] == nil
	})
	provided := map[string]bool{}
	for _, s := range steps {
		for _, output := range s.Outputs {
			provided[output] = provided[output] || !s.Fallback
		}
	}
	return slices.DeleteFunc(steps, func(s step) bool {
		return s.Fallback && !slices.ContainsFunc(s.Outputs, func(output string) bool { return !provided[output] })
	})
}

// join returns the steps that have joined each group, stage by stage, and within a
// stage in reading order.
func join(steps []step, groups map[string][]string) map[string][]step {
	joined := map[string][]step{}
	for group, stages := range groups {
		for _, stage := range stages {
			for _, s := range steps {
				if s.Into == group+"."+stage {
					joined[group] = append(joined[group], s)
				}
			}
		}
	}
	return joined
}

// expandGroups replaces groups among the inputs by the outputs that have joined
// them.
func expandGroups(steps []step, joined map[string][]step) []step {
	expanded := slices.Clone(steps)
	for i := range expanded {
		var inputs []string
		for _, input := range expanded[i].Inputs {
			if group, isGroup := strings.CutSuffix(input, allOf); isGroup {
				for _, member := range joined[group] {
					inputs = append(inputs, member.Outputs[0])
				}
			} else {
				inputs = append(inputs, input)
			}
		}
		expanded[i].Inputs = inputs
	}
	return expanded
}

// wrapOutputs replaces outputs that steps wrap among the inputs of all others but
// those that want them unwrapped.
func wrapOutputs(steps []step) []step {
	wrapped := slices.Clone(steps)
	for i, wrapper := range steps {
		if wrapper.Wraps == "" {
			continue
		}
		for j := range wrapped {
			if j == i || wrapped[j].Unwrapped {
				continue
			}
			wrapped[j].Inputs = slices.Clone(wrapped[j].Inputs)
			for k, input := range wrapped[j].Inputs {
				if input == wrapper.Wraps {
					wrapped[j].Inputs[k] = wrapper.Outputs[0]
				}
			}
		}
	}
	return wrapped
}

// orderSteps brings the steps of the selected features into an order in which
// each comes after those that provide what it takes, and otherwise into reading
// order. That its inputs are provided at all, Load has proven.
func orderSteps(steps []step) ([]step, error) {
	providers := map[string]string{} // output to step
	for _, s := range steps {
		for _, output := range s.Outputs {
			providers[output] = s.Name
		}
	}
	var ordered []step
	placed := map[string]bool{}
	stage := func(s step) int {
		switch {
		case s.Serves:
			return 2
		case s.Last:
			return 1
		}
		return 0
	}
	ready := func(at int) func(step) bool {
		return func(s step) bool {
			return stage(s) == at && !placed[s.Name] && !slices.ContainsFunc(s.Inputs, func(input string) bool {
				return providers[input] != "" && !placed[providers[input]]
			})
		}
	}
	for len(ordered) < len(steps) {
		next := -1
		for at := 0; at <= 2 && next < 0; at++ {
			next = slices.IndexFunc(steps, ready(at))
		}
		if next < 0 {
			return nil, circle(steps, providers, placed)
		}
		ordered = append(ordered, steps[next])
		placed[steps[next].Name] = true
	}
	return ordered, nil
}

// circle names steps that wait for each other. Each step that is left waits
// for one that is left, so following them leads into a circle.
func circle(steps []step, providers map[string]string, placed map[string]bool) error {
	byName := map[string]step{}
	var name string
	for _, s := range slices.Backward(steps) {
		byName[s.Name] = s
		if !placed[s.Name] {
			name = s.Name
		}
	}
	var walked []string
	for !slices.Contains(walked, name) {
		walked = append(walked, name)
		for _, input := range byName[name].Inputs {
			if giver := providers[input]; giver != "" && !placed[giver] {
				name = giver
				break
			}
		}
	}
	walked = append(walked[slices.Index(walked, name):], name)
	return problem.Problem{Position: byName[name].at, Text: fmt.Sprintf("wiring: a circle, %s; each takes what the next provides; remove an input that one of them does not need", strings.Join(walked, " -> "))}
}

// statement is a step as index files print it.
type statement struct {
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
func statements(ordered []step) []statement {
	used := map[string]bool{}
	for _, s := range ordered {
		for _, input := range s.Inputs {
			used[input] = true
		}
	}
	var all []statement
	for _, s := range ordered {
		printed := statement{Name: s.Name}
		for _, h := range []hook{{"OnRun", s.Name, s.Run}, {"OnClose", s.Name, s.Close}, {"OnCheck", s.Name, s.Check}} {
			if h.Method != "" {
				h.Method = s.Outputs[0] + "." + h.Method
				printed.Hooks = append(printed.Hooks, h)
				used[s.Outputs[0]] = true
			}
		}
		printed.Code = s.code(used)
		all = append(all, printed)
	}
	return all
}

// code writes the call.
func (s *step) code(used map[string]bool) string {
	call := s.Call + "(" + strings.Join(s.Inputs, ", ") + ")"
	if s.Literal {
		call = s.Call + "{" + strings.Join(s.Inputs, ", ") + "}"
	}
	var variables []string
	declares := false
	for _, output := range s.Outputs {
		if used[output] {
			declares = true
		} else {
			output = "_"
		}
		variables = append(variables, output)
	}
	if s.Fallible {
		variables = append(variables, "err")
	}
	assignment := strings.Join(variables, ", ") + " := " + call
	failure := fmt.Sprintf("{\n\treturn fmt.Errorf(%q, err)\n}", s.Name+": %w")
	switch {
	case s.Fallible && declares:
		return assignment + "\nif err != nil " + failure
	case s.Fallible:
		return "if " + assignment + "; err != nil " + failure
	case declares:
		return assignment
	default:
		return call
	}
}

// wiringImports returns the imports of the statements of these steps.
func wiringImports(module string, steps []step) []string {
	var all []string
	for _, s := range steps {
		if s.Import != "" {
			all = append(all, importSpec(module, s.Import, s.Call))
		}
		if s.Type != "" {
			all = append(all, importSpec(module, cmp.Or(s.TypeImport, s.Import), strings.TrimPrefix(s.Type, "*")))
		}
		if s.Fallible {
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
	unversioned, _, _ := module.SplitPathVersion(importPath)
	if qualifier, _, _ := strings.Cut(qualifiedName, "."); qualifier != path.Base(unversioned) {
		return fmt.Sprintf("%s %q", qualifier, importPath)
	}
	return fmt.Sprintf("%q", importPath)
}
