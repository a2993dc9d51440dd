"""Read the API server, the CRD, and the operators that are installed."""

import re
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

import yaml
from pydantic import ValidationError

from saferollout.api.names import GROUP, PLURAL, VERSION
from saferollout.cli.checks.found import Beat, Definition, Installation, Installations, Server, Unread
from saferollout.cli.connect import ApiRefused, Cluster, Raw, apps_path
from saferollout.cli.picture import STALE_SECONDS
from saferollout.shell.config import OperatorConfig

NOT_FOUND: Final = 404
FORBIDDEN: Final = 403
_ADMISSION: Final = "/apis/admissionregistration.k8s.io/v1"
_DEFINITION: Final = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{PLURAL}.{GROUP}"
_OURS: Final = "app.kubernetes.io/name=saferollout"
_CHART: Final = "saferollout-"
# A live operator renews its Lease every two seconds (engine/lease.py).
_LOOK_AGAIN_SECONDS: Final = 5.0


def attempt(cluster: Cluster, path: str, *, what: str, selector: str = "") -> Raw | Unread | None:
    """Read a path; None where nothing is there. `what` completes "you may not ..."."""
    try:
        return cluster.read(path, selector=selector)
    except ApiRefused as refusal:
        return None if refusal.status == NOT_FOUND else unread(refusal, what=what)


def unread(refusal: ApiRefused, *, what: str) -> Unread:
    """Say why something is not known."""
    if refusal.status == FORBIDDEN:
        return Unread(f"you may not {what}")
    return Unread(f"the API server said {refusal.status}: {refusal}")


def read_server(cluster: Cluster) -> Server:
    """Ask the API server who it is; raise CommandFailed where it can't be reached, ApiRefused where it does not let you in."""
    version = cluster.read("/version")
    number = (_digits(version.get("major", "")), _digits(version.get("minor", "")))
    known = attempt(cluster, _ADMISSION, what="list the resources of admissionregistration.k8s.io")
    policies = known if isinstance(known, Unread) else "mutatingadmissionpolicies" in _resources(known)
    return Server(address=cluster.server, version=str(version.get("gitVersion", "")), number=number, policies=policies)


def read_definition(cluster: Cluster) -> Definition:
    """Ask for the CRD, and, since few people may read it, for what is served."""
    known = attempt(cluster, f"/apis/{GROUP}/{VERSION}", what=f"list the resources of {GROUP}")
    served = known if isinstance(known, Unread) else PLURAL in _resources(known)
    return Definition(served=served, raw=attempt(cluster, _DEFINITION, what="get customresourcedefinitions"))


def _resources(listing: Raw | None) -> set[str]:
    return {str(entry.get("name", "")) for entry in (listing or {}).get("resources", [])}


def _digits(text: str) -> int:
    # Some providers write 36+.
    found = re.match(r"\d+", str(text))
    return int(found.group()) if found else 0


def read_installations(cluster: Cluster, *, namespace: str | None, sleep: Callable[[float], None] = time.sleep) -> Installations:
    """Find the operator's Deployments by label, everywhere or in one namespace, with their configuration and their Lease."""
    where = f"in namespace {namespace}" if namespace else "in all namespaces"
    path = apps_path(namespace, "deployments") if namespace else "/apis/apps/v1/deployments"
    # In one namespace also those whose name label was overridden.
    listed = attempt(cluster, path, what=f"list deployments {where}", selector="" if namespace else _OURS)
    leases = _leases(cluster, namespace, where)
    if isinstance(listed, Unread):
        return Installations(operators=listed, leases=leases, looked_in=namespace or "")
    items = [raw for raw in (listed or {}).get("items", []) if _is_operator(raw)]
    operators = tuple(_installation(cluster, raw, sleep=sleep) for raw in items)
    return Installations(operators=operators, leases=leases, looked_in=namespace or "")


def _leases(cluster: Cluster, namespace: str | None, where: str) -> tuple[Beat, ...] | Unread:
    scope = f"/namespaces/{namespace}" if namespace else ""
    listed = attempt(cluster, f"/apis/coordination.k8s.io/v1{scope}/leases", what=f"list leases {where}", selector=_OURS)
    return listed if isinstance(listed, Unread) else tuple(_beat(raw) for raw in (listed or {}).get("items", []))


def _is_operator(raw: Raw) -> bool:
    labels = raw["metadata"].get("labels") or {}
    return labels.get("app.kubernetes.io/name") == "saferollout" or labels.get("helm.sh/chart", "").startswith(_CHART)


def _installation(cluster: Cluster, raw: Raw, *, sleep: Callable[[float], None]) -> Installation:
    metadata, pod = raw["metadata"], raw["spec"]["template"]["spec"]
    labels = metadata.get("labels") or {}
    config = _config(cluster, metadata["namespace"], pod)
    lease = metadata["name"] if isinstance(config, Unread) else config.lease.name
    return Installation(
        name=metadata["name"],
        namespace=metadata["namespace"],
        release=labels.get("app.kubernetes.io/instance", metadata["name"]),
        account=pod.get("serviceAccountName", "default"),
        image=pod["containers"][0].get("image", ""),
        version=labels.get("app.kubernetes.io/version", ""),
        wanted=raw["spec"].get("replicas", 1),
        ready=(raw.get("status") or {}).get("readyReplicas", 0),
        config=config,
        lease=_lease(cluster, metadata["namespace"], lease, sleep=sleep),
    )


def _config(cluster: Cluster, namespace: str, pod: Mapping[str, Any]) -> OperatorConfig | Unread:
    names = [volume["configMap"]["name"] for volume in pod.get("volumes") or () if "configMap" in volume and volume["name"] == "config"]
    if not names:
        return Unread("the Deployment mounts no ConfigMap as its configuration")
    place = f"ConfigMap {names[0]} in namespace {namespace}"
    found = attempt(cluster, f"/api/v1/namespaces/{namespace}/configmaps/{names[0]}", what=f"get {place}")
    if isinstance(found, Unread):
        return found
    if found is None:
        return Unread(f"{place} is not there")
    try:
        return OperatorConfig.model_validate(yaml.safe_load((found.get("data") or {}).get("config.yaml", "")) or {})
    except (ValidationError, yaml.YAMLError):
        return Unread(f"{place} holds what this version of the command can't read")


def _lease(cluster: Cluster, namespace: str, name: str, *, sleep: Callable[[float], None]) -> Beat | Unread | None:
    path = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases/{name}"
    what = f"get lease {name} in namespace {namespace}"
    first = attempt(cluster, path, what=what)
    if first is None or isinstance(first, Unread):
        return first
    beat = _beat(first)
    if beat.renewed is None or _is_young(beat.renewed):
        return beat
    # Two clocks are compared here, and one of them may be wrong: whoever renews it is there.
    sleep(_LOOK_AGAIN_SECONDS)
    second = attempt(cluster, path, what=what)
    if second is None or isinstance(second, Unread):
        return second
    later = _beat(second)
    moving = later.renewed != beat.renewed
    return Beat(name=later.name, namespace=later.namespace, holder=later.holder, renewed=later.renewed, moving=moving)


def _is_young(renewed: datetime) -> bool:
    return (datetime.now(renewed.tzinfo) - renewed).total_seconds() <= STALE_SECONDS


def _beat(raw: Raw) -> Beat:
    spec = raw.get("spec") or {}
    renewed = datetime.fromisoformat(spec["renewTime"]) if spec.get("renewTime") else None
    return Beat(name=raw["metadata"]["name"], namespace=raw["metadata"]["namespace"], holder=spec.get("holderIdentity") or "", renewed=renewed)
