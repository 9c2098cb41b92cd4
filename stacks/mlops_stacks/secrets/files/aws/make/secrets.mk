.PHONY: secret secrets
secret: environment ## put a value into an entry, typed in unseen: make secret NAME=slack ENV=dev
	@$(PYTHON) scripts/secret.py $(ENV) "$(NAME)"

secrets: environment ## list the entries that people fill, and which are empty: make secrets ENV=dev
	@$(PYTHON) scripts/secret.py $(ENV)
