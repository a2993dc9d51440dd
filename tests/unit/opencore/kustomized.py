"""What `kubectl kustomize` makes of a folder of examples/opencore, for the few fields that these folders use; tests/scene uses the real one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml


def workloads(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the Deployments by name. Fails on a field that it does not know."""
    kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text())
    unknown = kustomization.keys() - {"apiVersion", "kind", "namespace", "resources", "images", "patches"}
    assert not unknown, unknown
    found: dict[str, dict[str, Any]] = {}
    for resource in kustomization["resources"]:
        found |= workloads(folder / resource) if (folder / resource).is_dir() else _deployments(folder / resource)
    for image in kustomization.get("images", []):
        for deployment in found.values():
            for container in deployment["spec"]["template"]["spec"]["containers"]:
                if container["image"].rpartition(":")[0] == image["name"]:
                    container["image"] = f"{image['name']}:{image['newTag']}"
    for patch in kustomization.get("patches", []):
        change = yaml.safe_load(patch["patch"])
        template = found[change["metadata"]["name"]]["spec"]["template"]
        template["metadata"]["annotations"] |= change["spec"]["template"]["metadata"]["annotations"]
    for deployment in found.values():
        deployment["metadata"]["namespace"] = kustomization["namespace"]
    return found


def tag(deployment: dict[str, Any]) -> str:
    """Return the image's tag."""
    return str(deployment["spec"]["template"]["spec"]["containers"][0]["image"]).rpartition(":")[2]


def _deployments(file: Path) -> dict[str, dict[str, Any]]:
    documents = yaml.safe_load_all(file.read_text())
    return {document["metadata"]["name"]: document for document in documents if document["kind"] == "Deployment"}
