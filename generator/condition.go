package generator

import (
	"maps"
	"slices"
	"strings"

	"github.com/otelgen/otelgen/internal/problem"
)

// Values of choices that name no feature.
const (
	None = "none" // of a slot that nothing fills, or that does not exist
	Any  = "any"  // of a slot, in a Condition only: every value but None
	On   = "on"   // of a feature that is selected
	Off  = "off"  // of a feature that is not
)

// Condition says what has been chosen: for each name, the values of which one
// must hold. A name is a slot, whose values are features, None, or Any; or it is
// a feature without a slot, which is On or Off.
type Condition map[string][]string

// Holds reports whether choices meet the condition. A slot that they leave open
// is None, and a feature Off.
func (c Condition) Holds(choices Choices) bool {
	for name, values := range c {
		value, chosen := choices[name]
		switch {
		case slices.Contains(values, value):
		case chosen && value != None && slices.Contains(values, Any):
		case !chosen && (slices.Contains(values, None) || slices.Contains(values, Off)):
		default:
			return false
		}
	}
	return true
}

// String returns the condition as a phrase that can follow "with", such as "a
// database and orders as sample".
func (c Condition) String() string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(c)) {
		var values []string
		for _, value := range c[name] {
			switch value {
			case Any:
				value = article(name) + " " + name
			case None, Off:
				value = "no " + name
			case On:
				value = name
			default:
				value += " as " + name
			}
			values = append(values, value)
		}
		all = append(all, problem.Listed(values, "or"))
	}
	return problem.Listed(all, "and")
}

func article(noun string) string {
	if strings.ContainsAny(noun[:1], "aeiou") {
		return "an"
	}
	return "a"
}
