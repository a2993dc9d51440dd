"""The status screen against plain text files that a person can read; UPDATE_GOLDENS=1 writes them anew."""

import os
from pathlib import Path
from typing import Any

import pytest

from saferollout.cli.look import Look, plain
from saferollout.cli.picture import Heartbeat, Picture
from saferollout.cli.status_screen import status_screen
from saferollout.core.analysis.scraping import INTERVAL_FIELD
from saferollout.core.views import WorkloadView
from tests.unit.cli.pictures import (
    GATES,
    NOW,
    STEPS,
    VIEWS,
    before,
    condition,
    picture,
    raw,
    release,
    replica_set,
    status,
    view,
    workload_states,
)  # fmt: skip

GOLDEN = Path(__file__).parent / "golden"

HELD = workload_states(billing_service="Baking", user_service="Held", gateway="Held")


READS_BOTH = replica_set("b2", 1, contracts="user-events: {reads: [1, 2]}")
READS_ONE = replica_set("b1", 4, contracts="user-events: {reads: [1]}")
WRITES_ONE = replica_set("u1", 10, contracts="user-events: {writes: [1]}")
DECLARING = {
    "billing-service": view("billing-service", READS_BOTH, READS_ONE, template="b2"),
    "user-service": view("user-service", WRITES_ONE, template="u2", held=True, contracts="user-events: {writes: [2]}"),
}


def waiting_steps() -> list[dict[str, Any]]:
    return [{**step, "state": "Done"} if step["id"] in ("Roll/billing-service", "Roll/user-service") else step for step in STEPS]


def idle() -> Picture:
    resting = {name: view(name, replica_set(f"{name[0]}1", 3), template=f"{name[0]}1") for name in VIEWS}
    return picture(raw(status("Idle")), views=resting)


def rolled(*names: str) -> dict[str, WorkloadView]:
    return {**VIEWS, **{name: view(name, replica_set(f"{name[0]}2", 5), template=f"{name[0]}2") for name in names}}


def returned(*names: str) -> dict[str, WorkloadView]:
    return {**VIEWS, **{name: view(name, replica_set(f"{name[0]}1", 5), template=f"{name[0]}2", held=True) for name in names}}


def progressing_mid_batch() -> Picture:
    said = status(
        "Progressing",
        summary={"step": "1/5", "message": "billing-service bakes its batch of 20%"},
        release=release(),
        gates=GATES,
        workloads=HELD,
    )
    return picture(raw(said))


def waiting_inconclusive() -> Picture:
    gates = [
        GATES[0],
        {"name": "gateway-4xx", "verdict": "Inconclusive", "limit": "<= 0.02", "message": "12 requests on new pods in 60 s, 20 are needed"},
    ]
    waiting_for = "gate gateway-4xx: 12 requests on new pods in 60 s, 20 are needed"
    said = status(
        "Waiting", summary={"step": "1/5", "waitingFor": waiting_for}, release=release(), gates=gates, workloads=HELD,
        conditions=[condition("Stalled", "True", reason="Inconclusive", seconds=252)],
    )  # fmt: skip
    return picture(raw(said))


def awaiting_approval() -> Picture:
    steps = [{**step, "kind": "Approve", "state": "Waiting"} if step["id"].startswith("Prove/") else step for step in waiting_steps()]
    waiting_for = "an approval of Prove/user-events/1: the topic is endless, so no proof ends by itself"
    said = status(
        "AwaitingApproval", summary={"step": "3/5", "waitingFor": waiting_for}, release=release(steps=steps, rolls=[]), gates=GATES
    )
    return picture(raw(said), views=rolled("billing-service", "user-service"))


def refused() -> Picture:
    sentence = "user-service (new) writes user-events 2, and billing-service (new) reads only 3: the consumer would get what it cannot read."
    message = f"The goal itself is unsafe: {sentence}"
    repair = "Repair: Release first a revision of billing-service that also reads user-events 2, still writing what it writes today."
    workloads = workload_states(billing_service="Held", user_service="Held")
    for known in workloads:
        known["message"] = {"user-service": sentence, "billing-service": "its new template waits for its turn"}.get(str(known["name"]), "")
    accepted = condition("PlanAccepted", "False", reason="UnsafeGoal", seconds=65, message=f"{message} {repair}")
    said = status("Refused", summary={"message": message}, conditions=[accepted], workloads=workloads)
    return picture(raw(said), views=returned("billing-service", "user-service"))


def rolled_back() -> Picture:
    message = "gate dead-letters read 37, more than 5, in batch 1 of billing-service (20%)"
    failure = {
        "workload": "billing-service", "hash": "b2", "gate": "dead-letters", "reason": "GateFailed",
        "message": message, "time": before(180),
    }  # fmt: skip
    stay = {
        "workload": "notification-service",
        "contract": "user-events",
        "version": "2",
        "message": "its old revision can't read user-events 2, which is stored",
    }
    way_back = {
        "back": ["user-service", "billing-service"], "returned": ["user-service", "billing-service"], "stay": [stay],
        "startTime": before(179), "turnTime": before(90),
    }  # fmt: skip
    said = status(
        "RolledBack", summary={"message": message}, release=release(failure=failure, rollback=way_back, endTime=before(60)),
        gates=[{**GATES[0], "verdict": "Failing", "value": "37", "message": "37 records more than at the start"}, GATES[1]],
        workloads=workload_states(billing_service="Failed", gateway="Held"),
    )  # fmt: skip
    return picture(raw(said), views=returned("billing-service", "user-service"))


def paused() -> Picture:
    said = status(
        "Paused", summary={"step": "1/5"}, gates=GATES, workloads=HELD,
        release=release(paused={"by": "ada", "reason": "the broker is being moved", "time": before(301)}),
    )  # fmt: skip
    return picture(raw(said))


def reactive_hold() -> Picture:
    said = status(
        "Progressing", summary={"step": "1/5", "message": "rolling", "holdMode": "Reactive"}, release=release(), gates=GATES, workloads=HELD
    )
    return picture(raw(said))


def silent_operator() -> Picture:
    said = status("Progressing", summary={"step": "1/5", "message": "rolling"}, release=release(), gates=GATES, workloads=HELD)
    return picture(raw(said), heartbeat=Heartbeat(holder="saferollout-0", renewed=NOW.replace(hour=11, minute=55)))


def going_back() -> Picture:
    failure = {
        "workload": "billing-service",
        "hash": "b2",
        "reason": "ProgressDeadlineExceeded",
        "message": "1 of 5 pods ready for 600 s",
        "time": before(30),
    }
    way_back = {
        "back": ["user-service", "billing-service"],
        "returned": ["user-service"],
        "stay": [],
        "startTime": before(29),
        "turnTime": before(9),
    }
    said = status(
        "RollingBack", release=release(failure=failure, rollback=way_back), workloads=workload_states(billing_service="Returning")
    )
    return picture(raw(said))


def point_of_no_return() -> Picture:
    said = status("Progressing", summary={"step": "1/5", "message": "rolling"}, release=release(), gates=GATES, workloads=HELD)
    return picture(raw(said), views=DECLARING)


SCREENS = (
    idle, progressing_mid_batch, waiting_inconclusive, awaiting_approval, refused, rolled_back, paused, reactive_hold,
    silent_operator, going_back, point_of_no_return,
)  # fmt: skip


def compare(name: str, drawn: str) -> None:
    file = GOLDEN / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDENS"):
        file.write_text(drawn, encoding="utf-8")
    assert drawn == file.read_text(encoding="utf-8")


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.__name__)
def test_the_screen_of_a_release_reads_as_in_its_golden_file(screen: Any) -> None:
    compare(f"status_{screen.__name__}", plain(status_screen(screen(), Look())))


def test_a_screen_in_ascii_has_no_other_characters() -> None:
    drawn = plain(status_screen(progressing_mid_batch(), Look(ascii_only=True)))
    compare("status_progressing_ascii", drawn)
    assert drawn.isascii()


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.__name__)
def test_no_line_but_a_command_is_wider_than_eighty_columns(screen: Any) -> None:
    lines = plain(status_screen(screen(), Look())).splitlines()
    assert [line for line in lines if len(line) > 80] == []


def test_a_screen_without_rights_on_workloads_leaves_the_pod_columns_out() -> None:
    said = status("Progressing", summary={"message": "rolling"}, release=release())
    drawn = plain(status_screen(picture(raw(said), views={}), Look()))
    assert "NEW" not in drawn
    assert "billing-service" in drawn


def test_a_spec_that_this_version_cannot_read_still_shows_its_status() -> None:
    drawn = plain(
        status_screen(picture(raw(status("Progressing", summary={"message": "rolling"}, release=release()), workloads=[])), Look())
    )
    assert "billing-service" in drawn


def test_a_saferollout_nobody_has_looked_at_says_so() -> None:
    drawn = plain(status_screen(picture(raw(None), heartbeat=None), Look()))
    assert "no operator has looked at this SafeRollout yet" in drawn


def test_a_spec_newer_than_its_status_is_named_with_both_generations() -> None:
    drawn = plain(status_screen(picture(raw(status("Idle"), metadata={"generation": 4})), Look()))
    assert "generation 3 of the spec, not yet 4" in drawn


def test_what_is_refused_beside_a_release_that_goes_on_is_shown_too() -> None:
    accepted = condition("PlanAccepted", "False", reason="ManagedByAnother", seconds=5, message="gateway belongs to SafeRollout other")
    said = status("Progressing", summary={"message": "rolling"}, conditions=[accepted], release=release())
    drawn = plain(status_screen(picture(raw(said), views={}), Look()))
    assert "WHAT IS REFUSED" in drawn and "gateway belongs to SafeRollout other (ManagedByAnother)" in drawn


def test_a_template_that_is_wrongly_written_points_to_lint() -> None:
    accepted = condition("PlanAccepted", "False", reason="InvalidTemplate", seconds=5, message="gateway: line 3: is no YAML")
    drawn = plain(status_screen(picture(raw(status("Refused", summary={"message": "gateway"}, conditions=[accepted]))), Look()))
    assert "saferollout lint PATH" in drawn


def test_a_command_nobody_has_taken_yet_is_shown() -> None:
    annotations = {"command.saferollout.io/abort": "{}", "other": "x"}
    drawn = plain(status_screen(picture(raw(status("Idle"), metadata={"annotations": annotations})), Look()))
    assert "Unheard    abort: said, not yet taken by the operator" in drawn


def test_a_group_that_nobody_declared_is_shown() -> None:
    books = [{"name": "user-events", "undeclaredGroups": ["audit", "fraud"]}]
    resting = picture(raw(status("Idle", contracts=books)))
    assert "consumer groups that read user-events: audit, fraud" in " ".join(plain(status_screen(resting, Look())).split())


def test_what_the_analysis_warns_of_is_shown_and_other_words_of_the_plan_are_not() -> None:
    mind = f"{INTERVAL_FIELD} (15) is shorter than what Prometheus scrapes orders at"
    accepted = condition("PlanAccepted", "True", reason="Accepted", seconds=9, message=f"consumer group audit reads topic t; {mind}")
    drawn = plain(status_screen(picture(raw(status("Idle", conditions=[accepted]))), Look()))
    assert f"Mind {mind}" in " ".join(drawn.split())
    assert "consumer group audit" not in drawn


def test_a_workload_elsewhere_that_can_not_be_read_is_shown_with_the_way_out() -> None:
    refused = condition("PlanAccepted", "False", reason="ExternalUnreadable", seconds=9, message="what dwh does is not known: annotate it")
    resting = picture(raw(status("Idle", conditions=[refused])))
    assert "Elsewhere what dwh does is not known: annotate it" in " ".join(plain(status_screen(resting, Look())).split())
