# "make" alone prints what there is.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

GOLANGCI_LINT := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
FUZZTIME ?= 1m
# Tests of a package at the same time: they wait for servers more than they compute.
TEST_PARALLEL ?= 4
USERS ?= 20000
FAULTS ?= 220
CANARY_KILLS ?= 50
BENCH_USERS ?= 500000

# Only what is measured or kept is compiled with cmd/pgstandin/default.pgo, a
# profile of the client: elsewhere all packages would be compiled twice.
export GOFLAGS += -pgo=off

.PHONY: help
help: ## print this
	@printf 'make TARGET\n\n'
	@awk -F ':.*## ' '/^[a-z\/]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@printf '\n'
	@printf '  %-20s %s\n' 'USERS=$(USERS)' "users of the demo's shop" 'BENCH_USERS=$(BENCH_USERS)' 'users of the shop of bench' \
		'FUZZTIME=$(FUZZTIME)' 'for each fuzz target' 'TEST_PARALLEL=$(TEST_PARALLEL)' 'tests of a package at the same time' \
		'FAULTS=$(FAULTS)' 'points of test/faults, beside staging and again in place' 'CANARY_KILLS=$(CANARY_KILLS)' 'killed runs of test/canary'

.PHONY: build
build: ## compile bin/pgstandin
	@.ci/need go cc
	go build -pgo=auto -o bin/pgstandin ./cmd/pgstandin

.PHONY: demo
demo: ## a throw-away server, a shop, a masked subset of it: nothing to set up
	@.ci/need go cc postgres
	go run ./cmd/pgstandin demo --users $(USERS)

.PHONY: test
test: ## every test, on throw-away PostgreSQL servers or on PGSTANDIN_TEST_DSN
	@.ci/need go cc postgres
	go test -timeout 45m -parallel $(TEST_PARALLEL) ./...

.PHONY: race
race: ## every test with the race detector: slow
	@.ci/need go cc postgres
	go test -race -timeout 30m -parallel $(TEST_PARALLEL) ./...

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
bench: ## side by side with other copiers, to bench/RESULTS.md: half an hour, and 20 GB of disk
	@.ci/need go cc postgres
	mkdir -p bench
	PGSTANDIN_BENCH_USERS=$(BENCH_USERS) PGSTANDIN_BENCH_RESULTS=$(CURDIR)/bench/RESULTS.md PGSTANDIN_BENCH_PLOT=$(CURDIR)/docs/growth.svg \
		go test ./cmd/pgstandin -run '^$$' -bench SideBySide -benchtime 1x -timeout 3h -v

.PHONY: bench/subset
bench/subset: ## refreshes of subsets of a large shop, and key sets: minutes, and 10 GB of disk
	@.ci/need go cc postgres
	PGSTANDIN_BENCH_USERS=$(BENCH_USERS) go test ./cmd/pgstandin -run '^$$' -bench Refresh -benchtime 1x -timeout 1h
	go test ./subset -run '^$$' -bench KeySet -benchtime 1x -timeout 1h

.PHONY: bench/table
bench/table: ## one large table by one worker and by two
	@.ci/need go cc postgres
	PGSTANDIN_BENCH_USERS=$(BENCH_USERS) go test ./cmd/pgstandin -run '^$$' -bench OneTable -benchtime 1x -timeout 1h -v

.PHONY: bench/snapshot
bench/snapshot: ## a masked snapshot beside pg_dump with the same compression: minutes, and 5 GB of disk
	@.ci/need go cc postgres
	PGSTANDIN_BENCH_USERS=$(BENCH_USERS) go test ./cmd/pgstandin -run '^$$' -bench Snapshot -benchtime 1x -timeout 1h -v

.PHONY: bench/network
bench/network: ## a refresh over links with latency
	@.ci/need go cc postgres
	go test ./cmd/pgstandin -run '^$$' -bench Latency -benchtime 1x -timeout 1h -v

.PHONY: bench/client
bench/client: ## processor time of the client alone
	@.ci/need go cc postgres
	PGSTANDIN_BENCH_USERS=$(BENCH_USERS) go test ./cmd/pgstandin -run '^$$' -bench Client -benchtime 3x -timeout 1h

.PHONY: bench/pgo
bench/pgo: ## make the profile anew that the compiler is given; minutes
	@.ci/need go cc postgres
	mkdir -p bin
	GODEBUG=asyncpreemptoff=1 PGSTANDIN_BENCH_USERS=20000 go test ./cmd/pgstandin -run '^$$' -bench Client -benchtime 3x -timeout 1h \
		-o bin/client.test -cpuprofile cmd/pgstandin/default.pgo
	rm bin/client.test

.PHONY: bench/go
bench/go: ## codec, rewriter and each mask; compare two outputs by benchstat
	@.ci/need go cc
	go test ./internal/copyfmt ./internal/blockpipe ./anonymize ./keyed ./leak -run '^$$' -bench . -benchtime 100ms -count 6

.PHONY: fuzz
fuzz: ## every fuzz target, FUZZTIME each
	@.ci/need go cc postgres
	@for dir in $$(grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n1 dirname | sort -u); do \
		for target in $$(grep -ho '^func Fuzz[A-Za-z0-9_]*' $$dir/*_test.go | cut -c6- | sort -u); do \
			echo "== $$dir $$target"; \
			.ci/fuzz "$$dir:$$target" $(FUZZTIME) || exit; \
		done; \
	done

# What reads data and rules that others wrote, PACKAGE:TARGET.
FUZZ_FIRST := rules:FuzzParse internal/copyfmt:FuzzFormats anonymize:FuzzJSON anonymize:FuzzNested anonymize:FuzzScrub

.PHONY: fuzz/first
fuzz/first: ## the fuzz targets of rules, codecs, documents, arrays and texts, FUZZTIME each, two at a time
	@.ci/need go cc
	@printf '%s\n' $(FUZZ_FIRST) | xargs -P 2 -I {} .ci/fuzz {} $(FUZZTIME) 1

.PHONY: test/canary
test/canary: ## 10,000 planted values, CANARY_KILLS killed refreshes, and a search of all files; minutes
	@.ci/need go cc postgres
	PGSTANDIN_CANARY_KILLS=$(CANARY_KILLS) go test ./cmd/pgstandin -run '^TestCanary$$' -timeout 2h -v

.PHONY: test/faults
test/faults: ## FAULTS refreshes beside staging and as many in place, each hit by a random fault; 15 minutes
	@.ci/need go cc postgres
	PGSTANDIN_FAULTS=$(FAULTS) PGSTANDIN_FAULTS_SEED=$${PGSTANDIN_FAULTS_SEED:-$$RANDOM} \
		go test ./cmd/pgstandin -run '^TestFaultMatrix$$' -timeout 3h -v

.PHONY: clean
clean: ## remove what make built here
	rm -rf bin pgstandin
