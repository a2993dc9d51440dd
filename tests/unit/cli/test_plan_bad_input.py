"""Bad input to `saferollout plan`: exit code 2, with file, document and field."""

import json
from pathlib import Path
from typing import Any

import pytest

from saferollout.core.promql import check_promql
from tests.manifests import write_manifests
from tests.unit.cli.offline import DESIRED, LIVE, SPEC, TOPIC, planned, rolls, run


def test_folders_are_read_with_all_their_folders_but_not_the_hidden_ones(tmp_path: Path) -> None:
    write_manifests(tmp_path / "live" / "a" / "reader.yaml", LIVE[0])
    write_manifests(tmp_path / "live" / "writer.yml", LIVE[1])
    write_manifests(tmp_path / "live" / ".git" / "broken.yaml", {"kind": "SafeRollout"})
    (tmp_path / "live" / "README.md").write_text("no manifest: [")
    (tmp_path / "desired").mkdir()
    (tmp_path / "desired" / "all.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": [SPEC, *DESIRED]}, indent="\t"))
    assert rolls(run("--live", str(tmp_path / "live"), "--desired", str(tmp_path / "desired"), "-o", "json")) == ["reader", "writer"]


BROKEN_DEPLOYMENTS = [
    ({"spec": {"template": None}}, "spec.template"),
    ({"spec": {"template": []}}, "spec.template"),
    ({"spec": []}, "spec"),
    ({"spec": {"template": {"metadata": {"annotations": []}, "spec": {}}}}, "spec.template.metadata.annotations"),
    ({"spec": {"template": {"metadata": {"annotations": {"saferollout.io/contracts": {"events": {}}}}, "spec": {}}}}, "must be text"),
    ({"spec": {"strategy": "Recreate", "template": {"spec": {"containers": []}}}}, "spec.strategy"),
]


@pytest.mark.parametrize(("fields", "told"), BROKEN_DEPLOYMENTS)
def test_a_broken_workload_is_bad_input_with_file_document_and_field(tmp_path: Path, fields: dict[str, Any], told: str) -> None:
    broken = {**DESIRED[0], **fields}
    result = planned(tmp_path, LIVE, (SPEC, broken, DESIRED[1]))
    assert result.exit_code == 2
    assert f"{tmp_path / 'desired.yaml'}, document 2, " in result.stderr
    assert told in result.stderr


BROKEN_SPECS = [
    ({"contracts": [{"name": "events"}]}, "spec.contracts[0]"),
    ({"contracts": [{**TOPIC, "compatibility": "Sideways"}]}, "spec.contracts[0].compatibility"),
    ({"contracts": [{**TOPIC, "readers": ["redaer"]}]}, "did you mean 'reader'?"),
    ({"contracts": [{**TOPIC, "topik": 1}]}, "spec.contracts[0].topik"),
    ({"contracts": [{**TOPIC, "drained": {"promql": "sum(("}}]}, "spec.contracts[0].drained.promql: "),
    ({"gates": [{"name": "p99", "promql": "sum(rate(", "max": "1"}]}, "spec.gates[0].promql: "),
    ({"gates": [{"name": "dead", "signal": "DeadLetterDepth", "contract": "events", "max": "1"}]}, "spec.gates[0].contract: "),
    ({"workloads": [{"name": "reader"}, {"name": "writer", "workloadRef": {"kind": "DaemonSet", "name": "writer"}}]}, "spec.workloads[1].workloadRef: "),
    ({"workloads": []}, "spec.workloads"),
    ({"workloads": [{"name": "a"}, {"name": "a"}]}, "spec.workloads"),
]


@pytest.mark.parametrize(("fields", "told"), BROKEN_SPECS)
def test_a_broken_saferollout_is_bad_input_with_file_document_and_field(tmp_path: Path, fields: dict[str, Any], told: str) -> None:
    result = planned(tmp_path, LIVE, (*DESIRED, {**SPEC, "spec": {**SPEC["spec"], **fields}}))
    assert result.exit_code == 2
    assert f"{tmp_path / 'desired.yaml'}, document 3, " in result.stderr
    assert told in result.stderr


def test_a_query_that_does_not_parse_is_told_with_its_position_in_the_words_of_lint(tmp_path: Path) -> None:
    gates = [{"name": "p99", "promql": "sum(rate(x[1m])", "max": "1"}]
    result = planned(tmp_path, LIVE, (*DESIRED, {**SPEC, "spec": {**SPEC["spec"], "gates": gates}}))
    assert result.exit_code == 2
    (problem,) = check_promql("sum(rate(x[1m])", field="spec.gates[0].promql")
    assert f"document 3, {problem}" in result.stderr


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ([], "status"),
        ({"contracts": {}}, None),
        ({"contracts": "events"}, "status.contracts"),
        ({"contracts": ["events"]}, "status.contracts[0]"),
        ({"contracts": [{"name": "events", "storedVersions": "1"}]}, "status.contracts[0].storedVersions"),
        ({"contracts": [{"name": "events", "storedVersions": [1.5]}]}, "status.contracts[0].storedVersions"),
        ({"contracts": [{"name": "events", "storedVersions": [True]}]}, "status.contracts[0].storedVersions"),
    ],
)
def test_a_broken_status_is_bad_input(tmp_path: Path, status: Any, told: str | None) -> None:
    result = planned(tmp_path, ({**SPEC, "status": status}, *LIVE), (SPEC, *DESIRED))
    assert result.exit_code == (0 if told is None else 2)
    assert told is None or told in result.stderr


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: [1", "document 1, line"),
        ("a: 1\n---\nb: {\n", "document 2, line"),
        ("just text", "document 1: is no Kubernetes object"),
        ("- 1", "document 1: is no Kubernetes object"),
        ("kind: List\nitems: [1]", "document 1, items[0]"),
        ("a: !!python/object:os.system {}", "is no YAML"),
        ("a: &a [*a]\nkind: Deployment\nmetadata: {name: reader}\nspec: []", "spec"),
    ],
)
def test_what_is_no_manifest_is_bad_input_with_file_and_document(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "live.yaml").write_text(text)
    result = run("--live", str(tmp_path / "live.yaml"), "--desired", write_manifests(tmp_path / "desired.yaml", SPEC, *DESIRED))
    assert result.exit_code == 2
    assert "live.yaml" in result.stderr
    assert told in result.stderr


@pytest.mark.parametrize("pod", ["&pod {containers: [*pod]}", "{containers: [{1: a, b: c}]}"])
def test_a_template_that_json_can_not_say_is_bad_input(tmp_path: Path, pod: str) -> None:
    head = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: reader}\nspec:\n  template:\n"
    (tmp_path / "live.yaml").write_text(f"{head}    spec: {pod}\n")
    result = run("--live", str(tmp_path / "live.yaml"), "--desired", write_manifests(tmp_path / "desired.yaml", SPEC, *DESIRED))
    assert (result.exit_code, "document 1, spec.template: " in result.stderr) == (2, True)


def test_a_file_that_is_not_text_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "live.yaml").write_bytes(b"\xff\xfe\x00")
    result = run("--live", str(tmp_path / "live.yaml"), "--desired", write_manifests(tmp_path / "desired.yaml", SPEC, *DESIRED))
    assert (result.exit_code, "can't be read" in result.stderr) == (2, True)


def test_a_path_that_is_not_there_is_bad_input(tmp_path: Path) -> None:
    result = run("--live", str(tmp_path / "none"), "--desired", str(tmp_path))
    assert result.exit_code == 2
    assert "there is no such file or folder" in result.stderr


def test_without_any_saferollout_it_is_bad_input(tmp_path: Path) -> None:
    assert planned(tmp_path, LIVE, DESIRED).exit_code == 2


def test_a_workload_that_is_there_twice_is_bad_input(tmp_path: Path) -> None:
    result = planned(tmp_path, LIVE, (SPEC, *DESIRED, DESIRED[0]))
    assert result.exit_code == 2
    assert "document 4, metadata.name" in result.stderr


def test_a_missing_option_and_an_unknown_format_are_bad_usage(tmp_path: Path) -> None:
    assert run("--live", str(tmp_path)).exit_code == 2
    assert planned(tmp_path, LIVE, (SPEC, *DESIRED), "-o", "xml").exit_code == 2
