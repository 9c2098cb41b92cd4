.PHONY: kubeconfig
kubeconfig: kubeconfig.$(ENV) ## write how kubectl reaches the cluster to kubeconfig.ENV: make kubeconfig ENV=dev
	@echo "Now: export KUBECONFIG=$(CURDIR)/kubeconfig.$(ENV)"

kubeconfig.$(ENV): environment
	@umask 077 && pulumi stack output cluster.kubeconfig --show-secrets --stack $(ENV) > $@.new && mv $@.new $@
