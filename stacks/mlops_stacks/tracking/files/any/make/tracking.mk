.PHONY: tracking
tracking: ## open a way to MLflow, on http://localhost:5000, until Ctrl-C
	kubectl port-forward --namespace tracking service/tracking 5000
