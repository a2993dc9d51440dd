"""pytest fixtures: a control plane for the session, a namespace for the test, identities to act with."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from localcluster.api_server import ApiError, ApiServer
from localcluster.binaries import binary
from localcluster.cluster import Cluster, find_cluster
from localcluster.kubeconfig import write_kubeconfig
from localcluster.lifecycle import down, up
from localcluster.paths import known_clusters

REUSE_VARIABLE = "SAFEROLLOUT_TEST_CLUSTER"
REUSE_NODE_VARIABLE = "SAFEROLLOUT_TEST_NODE_CLUSTER"
_SESSION_CLUSTER = re.compile(r"test-(?:node|plane|old)-(\d+)")


class KubectlFailed(AssertionError):
    """Raised with kubectl's words when a command that should succeed does not."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody the API server knows, ready to be used by a client."""

    user: str
    token: str
    kubeconfig: Path


@dataclass(frozen=True, slots=True)
class RunningCluster:
    """What a test needs of a cluster."""

    cluster: Cluster

    @property
    def kubeconfig(self) -> Path:
        return self.cluster.folder.kubeconfig

    @property
    def url(self) -> str:
        return self.cluster.url

    @property
    def certificate_authority(self) -> Path:
        return self.cluster.folder.certificate_authority

    @property
    def admin_token(self) -> str:
        return self.cluster.token("admin")

    @property
    def api(self) -> ApiServer:
        """A small synchronous client as the administrator: get, post, delete by path."""
        return self.cluster.api()

    def kubectl(self, *arguments: str, manifest: object = None) -> str:
        """Run kubectl as the administrator; manifest (an object, a list of objects, or YAML text) is its standard input."""
        text = None if manifest is None else manifest if isinstance(manifest, str) else _as_list(manifest)
        command = [binary("kubectl"), f"--kubeconfig={self.kubeconfig}", *arguments]
        finished = subprocess.run(command, input=text, capture_output=True, text=True, check=False, timeout=120)
        if finished.returncode != 0:
            raise KubectlFailed(f"kubectl {' '.join(arguments)}: {finished.stderr.strip()}")
        return finished.stdout

    def apply(self, manifest: object) -> None:
        """Apply a manifest as the administrator."""
        self.kubectl("apply", "-f", "-", manifest=manifest)

    def define(self, manifests: str, *, resource: str) -> None:
        """Apply the manifests of a CustomResourceDefinition and wait until the API server serves it."""
        self.kubectl("apply", "--server-side", "--force-conflicts", "-f", manifests)
        deadline = time.monotonic() + 30
        # `kubectl wait` and its jsonpath fail at once on an object that has no conditions yet, as right after its creation.
        while not self._has_condition(f"crd/{resource}", "Established"):
            if time.monotonic() > deadline:
                raise KubectlFailed(f"{resource} was not served within 30 s")
            time.sleep(0.1)

    def _has_condition(self, target: str, kind: str) -> bool:
        conditions = json.loads(self.kubectl("get", target, "-o", "json")).get("status", {}).get("conditions") or ()
        return any(entry["type"] == kind and entry["status"] == "True" for entry in conditions)

    def get(self, kind: str, name: str, *, namespace: str) -> dict[str, Any]:
        """Return one object as the API server has it."""
        found: dict[str, Any] = json.loads(self.kubectl("get", kind, name, "-n", namespace, "-o", "json"))
        return found

    def pods(self, namespace: str, selector: str = "") -> list[dict[str, Any]]:
        """Return the pods of a namespace."""
        found: list[dict[str, Any]] = json.loads(self.kubectl("get", "pods", "-n", namespace, "-l", selector, "-o", "json"))["items"]
        return found

    def service_account(self, namespace: str, name: str, *, seconds: int = 3600) -> Identity:
        """Create a service account, unless it is there, and return a bound token of its own; rights come from RBAC."""
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts"
        self.api.create_once(path, {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}})
        request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": seconds}}
        token = self.api.post(f"{path}/{name}/token", request)["status"]["token"]
        user = f"system:serviceaccount:{namespace}:{name}"
        server = ApiServer(url=self.url, certificate_authority=self.certificate_authority, token=token)
        file = self.cluster.folder.root / "identities" / f"{namespace}-{name}.kubeconfig"
        return Identity(user=user, token=token, kubeconfig=write_kubeconfig(file, server=server, user=name, namespace=namespace))


def wait_for(what: str, done: Callable[[], bool], *, seconds: float = 30.0) -> None:
    """Poll until done; fail the test with what was waited for."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            pytest.fail(f"not seen within {seconds:.0f} s: {what}")
        time.sleep(0.1)


@pytest.fixture(scope="session")
def control_plane() -> Iterator[RunningCluster]:
    """A control plane with the fakelet: the one named by SAFEROLLOUT_TEST_CLUSTER, else its own for this session."""
    yield from _cluster(os.environ.get(REUSE_VARIABLE), real_node=False)


@pytest.fixture(scope="session")
def control_plane_without_mutating_policies() -> Iterator[RunningCluster]:
    """A control plane whose server doesn't know MutatingAdmissionPolicy, as before Kubernetes 1.34."""
    yield from _cluster(None, real_node=False, mutating_policies=False)


@pytest.fixture(scope="session")
def node_cluster() -> Iterator[RunningCluster]:
    """A cluster with one real node: the one named by SAFEROLLOUT_TEST_NODE_CLUSTER, else its own for this session."""
    yield from _cluster(os.environ.get(REUSE_NODE_VARIABLE), real_node=True)


@pytest.fixture
def namespace(control_plane: RunningCluster) -> Iterator[str]:
    """A namespace of the test's own on the control plane; its deletion isn't waited for."""
    yield from _namespace(control_plane)


@pytest.fixture
def node_namespace(node_cluster: RunningCluster) -> Iterator[str]:
    """A namespace of the test's own on the real node."""
    yield from _namespace(node_cluster)


def _cluster(running: str | None, *, real_node: bool, mutating_policies: bool = True) -> Iterator[RunningCluster]:
    if running:
        yield RunningCluster(find_cluster(running))
        return
    _end_orphans()
    kind = "node" if real_node else "plane" if mutating_policies else "old"
    name = f"test-{kind}-{os.getpid()}"
    try:
        yield RunningCluster(up(name, real_node=real_node, mutating_policies=mutating_policies))
    finally:
        down(name)


def _end_orphans() -> None:
    """Take down clusters of sessions that were killed before they could do it."""
    for folder in known_clusters():
        found = _SESSION_CLUSTER.fullmatch(folder.name)
        if found is not None and not Path("/proc", found[1]).exists():
            down(folder.name)


def _namespace(running: RunningCluster) -> Iterator[str]:
    name = f"test-{uuid.uuid4().hex[:8]}"
    running.api.post("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    wait_for(f"default service account of {name}", lambda: _has_default_account(running, name))
    yield name
    try:
        running.api.delete(f"/api/v1/namespaces/{name}")
    except ApiError as error:
        if error.status != 404:  # a test may have deleted it
            raise


def _has_default_account(running: RunningCluster, namespace: str) -> bool:
    accounts = running.api.get(f"/api/v1/namespaces/{namespace}/serviceaccounts")["items"]
    return any(account["metadata"]["name"] == "default" for account in accounts)


def _as_list(manifest: object) -> str:
    items = manifest if isinstance(manifest, list) else [manifest]
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
