"""Kubeconfig files, written as JSON (which is YAML) so that no library is needed."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path

from localcluster.api_server import ApiServer


def write_kubeconfig(path: Path, *, server: ApiServer, user: str, namespace: str = "default") -> Path:
    """Write a kubeconfig that holds all it needs, readable for its owner only."""
    authority = base64.b64encode(server.certificate_authority.read_bytes()).decode()
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "local", "cluster": {"server": server.url, "certificate-authority-data": authority}}],
        "users": [{"name": user, "user": {"token": server.token}}],
        "contexts": [{"name": "local", "context": {"cluster": "local", "user": user, "namespace": namespace}}],
        "current-context": "local",
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(document, file, indent=1)
    return path
