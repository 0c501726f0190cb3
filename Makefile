# Everything a developer of otelgen does here. `make` lists it.

.DEFAULT_GOAL := help
.PHONY: help test test-all test-containers test-npm lint golden lock dashboards docs first-minute site mutate rehearse

LINTER     := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
ACTIONLINT := github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
HUGO       := github.com/gohugoio/hugo@v0.165.0
GORELEASER := github.com/goreleaser/goreleaser/v2@v2.15.4

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

test: ## Run the tests: otelgen, and the default service built, driven and seen at a real collector
# What takes longest begins first.
	go test -timeout 20m ./internal/dev/e2e ./...
	cd testdata/collector && go test -mod=readonly -timeout 10m ./...
	cd testdata/kubernetes && go test -mod=readonly -timeout 10m ./...
	cd testdata/dashboards && go test -mod=readonly -timeout 10m ./...

test-all: lint test rehearse ## Run everything that CI runs: besides, services of all choices, and a release
	go test -tags matrix -run Matrix -timeout 60m -parallel 3 ./internal/dev/e2e
	go test -run TestAttack -timeout 30m ./generator/project -attack.projects 100 -attack.built 3

test-containers: ## Run services in containers, by their own "make up"; takes Docker
	go test -tags containers -run Containers -timeout 30m -v ./internal/dev/e2e

test-npm: ## Lint the documents of APIs, and use their TypeScript clients; takes Node.js and its registry
	go test -tags npm -run NPM -timeout 15m -v ./internal/dev/e2e

golden: ## Write the committed projects of testdata/golden anew
	go test ./internal/dev/e2e -run Golden_IsWhatIsMade -update

lock: ## Write templates/modules.lock anew: what modules need, in the versions of testdata/pins
	go run ./internal/dev/lock templates testdata/pins
	@$(MAKE) docs

dashboards: ## Write the dashboards of the templates anew
	cd testdata/dashboards && go run . ../../templates

docs: ## Write anew what is made of docs: commands, features, configuration, schemas, the picture
	go test ./cmd/otelgen -run 'Docs|Picture' -update
	go test ./generator -run FeatureSchema -update

first-minute: ## Follow README.md on a terminal, with empty caches, to the first trace, and time it; takes port 8080
	go run ./internal/dev/firstminute

site: ## Build the site of the documentation in dist/site
	CGO_ENABLED=0 go run $(HUGO) --source internal/dev/site --destination $(CURDIR)/dist/site --cleanDestinationDir --noBuildLock --panicOnWarning

mutate: ## Make small faults in the default service and in a rich one, and show those that their tests do not notice
	rm -rf dist/rich
	go run ./cmd/otelgen new shop --module shop --dir dist/rich --no-git --no-input --database sqlite --with accesslog,auth,background,capture,client,cors,edge,ratelimit
	go run ./internal/dev/mutate testdata/golden/default; status=$$?; go run ./internal/dev/mutate dist/rich && exit $$status

lint: ## Run the linters, and vet what only other systems compile
	go run $(LINTER) run
	go run $(ACTIONLINT) .github/workflows/*.yaml testdata/golden/*/.github/workflows/*.yaml
# Vet compiles with -trimpath what the rehearsal of a release takes from the cache.
	GOOS=darwin go vet -trimpath ./...
	GOOS=windows go vet -trimpath ./...

rehearse: ## Make a release, but for publishing and signing it, in dist
	go run $(GORELEASER) check
	go run $(GORELEASER) release --snapshot --clean --skip=sign,sbom
