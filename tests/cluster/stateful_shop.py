"""StatefulSets in a shop: what their owner writes, and which of their pods run what."""

from __future__ import annotations

from typing import Any

from tests.cluster.shop import BEHAVIOUR, NAME, Revision, Shop

REFERENCE = {"apiVersion": "apps/v1", "kind": "StatefulSet"}


def member(name: str, **fields: Any) -> dict[str, Any]:
    """Write a SafeRollout's entry of a StatefulSet."""
    return {"name": name, "workloadRef": {**REFERENCE, "name": name}, **fields}


def stateful(name: str, revision: Revision, *, replicas: int = 4, labelled: bool = True, **spec: Any) -> dict[str, Any]:
    """Write a StatefulSet; its pods end at once."""
    labels = {"app": name}
    annotations = {BEHAVIOUR: revision.behaviour, **({"saferollout.io/contracts": revision.contracts} if revision.contracts else {})}
    pods = {"terminationGracePeriodSeconds": 0, "containers": [{"name": "main", "image": revision.image}]}
    template = {"metadata": {"labels": labels, "annotations": annotations}, "spec": pods}
    ours = {"saferollout.io/managed-by": NAME} if labelled else {}
    full = {"serviceName": name, "replicas": replicas, "selector": {"matchLabels": labels}, "template": template, **spec}
    return {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": name, "labels": ours}, "spec": full}


def read(shop: Shop, name: str) -> dict[str, Any]:
    return shop.read("/apis/apps/v1", "statefulsets", name)


def partition(shop: Shop, name: str) -> int | None:
    found: int | None = (read(shop, name)["spec"]["updateStrategy"].get("rollingUpdate") or {}).get("partition")
    return found


def is_current(shop: Shop, name: str) -> bool:
    """Tell whether the controller takes the template in spec for the current one, which pods come back as."""
    status = read(shop, name)["status"]
    return bool(status["currentRevision"] == status["updateRevision"])


def marks(shop: Shop, name: str) -> set[str]:
    """Return our labels and annotations, without the prefix."""
    metadata = read(shop, name)["metadata"]
    keys = {*(metadata.get("labels") or {}), *(metadata.get("annotations") or {})}
    return {key.removeprefix("saferollout.io/") for key in keys if key.startswith("saferollout.io/")}


def by_ordinal(shop: Shop, name: str) -> list[str]:
    """Return the images of the pods, the first ordinal first."""
    pods = sorted(shop.pods(name), key=lambda pod: int(pod["metadata"]["name"].rpartition("-")[2]))
    return [pod["spec"]["containers"][0]["image"] for pod in pods]


def wait_for_pods(shop: Shop, name: str, *images: str, seconds: float = 60.0) -> None:
    """Wait until the pods, the first ordinal first, have these images and are ready."""
    shop.wait(f"{name} runs {images}", lambda: by_ordinal(shop, name) == list(images) and ready(shop, name) == len(images), seconds=seconds)


def ready(shop: Shop, name: str) -> int:
    conditions = [condition for pod in shop.pods(name) for condition in pod.get("status", {}).get("conditions", ())]
    return sum(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)


def start(shop: Shop, name: str, *, replicas: int = 4, spec: dict[str, Any] | None = None,
          behaviour: str = "ready", **changes: Any) -> None:  # fmt: skip
    """Have the first revision run, adopted by a SafeRollout with this spec."""
    entry = {key: changes.pop(key) for key in ("batches",) if key in changes}
    shop.apply(shop.safe_rollout(member(name, **entry), **(spec or {})), stateful(name, Revision(behaviour=behaviour), replicas=replicas, **changes))
    wait_for_pods(shop, name, *["shop:1"] * replicas)
    shop.wait_for_state("Idle", "Completed")
