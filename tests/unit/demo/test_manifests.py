"""What the demo applies is what the operator understands, and what the services really do."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from saferollout.api.references import check_references
from saferollout.api.saferollout import SafeRollout

DEMO = Path(__file__).resolve().parents[3] / "examples/demo"
FILES = sorted([*DEMO.glob("manifests/*.yaml"), *DEMO.glob("git/*/*.yaml")])
COMMITS = sorted(folder.name for folder in DEMO.glob("git/*"))


def documents(file: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(file.read_text()))


def pod_templates() -> list[Any]:
    return [
        pytest.param(document["spec"]["template"], id=f"{file.parent.name}/{document['metadata']['name']}")
        for file in FILES
        for document in documents(file)
        if document["kind"] in ("Deployment", "Job")
    ]


def test_the_saferollout_is_valid_and_its_references_lead_somewhere() -> None:
    (document,) = documents(DEMO / "manifests/saferollout.yaml")
    assert check_references(SafeRollout.parse_strict(document).spec) == []


def test_the_spec_order_is_not_the_safe_order_so_that_the_demo_shows_a_proof() -> None:
    (document,) = documents(DEMO / "manifests/saferollout.yaml")
    assert document["spec"]["workloads"][0]["name"] == "gateway"


@pytest.mark.parametrize("template", pod_templates())
def test_every_pod_satisfies_the_restricted_pod_security_standard(template: dict[str, Any]) -> None:
    pod = template["spec"]["securityContext"]
    assert (pod["runAsNonRoot"], pod["seccompProfile"]) == (True, {"type": "RuntimeDefault"})
    for container in template["spec"]["containers"]:
        assert container["securityContext"]["allowPrivilegeEscalation"] is False
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}


@pytest.mark.parametrize("template", pod_templates())
def test_every_image_is_built_from_a_service_of_this_repository(template: dict[str, Any]) -> None:
    for container in template["spec"]["containers"]:
        service, version = container["image"].removeprefix("localhost/").split(":")
        assert (DEMO / "services" / service / version / "service.py").is_file()


@pytest.mark.parametrize("commit", COMMITS)
def test_a_commit_changes_nothing_but_images_and_declarations(commit: str) -> None:
    for file in DEMO.glob(f"git/{commit}/*.yaml"):
        (changed,), (first,) = documents(file), documents(DEMO / "git/0-running" / file.name)
        for document in (changed, first):
            del document["spec"]["template"]["spec"]["containers"][0]["image"]
            del document["spec"]["template"]["metadata"]["annotations"]["saferollout.io/contracts"]
        assert changed == first


def test_the_undeclared_commit_changes_an_image_and_declares_what_was_declared_before() -> None:
    (before,) = documents(DEMO / "git/1-new-event/user-service.yaml")
    (after,) = documents(DEMO / "git/3-undeclared/user-service.yaml")
    assert after["spec"]["template"]["metadata"] == before["spec"]["template"]["metadata"]
    assert after["spec"]["template"]["spec"] != before["spec"]["template"]["spec"]
