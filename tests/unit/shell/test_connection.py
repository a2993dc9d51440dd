"""kopf gets our credentials, for a while only."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from kubernetes.aio.client.configuration import Configuration

from saferollout.shell.connection import NoCluster, kopf_credentials, load_configuration

KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: here
contexts: [{name: here, context: {cluster: here, user: me}}]
clusters: [{name: here, cluster: {server: "https://10.0.0.1:6443", insecure-skip-tls-verify: true}}]
users: [{name: me, user: {token: secret}}]
"""


async def test_credentials_are_handed_on_and_run_out() -> None:
    configuration = Configuration(host="https://api:443")
    configuration.api_key["BearerToken"] = "bearer first\n"
    configuration.ssl_ca_cert = "/ca.crt"
    now = datetime(2026, 11, 24, tzinfo=UTC)
    info = await kopf_credentials(configuration, now=now)
    assert (info.server, info.ca_path, info.scheme, info.token, info.insecure) == ("https://api:443", "/ca.crt", "Bearer", "first", False)
    assert info.expiration == now + timedelta(minutes=10)


async def test_a_token_that_was_exchanged_in_its_file_is_taken_up() -> None:
    configuration = Configuration(host="https://api:443")
    tokens = iter(["bearer first", "bearer second"])
    configuration.refresh_api_key_hook = lambda config: config.api_key.update(BearerToken=next(tokens))
    assert [(await kopf_credentials(configuration)).token for _ in range(2)] == ["first", "second"]


async def test_a_client_certificate_needs_no_token() -> None:
    configuration = Configuration(host="https://api:443")
    configuration.cert_file, configuration.key_file = "/me.crt", "/me.key"
    info = await kopf_credentials(configuration)
    assert (info.certificate_path, info.private_key_path, info.scheme, info.token) == ("/me.crt", "/me.key", None, None)


async def test_a_kubeconfig_is_read(tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(KUBECONFIG)
    configuration = await load_configuration(kubeconfig=str(path))
    assert configuration.host == "https://10.0.0.1:6443"
    assert not configuration.verify_ssl
    assert (await kopf_credentials(configuration)).token == "secret"


async def test_no_cluster_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(NoCluster):
        await load_configuration(kubeconfig=str(tmp_path / "nothing"))
