.DEFAULT_GOAL := help
VENV ?= .venv
BIN := $(VENV)/bin
# The first Python that is new enough, unless PYTHON names one.
PYTHON ?= $(shell for python in python3 python3.11 python3.12 python3.13 python3.14; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
# Set in the environment, the constraints hold for what builds a package too; the second name is that of newer pips.
PIP := PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt \
	$(BIN)/python -m pip --quiet --disable-pip-version-check install
INPUTS := pyproject.toml constraints.txt

.PHONY: help demo test check acceptance bench docs clean

help:  ## Show what can be made
	@grep -hE '^[a-z]+:.*  ## ' $(MAKEFILE_LIST) | awk -F ':.*  ## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "cxr needs Python 3.11 or newer, and none was found: install one, or name it with PYTHON=/path/to/python3" >&2; exit 1; }
	@echo "Making a virtual environment in $(VENV) with $(PYTHON)"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(VENV)/cxr-installed: $(INPUTS) | $(BIN)/python
	@echo "Installing cxr and what it needs (some 200 MB to fetch, a minute or two the first time)"
	@$(PIP) --editable .
	@touch $@

$(VENV)/tests-installed: $(VENV)/cxr-installed
	@echo "Installing what its tests need"
	@$(PIP) --editable '.[test]'
	@# Kaggle's own library asks for a certifi that is not out yet; what it uses of the rest is in the extra.
	@$(PIP) --no-deps kagglehub kagglesdk
	@touch $@

$(VENV)/checks-installed: $(VENV)/tests-installed
	@echo "Installing what its checks need"
	@$(PIP) --editable '.[check]'
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
