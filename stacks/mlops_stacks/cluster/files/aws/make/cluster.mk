.PHONY: kubeconfig
kubeconfig: environment ## write how kubectl reaches the cluster to kubeconfig.ENV: make kubeconfig ENV=dev
	@umask 077 && pulumi stack output cluster.kubeconfig --show-secrets --stack $(ENV) > kubeconfig.$(ENV)
	@echo "Now: export KUBECONFIG=$(CURDIR)/kubeconfig.$(ENV)"
