# Everything a developer runs. `make help` lists it.

GO          ?= go
FUZZTIME    ?= 30s
VERSION     ?= $(or $(patsubst v%,%,$(shell git describe --tags --match 'v*' --dirty 2>/dev/null)),0.0.0-dev)
COMMIT      ?= $(or $(shell git rev-parse --short=7 HEAD 2>/dev/null),unknown)

build_vars  := github.com/reeve-cloud/reeve/internal/server
ldflags     := -s -w -X $(build_vars).version=$(VERSION) -X $(build_vars).commit=$(COMMIT)
with_pg     := scripts/with-postgres
with_chrome := scripts/with-chromium
golden_dirs  = $(sort $(dir $(shell git grep -lE 'flag\.Bool."update"' -- '*_test.go')))
# The race detector looks at all of ours and not at what these compute for
# themselves, in memory that nobody shares: SQLite, translated from C, keeps to
# memory of its own that the detector does not know, at a multiple of the time.
unraced      := modernc.org/sqlite/lib modernc.org/libc golang.org/x/crypto/argon2 golang.org/x/crypto/blake2b golang.org/x/crypto/blowfish
race         := -race $(foreach package,$(unraced),-gcflags=$(package)=-race=false)
fuzz_tests   = $(shell git grep -oE '^func Fuzz[A-Za-z0-9_]+' -- '*_test.go' | sed 's/func //')

.DEFAULT_GOAL := help
.PHONY: help run build test browser soak lint bench bench-scale golden fuzz

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## build, then serve from var/reeve.db
	mkdir -p -m 0700 var
	bin/reeve serve --database sqlite:var/reeve.db

build: ## build the static binary bin/reeve
	CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -ldflags '$(ldflags)' -o bin/reeve ./cmd/reeve

test: ## test on SQLite and a throwaway PostgreSQL, with the race detector; then in a browser
	CGO_ENABLED=1 $(with_pg) --memory $(GO) test $(race) -shuffle=on ./...
	$(MAKE) browser # by itself: a browser needs both processors

browser: ## test the consoles in Chromium, which is installed if it is missing
	$(with_chrome) $(GO) test -count=1 ./internal/browser

soak: ## run the tests that take minutes: faults, crashes, proxies
	@test -n "$$($(GO) list -e -tags soak -f '{{range .TestGoFiles}}x{{end}}{{range .XTestGoFiles}}x{{end}}' ./internal/soak/... 2>/dev/null)" \
		|| { echo 'soak: internal/soak has no tests' >&2; exit 1; }
	$(with_pg) $(GO) test -tags soak -count=1 -timeout 15m ./internal/soak/...

lint: ## check format, vet, staticcheck, go.mod
	@unformatted=$$($(GO) tool gofumpt -l .) && test -z "$$unformatted" \
		|| { printf 'not formatted as gofumpt does it:\n%s\n' "$$unformatted" >&2; exit 1; }
	$(GO) vet ./...
	$(GO) vet -tags soak ./...
	$(GO) tool staticcheck ./...
	$(GO) tool staticcheck -tags soak ./...
	$(GO) mod tidy -diff
	$(GO) mod verify

bench: build ## print the benchmarks' figures
	$(with_pg) $(GO) run ./bench

bench-scale: build ## print the figures at a large scale
	$(with_pg) $(GO) run ./bench -scale

golden: ## write the golden files anew; read the diff before committing it
	@test -n "$(golden_dirs)" || { echo 'golden: no package has golden files' >&2; exit 1; }
	$(GO) test -count=1 $(addprefix ./,$(golden_dirs)) -update
	$(GO) generate ./internal/clientgen # of the documents that the tests wrote

fuzz: ## fuzz each fuzz test for FUZZTIME (30s)
	@test -n "$(fuzz_tests)" || { echo 'fuzz: there are no fuzz tests' >&2; exit 1; }
	@for found in $(fuzz_tests); do \
		dir=./$$(dirname "$${found%%:*}"); name=$${found##*:}; \
		echo "$$dir $$name"; \
		$(GO) test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) "$$dir" || exit 1; \
	done
