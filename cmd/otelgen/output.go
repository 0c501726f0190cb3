package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/otelgen/otelgen/internal/problem"
)

// format is the value of --output: how data is printed.
type format string

const (
	text     format = "text"
	jsonText format = "json"
	github   format = "github"
)

func (f *format) json() bool { return *f == jsonText }

// addTo adds the flag to a command, which has the usual formats and perhaps more.
func (f *format) addTo(cmd *cobra.Command, more ...format) {
	*f = text
	flag := formatFlag{f, append([]format{text, jsonText}, more...)}
	cmd.Flags().VarP(flag, "output", "o", "`FORMAT` of the output: "+flag.known())
	complete(cmd, "output", flag.names())
}

// formatFlag sets one of some formats.
type formatFlag struct {
	*format

	formats []format
}

func (f formatFlag) names() (names []string) {
	for _, known := range f.formats {
		names = append(names, string(known))
	}
	return names
}

func (f formatFlag) known() string { return problem.Listed(f.names(), "or") }

// Set implements pflag.Value.
func (f formatFlag) Set(value string) error {
	if !slices.Contains(f.formats, format(value)) {
		return fmt.Errorf("no such format; use %s", f.known())
	}
	*f.format = format(value)
	return nil
}

func (f formatFlag) String() string {
	if f.format == nil { // pflag asks the zero value
		return ""
	}
	return string(*f.format)
}

// Type implements pflag.Value.
func (formatFlag) Type() string { return "format" }

func printJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}

// choicesOf is the annotation of a flag that has all its values.
const choicesOf = "choices"

// complete says what the shell may offer as the value of a flag.
func complete(cmd *cobra.Command, flag string, values []cobra.Completion) {
	for _, value := range values {
		name, _, _ := strings.Cut(value, "\t") // a description follows
		f := cmd.Flags().Lookup(flag)
		f.Annotations = map[string][]string{choicesOf: append(f.Annotations[choicesOf], name)}
	}
	if err := cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err) // there is no such flag
	}
}
