# Thin on purpose: every target is a line or two, the work is in `rtm` and dbt.
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help run dashboard test lint bench docs pictures lock clean

help:            ## what there is to make
	@grep -E '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 14

run: $(READY)    ## land SOURCE (the sample without one), build and test the models
	@$(BIN)/rtm run $(SOURCE) || [ $$? -eq 3 ]

dashboard: $(READY) ## the dashboard on this machine, without sign-in; ARGS="--port 8600"
	@$(BIN)/python -m dashboard --development $(ARGS)

test: lint       ## everything: lint, types, Python tests, the whole pipeline
	@test -x "$${RTM_CHROMIUM:-/usr/bin/chromium}" || $(BIN)/playwright install chromium
	$(BIN)/pytest

lint: $(READY)   ## ruff, mypy and sqlfluff
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/sqlfluff lint models tests/dbt

bench: $(READY)  ## speed and memory against opponents (SIZE=small, medium or large)
	$(BIN)/python -m benchmarks --size $(or $(SIZE),small)

docs: $(READY)   ## the documentation and column lineage as static pages; `rtm docs` opens them
	$(BIN)/rtm docs --build

pictures: $(READY) ## the pictures of the README; wants chromium
	@$(BIN)/rtm report --day 2025-10-26 --out data/report.html
	chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --window-size=1050,1460 \
	  --screenshot=docs/pictures/report.png "file://$(CURDIR)/data/report.html"
	$(BIN)/python tests/pictures.py

lock: $(READY)   ## resolve the dependencies anew
	$(BIN)/uv pip compile pyproject.toml --all-extras --group dev --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-strip-extras --no-annotate --no-header -o requirements.lock

clean:           ## remove the environment and what the pipeline wrote
	rm -rf $(VENV) data target logs

$(READY): requirements.lock pyproject.toml
	test -x $(BIN)/python || python3 -m venv $(VENV)
	test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps -e .
	@touch $@
