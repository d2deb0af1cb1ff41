# Tests and checks make their own environments under .venv; see
# CONTRIBUTING.rst. "make help" tells the rest.

PYTHON ?= python3

.PHONY: help test long check translations bench doc clean

help:
	@echo "make test          all tests, on each Tryton and database there is"
	@echo "make long          tests that take many minutes"
	@echo "make check         style, policy, translations, documentation"
	@echo "make translations  bring locale/*.po up to date"
	@echo "make bench         measure"
	@echo "make doc           the documentation, into doc/_build"
	@echo "make demo          try it out, with CHECK=1 on its own"
	@echo "make clean         remove what these made"
	@echo
	@$(PYTHON) -m tests.run --help | sed -n '/^Variables/,/^  CI/p'

test long check translations bench doc:
	@$(PYTHON) -m tests.run $@

clean:
	rm -rf .venv .cache .pytest_cache .hypothesis build dist doc/_build
	rm -rf *.egg-info
	find . -name __pycache__ -prune -exec rm -rf {} +

-include demo/demo.mk
