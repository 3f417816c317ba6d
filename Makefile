# Everything a newcomer needs: python3 (3.11 or newer) and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= 2
VERSIONS ?= 3.12 3.13
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check --use-pep517 --constraint constraints.txt
EXPERIMENTS := $(notdir $(patsubst %/,%,$(wildcard experiments/*/)))
FRESH ?= --fresh
NEEDS := pyproject.toml constraints.txt

.DEFAULT_GOAL := help
.PHONY: help install demo experiment named-experiment experiments pages test test-versions slow lint patterns bench bench-quick wheel-check clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "$(PYTHON) is older than 3.11; name a newer one: make PYTHON=python3.12"; exit 2; }
	@$(PYTHON) -m venv $(VENV)

# The stamps make a second call start at once; a changed pyproject.toml or constraints.txt renews them.
$(VENV)/.installed: $(BIN)/python $(NEEDS)
	@echo "Installing the package into $(VENV) (about a minute) ..."
	@$(PIP) --editable .
	@touch $@

$(VENV)/.installed-dev: $(BIN)/python $(NEEDS)
	@echo "Installing the package and its development tools into $(VENV) (about a minute) ..."
	@$(PIP) --editable '.[dev]'
	@touch $(VENV)/.installed $@

$(VENV)/.installed-clusters: $(VENV)/.installed-dev $(NEEDS)
	@echo "Installing Dask and Ray for the tests of clusters (about a minute) ..."
	@$(PIP) --editable '.[dev,dask,ray]'
	@touch $(VENV)/.installed $(VENV)/.installed-dev $@

install: $(VENV)/.installed ## set up .venv

demo: $(VENV)/.installed ## run the headline experiment: table, figures, results
	@$(BIN)/diffusion compare experiment=what_remains --fresh

# `make experiment NAME=crisis FRESH=` goes on where an interrupted one stopped.
experiment: named-experiment $(VENV)/.installed ## NAME=crisis: compute one again, with its page and figures
	@$(BIN)/diffusion compare experiment=$(NAME) $(FRESH) --write experiments/$(NAME)/README.md

named-experiment:
	@echo " $(EXPERIMENTS) " | grep -qF " $(or $(NAME),?) " \
		|| { echo "make experiment NAME=..., one of: $(EXPERIMENTS)"; exit 2; }

experiments: ## all of them, about half an hour
	@for name in $(EXPERIMENTS); do $(MAKE) --no-print-directory experiment NAME=$$name || exit 1; done

pages: $(VENV)/.installed ## measure patterns and levers again, for docs/patterns.md and docs/levers.md
	@$(BIN)/diffusion patterns --replicates 10 --write docs/patterns.md
	@$(BIN)/diffusion levers --replicates 60 --write docs/levers.md

test: $(VENV)/.installed-dev ## fast tests
	@$(BIN)/python -m pytest --quiet -n $(WORKERS) -m "not slow and not patterns"

test-versions: ## fast tests on further versions of Python, where they are installed
	@for version in $(VERSIONS); do .ci/test-version $$version $(WORKERS) $(TESTS) || exit 1; done

slow: $(VENV)/.installed-clusters ## slow tests: patterns, clusters, faults
	@$(BIN)/python -m pytest --quiet -n $(WORKERS) -m "slow or patterns"

lint: $(VENV)/.installed-dev ## style, types, layers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

patterns: $(VENV)/.installed ## print every pattern: target, value, interval
	@$(BIN)/diffusion patterns

bench: $(VENV)/.installed ## measure speed and memory: one table, about 25 minutes
	@$(BIN)/python -m benchmarks

bench-quick: $(VENV)/.installed ## the same at smaller sizes, about 10 minutes
	@$(BIN)/python -m benchmarks --quick

wheel-check: $(VENV)/.installed-dev ## build the wheel and use it from an empty folder
	@.ci/wheel-check $(PYTHON) $(BIN)/python

clean: ## remove .venv and caches, keep results
	rm -rf $(VENV) $(VENV)-* build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
