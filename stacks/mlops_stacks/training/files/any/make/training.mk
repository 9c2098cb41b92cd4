# Which file of jobs/, and in which of the workspace's namespaces.
JOB := train
NAMESPACE := models

.PHONY: train
train: kubeconfig.$(ENV) ## submit jobs/JOB.yaml to the queue: make train ENV=dev IMAGE=<image>@sha256:<digest>
	@case "$(IMAGE)" in *@sha256:*) ;; *) \
		echo "Name the image with its digest: IMAGE=<image>@sha256:<digest>" >&2; exit 2 ;; esac
	@sed 's|image: IMAGE$$|image: $(IMAGE)|' jobs/$(JOB).yaml \
		| kubectl --kubeconfig $< create --namespace $(NAMESPACE) --filename -
