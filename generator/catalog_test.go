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
		"base", "chi", "stdlib", "orders", "sqlite", "orders-memory", "orm", "sql", "orders-orm", "orders-sql", "audit", "background",
	}
	if !slices.Equal(names, want) {
		t.Errorf("features are in the order %v", names)
	}
	if got, want := fmt.Sprint(c.Slots), "[{router Router Which router? stdlib false  [chi stdlib]}"+
		" {sample Sample With a sample to replace? orders true  [orders none]}"+
		" {database Database Which database? none true  [sqlite none]}"+
		" {store Store How is the database used? sql false a database [orm sql]}]"; got != want {
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
		{"editor's backup", "router/chi/files/x.tmpl~", "", "x", []string{
			"router/chi/files/x.tmpl~: unknown kind of file; name a template .tmpl, and a file that is copied byte for byte .raw",
		}},
		{"editor's swap file", "router/chi/files/.x.tmpl.swp", "", "x", []string{
			"router/chi/files/.x.tmpl.swp: unknown kind of file; name a template .tmpl, and a file that is copied byte for byte .raw",
		}},
		{"stray file in a feature", "router/chi/notes.txt", "", "x", []string{
			"router/chi/notes.txt: unknown file; a catalog has slots.yaml, areas.yaml, modules.lock and, for each feature, SLOT/NAME, feature/NAME or shared/NAME with feature.yaml and files/",
		}},
		{"stray file in the root", "notes.md", "", "x", []string{
			"notes.md: unknown file; a catalog has slots.yaml, areas.yaml, modules.lock and, for each feature, SLOT/NAME, feature/NAME or shared/NAME with feature.yaml and files/",
		}},
		{"folder that is no feature", "router/old/files/x.tmpl", "", "x", []string{
			"router/old/feature.yaml: missing; every folder of a catalog is a feature",
		}},
		{"go.mod of a feature", "router/chi/files/go.mod.tmpl", "", "x", []string{
			"router/chi/files/go.mod.tmpl: go.mod: otelgen writes this file itself, from what the other files say; remove it",
		}},
		{"otelgen's own records", "router/chi/files/.otelgen/x.raw", "", "x", []string{
			"router/chi/files/.otelgen/x.raw: .otelgen/x: otelgen writes this file itself, from what the other files say; remove it",
		}},
		{"path that Windows lacks", "router/chi/files/a:b.raw", "", "x", []string{
			"router/chi/files/a:b.raw: a:b: not a path that every system supports; use letters, digits, - _ and .",
		}},
		{"go.mod by another case", "router/chi/files/Go.mod.tmpl", "", "x", []string{
			"router/chi/files/Go.mod.tmpl: Go.mod: otelgen writes this file itself, from what the other files say; remove it",
		}},
		{"git's own records", "router/chi/files/sub/.Git/config.raw", "", "x", []string{
			"router/chi/files/sub/.Git/config.raw: sub/.Git/config: belongs to git; find another path",
		}},
		{"otelgen's own directory", "router/chi/files/.otelgen.raw", "", "x", []string{
			"router/chi/files/.otelgen.raw: .otelgen: belongs to otelgen's own records; find another path",
		}},
		{"same output but for its case", "router/chi/files/readme.md.raw", "", "x", []string{
			"router/chi/files/readme.md.raw: path readme.md: base has it, too (shared/base/files/README.md.tmpl), and both can be selected together; rename one, or let them exclude each other",
		}},
		{"same directory but for its case", "database/sqlite/files/internal/Config/x.raw", "", "x", []string{
			"database/sqlite/files/internal/Config/x.raw: path internal/Config: base has it, too (shared/base/files/internal/config/config.go.tmpl), and both can be selected together; rename one, or let them exclude each other",
		}},
		{"file where another has a directory", "feature/audit/files/cmd.raw", "", "x", []string{
			"feature/audit/files/cmd.raw: path cmd: base has it, too (shared/base/files/cmd/__service__/main.go.tmpl), and both can be selected together; rename one, or let them exclude each other",
			"feature/audit/files/cmd/__service__/audit.go.raw: path cmd: audit has it, too (feature/audit/files/cmd.raw), and both can be selected together; rename one, or let them exclude each other",
		}},
		{"directory where another has a file", "feature/audit/files/README.md/x.raw", "", "x", []string{
			"feature/audit/files/README.md/x.raw: path README.md: base has it, too (shared/base/files/README.md.tmpl), and both can be selected together; rename one, or let them exclude each other",
		}},
		{"lock that is none", "modules.lock", "package example.com/env", "needs", []string{
			`modules.lock:6: "needs": a line begins with go, module, sum, mod, require, graph, package, testing, import or test`,
		}},
		{"a lock that is incomplete", "modules.lock", "import example.com/glue", "import example.com/oil", []string{
			"modules.lock: package example.com/queue: needs example.com/oil, which is not here; run make lock",
		}},
		{"lock of a feature", "router/chi/modules.lock", "", "go 1.26.0\n", []string{
			"router/chi/modules.lock: unknown file; a catalog has slots.yaml, areas.yaml, modules.lock and, for each feature, SLOT/NAME, feature/NAME or shared/NAME with feature.yaml and files/",
		}},
		{"import that the lock does not know", "router/chi/files/internal/httpserver/router.go.tmpl", `"github.com/go-chi/chi/v5"`, `"github.com/go-chi/chi/v6"`, []string{
			"router/chi/files/internal/httpserver/router.go.tmpl:3: feature chi imports github.com/go-chi/chi/v6, which modules.lock does not know; add it to testdata/pins and run make lock",
		}},
		{"import of a field that the lock does not know", "shared/base/feature.yaml", "import: internal/httpserver}", "import: example.com/httpserver}", []string{
			"shared/base/feature.yaml:17:52: feature base imports example.com/httpserver, which modules.lock does not know; add it to testdata/pins and run make lock",
		}},
		{"import of a step that the lock does not know", "shared/base/feature.yaml", "import: internal/httpserver\n    call: httpserver.NewRouter", "import: example.com/httpserver\n    call: httpserver.NewRouter", []string{
			"shared/base/feature.yaml:31:13: feature base imports example.com/httpserver, which modules.lock does not know; add it to testdata/pins and run make lock",
		}},
		{"same output twice in a feature", "router/chi/files/internal/httpserver/router.go.raw", "", "x", []string{
			"router/chi/files/internal/httpserver/router.go.tmpl: path internal/httpserver/router.go: chi has it, too (router/chi/files/internal/httpserver/router.go.raw), and both can be selected together; rename one, or let them exclude each other",
		}},
		{"same output in two that go together", "database/sqlite/files/internal/httpserver/router.go.raw", "", "x", []string{
			"database/sqlite/files/internal/httpserver/router.go.raw: path internal/httpserver/router.go: chi has it, too (router/chi/files/internal/httpserver/router.go.tmpl), and both can be selected together; rename one, or let them exclude each other",
			"database/sqlite/files/internal/httpserver/router.go.raw: path internal/httpserver/router.go: stdlib has it, too (router/stdlib/files/internal/httpserver/router.go.tmpl), and both can be selected together; rename one, or let them exclude each other",
		}},

		// YAML
		{"syntax", "router/chi/feature.yaml", "title: chi", "title: [chi", []string{
			"router/chi/feature.yaml:2:8: the list that begins with [ does not end; add a ], or a comma between the items",
		}},
		{"syntax of what everything hangs on", "shared/base/feature.yaml", "title: Base", "title: [Base", []string{
			"shared/base/feature.yaml:2:7: the list that begins with [ does not end; add a ], or a comma between the items",
		}},
		{"empty", "router/chi/feature.yaml", "", "", []string{
			"router/chi/feature.yaml: the file is empty; restore it, for example from git, or write it",
		}},
		{"unknown key", "router/chi/feature.yaml", "summary:", "sumnary:", []string{
			"router/chi/feature.yaml:1:1: summary: one line of plain text is needed",
			"router/chi/feature.yaml:2:1: sumnary: there is no such key; did you mean summary?",
		}},
		{"unknown key inside", "sample/orders/feature.yaml", "fallible:", "falible:", []string{
			"sample/orders/feature.yaml:9:5: falible: there is no such key; did you mean fallible?",
		}},
		{"unknown key of a slot", "slots.yaml", "question:", "ask:", []string{
			"slots.yaml:1:3: question: one line of plain text is needed",
			"slots.yaml:3:3: ask: there is no such key; choose default, name, optional, question, title or when",
		}},
		{"key twice", "router/chi/feature.yaml", "summary:", "title: chi\nsummary:", []string{
			"router/chi/feature.yaml:2:1: title: the key is in line 1 already; remove one of them",
		}},
		{"list for a value", "router/chi/feature.yaml", "title: chi", "title: [chi]", []string{
			"router/chi/feature.yaml:1:1: title: one line of plain text is needed",
			"router/chi/feature.yaml:1:8: title: it is a list (- item); write a single value",
		}},
		{"value for a list", "feature/audit/feature.yaml", "[background]", "background", []string{
			"feature/audit/feature.yaml:3:11: requires: it is a single value; write a list (- item)",
		}},
		{"no bool", "sample/orders/feature.yaml", "fallible: true", "fallible: perhaps", []string{
			"sample/orders/feature.yaml:9:15: perhaps: not a boolean; use true or false",
		}},
		{"list as an item", "sample/orders/feature.yaml", "- |\n      curl", "- [x]\n    - |\n      curl", []string{
			"sample/orders/feature.yaml:19:7: an item is a text or a mapping",
		}},
		{"key of an item twice", "sample/orders/feature.yaml", "text: the sample", "text: the sample\n      text: once more", []string{
			"sample/orders/feature.yaml:16:7: text: an item has each key once, and a text for it",
		}},
		{"list in an item", "sample/orders/feature.yaml", "text: the sample", "text: [the, sample]", []string{
			"sample/orders/feature.yaml:16:7: text: an item has each key once, and a text for it",
		}},
		{"merged item", "sample/orders/feature.yaml", "text: the sample", "<<: {text: the sample}", []string{
			"sample/orders/feature.yaml:16:7: <<: an item has each key once, and a text for it",
		}},
		{"item by its alias", "sample/orders/feature.yaml", "- path: \"`internal/order`\"", "- &twice {path: x, text: x}\n    - *twice\n    - path: x", []string{
			"sample/orders/feature.yaml:17:7: layout: *twice is an alias, which is not possible here; write the value itself",
		}},
		{"null for a text", "sample/orders/feature.yaml", "text: the sample", "text:", []string{
			"sample/orders/feature.yaml:17:12: layout: a value is missing; write one",
		}},

		// Slots
		{"name of a slot", "slots.yaml", "name: router", "name: Router", []string{
			"router/chi: slot router: there is no such slot; did you mean Router?",
			"router/stdlib: slot router: there is no such slot; did you mean Router?",
			`slots.yaml:1:9: "Router" is not a valid name: use a letter, then a-z, 0-9 and single hyphens, and none of the words none, any, on, off`,
			"slots.yaml:4:12: slot Router: default stdlib is not a value of this slot; there is nothing to choose from",
		}},
		{"slot twice", "slots.yaml", "name: store", "name: database", []string{
			"slots.yaml:15:9: slot database: declared twice; remove one",
			"slots.yaml:18:12: slot database: default sql is not a value of this slot; choose none or sqlite",
			"store/orm: slot store: there is no such slot; choose database, feature, router, sample or shared",
			"store/sql: slot store: there is no such slot; choose database, feature, router, sample or shared",
		}},
		{"slot like a feature", "slots.yaml", "- name: router", "- {name: audit, title: x, question: x, default: none, optional: true}\n- name: router", []string{
			"slots.yaml:1:10: slot audit: a feature has this name, too; conditions could not tell them apart",
		}},
		{"default that is no value", "slots.yaml", "default: sql", "default: sqll", []string{
			"slots.yaml:18:12: slot store: default sqll is not a value of this slot; did you mean sql?",
		}},
		{"none as default of what has to be", "slots.yaml", "default: stdlib", "default: none", []string{
			"slots.yaml:4:12: slot router: default none is not a value of this slot; choose chi or stdlib",
		}},
		{"condition on a slot below", "slots.yaml", "optional: true", "optional: true\n  when: {store: [sql]}", []string{
			"slots.yaml:10:10: when store: not one of the slots above; choose router",
		}},
		{"condition on an unknown value", "slots.yaml", "[any]", "[oracle]", []string{
			"slots.yaml:19:21: when database oracle: no such value; choose none or sqlite",
		}},

		// Areas
		{"area twice, without a title", "areas.yaml", "", "- {name: work, title: Work, question: x?}\n- {name: work, question: x?}\n", []string{
			"areas.yaml:2:3: title: one line of plain text is needed",
			"areas.yaml:2:10: area work: declared twice; remove one",
			"feature/audit/feature.yaml:1:1: area: missing; choose work",
			"feature/background/feature.yaml:1:1: area: missing; choose work",
		}},
		{"area that there is not", "feature/audit/feature.yaml", "summary:", "area: play\nsummary:", []string{
			"feature/audit/feature.yaml:2:7: area play: there is no such area; there is nothing to choose from",
		}},
		{"area of what is not optional", "router/chi/feature.yaml", "summary:", "area: work\nsummary:", []string{
			"router/chi/feature.yaml:2:7: area: only optional features have one; remove it, or move the folder below feature",
		}},

		// Features
		{"reserved name", "feature/none/feature.yaml", "", "title: x\nsummary: x\n", []string{
			`feature/none: "none" is not a valid name: use a letter, then a-z, 0-9 and single hyphens, and none of the words none, any, on, off`,
		}},
		{"other words that are none", "router/chi/feature.yaml", "summary:", "also: [go chi, go-chi, stdlib]\nsummary:", []string{
			"router/chi/feature.yaml:2:8: also go chi: not a word that can be typed as a name; use lower-case letters, digits and hyphens",
			"router/chi/feature.yaml:2:24: also stdlib: it is the name of a feature; remove it",
		}},
		{"no title", "router/chi/feature.yaml", "title: chi\n", "", []string{
			"router/chi/feature.yaml:1:1: title: one line of plain text is needed",
		}},
		{"unknown slot", "roter/gin/feature.yaml", "", "title: gin\nsummary: x\n", []string{
			"roter/gin: slot roter: there is no such slot; did you mean router?",
		}},
		{"always of what is chosen", "router/chi/feature.yaml", "summary:", "always: true\nsummary:", []string{
			"router/chi/feature.yaml:2:9: always: only features below shared are selected always; remove it, or move the folder",
		}},
		{"condition of what is chosen", "router/chi/feature.yaml", "summary:", "when: {sample: [orders]}\nsummary:", []string{
			"router/chi/feature.yaml:2:1: when: only optional features and joints have a condition; remove it, or move the folder below what it joins",
		}},
		{"joint without a reason", "sample/orders/memory/feature.yaml", "reason: only who has orders and no database needs it\n", "", []string{
			"sample/orders/memory/feature.yaml:3:1: reason: missing; say why no seam can replace this joint",
		}},
		{"reason without a joint", "feature/audit/feature.yaml", "requires:", "reason: x\nrequires:", []string{
			"feature/audit/feature.yaml:3:9: reason: only joints have one; remove it, or move the folder below what it joins",
		}},
		{"joint of nothing", "sample/orders/memory/feature.yaml", "{database: [none]}", "{}", []string{
			"sample/orders/memory/feature.yaml:3:1: when: missing; without a condition the files belong to orders",
		}},
		{"joint of an unknown slot", "sample/orders/memory/feature.yaml", "database:", "dtabase:", []string{
			"sample/orders/memory/feature.yaml:3:8: when dtabase: not one of the slots and optional features; did you mean database?",
		}},
		{"joint of an unknown value", "sample/orders/memory/feature.yaml", "[none]", "[postgres]", []string{
			"sample/orders/memory/feature.yaml:3:19: when database postgres: no such value; choose none or sqlite",
		}},
		{"joint without values", "sample/orders/memory/feature.yaml", "[none]", "[]", []string{
			"sample/orders/memory/feature.yaml:3:8: when database: without values it never holds; choose none or sqlite",
		}},
		{"any of an optional feature", "sample/orders/memory/feature.yaml", "database: [none]", "database: [none], audit: [any]", []string{
			"sample/orders/memory/feature.yaml:3:34: when audit any: no such value; choose off or on",
		}},
		{"joint that requires", "sample/orders/memory/feature.yaml", "reason:", "requires: [audit]\nreason:", []string{
			"sample/orders/memory/feature.yaml:4:12: requires audit: nobody chooses orders-memory, so it can require only hidden features; say it in the features that need it",
		}},
		{"unknown requirement", "feature/audit/feature.yaml", "[background]", "[backround]", []string{
			"feature/audit/feature.yaml:3:12: requires backround: there is no such feature; did you mean background?",
		}},
		{"required joint", "feature/audit/feature.yaml", "[background]", "[orders-memory]", []string{
			"feature/audit/feature.yaml:3:12: requires orders-memory: nobody can choose it; name what can be chosen: chi, stdlib, orders, sqlite, orm, sql, audit, background",
		}},
		{"requires itself", "feature/audit/feature.yaml", "[background]", "[audit]", []string{
			"feature/audit/feature.yaml:3:12: requires audit: itself; remove it",
		}},
		{"conflicts with itself", "feature/audit/feature.yaml", "[orm]", "[audit]", []string{
			"feature/audit/feature.yaml:4:13: conflicts audit: itself; remove it",
		}},
		{"conflicts with what it requires", "feature/audit/feature.yaml", "[orm]", "[background]", []string{
			"feature/audit/feature.yaml:4:13: conflicts background: required as well; remove one",
		}},
		{"circle of requirements", "feature/background/feature.yaml", "summary:", "requires: [audit]\nsummary:", []string{
			"feature/background/feature.yaml:2:12: requires audit: a circle, audit -> background -> audit; remove one of these requirements",
		}},
		{"excludes itself", "feature/background/feature.yaml", "summary:", "conflicts: [audit]\nsummary:", []string{
			"feature/audit/feature.yaml:1:1: audit: can never be selected: what it needs excludes itself",
		}},
		{"excludes itself by a slot", "feature/audit/feature.yaml", "[background]", "[chi, stdlib]", []string{
			"feature/audit/feature.yaml:1:1: audit: can never be selected: what it needs excludes itself",
		}},

		// Contributions
		{"index of a file that is not there", "router/chi/feature.yaml", "summary:", "index: {files: [x]}\nsummary:", []string{
			"router/chi/feature.yaml:2:17: index x: chi has no files/x.tmpl",
		}},
		{"index without a file", "shared/base/feature.yaml", "- README.md", "- README.txt", []string{
			"shared/base/feature.yaml:10:7: index README.txt: base has no files/README.txt.tmpl",
			"shared/base/files/README.md.tmpl:2:1: range: only index files list what features contribute; if this is one, name it in the feature's index",
			"shared/base/files/README.md.tmpl:7:1: range: only index files list what features contribute; if this is one, name it in the feature's index",
		}},
		{"name of a list", "shared/base/feature.yaml", "try: text", "try-it: text", []string{
			"feature/background/feature.yaml:24:3: list try: no feature declares it; choose compose_environment, layout or try-it",
			"sample/orders/feature.yaml:18:3: list try: no feature declares it; choose compose_environment, layout or try-it",
			`shared/base/feature.yaml:14:13: list try-it: "try-it" cannot stand in a template; use a-z, 0-9 and _`,
			"shared/base/files/README.md.tmpl:2:1: list try: no feature declares it; choose compose_environment, layout or try-it",
			"shared/base/files/README.md.tmpl:3:1: list try: no feature declares it; choose compose_environment, layout or try-it",
		}},
		{"given that is no name", "shared/base/feature.yaml", "given: [ctx,", "given: [ctx.x,", []string{
			"database/sqlite/feature.yaml:14:14: input ctx: no feature provides it; choose cfg, cfg.Background, cfg.Database, cfg.HTTP, ctx.x, db, dialect, log, mapper, orders, parts, queue, router, server or store",
			"feature/audit/feature.yaml:6:46: input ctx: no feature provides it; choose cfg, cfg.Background, cfg.Database, cfg.HTTP, ctx.x, db, dialect, log, mapper, orders, parts, queue, router, server or store",
			"shared/base/feature.yaml:15:11: given ctx.x: not the name of a Go variable",
			"shared/base/feature.yaml:37:14: input ctx: no feature provides it; choose cfg, cfg.Background, cfg.Database, cfg.HTTP, ctx.x, db, dialect, log, mapper, orders, parts, queue, router, server or store",
		}},
		{"file once that is not there", "router/chi/feature.yaml", "summary:", "once: [x.go]\nsummary:", []string{
			"router/chi/feature.yaml:2:8: once x.go: chi has no file x.go",
		}},
		{"type that is Go", "shared/base/feature.yaml", "outputs: [router]", "outputs: [router]\n    type: \"[]int\"", []string{
			`shared/base/feature.yaml:34:11: type "[]int": not of the form package.Name or *package.Name`,
			"shared/base/feature.yaml:34:11: type []int: only members of a group have a type; name the group in into",
		}},
		{"literal that can fail", "shared/base/feature.yaml", "outputs: [router]", "outputs: [router]\n    literal: true", []string{
			"shared/base/feature.yaml:34:14: literal httpserver.NewRouter: a struct of the wiring's own package, which cannot fail; remove import and fallible",
		}},
		{"unknown list", "sample/orders/feature.yaml", "layout:", "layuot:", []string{
			"sample/orders/feature.yaml:15:3: list layuot: no feature declares it; did you mean layout?",
		}},
		{"key of an item", "sample/orders/feature.yaml", "text: the sample", "txt: the sample", []string{
			"sample/orders/feature.yaml:16:7: list layout: an item has the keys path, text; this one has the keys path, txt",
		}},
		{"text for a mapping", "sample/orders/feature.yaml", "- path: \"`internal/order`\"\n      text: the sample", "- the sample", []string{
			"sample/orders/feature.yaml:16:7: list layout: an item has the keys path, text; this one is a text",
		}},
		{"mapping for a text", "sample/orders/feature.yaml", "- |\n      curl localhost:8080/orders", "- {text: curl}", []string{
			"sample/orders/feature.yaml:19:7: list try: an item is a text; this one has the keys text",
		}},
		{"name of a variable", "database/sqlite/feature.yaml", "DATABASE_PATH", "database-path", []string{
			`database/sqlite/feature.yaml:5:13: variable "database-path": not the name of an environment variable; use A-Z, 0-9 and _`,
		}},
		{"secret with a default", "feature/background/feature.yaml", "secret: true", "secret: true, default: x", []string{
			`feature/background/feature.yaml:7:38: variable BACKGROUND_KEY: a secret has no value before "make env"; remove default, development and example`,
		}},
		{"default and example", "feature/background/feature.yaml", `example: "`, `default: x, example: "`, []string{
			"feature/background/feature.yaml:8:52: variable BACKGROUND_ADDR: an example is shown only where there is no default; remove one",
		}},
		{"default of two lines", "database/sqlite/feature.yaml", "{{.Service}}.db", "a\\nb", []string{
			`database/sqlite/feature.yaml:6:16: variable DATABASE_PATH: default: "a\nb" is not of the kind line: use one line of text`,
		}},
		{"default that sh and compose read differently", "database/sqlite/feature.yaml", "{{.Service}}.db", "it's", []string{
			"database/sqlite/feature.yaml:6:16: variable DATABASE_PATH: default: sh and docker compose read it differently; do without ', and without \\ at the end",
		}},
		{"example that sh and compose read differently", "feature/background/feature.yaml", `example: "localhost:1"`, `example: '\\x\'`, []string{
			"feature/background/feature.yaml:8:40: variable BACKGROUND_ADDR: example: sh and docker compose read it differently; do without ', and without \\ at the end",
		}},
		{"variable of two", "database/sqlite/feature.yaml", "DATABASE_PATH", "HTTP_ADDR", []string{
			"database/sqlite/feature.yaml:5:13: variable HTTP_ADDR: base has it, too (shared/base/feature.yaml:21:13), and both can be selected together; rename one, or let them exclude each other",
		}},
		{"name of a field", "database/sqlite/feature.yaml", "field: Database", "field: database", []string{
			`database/sqlite/feature.yaml:9:13: field "database": not the name of an exported field`,
			"database/sqlite/feature.yaml:14:19: input cfg.Database: no feature provides it; did you mean cfg.database?",
		}},
		{"type of a field", "database/sqlite/feature.yaml", "database.Config", "'map[string]string'", []string{
			`database/sqlite/feature.yaml:9:29: type "map[string]string": not of the form package.Name`,
		}},
		{"field of two", "feature/audit/feature.yaml", "requires:", "config: [{field: HTTP, type: x.Config, import: internal/x}]\nrequires:", []string{
			"feature/audit/feature.yaml:3:18: config field HTTP: base has it, too (shared/base/feature.yaml:17:13), and both can be selected together; rename one, or let them exclude each other",
		}},
		{"name of a step", "sample/orders/feature.yaml", "name: orders", `name: "orders: %w"`, []string{
			`sample/orders/feature.yaml:4:11: step "orders: %w" is not a valid name: use words of a-z and 0-9`,
		}},
		{"call that is Go", "sample/orders/feature.yaml", "call: order.NewService", `call: "order.NewService(1).With"`, []string{
			`sample/orders/feature.yaml:6:11: call "order.NewService(1).With": not of the form package.Name`,
		}},
		{"import that is none", "sample/orders/feature.yaml", "import: internal/order\n", "import: ../order\n", []string{
			`sample/orders/feature.yaml:5:13: import "../order": not an import path; name a directory of the project, or another package`,
		}},
		{"input that is Go", "sample/orders/feature.yaml", "[store, log]", `[store, "nil"]`, []string{
			"sample/orders/feature.yaml:7:21: input nil: no feature provides it; choose cfg, cfg.Background, cfg.Database, cfg.HTTP, ctx, db, dialect, log, mapper, orders, parts, queue, router, server or store",
		}},
		{"input that is an expression", "sample/orders/feature.yaml", "[store, log]", `[store, "log.With(1)"]`, []string{
			`sample/orders/feature.yaml:7:21: input "log.With(1)": not the name of an output, cfg.Field or GROUP...; Go expressions are not possible here`,
		}},
		{"input that nobody gives", "sample/orders/feature.yaml", "[store, log]", "[stoer, log]", []string{
			"sample/orders/feature.yaml:7:14: input stoer: no feature provides it; did you mean store?",
		}},
		{"field that nobody gives", "feature/background/feature.yaml", "cfg.Background", "cfg.Bakground", []string{
			"feature/background/feature.yaml:15:14: input cfg.Bakground: no feature provides it; did you mean cfg.Background?",
		}},
		{"output that is Go", "sample/orders/feature.yaml", "[orders]", "[orders.x]", []string{
			`sample/orders/feature.yaml:8:15: output "orders.x": not the name of a Go variable`,
			"sample/orders/feature.yaml:13:22: input orders: no feature provides it; did you mean orders.x?",
		}},
		{"output that exists", "sample/orders/feature.yaml", "outputs: [orders]", "outputs: [log, orders]", []string{
			"sample/orders/feature.yaml:8:15: output log: exists before the first step; choose another name",
		}},
		{"output like a package", "sample/orders/feature.yaml", "outputs: [orders]", "outputs: [order, orders]", []string{
			"sample/orders/feature.yaml:8:15: output order: would hide the package of this name; choose another name",
		}},
		{"method that is none", "database/sqlite/feature.yaml", "check: Ping", "check: db.Ping()", []string{
			`database/sqlite/feature.yaml:18:12: check "db.Ping()": not the name of a method`,
		}},
		{"method of nothing", "feature/audit/feature.yaml", "fallible: true", "run: Run", []string{
			"feature/audit/feature.yaml:6:64: run Run: the step has no output that could have this method; name the outputs",
		}},
		{"output of two", "feature/background/feature.yaml", "outputs: [queue]", "outputs: [queue, server]", []string{
			"feature/background/feature.yaml:16:22: output server: base has it, too (shared/base/feature.yaml:38:15), and both can be selected together; rename one, or let them exclude each other",
		}},
		{"two packages of one name", "feature/background/feature.yaml", "call: background.NewQueue", "call: httpserver.NewQueue", []string{
			"feature/background/feature.yaml:13:13: wiring package httpserver: base has it, too (shared/base/feature.yaml:31:13), and both can be selected together; rename one, or let them exclude each other",
		}},
		{"moved from what no path is", "feature/background/feature.yaml", "internal/worker/worker.go", "../worker.go", []string{
			"feature/background/feature.yaml:27:23: ../worker.go: not a path that every system supports; use letters, digits, - _ and .",
		}},
		{"moved to nowhere", "feature/background/feature.yaml", "internal/background/background.go}", "internal/background/queue.go}", []string{
			"feature/background/feature.yaml:27:36: moved internal/worker/worker.go: background has no file internal/background/queue.go",
		}},
		{"moved from where a file is", "feature/background/feature.yaml", "internal/worker/worker.go", "internal/order/order.go", []string{
			"feature/background/feature.yaml:27:34: path internal/order/order.go: orders has it, too (sample/orders/files/internal/order/order.go.tmpl), and both can be selected together; rename one, or let them exclude each other",
		}},

		// Kinds
		{"kind of a list that is none", "shared/base/feature.yaml", "try: text", "try: prose", []string{
			`shared/base/feature.yaml:14:10: list try: "prose" is not a kind of text; choose duration, identifier, line, number, path, text, url or word`,
		}},
		{"kind of a key that is none", "shared/base/feature.yaml", "{name: word, value: line}", "{name: wrd, value: line}", []string{
			`shared/base/feature.yaml:12:33: list compose_environment: "wrd" is not a kind of text; did you mean word?`,
		}},
		{"Go in an identifier", "shared/base/feature.yaml", "try: text", "try: identifier", []string{
			`feature/background/feature.yaml:25:7: list try: "Work in a goes on.\n" is not of the kind identifier: use a Go identifier, or package.Name`,
			`sample/orders/feature.yaml:19:7: list try: "curl localhost:8080/orders\n" is not of the kind identifier: use a Go identifier, or package.Name`,
		}},
		{"line break in a line", "sample/orders/feature.yaml", "text: the sample", `text: "x\n      privileged: true"`, []string{
			`sample/orders/feature.yaml:17:13: list layout: text: "x\n      privileged: true" is not of the kind line: use one line of text`,
		}},
		{"YAML that could mean more", "shared/base/files/compose.yaml.tmpl", "{{quote .value}}", "{{.value | upper}}", []string{
			"shared/base/files/compose.yaml.tmpl:7:18: list compose_environment: a line can be anything; print it into YAML or a Dockerfile only through quote",
		}},
		{"Go that could mean more", "shared/base/files/cmd/__service__/serve.go.tmpl", "{{range .Wiring.Steps}}", "{{range .Lists.compose_environment}}{{.name}}{{end}}{{range .Wiring.Steps}}", []string{
			"shared/base/files/cmd/__service__/serve.go.tmpl:18:37: list compose_environment: a word may be printed into Go code only through quote",
		}},
		{"list that is not declared", "shared/base/files/README.md.tmpl", "{{range .Lists.try}}", "{{range .Lists.tyr}}", []string{
			"shared/base/files/README.md.tmpl:2:1: list tyr: no feature declares it; did you mean try?",
			"shared/base/files/README.md.tmpl:3:1: list tyr: no feature declares it; did you mean try?",
		}},
		{"key that items do not have", "shared/base/files/README.md.tmpl", "{{.text}}", "{{.txt}}", []string{
			`shared/base/files/README.md.tmpl:8:15: list layout: an item has the keys path, text; this prints "txt"`,
		}},

		// Lists and groups of others
		{"list of two", "feature/audit/feature.yaml", "requires:", "index: {lists: {layout: text}}\nrequires:", []string{
			"feature/audit/feature.yaml:3:25: list layout: base declares it, too; add to that one, or rename one",
		}},
		{"list of a feature that need not be there", "shared/base/files/README.md.tmpl", "{{range .Lists.try}}", "{{range .Lists.audits}}", []string{
			"shared/base/files/README.md.tmpl:2:1: list audits: no feature declares it; choose compose_environment, layout or try",
			"shared/base/files/README.md.tmpl:3:1: list audits: no feature declares it; choose compose_environment, layout or try",
		}},
		{"group without stages", "feature/audit/feature.yaml", "requires:", "index: {groups: {x: []}}\nrequires:", []string{
			"feature/audit/feature.yaml:3:18: group x: no stages; name at least one",
		}},
		{"group that is not declared", "feature/background/feature.yaml", "outputs: [queue]", "outputs: [queue]\n    into: middleware.edge", []string{
			"feature/background/feature.yaml:17:11: into middleware.edge: no feature declares the group middleware; there is nothing to choose from",
		}},
		{"group as an input that is not declared", "sample/orders/feature.yaml", "[store, log]", "[store, log, listeners...]", []string{
			"sample/orders/feature.yaml:7:26: input listeners...: no feature declares the group listeners; there is nothing to choose from",
		}},

		// Joints
		{"joint of a folder that is no feature", "sample/people/memory/feature.yaml", "", "title: x\nsummary: x\nwhen: {database: [none]}\nreason: x\n", []string{
			"sample/people/memory: joint people-memory: sample/people is not a feature; a joint lies below what it joins",
		}},
		{"joint that says what its folder says", "sample/orders/memory/feature.yaml", "{database: [none]}", "{database: [none], sample: [orders]}", []string{
			"sample/orders/memory/feature.yaml:3:26: when sample: the folder says it already; remove it here",
		}},

		// Templates
		{"logic in a template", "router/chi/files/x.txt.tmpl", "", "a\n  {{if .Service}}b{{end}}\n{{range .Module}}{{end}}", []string{
			"router/chi/files/x.txt.tmpl:2:3: if: templates decide nothing; let a feature own the file, or contribute to a list",
			"router/chi/files/x.txt.tmpl:3:1: range: only index files list what features contribute; if this is one, name it in the feature's index",
		}},
		{"CRLF", "router/chi/files/x.md.tmpl", "", "a\nb\r\n", []string{
			"router/chi/files/x.md.tmpl:2: not portable text; a template is UTF-8 without a byte order mark, and its lines end in \\n; name a file that is copied byte for byte .raw",
		}},
		{"byte order mark", "router/chi/files/x.md.tmpl", "", "\ufeffa\n", []string{
			"router/chi/files/x.md.tmpl:1: not portable text; a template is UTF-8 without a byte order mark, and its lines end in \\n; name a file that is copied byte for byte .raw",
		}},
		{"NUL", "router/chi/files/x.md.tmpl", "", "a\n\nb\x00", []string{
			"router/chi/files/x.md.tmpl:3: not portable text; a template is UTF-8 without a byte order mark, and its lines end in \\n; name a file that is copied byte for byte .raw",
		}},
		{"no UTF-8", "router/chi/files/x.md.tmpl", "", "\xff\n", []string{
			"router/chi/files/x.md.tmpl:1: not portable text; a template is UTF-8 without a byte order mark, and its lines end in \\n; name a file that is copied byte for byte .raw",
		}},
		{"logic in an index file", "shared/base/files/README.md.tmpl", "{{range .Lists.try}}", "{{range $i, $x := .Lists.try}}{{else}}", []string{
			"shared/base/files/README.md.tmpl:2:1: $i: templates have no variables; print the value where it is",
			"shared/base/files/README.md.tmpl:2:31: else: a list without items prints nothing",
		}},
		{"logic in a contribution", "sample/orders/feature.yaml", "curl localhost:8080/orders", "{{if .Service}}curl{{end}}", []string{
			"sample/orders/feature.yaml:19:7: if: templates decide nothing; let a feature own the file, or contribute to a list",
		}},
		{"contribution that prints what is not there", "database/sqlite/feature.yaml", "in {{.Module}}", "in {{.Env}}", []string{
			"database/sqlite/feature.yaml:7:12: .Env: unknown name; there are .Service and .Module",
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

// A step joins a group at a stage, and who takes the group takes all of it in the
// order of the stages. Where the group is not there, neither is the step.
func TestGroups(t *testing.T) {
	f := newFixture(t)
	f.replace("sample/orders/feature.yaml", "wiring:", "index: {groups: {listeners: [first, second]}}\nwiring:")
	f.replace("sample/orders/feature.yaml", "[store, log]", "[store, log, listeners...]")
	f.replace("feature/background/feature.yaml", "outputs: [queue]", "outputs: [queue]\n    into: listeners.second")
	f.replace("feature/audit/feature.yaml", "queue", "log") // it would have no queue without orders
	f.write("feature/early/feature.yaml", `
title: x
summary: x
wiring:
  - {name: early, import: internal/early, call: early.New, outputs: [bird], into: listeners.first}
`)
	c := loaded(t, f.files)
	calls := func(spec Spec) []string {
		var all []string
		for line := range strings.Lines(string(rendered(t, c, spec)["cmd/shop/serve.go"])) {
			for _, name := range []string{"order.NewService(", "early.New("} {
				if i := strings.Index(line, name); i >= 0 {
					all = append(all, strings.TrimSpace(line[i:]))
				}
			}
		}
		return all
	}
	for _, test := range []struct {
		spec Spec
		want []string
	}{
		{shop(nil), []string{"order.NewService(store, log)"}},
		{shop(nil, "background"), []string{"order.NewService(store, log, queue)"}},
		{shop(nil, "background", "early"), []string{"early.New()", "order.NewService(store, log, bird, queue)"}},
		{shop(map[string]string{"sample": "none"}, "early"), nil},
	} {
		if got := calls(test.spec); !slices.Equal(got, test.want) {
			t.Errorf("%v %v: %q, want %q", test.spec.Slots, test.spec.Features, got, test.want)
		}
	}

	f.replace("feature/early/feature.yaml", "listeners.first", "listeners.third")
	_, err := Load(f.files)
	lines(t, err, "feature/early/feature.yaml:5:83: into listeners.third: not of the form GROUP.STAGE; the stages of listeners are first, second")
	f.replace("feature/early/feature.yaml", "listeners.third", "listeners.first")
	f.replace("feature/early/feature.yaml", "outputs: [bird], ", "")
	_, err = Load(f.files)
	lines(t, err, "feature/early/feature.yaml:5:66: into listeners.first: the step has no output that could join the group; name the outputs")

	f = newFixture(t)
	f.replace("sample/orders/feature.yaml", "wiring:", "index: {groups: {listeners: [first]}}\nwiring:")
	f.write("feature/zoo/feature.yaml", "title: x\nsummary: x\nindex: {groups: {listeners: [first]}}\n")
	_, err = Load(f.files)
	lines(t, err, "feature/zoo/feature.yaml:3:18: group listeners: orders declares it, too; join that one, or rename one")
}

// A fallback steps out for a step that has its outputs; two of a kind exclude
// each other as ever.
func TestFallback(t *testing.T) {
	f := newFixture(t)
	f.replace("sample/orders/feature.yaml", "wiring:", "wiring:\n  - {name: payments, import: internal/order, call: order.NewSandbox, outputs: [payments], fallback: true}")
	f.replace("sample/orders/feature.yaml", "[store, log]", "[store, payments, log]")
	f.write("feature/client/feature.yaml", `
title: x
summary: x
wiring:
  - {name: payments, import: internal/payment, call: payment.New, outputs: [payments], fallible: true}
`)
	c := loaded(t, f.files)
	for features, want := range map[string]string{"": "payments := order.NewSandbox()", "client": "payments, err := payment.New()"} {
		serve := string(rendered(t, c, shop(nil, strings.Fields(features)...))["cmd/shop/serve.go"])
		if !strings.Contains(serve, want) || strings.Count(serve, "payments") > 5 {
			t.Errorf("%q: no %s in\n%s", features, want, serve)
		}
	}
	f.write("feature/second/feature.yaml", string(f.files["feature/client/feature.yaml"].Data))
	_, err := Load(f.files)
	lines(t, err,
		"feature/second/feature.yaml:5:12: step payments: client has it, too (feature/client/feature.yaml:5:12), and both can be selected together; rename one, or let them exclude each other",
		"feature/second/feature.yaml:5:77: output payments: client has it, too (feature/client/feature.yaml:5:77), and both can be selected together; rename one, or let them exclude each other",
	)
}

// A step that wraps an output stands between it and all others that take it, and
// there is one of its kind.
func TestWraps(t *testing.T) {
	f := newFixture(t)
	const cache = "title: x\nsummary: x\nwiring:\n  - {name: cache, import: internal/cache, call: cache.New, inputs: [store, log], outputs: [cached], wraps: store}\n"
	f.write("sample/orders/quick/feature.yaml", "when: {quick: [on]}\nreason: x\n"+cache)
	f.write("feature/quick/feature.yaml", "title: x\nsummary: x\n")
	f.write("sample/orders/report/feature.yaml", "when: {quick: [on]}\nreason: x\ntitle: x\nsummary: x\nwiring:\n  - {name: report, import: internal/report, call: report.New, inputs: [store], unwrapped: true}\n")
	c := loaded(t, f.files)
	for features, want := range map[string]string{"": "order.NewService(store, log)", "quick": "order.NewService(cached, log)"} {
		serve := string(rendered(t, c, shop(nil, strings.Fields(features)...))["cmd/shop/serve.go"])
		if !strings.Contains(serve, want) || strings.Contains(serve, "cached := cache.New(store, log)") != (features != "") || strings.Contains(serve, "report.New(store)") != (features != "") {
			t.Errorf("%q: no %s in\n%s", features, want, serve)
		}
	}

	f.write("sample/orders/second/feature.yaml", "when: {quick: [on]}\nreason: x\n"+strings.NewReplacer("name: cache", "name: second", "[cached]", "[twice]").Replace(cache))
	_, err := Load(f.files)
	lines(t, err, "sample/orders/second/feature.yaml:6:108: wrapped output store: orders-quick has it, too (sample/orders/quick/feature.yaml:6:108), and both can be selected together; rename one, or let them exclude each other")
	delete(f.files, "sample/orders/second/feature.yaml")

	f.replace("sample/orders/quick/feature.yaml", "inputs: [store, log]", "inputs: [log]")
	_, err = Load(f.files)
	lines(t, err, "sample/orders/quick/feature.yaml:6:101: wraps: step cache takes no input store, or has not exactly one output; a step that wraps an input takes it, and has the output that replaces it")

	f.replace("sample/orders/quick/feature.yaml", "inputs: [log]", "inputs: [store, orders]")
	_, err = Load(f.files)
	lines(t, err, "sample/orders/feature.yaml:4:5: wiring: a circle, orders -> cache -> orders; each takes what the next provides; remove an input that one of them does not need")
}

// A hidden feature comes with those that require it, and an index file and a
// list can be anybody's. Items for a list that is not there are left out.
func TestHiddenFeatures(t *testing.T) {
	f := newFixture(t)
	f.write("shared/bus/feature.yaml", "title: x\nsummary: x\nindex: {files: [bus.md], lists: {topics: word}}\n")
	f.write("shared/bus/files/bus.md.tmpl", "{{range .Lists.topics}}{{.}} {{end}}\n")
	f.write("feature/kafka/feature.yaml", "title: x\nsummary: x\nrequires: [bus]\nadds: {topics: [kafka]}\n")
	f.write("feature/nats/feature.yaml", "title: x\nsummary: x\nrequires: [bus]\nadds: {topics: [nats]}\n")
	f.replace("sample/orders/feature.yaml", "adds:", "adds:\n  topics: [orders]")
	c := loaded(t, f.files)
	for features, want := range map[string]string{"": "", "nats": "orders nats \n", "kafka nats": "orders kafka nats \n"} {
		tree := rendered(t, c, shop(nil, strings.Fields(features)...))
		if got := string(tree["bus.md"]); got != want {
			t.Errorf("%q: %q, want %q", features, got, want)
		}
	}
	_, err := Resolve(c, shop(nil, "bus"))
	lines(t, err, "feature bus: it comes with the features that require it; leave it out")
}

// A file in a folder is there with its own feature and with the one that declares
// the folder. A folder has one owner, and no Go code of others.
func TestFolders(t *testing.T) {
	f := newFixture(t)
	f.write("feature/boards/feature.yaml", "title: x\nsummary: x\nindex: {folders: [boards]}\n")
	f.write("feature/boards/files/boards/start.raw", "start")
	f.write("feature/kafka/feature.yaml", "title: x\nsummary: x\n")
	f.write("feature/kafka/files/boards/kafka.raw", "kafka")
	c := loaded(t, f.files)
	for features, want := range map[string][2]string{"": {}, "kafka": {}, "boards": {"start"}, "boards kafka": {"start", "kafka"}} {
		tree := rendered(t, c, shop(nil, strings.Fields(features)...))
		if got := [2]string{string(tree["boards/start"]), string(tree["boards/kafka"])}; got != want {
			t.Errorf("%q: %q, want %q", features, got, want)
		}
		s, err := Resolve(c, shop(nil, strings.Fields(features)...))
		if err != nil {
			t.Fatal(err)
		}
		if owner := s.Owners()["boards/kafka"]; (owner != nil) != (want[1] != "") {
			t.Errorf("%q: boards/kafka is owned by %v", features, owner)
		}
	}

	f.write("feature/kafka/files/boards/kafka.go.raw", "package boards\n")
	f.write("feature/nats/feature.yaml", "title: x\nsummary: x\nindex: {folders: [boards, boards/nats]}\n")
	_, err := Load(f.files)
	lines(t, err,
		"feature/kafka/files/boards/kafka.go.raw: boards/kafka.go: Go code in the folder boards of boards; put it into a directory of its own",
		"feature/nats/feature.yaml:3:19: folder boards: boards declares it, too; add files to that one, or rename one",
		"feature/nats/feature.yaml:3:27: folder boards/nats: is in the folder boards of boards; choose another place")
}

// Whatever is wrong, all of it is reported, in the order of the files.
func TestLoad_ReportsEverythingAtOnce(t *testing.T) {
	f := newFixture(t)
	f.write("router/chi/files/x.tmpl~", "")
	f.write("router/chi/files/y.tmpl", "\n{{if .Service}}{{end}}\n{{.Env | env}}")
	f.replace("feature/background/feature.yaml", "summary:", "sumnary:")
	f.replace("feature/background/feature.yaml", "secret: true", "secret: perhaps")
	f.replace("feature/audit/feature.yaml", "[background]", "[bckground]")
	f.replace("sample/orders/memory/feature.yaml", "[none]", "[noone]")
	f.replace("modules.lock", "package example.com/env", "needs")
	f.replace("slots.yaml", "default: stdlib", "default: gin")
	f.replace("database/sqlite/feature.yaml", "title: SQLite", "title: [")
	_, err := Load(f.files)
	lines(t, err, strings.Split(strings.TrimSpace(`
database/sqlite/feature.yaml:3:4: the list that begins with [ does not end; add a ], or a comma between the items
feature/audit/feature.yaml:3:12: requires bckground: there is no such feature; did you mean background?
feature/background/feature.yaml:1:1: summary: one line of plain text is needed
feature/background/feature.yaml:2:1: sumnary: there is no such key; did you mean summary?
feature/background/feature.yaml:7:38: perhaps: not a boolean; use true or false
modules.lock:6: "needs": a line begins with go, module, sum, mod, require, graph, package, testing, import or test
router/chi/files/x.tmpl~: unknown kind of file; name a template .tmpl, and a file that is copied byte for byte .raw
router/chi/files/y.tmpl:2:1: if: templates decide nothing; let a feature own the file, or contribute to a list
router/chi/files/y.tmpl:3:1: .Env: unknown name; there are .Service and .Module
router/chi/files/y.tmpl:3:1: env: no function of templates; choose camelcase, indent, join, kebabcase, lower, nindent, printf, quote, replace, snakecase, trim, trunc or upper
sample/orders/memory/feature.yaml:3:19: when database noone: no such value; did you mean none?
slots.yaml:4:12: slot router: default gin is not a value of this slot; choose chi or stdlib`), "\n")...)
}

// What base says that there is one of, two features that can be selected
// together do not both give.
func TestLoad_RejectsWhatIsToBeUnique(t *testing.T) {
	f := newFixture(t)
	f.replace("shared/base/feature.yaml", "given: [ctx,", "unique: {layout: [path, text], try: [x], mounts: [path]}\n  given: [ctx,")
	_, err := Load(f.files)
	lines(t, err,
		"shared/base/feature.yaml:15:40: unique try: its items have no key x; there is nothing to choose from",
		"shared/base/feature.yaml:15:44: unique mounts: base declares no such list; choose compose_environment, layout or try",
	)

	f.replace("shared/base/feature.yaml", ", try: [x], mounts: [path]", "")
	loaded(t, f.files)
	f.replace("sample/orders/feature.yaml", "the sample", "work after the answer")
	f.write("database/sqlite/feature.yaml", string(f.files["database/sqlite/feature.yaml"].Data)+"adds: {layout: [{path: a, text: b}, {path: a, text: c}]}\n")
	f.write("sample/orders/orm/feature.yaml", string(f.files["sample/orders/orm/feature.yaml"].Data)+"adds: {layout: [{path: x, text: y}]}\n")
	f.write("sample/orders/sql/feature.yaml", string(f.files["sample/orders/sql/feature.yaml"].Data)+"adds: {layout: [{path: x, text: y}]}\n")
	_, err = Load(f.files)
	lines(t, err,
		"database/sqlite/feature.yaml:19:44: layout path a: sqlite has it, too (database/sqlite/feature.yaml:19:24), and both can be selected together; rename one, or let them exclude each other",
		"feature/background/feature.yaml:23:45: layout text work after the answer: orders has it, too (sample/orders/feature.yaml:17:13), and both can be selected together; rename one, or let them exclude each other",
	)
}

func TestLoad_RejectsWhatIsMissing(t *testing.T) {
	f := newFixture(t)
	delete(f.files, "modules.lock")
	f.files["router/chi/files/link.raw"] = &fstest.MapFile{Mode: fs.ModeSymlink, Data: []byte("/etc/passwd")}
	_, err := Load(f.files)
	lines(t, err,
		"modules.lock: missing; it says which modules, and which Go, a project needs: run make lock",
		"router/chi/files/link.raw: not a regular file; put a copy there",
	)
}

// A catalog in which each feature requires two, which require the same two, has
// no circle, and 2^40 ways from its top to its bottom. With one more requirement
// it has as many circles.
func TestLoad_Ladder(t *testing.T) {
	f := newFixture(t)
	for i := range 40 {
		for _, side := range "ab" {
			f.write(fmt.Sprintf("feature/step%02d%c/feature.yaml", i, side), fmt.Sprintf("title: x\nsummary: x\nrequires: [step%02da, step%02[1]db]\n", i+1))
		}
	}
	f.write("feature/step40a/feature.yaml", "title: x\nsummary: x\n")
	f.write("feature/step40b/feature.yaml", "title: x\nsummary: x\n")
	loaded(t, f.files)

	f.write("feature/step40b/feature.yaml", "title: x\nsummary: x\nrequires: [step38a]\n")
	_, err := Load(f.files)
	lines(t, err, "feature/step40b/feature.yaml:3:12: requires step38a: a circle, step38a -> step39a -> step40b -> step38a; remove one of these requirements")
}
