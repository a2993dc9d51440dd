"""The real API server and pydantic give one answer about every object."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client, config
from kubernetes.client.rest import ApiException

from localcluster.testing import RunningCluster
from saferollout.api.crdgen import custom_resource_definition
from saferollout.api.names import GROUP, PLURAL, VERSION
from saferollout.api.problems import InvalidSafeRollout
from saferollout.api.saferollout import SafeRollout
from saferollout.api.status import Status
from tests.data.manifests import RIGHT, WRONG, Case, changed, odd_cases

# The API server takes 2.0 for an integer, but hands it to CEL as a double, on which a rule that calculates fails. Pydantic must go on
# reading a stored 2.0, so here it is the milder one.
CALCULATED_FIELDS = {"bakeSeconds", "count", "failureLimit", "initialDelaySeconds", "intervalSeconds"}
DEFINITION = Path(__file__).parents[2] / "crds" / f"{GROUP}_{PLURAL}.yaml"


class Server:
    """Asks the API server about objects."""

    def __init__(self, api: client.ApiClient) -> None:
        self._objects = client.CustomObjectsApi(api)

    def refusal(self, manifest: dict[str, Any]) -> str:
        """Return why the server refuses an object, without storing it; empty where it takes it."""
        try:
            self._objects.create_namespaced_custom_object(
                GROUP, VERSION, "default", PLURAL, manifest, dry_run="All", field_validation="Strict"
            )
        except ApiException as refused:
            if refused.status not in (400, 422):
                raise
            return str(json.loads(refused.body)["message"])
        return ""

    def write_status(self, namespace: str, name: str, status: dict[str, Any]) -> None:
        """Replace the status as the operator does; fields unknown to the schema are an error."""
        self._objects.patch_namespaced_custom_object_status(
            GROUP, VERSION, namespace, PLURAL, name, {"status": status}, field_validation="Strict"
        )


@pytest.fixture(scope="module")
def server(control_plane: RunningCluster) -> Iterator[Server]:
    control_plane.define(str(DEFINITION), resource=f"{PLURAL}.{GROUP}")
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


def filled(schema: dict[str, Any]) -> Any:
    """Give every field of a schema some value."""
    match schema["type"]:
        case "object":
            return {name: filled(child) for name, child in schema["properties"].items()}
        case "array":
            return [filled(schema["items"])]
        case "integer":
            return 3
        case "boolean":
            return True
        case _:
            return schema["enum"][0] if "enum" in schema else "2026-01-01T00:00:00Z" if "format" in schema else "Ready"


def test_a_new_object_says_that_nobody_has_looked_at_it(server: Server, control_plane: RunningCluster, namespace: str) -> None:
    control_plane.apply(changed({("metadata", "namespace"): namespace}))
    assert control_plane.get("saferollout", "opencore", namespace=namespace)["status"] == {"observedGeneration": -1}


def test_a_status_is_stored_as_the_operator_wrote_it_and_shown_in_columns(
    server: Server, control_plane: RunningCluster, namespace: str
) -> None:
    schema = custom_resource_definition()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["status"]
    status = Status.model_validate(filled(schema)).model_dump(mode="json", by_alias=True, exclude_none=True)
    control_plane.apply(changed({("metadata", "namespace"): namespace}))

    server.write_status(namespace, "opencore", status)

    assert control_plane.get("saferollout", "opencore", namespace=namespace)["status"] == status
    shown = control_plane.kubectl("get", "sro", "-n", namespace, "-o", "wide").splitlines()
    assert shown[0].split() == ["NAME", "READY", "STATE", "STEP", "WAITING-FOR", "AGE", "MESSAGE"]
    assert shown[1].split()[:5] == ["opencore", "True", "Idle", "Ready", "Ready"]
