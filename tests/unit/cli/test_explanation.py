"""Why a workload stands where it stands, against plain text files; UPDATE_GOLDENS=1 writes them anew."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from saferollout.cli.exit_codes import CommandFailed, ExitCode
from saferollout.cli.explain import look, machine
from saferollout.cli.explanation import Explanation, explanation
from saferollout.cli.explanation_screen import explanation_screen
from saferollout.cli.look import Look, plain
from saferollout.cli.picture import Heartbeat, Picture
from saferollout.cli.seen import Seen, Verdict
from saferollout.cli.ways_out import break_glass
from saferollout.core.views import Pace, Partition, PodTrouble, ReplicaSetView, WorkloadView
from tests.unit.cli.fake_cluster import FakeCluster
from tests.unit.cli.pictures import NOW, VIEWS, before, condition, picture, raw, release, replica_set, status, view, workload_states

GOLDEN = Path(__file__).parent / "golden"
RUNNING = picture(
    raw(status("Progressing", summary={"message": "rolling"}, release=release(), workloads=workload_states(user_service="Held")))
)


def seen(shown: WorkloadView | None, **changes: Any) -> Seen:
    fields: dict[str, Any] = {"label": "opencore", "saferollouts": ("opencore",), "picture": RUNNING, "listed": True, **changes}
    name = shown.name if shown else "user-service"
    return Seen(workload=name, object=name if shown else "", namespace="opencore", view=shown, **fields)


def held(**changes: Any) -> WorkloadView:
    return view(
        "user-service", replica_set("u1", 10), template="u2", held=True, paused=True, contracts="user-events: {writes: [2]}\n", **changes
    )


def held_in_its_plan() -> Explanation:
    return explanation(seen(held()))


def next_in_its_plan() -> Explanation:
    steps = [{"id": "Roll/user-service", "kind": "Roll", "workload": "user-service", "stage": "Migrate", "state": "Pending"}]
    waiting = picture(raw(status("Waiting", summary={"waitingFor": "gate dead-letters: no data"}, release=release(steps=steps, rolls=[]))))
    return explanation(seen(held(), picture=waiting))


def failed_template() -> Explanation:
    known = [{"name": "user-service", "stableHash": "u1", "failedHash": "u2", "state": "Failed", "message": "gate dead-letters read 37"}]
    return explanation(seen(held(), picture=picture(raw(status("RolledBack", release=release(), workloads=known)))))


def missing_saferollout() -> Explanation:
    return explanation(seen(held(), label="opencroe", picture=None, listed=False))


def not_listed() -> Explanation:
    return explanation(seen(held(), listed=False))


def paced() -> Explanation:
    shown = view("billing-service", replica_set("b2", 1), replica_set("b1", 4), template="b2", paced=Pace("20%", 1))
    return explanation(seen(shown))


def owner_paused() -> Explanation:
    return explanation(seen(held(owner_paused="the index is being rebuilt")))


def left_paused() -> Explanation:
    why = "its spec is not what runs; kubectl rollout resume deployment/user-service starts it"
    shown = view("user-service", replica_set("u1", 10), template="u2", paused=True, left_paused=True)
    return explanation(seen(shown, picture=None, label="", listed=False, annotations={"saferollout.io/left-paused": why}))


def pinned() -> Explanation:
    return explanation(seen(view("user-service", replica_set("u1", 10), template="u1", pinned=True, waiting="u2")))


def absent() -> Explanation:
    return explanation(seen(None))


def silent_operator() -> Explanation:
    quiet: Picture = picture(
        raw(status("Progressing", release=release())), heartbeat=Heartbeat("saferollout-0", NOW - timedelta(minutes=5))
    )
    return explanation(seen(held(bypass="outage 12"), picture=quiet))


FOUND = {
    "cause": "Mode1", "certainty": "Named", "action": "RollBack", "workload": "user-service", "contract": "user-events",
    "message": "mode 1, a new producer before its consumers: old billing-service pods can't read what user-service writes; user-service goes back",
    "evidence": [
        "billing-service old pods: 34.1 % failed (212 of 621); new pods 0 % (0 of 198)", "212 dead letters in user.events.dlt, none before",
        "began at 11:58:10; user-service was at 10 % new pods from 11:57:55",
    ],
    "notBecause": ["not a flaky queue: the broker is up, and only old billing-service pods fail"],
    "then": ["212 dead letters can be replayed once billing-service reads version 2"],
    "commands": [
        "when it is mended without a new template: try it once more: saferollout retry opencore -n opencore",
        "the whole release: saferollout status opencore -n opencore --watch",
    ],
    "began": before(110), "time": before(80),
}  # fmt: skip


def named_cause() -> Explanation:
    known = [{"name": "user-service", "stableHash": "u1", "failedHash": "u2", "state": "Failed", "message": "Diagnosed"}]
    found = status("RolledBack", release=release(finding=FOUND), workloads=known)
    return explanation(seen(held(), picture=picture(raw(found, analysis={"mode": "Enforce"}))))


def forward_only() -> Explanation:
    finding = {
        **FOUND, "cause": "Mode5", "action": "StopSpreading", "notBecause": [],
        "message": "mode 5, rows that old code can't read: user-service stays where it is: it spreads no further and does not go back",
        "evidence": ["user-service old pods: 22P02 in 18.0 % of 400 operations; new pods none in 80"], "then": ["no plain rollback"],
        "commands": ['finish this roll, so that no old pod is left; goes on record: saferollout forward opencore -n opencore --reason "mode 5"'],
    }  # fmt: skip
    shown = view("user-service", replica_set("u2", 2), replica_set("u1", 8), template="u2", paced=Pace("20%", 1))
    stopped = picture(raw(status("Waiting", release=release(finding=finding)), analysis={"mode": "Enforce"}))
    return explanation(seen(shown, picture=stopped))


EXPLANATIONS: tuple[tuple[Callable[[], Explanation], Verdict], ...] = (
    (held_in_its_plan, Verdict.HELD),
    (next_in_its_plan, Verdict.HELD),
    (failed_template, Verdict.FAILED),
    (missing_saferollout, Verdict.SAFEROLLOUT_MISSING),
    (not_listed, Verdict.NOT_LISTED),
    (paced, Verdict.PACED),
    (owner_paused, Verdict.PAUSED_BY_OWNER),
    (left_paused, Verdict.LEFT_PAUSED),
    (pinned, Verdict.PINNED),
    (absent, Verdict.ABSENT),
    (silent_operator, Verdict.HELD),
    (named_cause, Verdict.FAILED),
    (forward_only, Verdict.PACED),
)


@pytest.mark.parametrize(("explain", "verdict"), EXPLANATIONS, ids=lambda value: getattr(value, "__name__", ""))
def test_an_explanation_reads_as_in_its_golden_file(explain: Callable[[], Explanation], verdict: Verdict) -> None:
    found = explain()
    assert found.verdict is verdict
    drawn = plain(explanation_screen(found, Look()))
    file = GOLDEN / f"explain_{explain.__name__}.txt"
    if os.environ.get("UPDATE_GOLDENS"):
        file.write_text(drawn, encoding="utf-8")
    assert drawn == file.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("shown", "verdict"),
    [
        (view("user-service", replica_set("u1", 3), template="u1"), Verdict.FREE),
        (view("user-service", replica_set("u1", 3), template="u1", paused=True), Verdict.PAUSED_BY_OWNER),
    ],
)
def test_a_workload_that_nothing_holds_is_said_to_be_free_or_its_owners(shown: WorkloadView, verdict: Verdict) -> None:
    assert explanation(seen(shown)).verdict is verdict


@pytest.mark.parametrize(("paused", "verdict"), [(False, Verdict.UNMANAGED), (True, Verdict.PAUSED_BY_OWNER)])
def test_a_workload_of_nobody_is_explained_too(paused: bool, verdict: Verdict) -> None:
    shown = view("user-service", replica_set("u1", 3), template="u1", paused=paused)
    assert explanation(seen(shown, label="", picture=None, listed=False)).verdict is verdict


def test_a_failed_template_is_explained_with_who_took_it_back_and_why_whatever_is_released_since() -> None:
    failure = {"workload": "user-service", "hash": "u2", "reason": "Aborted", "message": "aborted by ada: it smells", "time": before(300)}
    known = [{"name": "user-service", "stableHash": "u1", "failedHash": "u2", "failure": failure, "state": "OwnerPaused", "message": "lunch"}]
    said = dict(explanation(seen(held(), picture=picture(raw(status("Progressing", release=release(), workloads=known))))).facts)
    assert said["Failed"] == "template u2 failed (Aborted, 5m ago: aborted by ada: it smells) and stays held until it changes or someone says retry"


def test_a_refused_release_says_so_to_each_held_workload() -> None:
    refused = picture(raw(status("Refused", summary={"message": "no order is safe"}, release=release())))
    said = explanation(seen(held(), picture=refused))
    assert said.sentence.endswith("its plan is refused: no order is safe.")
    assert "Release" not in dict(said.facts)


REFUSED = condition(
    "PlanAccepted", "False", reason="NoSafeOrder", seconds=5,
    message="no order is safe. Repair: Release a revision that reads both first.",
)  # fmt: skip


def test_a_refused_release_shows_the_repair_to_each_held_workload() -> None:
    refused = picture(raw(status("Refused", summary={"message": "no order is safe."}, conditions=[REFUSED], release=release())))
    said = explanation(seen(held(), picture=refused))
    assert dict(said.facts)["Repair"] == "Release a revision that reads both first."
    assert ".." not in said.sentence


def test_pods_in_trouble_are_named() -> None:
    sick = replica_set("b2", 1, available=0)
    troubled = view("billing-service", *(_with_trouble(sick), replica_set("b1", 4)), template="b2", paced=Pace("20%", 1))
    assert ("Pod", "billing-1: ImagePullBackOff no such image") in explanation(seen(troubled)).facts


def _with_trouble(replica: ReplicaSetView) -> ReplicaSetView:
    return replace(replica, trouble=(PodTrouble("billing-1", "ImagePullBackOff", "no such image"),))


def test_the_break_glass_of_a_policy_is_one_annotation() -> None:
    command = "kubectl annotate deployment user-service -n opencore --overwrite saferollout.io/bypass=REASON"
    assert break_glass("Deployment", "user-service", "opencore", reactive=False) == command


def test_the_break_glass_without_a_policy_is_json_that_clears_the_hold_and_gives_a_reason() -> None:
    reactive = picture(raw(status("Progressing", summary={"holdMode": "Reactive"}, release=release())))
    command = explanation(seen(held(), picture=reactive)).commands[-1][0]
    assert command == break_glass("Deployment", "user-service", "opencore", reactive=True)
    patch = json.loads(command.split("-p ", 1)[1].strip("'"))
    assert patch["metadata"] == {"annotations": {"saferollout.io/bypass": "REASON"}, "labels": {"saferollout.io/held": None}}
    assert patch["spec"] == {"paused": False}


def deployment(name: str, label: str = "") -> dict[str, Any]:
    labels = {"saferollout.io/managed-by": label} if label else {}
    return {
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "opencore", "labels": labels, "uid": name, "resourceVersion": "1"},
        "spec": {"replicas": 1, "template": {"metadata": {}, "spec": {"containers": []}}},
    }


def test_a_workload_is_found_by_its_name_in_the_saferollout() -> None:
    document = raw(None, workloads=[{"name": "front", "workloadRef": {"name": "gateway"}}])
    found = look(FakeCluster(document, deployment("gateway", "opencore")), "front")
    assert (found.workload, found.object, found.listed) == ("front", "gateway", True)


def stateful(name: str, label: str, **fields: Any) -> dict[str, Any]:
    return {**deployment(name, label), "kind": "StatefulSet", **fields}


def test_a_statefulset_is_found_by_the_kind_that_its_saferollout_names() -> None:
    document = raw(None, workloads=[{"name": "gateway", "workloadRef": {"kind": "StatefulSet", "name": "gateway"}}])
    found = look(FakeCluster(document, deployment("gateway"), stateful("gateway", "opencore")), "gateway")
    assert (found.kind, found.label) == ("StatefulSet", "opencore")
    assert found.view is not None and found.view.by_ordinal


def test_the_break_glass_of_a_statefulset_is_its_own() -> None:
    shown = replace(held(), kind="StatefulSet")
    assert explanation(replace(seen(shown), kind="StatefulSet")).commands[-1][0].startswith("kubectl annotate statefulset user-service ")
    patch = json.loads(break_glass("StatefulSet", "db", "opencore", reactive=True).split("-p ", 1)[1].strip("'"))
    assert patch["spec"] == {"updateStrategy": {"rollingUpdate": {"partition": 0}}}
    left = view("user-service", replica_set("u1", 10), template="u2", paused=True, left_paused=True)
    found = explanation(replace(seen(left, picture=None, label="opencore", saferollouts=(), listed=False), kind="StatefulSet"))
    assert any(command.startswith("kubectl patch statefulset user-service") for command, _ in found.commands)


def test_a_statefulset_in_batches_shows_its_partition() -> None:
    paced = view("user-service", replica_set("u2", 2), replica_set("u1", 2), template="u2", paced=Partition(first_new=2))
    assert "partition 2" in explanation(replace(seen(paced), kind="StatefulSet")).sentence


def test_a_mistyped_label_is_explained_with_the_nearest_saferollout() -> None:
    found = explanation(look(FakeCluster(raw(None), deployment("gateway", "opencroe")), "gateway"))
    assert found.verdict is Verdict.SAFEROLLOUT_MISSING
    assert "did you mean 'opencore'" in found.sentence


def test_a_name_that_nothing_has_gets_the_nearest_one() -> None:
    with pytest.raises(CommandFailed, match="no Deployment, no StatefulSet and no workload 'gatevay'.*did you mean 'gateway'") as failure:
        look(FakeCluster(raw(None)), "gatevay")
    assert failure.value.exit_code is ExitCode.BAD_USAGE


def test_a_reader_who_may_not_see_pods_still_gets_an_explanation() -> None:
    cluster = FakeCluster(raw(None), deployment("gateway", "opencore"))
    cluster.forbidden = {"/api/v1", "/apis/coordination.k8s.io"}
    assert explanation(look(cluster, "gateway")).verdict is Verdict.FREE


def test_scripts_get_the_same_explanation() -> None:
    said = machine(held_in_its_plan())
    assert said["verdict"] == "Held"
    assert json.loads(json.dumps(said)) == said


def test_scripts_get_the_finding_and_a_dry_run_offers_none_of_its_commands() -> None:
    said = machine(named_cause())
    assert said["finding"]["cause"] == "Mode1" and len(said["finding"]["evidence"]) == 3  # type: ignore[index]
    assert machine(held_in_its_plan())["finding"] is None
    dry = picture(raw(status("Waiting", release=release(finding=FOUND)), analysis={"mode": "DryRun"}))
    assert not any("retry" in command for command, _ in explanation(seen(held(), picture=dry)).commands)
    assert any("retry" in command for command, _ in named_cause().commands)


def test_a_workload_that_its_saferollout_does_not_list_has_no_part_in_what_was_found() -> None:
    found = picture(raw(status("Waiting", release=release(finding=FOUND)), analysis={"mode": "Enforce"}))
    assert explanation(seen(held(), picture=found, listed=False)).found_in is None


def test_every_view_of_the_story_can_be_explained() -> None:
    assert {explanation(seen(shown)).verdict for shown in VIEWS.values()} == {Verdict.FREE, Verdict.HELD}


@pytest.mark.parametrize(("policies", "last_word", "verb"), [(True, "Reactive", "annotate"), (False, "Policy", "patch"), (None, "Policy", "annotate")])
def test_the_break_glass_is_chosen_by_what_the_cluster_has_and_only_then_by_the_last_status(
    policies: bool | None, last_word: str, verb: str
) -> None:
    said = picture(raw(status("Waiting", summary={"holdMode": last_word}, release=release())))
    commands = explanation(seen(held(), picture=said, policies=policies)).commands
    assert commands[-1][0].startswith(f"kubectl {verb} deployment user-service")


def test_why_a_workload_was_left_paused_is_said_although_its_saferollout_is_gone() -> None:
    shown = view("user-service", replica_set("u1", 10), template="u2", paused=True, left_paused=True)
    found = explanation(seen(shown, picture=None, label="opencore", saferollouts=(), listed=False))
    assert found.verdict is Verdict.LEFT_PAUSED


def test_a_restart_under_a_held_template_is_not_called_a_way_back() -> None:
    known = [{"name": "user-service", "stableHash": "u1", "state": "Held", "restartTime": "2026-01-01T00:00:00Z"}]
    restarting = picture(raw(status("Waiting", release=release(), workloads=known)))
    found = explanation(seen(view("user-service", replica_set("u1", 10), template="u1", pinned=True, waiting="u2"), picture=restarting))
    assert "restarts" in found.sentence and "goes back" not in found.sentence
