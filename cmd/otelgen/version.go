package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

// version is that of a release build: -ldflags "-X main.version=v1.2.3". All
// others have the version of their module.
var version string

const unreleased = "devel" // the go command writes (devel), which YAML would have to quote

func thisVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return strings.Trim(info.Main.Version, "()")
	}
	return unreleased
}

func versionCommand() *cobra.Command {
	var output format
	cmd := &cobra.Command{
		Use:               "version",
		Short:             "Print the version of otelgen",
		Args:              atMost(0, "otelgen version takes none"),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if output.json() {
				return printJSON(cmd.OutOrStdout(), versionReport{thisVersion(), runtime.Version(), runtime.GOOS, runtime.GOARCH})
			}
			_, err := fmt.Fprint(cmd.OutOrStdout(), identity(thisVersion()))
			return err
		},
	}
	output.addTo(cmd)
	return cmd
}

type versionReport struct {
	Version string `json:"version"`
	Go      string `json:"go"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
}

// identity tells this otelgen from the other one.
func identity(version string) string {
	return fmt.Sprintf(`otelgen %s (%s, %s/%s)
Scaffolds OpenTelemetry-instrumented Go services: https://github.com/otelgen/otelgen
It is not krzko/otelgen, which sends synthetic telemetry.
`, version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
