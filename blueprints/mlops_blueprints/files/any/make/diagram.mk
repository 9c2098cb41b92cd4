.PHONY: diagram

diagram: .venv/ready ## draw the platform again, after a change of its programs
	$(PYTHON) scripts/diagram.py
