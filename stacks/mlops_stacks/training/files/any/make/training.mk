# Which file of jobs/, and in which of the workspace's namespaces.
JOB := train
NAMESPACE := models
# How long `make run` waits, those in the queue included: CI's rights end after an hour.
MINUTES := 40

.PHONY: train run
train: kubeconfig.$(ENV) ## submit jobs/JOB.yaml to the queue: make train ENV=dev IMAGE=<image>@sha256:<digest>
	@case "$(IMAGE)" in *@sha256:*) ;; *) \
		echo "Name the image with its digest: IMAGE=<image>@sha256:<digest>" >&2; exit 2 ;; esac
	@sed 's|image: IMAGE$$|image: $(IMAGE)|' jobs/$(JOB).yaml \
		| kubectl --kubeconfig $< create --namespace $(NAMESPACE) --filename -

run: kubeconfig.$(ENV) ## run a command of the app there, and wait: make run ENV=dev IMAGE=<image>@sha256:<digest> DO=train
	@$(PYTHON) scripts/job.py $< $(NAMESPACE) jobs/$(JOB).yaml $(MINUTES) "$(IMAGE)" $(DO)
