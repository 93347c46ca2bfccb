# Short verbs; each does one thing. `make` lists them.
# They work in the environment .venv, which the first one makes; VENV=elsewhere has them work in another one.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready

.DEFAULT_GOAL := help
.PHONY: help setup quick check test core coverage types style fix bench pictures storm mutations lowest pythons

help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-9s %s\n", $$1, $$NF }' $(MAKEFILE_LIST)

$(READY): pyproject.toml
	$(PYTHON) -m venv --without-pip $(VENV)
	$(PYTHON) -m pip --python $(BIN)/python install -q -e '.[test]'
	@touch $@

setup: $(READY) ## make the environment with everything that tests and checks need

quick: $(READY) ## the pure core, campaigns and the contract in memory, rows and screens: in two to three minutes
	$(BIN)/python -m pytest --hypothesis-profile quick -m "not server" tests/unit tests/campaign tests/contract tests/tui

test: $(READY) ## all tests
	$(BIN)/python -m pytest

types: $(READY) ## mypy, strict, over the packages, the tests and the benchmarks
	$(BIN)/mypy

style: $(READY) ## ruff's rules and its format; `make fix` mends what it can
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

fix: $(READY) ## let ruff mend and format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

check: style types quick ## what should be green before each commit

core: $(READY) ## what the tests that need no broken cluster reach of the pure core; fails below all of it
	$(BIN)/python -m pytest --cov --cov-report= --cov-fail-under=0 tests/unit tests/campaign tests/contract tests/tui
	$(BIN)/coverage report --include='election_core/core/*' --show-missing --skip-covered --fail-under=100

# Everything that runs in this process or in one it starts, without the minutes of broken clusters and storms.
SLOW := storm $(patsubst %,faults/test_%.py,exact_history failover giving_up grpc_proxy half_open isolation processes quorum)
coverage: $(READY) ## what the tests reach, storms and broken clusters left out; fails below the gate
	$(BIN)/python -m pytest --cov --cov-report=term-missing:skip-covered $(SLOW:%=--ignore=tests/%) tests
	$(BIN)/coverage report --include='election_core/core/*' --fail-under=100

bench: $(READY) ## the race against Go, Node and bare gRPC
	$(BIN)/python -m benchmarks

pictures: $(READY) ## the pictures of the pages, of a recording and on a real etcd; needs chromium
	$(BIN)/python screenshots/make.py --png screenshots
	$(BIN)/python -m screenshots.browsers screenshots

storm: $(READY) ## a night's work: a thousand faults, repeated ones, ten thousand campaigns on TLS, as many random histories
	$(BIN)/python -m tests.storm --faults 1000
	$(BIN)/python -m tests.storm --faults 300 --etcd 3.5
	FAULT_SEED=$$(date +%s) FAULT_ROUNDS=20 $(BIN)/python -m pytest tests/faults
	TLS_CAMPAIGNS=10000 $(BIN)/python -m pytest tests/secure/test_many_campaigns.py
	$(BIN)/python -m pytest --hypothesis-profile nightly --timeout 7200 tests/unit tests/campaign

mutations: $(READY) ## break a line for each hazard, and see that its tests notice
	$(BIN)/python -m tests.mutations

lowest: ## the quick tests on the lowest declared versions
	.ci/lowest

pythons: ## the quick tests on each Python that can be had
	.ci/pythons
