"""The rights that `saferollout check` asks for are those that the chart gives, neither more nor fewer."""

from __future__ import annotations

import functools
from typing import Any

import pytest
import yaml

from localcluster.helm import CHART, run_helm
from saferollout.cli.checks.policies import EXPECTED, OF_STATEFULSETS, OPTIONAL
from saferollout.engine.rights import Right, Scope, operator_rights

NAME = "saferollout"


@functools.cache
def render(*values: str) -> tuple[dict[str, Any], ...]:
    settings = [argument for value in values for argument in ("--set", value)]
    text = run_helm("template", NAME, str(CHART), "--namespace", "operators", *settings)
    return tuple(document for document in yaml.safe_load_all(text) if document)


def given(objects: tuple[dict[str, Any], ...], *, scope: Scope, kind: str, role: str, namespace: str = "") -> set[Right]:
    """Take a role apart, verb by verb, after making sure that the operator is bound to it."""
    bindings = [item for item in objects if item["kind"] == f"{kind}Binding" and item["roleRef"]["name"] == role]
    [binding] = [item for item in bindings if item["metadata"].get("namespace", "") == namespace]
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": NAME, "namespace": "operators"}]
    [rules] = [
        item["rules"]
        for item in objects
        if (item["kind"], item["metadata"]["name"], item["metadata"].get("namespace", "")) == (kind, role, namespace)
    ]
    return {
        Right(scope, verb, group, resource.partition("/")[0], resource.partition("/")[2], name)
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
        for name in rule.get("resourceNames", [""])
    }


@pytest.mark.parametrize("stateful_sets", [False, True])
@pytest.mark.parametrize("watched", ["", "shop"])
def test_the_chart_gives_exactly_what_the_operator_needs(watched: str, stateful_sets: bool) -> None:
    objects = render(f"statefulSets.enabled={str(stateful_sets).lower()}", *([f"watchNamespaces={{{watched}}}"] if watched else []))
    watching = given(objects, scope=Scope.WATCHED, kind="Role" if watched else "ClusterRole", role=NAME, namespace=watched)
    lease = given(objects, scope=Scope.OWN, kind="Role", role=f"{NAME}-lease", namespace="operators")
    hold_mode = given(objects, scope=Scope.CLUSTER, kind="ClusterRole", role=f"{NAME}-hold-mode")
    assert set(operator_rights(lease=NAME, hold_policy=f"{NAME}-hold", stateful_sets=stateful_sets)) == watching | lease | hold_mode


def test_without_policies_nothing_is_needed_for_them() -> None:
    assert {right.scope for right in operator_rights(lease=NAME, hold_policy="", stateful_sets=True)} == {Scope.WATCHED, Scope.OWN}


def test_the_policies_that_are_looked_for_are_those_of_the_chart() -> None:
    kinds = ("MutatingAdmissionPolicy", "ValidatingAdmissionPolicy")

    def policies(*values: str) -> set[tuple[str, str]]:
        return {(item["kind"], item["metadata"]["name"].removeprefix(NAME)) for item in render(*values) if item["kind"] in kinds}

    everything = {(policy.kind, policy.suffix) for policy in (*EXPECTED, *OPTIONAL)}
    assert policies("policies.enabled=true") == everything
    assert policies("policies.enabled=true", "policies.warnings=false") == {(policy.kind, policy.suffix) for policy in EXPECTED}
    assert policies("policies.enabled=true", "statefulSets.enabled=true") - everything == {(policy.kind, policy.suffix) for policy in OF_STATEFULSETS}
