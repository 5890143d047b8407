.DEFAULT_GOAL := help
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check install --constraint constraints.txt
INPUTS := pyproject.toml constraints.txt

.PHONY: help demo test check acceptance bench docs clean

help:  ## Show what can be made
	@grep -hE '^[a-z]+:.*  ## ' $(MAKEFILE_LIST) | awk -F ':.*  ## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "cxr needs Python 3.11 or newer; set PYTHON=python3.11 (this is %d.%d)" % sys.version_info[:2])'
	$(PYTHON) -m venv $(VENV)

$(VENV)/cxr-installed: $(VENV)/bin/python $(INPUTS)
	$(PIP) --editable .
	@touch $@

$(VENV)/tests-installed: $(VENV)/cxr-installed
	$(PIP) --editable '.[test]'
	@touch $@

$(VENV)/checks-installed: $(VENV)/tests-installed
	$(PIP) --editable '.[check]'
	@touch $@

demo: $(VENV)/cxr-installed  ## A finished, validated library of synthetic radiographs, and a contact sheet to open
	$(BIN)/cxr demo

test: $(VENV)/tests-installed  ## Every test but the long proofs
	$(BIN)/python -m pytest --numprocesses 2 $(PYTEST_ARGS)

check: $(VENV)/checks-installed  ## Format, lint, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

acceptance: $(VENV)/tests-installed  ## The long proofs: kills, large generated sets
	$(BIN)/python -m pytest -m acceptance $(PYTEST_ARGS)

bench: $(VENV)/tests-installed  ## Measure speed; results go to docs/log.md by hand
	$(BIN)/python -m benchmarks

docs: $(VENV)/cxr-installed  ## Write the generated parts of the documentation
	$(BIN)/python -m cxr.cli.reference

clean:  ## Remove what was made
	rm -rf $(VENV) demo-library
