package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/otelgen/otelgen/generator/project"
)

func originalCommand() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "original FILE",
		Short: "Print a file as otelgen last wrote it",
		Long: `Print a file as otelgen last wrote it, without your changes. With --dir, FILE is
relative to that directory.

Use it to see what you changed, or to restore what you deleted.`,
		Example: `  otelgen original Makefile | diff - Makefile
  otelgen original Makefile >Makefile`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fmt.Errorf("%s: the name of a file is missing; give one, such as go.mod", cmd.CommandPath())
			}
			return atMost(1, cmd.CommandPath()+" prints one file")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			content, err := originalOf(dir, args[0])
			if err != nil {
				return err
			}
			_, err = cmd.OutOrStdout().Write(content)
			return err
		},
	}
	addDir(cmd, &dir)
	return cmd
}

// originalOf returns what otelgen wrote last to a file of the service in a
// directory, or, if that is "", of the one that the file is in.
func originalOf(dir, file string) ([]byte, error) {
	if dir == "" {
		dir = projectOf(file)
		below, err := relative(dir, file)
		if dir == "" || err != nil {
			return project.Original(".", file)
		}
		file = below
	}
	return project.Original(dir, file)
}
