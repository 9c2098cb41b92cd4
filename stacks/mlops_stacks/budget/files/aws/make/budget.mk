.PHONY: cost-tags
cost-tags: ## let AWS count cost by our tags: once, with a login to the account that pays
	aws ce update-cost-allocation-tags-status --cost-allocation-tags-status \
		TagKey=project,Status=Active TagKey=environment,Status=Active
	@aws ce list-cost-allocation-tags --tag-keys project environment --output table
