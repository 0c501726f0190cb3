package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// format is the value of --output: how data is printed.
type format string

const (
	text     format = "text"
	jsonText format = "json"
)

func (f *format) addTo(cmd *cobra.Command) {
	*f = text
	cmd.Flags().VarP(f, "output", "o", "`FORMAT` of the output: text or json")
	complete(cmd, "output", []cobra.Completion{string(text), string(jsonText)})
}

func (f *format) json() bool { return *f == jsonText }

// Set implements pflag.Value.
func (f *format) Set(value string) error {
	switch format(value) {
	case text, jsonText:
		*f = format(value)
		return nil
	}
	return fmt.Errorf("no such format; use %s or %s", text, jsonText)
}

func (f *format) String() string { return string(*f) }

// Type implements pflag.Value.
func (*format) Type() string { return "format" }

func printJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}

// complete says what the shell may offer as the value of a flag.
func complete(cmd *cobra.Command, flag string, values []cobra.Completion) {
	if err := cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err) // there is no such flag
	}
}
