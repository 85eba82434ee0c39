# Two commands do everything: `make demo` and `make test`. Both need only Python 3.11+ and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
EXAMPLE ?= examples/product-photos.yaml

.DEFAULT_GOAL := help
.PHONY: help demo test check docs accept traces bench torture soak audit clean

help:  ## Show what there is to make
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo: $(VENV)/.base  ## Assess an example, write out/report.html and out/report.pdf
	@mkdir -p out
	$(BIN)/advisor assess $(EXAMPLE) --html out/report.html --pdf out/report.pdf --force

test: $(VENV)/.test  ## Install what the tests need and run them
	$(BIN)/python -m pytest -n 2 --dist worksteal

check: $(VENV)/.test  ## Lint, types, architecture, generated docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tools.docs --check

docs: $(VENV)/.test  ## Make the generated pages again (rules, intake, CLI)
	$(BIN)/python -m tools.docs

accept: $(VENV)/.test  ## Accept the reports as they are now as the new gold files
	$(BIN)/python -m tests.report.accept

traces: $(VENV)/.test  ## Bring the stored traces up to date with the catalog
	$(BIN)/advisor trace --rebuild

bench: $(VENV)/.test  ## Measure speed and print it
	$(BIN)/python -m benchmarks.speed

torture: $(VENV)/.test  ## Fuzz every parser and hold the whole catalog against physics (MINUTES=5)
	$(BIN)/python -m benchmarks.torture --minutes $(or $(MINUTES),5)

soak: $(VENV)/.test  ## Answer random use cases, going on where the last run stopped (MINUTES=10)
	$(BIN)/python -m benchmarks.soak --minutes $(or $(MINUTES),10)

audit: $(VENV)/.test  ## Known vulnerabilities of the locked packages, or "not audited"
	$(BIN)/python -m tools.audit

clean:  ## Remove the virtual environment and everything made
	rm -rf $(VENV) out build dist *.egg-info

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

$(VENV)/.base: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet -c constraints.txt -e .
	@touch $@

$(VENV)/.test: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[test]'
	@touch $@ $(VENV)/.base
