.PHONY: tracking
tracking: kubeconfig.$(ENV) ## open a way to MLflow, on http://localhost:5000, until Ctrl-C: make tracking ENV=dev
	kubectl --kubeconfig $< port-forward --namespace tracking service/tracking 5000
