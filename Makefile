PYTHON ?= python3
BIN := .venv/bin

.DELETE_ON_ERROR:
.PHONY: demo test speed lint lock clean

# Two jobs with a core each: more of them would share cores and wait for one another.
demo: .venv/installed
	@echo "Training every model on short synthetic reviews, one seed: about 5 to 7 minutes on 2 cores."
	$(BIN)/python run_all.py --dataset sample --seeds 1 --jobs 2

test: .venv/tested lint
	@echo "Running the test suite in one process a core: about 6 to 10 minutes on 2 cores."
	$(BIN)/python -m pytest -n auto --dist loadfile

speed: .venv/installed
	$(BIN)/python -m benchmark speed $(if $(IMDB_DATA),,--dataset sample)

lint: .venv/tested
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo
	$(BIN)/mypy

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
	  { echo "$(PYTHON) is not Python 3.11 to 3.13; name one that is: make PYTHON=python3.12 ..."; exit 2; }
	$(PYTHON) -m venv .venv

.venv/installed: .venv/bin/python requirements.txt requirements/base.txt constraints.txt pyproject.toml
	$(BIN)/python -m pip install --quiet -r requirements.txt -c constraints.txt
	touch $@

.venv/tested: .venv/installed $(wildcard requirements/*.txt)
	$(BIN)/python -m pip install --quiet -r requirements/test.txt -c constraints.txt
	touch $@

# Needs uv. One file for Python 3.11 to 3.13 and both backends.
lock:
	grep -hv -e '^-' requirements.txt requirements/*.txt \
	  | uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate \
	    - -o constraints.txt

clean:
	rm -rf .venv
