# `make release` and `make propose` give the app's image to this component.
RUNS_APP += drift

.PHONY: data-drift
data-drift: kubeconfig.$(ENV) ## compare what the model is asked with what it was trained on, now: make data-drift ENV=dev
	@job=drift-$$(date +%s); kubectl --kubeconfig $< create job --namespace drift --from cronjob/drift $$job && \
		kubectl --kubeconfig $< logs --namespace drift --follow --pod-running-timeout 10m job/$$job
