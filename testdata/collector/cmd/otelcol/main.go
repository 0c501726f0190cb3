// Command otelcol is the collector of package collector as a program:
//
//	otelcol --config file:PATH [--config yaml:TEXT]...
//	otelcol validate --config file:PATH
package main

import (
	"fmt"
	"os"

	"go.opentelemetry.io/collector/otelcol"

	"github.com/otelgen/otelgen/testdata/collector"
)

func main() {
	if err := otelcol.NewCommand(collector.Settings()).Execute(); err != nil {
		fmt.Fprintln(os.Stderr, "otelcol:", err)
		os.Exit(1)
	}
}
