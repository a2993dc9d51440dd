"""The piece of argocd-cm that the chart renders on demand."""

from __future__ import annotations

from typing import Any

import yaml

from saferollout.api.names import COMMAND_PREFIX, GROUP, KIND
from saferollout.api.status import State
from saferollout.cli.say import Verb
from tests.unit.chart.test_chart import named, of_kind, render

HEALTH, ACTIONS = f"resource.customizations.health.{GROUP}_{KIND}", f"resource.customizations.actions.{GROUP}_{KIND}"


def snippet() -> dict[str, str]:
    data: dict[str, str] = named(render("argocd.snippet=true", "argocd.namespace=gitops"), "ConfigMap", "argocd-cm")["data"]
    return data


def actions() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(snippet()[ACTIONS])
    return found


def test_an_installation_has_nothing_of_argo_cd_unless_told() -> None:
    assert "argocd-cm" not in {item["metadata"]["name"] for item in of_kind(render(), "ConfigMap")}


def test_it_adds_two_keys_in_argo_cds_namespace_and_nothing_else() -> None:
    item = named(render("argocd.snippet=true", "argocd.namespace=gitops"), "ConfigMap", "argocd-cm")
    assert item["metadata"]["namespace"] == "gitops"
    assert set(item["data"]) == {HEALTH, ACTIONS}


def test_every_state_has_a_health() -> None:
    table = snippet()[HEALTH].split("local by_state = {", 1)[1].split("}", 1)[0]
    named_states = {entry.split("=")[0].strip() for entry in table.split(",") if entry.strip()}
    assert named_states == {state.value for state in State}


def test_every_action_is_a_command_of_the_command_line_and_is_offered() -> None:
    defined = {definition["name"] for definition in actions()["definitions"]}
    assert defined <= {verb.value for verb in Verb}
    offered = actions()["discovery.lua"].split("return {", 1)[1]
    assert {line.split("=")[0].strip() for line in offered.splitlines() if "disabled" in line} == defined


def test_an_action_writes_the_commands_annotation() -> None:
    for definition in actions()["definitions"]:
        assert f'obj.metadata.annotations["{COMMAND_PREFIX}" .. verb] = body' in definition["action.lua"]
        assert f'say("{definition["name"]}"' in definition["action.lua"]


def test_no_script_uses_what_argo_cds_sandbox_does_not_have() -> None:
    scripts = [snippet()[HEALTH], actions()["discovery.lua"], *(definition["action.lua"] for definition in actions()["definitions"])]
    for script in scripts:
        for library in ("string.", "math.", "io.", ":format(", ":gsub(", ":match("):
            assert library not in script.replace("saferollout.io/", "")
