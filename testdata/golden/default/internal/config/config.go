// Package config reads the service's configuration from the environment, and
// only from there.
package config

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/caarlos0/env/v11"

	"shop/internal/api"
	"shop/internal/httpserver"
	"shop/internal/lifecycle"
	"shop/internal/telemetry"
)

// Config is the whole configuration: one part for each package that has any,
// declared there.
type Config struct {
	// Environment names the deployment. It is telemetry's
	// deployment.environment.name, and "development" has defaults of its own.
	Environment string `env:"ENVIRONMENT" envDefault:"development"`

	HTTP      httpserver.Config
	Lifecycle lifecycle.Config
	Log       telemetry.LogConfig
	Telemetry telemetry.Config
	API       api.Config
}

// development holds the defaults that differ on a developer's machine, such as
// logs to read and a stop without grace.
var development = map[string]string{
	"LOG_FORMAT":     "text",
	"SHUTDOWN_GRACE": "0s",
	"API_DOCS":       "true",
}

// Development tells whether the service runs on a developer's machine.
func (c Config) Development() bool { return c.Environment == "development" }

// Load reads the configuration from environment, a list of NAME=value as
// os.Environ returns it. A variable without a value counts as absent, and every
// variable X may instead come from the file that X_FILE names. All problems are
// reported at once, each under the name of its variable.
func Load(environment []string) (Config, error) {
	variables, problems := read(environment)
	name := variables["ENVIRONMENT"]
	inDevelopment := name == "" || name == "development"
	if inDevelopment {
		defaults := maps.Clone(development)
		maps.Copy(defaults, variables)
		variables = defaults
	}
	for name, value := range variables {
		if err := try(name, value); err != nil {
			problems[name] = err
		}
	}
	ignored := ignore(variables, problems, inDevelopment)
	var all []error
	for _, name := range slices.Sorted(maps.Keys(problems)) {
		all = append(all, problems[name])
		delete(variables, name)
	}
	cfg, err := env.ParseAsWithOptions[Config](env.Options{Environment: variables, FuncMap: lists})
	all = append(all, err)
	cfg.Telemetry.Ignored = ignored
	for _, part := range []interface{ Validate() error }{
		cfg.HTTP,
		cfg.Lifecycle,
		cfg.Log,
		cfg.Telemetry,
	} {
		all = append(all, part.Validate())
	}
	return cfg, errors.Join(all...)
}

// ignore takes from problems those that must not keep the service from
// starting, and returns them: what is wrong with OpenTelemetry's variables,
// except for mistakes in development, where somebody is there to correct them.
// Such a variable keeps those entries of a list that are valid. If it has none,
// it has its default.
func ignore(variables map[string]string, problems map[string]error, inDevelopment bool) []error {
	var ignored []error
	for _, name := range slices.Sorted(maps.Keys(problems)) {
		if !strings.HasPrefix(name, "OTEL_") || inDevelopment && !telemetry.Tolerable(problems[name]) {
			continue
		}
		ignored = append(ignored, problems[name])
		delete(problems, name)
		entries := slices.DeleteFunc(strings.Split(variables[name], ","), func(entry string) bool {
			return strings.TrimSpace(entry) == "" || try(name, entry) != nil
		})
		value := strings.Join(entries, ",")
		if value == "" || try(name, value) != nil {
			value = ""
			delete(variables, name)
		} else {
			variables[name] = value
		}
		if err := os.Setenv(name, value); err != nil { // the SDK must not read what is ignored
			ignored = append(ignored, err)
		}
	}
	return ignored
}

// Variables returns the names of all variables that the service reads, sorted.
func Variables() []string {
	params, err := env.GetFieldParams(&Config{})
	if err != nil {
		panic(err) // a tag that is no tag: any test finds it
	}
	names := make([]string, 0, len(params))
	for _, p := range params {
		names = append(names, p.Key)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// lists are parsed with the blanks that people put around commas.
var lists = map[reflect.Type]env.ParserFunc{
	reflect.TypeFor[[]string]():       list(func(text string) (string, error) { return text, nil }),
	reflect.TypeFor[[]netip.Prefix](): list(netip.ParsePrefix),
}

func list[T any](parse func(string) (T, error)) env.ParserFunc {
	return func(value string) (any, error) {
		var all []T
		for text := range strings.FieldsSeq(strings.ReplaceAll(value, ",", " ")) {
			one, err := parse(text)
			if err != nil {
				return nil, err
			}
			all = append(all, one)
		}
		return all, nil
	}
}

// read turns a list into a map, and files into values. It returns what is wrong
// by the name of the variable.
func read(environment []string) (variables map[string]string, problems map[string]error) {
	all := map[string]string{}
	for _, entry := range environment {
		if name, value, _ := strings.Cut(entry, "="); value != "" {
			all[name] = value
		}
	}
	variables, problems = map[string]string{}, map[string]error{}
	for _, name := range Variables() {
		value, set := all[name]
		if path, ok := all[name+"_FILE"]; ok {
			content, err := os.ReadFile(path) //nolint:gosec // the operator names the file
			switch {
			case set:
				problems[name] = fmt.Errorf("%s: given twice, by itself and by %s_FILE", name, name)
			case err != nil:
				problems[name] = fmt.Errorf("%s_FILE: %w", name, err)
			default:
				value = string(content)
			}
		}
		if value = strings.TrimSpace(value); value != all[name] {
			if err := os.Setenv(name, value); err != nil { // what OpenTelemetry's SDK reads, it reads there
				problems[name] = err
			}
		}
		if value != "" {
			variables[name] = value
		}
	}
	return variables, problems
}

// try returns what is wrong with one variable. Variables are parsed one by one
// because the parser's own errors name fields, which nobody outside the source
// knows.
func try(name, value string) error {
	cfg, err := env.ParseAsWithOptions[Config](env.Options{Environment: map[string]string{name: value}, FuncMap: lists})
	if parse, ok := errors.AsType[env.ParseError](err); ok {
		err = parse.Err
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if strings.HasPrefix(name, "OTEL_") {
		return cfg.Telemetry.Validate()
	}
	return nil
}
