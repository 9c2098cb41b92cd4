.PHONY: monitoring prometheus alerts
monitoring: kubeconfig.$(ENV) ## open a way to Grafana, on http://localhost:3000, until Ctrl-C: make monitoring ENV=dev
	@echo "The administrator is admin, and this shows the password: kubectl --kubeconfig $< get secret monitoring-admin" \
		"--namespace monitoring --output go-template='{{index .data \"admin-password\" | base64decode}}'"
	kubectl --kubeconfig $< port-forward --namespace monitoring service/monitoring-grafana 3000:80

prometheus: kubeconfig.$(ENV) ## open a way to Prometheus, on http://localhost:9090, until Ctrl-C: make prometheus ENV=dev
	kubectl --kubeconfig $< port-forward --namespace monitoring service/monitoring-prometheus 9090

alerts: kubeconfig.$(ENV) ## open a way to Alertmanager, on http://localhost:9093, until Ctrl-C: make alerts ENV=dev
	kubectl --kubeconfig $< port-forward --namespace monitoring service/monitoring-alertmanager 9093
