.PHONY: login push
login: environment ## log docker in to the image repositories, for twelve hours: make login ENV=dev
	@registry=$$(pulumi stack output images.registry --stack $(ENV)) && \
		region=$$(echo $$registry | cut -d . -f 4) && \
		aws ecr get-login-password --region $$region | docker login --username AWS --password-stdin $$registry >&2

push: login ## build the app of this commit and push it, or copy IMAGE as it is; print its digest: make push ENV=dev
	@$(PYTHON) scripts/image.py "$(ENV)" "$$IMAGE"
