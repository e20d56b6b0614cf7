# `make` lists the targets. Every target sets up first what it needs.

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
TOOLS := .local/tools
LOCKS := requirements.txt $(wildcard docker/*requirements.txt docker/*/requirements.txt) \
    stream/requirements.txt .ci/supply-chain.txt
LOCK_IMAGE = uv pip compile --universal --python-version 3.11 --constraint requirements.txt \
    --no-annotate --generate-hashes

include tests/selections.mk

.DEFAULT_GOAL := help
.PHONY: help setup demo up down status test soak engine clients airflow-releases life month containers smoke-aws bench lint format lock audit sbom clean

help:  ## List the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(INSTALLED)  ## Make .venv with all that demo and tests need (PYTHON=... chooses the Python)

# A .venv whose Python has gone is made anew. `uv` is much faster than pip, and optional.
$(INSTALLED): requirements.txt pyproject.toml
	@set -eu; \
	if ! $(BIN)/python -c '' 2>/dev/null; then \
	    python=$$(local/find-python $(PYTHON)); \
	    echo "Making $(VENV) with $$python"; \
	    "$$python" -m venv --clear $(VENV); \
	fi; \
	echo "Installing requirements.txt"; \
	if uv --version >/dev/null 2>&1; \
	    then install="uv pip install --quiet --python $(BIN)/python"; \
	    else install="$(BIN)/python -m pip install --quiet --disable-pip-version-check"; \
	        $(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip; \
	fi; \
	$$install --require-hashes --requirement requirements.txt; \
	$$install --no-deps --editable .; \
	touch $@

# `exec`: no shell stands between make and the program, so a signal to either reaches the other.
demo: $(INSTALLED)  ## Store a real calculation through Airflow, show the result, stop everything (ARGS=--help)
	@exec $(BIN)/python -m local demo $(ARGS)

up: $(INSTALLED)  ## Start the same stack and leave it running, for the browser
	@exec $(BIN)/python -m local up $(ARGS)

down: $(INSTALLED)  ## Stop what `make up` started; its data stays
	@exec $(BIN)/python -m local down

status: $(INSTALLED)  ## Say what is up
	@exec $(BIN)/python -m local status

test: $(INSTALLED)  ## Run the tests (ARGS="-k keys" for some of them)
	@exec $(BIN)/python -m pytest -m "$(TEST)" $(WORKERS) $(TEST_BY) $(ARGS)

soak: $(INSTALLED)  ## Run the slow tests: soaks and repetitions
	@exec $(BIN)/python -m pytest -m "$(SOAK)" $(WORKERS) $(SOAK_BY) $(ARGS)

engine: $(INSTALLED)  ## Make an environment of the OpenQuake engine's own, with the package that streams out of it
	@set -e; python=$$($(BIN)/python -m tests.clients.environments engine_stream | cut -d" " -f2); \
	if uv --version >/dev/null 2>&1; \
	    then uv pip install --quiet --no-deps --python "$$python" ./stream; \
	    else "$$python" -m pip install --quiet --no-deps ./stream; \
	fi; \
	echo "$$(dirname "$$python")/hazard-store-stream"

clients: $(INSTALLED)  ## Run other people's programs on what we export (makes an environment for each, from PyPI)
	@$(BIN)/python -m tests.clients.environments
	@exec $(BIN)/python -m pytest -m clients $(ARGS)

airflow-releases: $(INSTALLED)  ## Run the tests of Airflow's side on other releases of it (ARGS=3.2.1 for one)
	@exec $(BIN)/python -m tests.releases $(ARGS)

life: $(INSTALLED)  ## Take runs through all that befalls them: tasks that fail, are cleared, deleted
	@exec $(BIN)/python -m pytest -m life $(ARGS)

month: $(INSTALLED)  ## Backfill a month of files through a running Airflow, twice
	@exec $(BIN)/python -m pytest -m month $(ARGS)

containers:  ## Build the images, test them in real containers (Docker, or root on Debian)
	@exec .ci/containers $(ARGS)

smoke-aws: $(INSTALLED)  ## Try the whole way in your AWS account and delete it all; asks first (ARGS=--help)
	@exec $(BIN)/python -m deploy.smoke $(ARGS)

bench: $(INSTALLED)  ## Measure every figure that the README quotes
	@exec $(BIN)/python -m benchmarks $(ARGS)

lint: $(INSTALLED)  ## Check style and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/mypy -p local -p deploy

format: $(INSTALLED)  ## Format the code
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

lock:  ## Lock the versions anew (needs uv): all that demo and tests need, and each image's part
	uv pip compile --universal --python-version 3.11 --all-extras pyproject.toml \
	    --no-annotate --generate-hashes --output-file requirements.txt
	$(LOCK_IMAGE) pyproject.toml --output-file docker/writer/requirements.txt
	$(LOCK_IMAGE) pyproject.toml --extra airflow docker/airflow/requirements.in \
	    --output-file docker/airflow/requirements.txt
	$(LOCK_IMAGE) pyproject.toml --extra local docker/ministack/requirements.in \
	    --output-file docker/ministack/requirements.txt
	$(LOCK_IMAGE) docker/build-requirements.in --output-file docker/build-requirements.txt
	uv pip compile --universal --python-version 3.11 --no-annotate --generate-hashes \
	    .ci/supply-chain.in --output-file .ci/supply-chain.txt
	uv pip compile --universal --python-version 3.11 --all-extras stream/pyproject.toml \
	    --constraint tests/clients/engine_stream.txt --no-annotate --generate-hashes \
	    --output-file stream/requirements.txt

# Tools that look at the locks, in an environment of their own.
$(TOOLS)/.installed: .ci/supply-chain.txt
	@$(BIN)/python -m venv --clear $(TOOLS)
	@$(TOOLS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	@touch $@

audit: $(INSTALLED) $(TOOLS)/.installed  ## Ask whether anything locked is known to be vulnerable
	@exec .ci/audit $(TOOLS)/bin/pip-audit $(LOCKS)

sbom: $(INSTALLED) $(TOOLS)/.installed  ## Write build/writer.cdx.json: what the writer image holds, as CycloneDX
	@exec $(TOOLS)/bin/python .ci/sbom $(TOOLS)/bin/cyclonedx-py build/writer.cdx.json

clean:  ## Stop what is up; remove .venv, caches and all local state
	@if $(BIN)/python -c '' 2>/dev/null; then $(BIN)/python -m local down; fi
	rm -rf $(VENV) .local .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
