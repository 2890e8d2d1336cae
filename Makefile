# Every target makes the environment it needs, in .venv.
#
# Written for make 3.81 (macOS) and for a folder whose name holds spaces: paths are relative, and
# programs are started as modules of the environment's own Python.

# The first Python that TensorFlow 2.21 has a build for; `make PYTHON=...` names another.
PYTHON ?= $(shell for each in python3 python3.13 python3.12 python3.11; do \
	$$each -c "$(SUPPORTED)" >/dev/null 2>&1 && echo $$each && break; done)
SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PORT ?= 8000
NAMES ?=
ARGS ?=
N ?= 10000
SEED ?=

PY := .venv/bin/python
INSTALLED := .venv/.installed

# The kernel and the settings of this environment, whatever the user has elsewhere.
export JUPYTER_PREFER_ENV_PATH := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONUTF8 := 1

.PHONY: help book serve test test-all soak experiments benchmarks scaling gallery notebooks student pdf screenshots links lock data lint clean distclean
.DEFAULT_GOAL := help

help:
	@echo "make book       build the book and say where to open it"
	@echo "make serve      build it and show it at http://127.0.0.1:$(PORT)/ (PORT=... for another)"
	@echo "make test       run every test, all chapters included, on the real MNIST"
	@echo "make test-all   the same, with every long sweep: about three times as long"
	@echo "make soak       draw N=10000 random runs and as many malformed calls (SEED=... to repeat)"
	@echo "make experiments  repeat what takes too long for a chapter (NAMES='shuffling ...' for some)"
	@echo "make benchmarks  measure what a step costs, here and elsewhere (ARGS=--quick for a trial)"
	@echo "make scaling    measure a training step of 1, 2 and 4 workers on this machine (ARGS=--rounds=2)"
	@echo "make gallery    run the gallery's public programs again (ARGS=char-rnn for some)"
	@echo "make notebooks  execute the chapters and write them back (NAMES='05_cells ...' for some)"
	@echo "make student    write the notebooks without solutions to _build/student"
	@echo "make pdf        print the book and each chapter, without solutions, to _build (needs Chromium)"
	@echo "make screenshots  photograph every page to _build/screenshots (needs Chromium)"
	@echo "make links      ask whether the pages that the book links to are still there"
	@echo "make lock       write requirements.lock anew: every package, with its hashes"
	@echo "make data       fetch MNIST ahead of time and say where it lies"
	@echo "make lint       check style, types and the form of the chapters"
	@echo "make clean      remove what was built; make distclean removes the environment too"
	@echo "PYTHON=...      the Python that makes the environment (3.11, 3.12 or 3.13)"

$(INSTALLED): requirements.txt pyproject.toml
	@"$(PYTHON)" -c "$(SUPPORTED)" 2>/dev/null || { \
		echo "Unrolled needs Python 3.11, 3.12 or 3.13, which TensorFlow 2.21 is built for: install one, or name yours with 'make PYTHON=/path/to/python3.12 ...'." >&2; \
		exit 1; }
	@echo "Making the environment in .venv (once; a few minutes) ..."
	@"$(PYTHON)" -m venv .venv
	@$(PY) -m pip install --quiet --requirement requirements.txt
	@touch $@

book: $(INSTALLED)
	@$(PY) tools/build_book.py

serve: book
	@$(PY) tools/serve_book.py $(PORT)

# A process for each core; with more than four, the longest chapter alone would decide the time.
# Importing `unrolled.tf1` switches a process for good: its tests have some of their own.
TOGETHER := -n logical --maxprocesses 4

WHICH := -m "not thorough"

test: $(INSTALLED) data
	@$(PY) -m pytest $(TOGETHER) $(WHICH) tests/tf1
	@$(PY) -m pytest $(TOGETHER) $(WHICH) tests chapters --nbval

test-all: WHICH := -m ""
test-all: test

# Far more random draws than `make test` has time for. A failure says how to see it alone.
soak: $(INSTALLED)
	@$(PY) tests/soak.py --draws $(N) $(if $(SEED),--seed $(SEED))

experiments: $(INSTALLED) data
	@$(PY) -m unrolled.experiments $(NAMES)

# PyTorch and JAX are for this alone: where they cannot be installed, their columns stay blank.
.venv/.benchmarks: benchmarks/requirements.txt $(INSTALLED)
	@echo "Installing the other contestants (once; a few minutes) ..."
	@$(PY) -m pip install --quiet --requirement $< && touch $@ || \
		echo "Without those of benchmarks/requirements.txt, which could not be installed."

benchmarks: $(INSTALLED) .venv/.benchmarks
	@$(PY) -m benchmarks $(ARGS)

scaling: $(INSTALLED) data
	@$(PY) -m benchmarks.scaling $(ARGS)

# The programs' own libraries: where one cannot be installed, its program says so.
.venv/.gallery: gallery/requirements.txt $(INSTALLED)
	@echo "Installing what the gallery's programs import (once; a few minutes) ..."
	@$(PY) -m pip install --quiet --requirement $< && touch $@ || \
		echo "Without those of gallery/requirements.txt, which could not be installed."

gallery: $(INSTALLED) .venv/.gallery data
	@$(PY) -m gallery record $(ARGS)

notebooks: $(INSTALLED) data
	@$(PY) tools/notebooks.py run $(NAMES)
	@$(PY) tools/chapters.py $(NAMES)

student: $(INSTALLED)
	@$(PY) tools/editions.py student _build/student

pdf: book
	@$(PY) tools/print_book.py

screenshots: book
	@$(PY) tools/screenshots.py

links: $(INSTALLED)
	@$(PY) -c "from jupyter_book.cli.main import main; main()" build . --quiet \
		--builder custom --custom-builder linkcheck --path-output _build/links

lock: $(INSTALLED)
	@$(PY) -m pip install --quiet uv
	@grep -v '^-e' requirements.txt | $(PY) -m uv pip compile --quiet --universal --python-version 3.11 \
		--generate-hashes --no-annotate --no-emit-index-url --output-file requirements.lock \
		--custom-compile-command "make lock" -

data: $(INSTALLED)
	@$(PY) -m unrolled.mnist

lint: $(INSTALLED)
	@$(PY) -m ruff check .
	@$(PY) -m mypy
	@$(PY) tools/chapters.py

clean:
	rm -rf _build build .pytest_cache .hypothesis .mypy_cache .ruff_cache

distclean: clean
	rm -rf .venv
