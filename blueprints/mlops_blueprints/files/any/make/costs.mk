.PHONY: costs

costs: .venv/ready ## what it costs a month, without a cloud; with ENV=prod, and what that rests on
	@PYTHONPATH=tests $(PYTHON) scripts/costs.py $(ENV)
