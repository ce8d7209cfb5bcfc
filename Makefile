# Two commands matter: `make run` and `make test`. Both install what they need first.
PYTHON ?= python3
VENV := .venv
HEADLESS := .venv-headless
PY := $(VENV)/bin/python
PIP_FLAGS := --quiet --disable-pip-version-check --require-hashes

# Child processes start a third faster from compiled modules, whatever the shell that calls says of them.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test check lint image-tests core-tests ui-tests second-opinion bench lock clean

run: $(VENV)/.run-installed
	$(PY) main.py demo

# The suites run side by side, two at a time: each waits for processes, sockets and timers more than it computes.
test: $(VENV)/.test-installed $(HEADLESS)/.installed lint
	$(MAKE) --no-print-directory --jobs 2 --output-sync=target image-tests ui-tests core-tests

lint: $(VENV)/.test-installed
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(VENV)/bin/deptry .

# Everything but the window, in an environment without PySide6: proof that Qt is in one room. The images
# and the journeys are half of it.
image-tests: $(HEADLESS)/.installed
	$(HEADLESS)/bin/python -m pytest -q tests/rendering tests/journeys -m "not qt"

core-tests: $(HEADLESS)/.installed
	$(HEADLESS)/bin/python -m pytest -q --ignore=tests/ui --ignore=tests/rendering --ignore=tests/journeys -m "not qt"

ui-tests: $(VENV)/.test-installed
	QT_QPA_PLATFORM=offscreen $(PY) -m pytest -q -m qt

# Reports against another FHIR server than the tests': by hand, since it takes Node and npm.
second-opinion: $(VENV)/.test-installed
	npm install --prefix tests/second_opinion --no-package-lock --silent
	$(PY) -m pytest -q tests/second_opinion/medplum_check.py

bench: $(VENV)/.test-installed
	$(PY) -m benchmarks

# Writes the locks anew, with hashes and without addresses. Needs uv in .venv.
lock:
	$(VENV)/bin/python deploy/lock.py

$(VENV)/.run-installed: requirements.lock deploy/system-packages.txt
	deploy/install-system-packages run
	test -x $(PY) || $(PYTHON) -m venv $(VENV)
	$(PY) -m pip install $(PIP_FLAGS) -r requirements.lock
	touch $@

$(VENV)/.test-installed: requirements-test.lock deploy/system-packages.txt
	deploy/install-system-packages test
	test -x $(PY) || $(PYTHON) -m venv $(VENV)
	$(PY) -m pip install $(PIP_FLAGS) -r requirements-test.lock
	touch $@ $(VENV)/.run-installed

$(HEADLESS)/.installed: requirements-headless.lock
	test -x $(HEADLESS)/bin/python || $(PYTHON) -m venv $(HEADLESS)
	$(HEADLESS)/bin/python -m pip install $(PIP_FLAGS) -r requirements-headless.lock
	touch $@

clean:
	rm -rf $(VENV) $(HEADLESS) out
