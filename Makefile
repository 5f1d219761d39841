# What people do with this project; `make help` lists it.
.DEFAULT_GOAL := help
.PHONY: $(shell sed -n 's/^\([a-z0-9-]*\):.*\#\#.*/\1/p' $(MAKEFILE_LIST))
ARCH = aarch64_cortex-a53
FLAVOUR = full
KEY =
export FLAVOUR KEY

help: ## list these targets
	@grep -E '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

run: ## the daemon on a sample household, and a receiver that prints what it sends
	@cargo build --bin conntrack-exporter --example receiver
	@examples/household/run "$${CARGO_TARGET_DIR:-target}/debug"

test: ## all tests; as root also those on a real connection table
	@tools/test

truth: ## the tests of traffic at full size, as root: a gigabyte, and looks every ten seconds; four minutes
	KERNEL_TRAFFIC_LARGEST=1000000000 KERNEL_PASS_SECONDS=10 cargo test --locked --test kernel -- \
		--test-threads=1 --nocapture traffic::bytes traffic::seen

lint: ## formatting, clippy, documentation and its commands and links, scripts, licences, advisories
	@tools/lint

bless: ## accept what the golden cases and recordings give; read the diff
	BLESS=1 cargo test --test cases --test recordings
	git diff --stat tests/cases tests/recordings

stack: ## the whole road on this machine: Telegraf, InfluxDB, a household, a live table
	@tools/stack

e2e: ## tests of the whole road on the real Telegraf and InfluxDB, and of the dashboard
	@tools/e2e

dashboards: ## writes the dashboards of config/grafana anew, by their generator
	@tools/schemas write

fleet-test: ## nothing lost by HTTP, and 500 routers on real servers, by large numbers; as root, an hour
	@tools/fleet-test

browser: ## the status page in Chromium; pictures of it in target/screenshots; as root it installs the browser
	@tools/browser

activity: ## how well it tells what devices are doing: all made-up evenings; ten minutes
	ACTIVITY=all cargo test --release --locked --test activity -- --nocapture --test-threads=1

activity-live: ## real programs on devices behind NAT, as root, and what is said of each; eight minutes
	@tools/activity-live

habits: ## whether leaks are found and ordinary days left in peace: made-up days and weeks; ten minutes
	HABITS=all cargo test --release --locked --test habits -- --nocapture --test-threads=2

bench: ## instructions, times and memory, each against a floor
	@tools/bench

SECONDS = 60
fuzz: ## every fuzz target for SECONDS=60 seconds
	@tools/fuzz $(SECONDS)

manual: ## the man page, and what completes commands in bash, zsh and fish, in target/manual
	@tools/manual target/manual

deb: ARCH = $(shell dpkg --print-architecture)
deb: packer router ## the package for Debian, in dist; ARCH=amd64, arm64, by default this machine's
	@made=$$(tools/package deb $(ARCH)) && tools/package-check "$$made"

deb-test: ## installs, starts, upgrades and removes that package; needs root
	@tools/deb-test

# What packages are made with is missed before minutes are spent on a program.
.PHONY: packer
packer:
	@tools/nfpm >/dev/null
	@tools/package-check

package-test: ## every kind of package, with a text for a program: contents, twice the same bytes, signed
	@tools/package-test

feed-test: ## what can be checked of the OpenWrt feed recipe without OpenWrt
	@tools/feed-test

router: ## the static program for a router; ARCH= as opkg or apk prints it, FLAVOUR=full or lean
	@cross/build $(ARCH)

ipk: packer router ## the package for GL.iNet, and for OpenWrt up to 24.10, in dist; ARCH= and FLAVOUR= as above
	@made=$$(tools/package ipk $(ARCH)) && tools/package-check "$$made"

apk: packer router ## the package for OpenWrt from 25.12 on; likewise; KEY=, a private key's file, signs it
	@made=$$(tools/package apk $(ARCH)) && tools/package-check "$$made"

router-test: ## a router in a box: the package on emulated arm64 kernels
	@tools/router-test

cross-test: ## the programs for a router, run on the sample household; ALL=1 those for all routers
	@tools/cross-test

reproducible: ## two builds from clean clones, compared
	@tools/reproducible

size: ## both flavours of the router's program: bytes, packed, the largest crates; ARCH= as above
	@tools/size $(ARCH)

dist: ## a release, in dist: packages, documents, samples, checksums; KEY= signs it; an hour; ONLY=amd64/full for some
	@tools/dist $(ONLY)
