# The commands of a developer. `make test` and `make demo` do their own set-up.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo test test-interop interop-table stress check-memory lint bench bench-counts fuzz fmt doc tools python h5dump interop clean

# Puts the installed tools on PATH and names the Python for the tests.
env = . scripts/env.sh &&
# Says which step is running.
heading = @printf '\n== %s ==\n'

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: tools python ## Save the state of an application in Rust and read it in Python
	@$(env) cargo run -p filebacked --features "libhdf5 static derive ndarray sprs" --example app_state

test: tools python h5dump ## Run all tests, the examples and the check of every cargo feature
	$(heading) 'tests'
	@$(env) if cargo nextest --version >/dev/null 2>&1; then cargo nextest run --workspace; else RUST_TEST_THREADS=1 cargo test --workspace --tests; fi
	$(heading) 'doc tests'
	@$(env) cargo test --workspace --doc
	$(heading) 'examples'
	@$(env) scripts/examples.sh
	$(heading) 'features'
	@$(env) scripts/features.sh

test-interop: tools python h5dump interop ## Run the recipes of docs/INTEROP.md with all tools that install without a licence
	@$(env) FILEBACKED_INTEROP=1 cargo test -p filebacked-tests --test foreign interop::

interop-table: tools python h5dump interop ## The same, and write the results into the table of docs/INTEROP.md
	@$(env) FILEBACKED_INTEROP=1 FILEBACKED_WRITE_TABLE=1 cargo test -p filebacked-tests --test foreign interop::

stress: tools python h5dump ## Tests at full length: every fault, many mutants, random values, repeated races; some 30 minutes
	@scripts/stress.sh

check-memory: tools ## Run the tests of calls to C under valgrind
	@scripts/check-memory.sh $(ARGS)

lint: tools ## Check the house rules, the prose, dependencies, format, clippy and docs
	$(heading) 'house rules'
	@scripts/house.sh
	$(heading) 'plain English'
	@scripts/plain.sh
	$(heading) 'dependencies'
	@scripts/dependencies.py
	$(heading) 'format'
	@cargo fmt --all --check
	$(heading) 'clippy'
	@$(env) cargo clippy --workspace --all-targets --all-features -- -D warnings
	$(heading) 'docs'
	@$(env) RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --all-features
	@$(env) RUSTDOCFLAGS="-D warnings" cargo doc -p filebacked --no-deps

bench: tools python ## Compare the speed with other systems, in some 15 minutes; ARGS="--quick" only tries everything
	@scripts/bench.sh $(ARGS)

bench-counts: tools ## Count the instructions of saving and loading a small object, with valgrind
	@scripts/counts.sh

fuzz: ## Fuzz the native engine for FUZZ_SECONDS, by default 60
	@$(env) scripts/fuzz.sh

fmt: ## Format the sources
	@cargo fmt --all

doc: tools ## Build the documentation
	@$(env) cargo doc --workspace --no-deps --all-features

tools: ## Install cmake into .tools where it is missing
	@scripts/cmake.sh

python: ## Make the Python environment of the tests in .tools
	@scripts/python.sh

h5dump: ## Install h5dump where it is missing and that is allowed
	@scripts/h5dump.sh

interop: ## Install Octave, node with h5wasm and jsfive, and R with hdf5r for test-interop
	@scripts/interop.sh

clean: ## Remove what was built and installed
	@cargo clean
	@rm -rf .tools
