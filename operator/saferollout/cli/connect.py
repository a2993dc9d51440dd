"""The way to the API server: kubeconfig or in-cluster credentials, and a thin layer of requests that speaks plain JSON.

Objects stay raw dictionaries here: the rest of the package reads them with the same models as the operator does.
"""

import getpass
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import quote

from saferollout.api.names import FIELD_MANAGER_CLI, GROUP, PLURAL, VERSION
from saferollout.cli.exit_codes import CommandFailed, ExitCode

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

Raw = dict[str, Any]

_SERVICE_ACCOUNT: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_MERGE_PATCH: Final = "application/merge-patch+json"
_LONGEST_ANSWER_SECONDS: Final = 15


@dataclass(frozen=True, slots=True)
class Connection:
    """Which cluster and namespace the user means; None: what kubeconfig or the pod says."""

    kubeconfig: str | None = None
    context: str | None = None
    namespace: str | None = None


class ApiRefused(Exception):
    """The API server answered with an error; `status` is the HTTP code."""

    def __init__(self, *, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)


class Cluster(Protocol):
    """What commands need of a cluster. Reads return raw objects and raise ApiRefused."""

    namespace: str
    server: str

    def read(self, path: str, *, selector: str = "") -> Raw:
        """Return the object or list at an API path."""
        ...

    def patch(self, path: str, *, body: Raw) -> Raw:
        """Send a merge patch as the command line's own field manager."""
        ...

    def ask(self, path: str, *, body: Raw) -> Raw:
        """Send an object that is answered and never stored: a review, or a creation as a dry run."""
        ...

    def whoami(self) -> str:
        """Return the name the API server knows the user by."""
        ...


def saferollouts_path(namespace: str, name: str = "") -> str:
    """Return the API path of a SafeRollout, or of all in a namespace."""
    path = f"/apis/{GROUP}/{VERSION}/namespaces/{quote(namespace, safe='')}/{PLURAL}"
    return f"{path}/{quote(name, safe='')}" if name else path


def apps_path(namespace: str, plural: str, name: str = "") -> str:
    """Return the API path of a workload or ReplicaSet, or of all in a namespace."""
    path = f"/apis/apps/v1/namespaces/{quote(namespace, safe='')}/{plural}"
    return f"{path}/{quote(name, safe='')}" if name else path


def pods_path(namespace: str) -> str:
    """Return the API path of the pods of a namespace."""
    return f"/api/v1/namespaces/{quote(namespace, safe='')}/pods"


class RealCluster:
    """A cluster behind the official client, which knows credentials of every sort."""

    def __init__(self, *, client: "ApiClient", namespace: str, fallback_user: str) -> None:
        self.namespace = namespace
        self.server = str(client.configuration.host)
        self._client = client
        self._fallback_user = fallback_user

    def read(self, path: str, *, selector: str = "") -> Raw:
        """Return the object or list at an API path."""
        return self._send("GET", path, query={"labelSelector": selector} if selector else {})

    def patch(self, path: str, *, body: Raw) -> Raw:
        """Send a merge patch as the command line's own field manager."""
        return self._send("PATCH", path, query={"fieldManager": FIELD_MANAGER_CLI}, body=body, content_type=_MERGE_PATCH)

    def ask(self, path: str, *, body: Raw) -> Raw:
        """Send an object that is answered and never stored: a review, or a creation as a dry run."""
        query = {"dryRun": "All", "fieldManager": FIELD_MANAGER_CLI}
        return self._send("POST", path, query=query, body=body, content_type="application/json")

    def whoami(self) -> str:
        """Return the name the API server knows the user by; kubeconfig's where the server does not tell."""
        review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
        try:
            answer = self.ask("/apis/authentication.k8s.io/v1/selfsubjectreviews", body=review)
        except ApiRefused:
            return self._fallback_user
        return str(answer.get("status", {}).get("userInfo", {}).get("username", "")) or self._fallback_user

    def _send(
        self, method: str, path: str, *, query: Mapping[str, str] | None = None, body: Raw | None = None, content_type: str = ""
    ) -> Raw:
        headers = {"Accept": "application/json", **({"Content-Type": content_type} if content_type else {})}
        request = self._client.param_serialize(
            method=method, resource_path=path, query_params=list((query or {}).items()), header_params=headers, body=body,
            auth_settings=["BearerToken"],
        )  # fmt: skip
        response = _call(self._client, request)
        content = response.read() or b"{}"
        if not 200 <= response.status < 300:
            raise ApiRefused(status=response.status, message=_refusal(content, response.status))
        answer: Raw = json.loads(content)
        return answer


def _call(client: Any, request: Any) -> Any:
    from urllib3.exceptions import HTTPError

    try:
        return client.call_api(*request, _request_timeout=_LONGEST_ANSWER_SECONDS)
    except HTTPError as error:
        server = client.configuration.host
        raise CommandFailed(f"the API server {server} can't be reached: {error}", exit_code=ExitCode.FAULT) from error


def _refusal(content: bytes, status: int) -> str:
    try:
        return str(json.loads(content)["message"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP {status}"


def connect(connection: Connection) -> RealCluster:
    """Open the cluster that the user means; raise CommandFailed where there is none."""
    # The client takes half a second to import, which offline commands should not pay.
    from kubernetes import client

    config = _loader()
    configuration = client.Configuration()
    try:
        if connection.kubeconfig is None and connection.context is None and _inside_a_pod():
            config.load_incluster_config(client_configuration=configuration)
            namespace, user = (_SERVICE_ACCOUNT / "namespace").read_text(encoding="utf-8").strip(), "a pod"
        else:
            config.load_kube_config(connection.kubeconfig, context=connection.context, client_configuration=configuration)
            namespace, user = _from_kubeconfig(connection)
    except (config.ConfigException, OSError) as error:
        message = f"no cluster to talk to: {error}; give --kubeconfig and --context, or set KUBECONFIG"
        raise CommandFailed(message, exit_code=ExitCode.BAD_USAGE) from error
    configuration.retries = 1
    return RealCluster(client=client.ApiClient(configuration), namespace=connection.namespace or namespace, fallback_user=user)


def _loader() -> Any:
    """Import the part of the client that has no types."""
    from kubernetes import config

    return config


def _inside_a_pod() -> bool:
    from kubernetes.config.kube_config import KUBE_CONFIG_DEFAULT_LOCATION

    return (_SERVICE_ACCOUNT / "token").exists() and not any(
        Path(place).expanduser().exists() for place in KUBE_CONFIG_DEFAULT_LOCATION.split(":")
    )


def _from_kubeconfig(connection: Connection) -> tuple[str, str]:
    """Return the namespace and the user of the chosen context."""
    contexts, active = _loader().list_kube_config_contexts(connection.kubeconfig)
    chosen = next((entry for entry in contexts if entry["name"] == connection.context), active)
    details = chosen["context"]
    return details.get("namespace") or "default", details.get("user") or getpass.getuser()
