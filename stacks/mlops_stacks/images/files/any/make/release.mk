.PHONY: release propose
# Which component of the cluster runs the image.
COMPONENT := serving

release: .venv/ready ## write which image runs into the settings: make release ENV=dev IMAGE=<image>@sha256:<digest>
	@$(PYTHON) scripts/release.py "$(ENV)" "$(IMAGE)" "$(COMPONENT)"

propose: FILE = cluster/Pulumi.$(ENV).yaml
propose: BRANCH = release-$(ENV)-$(COMPONENT)-$(shell echo "$(IMAGE)" | sed 's/.*@sha256:\(.\{12\}\).*/\1/')
propose: release ## the same as a pull request: make propose ENV=dev IMAGE=<image>@sha256:<digest>
	@# Twice the same is one pull request, and one that is there already is left as it is.
	@set -e; if git diff --quiet -- $(FILE); then exit 0; fi; \
		open=$$(gh pr list --head $(BRANCH) --state open --json url --jq '.[].url'); \
		if [ "$$open" ]; then git checkout --quiet -- $(FILE); echo "It is proposed already: $$open"; exit 0; fi; \
		git switch --quiet --force-create $(BRANCH); \
		git commit --quiet --message "Release $(COMPONENT) in $(ENV)" --message "$(IMAGE)" -- $(FILE); \
		git -c credential.helper='!gh auth git-credential' push --quiet --force origin $(BRANCH); \
		gh pr create --head $(BRANCH) --title "Release $(COMPONENT) in $(ENV)" --body "\`$(IMAGE)\` $$NOTE"
