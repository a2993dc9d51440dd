"""Manifests for tests of offline commands, from a few words: contracts of a SafeRollout and what each template declares."""

from pathlib import Path
from typing import Any

import yaml


def saferollout(workloads: list[str], contracts: list[dict[str, Any]], **spec: Any) -> dict[str, Any]:
    """Return a SafeRollout named `shop`."""
    return {
        "apiVersion": "saferollout.io/v1alpha1",
        "kind": "SafeRollout",
        "metadata": {"name": "shop", "namespace": "shop"},
        "spec": {"workloads": [{"name": name} for name in workloads], "contracts": contracts, **spec},
    }


def deployment(name: str, declares: str | None, *, image: str, strategy: str = "RollingUpdate", replicas: int = 2) -> dict[str, Any]:
    """Return a Deployment whose template carries the annotation; None: it carries none."""
    annotations = {} if declares is None else {"saferollout.io/contracts": declares}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {
            "replicas": replicas,
            "strategy": {"type": strategy},
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}, "annotations": annotations},
                "spec": {"containers": [{"name": name, "image": f"{name}:{image}"}]},
            },
        },
    }


def write_manifests(path: Path, *objects: dict[str, Any]) -> str:
    """Write objects as one file of several documents and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump_all(objects, sort_keys=False), encoding="utf-8")
    return str(path)
