# Each target is a task of make.py; `make help` lists them.
# Arguments are passed on: make test ARGS="tests/test_layers.py -x"
PYTHON ?= $(firstword $(shell command -v python3.11 || command -v python3 || command -v python))

.DEFAULT_GOAL := help
.PHONY: book test lab refresh lint bench setup clean help

book test lab refresh lint bench setup clean:
	@$(or $(PYTHON),$(error No Python found. Install Python 3.11 or newer)) make.py $@ $(ARGS)

help:
	@$(or $(PYTHON),$(error No Python found. Install Python 3.11 or newer)) make.py --help
