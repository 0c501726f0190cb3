// Package generator makes projects out of a Catalog of features, and brings
// them up to date later.
//
// It is a pipeline of five verbs. Load reads a Catalog, Resolve turns a Spec
// into a Selection of it, and Render turns that into a Tree, the content of
// every file by its path: these are pure functions. Compare looks at a Project
// on disk and says in a Plan what it takes to make it what the Tree says, and
// Apply does it. Every command of otelgen is another thing to do with a Tree or
// a Plan.
package generator
