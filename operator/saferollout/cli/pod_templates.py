"""Compare pod templates offline: what a cluster adds by itself is no change.

A live manifest carries the defaults that the API server filled in, Git's does not; both are brought to the form without them.
"""

from collections.abc import Mapping
from typing import Any, Final

from saferollout.api.names import ANNOTATION_CONTRACTS, RESTART_ANNOTATIONS
from saferollout.core.templates import TemplateFacts
from saferollout.workloads.template_hash import template_hash

_POD: Final[Mapping[str, Any]] = {
    "restartPolicy": "Always",
    "terminationGracePeriodSeconds": 30,
    "dnsPolicy": "ClusterFirst",
    "securityContext": {},
    "schedulerName": "default-scheduler",
    "enableServiceLinks": True,
    "hostNetwork": False,
    "hostPID": False,
    "hostIPC": False,
    "shareProcessNamespace": False,
}
_CONTAINER: Final[Mapping[str, Any]] = {
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
    "resources": {},
    "securityContext": {},
    "stdin": False,
    "stdinOnce": False,
    "tty": False,
}
_PROBE: Final[Mapping[str, Any]] = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}
_VOLUMES: Final = ("configMap", "secret", "projected", "downwardAPI")
_DEFAULT_MODE: Final = 420


def template_facts(template: Mapping[str, Any], *, contracts: str | None) -> TemplateFacts:
    """Return what the kernel compares of a pod template."""
    plain = _plain(template)
    annotations = _mapping(_mapping(plain.get("metadata")).get("annotations"))
    bare_annotations = {key: value for key, value in annotations.items() if key != ANNOTATION_CONTRACTS}
    bare = {**plain, "metadata": {**_mapping(plain.get("metadata")), "annotations": bare_annotations}}
    return TemplateFacts(hash=_hash(plain), contracts=contracts, body=_hash(bare))


def _hash(template: Mapping[str, Any]) -> str:
    return template_hash(template, restart_annotations=RESTART_ANNOTATIONS)


def _mapping(value: Any) -> dict[str, Any]:
    return dict(value) if isinstance(value, Mapping) else {}


def _plain(template: Mapping[str, Any]) -> dict[str, Any]:
    spec = _mapping(template.get("spec"))
    pod = _without(spec, _POD)
    pod.pop("serviceAccount", None)  # the deprecated twin that the API server fills from serviceAccountName
    if pod.get("serviceAccountName") == "default":
        del pod["serviceAccountName"]
    for field in ("containers", "initContainers"):
        if isinstance(spec.get(field), list):
            pod[field] = [_container(container) for container in spec[field]]
    if isinstance(spec.get("volumes"), list):
        pod["volumes"] = [_volume(volume) for volume in spec["volumes"]]
    return {"metadata": _without(_mapping(template.get("metadata")), {}), "spec": pod}


def _without(fields: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Drop fields that say what would hold anyway, and empty ones."""
    return {key: value for key, value in fields.items() if not (key in defaults and defaults[key] == value) and value not in (None, [], {})}


def _container(container: Any) -> Any:
    if not isinstance(container, Mapping):
        return container
    plain = _without(container, _CONTAINER)
    image = str(plain.get("image", ""))
    tag = image.rpartition("/")[2].partition("@")[0].partition(":")[2]
    usual = "Always" if tag in ("", "latest") and "@" not in image else "IfNotPresent"
    if plain.get("imagePullPolicy") == usual:
        del plain["imagePullPolicy"]
    for field in ("livenessProbe", "readinessProbe", "startupProbe"):
        if isinstance(plain.get(field), Mapping):
            plain[field] = _probe(plain[field])
    if isinstance(plain.get("ports"), list):
        plain["ports"] = [_without(_mapping(port), {"protocol": "TCP"}) for port in plain["ports"]]
    if isinstance(plain.get("env"), list):
        plain["env"] = [_variable(variable) for variable in plain["env"]]
    return plain


def _probe(probe: Mapping[str, Any]) -> dict[str, Any]:
    plain = _without(probe, _PROBE)
    if isinstance(plain.get("httpGet"), Mapping):
        plain["httpGet"] = _without(plain["httpGet"], {"scheme": "HTTP"})
    if isinstance(plain.get("grpc"), Mapping):
        plain["grpc"] = _without(plain["grpc"], {"service": ""})
    return plain


def _variable(variable: Any) -> Any:
    source = _mapping(_mapping(variable).get("valueFrom"))
    if isinstance(source.get("fieldRef"), Mapping):
        return {**variable, "valueFrom": {**source, "fieldRef": _without(source["fieldRef"], {"apiVersion": "v1"})}}
    plain = _mapping(variable)
    return {key: value for key, value in plain.items() if not (key == "value" and value == "")} if plain else variable


def _volume(volume: Any) -> Any:
    plain = _mapping(volume)
    for field in _VOLUMES:
        if isinstance(plain.get(field), Mapping):
            plain[field] = {key: value for key, value in plain[field].items() if (key, value) != ("defaultMode", _DEFAULT_MODE)}
    return plain or volume
