// Package templates holds the features that otelgen knows: one folder each, and
// slots.yaml, which lists the choices between them, and areas.yaml, which says what
// the others are about.
package templates

import "embed"

// FS is the catalog, as generator.Load reads it. The prefix all: is needed for
// files whose names begin with a dot or an underscore.
//
//go:embed all:*
var FS embed.FS
