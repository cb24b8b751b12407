# SPDX-License-Identifier: MIT
#
# The front door: what each target does is one line of `make help`. The build
# itself is Meson's.

# make 4.3 and later would run these side by side; they share a machine.
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory
SHELL := /bin/bash

BUILD ?= build
SECONDS ?= 600
MESON_ARGS ?=

.PHONY: all build demo check check-linux check-linux-sva-arm64 bench format \
	lint docs asan tsan clang coverage fuzz clean help

all: build

build: ## build the library and the command (build/sva)
	@tools/deps.sh build test
	@tools/configure.sh $(BUILD) $(MESON_ARGS)
	@ninja -C $(BUILD)

demo: ## files of this repository go through the accelerator
	@tools/deps.sh build test
	@tools/configure.sh $(BUILD) $(MESON_ARGS)
	@ninja -C $(BUILD) sva
	@tools/demo.sh $(BUILD)

check: ## build, run every test, use the installed library
	@tools/check.sh $(BUILD) $(MESON_ARGS)

check-linux: ## unmodified Linux in stock QEMU, behind our models
	@tools/check-linux.sh $(BUILD)-qemu $(CASE)

check-linux-sva-arm64: ## the same with a kernel built for it: SVA by stalls
	@tools/check-linux.sh --sva-arm64 $(BUILD)-qemu $(CASE)

bench: ## measure; the table also goes to build/bench.json
	@tools/deps.sh build
	@tools/configure.sh $(BUILD)-bench --buildtype=release -Dtests=false
	@ninja -C $(BUILD)-bench
	@mkdir -p $(BUILD)
	@$(BUILD)-bench/bench/sva-bench --json=$(BUILD)/bench.json

format: ## clang-format every C file
	@tools/deps.sh lint
	@tools/lint.sh format

lint: ## clang-format, clang-tidy, cppcheck, shellcheck, layer rules
	@tools/deps.sh build test lint clang
	@tools/configure.sh $(BUILD)-lint
	@tools/lint.sh all $(BUILD)-lint

docs: ## docs/TRACEABILITY.md, from the ids that tests cite
	@tools/gen-traceability

asan: ## the tests under AddressSanitizer and UBSan
	@.ci/run asan

tsan: ## the tests under ThreadSanitizer
	@.ci/run tsan

clang: ## the tests, built by clang with -Werror
	@.ci/run clang

coverage: ## line coverage of src/; 95 % of the models and drivers
	@tools/deps.sh build test coverage
	@tools/configure.sh $(BUILD)-coverage -Db_coverage=true -Dbench=false
	@ninja -C $(BUILD)-coverage
	@meson test -C $(BUILD)-coverage --no-rebuild --print-errorlogs
	@tools/coverage.sh $(BUILD)-coverage

fuzz: ## random and hostile input, for SECONDS=600 over all targets
	@tools/fuzz.sh $(BUILD)-fuzz $(SECONDS)

clean: ## remove what was built
	rm -rf $(BUILD) $(BUILD)-qemu $(BUILD)-bench $(BUILD)-lint $(BUILD)-coverage \
		$(BUILD)-fuzz build-ci

help: ## this list
	@awk -F ': *## *' '/^[a-z0-9-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' \
		$(MAKEFILE_LIST)
