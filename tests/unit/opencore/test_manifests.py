"""The scene's manifests say what its images do, and nothing is declared where nothing should be."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from localcluster.kube_state_metrics import kube_state_metrics_version
from saferollout.api.references import check_references
from saferollout.api.saferollout import SafeRollout
from saferollout.core.catalogue.parties import parties_of
from tests.unit.opencore.kustomized import tag, workloads
from tests.unit.opencore.services import OPENCORE, module

versions: Any = module("versions")
ANNOTATION = "saferollout.io/contracts"
DECLARED = sorted(file.parent for file in OPENCORE.glob("declared/**/kustomization.yaml"))
UNDECLARED = sorted(file.parent for file in OPENCORE.glob("undeclared/*/kustomization.yaml"))
NAMES = {folder: str(folder.relative_to(OPENCORE)) for folder in (*DECLARED, *UNDECLARED)}


def declared(deployment: dict[str, Any]) -> dict[str, dict[str, list[int]]]:
    found: dict[str, dict[str, list[int]]] = yaml.safe_load(deployment["spec"]["template"]["metadata"]["annotations"][ANNOTATION])
    return found


def done_by_user_service(behaviour: Any) -> dict[str, dict[str, list[int]]]:
    return {
        "user-events": {"writes": [behaviour.event_written]},
        # A country that nobody asks for is ignored: 1.0.0 takes requests of both versions.
        "users-api/request": {"reads": [2] if behaviour.country_required else [1, 2]},
        "users-api/response": {"writes": [1]},
        "users": {"reads": sorted(behaviour.rows_read), "writes": [behaviour.row_written]},
        "profiles": {"reads": sorted(behaviour.cache_read), "writes": [behaviour.cache_written]},
    }


def done_by_gateway(behaviour: Any) -> dict[str, dict[str, list[int]]]:
    return {"users-api/request": {"writes": [2 if behaviour.sends_country else 1]}, "users-api/response": {"reads": [1]}}


def done_by_reader(behaviour: Any) -> dict[str, dict[str, list[int]]]:
    return {"user-events": {"reads": sorted(behaviour.events_read)}}


DONE = {
    "user-service": lambda tag: done_by_user_service(versions.USER_SERVICE[tag]),
    "gateway": lambda tag: done_by_gateway(versions.GATEWAY[tag]),
    "billing-service": lambda tag: done_by_reader(versions.BILLING_SERVICE[tag]),
    "notification-service": lambda tag: done_by_reader(versions.NOTIFICATION_SERVICE[tag]),
    "search-service": lambda tag: {"searches/request": {"reads": [1]}, "searches/response": {"writes": [1]}},
}


@pytest.mark.parametrize("folder", DECLARED, ids=NAMES.get)
def test_what_is_declared_is_what_the_image_does(folder: Path) -> None:
    found = workloads(folder)
    assert found.keys() == DONE.keys()
    for name, deployment in found.items():
        assert declared(deployment) == DONE[name](tag(deployment)), name


@pytest.mark.parametrize("folder", UNDECLARED, ids=NAMES.get)
def test_an_undeclared_release_changes_one_image_and_declares_nothing(folder: Path) -> None:
    found, before = workloads(folder), workloads(OPENCORE / "workloads")
    assert [name for name in found if tag(found[name]) != tag(before[name])] in (["user-service"], ["billing-service"])
    for name, deployment in found.items():
        assert tag(deployment) in versions.TAGS[name]
        assert ANNOTATION not in deployment["spec"]["template"]["metadata"]["annotations"]


def test_every_mode_is_there_both_ways() -> None:
    modes = {f"mode-{number}" for number in range(1, 6)}
    assert modes <= {folder.name for folder in UNDECLARED}
    assert modes <= {folder.relative_to(OPENCORE / "declared").parts[0] for folder in DECLARED}


@pytest.mark.parametrize("kind", ["declared", "undeclared"])
def test_the_saferollout_is_valid_and_its_references_lead_somewhere(kind: str) -> None:
    (document,) = yaml.safe_load_all((OPENCORE / kind / "saferollout.yaml").read_text())
    assert check_references(SafeRollout.parse_strict(document).spec) == []


def test_where_templates_declare_nothing_the_saferollout_says_of_each_contract_who_writes_it_and_who_reads_it() -> None:
    (document,) = yaml.safe_load_all((OPENCORE / "undeclared/saferollout.yaml").read_text())
    found = {one.name: parties_of(one, {}) for one in SafeRollout.parse_strict(document).spec.contracts}
    assert {name: (set(sides.readers), set(sides.writers)) for name, sides in found.items()} == {
        "user-events": ({"billing-service", "notification-service"}, {"user-service"}),
        "users-api": ({"user-service"}, {"gateway"}),
        "users": ({"user-service"}, {"user-service"}),
        "profiles": ({"user-service"}, {"user-service"}),
        "searches": ({"search-service"}, set()),
    }


@pytest.mark.parametrize("file", sorted(OPENCORE.glob("[wpl]*/*.yaml")), ids=lambda file: file.name)
def test_every_pod_satisfies_the_restricted_pod_security_standard(file: Path) -> None:
    for document in yaml.safe_load_all(file.read_text()):
        if document["kind"] not in ("Deployment", "StatefulSet", "Job"):
            continue
        pod = document["spec"]["template"]["spec"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in pod["containers"]:
            assert container["securityContext"]["allowPrivilegeEscalation"] is False
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_kube_state_metrics_is_the_version_that_is_built_and_may_watch_what_it_is_told_to() -> None:
    found = {document["kind"]: document for document in yaml.safe_load_all((OPENCORE / "platform" / "kube-state-metrics.yaml").read_text())}
    (container,) = found["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert container["image"] == f"localhost/opencore/kube-state-metrics:{kube_state_metrics_version()}"
    told = next(argument.removeprefix("--resources=") for argument in container["args"] if argument.startswith("--resources="))
    assert sorted(told.split(",")) == sorted(name for rule in found["ClusterRole"]["rules"] for name in rule["resources"])
    assert all(rule["verbs"] == ["list", "watch"] for rule in found["ClusterRole"]["rules"])
