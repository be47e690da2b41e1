# The newcomer's two commands are `make report` and `make test`; both do all the set-up.
PYTHON ?= python3
VENV ?= .venv
OUT ?= build/report
SOURCE ?= data/shapefiles
REPORT_LANG ?= zh
SAMPLE ?= build/sample
SEED ?= 0
SCALE ?= 1
DIRTY ?= 0
# Where a virtual environment keeps its programs, on Windows and elsewhere.
BIN := $(if $(filter Windows_NT,$(OS)),$(VENV)/Scripts,$(VENV)/bin)

.DEFAULT_GOAL := help
.PHONY: help report test test-floors search lab lint bench bench-maps faults sample sample-kept docs docs-links clean

help:
	@echo "make report  report on $(SOURCE) into $(OUT)"
	@echo "make test    all tests, notebooks and browser included"
	@echo "make test-floors  all tests with the oldest versions that are allowed"
	@echo "make search  properties of the code with new examples, a thousand each"
	@echo "make lab     JupyterLab on the notebooks"
	@echo "make lint    ruff, mypy, import-linter"
	@echo "make bench   benchmarks against peers"
	@echo "make bench-maps  size and speed of maps of many features"
	@echo "make faults  kill writers and fill disks, a hundred times a format"
	@echo "make attacks  read files made to kill or hang a reader: time and memory of each"
	@echo "make sample  a sample city into $(SAMPLE): SEED=7 SCALE=2 DIRTY=1"
	@echo "make sample-kept  write data/shapefiles, the cases and the package's sample.zip anew"
	@echo "make docs    the documentation as pages into build/docs, notebooks executed"
	@echo "make docs-links  whether external links of the documentation lead somewhere (needs a network)"
	@echo "make bundle  a folder to install from without internet: PLATFORM=win_amd64 PYTHON=3.12"

# One stamp for each set of extras: pip runs when the metadata has changed, and not otherwise.
$(VENV)/stamp-%: setup.cfg pyproject.toml scripts/venv.sh
	@PYTHON="$(PYTHON)" sh scripts/venv.sh "$(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".$(if $(filter core,$*),,[$(subst +,$(comma),$*)])"
	@touch $@

comma := ,

report: $(VENV)/stamp-core
	@$(BIN)/geo-citymgmt report "$(SOURCE)" -o "$(OUT)" --lang $(REPORT_LANG)

# What the tests of one file set up is set up once: they stay in one process, in their order. One
# process more than the two cores it is made for: a quarter of the time each waits for a browser, a
# kernel or a database.
PYTEST := pytest -n 3 --dist loadgroup --no-loadscope-reorder

# Scores of processes import the package: each would compile it anew where nothing may be kept.
test test-floors: export PYTHONDONTWRITEBYTECODE :=

test: $(VENV)/stamp-test+notebook
	@sh scripts/system-packages.sh chromium firefox postgis
	@$(BIN)/python -m $(PYTEST) --doctest-modules $(ARGS)

FLOORS := .venv-floors

test-floors:
	@PYTHON="$(PYTHON)" sh scripts/venv.sh $(FLOORS)
	@$(subst $(VENV),$(FLOORS),$(BIN))/python scripts/floors.py > $(FLOORS)/floors.txt
	@$(subst $(VENV),$(FLOORS),$(BIN))/python -m pip install --quiet --disable-pip-version-check -r $(FLOORS)/floors.txt
	@$(subst $(VENV),$(FLOORS),$(BIN))/python -m pip install --quiet --disable-pip-version-check -c $(FLOORS)/floors.txt -e ".[test,notebook]"
	@sh scripts/system-packages.sh chromium firefox postgis
	@$(subst $(VENV),$(FLOORS),$(BIN))/python -m $(PYTEST) --doctest-modules $(ARGS)

search: $(VENV)/stamp-test+notebook
	@$(BIN)/python -m $(PYTEST) --hypothesis-profile=search -m hypothesis tests $(ARGS)

lab: $(VENV)/stamp-notebook
	@$(BIN)/jupyter lab notebooks

lint: $(VENV)/stamp-test+notebook
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(VENV)/stamp-bench
	@$(BIN)/python -m benchmarks

bench-maps: $(VENV)/stamp-bench
	@sh scripts/system-packages.sh chromium
	@$(BIN)/python -m benchmarks.maps $(ARGS)

faults: $(VENV)/stamp-test+notebook
	@$(BIN)/python -m tests.faults
	@$(BIN)/python -m tests.faults.report --kills $(or $(N),20)

# DIRTY=1 writes it as it would arrive.
sample: $(VENV)/stamp-core
	@$(BIN)/python -m generator -o "$(SAMPLE)" --seed $(SEED) --scale $(SCALE) $(if $(filter-out 0,$(DIRTY)),--dirty)

sample-kept: $(VENV)/stamp-core
	@$(BIN)/python -m generator -o data/shapefiles --pack geo_citymgmt/sample/sample.zip

# Read anew each time (-E): whether a notebook still runs depends on the package, not on the notebook.
SPHINX = $(BIN)/python -m sphinx -c docs -E -j auto -W --keep-going --quiet

docs: $(VENV)/stamp-docs
	@$(SPHINX) -b html . build/docs
	@echo "open build/docs/index.html"

docs-links: $(VENV)/stamp-docs
	@$(SPHINX) -b linkcheck -D nb_execution_mode=off . build/docs-links

clean:
	rm -rf build dist "$(VENV)" .pytest_cache .mypy_cache .ruff_cache

# Break sources on purpose, count what is lost without a word; N= for more or fewer than 10,000.
.PHONY: torture
torture: $(VENV)/stamp-test+notebook
	@$(BIN)/python -m tests.torture $(or $(N),10000)

# Seconds and MB of each attack, each in a process of its own; NAMES= for some.
.PHONY: attacks
attacks: $(VENV)/stamp-test+notebook
	@$(BIN)/python -m tests.attacks $(NAMES)

# For an office without internet; PYTHON is here the version on the machine it is for.
PLATFORM ?= win_amd64
.PHONY: bundle
bundle: $(VENV)/stamp-docs
	@$(BIN)/python scripts/bundle.py --platform "$(PLATFORM)" --python "$(or $(filter 3.%,$(PYTHON)),3.12)"
