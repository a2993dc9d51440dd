"""Read the admission policies, and try with a dry run whether the API server holds."""

import time
import uuid
from collections.abc import Callable, Mapping
from typing import Final

from saferollout.api.names import LABEL_HELD, LABEL_MANAGED_BY
from saferollout.cli.checks.found import Holding, Probe, Unread
from saferollout.cli.checks.policies import PLURALS
from saferollout.cli.checks.read_cluster import attempt
from saferollout.cli.connect import ApiRefused, Cluster, Raw, apps_path

_ROOT: Final = "/apis/admissionregistration.k8s.io/v1"
_ACCESS: Final = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
# A policy is active 0.5 to 4 s after it was applied.
_ATTEMPTS: Final = 5
_PAUSE_SECONDS: Final = 1.0


def read_holding(cluster: Cluster, *, sleep: Callable[[float], None] = time.sleep) -> Holding:
    """Read policies and bindings, and create a labelled Deployment as a dry run, which stores nothing."""
    objects = _objects(cluster)
    probe = _probe(cluster, attempts=_ATTEMPTS if _has_some(objects) else 1, sleep=sleep)
    return Holding(objects=objects, probe=probe, you=cluster.whoami())


def _objects(cluster: Cluster) -> Mapping[str, Mapping[str, Raw] | None] | Unread:
    found: dict[str, Mapping[str, Raw] | None] = {}
    for plural in PLURALS:
        listed = attempt(cluster, f"{_ROOT}/{plural}", what=f"list {plural}")
        if isinstance(listed, Unread):
            return listed
        found[plural] = None if listed is None else {item["metadata"]["name"]: item for item in listed.get("items", [])}
    return found


def _has_some(objects: Mapping[str, Mapping[str, Raw] | None] | Unread) -> bool:
    return isinstance(objects, Unread) or any(name.endswith("-hold") for name in objects["mutatingadmissionpolicies"] or ())


def _probe(cluster: Cluster, *, attempts: int, sleep: Callable[[float], None]) -> Probe | Unread:
    what = f"create deployments in namespace {cluster.namespace}"
    try:
        if not may(cluster, verb="create", group="apps", resource="deployments"):
            return Unread(f"you may not {what}, not even as a dry run")
        for attempted in range(attempts):
            if attempted:
                sleep(_PAUSE_SECONDS)
            if _is_held(cluster.ask(apps_path(cluster.namespace, "deployments"), body=_probe_object())):
                return Probe(held=True)
    except ApiRefused as refusal:
        # Quotas and other people's admission refuse with 403 as well, so their words count.
        return Unread(f"the dry run was refused ({refusal.status}): {refusal}")
    return Probe(held=False)


def may(cluster: Cluster, *, verb: str, group: str, resource: str) -> bool:
    """Ask whether you may do something in the namespace; raise ApiRefused."""
    attributes = {"namespace": cluster.namespace, "verb": verb, "group": group, "resource": resource}
    return bool(cluster.ask(_ACCESS, body=review("SelfSubjectAccessReview", {"resourceAttributes": attributes}))["status"]["allowed"])


def review(kind: str, spec: Raw) -> Raw:
    """Write a question to the authorizer."""
    return {"apiVersion": "authorization.k8s.io/v1", "kind": kind, "spec": spec}


def _is_held(created: Raw) -> bool:
    return bool(created["spec"].get("paused")) and LABEL_HELD in (created["metadata"].get("labels") or {})


def _probe_object() -> Raw:
    name = f"saferollout-check-{uuid.uuid4().hex[:6]}"
    labels = {"app": name}
    security = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    container = {
        "name": "probe", "image": "registry.invalid/saferollout-check:none", "securityContext": security,
        "resources": {"requests": {"cpu": "1m", "memory": "1Mi"}, "limits": {"cpu": "1m", "memory": "1Mi"}},
    }  # fmt: skip
    pod = {"securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}, "containers": [container]}
    return {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "labels": {**labels, LABEL_MANAGED_BY: "saferollout-check"}},
        "spec": {"replicas": 0, "selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}},
    }  # fmt: skip
