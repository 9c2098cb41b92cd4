"""What every block inside a cluster shares: the way in, and how its pods are secured."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import pulumi
import pulumi_kubernetes as k8s

from mlops_stacks.cluster import Cluster
from mlops_stacks.secrets import Source


def inside(cluster: Cluster) -> None:
    """From here on, the program makes every object of Kubernetes in this cluster, and in no other.

    The provider is named to each of them, so none ever falls back on a kubeconfig that happens to lie around. Its
    identifier is a fixed name: without it, a changed kubeconfig would replace every object in the cluster
    (pulumi-kubernetes, ``cluster_identifier``).
    """
    provider = k8s.Provider(
        cluster.name,
        kubeconfig=cluster.kubeconfig,
        cluster_identifier=f"{pulumi.get_project()}-{pulumi.get_stack()}-{cluster.name}",
        enable_server_side_apply=True,
    )

    def settle(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if not args.type_.startswith("kubernetes:"):
            return None
        opts = pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(provider=provider))
        return pulumi.ResourceTransformationResult(args.props, opts)

    pulumi.runtime.register_stack_transformation(settle)


def labels(name: str) -> dict[str, str]:
    """The recommended labels of an object, which its selectors use too."""
    return {
        "app.kubernetes.io/name": name,
        "app.kubernetes.io/part-of": pulumi.get_project(),
        "app.kubernetes.io/managed-by": "pulumi",
    }


def pod_security(user: int) -> k8s.core.v1.PodSecurityContextArgs:
    """A pod's half of Pod Security *restricted*; ``user`` is the numeric id its image runs as."""
    return k8s.core.v1.PodSecurityContextArgs(
        run_as_non_root=True,
        run_as_user=user,
        run_as_group=user,
        fs_group=user,
        seccomp_profile=k8s.core.v1.SeccompProfileArgs(type="RuntimeDefault"),
    )


def container_security() -> k8s.core.v1.SecurityContextArgs:
    """A container's half of Pod Security *restricted*, with a read-only root file system."""
    return k8s.core.v1.SecurityContextArgs(
        allow_privilege_escalation=False,
        read_only_root_filesystem=True,
        capabilities=k8s.core.v1.CapabilitiesArgs(drop=["ALL"]),
    )


def admit(
    port: int, *who: k8s.networking.v1.NetworkPolicyPeerArgs, pods: Mapping[str, str] | None = None
) -> k8s.networking.v1.NetworkPolicySpecArgs:
    """A network policy that lets somebody in, on one TCP port, and nothing else; policies of a namespace add up.

    The other end needs a way out as well: ``platform``, for pods in namespaces of the platform.

    Args:
        port: the port.
        who: who is let in; see ``pods_of``.
        pods: the labels of the pods that are reached; all of the policy's namespace unless given.
    """
    return k8s.networking.v1.NetworkPolicySpecArgs(
        pod_selector=k8s.meta.v1.LabelSelectorArgs(match_labels=pods),
        policy_types=["Ingress"],
        ingress=[
            k8s.networking.v1.NetworkPolicyIngressRuleArgs(
                from_=list(who), ports=[k8s.networking.v1.NetworkPolicyPortArgs(protocol="TCP", port=port)]
            )
        ],
    )


def pods_of(namespaces: pulumi.Input[Sequence[pulumi.Input[str]]]) -> k8s.networking.v1.NetworkPolicyPeerArgs:
    """Every pod of some namespaces, known by the label that the API server itself puts on them."""
    return k8s.networking.v1.NetworkPolicyPeerArgs(
        namespace_selector=k8s.meta.v1.LabelSelectorArgs(
            match_expressions=[
                k8s.meta.v1.LabelSelectorRequirementArgs(
                    key="kubernetes.io/metadata.name", operator="In", values=namespaces
                )
            ]
        )
    )


def secret_files(
    name: str, source: Source, *, namespace: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> k8s.core.v1.VolumeArgs:
    """A volume, called ``secrets``, with a file for each entry of the cloud's secret store that was granted.

    A file is named after its entry, can be read by every user of the pod, and follows a new value within five minutes;
    one that is mounted by ``sub_path`` does not. No Secret holds a copy. Pod Security *restricted* allows it.

    While an entry is empty or may not be read, no pod with the volume starts: ``kubectl describe pod`` says why, in
    events called ``FailedMount``, and the kubelet tries again every two minutes. So mount what somebody has asked for.

    Args:
        name: names the object that says what to fetch, one for each grant.
        source: what ``Secrets.grant_read`` returned, for the identity of the pods.
        namespace: the namespace of the pods.
        opts: the options of that object.
    """
    fetched = k8s.apiextensions.CustomResource(
        f"{name}-secrets",
        api_version="secrets-store.csi.x-k8s.io/v1",
        kind="SecretProviderClass",
        metadata=k8s.meta.v1.ObjectMetaArgs(name=name, namespace=namespace, labels=labels(name)),
        spec={"provider": source.provider, "parameters": source.parameters},
        opts=opts,
    )
    return k8s.core.v1.VolumeArgs(
        name="secrets",
        csi=k8s.core.v1.CSIVolumeSourceArgs(
            driver=source.driver,
            read_only=True,
            # By way of the object, so that the pod comes after it.
            volume_attributes={"secretProviderClass": fetched.urn.apply(lambda _: name)},
        ),
    )


def fingerprint(text: str) -> str:
    """What differs when a text does, and does not tell the text."""
    return hashlib.sha256(text.encode()).hexdigest()
