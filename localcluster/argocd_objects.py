"""What an Argo CD finds in its cluster before it starts: definitions, settings, an identity, a project."""

from __future__ import annotations

import base64
import json
import secrets
import subprocess
from collections.abc import Mapping
from typing import Any

from localcluster.api_server import ApiError, ApiServer
from localcluster.argocd_programs import ArgoCdPrograms
from localcluster.binaries import binary
from localcluster.cluster import Cluster
from localcluster.control_plane import wait_until

NAMESPACE = "argocd"
DESTINATION = "local"
_ACCOUNT = "argocd-application-controller"
_TOKEN_SECONDS = 24 * 3600


class ArgoCdFailed(RuntimeError):
    """Raised with kubectl's own words."""


def install_objects(cluster: Cluster, programs: ArgoCdPrograms, *, settings: Mapping[str, str]) -> ApiServer:
    """Apply what the release's own manifests hold, `settings` on top of argocd-cm; return the server as Argo CD speaks to it."""
    kubectl(cluster, "apply", "--server-side", "--force-conflicts", "-k", str(programs.crds))
    wait_until(lambda: _is_served(cluster), processes=cluster.processes, names=("kube-apiserver",))
    api = cluster.api()
    api.create_once("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    kubectl(cluster, "apply", "--server-side", "--force-conflicts", "-n", NAMESPACE, "-k", str(programs.config))
    # Argo CD's own name of the cluster it runs in leads somewhere only from inside a pod.
    apply(cluster, "argocd-settings", _config_map({"cluster.inClusterEnabled": "false", **settings}), _secret(), _project())
    server = _identity(cluster)
    apply(cluster, "argocd-destination", _destination(cluster, server))
    return server


def apply(cluster: Cluster, manager: str, *objects: Mapping[str, Any]) -> None:
    """Apply objects in Argo CD's namespace server-side: fields of other managers stay."""
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})
    arguments = ("--server-side", "--force-conflicts", f"--field-manager={manager}", "-n", NAMESPACE, "-f", "-")
    kubectl(cluster, "apply", *arguments, text=text)


def kubectl(cluster: Cluster, *arguments: str, text: str | None = None) -> str:
    """Run kubectl as the administrator; raise ArgoCdFailed."""
    command = [binary("kubectl"), f"--kubeconfig={cluster.folder.kubeconfig}", *arguments]
    finished = subprocess.run(command, input=text, capture_output=True, text=True, check=False, timeout=120)
    if finished.returncode != 0:
        raise ArgoCdFailed(f"kubectl {' '.join(arguments)}: {finished.stderr.strip()}")
    return finished.stdout


def _is_served(cluster: Cluster) -> bool:
    try:
        served = cluster.api().get("/apis/argoproj.io/v1alpha1")["resources"]
    except ApiError:
        return False
    return {"applications", "appprojects", "applicationsets"} <= {resource["name"] for resource in served}


def _config_map(data: Mapping[str, str]) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "argocd-cm"}, "data": dict(data)}


def _secret() -> dict[str, Any]:
    return {
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "argocd-secret"},
        "stringData": {"server.secretkey": secrets.token_hex(32)},
    }  # fmt: skip


def _project() -> dict[str, Any]:
    everything = [{"group": "*", "kind": "*"}]
    return {
        "apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject", "metadata": {"name": "default"},
        "spec": {"sourceRepos": ["*"], "destinations": [{"server": "*", "namespace": "*"}], "clusterResourceWhitelist": everything},
    }  # fmt: skip


def _identity(cluster: Cluster) -> ApiServer:
    """Give Argo CD what its own installation gives it: a service account that may do everything."""
    api = cluster.api()
    path = f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts"
    api.create_once(path, {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": _ACCOUNT}})
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": _ACCOUNT},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"kind": "ServiceAccount", "name": _ACCOUNT, "namespace": NAMESPACE}],
    }  # fmt: skip
    api.create_once("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", binding)
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": _TOKEN_SECONDS}}
    token = api.post(f"{path}/{_ACCOUNT}/token", request)["status"]["token"]
    return ApiServer(url=cluster.url, certificate_authority=cluster.folder.certificate_authority, token=token)


def _destination(cluster: Cluster, server: ApiServer) -> dict[str, Any]:
    authority = base64.b64encode(server.certificate_authority.read_bytes()).decode()
    config = {"bearerToken": server.token, "tlsClientConfig": {"caData": authority}}
    return {
        "apiVersion": "v1", "kind": "Secret",
        "metadata": {"name": "cluster-local", "labels": {"argocd.argoproj.io/secret-type": "cluster"}},
        "stringData": {"name": DESTINATION, "server": cluster.url, "config": json.dumps(config)},
    }  # fmt: skip
