# "make" alone prints what there is.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

GOLANGCI_LINT := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
FUZZTIME ?= 1m
USERS ?= 20000
BENCH_USERS ?= 500000

.PHONY: help
help: ## print this
	@printf 'make TARGET\n\n'
	@awk -F ':.*## ' '/^[a-z\/]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@printf '\n  USERS=%s     users of the demo'"'"'s shop\n  BENCH_USERS=%s  users of the shop of bench\n  FUZZTIME=%s    for each fuzz target\n' $(USERS) $(BENCH_USERS) $(FUZZTIME)

.PHONY: build
build: ## compile bin/pgstandin
	@.ci/need go cc
	go build -o bin/pgstandin ./cmd/pgstandin

.PHONY: demo
demo: ## a throw-away server, a shop, a masked subset of it: nothing to set up
	@.ci/need go cc postgres
	go run ./cmd/pgstandin demo --users $(USERS)

.PHONY: test
test: ## every test, on throw-away PostgreSQL servers or on PGSTANDIN_TEST_DSN
	@.ci/need go cc postgres
	go test -timeout 12m ./...

.PHONY: race
race: ## every test with the race detector: slow
	@.ci/need go cc postgres
	go test -race -timeout 30m ./...

.PHONY: vet
vet: ## go vet, and that all files are formatted
	@.ci/need go cc
	@unformatted=$$(gofmt -l .); [ -z "$$unformatted" ] || { printf 'run gofmt -w on:\n%s\n' "$$unformatted"; exit 1; }
	go vet ./...

.PHONY: lint
lint: ## golangci-lint, which the first time takes minutes to compile
	@.ci/need go cc
	go run $(GOLANGCI_LINT) run ./...

.PHONY: bench
bench: ## refreshes of a large shop beside pg_dump, and key sets: minutes, and 10 GB of disk
	@.ci/need go cc postgres
	PGSTANDIN_BENCH_USERS=$(BENCH_USERS) go test ./cmd/pgstandin -run '^$$' -bench Refresh -benchtime 1x -timeout 1h
	go test ./subset -run '^$$' -bench KeySet -benchtime 1x -timeout 1h

.PHONY: fuzz
fuzz: ## every fuzz target, FUZZTIME each
	@.ci/need go cc postgres
	@for dir in $$(grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n1 dirname | sort -u); do \
		for target in $$(grep -ho '^func Fuzz[A-Za-z0-9_]*' $$dir/*_test.go | cut -c6- | sort -u); do \
			echo "== $$dir $$target"; \
			go test $$dir -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME); \
		done; \
	done

.PHONY: clean
clean: ## remove what make built here
	rm -rf bin pgstandin
