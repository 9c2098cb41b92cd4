# One recipe a target; `make help` lists them.
UV := $(shell command -v uv)
PYTHON := .venv/bin/python
PROJECT := build/acme
export PYTHONPYCACHEPREFIX := $(CURDIR)/build/bytecode
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test floor check golden docs locks schemas engine bench clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

.venv/ready: requirements.txt pyproject.toml
ifdef UV
	uv venv --quiet --allow-existing --python '>=3.11,<3.14' .venv
	uv pip install --quiet --python .venv --require-hashes -r requirements.txt
	uv pip install --quiet --python .venv --no-deps --no-build-isolation -e .
else
	@python3 -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { \
		echo "Python 3.11 to 3.13 is needed, and python3 is $$(python3 --version 2>&1)." >&2; exit 2; }
	python3 -m venv .venv
	$(PYTHON) -m pip install --quiet --require-hashes -r requirements.txt
	$(PYTHON) -m pip install --quiet --no-deps --no-build-isolation -e .
endif
	@touch $@

demo: .venv/ready ## make a platform in build/acme, and preview it
	rm -rf $(PROJECT)
	.venv/bin/mlops-scaffold new acme --stage series-a --cloud aws --output build

test: .venv/ready ## all tests but those of `make engine`
	$(PYTHON) -m pytest --ignore tests/engine

# Each of the dependencies does its part in these: the runtime and the SDKs of Pulumi, the command line, the files.
FLOOR := tests/floor tests/embedded $(patsubst %,tests/test_%.py,blueprint cli examples expectations preview render)
floor: build/floor/ready ## the tests of what others' packages do, with the oldest Python and packages that we allow
	build/floor/bin/python -m pytest $(FLOOR)

build/floor/ready: tests/floor/requirements.txt pyproject.toml | .venv/ready
	.venv/bin/uv venv --quiet --clear --python 3.11 $(@D)
	.venv/bin/uv pip install --quiet --python $(@D) --require-hashes -r $<
	.venv/bin/uv pip install --quiet --python $(@D) --no-deps --no-build-isolation -e .
	@touch $@

check: .venv/ready ## format, lint, types
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/pyrefly check

engine: .venv/ready ## build the real Pulumi CLI and actionlint (needs Go), and hold our plans against the former
	sh tests/actionlint/build.sh
	sh tests/engine/build.sh
	$(PYTHON) -m pytest tests/engine -n0

golden: .venv/ready ## refresh the goldens
	$(PYTHON) -m pytest tests/test_goldens.py --refresh

docs: .venv/ready ## refresh the generated tables, pages and schemas
	$(PYTHON) -m pytest tests/test_docs.py tests/test_security.py --refresh

locks: .venv/ready ## resolve the hashed locks again
	uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --python-version 3.11 pyproject.toml --group dev -o requirements.txt
	uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --python-version 3.11 --resolution lowest-direct pyproject.toml --group test -o tests/floor/requirements.txt
	cd tests/mlflow && uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --python-version 3.11 requirements.in -o requirements.txt
	cd tests/orchestration && uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --python-version 3.11 requirements.in -o requirements.txt
	$(MAKE) -C blueprints/mlops_blueprints/files/any -f make/app.mk -f make/security.mk app-lock security-lock
	cd blueprints/mlops_blueprints/locks && uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --python-version 3.11 aws.in tools.in -o ../files/aws/requirements.txt

schemas: .venv/ready ## refresh the Kubernetes schemas (needs Go)
	$(PYTHON) tests/kubernetes/distil.py
	$(PYTHON) tests/kubernetes/custom.py

# Which figures: those of the tool, or of a repository's predictor. `make bench PARTS=predictor`
PARTS := tool predictor
bench: .venv/ready ## print the figures of DESIGN section 11
	$(PYTHON) tests/bench.py $(PARTS)

clean: ## remove what the other targets made
	rm -rf build dist .venv
