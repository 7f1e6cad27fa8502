# Every target sets itself up in a fresh clone: all it needs is make and Python 3.11 or newer.
#
#   make demo        run everything; PORT, SANDBOX_PORT, HOLDFAST_HOME and DATABASE_URL are honored
#   make test        every test but the long ones
#   make check       what CI runs: format, lint, types, layers, migrations, tests
#   make check-all   the same, with the long tests
#   make spec        every requirement with the tests that prove it
#   make docs        write the pages that come from the code: lifecycles and gateways
#   make bench       how fast it is
#   make prove       breaks it on purpose and asks the books afterwards; N=200 bookings, SEED, PARTS
#   make model       every interleaving of bookings and money within small bounds: under a minute
#   make lock        resolve requirements/*.in anew into requirements/*.txt (UPGRADE=1 for newer versions)
#
# PYTHON=/path/to/python chooses the interpreter of a new .venv.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help demo test check check-all bench prove model docs spec lock lint chromium

VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --no-input --disable-pip-version-check
# As many at a time as there are processors, each with a database server of its own.
TESTS := $(BIN)/python -m pytest --numprocesses=logical --maxprocesses=4 --dist=worksteal
export PYTHONUNBUFFERED := 1

help:
	@sed -n 's/^#   make/make/p' Makefile

demo: $(VENV)/base.stamp
	@exec $(BIN)/python -m holdfast.project.demo

test: $(VENV)/dev.stamp chromium
	$(TESTS) -m "not long"

check: lint chromium
	$(TESTS) -m "not long"

check-all: lint chromium
	$(TESTS)

lint: $(VENV)/dev.stamp
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m ruff check .
	$(BIN)/python -m mypy $(wildcard src sandbox tests scripts bench prove model)
	$(BIN)/lint-imports
	$(BIN)/python -W "ignore:Got an error checking a consistent" -m holdfast.project.manage makemigrations --check --dry-run

bench: $(VENV)/dev.stamp
	$(BIN)/python -m bench

prove: $(VENV)/dev.stamp
	@$(BIN)/python -m prove $(PARTS)

model: $(VENV)/base.stamp
	$(BIN)/python -m model

docs: $(VENV)/dev.stamp
	$(BIN)/python scripts/docs.py

spec: $(VENV)/dev.stamp
	$(BIN)/python scripts/spec.py

chromium:
	@scripts/install-chromium

lock: $(VENV)/dev.stamp
	for name in base dev phonepe-sdk; do \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	    --custom-compile-command "make lock" $(if $(UPGRADE),--upgrade) \
	    requirements/$$name.in --output-file requirements/$$name.txt || exit 1; \
	done

# --- set-up: a stamp is older than what it was made from when that has changed ---

$(BIN)/python:
	@scripts/make-venv $(VENV)

$(VENV)/base.stamp: requirements/base.txt pyproject.toml | $(BIN)/python
	@echo "Installing what Holdfast needs (once; about a minute)"
	@$(INSTALL) --require-hashes --requirement requirements/base.txt
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev.stamp: requirements/dev.txt requirements/base.txt pyproject.toml | $(BIN)/python
	@echo "Installing what Holdfast and its tests need (once; about two minutes)"
	@$(INSTALL) --require-hashes --requirement requirements/dev.txt
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/base.stamp
