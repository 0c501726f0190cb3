// Command otelgen scaffolds OpenTelemetry-instrumented Go services.
package main

import (
	"os"

	"github.com/otelgen/otelgen/templates"
)

func main() { os.Exit(run(templates.FS, os.Args[1:])) }
