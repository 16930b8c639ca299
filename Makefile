# The commands of this house. Each makes .venv and installs the pinned requirements first, when they changed.
# Everything in a recipe runs with the checkout as its working directory.

SHELL := /bin/sh
.DEFAULT_GOAL := help

# The first of these that is new enough.
PYTHON = $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo $$name; break; }; done)
PACKAGES := chassis auth_service appointment_service prescription_service portal development
LOCKED := development auth_service appointment_service prescription_service portal
BIN := .venv/bin
SBOM := sbom
PY := $(BIN)/python

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

# Not named after the directory: whether it is complete is for the script to say, not for its date.
.PHONY: venv
venv:
	@python="$(PYTHON)"; \
	if [ -z "$$python" ]; then echo "Python 3.11 or newer is needed, and none is on the PATH." >&2; exit 1; fi; \
	exec "$$python" development/install.py

.PHONY: run
run: venv ## Start the clinic here: a database of its own, the services, the portal, demo people (Ctrl-C stops it)
	@exec $(PY) -m development.run --with-parent

.PHONY: test
test: venv ## Run everything that checks the code, then every test; says what it could not run, and why
	@$(PY) -m development.browser
	@$(MAKE) --no-print-directory check
	@$(PY) -m pytest --numprocesses 2

.PHONY: thorough
thorough: venv ## Repeat what only repetition shows as often as promised; takes long (make thorough ONLY=tests/chassis)
	@THOROUGH=1 $(PY) -m pytest --timeout=3600 $(or $(ONLY),$$(grep -rlE "thorough(\.| import .*)times" tests --include='test_*.py'))

.PHONY: test-faults
test-faults: venv ## Break things while people work, and print what holds, with figures (THOROUGH=1 as often as promised)
	@$(PY) -m pytest -m fault --timeout=3600 $(ONLY)

.PHONY: bench
bench: venv ## Measure what is promised of cost, in one table of ratios (make bench ONLY="lists booking")
	@$(PY) -m benchmarks $(ONLY)

.PHONY: check
check: venv ## Run what reads the code without running it: lint, format, types, who may import whom, what is secret or unsafe
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy --strict $(PACKAGES:%=-p %)
	@$(BIN)/lint-imports
	@$(PY) -m development.supply

.PHONY: sbom
sbom: venv ## Write what each program is made of into sbom/, as CycloneDX
	@mkdir -p $(SBOM)
	@for part in $(LOCKED); do \
		$(BIN)/cyclonedx-py requirements $$part/requirements.txt --pyproject pyproject.toml $(SBOM_OPTIONS) \
			--output-reproducible --output-format JSON --output-file $(SBOM)/$$part.cdx.json || exit 1; \
	done

.PHONY: lock
lock: venv ## Compile requirements.in to requirements.txt everywhere (make lock UPGRADE=1 takes newer versions)
	@for part in $(LOCKED); do \
		[ $$part = development ] && constraint= || constraint="-c development/requirements.txt"; \
		echo "$$part/requirements.txt"; \
		$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
			$(if $(UPGRADE),--upgrade) $$constraint $$part/requirements.in -o $$part/requirements.txt || exit 1; \
	done

.PHONY: clean
clean: ## Remove .venv and all caches; the demo's data stays
	@rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: backup
backup: venv ## Copy the database of make run into backups/, whether it runs or not (docs/operations/backup.md)
	@$(PY) -m development.backup take

.PHONY: restore
restore: venv ## Restore a copy into an empty database: make restore FILE=… (ASIDE=1 first renames the one that is there)
	@test -n "$(FILE)" || { echo "Which copy? make restore FILE=backups/daily/…" >&2; exit 1; }
	@$(PY) -m development.backup restore "$(FILE)" $(ASIDE)

.PHONY: reset
reset: venv ## Give up the demo's data and its secrets
	@$(PY) -m development.reset
