"""`saferollout plan` as a stranger feeds it: paths, shapes of manifests, answers and exit codes."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from saferollout.cli.main import program_name
from tests.manifests import deployment, saferollout, write_manifests
from tests.unit.cli.offline import DESIRED, LIVE, SPEC, TOPIC, planned, rolls, run


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


def test_one_side_may_come_from_standard_input(tmp_path: Path) -> None:
    desired = write_manifests(tmp_path / "desired.yaml", SPEC, *DESIRED)
    result = run("--live", "-", "--desired", desired, "-o", "json", stdin=yaml.safe_dump_all(LIVE))
    assert rolls(result) == ["reader", "writer"]


def test_each_side_may_be_several_files_and_folders_and_a_file_that_two_paths_reach_counts_once(tmp_path: Path) -> None:
    for folder in ("running", "wanted"):
        (tmp_path / folder).mkdir()
    reader, writer = (write_manifests(tmp_path / "running" / f"{one['metadata']['name']}.yaml", one) for one in LIVE)
    spec = write_manifests(tmp_path / "spec.yaml", SPEC)
    wanted = [write_manifests(tmp_path / "wanted" / f"{one['metadata']['name']}.yaml", one) for one in DESIRED]
    both = ["--live", str(tmp_path / "running"), "--live", spec, "--live", writer, "--desired", wanted[0], "--desired", wanted[1], "-o", "json"]
    assert rolls(run(*both)) == ["reader", "writer"]
    assert rolls(run("--live", reader, "--live", "-", "--desired", str(tmp_path / "wanted"), "-o", "json", stdin=yaml.safe_dump_all([SPEC, LIVE[1]]))) == ["reader", "writer"]


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


def test_a_live_saferollout_that_can_not_be_read_does_not_refuse_its_repair(tmp_path: Path) -> None:
    broken = {**SPEC, "spec": {"workloads": []}}
    result = planned(tmp_path, (broken, *LIVE), (SPEC, *DESIRED), "-o", "json")
    assert rolls(result) == ["reader", "writer"]
    assert "the SafeRollout in --live can't be read" in result.stderr


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


def test_a_workload_of_another_name_is_found_by_its_reference(tmp_path: Path) -> None:
    spec = saferollout(["reader", "writer"], [TOPIC])
    spec["spec"]["workloads"][0]["workloadRef"] = {"name": "reader-of-events"}
    sides = []
    for one in (LIVE[0], DESIRED[0]):
        copy = json.loads(json.dumps(one))
        copy["metadata"]["name"] = "reader-of-events"
        sides.append(copy)
    assert rolls(planned(tmp_path, (sides[0], LIVE[1]), (spec, sides[1], DESIRED[1]), "-o", "json")) == ["reader", "writer"]


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


READS_ELSEWHERE = {"name": "dwh", "from": {"namespace": "data", "workload": "warehouse"}}
WITH_WAREHOUSE = saferollout(["reader", "writer"], [{**TOPIC, "externalReaders": [READS_ELSEWHERE]}])


def warehouse(declaration: str, **metadata: Any) -> dict[str, Any]:
    manifest = deployment("warehouse", declaration, image="1")
    manifest["metadata"].update({"namespace": "data", "annotations": {"saferollout.io/readable-by": "*"}} | metadata)
    return manifest


def test_a_workload_elsewhere_counts_as_its_manifest_declares(tmp_path: Path) -> None:
    desired = (WITH_WAREHOUSE, *DESIRED)
    assert rolls(planned(tmp_path, (*LIVE, warehouse("events: {reads: [1, 2]}")), desired, "-o", "json")) == ["reader", "writer"]
    refused = planned(tmp_path, (*LIVE, warehouse("events: {reads: [1]}")), desired, "-o", "json")
    assert refused.exit_code == 3
    assert json.loads(refused.stdout)["conflicts"][0]["reader"] == {"workload": "dwh", "revision": "external"}


def test_a_workload_elsewhere_without_a_manifest_is_named_and_its_versions_are_assumed(tmp_path: Path) -> None:
    refused = planned(tmp_path, LIVE, (WITH_WAREHOUSE, *DESIRED), "-o", "json")
    assert refused.exit_code == 3
    assert "Deployment warehouse of namespace data is in neither --live nor --desired" in refused.stderr
    fix = planned(tmp_path, LIVE, (WITH_WAREHOUSE, deployment("reader", "events: {reads: [1]}", image="2"), LIVE[1]), "-o", "json")
    assert rolls(fix) == ["reader"], "a bug fix waits for nobody"


def test_a_workload_elsewhere_that_does_not_allow_it_is_not_read(tmp_path: Path) -> None:
    refused = planned(tmp_path, (*LIVE, warehouse("events: {reads: [1, 2]}", annotations={})), (WITH_WAREHOUSE, *DESIRED), "-o", "json")
    assert refused.exit_code == 3
    assert "saferollout.io/readable-by" in refused.stderr


def test_the_workloads_there_are_are_named_where_none_is_near(tmp_path: Path) -> None:
    asked = planned(tmp_path, LIVE, (SPEC, *DESIRED), "--if-failed", "zzz")
    assert asked.exit_code == 2
    assert "the SafeRollout has no workload zzz; it has " in asked.stderr
