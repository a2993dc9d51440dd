"""A cluster in memory: raw objects by API path, merge patches, and a hook that plays the operator between two looks."""

from collections.abc import Callable
from typing import Any

from saferollout.cli.connect import ApiRefused


class FakeCluster:
    """Answers as the API server does, as far as the commands ask."""

    def __init__(self, *documents: dict[str, Any], namespace: str = "opencore") -> None:
        self.namespace = namespace
        self.server = "https://cluster.example:6443"
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.on_ask: Callable[[str, dict[str, Any]], dict[str, Any]] = _refuse
        self.items: dict[str, dict[str, Any]] = {_path(document): document for document in documents}
        self.patches: list[tuple[str, dict[str, Any]]] = []
        self.conflicts = 0
        self.forbidden: set[str] = set()
        self.on_read: Callable[[], None] = lambda: None

    def read(self, path: str, *, selector: str = "") -> dict[str, Any]:
        """Return the object, or the list of everything directly below the path."""
        self.on_read()
        if any(path.startswith(prefix) for prefix in self.forbidden):
            raise ApiRefused(status=403, message="forbidden")
        if path in self.items:
            return self.items[path]
        if path.rsplit("/", 1)[-1] in ("saferollouts", "deployments", "replicasets", "pods", "leases"):
            return {"items": [item for key, item in self.items.items() if _is_listed(path, key) and _selected(item, selector)]}
        raise ApiRefused(status=404, message=f"{path} not found")

    def patch(self, path: str, *, body: dict[str, Any]) -> dict[str, Any]:
        """Merge annotations, unless somebody else was faster."""
        if self.conflicts > 0:
            self.conflicts -= 1
            raise ApiRefused(status=409, message="the object has been modified")
        self.patches.append((path, body))
        annotations = self.items[path]["metadata"].setdefault("annotations", {})
        annotations.update(body["metadata"]["annotations"])
        return self.items[path]

    def ask(self, path: str, *, body: dict[str, Any]) -> dict[str, Any]:
        """Answer as the test says."""
        self.asked.append((path, body))
        return self.on_ask(path, body)

    def whoami(self) -> str:
        """Return who speaks."""
        return "ada"


def _refuse(path: str, body: dict[str, Any]) -> dict[str, Any]:
    raise ApiRefused(status=403, message=f"{path} is forbidden")


def _path(document: dict[str, Any]) -> str:
    group = {"SafeRollout": "saferollout.io/v1alpha1", "Lease": "coordination.k8s.io/v1", "Pod": "v1"}.get(document["kind"], "apps/v1")
    root = "api" if group == "v1" else "apis"
    plural = document["kind"].lower() + "s"
    metadata = document["metadata"]
    return f"/{root}/{group}/namespaces/{metadata['namespace']}/{plural}/{metadata['name']}"


def _is_listed(path: str, key: str) -> bool:
    parts, plural = key.split("/"), path.rsplit("/", 1)[-1]
    return parts[-2] == plural and (key.startswith(path + "/") or "/namespaces/" not in path)


def _selected(item: dict[str, Any], selector: str) -> bool:
    if not selector:
        return True
    key, _, value = selector.partition("=")
    return (item["metadata"].get("labels") or {}).get(key) == value
