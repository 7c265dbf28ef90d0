PYTHON ?= .venv/bin/python

.PHONY: test lint fix docs precision bench cpus versions fuzz mutants release

test:  ## every test, the transcripts in README.md and docs/ included
	$(PYTHON) -m pytest -n auto --maxprocesses 4

cpus:  ## the same with the kernels of other processors, without oneDNN, with two threads
	$(PYTHON) -m tools.cpus -n auto --maxprocesses 4

VERSIONS ?= 2.11.0 2.13.0 2.14.1

versions:  ## the same under several versions of PyTorch, each in an environment of its own: gigabytes, and never in CI
	for version in $(VERSIONS); do \
	  python3 -m venv .versions/$$version && .versions/$$version/bin/pip install -q --upgrade pip && \
	  sed "s/^torch==.*/torch==$$version/" constraints.txt > .versions/$$version.txt && \
	  .versions/$$version/bin/pip install -q -c .versions/$$version.txt -e '.[test]' && \
	  .versions/$$version/bin/python -m pytest -n auto --maxprocesses 4 || exit 1; \
	done

lint:  ## what CI refuses besides failing tests
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy
	$(dir $(PYTHON))lint-imports

fix:  ## whatever ruff can put right by itself
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .

docs:  ## run the transcripts and write what they answer now: documents, pages of `explain`, pictures, the manual page, two tables
	$(PYTHON) -m tools.update_transcripts
	$(PYTHON) -m tools.notebook
	$(PYTHON) -m tools.finding_pages
	$(PYTHON) -m tools.screens
	$(PYTHON) -m tools.man_page
	$(PYTHON) -m tools.checker_table
	$(PYTHON) -m tools.assertion_table

precision:  ## audit every function of one variable in float16 and bfloat16, into docs/precision.md: minutes
	$(PYTHON) -m tools.precision

bench:  ## whole processes against `python -c "import torch"`, into benchmarks/README.md
	$(PYTHON) benchmarks/one_liner.py
	$(PYTHON) benchmarks/start.py
	$(PYTHON) benchmarks/check.py
	$(PYTHON) benchmarks/batch.py
	$(PYTHON) benchmarks/files.py
	$(PYTHON) benchmarks/findings.py
	$(PYTHON) benchmarks/watch.py
	$(PYTHON) benchmarks/audit.py
	if $(PYTHON) -c "import torchlens, transformers"; then $(PYTHON) benchmarks/rivals.py; fi
	$(PYTHON) benchmarks/against.py

N ?= 10000
SEED ?= 0

fuzz:  ## N hostile command lines, requests, files and programs: make fuzz N=100000 SEED=1
	$(PYTHON) -m tools.fuzz -n $(N) --seed $(SEED)

mutants: N = 200
mutants:  ## N small wrong changes to a room, one at a time, and those that no test notices: make mutants ROOM=gradcli/sinks
	$(PYTHON) -m tools.mutants $(ROOM) -n $(N) --seed $(SEED)

release:  ## an sdist and the wheel built of it in dist/, as an index of packages would take them: needs the extra 'release'
	rm -rf dist
	$(PYTHON) -m build --no-isolation
	$(dir $(PYTHON))twine check --strict dist/*
