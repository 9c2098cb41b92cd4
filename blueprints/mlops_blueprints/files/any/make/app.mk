.PHONY: app-setup app-check app-test app-lock train-local serve-local app-load image

APP := .venv-app/bin/python
LOCK := uv pip compile --quiet --upgrade --universal --generate-hashes --no-annotate --no-header --python-version 3.11
# The name of the image that `make image` builds.
TAG := app:local

app-setup: .venv-app/ready ## install what the app needs, into .venv-app

.venv-app/ready: app/requirements.txt tests/app/requirements.txt
ifdef UV
	uv venv --quiet --allow-existing --python '>=3.11,<3.14' .venv-app
	uv pip install --quiet --python .venv-app --require-hashes -r app/requirements.txt -r tests/app/requirements.txt
else
	python3 -m venv .venv-app
	$(APP) -m pip install --quiet --require-hashes -r app/requirements.txt -r tests/app/requirements.txt
endif
	@touch $@

app-check: .venv-app/ready ## the app's types
	.venv-app/bin/pyrefly check --python-interpreter-path $(APP) --search-path . --search-path tests/app app tests/app

app-test: .venv-app/ready ## the app's tests
	$(APP) -m pytest tests/app

app-lock: ## resolve the app's requirements again (needs uv)
	cd app && $(LOCK) requirements.in -o requirements.txt
	cd tests/app && $(LOCK) -c ../../app/requirements.txt requirements.in -o requirements.txt

train-local: .venv-app/ready ## train, measure and promote a model on this machine
	$(APP) -m app train
	$(APP) -m app evaluate
	$(APP) -m app promote

serve-local: .venv-app/ready ## answer requests with it, on http://localhost:8080, until Ctrl-C
	$(APP) -m app serve --drain-seconds 0

app-load: .venv-app/ready ## ask it 100 times a second for a minute, and print how long it took
	PYTHONPATH=. $(APP) tests/app/load.py

image: ## build the app's image with docker or podman: make image TAG=app:local
	@tool=$$(command -v docker || command -v podman) || { echo "Neither docker nor podman is installed." >&2; exit 2; }; \
		"$$tool" build --tag "$(TAG)" app
