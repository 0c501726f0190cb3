package generator

import "github.com/otelgen/otelgen/internal/problem"

// Problem is one thing that is wrong with a catalog, for its author to correct:
// where it is, and what. Load returns Problems, and so does Resolve for the wiring,
// joined if there are several.
type Problem = problem.Problem

// Position is a place in a file of a catalog. The zero Line means the whole file.
type Position = problem.Position
