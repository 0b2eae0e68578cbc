# Everything is made below .build; nothing is installed into the user's home or the system.
PYTHON ?= python3
SAMPLE ?= 40
WITHIN = $(PYTHON) scripts/within.py
LAB = $(WITHIN) python -m lab

.DEFAULT_GOAL := help

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

setup:
	@$(PYTHON) scripts/setup.py

setup-tests:
	@$(PYTHON) scripts/setup.py --tests

demo: setup ## take one seed from first backup to recovery point, in the lab
	@$(WITHIN) python scripts/demo.py

test: setup-tests ## run every check and test
	@$(WITHIN) python scripts/test.py

lab: setup ## start a fresh lab, print how to use it, stay until Ctrl+C
	@$(LAB) up

lab-stop: setup ## stop the lab
	@$(LAB) down

lint: setup-tests ## run the static checks
	@$(WITHIN) python scripts/test.py lint

unit: setup-tests ## run the unit tests
	@$(WITHIN) python scripts/test.py unit

molecule: setup-tests ## run whole seeds with molecule (SCENARIOS="dpm folder"; without it, all)
	@$(WITHIN) python scripts/molecule.py venv test $(SCENARIOS)

docs: setup-tests ## write the generated parts of the documentation
	@$(WITHIN) python scripts/docs.py

bench: setup ## measure playbooks over many seeds in the lab (BENCH="--seeds 10,100 --forks 5,20")
	@$(WITHIN) python tests/bench/run.py $(BENCH)

mutate: setup-tests ## change the code in small ways and list what no test notices (SAMPLE=40 a file)
	@$(WITHIN) python scripts/mutate.py --sample $(SAMPLE)
	@$(WITHIN) python scripts/mutate_powershell.py --sample $(SAMPLE)

clean: ## remove everything that was made
	@rm -rf .build .lab .mypy_cache .pytest_cache .ruff_cache .hypothesis

.PHONY: help setup setup-tests demo test lab lab-stop lint unit molecule docs bench mutate clean
