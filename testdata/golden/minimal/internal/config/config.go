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

	"example.com/hello/internal/httpserver"
	"example.com/hello/internal/lifecycle"
	"example.com/hello/internal/telemetry"
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
}

// development holds the defaults that differ on a developer's machine, such as
// logs to read and a stop without grace.
var development = map[string]string{
	"LOG_FORMAT":     "text",
	"SHUTDOWN_GRACE": "0s",
}

// Development tells whether the service runs on a developer's machine.
func (c Config) Development() bool { return c.Environment == "development" }

// Load reads the configuration from environment, a list of NAME=value as
// os.Environ returns it. A variable without a value counts as absent, and every
// variable X may instead come from the file that X_FILE names. All problems are
// reported at once, each under the name of its variable.
func Load(environment []string) (Config, error) {
	variables, unread := read(environment)
	if name := variables["ENVIRONMENT"]; name == "" || name == "development" {
		defaults := maps.Clone(development)
		maps.Copy(defaults, variables)
		variables = defaults
	}
	problems := []error{unread, refuse(variables)}
	cfg, err := env.ParseAsWithOptions[Config](env.Options{Environment: variables, FuncMap: lists})
	problems = append(problems, err)
	for _, part := range []interface{ Validate() error }{
		cfg.HTTP,
		cfg.Lifecycle,
		cfg.Log,
		cfg.Telemetry,
	} {
		problems = append(problems, part.Validate())
	}
	return cfg, errors.Join(problems...)
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

// read turns a list into a map, and files into values.
func read(environment []string) (map[string]string, error) {
	all := map[string]string{}
	for _, entry := range environment {
		if name, value, _ := strings.Cut(entry, "="); value != "" {
			all[name] = value
		}
	}
	variables := map[string]string{}
	var problems []error
	for _, name := range Variables() {
		value, set := all[name]
		if path, ok := all[name+"_FILE"]; ok {
			content, err := os.ReadFile(path) //nolint:gosec // the operator names the file
			switch {
			case set:
				problems = append(problems, fmt.Errorf("%s: given twice, by itself and by %s_FILE", name, name))
			case err != nil:
				problems = append(problems, fmt.Errorf("%s_FILE: %w", name, err))
			default:
				value = string(content)
			}
		}
		if value = strings.TrimSpace(value); value != all[name] {
			problems = append(problems, os.Setenv(name, value)) // what OpenTelemetry's SDK reads, it reads there
		}
		if value != "" {
			variables[name] = value
		}
	}
	return variables, errors.Join(problems...)
}

// refuse removes the variables that cannot be understood and tells why: it
// parses them one by one, for the parser's own errors name fields, which nobody
// outside the source knows.
func refuse(variables map[string]string) error {
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		err := env.ParseWithOptions(&Config{}, env.Options{Environment: map[string]string{name: variables[name]}, FuncMap: lists})
		if parse, ok := errors.AsType[env.ParseError](err); ok {
			err = parse.Err
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", name, err))
			delete(variables, name)
		}
	}
	return errors.Join(problems...)
}
