package main

import "github.com/spf13/cobra"

// topics are what there is to know about more than one command: otelgen help
// TOPIC.
func topics() []*cobra.Command {
	return []*cobra.Command{
		{
			Use:   "exit-codes",
			Short: "What the exit status of a command means",
			Long: `0    done; for check and diff: an update would change nothing
1    check, diff: an update would change something; diff --mine: you changed something;
     update, add, remove, set, rename: there is a conflict to resolve; doctor: something
     is in the way
2    could not: nothing has been written, unless the message says otherwise
130  interrupted with Ctrl-C, 143 by SIGTERM, 129 by SIGHUP: nothing has been written`,
		},
		{
			Use:   "environment",
			Short: "Environment variables that otelgen reads",
			Long: `CI          anything but an empty value, 0 or false: no question is ever asked
ACCESSIBLE  the same: questions are lines of text instead of menus, and there are no colours
TERM        "dumb": as ACCESSIBLE
NO_COLOR    not empty: no colours
GOWORK      the go.work to look at for the module path, or "off", as for the go command

GITHUB_WORKSPACE  where annotations of otelgen check --output github have their paths from

otelgen doctor also reads what a service would: OTEL_EXPORTER_OTLP_ENDPOINT, _HEADERS and
_PROTOCOL, HTTP_ADDR and PORT. What a service reads is in its .env.example, and in
docs/configuration.md of otelgen.`,
		},
		{
			Use:   "spec-file",
			Short: "The file that says what a service is made of",
			Long: `Each service records its choices in .otelgen/spec.yaml, defaults included:

  otelgen: v1.0.0             # the version that wrote it
  service: shop               # also the name of the command and the image
  module: github.com/acme/shop
  slots:                      # choices of one: otelgen list names them and their values
    api: huma
    backend: lgtm
    ci: github
    database: sqlite
    router: stdlib
    sample: orders
    store: sqlc
  features: [auth, cors]      # optional ones
  resources: []               # what otelgen add resource has added

Change it with otelgen add, remove and set, or edit it and run otelgen update. otelgen new --print-spec
prints such a file without making a service, and otelgen new --spec FILE makes one of it.
otelgen new NAME --spec FILE makes another one of the same choices, even if the file has no names.
Keys that do not exist are errors, with the line and the key that was meant.`,
		},
	}
}
