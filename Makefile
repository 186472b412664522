# Passerelle. Nothing but Python 3.11 to 3.13 and make is needed; each target does its own set-up.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null \
	&& echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
# A file stays with one process: its fixtures are made once. tests/conftest.py puts long files first.
PYTEST := $(BIN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --require-hashes --only-binary :all:
PROJECT := $(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation --editable .
# Other people's FHIR clients: their requirements contradict the project's, so they live apart.
PEERS := .venv-peers
CLIENTS := tests/interop/clients

.DEFAULT_GOAL := help
.PHONY: help run demo test peers ohif interop check bench profiles format lock lock-peers clean
.PHONY: types format-check lint floors docs

help:
	@echo "make demo     one patient's story through the real doors"
	@echo "make run      the gateway"
	@echo "make test     the test suite, no services needed"
	@echo "make peers    other people's FHIR clients, for interop"
	@echo "make ohif     the OHIF viewer on port 3000, beside the gateway"
	@echo "make interop  the suite against real peers"
	@echo "make check    format, lint, types, floors, docs"
	@echo "make bench    the benchmarks"
	@echo "make profiles the package of our own profiles, and its pages"

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed and none was found." >&2; exit 1; }
	@echo "==> Creating the environment in $(VENV) with $(PYTHON)"
	@$(PYTHON) -m venv $(VENV)

# Stamps: what is installed stays installed until the lock or the project changes.
$(VENV)/run.stamp: requirements.lock pyproject.toml | $(BIN)/python
	@echo "==> Installing what the gateway needs (once, about a minute)"
	@$(INSTALL) -r requirements.lock
	@$(PROJECT)
	@touch $@

$(VENV)/dev.stamp: requirements-dev.lock pyproject.toml | $(BIN)/python
	@echo "==> Installing what the tests need (once, about a minute)"
	@$(INSTALL) -r requirements-dev.lock
	@$(PROJECT)
	@touch $@ $(VENV)/run.stamp

run: $(VENV)/run.stamp
	@exec $(BIN)/gateway serve

demo: $(VENV)/run.stamp
	@exec $(BIN)/gateway demo

test: $(VENV)/dev.stamp
	@$(PYTEST) -m "not postgresql"

$(PEERS)/clients.stamp: $(CLIENTS)/requirements.lock | $(BIN)/python
	@echo "==> Installing other people's Python clients in $(PEERS) (once, about a minute)"
	@$(BIN)/python -m venv --clear $(PEERS)
	@$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r $<
	@touch $@

# Without npm there are no clients for it, and scripts/peers.py says so.
NPM_CLIENTS := $(CLIENTS)/browser/node_modules/clients.stamp $(CLIENTS)/node/node_modules/clients.stamp $(CLIENTS)/node-hl7/node_modules/clients.stamp $(CLIENTS)/node-dimse/node_modules/clients.stamp
$(NPM_CLIENTS): $(CLIENTS)/%/node_modules/clients.stamp: $(CLIENTS)/%/package-lock.json
	@if command -v npm >/dev/null 2>&1; then \
	  echo "==> Installing other people's JavaScript clients in $(CLIENTS)/$* (once)"; \
	  cd $(CLIENTS)/$* && npm ci --omit=peer --ignore-scripts --no-audit --no-fund --silent && touch node_modules/clients.stamp; \
	fi

peers: $(PEERS)/clients.stamp $(NPM_CLIENTS) profiles/ig/node_modules/tools.stamp $(if $(shell command -v npm),.ohif/version)

# The viewer, in a folder of its own beside the sources: 50 MB, fetched once.
.ohif/version: scripts/ohif.py | $(VENV)/run.stamp
	@echo "==> Fetching OHIF into .ohif (once)"
	@$(BIN)/python scripts/ohif.py fetch
	@touch $@

ohif: .ohif/version
	@exec $(BIN)/python scripts/ohif.py serve

interop: $(VENV)/dev.stamp peers
	@$(BIN)/python scripts/peers.py
	@$(PYTEST) tests/interop
	@# In a run of its own: a gateway of the suite above would serve the same PostgreSQL.
	@# The same tests on SQLite are part of `make test`.
	@$(PYTEST) tests/contract -m postgresql

# Side by side: types take as long as all the others.
check: $(VENV)/dev.stamp
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target --keep-going types format-check lint floors docs

types:
	$(BIN)/mypy

format-check:
	$(BIN)/ruff format --check .

lint:
	$(BIN)/ruff check .

floors:
	$(BIN)/lint-imports

docs:
	$(BIN)/python scripts/check_docs.py
	$(BIN)/python scripts/document_profiles.py --check

# BENCH=search,rivals for some families (bench/page.py), SIZES=100000 for one size of store.
bench: $(VENV)/dev.stamp
	@$(BIN)/python -m bench $(if $(BENCH),--only $(BENCH)) $(if $(SIZES),--sizes $(SIZES))

# Needs npm, and FR Core 2.2.0 below ../shared or $$GATEWAY_SHARED.
profiles/ig/node_modules/tools.stamp: profiles/ig/package-lock.json
	@if command -v npm >/dev/null 2>&1; then \
	  echo "==> Installing SUSHI and the definitions of R4 (once)"; \
	  cd profiles/ig && npm ci --ignore-scripts --no-audit --no-fund --silent && touch node_modules/tools.stamp; \
	fi

profiles: $(VENV)/dev.stamp profiles/ig/node_modules/tools.stamp
	@$(BIN)/python scripts/compile_profiles.py
	@$(BIN)/python scripts/document_profiles.py

format: $(VENV)/dev.stamp
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Locks are written without any registry's address.
lock: $(VENV)/dev.stamp
	$(BIN)/python -m pip install --quiet pip-tools
	$(BIN)/pip-compile $(LOCK) --extra build --extra demo -o requirements.lock pyproject.toml
	$(BIN)/pip-compile $(LOCK) --extra build --extra demo --extra dev -c requirements.lock -o requirements-dev.lock pyproject.toml

# The clients' environment, and the same for npm: `npm install --package-lock-only --omit=peer`.
lock-peers: $(VENV)/dev.stamp
	$(BIN)/python -m pip install --quiet pip-tools
	env -u PIP_FIND_LINKS $(BIN)/pip-compile $(LOCK) -o $(CLIENTS)/requirements.lock $(CLIENTS)/requirements.in

LOCK := --quiet --generate-hashes --strip-extras --allow-unsafe --no-header \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host

clean:
	rm -rf $(VENV) $(PEERS) .ohif $(CLIENTS)/node/node_modules profiles/ig/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis
