# One command each: make demo, make test, make check, make bench. VENV may name another folder for the environment.

VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
WORKERS ?= 2

.PHONY: demo test check bench format clean help

help:
	@echo "make demo    install into $(VENV), solve Burgers' equation, draw output/burgers.png"
	@echo "make test    the whole test suite"
	@echo "make check   formatting, lint, types, import contracts"
	@echo "make bench   the project's own measurements, each a table"
	@echo "make format  put the code into its canonical form"
	@echo "make clean   remove $(VENV), output and caches"

# The stamps are newer than pyproject.toml once an environment has what it asks for: a second run starts at once.
$(VENV)/.installed: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/.installed-dev: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@ $(VENV)/.installed

demo: $(VENV)/.installed
	mkdir -p output
	$(BIN)/pdelang solve examples/burgers.pde --reference examples/references/burgers.nc -o output/burgers.nc --plot output/burgers.png

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -n $(WORKERS)

check: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.installed
	@for name in $$($(BIN)/pdelang bench | grep -v figure); do echo "== $$name"; $(BIN)/pdelang bench $$name || exit $$?; done

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) output .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
