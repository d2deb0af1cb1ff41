# A helpdesk to try out: make demo [PORT=8000] [CHECK=1], make demo-clean

PYTHON ?= python3
PORT ?= 8000

.PHONY: demo demo-clean

demo:
	@$(PYTHON) -m demo.run --port $(PORT) $(if $(CHECK),--check)

demo-clean:
	@$(PYTHON) -m demo.clean
