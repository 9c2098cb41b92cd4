.PHONY: jobs pull-request-jobs plan infra-drift
jobs: .venv/ready ## list the environments that CI works on, or the one that ENV names, as JSON
	@$(PYTHON) scripts/jobs.py $(or $(ENV),$(ENVIRONMENTS))

pull-request-jobs: .venv/ready ## list those that a pull request may look into, and those that are kept out of it
	@$(PYTHON) scripts/jobs.py --pull-request $(ENVIRONMENTS)

plan: environment ## what would change, as a page for a pull request: make plan ENV=dev
	@set -e; failed=; previews=$$(mktemp); trap 'rm -f $$previews' EXIT; \
		$(MAKE) --silent --no-print-directory preview ENV=$(ENV) ARGS="--json --show-sames $(ARGS)" > $$previews || failed=1; \
		$(PYTHON) scripts/plan.py $(ENV) < $$previews; test -z "$$failed"

infra-drift: environment ## fail if the infrastructure is not what the state says it is: make infra-drift ENV=dev
	@set -e; for program in $(PROGRAMS); do \
		pulumi preview --refresh --expect-no-changes --cwd $$program --stack $(ENV) $(ARGS); done
