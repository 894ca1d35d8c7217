.DEFAULT_GOAL := help
BIN := .venv/bin

.PHONY: help
help: ## Show this menu
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: .venv/run.stamp ## Install and start everything on this machine. PORT=8000 and PLIMSOLL_DATA=./data may be set
	@$(BIN)/python manage.py up --demo

.PHONY: test
test: check ## Run every test, two at a time: all with SQLite, and what uses the database with PostgreSQL as well
	@$(MAKE) --no-print-directory --keep-going -j2 test-engine test-app test-postgresql

.PHONY: test-engine test-app test-postgresql
test-engine:
	$(BIN)/pytest -q --ignore=tests/reviews --ignore=tests/kill $(PYTEST_ARGS)
test-app:
	$(BIN)/pytest -q tests/reviews tests/kill $(PYTEST_ARGS)
test-postgresql:
	$(BIN)/pytest -q --database postgresql $(PYTEST_ARGS)

.PHONY: check
check: .venv/test.stamp ## Check style, types, the direction of imports and the markup of templates
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djhtml --check templates

.PHONY: format
format: .venv/test.stamp ## Format code and templates
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	$(BIN)/djhtml templates

.PHONY: lock
lock: .venv/run.stamp ## Lock the newest dependencies, from PyPI whatever index this machine uses
	env -u UV_DEFAULT_INDEX -u UV_INDEX_URL -u UV_INDEX $(BIN)/../tools/bin/uv lock --upgrade --default-index https://pypi.org/simple

.PHONY: accuracy
accuracy: .venv/test.stamp ## Print recall and precision of every rule over the labelled set. MISSES=1 lists what went wrong
	@$(BIN)/python -m benchmarks.accuracy $(if $(MISSES),--misses)
	@$(BIN)/python -m benchmarks.accuracy.readings | tail -3

.PHONY: bench
bench: .venv/bench.stamp ## Measure the engine side by side with other tools, for half an hour. ONLY=engine measures a part
	@$(BIN)/python -m benchmarks.fetch_corpus
	@$(BIN)/python -m benchmarks $(ONLY)

.PHONY: screenshots
screenshots: .venv/test.stamp ## Take pictures of every page, light, dark and narrow, into screenshots/
	$(BIN)/python -m tests.browser.screenshots

.venv/run.stamp: .ci/install pyproject.toml uv.lock
	@.ci/install --no-dev
	@touch $@

.venv/test.stamp: .ci/install pyproject.toml uv.lock
	@.ci/install
	@touch $@ .venv/run.stamp

.venv/bench.stamp: .ci/install pyproject.toml uv.lock
	@.ci/install --group bench
	@touch $@ .venv/test.stamp .venv/run.stamp
