# SPDX-License-Identifier: Apache-2.0
# The README's commands. CMake does the building; this only names the steps.
.DEFAULT_GOAL := help
JOBS ?= $(shell nproc)
DATA ?= data
LISTEN ?= 127.0.0.1:8080

.PHONY: help run build test test-peers test-torture bench bench-peers fuzz coverage format matrix install clean

help: ## this list
	@echo "SkyClust: make TARGET"
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

build: ## install what is missing, build the release programs into build/release/bin
	@.ci/packages build
	@cmake --preset release >build-release.log 2>&1 || { cat build-release.log; exit 1; }; mv build-release.log build/release/configure.log
	@cmake --build --preset release -j $(JOBS)

run: build ## build, then start the host with the sim cloud (LISTEN=, DATA=)
	@exec tests/run-demo.sh "$(DATA)" "$(LISTEN)"

test: ## install what is missing, build with sanitizers, run the tests (about 10 minutes)
	@.ci/packages test
	@cmake --preset asan >/dev/null
	@cmake --build --preset asan -j $(JOBS)
	@ctest --preset asan -LE 'peer|torture' -j $(JOBS) --no-tests=error

test-peers: ## the tests against real clouds (installs OpenStack: 3 minutes, 2.3 GB)
	@.ci/packages test
	@cmake --preset asan >/dev/null
	@cmake --build --preset asan -j $(JOBS)
	@ctest --preset asan -L peer --no-tests=error -V

test-torture: ## release build: the zoo; SIGKILL of the host x 100, of drivers x 1,000; then at every point of an operation
	@.ci/packages test
	@cmake --preset release >/dev/null
	@cmake --build --preset release -j $(JOBS)
	@ctest --preset release -L "torture|zoo" --no-tests=error -V
	@cmake --preset asan >/dev/null
	@cmake --build --preset asan -j $(JOBS)
	@ctest --preset asan -R torture.exactly_once --no-tests=error -V

bench: ## the benchmarks, each beside its limit in the same run
	@.ci/packages test
	@cmake --preset release >/dev/null
	@cmake --build --preset release -j $(JOBS)
	@python3 tests/bench/bench.py
	@python3 tests/bench/bench_peers.py --if-up

bench-peers: ## a list of 1,000 servers beside OpenStack's own clients (starts OpenStack)
	@.ci/packages test
	@cmake --preset release >/dev/null
	@cmake --build --preset release -j $(JOBS)
	@python3 tests/bench/bench_peers.py

fuzz: ## every fuzz target, SECONDS each (60)
	@.ci/packages test
	@tests/fuzz/run.sh $(or $(SECONDS_EACH),60)

coverage: ## line coverage of the unit tests, by folder
	@.ci/packages test
	@python3 tests/coverage.py

format: ## lay out the lines you changed since the last commit by .clang-format
	@.ci/packages test
	@git clang-format HEAD

matrix: build ## write what each driver can do into its README
	@SKYCLUST_BIN=build/release/bin python3 tests/man/test_matrix.py --write

install: build ## install host, SDK and drivers (DESTDIR=, as cmake --install)
	@cmake --install build/release

clean: ## remove the build folders
	@rm -rf build
