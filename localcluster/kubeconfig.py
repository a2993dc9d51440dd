"""Kubeconfig files, written as JSON (which is YAML) so that no library is needed."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from localcluster.api_server import ApiServer
from localcluster.files import write_if_different


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
    write_if_different(path, json.dumps(document, indent=1), mode=0o600)
    return path
