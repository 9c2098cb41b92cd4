.PHONY: airflow dags-image
airflow: kubeconfig.$(ENV) ## open a way to Airflow, on http://localhost:8080, until Ctrl-C: make airflow ENV=dev
	kubectl --kubeconfig $< port-forward --namespace orchestration service/orchestration-api-server 8080

dags-image: TAG := dags:local
dags-image: ## build the image of the pipelines: make dags-image TAG=dags:local
	@tool=$$(command -v docker || command -v podman) || { echo "Neither docker nor podman is installed." >&2; exit 2; }; \
		"$$tool" build --file dags/Dockerfile --tag "$(TAG)" .
