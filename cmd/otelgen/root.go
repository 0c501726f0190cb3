package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/internal/problem"
)

// run runs a command line with a catalog of templates and returns the exit code.
// Data goes to stdout, talk to stderr.
func run(templates fs.FS, args []string) int {
	debug.SetGCPercent(400) // a command ends before collecting garbage pays
	err := execute(templates, args)
	if err != nil && !errors.Is(err, errDiffers) {
		fmt.Fprintln(os.Stderr, err)
	}
	return exitCode(err)
}

func execute(templates fs.FS, args []string) error {
	if len(args) > 0 && slices.Contains([]string{"version", "--version", "-v"}, args[0]) {
		// Loading the catalog takes longer than all the rest.
		return executeRoot(rootCommand(versionCommand()), args)
	}
	load := generator.Load
	if asksOnly(args) {
		load = generator.LoadChoices
	}
	catalog, err := load(templates)
	if err != nil {
		return err
	}
	return executeRoot(wholeCommand(catalog), args)
}

// asksOnly reports whether a command line only asks what can be typed: a shell
// does so at every Tab, and at its start for the script that does.
func asksOnly(args []string) bool {
	return len(args) == 0 || slices.Contains([]string{"help", "completion", cobra.ShellCompRequestCmd, cobra.ShellCompNoDescRequestCmd}, args[0])
}

func executeRoot(root *cobra.Command, args []string) error {
	root.SetArgs(args)
	return root.Execute()
}

// Exit codes are those of diff(1) and, if a signal ends otelgen, those of a
// shell.
const (
	done      = 0
	differ    = 1
	couldNot  = 2
	signalled = 128 // plus the number of the signal
)

// errDiffers is returned by a command that has printed what differs, or what is in
// conflict. It sets the exit status, and is not printed.
var errDiffers = errors.New("it differs")

func exitCode(err error) int {
	var interrupted interruptedError
	switch {
	case err == nil:
		return done
	case errors.Is(err, errDiffers):
		return differ
	case errors.As(err, &interrupted):
		return signalled + int(interrupted.signal)
	default:
		return couldNot
	}
}

// The groups of commands in help, in their order.
var groups = []*cobra.Group{
	{ID: "make", Title: "Make a service"},
	{ID: "keep", Title: "Keep it up to date"},
	{ID: "know", Title: "Inspect and diagnose"},
	{ID: "more", Title: "More"},
}

// synonyms are what others call our commands.
var synonyms = map[string][]string{
	"new":     {"bootstrap", "create", "gen", "generate", "init", "make", "project", "scaffold", "service", "start"},
	"add":     {"enable", "install", "with"},
	"remove":  {"delete", "disable", "rm", "uninstall", "without"},
	"update":  {"apply", "migrate", "refresh", "regenerate", "sync", "up", "upgrade"},
	"try":     {"demo", "play", "preview", "quickstart"},
	"undo":    {"abort", "back", "restore", "revert", "rollback"},
	"rename":  {"move", "mv", "name"},
	"set":     {"choose", "config", "switch", "use"},
	"adopt":   {"attach", "import", "link", "manage"},
	"detach":  {"disown", "eject", "forget", "release", "unlink", "unmanage"},
	"check":   {"lint", "status", "validate", "verify"},
	"diff":    {"changes", "compare", "plan"},
	"show":    {"describe", "feature", "info"},
	"doctor":  {"diagnose", "env", "troubleshoot"},
	"explain": {"blame", "owner", "where", "why"},
	"list":    {"catalog", "features", "ls", "options", "presets", "search"},
}

// wholeCommand makes the command line. All choices come from the catalog: a new
// feature needs no code here.
func wholeCommand(catalog *generator.Catalog) *cobra.Command {
	in := func(group string, commands ...*cobra.Command) []*cobra.Command {
		for _, cmd := range commands {
			cmd.GroupID = group
		}
		return commands
	}
	root := rootCommand(slices.Concat(
		in("make", newCommand(catalog), tryCommand(catalog), addCommand(catalog), removeCommand(catalog), setCommand(catalog), renameCommand(catalog)),
		in("keep", updateCommand(catalog), checkCommand(catalog), diffCommand(catalog), undoCommand(catalog), detachCommand(catalog), adoptCommand(catalog)),
		in("know", listCommand(catalog), showCommand(catalog), explainCommand(catalog), originalCommand(), doctorCommand(catalog)),
		in("more", versionCommand()),
		topics(),
	)...)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return flagProblem(cmd, catalog.Features, err) })
	root.SetHelpCommandGroupID("more")
	root.SetCompletionCommandGroupID("more")
	root.InitDefaultCompletionCmd()
	root.InitDefaultHelpCmd()
	strictArguments(root)
	return root
}

func rootCommand(commands ...*cobra.Command) *cobra.Command {
	root := &cobra.Command{
		Use:   "otelgen",
		Short: "Scaffold Go services with OpenTelemetry, and keep them up to date",
		Example: `  otelgen try         # make a service in a temporary directory, run it and test it
  otelgen new shop    # make a service in the directory shop
  otelgen add auth    # add a feature to the service in this directory
  otelgen update      # bring it up to date, and keep what you changed`,
		Version:       thisVersion(),
		SilenceErrors: true, // run prints them
		SilenceUsage:  true,
		Args:          noSuchCommand,

		SuggestionsMinimumDistance: 2,

		RunE: help,
	}
	root.SetVersionTemplate(identity(thisVersion()))
	root.AddGroup(groups...)
	root.AddCommand(commands...)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return flagProblem(cmd, nil, err) })
	for _, cmd := range commands {
		cmd.SuggestFor = synonyms[cmd.Name()]
	}
	onceEach(root)
	return root
}

func help(cmd *cobra.Command, _ []string) error { return cmd.Help() }

// strictArguments has the commands that come with cobra refuse what they do not
// know. They would explain something else.
func strictArguments(root *cobra.Command) {
	for _, cmd := range root.Commands() {
		switch cmd.Name() {
		case "help":
			cmd.Args = func(_ *cobra.Command, args []string) error {
				explained, unknown, err := root.Find(args)
				if err != nil {
					return err
				}
				return unknownCommand(explained, unknown, "")
			}
		case "completion":
			cmd.Args, cmd.RunE = noSuchCommand, help
			for _, shell := range cmd.Commands() {
				shell.Args = atMost(0, shell.CommandPath()+" takes none")
			}
		}
	}
}

func noSuchCommand(cmd *cobra.Command, args []string) error {
	other := ""
	if !cmd.HasParent() && len(args) == 1 && checkName(args[0]) == nil {
		other = quote(args[0])
	}
	return unknownCommand(cmd, args, other)
}

// unknownCommand is the error for arguments where a command is expected.
// service is the name of one that may be meant, or "".
func unknownCommand(cmd *cobra.Command, args []string, service string) error {
	if len(args) == 0 {
		return nil
	}
	if cmd.HasParent() {
		return unknownBelow(cmd, args[0])
	}
	if args[0] == "" {
		return fmt.Errorf("%s: the name of the command is empty; %[1]s --help lists the commands", cmd.Name())
	}
	near := cmd.SuggestionsFor(args[0])
	if len(near) == 0 {
		near = nearSynonym(args[0])
	}
	command, rest, joined := strings.Cut(args[0], ":")    // as other tools name commands
	if words := strings.Fields(args[0]); len(words) > 1 { // in quotes, as one word
		command, rest, joined = words[0], strings.Join(words[1:], " "), true
	}
	found, _, err := cmd.Find([]string{command})
	var meant []string
	switch {
	case joined && err == nil && found != cmd:
		meant = append(meant, strings.TrimSpace(cmd.Name()+" "+command+" "+rest))
	case len(near) > 0:
		meant = append(meant, cmd.Name()+" "+near[0])
		if near[0] == "new" || slices.Contains(synonyms[near[0]], args[0]) {
			service = "" // the word is about the command
		}
	}
	if service != "" {
		meant = append(meant, cmd.Name()+" new "+service)
	}
	if meant == nil {
		return fmt.Errorf("%s: no such command; %s --help lists the commands", args[0], cmd.Name())
	}
	return fmt.Errorf("%s: no such command; did you mean %s?", args[0], strings.Join(meant, ", or "))
}

// unknownBelow is the error for a word after a command that has commands of its own,
// or after one that has none and is to be explained.
func unknownBelow(cmd *cobra.Command, word string) error {
	var known []string
	for _, below := range cmd.Commands() {
		if below.IsAvailableCommand() {
			known = append(known, below.Name())
		}
	}
	if known == nil {
		return fmt.Errorf("%s: one argument too many; write otelgen help %s", word, strings.TrimPrefix(cmd.CommandPath(), "otelgen "))
	}
	return fmt.Errorf("%s: no such command of %s; %s", word, cmd.CommandPath(), problem.Suggest(word, known))
}

// nearSynonym returns the command that has a synonym like a word.
func nearSynonym(word string) []string {
	for _, name := range slices.Sorted(maps.Keys(synonyms)) {
		if problem.Nearest(word, synonyms[name]) != "" {
			return []string{name}
		}
	}
	return nil
}

// atMost allows so many arguments, and says what else they might have been.
func atMost(n int, hint string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) > n {
			return fmt.Errorf("%s: one argument too many; %s", args[n], hint)
		}
		return nil
	}
}
