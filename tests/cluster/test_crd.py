"""The real API server and pydantic give one answer about every object."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client, config
from kubernetes.client.rest import ApiException
from saferollout.api.names import GROUP, PLURAL, VERSION
from saferollout.api.problems import InvalidSafeRollout
from saferollout.api.saferollout import SafeRollout

from localcluster.testing import RunningCluster
from tests.data.manifests import RIGHT, WRONG, Case, odd_cases

# The API server takes 2.0 for an integer, but hands it to CEL as a double, on which a rule that calculates fails. Pydantic must go on
# reading a stored 2.0, so here it is the milder one.
CALCULATED_FIELDS = {"bakeSeconds", "count", "failureLimit", "initialDelaySeconds", "intervalSeconds"}
DEFINITION = Path(__file__).parents[2] / "crds" / f"{GROUP}_{PLURAL}.yaml"


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
            return str(json.loads(refused.body)["message"])
        return ""


@pytest.fixture(scope="module")
def server(control_plane: RunningCluster) -> Iterator[Server]:
    control_plane.kubectl("apply", "--server-side", "--force-conflicts", "-f", str(DEFINITION))
    control_plane.kubectl("wait", "--for=condition=Established", f"crd/{PLURAL}.{GROUP}", "--timeout=30s")
    with config.new_client_from_config(str(control_plane.kubeconfig)) as api:
        yield Server(api)


def pydantic_refusal(manifest: dict[str, Any]) -> str:
    try:
        SafeRollout.parse_strict(manifest)
    except InvalidSafeRollout as invalid:
        return str(invalid)
    return ""


def calculates_with_a_whole_float(case: Case) -> bool:
    return any(place[-1] in CALCULATED_FIELDS and isinstance(value, float) and value.is_integer() for place, value in case.changes.items())


def disagreements(server: Server, cases: Iterator[Case]) -> list[str]:
    found = []
    for case in cases:
        if calculates_with_a_whole_float(case):
            continue
        of_server, of_pydantic = server.refusal(case.manifest), pydantic_refusal(case.manifest)
        if bool(of_server) != bool(of_pydantic):
            found.append(f"{case.sentence}: server {of_server or 'accepts'}; pydantic {of_pydantic or 'accepts'}")
    return found


def test_the_server_accepts_what_is_right(server: Server) -> None:
    refused = {case.sentence: server.refusal(case.manifest) for case in RIGHT}
    assert {sentence: why for sentence, why in refused.items() if why} == {}


def test_the_server_refuses_what_is_wrong_and_names_the_field(server: Server) -> None:
    unnamed = {case.sentence: server.refusal(case.manifest) for case in WRONG}
    assert {case.sentence: unnamed[case.sentence] for case in WRONG if case.blamed not in unnamed[case.sentence]} == {}


def test_pydantic_and_the_server_agree_about_odd_values_in_every_place(server: Server) -> None:
    assert disagreements(server, odd_cases()) == []
