// Command otelgen scaffolds OpenTelemetry-instrumented Go services.
package main

import "os"

func main() { os.Exit(run(os.Args[1:])) }
