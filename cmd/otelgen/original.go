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
		Short: "Print a file as otelgen wrote it last",
		Long: `Print a file as otelgen wrote it last, whatever you did to it since. FILE is its
path in the service.

With it you can see what you changed, and have back what you deleted.`,
		Example: `  otelgen original Makefile | diff - Makefile
  otelgen original Makefile >Makefile`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("%s: it takes one file; name that", cmd.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			content, err := project.Original(dir, args[0])
			if err != nil {
				return err
			}
			_, err = cmd.OutOrStdout().Write(content)
			return err
		},
	}
	cmd.Flags().StringVar(&dir, "dir", ".", "`DIR` of the service")
	return cmd
}
