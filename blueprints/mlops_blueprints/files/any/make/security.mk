.PHONY: security security-lock

security: .venv/ready .venv-security/ready .venv-policy/ready ## hold plans and files against policy/, checkov and zizmor, offline
	$(PYTHON) -m pytest tests/test_policy.py tests/test_rules.py
	.venv/bin/pyrefly check --python-interpreter-path .venv-policy/bin/python --search-path . policy-pack/__main__.py
	PYTHONPATH=tests $(PYTHON) -m security
	.venv-security/bin/zizmor --offline --no-progress .github

security-lock: ## resolve the requirements of checkov, zizmor and the policy pack again (needs uv)
	cd tests/security && $(LOCK) requirements.in -o requirements.txt
	cd policy-pack && $(LOCK) requirements.in -o requirements.txt

.venv-security/ready: tests/security/requirements.txt
.venv-policy/ready: policy-pack/requirements.txt

.venv-security/ready .venv-policy/ready:
ifdef UV
	uv venv --quiet --allow-existing --python '>=3.11,<3.14' $(@D)
	uv pip install --quiet --python $(@D) --require-hashes -r $<
else
	python3 -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --require-hashes -r $<
endif
	@touch $@
