"""The real API server and pydantic give one answer about every object."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes import client, config
from kubernetes.client.rest import ApiException
from localcluster.lifecycle import down, up
from saferollout.api.names import GROUP, PLURAL, VERSION
from saferollout.api.problems import InvalidSafeRollout
from saferollout.api.saferollout import SafeRollout

from tests.data.manifests import ODD_VALUES, RIGHT, WRONG, Case, changed, example, paths

CLUSTER = "test-crd"
CRD_FILE = Path(__file__).parents[2] / "crds" / f"{GROUP}_{PLURAL}.yaml"


class Server:
    """Asks the API server about objects without storing any."""

    def __init__(self, api: client.ApiClient) -> None:
        self._objects = client.CustomObjectsApi(api)

    def refusal(self, manifest: dict[str, Any]) -> str:
        """Return why the server refuses an object; empty where it takes it."""
        try:
            self._objects.create_namespaced_custom_object(
                GROUP, VERSION, "default", PLURAL, manifest, dry_run="All", field_validation="Strict"
            )
        except ApiException as refused:
            if refused.status not in (400, 422):
                raise
            return str(refused.body)
        return ""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    cluster = up(CLUSTER, fakelet=False)
    try:
        with config.new_client_from_config(str(cluster.kubeconfig)) as api:
            definitions = client.ApiextensionsV1Api(api)
            definitions.create_custom_resource_definition(yaml.safe_load(CRD_FILE.read_text()))
            _wait_until_served(api)
            yield Server(api)
    finally:
        down(CLUSTER)
