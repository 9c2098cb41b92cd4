.PHONY: bootstrap
bootstrap: environment ## make the backend for state and secrets, and log in to it: make bootstrap ENV=dev
	$(PYTHON) scripts/bootstrap.py $(ENV)
