"""`saferollout plan` as a stranger feeds it: paths, shapes of manifests, bad input with its place, exit codes."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import Result
from typer import Typer
from typer.testing import CliRunner

from saferollout.cli import plan
from saferollout.cli.main import program_name
from tests.manifests import deployment, saferollout, write_manifests

TOPIC = {"name": "events", "topic": {"name": "events", "retentionSeconds": 60}}
SPEC = saferollout(["reader", "writer"], [TOPIC])
LIVE = deployment("reader", "events: {reads: [1]}", image="1"), deployment("writer", "events: {writes: [1]}", image="1")
DESIRED = deployment("reader", "events: {reads: [1, 2]}", image="2"), deployment("writer", "events: {writes: [2]}", image="2")


def run(*arguments: str, stdin: str = "") -> Result:
    app = Typer(pretty_exceptions_enable=False)
    app.callback()(lambda: None)
    plan.register(app)
    return CliRunner().invoke(app, ["plan", *arguments], input=stdin)


def planned(folder: Path, live: tuple[dict[str, Any], ...], desired: tuple[dict[str, Any], ...], *arguments: str) -> Result:
    return run("--live", write_manifests(folder / "live.yaml", *live), "--desired", write_manifests(folder / "desired.yaml", *desired), *arguments)


def rolls(result: Result) -> list[str]:
    assert result.exit_code == 0, result.output
    return [step["workload"] for step in json.loads(result.stdout)["steps"]]


def test_an_accepted_plan_has_exactly_the_documented_keys(tmp_path: Path) -> None:
    result = planned(tmp_path, LIVE, (SPEC, *DESIRED), "-o", "json")
    answer = json.loads(result.stdout)
    assert (result.exit_code, list(answer)) == (0, ["accepted", "steps", "unsafeNow", "conflicts", "repairs"])
    assert [list(step) for step in answer["steps"]] == [["kind", "workload", "stage", "because"]] * 2


def test_a_refused_plan_exits_with_3_and_says_why(tmp_path: Path) -> None:
    result = planned(tmp_path, LIVE, (SPEC, LIVE[0], DESIRED[1]), "-o", "json")
    answer = json.loads(result.stdout)
    assert (result.exit_code, answer["accepted"], answer["reason"], answer["steps"]) == (3, False, "UnsafeGoal", [])
    assert answer["conflicts"][0]["writer"] == {"workload": "writer", "revision": "new"}
    assert answer["repairs"][0]["reads"] == ["1", "2"]


def test_yaml_says_the_same_as_json(tmp_path: Path) -> None:
    as_json = planned(tmp_path, LIVE, (SPEC, *DESIRED), "-o", "json")
    as_yaml = planned(tmp_path, LIVE, (SPEC, *DESIRED), "-o", "yaml")
    assert yaml.safe_load(as_yaml.stdout) == json.loads(as_json.stdout)


def test_text_keeps_to_80_columns(tmp_path: Path) -> None:
    text = planned(tmp_path, LIVE, (SPEC, *DESIRED)).stdout
    assert max(map(len, text.splitlines())) <= 80


def test_folders_are_read_with_all_their_folders_but_not_the_hidden_ones(tmp_path: Path) -> None:
    write_manifests(tmp_path / "live" / "a" / "reader.yaml", LIVE[0])
    write_manifests(tmp_path / "live" / "writer.yml", LIVE[1])
    write_manifests(tmp_path / "live" / ".git" / "broken.yaml", {"kind": "SafeRollout"})
    (tmp_path / "live" / "README.md").write_text("no manifest: [")
    (tmp_path / "desired").mkdir()
    (tmp_path / "desired" / "all.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": [SPEC, *DESIRED]}, indent="\t"))
    assert rolls(run("--live", str(tmp_path / "live"), "--desired", str(tmp_path / "desired"), "-o", "json")) == ["reader", "writer"]


def test_one_side_may_come_from_standard_input(tmp_path: Path) -> None:
    desired = write_manifests(tmp_path / "desired.yaml", SPEC, *DESIRED)
    result = run("--live", "-", "--desired", desired, "-o", "json", stdin=yaml.safe_dump_all(LIVE))
    assert rolls(result) == ["reader", "writer"]


def test_both_sides_can_not(tmp_path: Path) -> None:
    assert run("--live", "-", "--desired", "-", stdin="").exit_code == 2


def test_other_kinds_and_empty_documents_are_ignored(tmp_path: Path) -> None:
    others = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "reader"}}, {"replicaCount": 3}
    path = tmp_path / "desired.yaml"
    write_manifests(path, *others, SPEC, *DESIRED)
    path.write_text("---\n# nothing\n---\n" + path.read_text())
    live = write_manifests(tmp_path / "live.yaml", *LIVE)
    assert rolls(run("--live", live, "--desired", str(path), "-o", "json")) == ["reader", "writer"]


def test_the_same_manifests_plan_nothing(tmp_path: Path) -> None:
    assert rolls(planned(tmp_path, LIVE, (SPEC, *LIVE), "-o", "json")) == []


def test_a_restart_is_no_release(tmp_path: Path) -> None:
    restarted = deployment("reader", "events: {reads: [1]}", image="1")
    restarted["spec"]["template"]["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"] = "2026-01-01T00:00:00Z"
    restarted["spec"]["template"]["metadata"]["annotations"]["reloader.stakater.com/last-reloaded-from"] = "{}"
    assert rolls(planned(tmp_path, LIVE, (SPEC, restarted, LIVE[1]), "-o", "json")) == []


def test_a_restart_time_without_quotes_is_text_as_in_kubernetes(tmp_path: Path) -> None:
    live = write_manifests(tmp_path / "live.yaml", *LIVE)
    desired = tmp_path / "desired.yaml"
    write_manifests(desired, SPEC, *LIVE)
    desired.write_text(desired.read_text().replace("annotations:\n", "annotations:\n        kubectl.kubernetes.io/restartedAt: 2026-01-01T00:00:00Z\n"))
    assert rolls(run("--live", live, "--desired", str(desired), "-o", "json")) == []


def test_what_the_api_server_fills_in_is_no_change(tmp_path: Path) -> None:
    live = deployment("reader", "events: {reads: [1]}", image="1")
    pod = live["spec"]["template"]["spec"]
    pod |= {"restartPolicy": "Always", "dnsPolicy": "ClusterFirst", "schedulerName": "default-scheduler", "securityContext": {}}
    pod |= {"terminationGracePeriodSeconds": 30, "serviceAccount": "app", "serviceAccountName": "app"}
    pod["volumes"] = [{"name": "config", "configMap": {"name": "config", "defaultMode": 420}}]
    pod["containers"][0] |= {
        "imagePullPolicy": "IfNotPresent", "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File", "resources": {},
        "ports": [{"containerPort": 80, "protocol": "TCP"}],
        "readinessProbe": {"httpGet": {"path": "/", "port": 80, "scheme": "HTTP"}, "timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3},
        "env": [{"name": "POD", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}}, {"name": "EMPTY"}],
    }  # fmt: skip
    live["spec"]["template"]["metadata"]["creationTimestamp"] = None
    git = deployment("reader", "events: {reads: [1]}", image="1")
    git["spec"]["template"]["spec"]["serviceAccountName"] = "app"
    git["spec"]["template"]["spec"]["volumes"] = [{"name": "config", "configMap": {"name": "config"}}]
    git["spec"]["template"]["spec"]["containers"][0] |= {
        "ports": [{"containerPort": 80}],
        "readinessProbe": {"httpGet": {"path": "/", "port": 80}},
        "env": [{"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}, {"name": "EMPTY", "value": ""}],
    }
    assert rolls(planned(tmp_path, (live, LIVE[1]), (SPEC, git, LIVE[1]), "-o", "json")) == []


@pytest.mark.parametrize(
    "change",
    [
        {"terminationGracePeriodSeconds": 60},
        {"volumes": [{"name": "config", "configMap": {"name": "config-2"}}]},
        {"containers": [{"name": "reader", "image": "reader:1", "env": [{"name": "A", "value": "b"}]}]},
        {"containers": [{"name": "reader", "image": "reader:1", "imagePullPolicy": "Always"}]},
    ],
)
def test_everything_else_in_a_template_is_a_release(tmp_path: Path, change: dict[str, Any]) -> None:
    changed = deployment("reader", "events: {reads: [1]}", image="1")
    changed["spec"]["template"]["spec"] |= change
    assert rolls(planned(tmp_path, LIVE, (SPEC, changed, LIVE[1]), "-o", "json")) == ["reader"]


def test_a_change_outside_the_template_is_none(tmp_path: Path) -> None:
    scaled = deployment("reader", "events: {reads: [1]}", image="1", replicas=0)
    assert rolls(planned(tmp_path, LIVE, (SPEC, scaled, LIVE[1]), "-o", "json")) == []


def test_a_workload_at_0_replicas_is_a_party(tmp_path: Path) -> None:
    idle = deployment("reader", "events: {reads: [1]}", image="1", replicas=0)
    assert planned(tmp_path, (idle, LIVE[1]), (SPEC, idle, DESIRED[1])).exit_code == 3


def test_a_workload_only_in_desired_is_created_in_its_turn(tmp_path: Path) -> None:
    first = deployment("reader", "events: {reads: [1], required: true}", image="1")
    assert rolls(planned(tmp_path, (), (SPEC, first, LIVE[1]), "-o", "json")) == ["writer", "reader"]


def test_a_workload_missing_from_desired_stays_as_it_is_and_is_named(tmp_path: Path) -> None:
    result = planned(tmp_path, LIVE, (SPEC, DESIRED[1]), "-o", "json")
    assert result.exit_code == 3
    assert "reader is not in --desired" in result.stderr
    assert json.loads(result.stdout)["conflicts"][0]["reader"] == {"workload": "reader", "revision": "old"}


def test_a_workload_in_neither_is_named_and_the_others_go_on(tmp_path: Path) -> None:
    result = planned(tmp_path, LIVE[1:], (SPEC, DESIRED[1]), "-o", "json")
    assert rolls(result) == ["writer"]
    assert "reader does not exist" in result.stderr


def test_a_live_status_tells_what_is_stored(tmp_path: Path) -> None:
    running = {**SPEC, "status": {"contracts": [{"name": "events", "storedVersions": [1, "2"]}], "unknown": True}}
    live = running, deployment("reader", "events: {reads: [1, 2]}", image="1"), deployment("writer", "events: {writes: [2]}", image="1")
    result = planned(tmp_path, live, (SPEC, deployment("reader", "events: {reads: [2]}", image="2"), live[2]), "-o", "json")
    assert [step["kind"] for step in json.loads(result.stdout)["steps"]] == ["Prove", "Roll"]


def test_versions_announced_in_the_spec_are_stored(tmp_path: Path) -> None:
    spec = saferollout(["reader", "writer"], [{**TOPIC, "storedVersions": ["1"]}])
    live = deployment("reader", "events: {reads: [1, 2]}", image="1"), deployment("writer", "events: {writes: [2]}", image="1")
    result = planned(tmp_path, live, (spec, deployment("reader", "events: {reads: [2]}", image="2"), live[1]), "-o", "json")
    assert [step["kind"] for step in json.loads(result.stdout)["steps"]] == ["Prove", "Roll"]


def test_what_a_workload_that_leaves_the_saferollout_writes_counts_as_stored(tmp_path: Path) -> None:
    narrowed = saferollout(["reader"], [TOPIC])
    live = SPEC, deployment("reader", "events: {reads: [1, 2]}", image="1"), LIVE[1]
    result = planned(tmp_path, live, (narrowed, deployment("reader", "events: {reads: [2]}", image="2")), "-o", "json")
    assert [step["kind"] for step in json.loads(result.stdout)["steps"]] == ["Prove", "Roll"]
    assert "writer leaves the SafeRollout" in result.stderr


def test_a_saferollout_only_in_live_is_taken_from_there(tmp_path: Path) -> None:
    assert rolls(planned(tmp_path, (SPEC, *LIVE), DESIRED, "-o", "json")) == ["reader", "writer"]


def test_of_several_saferollouts_one_is_named(tmp_path: Path) -> None:
    other = {**SPEC, "metadata": {"name": "other", "namespace": "shop"}}
    several = planned(tmp_path, LIVE, (SPEC, other, *DESIRED))
    assert several.exit_code == 2
    assert "choose one with --name" in several.stderr
    assert rolls(planned(tmp_path, LIVE, (SPEC, other, *DESIRED), "--name", "shop", "-o", "json")) == ["reader", "writer"]
    assert "did you mean shop?" in planned(tmp_path, LIVE, (SPEC, other, *DESIRED), "--name", "shp").stderr


def test_a_workload_of_another_namespace_is_another_workload(tmp_path: Path) -> None:
    elsewhere = deployment("reader", "events: {reads: [1]}", image="1")
    elsewhere["metadata"]["namespace"] = "elsewhere"
    assert rolls(planned(tmp_path, LIVE, (SPEC, elsewhere, *DESIRED), "-o", "json")) == ["reader", "writer"]


def test_manifests_without_a_namespace_belong_to_it(tmp_path: Path) -> None:
    bare = deployment("reader", "events: {reads: [1, 2]}", image="2")
    del bare["metadata"]["namespace"]
    assert rolls(planned(tmp_path, LIVE, (SPEC, bare, DESIRED[1]), "-o", "json")) == ["reader", "writer"]


def test_another_kind_of_workload_is_found_by_its_reference(tmp_path: Path) -> None:
    spec = saferollout(["reader", "writer"], [TOPIC])
    spec["spec"]["workloads"][0]["workloadRef"] = {"kind": "StatefulSet", "name": "reader-set"}
    sides = []
    for one in (LIVE[0], DESIRED[0]):
        copy = json.loads(json.dumps(one))
        copy["kind"], copy["metadata"]["name"] = "StatefulSet", "reader-set"
        sides.append(copy)
    assert rolls(planned(tmp_path, (sides[0], LIVE[1]), (spec, sides[1], DESIRED[1]), "-o", "json")) == ["reader", "writer"]


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
    ({"workloads": []}, "spec.workloads"),
    ({"workloads": [{"name": "a"}, {"name": "a"}]}, "spec.workloads"),
]


@pytest.mark.parametrize(("fields", "told"), BROKEN_SPECS)
def test_a_broken_saferollout_is_bad_input_with_file_document_and_field(tmp_path: Path, fields: dict[str, Any], told: str) -> None:
    result = planned(tmp_path, LIVE, (*DESIRED, {**SPEC, "spec": {**SPEC["spec"], **fields}}))
    assert result.exit_code == 2
    assert f"{tmp_path / 'desired.yaml'}, document 3, " in result.stderr
    assert told in result.stderr


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


def test_if_failed_answers_with_exactly_the_documented_keys(tmp_path: Path) -> None:
    result = planned(tmp_path, LIVE, (SPEC, *DESIRED), "--if-failed", "writer", "-o", "json")
    answer = json.loads(result.stdout)
    assert (result.exit_code, list(answer), answer["back"]) == (0, ["back", "stay"], ["writer"])
    assert answer["stay"][0].items() >= {"workload": "reader", "contract": "events", "version": "2"}.items()


def test_if_failed_takes_the_scope_of_the_spec_unless_told(tmp_path: Path) -> None:
    spec = saferollout(["reader", "writer"], [TOPIC], rollbackScope="Release")
    wide = deployment("reader", "events: {reads: [1, 2]}", image="1")
    wider = deployment("reader", "events: {reads: [1, 2, 3]}", image="2")
    result = planned(tmp_path, (wide, LIVE[1]), (spec, wider, DESIRED[1]), "--if-failed", "writer", "-o", "json")
    assert json.loads(result.stdout) == {"back": ["writer", "reader"], "stay": []}
    told = planned(tmp_path, (wide, LIVE[1]), (spec, wider, DESIRED[1]), "--if-failed", "writer", "--scope", "Workload", "-o", "json")
    assert json.loads(told.stdout)["back"] == ["writer"]


def test_if_failed_of_an_unknown_workload_names_the_nearest(tmp_path: Path) -> None:
    result = planned(tmp_path, LIVE, (SPEC, *DESIRED), "--if-failed", "writr")
    assert (result.exit_code, "did you mean writer?" in result.stderr) == (2, True)


def test_if_failed_of_a_refused_plan_is_the_refusal(tmp_path: Path) -> None:
    assert planned(tmp_path, LIVE, (SPEC, LIVE[0], DESIRED[1]), "--if-failed", "writer").exit_code == 3


def test_if_failed_has_no_diagram(tmp_path: Path) -> None:
    assert planned(tmp_path, LIVE, (SPEC, *DESIRED), "--if-failed", "writer", "-o", "mermaid").exit_code == 2


def test_a_held_live_manifest_is_pointed_out(tmp_path: Path) -> None:
    held = deployment("reader", "events: {reads: [1]}", image="1")
    held["metadata"]["labels"] = {"saferollout.io/held": ""}
    assert "is held in --live" in planned(tmp_path, (held, LIVE[1]), (SPEC, *DESIRED)).stdout


@pytest.mark.parametrize(("file", "name"), [("saferollout", "saferollout"), ("kubectl-safe_rollout", "kubectl safe-rollout")])
def test_the_program_is_named_as_the_user_called_it(file: str, name: str) -> None:
    assert program_name(str(Path("bin") / file)) == name


def test_the_same_input_gives_the_same_output(tmp_path: Path) -> None:
    outputs = {planned(tmp_path, LIVE, (SPEC, *DESIRED), "-o", "json").stdout for _ in range(3)}
    assert len(outputs) == 1
