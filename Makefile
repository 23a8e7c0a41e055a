# ImmPort Warehouse on one machine. `make help` explains the targets.
.DEFAULT_GOAL := help
.PHONY: help setup made setup-tests demo up next-release down url psql routes export template sandbox validate markers test test-long bench lint reference screenshots figures lock clean
SHELL := /bin/sh
MAKEFLAGS += --no-print-directory

# Variables that a target takes. One that none of the goals takes is refused: a misspelt one would be ignored.
WORLD := STUDIES ROWS SEED ARCHIVES
TAKES_setup := EXTRAS
TAKES_demo := $(WORLD)
TAKES_up := $(WORLD) PORT
TAKES_sandbox := $(WORLD) PORT
TAKES_psql := SQL FILE DATABASE
TAKES_url := DATABASE
TAKES_export := DIR DATABASE AS_OF
TAKES_template := STUDY RELEASE OUT FORMAT TEMPLATES LOOKUPS DATABASE
TAKES_validate := FILE TEMPLATES LOOKUPS WORKSPACE PAGE
TAKES_markers := KIND FILE VOCABULARY DATABASE
TAKES_test := TESTS
TAKES_bench := ONLY ROWS STUDIES ROUNDS PROFILE
GOALS := $(or $(MAKECMDGOALS),help)
GIVEN := $(foreach name,$(.VARIABLES),$(if $(filter command,$(origin $(name))),$(name)))
REFUSED := $(filter-out PYTHON SHELL MAKE% -%,$(filter-out $(foreach goal,$(GOALS),$(TAKES_$(goal))),$(GIVEN)))
ifneq ($(strip $(REFUSED)),)
$(error make $(GOALS) takes no variable $(strip $(REFUSED)): \
$(if $(strip $(foreach goal,$(GOALS),$(TAKES_$(goal)))),it takes $(foreach goal,$(GOALS),$(TAKES_$(goal))),it takes none), see make help)
endif

# Values reach Python through the environment and as they were typed: expanded by make, or pasted into a
# shell line, their dollars and quotes would be lost.
VARIABLES := STUDIES ROWS SEED ARCHIVES PORT SQL FILE DATABASE DIR AS_OF EXTRAS TESTS ONLY ROUNDS PROFILE
VARIABLES += TEMPLATES LOOKUPS WORKSPACE PAGE KIND VOCABULARY STUDY RELEASE OUT FORMAT
unexport $(VARIABLES)
MAKEOVERRIDES :=
$(foreach name,$(VARIABLES),$(eval export WAREHOUSE_$(name) := $$(value $(name))))
# Where the caller stands, should it be another folder (make -C).
export WAREHOUSE_CALLER := $(value PWD)
export PYTHON

PYTHON_IN_VENV := .venv/bin/python
LOCAL := @$(PYTHON_IN_VENV) -m include.local
# Where nothing was ever made, nothing is installed to say so; to end things, what is installed will do.
IS_MADE := { [ -e .venv/installed ] || [ -e "$${WAREHOUSE_VAR:-var}" ]; }
INSTALLED := { [ -e .venv/installed ] || include/local/setup.sh; }

help: ## explain all targets
	@echo "ImmPort Warehouse: ImmPort's data releases in a Postgres star schema."
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "Variables:"
	@echo "  STUDIES=N ROWS=N SEED=N  size of the synthetic world (demo, up, sandbox; bench: STUDIES, ROWS)"
	@echo "  ARCHIVES=DIR             real Tab packages instead, such as SDY139-DR16_Tab.zip (demo, up, sandbox)"
	@echo "  PORT=N                   port of the Airflow UI (up, default 8080) or of the sandbox (sandbox)"
	@echo "  SQL='...' or FILE=q.sql  statements to run, answered as CSV (psql); make -s keeps make itself quiet"
	@echo "  FILE=package.zip or DIR  templates on their way to ImmPort (validate); TEMPLATES=DIR ImmPort's own JSON,"
	@echo "                           LOOKUPS=FILE its vocabularies, WORKSPACE=FILE known identifiers, PAGE=FILE HTML"
	@echo "  STUDY=SDY... OUT=DIR      a study as upload templates (template); RELEASE=DR50 an earlier release,"
	@echo "                           FORMAT=xlsx workbooks, TEMPLATES and LOOKUPS as for validate"
	@echo "  KIND=header FILE=x.jsonl panels, or KIND=population gating definitions, a JSON object a line (markers);"
	@echo "                           VOCABULARY=DIR ImmPort's published tables of names"
	@echo "  DATABASE=NAME            another warehouse than the last used one (psql, url, export, template, markers)"
	@echo "  DIR=DIR                  folder or object storage URL of the Parquet files (export, default var/export)"
	@echo "  AS_OF=DR50               release to export; without it the current state (export)"
	@echo "  EXTRAS='s3 auth'         what to install besides the base: s3, celery, openlineage, slack, auth,"
	@echo "                           keycloak (setup)"
	@echo "  TESTS='tests/dags -x'     what pytest is to run instead of all (test)"
	@echo "  ONLY='stage check'       parts to measure instead of all (bench); ROUNDS=N how often each, PROFILE=1"
	@echo "                           where the time goes instead of how much it is"
	@echo "  PYTHON=path              Python 3.11 to 3.14 to build .venv with (setup)"

setup: ## make .venv and install the hash-locked requirements; instant when nothing changed
	@include/local/setup.sh $$WAREHOUSE_EXTRAS

made:
	@$(IS_MADE) || { echo "error: there is no warehouse yet: make demo or make up makes one" >&2; exit 1; }

setup-tests: ## the same with what tests, lint and benchmarks need; all of them call it
	@include/local/setup.sh test

demo: setup ## load two data releases from the sandbox, one after the other, and report
	$(LOCAL) demo

up: setup ## start the standing system: Postgres, sandbox (or ImmPort with IMMPORT_API_KEY), Airflow
	$(LOCAL) up

next-release: made setup ## let the sandbox of the standing system serve its next data release
	$(LOCAL) next-release

down: ## stop the standing system, also after a crash
	@if $(IS_MADE); then $(INSTALLED) && $(PYTHON_IN_VENV) -m include.local down; else echo "Nothing was running."; fi

url: made setup ## print the warehouse's SQLAlchemy URL
	$(LOCAL) url

psql: made setup ## open the warehouse, or run SQL='...' or FILE=q.sql
	$(LOCAL) psql

export: made setup ## write the star and the marts as Parquet files (DIR, DATABASE, AS_OF)
	$(LOCAL) export

template: made setup ## write a study as a package of upload templates (STUDY, RELEASE, OUT, FORMAT)
	$(LOCAL) template

sandbox: setup ## run the stand-in for ImmPort alone, in the foreground
	$(LOCAL) sandbox

routes: setup ## print the path of every route of the operations pages, one a line
	@$(PYTHON_IN_VENV) -m operations

validate: setup ## check a package of upload templates (FILE, TEMPLATES, LOOKUPS, WORKSPACE, PAGE)
	@$(PYTHON_IN_VENV) -m include.submission validate

markers: setup ## print the markers of panels or gating definitions (KIND, FILE, VOCABULARY, DATABASE)
	$(LOCAL) markers

test: setup-tests ## run the tests but the long ones (TESTS); real data is found through IMMPORT_TEST_DATA
	@eval "$(PYTHON_IN_VENV) -m pytest $${WAREHOUSE_TESTS:--m 'not long'}"

test-long: setup-tests ## run the long tests: kills, faults, histories; properties with more examples
	@$(PYTHON_IN_VENV) -m pytest -m "long or hypothesis" --hypothesis-profile long

bench: setup-tests ## measure loads and queries beside a plain COPY (ONLY, ROWS, STUDIES, ROUNDS, PROFILE)
	@$(PYTHON_IN_VENV) -m benchmarks

lint: setup-tests ## check style, types, SQL and the compose file
	@.ci/lint

reference: setup-tests ## write the generated pages anew: dictionary, lineage, sources, diagrams
	@$(PYTHON_IN_VENV) -m tests.support.examples
	@$(PYTHON_IN_VENV) -m include.warehouse.reference
	@$(PYTHON_IN_VENV) -m include.telemetry

screenshots: setup-tests ## take the pictures of the README anew, of a standing system in a browser
	@$(PYTHON_IN_VENV) -m tests.support.screenshots

figures: setup-tests ## print figures of the code: sizes, types, docstrings, circles of imports
	@$(PYTHON_IN_VENV) .ci/figures.py

lock: setup ## renew the hash-locked requirement files from pyproject.toml
	@.ci/lock

clean: ## stop everything and remove what was made
	@if $(IS_MADE); then $(INSTALLED) && $(PYTHON_IN_VENV) -m include.local clean; fi
	@if [ -e .venv ]; then echo "Removing .venv and caches"; fi
	@rm -rf .venv var .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
