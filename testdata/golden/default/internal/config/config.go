// Package config reads the configuration of the service from its environment.
package config

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"

	"shop/internal/apidocs"
	"shop/internal/httpserver"
	"shop/internal/lifecycle"
	"shop/internal/telemetry"
)

// Config is the whole configuration. Each package that needs one declares its part.
type Config struct {
	// Environment names the deployment. Telemetry has it as
	// deployment.environment.name, and "development" changes some defaults.
	Environment string `env:"ENVIRONMENT" envDefault:"development"`

	HTTP      httpserver.Config
	Lifecycle lifecycle.Config
	Log       telemetry.LogConfig
	Telemetry telemetry.Config
	Docs      apidocs.Config

	// Ignored has the problems of variables that do not keep the service from starting.
	Ignored []error
	// Misspelt has an error for every variable that the service does not read, but
	// whose name is almost that of one that it does.
	Misspelt []error
}

// development holds the defaults that differ on a developer's machine, such as
// readable logs and no grace period.
var development = map[string]string{
	"LOG_FORMAT":     "text",
	"SHUTDOWN_GRACE": "0s",
	"API_DOCS":       "true",
}

// Development reports whether the service runs on a developer's machine.
func (c Config) Development() bool { return c.Environment == "development" }

// Load reads the configuration from environment, a list of NAME=value as
// os.Environ returns it. A variable with an empty value counts as absent. Any
// variable X may come from a file instead, which X_FILE names; it is read once. The
// error contains every problem, each with the name of its variable. Misspelt is set
// even then, because a name that is spelt wrongly may be the reason.
//
// OpenTelemetry's SDK reads the environment of the process itself, so Load changes its
// variables there as well.
func Load(environment []string) (Config, error) {
	variables, problems := read(environment)
	inDevelopment := slices.Contains([]string{"", "development"}, variables["ENVIRONMENT"])
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
	var refused, ignored []error
	for _, name := range slices.Sorted(maps.Keys(problems)) {
		// A problem of telemetry must not keep the service from starting. In development,
		// where a developer can correct it, a mistake does.
		if !strings.HasPrefix(name, "OTEL_") || inDevelopment && !telemetry.Tolerable(problems[name]) {
			refused = append(refused, problems[name])
			delete(variables, name)
			continue
		}
		variables[name] = valid(name, variables[name])
		err := os.Setenv(name, variables[name]) // the SDK reads the environment itself
		ignored = append(ignored, errors.Join(problems[name], err))
	}
	cfg, err := env.ParseAsWithOptions[Config](env.Options{Environment: variables, FuncMap: lists})
	cfg.Ignored, cfg.Misspelt = ignored, misspelt(environment)
	return cfg, errors.Join(append(refused, err, cfg.Validate())...)
}

// Validate returns every problem of c, joined: those of its parts, and values that
// contradict each other.
func (c Config) Validate() error {
	if err := validateFields(&c); err != nil {
		return err
	}
	if c.HTTP.WriteTimeout > c.Lifecycle.Timeout {
		return fmt.Errorf("HTTP_WRITE_TIMEOUT: %v is longer than SHUTDOWN_TIMEOUT, %v, so a shutdown could cut requests off; lower it, or raise SHUTDOWN_TIMEOUT",
			c.HTTP.WriteTimeout, c.Lifecycle.Timeout)
	}
	return nil
}

// validateFields calls Validate on every exported field that has this method, and
// returns every problem, joined.
func validateFields[T any](structure *T) error {
	var problems []error
	for field, value := range reflect.ValueOf(structure).Elem().Fields() {
		if field.IsExported() {
			if part, ok := reflect.TypeAssert[interface{ Validate() error }](value.Addr()); ok {
				problems = append(problems, part.Validate())
			}
		}
	}
	return errors.Join(problems...)
}

// valid returns the valid entries of the list that name has, or "", which counts as
// absent.
func valid(name, list string) string {
	entries := slices.DeleteFunc(strings.Split(list, ","), func(entry string) bool {
		return strings.TrimSpace(entry) == "" || try(name, entry) != nil
	})
	if value := strings.Join(entries, ","); try(name, value) == nil {
		return value
	}
	return ""
}

// Variables returns the names of all variables that the service reads.
func Variables() []string {
	params, err := env.GetFieldParams(&Config{})
	if err != nil {
		panic(err) // a malformed tag, which every test would find
	}
	names := make([]string, 0, len(params))
	for _, p := range params {
		names = append(names, p.Key)
	}
	return names
}

// lists parses lists, whose entries may have spaces around them.
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

// read returns the variables by name, with the contents of files for those that
// X_FILE names, and the problems by the name of the variable.
func read(environment []string) (variables map[string]string, problems map[string]error) {
	all := env.ToMap(environment)
	variables, problems = map[string]string{}, map[string]error{}
	for _, name := range Variables() {
		value := all[name]
		if path := strings.TrimSpace(all[name+"_FILE"]); path != "" {
			content, err := os.ReadFile(path) //nolint:gosec // the operator names the file
			switch {
			case strings.TrimSpace(value) != "":
				problems[name] = fmt.Errorf("%s: is set twice, by itself and by %s_FILE", name, name)
			case err != nil:
				problems[name] = fmt.Errorf("%s_FILE: %w", name, err)
			default:
				value = string(content)
			}
		}
		if value = strings.TrimSpace(value); value != all[name] && strings.HasPrefix(name, "OTEL_") {
			if err := os.Setenv(name, value); err != nil {
				problems[name] = fmt.Errorf("%s: %w", name, err)
			}
		}
		if value != "" {
			variables[name] = value
		}
	}
	return variables, problems
}

// try returns the problem of one variable. Variables are parsed one by one because
// the errors of the parser name struct fields, which mean nothing to an operator.
func try(name, value string) error {
	cfg, err := env.ParseAsWithOptions[Config](env.Options{Environment: map[string]string{name: value}, FuncMap: lists})
	if parse, ok := errors.AsType[env.ParseError](err); ok {
		err = parse.Err
		kind := parse.Type
		if kind.Kind() == reflect.Pointer {
			kind = kind.Elem()
		}
		if want, ok := expected[kind]; ok {
			err = fmt.Errorf("%q is not %s", value, want)
		}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if strings.HasPrefix(name, "OTEL_") {
		return cfg.Telemetry.Validate()
	}
	return nil
}

// expected describes the text of the types that variables have, with an example. Other
// types parse their text themselves, with errors of their own.
var expected = map[reflect.Type]string{
	reflect.TypeFor[bool]():           "true or false",
	reflect.TypeFor[float64]():        "a number, such as 0.5",
	reflect.TypeFor[int]():            "a whole number of at most 2147483647, such as 100",
	reflect.TypeFor[int32]():          "a whole number of at most 2147483647, such as 100",
	reflect.TypeFor[int64]():          "a whole number of at most 9223372036854775807, such as 100",
	reflect.TypeFor[uint16]():         "a whole number from 0 to 65535, such as 8080",
	reflect.TypeFor[time.Duration]():  "a duration, such as 500ms, 10s or 1m30s",
	reflect.TypeFor[slog.LevelVar]():  "a log level: use debug, info, warn or error",
	reflect.TypeFor[[]netip.Prefix](): "a list of networks, such as 10.0.0.0/8,fd00::/8",
}

// misspelt returns an error for every name that is almost that of a variable. Names
// of several words must have the same first word: environments contain others, such
// as HTTP_PROXY, or DATABASE_PORT for a Kubernetes service called database. A single
// word must be a long one: SUPPORT is almost PORT, and something else.
func misspelt(environment []string) []error {
	known := Variables()
	var found []error
	for _, entry := range environment {
		name, value, _ := strings.Cut(entry, "=")
		base := strings.TrimSuffix(name, "_FILE")
		if value == "" || slices.Contains(known, base) || slices.Contains(known, name) {
			continue
		}
		word, _, isSeveral := strings.Cut(base, "_")
		i := slices.IndexFunc(known, func(candidate string) bool {
			first, _, _ := strings.Cut(candidate, "_")
			return almost(base, candidate) && (word == first || !isSeveral && len(base) > 7)
		})
		if i >= 0 {
			meant := known[i] + name[len(base):]
			found = append(found, fmt.Errorf("%s is not a variable of this service; did you mean %s?", name, meant))
		}
	}
	return found
}

// almost reports whether two names differ in few letters, all in the same place.
func almost(a, b string) bool {
	for a != "" && b != "" && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for a != "" && b != "" && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return max(len(a), len(b)) <= 2 || len(a)+len(b) == 3
}
