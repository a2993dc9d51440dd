"""How to reach the API server: the pod's service account, else a kubeconfig; for our own client and for kopf's."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import kopf
from kubernetes.aio import config as kubernetes_config
from kubernetes.aio.client.api_client import ApiClient
from kubernetes.aio.client.configuration import Configuration

from saferollout.api import names
from saferollout.shell.cluster import CountRequest, KubernetesCluster

# A bound token is exchanged by the kubelet long before it ends; kopf would otherwise notice only by being refused.
KOPF_CREDENTIALS_LIVE: Final = timedelta(minutes=10)


class NoCluster(Exception):
    """There is neither a service account nor a usable kubeconfig."""


async def load_configuration(*, kubeconfig: str | None = None, context: str | None = None) -> Configuration:
    """Find credentials. In a pod they are read from their file again every minute. Raise NoCluster."""
    configuration = Configuration()
    if kubeconfig is None and context is None and _in_cluster(configuration):
        return configuration
    load: Callable[..., Awaitable[object]] = kubernetes_config.load_kube_config
    try:
        await load(config_file=kubeconfig, context=context, client_configuration=configuration, persist_config=False)
    except (kubernetes_config.ConfigException, OSError) as error:
        raise NoCluster(str(error)) from error
    return configuration


def connect(configuration: Configuration, *, count_request: CountRequest) -> KubernetesCluster:
    """Open our own client; it must be closed."""
    client = ApiClient(configuration)
    client.user_agent = names.FIELD_MANAGER
    return KubernetesCluster(client, count_request=count_request)


async def kopf_credentials(configuration: Configuration, *, now: datetime | None = None) -> kopf.ConnectionInfo:
    """Hand the same credentials to kopf, for a while only."""
    authorization = await configuration.get_api_key_with_prefix("BearerToken") or ""
    scheme, _, token = authorization.partition(" ")
    return kopf.ConnectionInfo(
        server=configuration.host,
        ca_path=configuration.ssl_ca_cert,
        insecure=not configuration.verify_ssl,
        # The in-cluster loader writes the scheme in lower case, which some proxies refuse.
        scheme=scheme.title() or None,
        token=token.strip() or None,
        certificate_path=configuration.cert_file,
        private_key_path=configuration.key_file,
        expiration=(now or datetime.now(UTC)) + KOPF_CREDENTIALS_LIVE,
    )


def _in_cluster(configuration: Configuration) -> bool:
    try:
        kubernetes_config.load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]  # typed only in part
    except kubernetes_config.ConfigException:
        return False
    return True
