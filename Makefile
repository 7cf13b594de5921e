# MyCloudManager: `make help` lists what there is. Two commands on a fresh machine: `make run`, `make test`.
SHELL := /bin/bash -euo pipefail
.DEFAULT_GOAL := help

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
CACHE   := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/mycloudmanager
# One flag set for everything, or everything is compiled twice.
GOFLAGS_ := -trimpath
LDFLAGS := -s -w -X main.version=$(VERSION)
export GOTOOLCHAIN ?= local

UI_SOURCES := $(shell find ui -path ui/node_modules -prune -o -path ui/dist -prune -o -type f -print 2>/dev/null)
GO_SOURCES := $(shell find . -path ./ui/node_modules -prune -o -path ./temporal-server -prune -o -path ./test -prune -o -name '*.go' -print 2>/dev/null) $(shell find deploy -type f)

.PHONY: help setup run dev build ui test test-go test-ui fuzz e2e acceptance chaos check lint generate man record bench app clean

help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z0-9-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Install what the checks and tests need on Debian: a browser, shellcheck, Ansible, restic, duplicity
	scripts/setup.sh

run: build ## Start the product: on OS_CLOUD or OS_AUTH_URL when set, else on the sandbox
	@if [ -n "$${OS_CLOUD:-}$${OS_AUTH_URL:-}" ]; then exec bin/mcm serve; else exec bin/mcm sandbox; fi

dev: build ## Sandbox, API and worker, and Vite with hot reload on its own port
	@cd ui && (npm run dev & echo $$! > ../bin/vite.pid); cd .. && (bin/mcm sandbox; kill $$(cat bin/vite.pid))

build: bin/mcm bin/mcm-temporal ## Build the UI and both executables

ui: ui/dist/index.html ## Build the web application

# Not npm ci: the lock cannot name packages of other platforms that a registry mirror does not serve. What it names is kept to.
ui/node_modules/.package-lock.json: ui/package-lock.json
	cd ui && npm install --no-save --no-fund --no-audit
	@touch $@

ui/dist/index.html: ui/node_modules/.package-lock.json $(filter-out ui/package-lock.json ui/embed.go,$(UI_SOURCES))
	cd ui && npm run build
	@touch $@

bin/mcm: ui/dist/index.html $(GO_SOURCES) go.mod go.sum
	go build $(GOFLAGS_) -ldflags "$(LDFLAGS)" -o $@ ./cmd/mcm

# The embedded Temporal server changes rarely and builds long: it is kept by the hash of its module.
TEMPORAL_SERVER := $(CACHE)/mcm-temporal-$(shell cat $(filter-out %_test.go,$(wildcard temporal-server/*.go)) temporal-server/scripts/build.sh temporal-server/scripts/prune/*.go temporal-server/go.mod temporal-server/go.sum | sha256sum | cut -c1-16)-$(shell go env GOVERSION 2>/dev/null)

$(TEMPORAL_SERVER):
	@mkdir -p $(CACHE)
	@echo "Building the embedded Temporal server: some minutes, once. Packages so far:"
	cd temporal-server && scripts/build.sh $@

bin/mcm-temporal: $(TEMPORAL_SERVER)
	@mkdir -p bin && ln -sf $(TEMPORAL_SERVER) $@

test: test-go test-ui fuzz e2e ## Everything hermetic: Go with -race, replays, UI unit tests, fuzz targets, browser tests

test-go: bin/mcm bin/mcm-temporal
	scripts/setup.sh postgres
	go vet $(GOFLAGS_) ./...
	go test $(GOFLAGS_) -race -count=1 -timeout 30m -coverprofile=bin/coverage.out ./...
	go test $(GOFLAGS_) -count=1 ./worker -run TestEveryCallMayFail
	cd temporal-server && go test $(GOFLAGS_) -count=1 ./...
	cd tools && go test $(GOFLAGS_) -count=1 ./...
	@go tool cover -func=bin/coverage.out | tail -n 1

test-ui: ui/node_modules/.package-lock.json
	cd ui && npm run typecheck && npm test

fuzz: ## Each fuzz target for MCM_FUZZ_TIME, 20 s by default
	scripts/fuzz.sh

e2e: build ## Browser tests in headless Chromium on the real product
	scripts/e2e.sh

acceptance: build ## The product on real OpenStack and a real Kubernetes control plane and node
	test/acceptance/run.sh

chaos: bin/mcm bin/mcm-temporal ## The main job with 100 random kills on one machine, and 100 among replicas: MCM_CHAOS_KILLS, MCM_CHAOS_SEED
	scripts/setup.sh postgres
	MCM_CHAOS_KILLS=$${MCM_CHAOS_KILLS:-100} go test $(GOFLAGS_) -count=1 -v -timeout 90m -run '^(TestChaos|TestReplicas)$$' ./test/e2e

check: ## Formatting, vet, linters, known vulnerabilities, generated files, shell scripts
	scripts/check.sh

lint: check

generate: ## Write the API contract, the SDK's and the UI's types and the command reference from the code
	go test $(GOFLAGS_) ./api -run TestOpenAPI -update
	cd tools && go tool oapi-codegen -config ../sdk/oapi-codegen.yaml ../api/openapi.yaml
	go test $(GOFLAGS_) ./cmd/mcm -run TestWriteReference -update
	cd ui && npm run generate

man: bin/mcm ## Write man pages of the commands to bin/man
	bin/mcm docs --man bin/man

record: build ## Record workflow histories for the replay tests from real runs on the sandbox
	scripts/record.sh

bench: build ## Measure ratios in one run; see docs/performance.md
	scripts/bench.sh

app: ## Scaffold an app of the catalogue: make app NAME=redis
	scripts/app.sh "$(NAME)"

clean: ## Remove what was built here; caches stay
	rm -rf bin ui/dist/assets ui/dist/index.html
