# What people do with this project; `make help` lists it.
.DEFAULT_GOAL := help
.PHONY: $(shell sed -n 's/^\([a-z-]*\):.*\#\#.*/\1/p' $(MAKEFILE_LIST))

help: ## list these targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

run: ## the daemon on a sample household, and a receiver that prints what it sends
	@cargo build --quiet --bin conntrack-exporter --example receiver
	@examples/household/run "$${CARGO_TARGET_DIR:-target}/debug"

test: ## all tests; as root also those on a real connection table
	@tools/test

lint: ## formatting, clippy, documentation, scripts, licences
	@tools/lint

bless: ## accept what the golden cases give; read the diff
	BLESS=1 cargo test --quiet --test cases
	git diff --stat tests/cases

bench: ## instructions, times and memory, each against a floor
	@tools/bench

SECONDS = 60
fuzz: ## every fuzz target for SECONDS=60 seconds
	@tools/fuzz $(SECONDS)

deb: ## a package for Debian of this machine's architecture, in dist/
	@tools/deb

deb-test: ## installs, starts, upgrades and removes that package; needs root
	@tools/deb-test

feed-test: ## what can be checked of the OpenWrt feed recipe without OpenWrt
	@tools/feed-test
