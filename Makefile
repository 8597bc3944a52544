# Two commands matter: `make run` and `make test`. Everything that they need, they fetch and build themselves.
.DEFAULT_GOAL := help
SHELL := /bin/bash
UV := .tools/bin/uv
PY := .venv/bin/python
FARO := .venv/bin/faro
export UV_PYTHON_PREFERENCE ?= system
export RASA_TELEMETRY_ENABLED := false

.PHONY: help
help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

.PHONY: run
run: setup ## start Faro and print its address
	@$(FARO) up

.PHONY: demo
demo: setup ## start Faro and open its page with suggested questions in both languages
	@$(FARO) up --demo

.PHONY: test
test: setup-dev ## everything: checks, units, real engine, real browser
	@bash tests/run.sh

.PHONY: check
check: setup-dev ## the fast part of the tests: format, types, contracts, content, law
	@bash tests/run.sh check

.PHONY: setup
setup: .tools/ready .venv-engine/ready .venv/ready ## the two environments, without starting anything

.PHONY: setup-dev
setup-dev: setup .venv-engine/ready-dev .venv/ready-dev

.PHONY: train
train: setup ## train the model if anything it depends on changed
	@$(FARO) train

.PHONY: bench
bench: setup-dev train ## time, memory and start-up, beside Rasa's default bot in the same run
	@$(PY) -m tests.bench

.PHONY: bench-understanding
bench-understanding: setup-dev ## understanding beside Rasa's default, NLP.js and TF-IDF, in one run (needs npm)
	@$(PY) -m tests.bench.understanding

.PHONY: bench-booking
bench-booking: setup-dev ## requests saved and delivered a second, beside bare posts in the same run
	@$(PY) -m tests.bench.booking

.PHONY: bench-widget
bench-widget: setup-dev train ## what the widget costs a page, beside three from npm in one run (needs npm, Chromium)
	@$(PY) -m tests.bench.widget

.PHONY: bench-whatsapp
bench-whatsapp: setup-dev ## WhatsApp: answers a second and waits with 1 and 2 engines, webhook times, in one run
	@$(PY) -m tests.bench.whatsapp

.PHONY: bench-console
bench-console: setup-dev ## the console's store at 10,000, 100,000 and a million messages, on both databases
	@$(PY) -m tests.bench.console

.PHONY: bench-recall
bench-recall: setup-dev ## who was told an old value, among 100,000 and a million turns, on both databases
	@$(PY) -m tests.bench.recall

.PHONY: properties
properties: setup-dev ## the property tests with cases that no run had before; what fails becomes an example
	@FARO_TEST_PROPERTIES=search $(PY) -m pytest -q -m hypothesis tests/core tests/booking tests/gateway tests/whatsapp tests/console

.PHONY: faults
faults: setup-dev ## a thousand requests and 2,000 WhatsApp messages while everything fails and is killed
	@FARO_TEST_FAULTS=1000 $(PY) -m pytest -q -s tests/faults

.PHONY: mutants
mutants: .tools/ready .venv-mutation/ready ## break the deadline engine on purpose; at most 5% may go unnoticed
	@bash tests/mutants.sh

.PHONY: vectors
vectors: setup ## write the sentence vectors that travel with the project, after editing examples or questions
	@$(FARO) vectors

.PHONY: locks
locks: .tools/ready ## write the lock files again from requirements/*.in
	@bash requirements/lock.sh

.PHONY: clean
clean: ## remove environments, models, caches and the demo database
	rm -rf .venv .venv-engine .venv-mutation .tools .cache .rasa var

.tools/ready: requirements/tools.lock
	@bash requirements/tools.sh

.venv-engine/ready: .tools/ready requirements/engine.lock
	@bash requirements/environment.sh .venv-engine 3.10 engine.lock
.venv/ready: .tools/ready requirements/app.lock
	@bash requirements/environment.sh .venv 3.12 app.lock
.venv-engine/ready-dev: .venv-engine/ready requirements/engine-dev.lock
	@bash requirements/environment.sh .venv-engine 3.10 engine-dev.lock
.venv-mutation/ready: .tools/ready requirements/mutation.lock
	@bash requirements/environment.sh .venv-mutation 3.12 mutation.lock
.venv/ready-dev: .venv/ready requirements/app-dev.lock
	@bash requirements/environment.sh .venv 3.12 app-dev.lock

.PHONY: screenshots
screenshots: setup-dev train ## take the README's pictures again (needs Chromium)
	@$(PY) -m tests.screenshots
