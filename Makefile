# Everything here needs only make and Python 3.11 or later; the rest is installed into .venv by `make setup`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
ARGS ?=

# The whole run uses every core; one file is quicker without: make test TESTS=tests/sync WORKERS=0
TESTS ?= tests
WORKERS ?= auto

LOCK_VENV := build/lock
UV_VERSION := 0.13.9
COMPILE := $(LOCK_VENV)/bin/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate \
	--python-version 3.11 pyproject.toml

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo serve check format test crash sim conformance guards bench lock clean

help: ## Say what there is to make
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## Make .venv and install every dependency, each checked by its hash

# --no-build-isolation: hatchling itself is in the hashed list, so nothing is installed unchecked.
$(STAMP): pyproject.toml requirements/all.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Doorstep needs Python 3.11 or later; set PYTHON=… to one ($(PYTHON) is $$($(PYTHON) -V 2>&1))." >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
		{ echo "This Python cannot make a virtual environment: install its venv part (Debian: apt-get install python3-venv)." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/all.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: setup ## Play one evening: tablets offline, then synced, conflicts shown and settled
	$(BIN)/python -m demo $(ARGS)

serve: setup ## Keep a server up on the evening's data, with codes and tokens to try (ARGS="--bind 127.0.0.1:9000")
	$(BIN)/python -m demo --keep data/demo --serve $(ARGS)

check: setup ## Format, lint, types, import contracts, declared dependencies
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .

format: setup ## Format the code and mend what the linter can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

test: setup ## Run the tests; the engine must be covered wholly, the rest by nine tenths
	$(BIN)/coverage erase
	$(BIN)/pytest -n $(WORKERS) --maxprocesses 8 --cov --cov-report= $(TESTS) $(ARGS)
ifeq ($(TESTS),tests)
	@echo "== coverage of sync/: 100 %"
	$(BIN)/coverage report --include='sync/*' --fail-under=100
	@echo "== coverage of the rest: 90 %"
	$(BIN)/coverage report --omit='sync/*' --fail-under=90
endif

# Not in parallel: the processes of one run are load enough for a machine. SEED chooses what dies and when.
crash: ROUNDS ?= 50
crash: setup ## Kill server, database and tablets while people work, ROUNDS=50 times, and look for what is lost
	ROUNDS=$(ROUNDS) $(BIN)/pytest tests/processes/test_crashes.py $(ARGS)

# A seed that fails says how to run it again alone.
SEEDS ?= 100
FROM ?= 0
DATABASE ?= sqlite
sim: setup ## Simulate whole counties with every fault: SEEDS=100 FROM=0 DATABASE=sqlite (or postgres)
	$(BIN)/python -m tests.simulation --seeds $(SEEDS) --from $(FROM) --database $(DATABASE) $(ARGS)

# URL and CODE by name, the rest by environment: tests/conformance/README.md. One process: a code makes one tablet.
conformance: setup ## Judge any center by the protocol: make conformance URL=https://… CODE=XXXX-XXXX
	@test -z '$(URL)' || test -n '$(CODE)' || { echo "CODE is missing: an enrolment code of the center at URL." >&2; exit 1; }
	$(if $(URL),DOORSTEP_CONFORMANCE_URL='$(URL)' DOORSTEP_CONFORMANCE_CODE='$(CODE)') \
		$(BIN)/pytest -p no:xdist tests/conformance $(ARGS)

# What tests/guards lists is broken in a copy of the tree, one at a time; the tests named there must fail.
guards: setup ## Break each guard of the engine by hand: the suite must notice every one
	$(BIN)/python -m tests.guards

# PEERS=1 adds Kinto and PouchDB Server, installed under build/; QUICK=1 is a tenth; ARGS="--write" puts it into docs/.
bench: setup ## Measure Doorstep, the machine's limits and others on the same records: PEERS=1 QUICK=1
	$(BIN)/python -m bench $(if $(QUICK),--quick) $(if $(PEERS),--peers) $(ARGS)

# Not after setup: a change of pyproject.toml is locked first and installed then.
lock: ## Resolve the dependencies of pyproject.toml anew into requirements/
	$(PYTHON) -m venv $(LOCK_VENV)
	$(LOCK_VENV)/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	$(COMPILE) --upgrade --extra server --extra tablet --extra test -o requirements/all.txt
	$(COMPILE) --upgrade --extra server -c requirements/all.txt -o requirements/server.txt
	$(COMPILE) --upgrade --extra tablet -c requirements/all.txt -o requirements/tablet.txt
	rm -rf $(LOCK_VENV) && rmdir build 2>/dev/null || true

clean: ## Remove .venv and everything made by a run
	rm -rf $(VENV) build dist htmlcov .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
