# `make release` and `make propose` give the app's image to this component.
RUNS_APP += serving

# Who is asked, and what about.
.PHONY: predict
predict: SERVICE := serving
predict: QUESTION := {"rows": [{"tenure_months": 24, "monthly_charge": 60, "support_tickets": 5, "late_payments": 4, "weekly_logins": 9}]}
predict: kubeconfig.$(ENV) ## ask the predictor one question: make predict ENV=dev SERVICE=serving-challenger
	@kubectl --kubeconfig $< port-forward --namespace serving service/$(SERVICE) 8081:http >&2 & \
		trap "kill $$!" EXIT; \
		curl --silent --show-error --fail-with-body --retry 15 --retry-connrefused --retry-delay 1 \
			--header 'Content-Type: application/json' --data '$(QUESTION)' http://localhost:8081/predict && echo
