package generator

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func TestLoad(t *testing.T) {
	c := loaded(t, newFixture(t).files)
	var names []string
	for _, f := range c.Features {
		names = append(names, f.Name)
	}
	want := []string{
		"base", "chi", "stdlib", "orders", "sqlite", "memory", "orm", "sql", "orders-orm", "orders-sql", "audit", "background",
	}
	if !slices.Equal(names, want) {
		t.Errorf("features are in the order %v", names)
	}
	if got, want := fmt.Sprint(c.Slots), "[{router Router Which router? stdlib false map[] [chi stdlib]}"+
		" {sample Sample With a sample to replace? orders true map[] [orders none]}"+
		" {database Database Which database? none true map[] [sqlite none]}"+
		" {store Store How is the database used? sql false map[database:[any]] [orm sql]}]"; got != want {
		t.Errorf("slots are %s", got)
	}
	if err := c.Vet(); err != nil {
		t.Error(err)
	}
}

// Every kind of problem is found, and where it is.
func TestLoad_Rejects(t *testing.T) {
	for _, c := range []struct {
		name           string
		file, old, new string // no old text: the whole file
		want           []string
	}{
		// Files
		{"editor's backup", "chi/files/x.tmpl~", "", "x", []string{
			"chi/files/x.tmpl~: unknown kind of file; a template ends in .tmpl, what is copied as it is in .raw",
		}},
		{"editor's swap file", "chi/files/.x.tmpl.swp", "", "x", []string{
			"chi/files/.x.tmpl.swp: unknown kind of file; a template ends in .tmpl, what is copied as it is in .raw",
		}},
		{"stray file in a feature", "chi/notes.txt", "", "x", []string{
			"chi/notes.txt: unknown file; a catalog has slots.yaml and, for each feature, feature.yaml, modules.lock and files/",
		}},
		{"stray file in the root", "README.md", "", "x", []string{
			"README.md: unknown file; a catalog has slots.yaml and, for each feature, feature.yaml, modules.lock and files/",
		}},
		{"folder that is no feature", "old/files/x.tmpl", "", "x", []string{
			"old/feature.yaml: missing; every folder of a catalog is a feature",
		}},
		{"go.mod of a feature", "chi/files/go.mod.tmpl", "", "x", []string{
			"chi/files/go.mod.tmpl: go.mod: otelgen writes it itself; a feature has its modules in modules.lock",
		}},
		{"otelgen's own records", "chi/files/.otelgen/x.raw", "", "x", []string{
			"chi/files/.otelgen/x.raw: .otelgen/x: otelgen writes it itself; a feature has its modules in modules.lock",
		}},
		{"path that Windows lacks", "chi/files/a:b.raw", "", "x", []string{
			"chi/files/a:b.raw: a:b: no path that every system can have; use letters, digits, - _ and .",
		}},
		{"go.mod by another case", "chi/files/Go.mod.tmpl", "", "x", []string{
			"chi/files/Go.mod.tmpl: Go.mod: otelgen writes it itself; a feature has its modules in modules.lock",
		}},
		{"git's own records", "chi/files/sub/.Git/config.raw", "", "x", []string{
			"chi/files/sub/.Git/config.raw: sub/.Git/config: belongs to git; find another path",
		}},
		{"otelgen's own directory", "chi/files/.otelgen.raw", "", "x", []string{
			"chi/files/.otelgen.raw: .otelgen: belongs to otelgen's own records; find another path",
		}},
		{"same output but for its case", "chi/files/readme.md.raw", "", "x", []string{
			"chi/files/readme.md.raw: path readme.md: base has it, too (base/files/README.md.tmpl), and both can be selected together; rename one, or let them exclude each other",
		}},
		{"same directory but for its case", "sqlite/files/internal/Config/x.raw", "", "x", []string{
			"sqlite/files/internal/Config/x.raw: path internal/Config: base has it, too (base/files/internal/config/config.go.tmpl), and both can be selected together; rename one, or let them exclude each other",
		}},
		{"file where another has a directory", "audit/files/cmd.raw", "", "x", []string{
			"audit/files/cmd.raw: path cmd: base has it, too (base/files/cmd/__service__/main.go.tmpl), and both can be selected together; rename one, or let them exclude each other",
			"audit/files/cmd/__service__/audit.go.raw: path cmd: audit has it, too (audit/files/cmd.raw), and both can be selected together; rename one, or let them exclude each other",
		}},
		{"directory where another has a file", "audit/files/README.md/x.raw", "", "x", []string{
			"audit/files/README.md/x.raw: path README.md: base has it, too (base/files/README.md.tmpl), and both can be selected together; rename one, or let them exclude each other",
		}},
		{"lock that is none", "chi/modules.lock", "require", "needs", []string{
			`chi/modules.lock:2: "needs": a line begins with go, require, sum or with`,
		}},
		{"lock with a feature that is no more", "background/modules.lock", "with chi", "with gin", []string{
			"background/modules.lock: with gin: there is no such feature; lock the modules again",
		}},
		{"same output twice in a feature", "chi/files/internal/httpserver/router.go.raw", "", "x", []string{
			"chi/files/internal/httpserver/router.go.tmpl: path internal/httpserver/router.go: chi has it, too (chi/files/internal/httpserver/router.go.raw), and both can be selected together; rename one, or let them exclude each other",
		}},
		{"same output in two that go together", "sqlite/files/internal/httpserver/router.go.raw", "", "x", []string{
			"sqlite/files/internal/httpserver/router.go.raw: path internal/httpserver/router.go: chi has it, too (chi/files/internal/httpserver/router.go.tmpl), and both can be selected together; rename one, or let them exclude each other",
			"sqlite/files/internal/httpserver/router.go.raw: path internal/httpserver/router.go: stdlib has it, too (stdlib/files/internal/httpserver/router.go.tmpl), and both can be selected together; rename one, or let them exclude each other",
		}},

		// YAML
		{"syntax", "chi/feature.yaml", "title: chi", "title: [chi", []string{
			"chi/feature.yaml:2:8: did not find expected ',' or ']'",
		}},
		{"syntax of what everything hangs on", "base/feature.yaml", "title: Base", "title: [Base", []string{
			"base/feature.yaml:2:8: did not find expected ',' or ']'",
		}},
		{"empty", "chi/feature.yaml", "", "", []string{
			"chi/feature.yaml: empty; something is expected here",
		}},
		{"unknown key", "chi/feature.yaml", "summary:", "sumnary:", []string{
			"chi/feature.yaml:1:1: summary: one line of plain text is needed",
			"chi/feature.yaml:2:1: sumnary: unknown key; did you mean summary?",
		}},
		{"unknown key inside", "orders/feature.yaml", "fallible:", "falible:", []string{
			"orders/feature.yaml:10:5: falible: unknown key; did you mean fallible?",
		}},
		{"unknown key of a slot", "slots.yaml", "question:", "ask:", []string{
			"slots.yaml:1:3: question: one line of plain text is needed",
			"slots.yaml:3:3: ask: unknown key; known are default, name, optional, question, title, when",
		}},
		{"key twice", "chi/feature.yaml", "slot: router", "slot: router\nslot: router", []string{
			"chi/feature.yaml:4:1: slot: the key is there twice, first in line 3; remove one",
		}},
		{"list for a value", "chi/feature.yaml", "slot: router", "slot: [router]", []string{
			"chi/feature.yaml:3:7: a plain value is expected here, not a list",
		}},
		{"value for a list", "audit/feature.yaml", "[background]", "background", []string{
			"audit/feature.yaml:3:11: a list is expected here, not a plain value",
		}},
		{"no bool", "orders/feature.yaml", "fallible: true", "fallible: perhaps", []string{
			"orders/feature.yaml:10:15: perhaps: neither true nor false",
		}},
		{"list as an item", "orders/feature.yaml", "- |\n      curl", "- [x]\n    - |\n      curl", []string{
			"orders/feature.yaml:20:7: an item is a text or a mapping",
		}},
		{"key of an item twice", "orders/feature.yaml", "text: the sample", "text: the sample\n      text: once more", []string{
			"orders/feature.yaml:17:7: text: an item has each key once, and a text for it",
		}},
		{"list in an item", "orders/feature.yaml", "text: the sample", "text: [the, sample]", []string{
			"orders/feature.yaml:17:7: text: an item has each key once, and a text for it",
		}},
		{"merged item", "orders/feature.yaml", "text: the sample", "<<: {text: the sample}", []string{
			"orders/feature.yaml:17:7: <<: an item has each key once, and a text for it",
		}},
		{"item by its alias", "orders/feature.yaml", "- path: \"`internal/order`\"", "- &twice {path: x, text: x}\n    - *twice\n    - path: x", []string{
			"orders/feature.yaml:18:7: *twice: an alias; write out what it stands for",
		}},
		{"null for a text", "orders/feature.yaml", "text: the sample", "text:", []string{
			"orders/feature.yaml:18:12: null: nothing is here; give a value, or remove the key",
		}},

		// Slots
		{"name of a slot", "slots.yaml", "name: router", "name: Router", []string{
			"chi/feature.yaml:3:7: slot router: there is no such slot; did you mean Router?",
			`slots.yaml:1:9: "Router": no name; it begins with a letter, goes on with a-z, 0-9 and single hyphens, and is none of none, any, on, off`,
			"slots.yaml:4:12: slot Router: default stdlib: no value of this slot; nothing is known here",
			"stdlib/feature.yaml:3:7: slot router: there is no such slot; did you mean Router?",
		}},
		{"slot twice", "slots.yaml", "name: store", "name: database", []string{
			"orm/feature.yaml:3:7: slot store: there is no such slot; known are database, router, sample",
			"slots.yaml:15:9: slot database: it is there twice; remove one",
			"slots.yaml:18:12: slot database: default sql: no value of this slot; known are none, sqlite",
			"sql/feature.yaml:3:7: slot store: there is no such slot; known are database, router, sample",
		}},
		{"slot like a feature", "slots.yaml", "- name: router", "- {name: audit, title: x, question: x, default: none, optional: true}\n- name: router", []string{
			"slots.yaml:1:10: slot audit: a feature has this name, too; conditions could not tell them apart",
		}},
		{"default that is no value", "slots.yaml", "default: sql", "default: sqll", []string{
			"slots.yaml:18:12: slot store: default sqll: no value of this slot; did you mean sql?",
		}},
		{"none as default of what has to be", "slots.yaml", "default: stdlib", "default: none", []string{
			"slots.yaml:4:12: slot router: default none: no value of this slot; known are chi, stdlib",
		}},
		{"condition on a slot below", "slots.yaml", "optional: true", "optional: true\n  when: {store: [sql]}", []string{
			"slots.yaml:10:10: when store: no such choice among the slots above; known are router",
		}},
		{"condition on an unknown value", "slots.yaml", "[any]", "[oracle]", []string{
			"slots.yaml:19:21: when database oracle: no such value; known are none, sqlite",
		}},

		// Features
		{"reserved name", "none/feature.yaml", "", "title: x\nsummary: x\n", []string{
			`none: "none": no name; it begins with a letter, goes on with a-z, 0-9 and single hyphens, and is none of none, any, on, off`,
		}},
		{"no title", "chi/feature.yaml", "title: chi\n", "", []string{
			"chi/feature.yaml:1:1: title: one line of plain text is needed",
		}},
		{"unknown slot", "chi/feature.yaml", "slot: router", "slot: roter", []string{
			"chi/feature.yaml:3:7: slot roter: there is no such slot; did you mean router?",
		}},
		{"slot of base", "base/feature.yaml", "title: Base", "title: Base\nslot: router", []string{
			"base/feature.yaml:1:1: base: always selected; it has neither slot nor when",
		}},
		{"slot and condition", "memory/feature.yaml", "when:", "slot: router\nwhen:", []string{
			"memory/feature.yaml:4:1: when: a value of a slot is chosen, a joint is not; remove slot or when",
		}},
		{"joint without a reason", "memory/feature.yaml", "reason: only who has orders and no database needs it\n", "", []string{
			"memory/feature.yaml:3:1: reason: missing; a joint needs its reason, here, because no seam made it needless",
		}},
		{"reason without a joint", "audit/feature.yaml", "requires:", "reason: x\nrequires:", []string{
			"audit/feature.yaml:3:9: reason: only joints have one; remove it, or add when",
		}},
		{"joint of nothing", "memory/feature.yaml", "{sample: [orders], database: [none]}", "{}", []string{
			"memory/feature.yaml:3:1: when: without a condition it holds always; give the files to base",
		}},
		{"joint of an unknown slot", "memory/feature.yaml", "database:", "dtabase:", []string{
			"memory/feature.yaml:3:26: when dtabase: no such choice among the slots and optional features; did you mean database?",
		}},
		{"joint of an unknown feature", "memory/feature.yaml", "[orders]", "[order]", []string{
			"memory/feature.yaml:3:17: when sample order: no such value; did you mean orders?",
		}},
		{"joint without values", "memory/feature.yaml", "[orders]", "[]", []string{
			"memory/feature.yaml:3:8: when sample: without values it never holds; known are orders, none",
		}},
		{"any of an optional feature", "memory/feature.yaml", "database: [none]", "database: [none], audit: [any]", []string{
			"memory/feature.yaml:3:52: when audit any: no such value; known are off, on",
		}},
		{"joint that requires", "memory/feature.yaml", "reason:", "requires: [audit]\nreason:", []string{
			"memory/feature.yaml:4:1: requires: nobody chooses memory, so it cannot ask for anything; say it in the features that it is for",
		}},
		{"unknown requirement", "audit/feature.yaml", "[background]", "[backround]", []string{
			"audit/feature.yaml:3:12: requires backround: there is no such feature; did you mean background?",
		}},
		{"required joint", "audit/feature.yaml", "[background]", "[memory]", []string{
			"audit/feature.yaml:3:12: requires memory: nobody can choose it; name what can be chosen: chi, stdlib, orders, sqlite, orm, sql, audit, background",
		}},
		{"requires itself", "audit/feature.yaml", "[background]", "[audit]", []string{
			"audit/feature.yaml:3:12: requires audit: itself; remove it",
		}},
		{"conflicts with itself", "audit/feature.yaml", "[orm]", "[audit]", []string{
			"audit/feature.yaml:4:13: conflicts audit: itself; remove it",
		}},
		{"conflicts with what it requires", "audit/feature.yaml", "[orm]", "[background]", []string{
			"audit/feature.yaml:4:13: conflicts background: required as well; remove one",
		}},
		{"circle of requirements", "background/feature.yaml", "summary:", "requires: [audit]\nsummary:", []string{
			"background/feature.yaml:2:12: requires audit: a circle, audit -> background -> audit; remove one of these requirements",
		}},
		{"excludes itself", "background/feature.yaml", "summary:", "conflicts: [audit]\nsummary:", []string{
			"audit/feature.yaml:1:1: audit: can never be selected: what it needs excludes itself",
		}},
		{"excludes itself by a slot", "audit/feature.yaml", "[background]", "[chi, stdlib]", []string{
			"audit/feature.yaml:1:1: audit: can never be selected: what it needs excludes itself",
		}},

		// Contributions
		{"index of another", "chi/feature.yaml", "slot: router", "slot: router\nindex: {files: [x]}", []string{
			"chi/feature.yaml:4:1: index: only base has index files; own the file, or add to a list",
		}},
		{"index without a file", "base/feature.yaml", "- README.md", "- README.txt", []string{
			"base/feature.yaml:9:7: index README.txt: base has no files/README.txt.tmpl",
			"base/files/README.md.tmpl:2:1: range: only index files list what features contribute; if this is one, name it in base's index",
			"base/files/README.md.tmpl:7:1: range: only index files list what features contribute; if this is one, name it in base's index",
		}},
		{"name of a list", "base/feature.yaml", "try: []", "try-it: []", []string{
			"background/feature.yaml:24:3: list try: base declares no such list; known are compose_environment, layout, try-it",
			`base/feature.yaml:13:5: list try-it: "try-it" cannot stand in a template; use a-z, 0-9 and _`,
			"orders/feature.yaml:19:3: list try: base declares no such list; known are compose_environment, layout, try-it",
		}},
		{"given that is no name", "base/feature.yaml", "given: [ctx,", "given: [ctx.x,", []string{
			"audit/feature.yaml:6:46: input ctx: no feature gives it; known are cfg, cfg.Background, cfg.Database, cfg.HTTP, ctx.x, db, dialect, log, mapper, orders, parts, queue, router, server, store",
			"base/feature.yaml:14:11: given ctx.x: no name of a Go variable",
			"base/feature.yaml:36:14: input ctx: no feature gives it; known are cfg, cfg.Background, cfg.Database, cfg.HTTP, ctx.x, db, dialect, log, mapper, orders, parts, queue, router, server, store",
			"sqlite/feature.yaml:15:14: input ctx: no feature gives it; known are cfg, cfg.Background, cfg.Database, cfg.HTTP, ctx.x, db, dialect, log, mapper, orders, parts, queue, router, server, store",
		}},
		{"unknown list", "orders/feature.yaml", "layout:", "layuot:", []string{
			"orders/feature.yaml:16:3: list layuot: base declares no such list; did you mean layout?",
		}},
		{"key of an item", "orders/feature.yaml", "text: the sample", "txt: the sample", []string{
			"orders/feature.yaml:17:7: list layout: an item has the keys path, text; this one has the keys path, txt",
		}},
		{"text for a mapping", "orders/feature.yaml", "- path: \"`internal/order`\"\n      text: the sample", "- the sample", []string{
			"orders/feature.yaml:17:7: list layout: an item has the keys path, text; this one is a text",
		}},
		{"mapping for a text", "orders/feature.yaml", "- |\n      curl localhost:8080/orders", "- {text: curl}", []string{
			"orders/feature.yaml:20:7: list try: an item is a text; this one has the keys text",
		}},
		{"name of a variable", "sqlite/feature.yaml", "DATABASE_PATH", "database-path", []string{
			`sqlite/feature.yaml:6:13: variable "database-path": no name of an environment variable; use A-Z, 0-9 and _`,
		}},
		{"secret with a default", "background/feature.yaml", "secret: true", "secret: true, default: x", []string{
			`background/feature.yaml:7:38: variable BACKGROUND_KEY: a secret has no value before "make env"; remove default, development and example`,
		}},
		{"default and example", "background/feature.yaml", `example: "`, `default: x, example: "`, []string{
			"background/feature.yaml:8:52: variable BACKGROUND_ADDR: the default is shown, and the example is not; remove one",
		}},
		{"default of two lines", "sqlite/feature.yaml", "{{.Service}}.db", "a\\nb", []string{
			"sqlite/feature.yaml:7:16: variable DATABASE_PATH: default: more than one line",
		}},
		{"default that sh and compose read differently", "sqlite/feature.yaml", "{{.Service}}.db", "it's", []string{
			"sqlite/feature.yaml:7:16: variable DATABASE_PATH: default: sh and docker compose read it differently; do without ', and without \\ at the end",
		}},
		{"example that sh and compose read differently", "background/feature.yaml", `example: "localhost:1"`, `example: '\\x\'`, []string{
			"background/feature.yaml:8:40: variable BACKGROUND_ADDR: example: sh and docker compose read it differently; do without ', and without \\ at the end",
		}},
		{"variable of two", "sqlite/feature.yaml", "DATABASE_PATH", "HTTP_ADDR", []string{
			"sqlite/feature.yaml:6:13: variable HTTP_ADDR: base has it, too (base/feature.yaml:20:13), and both can be selected together; rename one, or let them exclude each other",
		}},
		{"name of a field", "sqlite/feature.yaml", "field: Database", "field: database", []string{
			`sqlite/feature.yaml:10:13: field "database": no name of an exported field`,
			"sqlite/feature.yaml:15:19: input cfg.Database: no feature gives it; did you mean cfg.database?",
		}},
		{"type of a field", "sqlite/feature.yaml", "database.Config", "'map[string]string'", []string{
			`sqlite/feature.yaml:10:29: type "map[string]string": package.Name is expected`,
		}},
		{"field of two", "audit/feature.yaml", "requires:", "config: [{field: HTTP, type: x.Config, import: internal/x}]\nrequires:", []string{
			"audit/feature.yaml:3:18: config field HTTP: base has it, too (base/feature.yaml:16:13), and both can be selected together; rename one, or let them exclude each other",
		}},
		{"name of a step", "orders/feature.yaml", "name: orders", `name: "orders: %w"`, []string{
			`orders/feature.yaml:5:11: step "orders: %w": no name; use words of a-z and 0-9`,
		}},
		{"call that is Go", "orders/feature.yaml", "call: order.NewService", `call: "order.NewService(1).With"`, []string{
			`orders/feature.yaml:7:11: call "order.NewService(1).With": package.Name is expected`,
		}},
		{"import that is none", "orders/feature.yaml", "import: internal/order\n", "import: ../order\n", []string{
			`orders/feature.yaml:6:13: import "../order": no import path; a directory of the project, or a package elsewhere, is expected`,
		}},
		{"input that is Go", "orders/feature.yaml", "[store, log]", `[store, "nil"]`, []string{
			"orders/feature.yaml:8:21: input nil: no feature gives it; known are cfg, cfg.Background, cfg.Database, cfg.HTTP, ctx, db, dialect, log, mapper, orders, parts, queue, router, server, store",
		}},
		{"input that is an expression", "orders/feature.yaml", "[store, log]", `[store, "log.With(1)"]`, []string{
			`orders/feature.yaml:8:21: input "log.With(1)": the name of an output, or cfg.Field, is expected; no Go is written here`,
		}},
		{"input that nobody gives", "orders/feature.yaml", "[store, log]", "[stoer, log]", []string{
			"orders/feature.yaml:8:14: input stoer: no feature gives it; did you mean store?",
		}},
		{"field that nobody gives", "background/feature.yaml", "cfg.Background", "cfg.Bakground", []string{
			"background/feature.yaml:15:14: input cfg.Bakground: no feature gives it; did you mean cfg.Background?",
		}},
		{"output that is Go", "orders/feature.yaml", "[orders]", "[orders.x]", []string{
			`orders/feature.yaml:9:15: output "orders.x": no name of a Go variable`,
			"orders/feature.yaml:14:22: input orders: no feature gives it; did you mean orders.x?",
		}},
		{"output that exists", "orders/feature.yaml", "outputs: [orders]", "outputs: [log, orders]", []string{
			"orders/feature.yaml:9:15: output log: exists before the first step; find another name",
		}},
		{"output like a package", "orders/feature.yaml", "outputs: [orders]", "outputs: [order, orders]", []string{
			"orders/feature.yaml:9:15: output order: would hide the package of this name; find another",
		}},
		{"method that is none", "sqlite/feature.yaml", "check: Ping", "check: db.Ping()", []string{
			`sqlite/feature.yaml:19:12: check "db.Ping()": no name of a method`,
		}},
		{"method of nothing", "audit/feature.yaml", "fallible: true", "run: Run", []string{
			"audit/feature.yaml:6:64: run Run: a method of the first output, and there is none; name the outputs",
		}},
		{"output of two", "background/feature.yaml", "outputs: [queue]", "outputs: [queue, server]", []string{
			"background/feature.yaml:16:22: output server: base has it, too (base/feature.yaml:37:15), and both can be selected together; rename one, or let them exclude each other",
		}},
		{"two packages of one name", "background/feature.yaml", "call: background.NewQueue", "call: httpserver.NewQueue", []string{
			"background/feature.yaml:13:13: wiring package httpserver: base has it, too (base/feature.yaml:30:13), and both can be selected together; rename one, or let them exclude each other",
		}},
		{"moved from what no path is", "background/feature.yaml", "internal/worker/worker.go", "../worker.go", []string{
			"background/feature.yaml:27:23: ../worker.go: no path that every system can have; use letters, digits, - _ and .",
		}},
		{"moved to nowhere", "background/feature.yaml", "internal/background/background.go}", "internal/background/queue.go}", []string{
			"background/feature.yaml:27:36: moved internal/worker/worker.go: background has no file internal/background/queue.go",
		}},
		{"moved from where a file is", "background/feature.yaml", "internal/worker/worker.go", "internal/order/order.go", []string{
			"background/feature.yaml:27:34: path internal/order/order.go: orders has it, too (orders/files/internal/order/order.go.tmpl), and both can be selected together; rename one, or let them exclude each other",
		}},

		// Templates
		{"logic in a template", "chi/files/x.txt.tmpl", "", "a\n  {{if .Service}}b{{end}}\n{{range .Module}}{{end}}", []string{
			"chi/files/x.txt.tmpl:2:3: if: templates decide nothing; let a feature own the file, or contribute to a list",
			"chi/files/x.txt.tmpl:3:1: range: only index files list what features contribute; if this is one, name it in base's index",
		}},
		{"CRLF", "chi/files/x.md.tmpl", "", "a\nb\r\n", []string{
			"chi/files/x.md.tmpl:2: no text that is the same everywhere; a template is UTF-8 without a mark at its beginning, and its lines end in \\n; what is copied as it is ends in .raw",
		}},
		{"byte order mark", "chi/files/x.md.tmpl", "", "\ufeffa\n", []string{
			"chi/files/x.md.tmpl:1: no text that is the same everywhere; a template is UTF-8 without a mark at its beginning, and its lines end in \\n; what is copied as it is ends in .raw",
		}},
		{"NUL", "chi/files/x.md.tmpl", "", "a\n\nb\x00", []string{
			"chi/files/x.md.tmpl:3: no text that is the same everywhere; a template is UTF-8 without a mark at its beginning, and its lines end in \\n; what is copied as it is ends in .raw",
		}},
		{"no UTF-8", "chi/files/x.md.tmpl", "", "\xff\n", []string{
			"chi/files/x.md.tmpl:1: no text that is the same everywhere; a template is UTF-8 without a mark at its beginning, and its lines end in \\n; what is copied as it is ends in .raw",
		}},
		{"logic in an index file", "base/files/README.md.tmpl", "{{range .Lists.try}}", "{{range $i, $x := .Lists.try}}{{else}}", []string{
			"base/files/README.md.tmpl:2:1: $i: templates have no variables; print the value where it is",
			"base/files/README.md.tmpl:2:31: else: a list without items prints nothing",
		}},
		{"logic in a contribution", "orders/feature.yaml", "curl localhost:8080/orders", "{{if .Service}}curl{{end}}", []string{
			"orders/feature.yaml:20:7: if: templates decide nothing; let a feature own the file, or contribute to a list",
		}},
		{"contribution that prints what is not there", "sqlite/feature.yaml", "in {{.Module}}", "in {{.Env}}", []string{
			"sqlite/feature.yaml:8:12: .Env: unknown name; there are .Service and .Module",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(t)
			if c.old == "" {
				f.write(c.file, c.new)
			} else {
				f.replace(c.file, c.old, c.new)
			}
			_, err := Load(f.files)
			lines(t, err, c.want...)
		})
	}
}

// Whatever is wrong, all of it is reported, in the order of the files.
func TestLoad_ReportsEverythingAtOnce(t *testing.T) {
	f := newFixture(t)
	f.write("chi/files/x.tmpl~", "")
	f.write("chi/files/y.tmpl", "\n{{if .Service}}{{end}}\n{{.Env | env}}")
	f.replace("background/feature.yaml", "summary:", "sumnary:")
	f.replace("background/feature.yaml", "secret: true", "secret: perhaps")
	f.replace("audit/feature.yaml", "[background]", "[bckground]")
	f.replace("memory/feature.yaml", "[orders]", "[odrers]")
	f.replace("sqlite/modules.lock", "require", "needs")
	f.replace("slots.yaml", "default: stdlib", "default: gin")
	f.replace("sqlite/feature.yaml", "title: SQLite", "title: [")
	_, err := Load(f.files)
	lines(t, err, strings.Split(strings.TrimSpace(`
audit/feature.yaml:3:12: requires bckground: there is no such feature; did you mean background?
background/feature.yaml:1:1: summary: one line of plain text is needed
background/feature.yaml:2:1: sumnary: unknown key; did you mean summary?
background/feature.yaml:7:38: perhaps: neither true nor false
chi/files/x.tmpl~: unknown kind of file; a template ends in .tmpl, what is copied as it is in .raw
chi/files/y.tmpl:2:1: if: templates decide nothing; let a feature own the file, or contribute to a list
chi/files/y.tmpl:3:1: .Env: unknown name; there are .Service and .Module
chi/files/y.tmpl:3:1: env: no function of templates; known are camelcase, indent, join, kebabcase, lower, nindent, printf, quote, replace, snakecase, trim, trunc, upper
memory/feature.yaml:3:17: when sample odrers: no such value; did you mean orders?
slots.yaml:4:12: slot router: default gin: no value of this slot; known are chi, stdlib
sqlite/feature.yaml:3:5: did not find expected ',' or ']'
sqlite/modules.lock:2: "needs": a line begins with go, require, sum or with`), "\n")...)
}

// What base says that there is one of, two features that can be selected
// together do not both give.
func TestLoad_RejectsWhatIsToBeUnique(t *testing.T) {
	f := newFixture(t)
	f.replace("base/feature.yaml", "given: [ctx,", "unique: {layout: [path, text], try: [x], mounts: [path]}\n  given: [ctx,")
	_, err := Load(f.files)
	lines(t, err,
		"base/feature.yaml:14:40: unique try: its items have no key x; nothing is known here",
		"base/feature.yaml:14:44: unique mounts: there is no such list; known are compose_environment, layout, try",
	)

	f.replace("base/feature.yaml", ", try: [x], mounts: [path]", "")
	loaded(t, f.files)
	f.replace("orders/feature.yaml", "the sample", "work after the answer")
	f.write("sqlite/feature.yaml", string(f.files["sqlite/feature.yaml"].Data)+"adds: {layout: [{path: a, text: b}, {path: a, text: c}]}\n")
	f.write("orders-orm/feature.yaml", string(f.files["orders-orm/feature.yaml"].Data)+"adds: {layout: [{path: x, text: y}]}\n")
	f.write("orders-sql/feature.yaml", string(f.files["orders-sql/feature.yaml"].Data)+"adds: {layout: [{path: x, text: y}]}\n")
	_, err = Load(f.files)
	lines(t, err,
		"background/feature.yaml:23:45: layout text work after the answer: orders has it, too (orders/feature.yaml:18:13), and both can be selected together; rename one, or let them exclude each other",
		"sqlite/feature.yaml:20:44: layout path a: sqlite has it, too (sqlite/feature.yaml:20:24), and both can be selected together; rename one, or let them exclude each other",
	)
}

func TestLoad_RejectsWhatIsMissing(t *testing.T) {
	f := newFixture(t)
	delete(f.files, "base/modules.lock")
	f.files["chi/files/link.raw"] = &fstest.MapFile{Mode: fs.ModeSymlink, Data: []byte("/etc/passwd")}
	_, err := Load(f.files)
	lines(t, err, "base/modules.lock: missing; it says, too, which Go a project needs", "chi/files/link.raw: not a regular file; put a copy there")

	_, err = Load(fstest.MapFS{})
	lines(t, err, "base: missing; it is the feature that is always there and has the index files")
}
