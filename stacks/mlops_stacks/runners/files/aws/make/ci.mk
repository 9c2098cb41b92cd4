.PHONY: jobs drift
jobs: .venv/ready ## list the environments that CI works on, as JSON
	@$(PYTHON) scripts/jobs.py $(ENVIRONMENTS)

drift: environment ## fail if the cloud is not what the state says it is: make drift ENV=dev
	@set -e; for program in $(PROGRAMS); do \
		pulumi preview --refresh --expect-no-changes --cwd $$program --stack $(ENV) $(ARGS); done
