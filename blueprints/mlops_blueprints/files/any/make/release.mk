.PHONY: release propose
# Which components of the cluster get the image: all that run the app, as their own files in make/ say.
COMPONENT = $(sort $(RUNS_APP))
NOTHING :=
SPACE := $(NOTHING) $(NOTHING)

release: .venv/ready ## write which image runs into the settings: make release ENV=dev IMAGE=<image>@sha256:<digest>
	@$(PYTHON) scripts/release.py "$(ENV)" "$(IMAGE)" $(COMPONENT)

propose: FILE = cluster/Pulumi.$(ENV).yaml
propose: TITLE = Release $(subst $(SPACE), and ,$(COMPONENT)) in $(ENV)
propose: BRANCH = release-$(ENV)-$(subst $(SPACE),-,$(COMPONENT))-$(shell echo "$(IMAGE)" | sed 's/.*@sha256:\(.\{12\}\).*/\1/')
propose: release ## the same as a pull request: make propose ENV=dev IMAGE=<image>@sha256:<digest>
	@# Twice the same is one pull request, and one that is there already is left as it is.
	@set -e; if git diff --quiet -- $(FILE); then exit 0; fi; \
		open=$$(gh pr list --head $(BRANCH) --state open --json url --jq '.[].url'); \
		if [ "$$open" ]; then git checkout --quiet -- $(FILE); echo "It is proposed already: $$open"; exit 0; fi; \
		git switch --quiet --force-create $(BRANCH); \
		git commit --quiet --message "$(TITLE)" --message "$(IMAGE)" -- $(FILE); \
		git -c credential.helper='!gh auth git-credential' push --quiet --force origin $(BRANCH); \
		gh pr create --head $(BRANCH) --title "$(TITLE)" --body "\`$(IMAGE)\` $$NOTE"
