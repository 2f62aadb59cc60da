# webkit: `make run` serves it, `make test` tries it. Everything else is listed by `make help`.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= 2
# What knows SQL is tried on both databases by every `make test`; the rest of the house by `make check`.
HOUSE := $(addprefix tests/,core accounts agencies clients catalogue proposals quotations contracts signing invoices receipts banking plans recurring retainers charges subscriptions statements imports payments payouts messaging reports operations demo architecture hardening/test_across_agencies.py)
STOREYS := tests/core/kernel $(wildcard tests/*/test_service*.py tests/*/test_models*.py tests/architecture/test_tenancy*.py)

.PHONY: help setup dev-setup run test check soak live lint format bench lock messages clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | column -t -s "$$(printf '\t')"

# The stamp depends on pyproject.toml because entry points appear only on install.
$(VENV)/run.stamp: requirements/run.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@

$(VENV)/dev.stamp: requirements/dev.lock $(VENV)/run.stamp
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.lock
	@touch $@

# Node builds the front end. Where the machine has none, a wheel brings it.
$(VENV)/node.stamp: requirements/node.lock $(VENV)/run.stamp
	command -v npm >/dev/null || $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/node.lock
	@touch $@

setup: $(VENV)/run.stamp $(VENV)/node.stamp ## build .venv from the lock file, and the front end
	@$(BIN)/python -m webkit.core.assets
	@$(BIN)/python -m compileall -q webkit plugins # where nobody may write it later, each process would compile everything

dev-setup: setup $(VENV)/dev.stamp

run: setup ## serve on http://127.0.0.1:$${PORT:-8000}, data in $${WEBKIT_DATA:-./data}; DEMO=1 loads the demo agency
	@exec $(BIN)/webkit dev

# Many tests run real processes and browsers. What fails on a busy machine is tried once more, alone, and must pass then.
define tried
	$(BIN)/pytest -n $(WORKERS) -q $(1) || $(BIN)/pytest -q --last-failed --last-failed-no-failures none $(1)
endef

test: dev-setup ## the tests for every change (SQLite; models and services again on PostgreSQL)
	$(call tried,-m "not slow and not soak")
	$(call tried,-m "not slow and not soak" --db postgres $(STOREYS))

check: dev-setup ## the slow tests: kills, browsers, accessibility; and whatever knows the database on PostgreSQL
	$(call tried,-m slow)
	$(call tried,-m "not slow and not soak" --db postgres $(HOUSE))

soak: dev-setup ## many deals while everything fails, a million documents, long runs of writers (WEBKIT_DEALS, _DOCUMENTS, _SHARE, _SEED, _YEARS, _ZONES)
	WEBKIT_DEALS=$${WEBKIT_DEALS:-1000} $(BIN)/pytest -q -m "soak or slow" tests/faults/test_many_deals.py
	$(BIN)/pytest -q -m soak --deselect tests/faults/test_many_deals.py

live: dev-setup ## contracts against the vendors whose keys are set: real mail, texts, buckets (LIVE_EMAIL_FROM, LIVE_EMAIL_TO, LIVE_SMS_TO, LIVE_BUCKET=1)
	WEBKIT_LIVE=1 $(BIN)/pytest -q -rs tests/live

lint: dev-setup ## formatting, style, types, rules of the house; secrets, weak dependencies, build/sbom.cdx.json
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python .ci/supply.py secrets
	$(BIN)/python .ci/supply.py audit requirements/run.lock
	$(BIN)/python .ci/supply.py sbom requirements/run.lock build/sbom.cdx.json

format: dev-setup ## put the code into shape
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: dev-setup ## measure against floors in the same run; ONLY=name for one figure
	$(BIN)/python -m benchmarks $(if $(ONLY),--only $(ONLY))

lock: ## pin dependencies anew (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate pyproject.toml --all-extras --group build -o requirements/run.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate pyproject.toml --all-extras --group build --group dev -c requirements/run.lock -o requirements/dev.lock

messages: $(VENV)/run.stamp ## collect what the product says into the translations
	$(BIN)/pybabel -q extract -F babel.cfg -k _l -k lazy_gettext --sort-output --add-location=file -o $(VENV)/messages.pot webkit plugins templates
	$(BIN)/pybabel -q update -i $(VENV)/messages.pot -d webkit/locale --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date

clean: ## remove what was built, keep the data
	rm -rf $(VENV) webkit/static/dist assets/node_modules
