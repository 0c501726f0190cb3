package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v4"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/templates"
)

// The reference below docs/ is what commands and features say of themselves.
// "make docs" writes it.
func TestDocs(t *testing.T) {
	t.Parallel()
	catalog, err := generator.Load(templates.FS)
	if err != nil {
		t.Fatal(err)
	}
	root := wholeCommand(catalog)
	pages := map[string]string{"configuration.md": configurationPage(catalog)}
	for _, cmd := range commandsOf(root) {
		checkDocumented(t, cmd)
		pages["cli/"+pageName(cmd)] = commandPage(cmd)
		pages["man/"+manName(cmd)+".1"] = manPage(cmd)
	}
	for _, f := range choosable(catalog) {
		pages["features/"+f.Name+".md"] = featurePage(t, catalog, f)
	}
	pages["features/README.md"] = featuresPage(catalog)
	pages["gallery.md"] = galleryPage(t, catalog)
	pages["spec.schema.json"] = specSchema(t, catalog)
	docs := filepath.Join("..", "..", "docs")
	for _, dir := range []string{"cli", "features", "man"} {
		present, err := filepath.Glob(filepath.Join(docs, dir, "*.*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range present {
			if _, wanted := pages[dir+"/"+filepath.Base(file)]; wanted {
				continue
			}
			if !*rewrite {
				t.Errorf("%s is about nothing that exists", file)
			} else if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, want := range pages {
		file := filepath.Join(docs, filepath.FromSlash(name))
		if *rewrite {
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if got, err := os.ReadFile(file); err != nil || string(got) != want {
			t.Errorf("%s is out of date; run make docs", file)
		}
	}
}

// commandsOf returns all commands that people see.
func commandsOf(cmd *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{cmd}
	for _, below := range cmd.Commands() {
		if (below.IsAvailableCommand() || below.IsAdditionalHelpTopicCommand()) && below.Name() != "completion" {
			all = append(all, commandsOf(below)...)
		}
	}
	return all
}

// checkDocumented finds commands and flags that nobody could understand.
func checkDocumented(t *testing.T, cmd *cobra.Command) {
	t.Helper()
	if cmd.Short == "" {
		t.Errorf("%s: no description", cmd.CommandPath())
	}
	if cmd.Runnable() && cmd.HasParent() && cmd.HasAvailableLocalFlags() && cmd.Example == "" && cmd.Name() != "version" && cmd.Name() != "help" {
		t.Errorf("%s: no example", cmd.CommandPath())
	}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if _, usage := pflag.UnquoteUsage(f); strings.TrimSpace(usage) == "" {
			t.Errorf("%s --%s: no description", cmd.CommandPath(), f.Name)
		}
	})
}

func pageName(cmd *cobra.Command) string {
	return strings.ReplaceAll(cmd.CommandPath(), " ", "-") + ".md"
}

// commandPage is a page about a command.
func commandPage(cmd *cobra.Command) string {
	var page strings.Builder
	fmt.Fprintf(&page, "# %s\n\n%s.\n", cmd.CommandPath(), cmd.Short)
	switch {
	case cmd.IsAdditionalHelpTopicCommand():
		fmt.Fprintf(&page, "\n```text\n%s\n```\n", cmd.Long)
		return page.String()
	case cmd.Long != "":
		fmt.Fprintf(&page, "\n%s\n", cmd.Long)
	}
	if cmd.Runnable() && cmd.HasParent() {
		fmt.Fprintf(&page, "\n```console\n$ %s\n```\n", cmd.UseLine())
	}
	if cmd.Example != "" {
		fmt.Fprintf(&page, "\n## Examples\n\n```sh\n%s\n```\n", strings.TrimSpace(strings.ReplaceAll("\n"+cmd.Example, "\n  ", "\n")))
	}
	if cmd.HasAvailableFlags() {
		page.WriteString("\n## Flags\n\n| flag | what it does |\n|---|---|\n")
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			value, usage := pflag.UnquoteUsage(f)
			name := "`--" + f.Name + "`"
			if f.Shorthand != "" {
				name = "`-" + f.Shorthand + "`, " + name
			}
			if value != "" {
				name += " " + value
			}
			fmt.Fprintf(&page, "| %s | %s |\n", name, strings.ReplaceAll(usage, "|", "\\|"))
		})
	}
	if cmd.HasAvailableSubCommands() || !cmd.HasParent() {
		page.WriteString("\n## Commands\n\n| command | |\n|---|---|\n")
		for _, below := range commandsOf(cmd)[1:] {
			fmt.Fprintf(&page, "| [%s](%s) | %s |\n", below.CommandPath(), pageName(below), below.Short)
		}
	}
	return page.String()
}

// featurePage is a page about a feature.
func featurePage(t *testing.T, catalog *generator.Catalog, f *generator.Feature) string {
	t.Helper()
	s, err := newShown(catalog, f.Name)
	if err != nil {
		t.Fatal(err)
	}
	var page strings.Builder
	fmt.Fprintf(&page, "# %s\n\n%s\n\n", f.Title, sentence(f.Summary))
	fmt.Fprintf(&page, "```sh\notelgen new shop %s\notelgen add %s    # to a service that exists\n```\n", s.Flag, f.Name)
	if f.Optional() && f.When != nil {
		fmt.Fprintf(&page, "\nIt needs %s.\n", f.When)
	}
	if len(s.Requires) > 0 {
		fmt.Fprintf(&page, "\nIt comes with %s.\n", strings.Join(s.Requires, ", "))
	}
	if len(s.Conflicts) > 0 {
		fmt.Fprintf(&page, "\nIt cannot be combined with %s.\n", strings.Join(s.Conflicts, ", "))
	}
	if len(s.Variables) > 0 {
		page.WriteString("\n## Configuration\n\n" + variablesTable(s.Variables))
	}
	if len(s.Files) > 0 {
		page.WriteString("\n## Files\n\n")
		for _, file := range s.Files {
			fmt.Fprintf(&page, "* `%s`\n", file)
		}
	}
	return page.String()
}

func variablesTable(variables []shownVariable) string {
	var table strings.Builder
	table.WriteString("| variable | default | what it is for |\n|---|---|---|\n")
	for _, v := range variables {
		value := "`" + v.Default + "`"
		switch {
		case v.Secret:
			value = "a secret; `make env` makes one up"
		case v.Default == "" && v.Example != "":
			value = "none; for example `" + v.Example + "`"
		case v.Default == "":
			value = "none"
		}
		if v.Development != "" {
			value += "; in development `" + v.Development + "`"
		}
		fmt.Fprintf(&table, "| `%s` | %s | %s |\n", v.Name, strings.ReplaceAll(value, "|", "\\|"), cell(v.Doc))
	}
	return table.String()
}

// cell writes a text into a cell of a table.
func cell(text string) string {
	return strings.Join(strings.Fields(strings.NewReplacer("|", "\\|", "<", "&lt;", "*", "\\*").Replace(text)), " ")
}

// featuresPage lists all that can be chosen.
func featuresPage(catalog *generator.Catalog) string {
	var page strings.Builder
	page.WriteString("# What a service can be made of\n\n`otelgen list` prints this list, and `otelgen show FEATURE` each page. How a feature is used and operated is in the README of a\nservice that has it: `otelgen new shop --with auth --explore README.md` prints one, and writes nothing.\n")
	for _, slot := range catalog.Slots {
		fmt.Fprintf(&page, "\n## %s\n\n%s `--%s`, by default %s%s.\n\n| | |\n|---|---|\n", slot.Title, slot.Question, slot.Name, slot.Default, onlyWhen(slot.When))
		for _, value := range listSlot(catalog, slot).Values {
			name := value.Name
			if name != generator.None {
				name = "[" + name + "](" + name + ".md)"
			}
			fmt.Fprintf(&page, "| %s | %s |\n", name, value.Summary)
		}
	}
	for _, area := range areas(catalog) {
		fmt.Fprintf(&page, "\n## %s\n\n%s Any number of these, `--with` and commas between them.\n\n| | |\n|---|---|\n", area.Title, area.Question)
		for _, f := range area.features {
			fmt.Fprintf(&page, "| [%s](%s.md) | %s |\n", f.Name, f.Name, f.Summary)
		}
	}
	return page.String()
}

// galleryPage shows what otelgen makes, and what it says.
func galleryPage(t *testing.T, catalog *generator.Catalog) string {
	t.Helper()
	var page strings.Builder
	page.WriteString(`# Gallery

Whole services are committed in [testdata/golden](../testdata/golden): the default one and the minimal one. Here are a few
glimpses.

## Making a service

![otelgen new on a terminal](terminal.svg)

## Its documentation

![The documentation of the API in a browser](images/api-docs.png)
`)
	for _, one := range []struct{ title, language, command string }{
		{"Where the service is put together", "go", "otelgen new shop --module example.com/shop --explore cmd/shop/serve.go"},
		{"What a feature brings", "text", "otelgen show cors"},
	} {
		fmt.Fprintf(&page, "\n## %s\n\n```sh\n%s\n```\n\n```%s\n%s```\n", one.title, one.command, one.language, printed(t, catalog, one.command))
	}
	return page.String()
}

// printed returns the data that a command prints.
func printed(t *testing.T, catalog *generator.Catalog, command string) string {
	t.Helper()
	root := wholeCommand(catalog)
	var out strings.Builder
	root.SetOut(&out)
	root.SetErr(io.Discard)
	root.SetArgs(strings.Fields(command)[1:])
	if err := root.Execute(); err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	return out.String()
}

// configurationPage lists all environment variables.
func configurationPage(catalog *generator.Catalog) string {
	var page strings.Builder
	page.WriteString("# Configuration\n\nA service reads its configuration from the environment. `.env.example` in the service has all its variables. Those of every\nservice, for HTTP, the log, the shutdown and OpenTelemetry, are in\n[that of the default service](../testdata/golden/default/.env.example). This page has those that features add, for a service\ncalled shop.\n\nA value that cannot be understood stops the service at its start, with a message that names the variable.\n")
	for _, f := range catalog.Features {
		var all []shownVariable
		for _, v := range f.Variables(generator.Spec{Service: exampleName, Module: anyModule}) {
			all = append(all, shownVariable(v))
		}
		if len(all) == 0 {
			continue
		}
		where := "Every service has them."
		switch {
		case f.Joint():
			where = "With " + f.When.String() + "."
		case slices.Contains(choosable(catalog), f):
			where = "With [" + f.Name + "](features/" + f.Name + ".md)."
		case !f.Always:
			where = "With features that need them."
		}
		fmt.Fprintf(&page, "\n## %s\n\n%s\n\n%s", f.Title, where, variablesTable(all))
	}
	return page.String()
}

func manName(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

// manPage is the same as commandPage, for man(1).
func manPage(cmd *cobra.Command) string {
	var page strings.Builder
	fmt.Fprintf(&page, ".TH %s 1 \"\" otelgen \"User Commands\"\n", strings.ToUpper(manName(cmd)))
	fmt.Fprintf(&page, ".SH NAME\n%s \\- %s\n", roff(manName(cmd)), roff(strings.ToLower(cmd.Short[:1])+cmd.Short[1:]))
	if cmd.Runnable() {
		fmt.Fprintf(&page, ".SH SYNOPSIS\n.B %s\n", roff(cmd.UseLine()))
	}
	if cmd.Long != "" {
		text := roff(cmd.Long)
		if cmd.IsAdditionalHelpTopicCommand() {
			text = ".nf\n" + text + "\n.fi"
		}
		fmt.Fprintf(&page, ".SH DESCRIPTION\n%s\n", text)
	}
	if cmd.HasAvailableFlags() {
		page.WriteString(".SH OPTIONS\n")
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			value, usage := pflag.UnquoteUsage(f)
			name := "\\fB\\-\\-" + roff(f.Name) + "\\fR"
			if f.Shorthand != "" {
				name = "\\fB\\-" + f.Shorthand + "\\fR, " + name
			}
			fmt.Fprintf(&page, ".TP\n%s\n%s\n", strings.TrimSpace(name+" "+value), roff(usage))
		})
	}
	if cmd.Example != "" {
		fmt.Fprintf(&page, ".SH EXAMPLES\n.nf\n%s\n.fi\n", roff(strings.TrimSpace(strings.ReplaceAll("\n"+cmd.Example, "\n  ", "\n"))))
	}
	if related := commandsOf(cmd)[1:]; len(related) > 0 {
		var names []string
		for _, one := range related {
			names = append(names, ".BR "+roff(manName(one))+" (1)")
		}
		page.WriteString(".SH SEE ALSO\n" + strings.Join(names, ",\n") + "\n")
	}
	return page.String()
}

// roff escapes a text for troff: hyphens that are to stay, backslashes, and
// what is a request at the beginning of a line. Empty lines end paragraphs.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(text)
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		switch {
		case line == "":
			lines[i] = ".PP"
		case line[0] == '.' || line[0] == '\'':
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}

// The schema of spec.yaml takes what otelgen writes there, and knows every key.
func TestDocs_SpecSchema(t *testing.T) {
	t.Parallel()
	catalog, err := generator.Load(templates.FS)
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(specSchema(t, catalog)))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("spec.schema.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("spec.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	takes := func(spec generator.Spec) error {
		data, err := yaml.Marshal(spec)
		if err != nil {
			t.Fatal(err)
		}
		var value any
		if err := yaml.Unmarshal(data, &value); err != nil {
			t.Fatal(err)
		}
		return schema.Validate(value)
	}
	for _, f := range choosable(catalog) {
		spec, err := specWith(catalog, f)
		if err != nil {
			t.Fatal(err)
		}
		spec.Resources = []generator.Resource{{Name: "line-item", Plural: "line-items", Migration: "20261126170000"}}
		if err := takes(spec); err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
	}
	for key, wrong := range map[string]generator.Spec{
		"service":  {Service: "My Shop", Module: "shop"},
		"features": {Service: "shop", Module: "shop", Features: []string{"auht"}},
		"slots":    {Service: "shop", Module: "shop", Slots: map[string]string{"router": "fiber"}},
	} {
		if takes(wrong) == nil {
			t.Errorf("it takes wrong %s", key)
		}
	}
}

// specSchema is the JSON Schema of .otelgen/spec.yaml, for editors.
func specSchema(t *testing.T, catalog *generator.Catalog) string {
	t.Helper()
	text := func(about string) map[string]any { return map[string]any{"type": "string", "description": about} }
	slots := map[string]any{}
	for _, slot := range catalog.Slots {
		slots[slot.Name] = map[string]any{"description": slot.Question, "enum": slot.Values, "default": slot.Default}
	}
	schema := map[string]any{
		"$schema":              "https://json-schema.org/draft/2020-12/schema",
		"$id":                  "https://raw.githubusercontent.com/otelgen/otelgen/main/docs/spec.schema.json",
		"title":                "What a service is made of (.otelgen/spec.yaml)",
		"type":                 "object",
		"additionalProperties": false,
		"properties": map[string]any{
			"otelgen": text("the version of otelgen that wrote the file"),
			"service": map[string]any{
				"type": "string", "pattern": "^[a-z]([-a-z0-9]*[a-z0-9])?$", "maxLength": 63,
				"description": "the name of the service: also that of its command and image",
			},
			"module":   text("the module path"),
			"slots":    map[string]any{"type": "object", "additionalProperties": false, "properties": slots, "description": "choices of one"},
			"features": map[string]any{"type": "array", "uniqueItems": true, "items": map[string]any{"enum": namesOf(optional(catalog))}, "description": "optional features"},
			"resources": map[string]any{
				"type": "array", "description": "what otelgen add resource has added",
				"items": map[string]any{
					"type": "object", "additionalProperties": false, "required": []string{"name", "plural", "migration"},
					"properties": map[string]any{
						"name": text("of one, such as line-item"), "plural": text("of several, such as line-items"),
						"migration": text("the number of the migration that makes its table"),
					},
				},
			},
		},
		"required": []string{"service", "module"},
	}
	out, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(out) + "\n"
}
