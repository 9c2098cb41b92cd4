.PHONY: logs
logs: OF :=
logs: SINCE := 10m
logs: environment ## follow what pods print: make logs ENV=dev OF=serving SINCE=1h
	aws logs tail "/aws/eks/$$(pulumi stack output cluster.cluster_name --stack $(ENV))/pods" \
		--follow --since "$(SINCE)" $(if $(OF),--log-stream-name-prefix "$(OF).")
