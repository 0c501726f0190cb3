package main

import "github.com/spf13/cobra"

// topics are what there is to know about more than one command: otelgen help
// TOPIC.
func topics() []*cobra.Command {
	return []*cobra.Command{
		{
			Use:   "exit-codes",
			Short: "What the exit status of a command means",
			Long: `0    success; for check and diff: an update would change nothing
1    check, diff: an update would change something; diff --mine: you changed something;
     update, add, remove, set, rename: there is a conflict to resolve; doctor: there is
     a problem
2    failure: nothing was written, unless the message says otherwise
130  interrupted with Ctrl-C; 143 by SIGTERM, 129 by SIGHUP: nothing was written`,
		},
		{
			Use:   "environment",
			Short: "Environment variables that otelgen reads",
			Long: `CI          set, and not 0 or false: otelgen never asks questions
ACCESSIBLE  set, and not 0 or false: questions are lines of text, not menus, without colours
TERM        "dumb" has the same effect as ACCESSIBLE
NO_COLOR    set: no colours
GOWORK      the go.work file that suggests the module path, or "off", as for the go command

GITHUB_WORKSPACE  the directory to which paths in annotations of otelgen check --output github
                  are relative

otelgen doctor also reads what a service reads: OTEL_EXPORTER_OTLP_ENDPOINT, _HEADERS and
_PROTOCOL, HTTP_ADDR and PORT. The variables of a service are listed in its .env.example,
and in docs/configuration.md of otelgen.`,
		},
		{
			Use:   "spec-file",
			Short: "The file that records the choices of a service",
			Long: `Each service records its choices in .otelgen/spec.yaml, defaults included:

  otelgen: v1.0.0             # the version that wrote it
  service: shop               # also the name of the command and the image
  module: github.com/acme/shop
  slots:                      # one value for each; otelgen list shows all values
    api: huma
    backend: lgtm
    ci: github
    database: sqlite
    router: stdlib
    sample: orders
    store: sqlc
  features: [auth, cors]      # optional features
  resources: []               # added by otelgen add resource

Change it with otelgen add, remove and set, or edit it and run otelgen update.

otelgen new --print-spec prints such a file and makes no service. otelgen new --spec FILE
makes a service from one. With a NAME, the file is a template: its choices apply, and its
names, if any, are ignored. An unknown key is an error, which suggests the key you meant.`,
		},
	}
}
