"""Commands: bound to the release their author saw, never over somebody else's, with the operator's answer as their outcome."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from saferollout.cli.exit_codes import CommandFailed, ExitCode
from saferollout.cli.headline import approvable, proof_subject
from saferollout.cli.running import told
from saferollout.cli.say import Saying, Verb, Waiting, answer, say
from tests.unit.cli.fake_cluster import FakeCluster
from tests.unit.cli.pictures import GATES, before, picture, raw, release, status

PATH = "/apis/saferollout.io/v1alpha1/namespaces/opencore/saferollouts/opencore"
SAYING = Saying(verb=Verb.PAUSE, id="abc", time=datetime(2026, 3, 2, 12, tzinfo=UTC), reason="the broker moves")


class Clock:
    """Time that only passes while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def waiting(self, timeout_seconds: float = 3) -> Waiting:
        return Waiting(timeout_seconds=timeout_seconds, clock=lambda: self.now, sleep=self._sleep)

    def _sleep(self, seconds: float) -> None:
        self.now += seconds


def running() -> dict[str, Any]:
    return raw(status("Progressing", release=release()))


def test_a_command_is_an_annotation_bound_to_the_release_its_author_saw() -> None:
    cluster = FakeCluster(running())
    say(cluster, SAYING, name="opencore")
    path, body = cluster.patches[0]
    assert path == PATH
    assert body["metadata"]["resourceVersion"] == "7"
    assert json.loads(body["metadata"]["annotations"]["command.saferollout.io/pause"]) == {
        "id": "abc", "by": "ada", "reason": "the broker moves", "release": "r7", "subject": "", "time": "2026-03-02T12:00:00Z",
    }  # fmt: skip


def test_a_command_without_a_release_is_bound_to_none() -> None:
    cluster = FakeCluster(raw(None))
    say(cluster, SAYING, name="opencore")
    assert json.loads(cluster.patches[0][1]["metadata"]["annotations"]["command.saferollout.io/pause"])["release"] == ""


def test_a_status_write_in_between_makes_the_command_read_again() -> None:
    cluster = FakeCluster(running())
    cluster.conflicts = 2
    say(cluster, SAYING, name="opencore")
    assert len(cluster.patches) == 1


def test_an_object_that_never_rests_ends_the_command_with_a_sentence() -> None:
    cluster = FakeCluster(running())
    cluster.conflicts = 100
    with pytest.raises(CommandFailed, match="changed 5 times") as failure:
        say(cluster, SAYING, name="opencore")
    assert failure.value.exit_code is ExitCode.FAULT


def test_a_command_that_nobody_took_yet_is_not_written_over() -> None:
    document = running()
    document["metadata"]["annotations"] = {"command.saferollout.io/pause": json.dumps({"by": "bob"})}
    cluster = FakeCluster(document)
    with pytest.raises(CommandFailed, match="`pause` by bob still waits") as failure:
        say(cluster, SAYING, name="opencore")
    assert failure.value.exit_code is ExitCode.NO_ANSWER
    assert cluster.patches == []


def test_the_operators_answer_is_the_outcome() -> None:
    document = running()
    cluster = FakeCluster(document)
    document["status"]["commands"] = [{"id": "abc", "verb": "pause", "time": "2026-03-02T12:00:01Z", "accepted": True, "message": "paused"}]
    result, _ = answer(cluster, SAYING, name="opencore", waiting=Clock().waiting())
    assert result.accepted
    assert result.message == "paused"


def test_silence_ends_in_time_and_says_where_to_look() -> None:
    cluster = FakeCluster(running())
    say(cluster, SAYING, name="opencore")
    clock = Clock()
    with pytest.raises(CommandFailed, match=r"nobody answered `pause` within 3 s; it stands there.*get pods,leases") as failure:
        answer(cluster, SAYING, name="opencore", waiting=clock.waiting())
    assert failure.value.exit_code is ExitCode.NO_ANSWER
    assert clock.now == 3


def test_an_annotation_that_went_without_an_answer_is_told_apart() -> None:
    cluster = FakeCluster(running())
    with pytest.raises(CommandFailed, match="its annotation is gone"):
        answer(cluster, SAYING, name="opencore", waiting=Clock().waiting())


def test_the_outcome_tells_what_was_done_and_what_comes_next() -> None:
    document = raw(status("Paused", release=release(paused={"by": "ada", "time": "2026-03-02T11:59:00Z"})))
    document["status"]["commands"] = [
        {"id": "abc", "verb": "pause", "time": "2026-03-02T12:00:01Z", "accepted": False, "message": "it is paused"}
    ]
    seen = picture(document)
    lines = told(Verb.PAUSE, seen.status.commands[0], seen)
    assert lines[0] == "pause refused: it is paused"
    assert "next: saferollout resume opencore -n opencore  # go on" in lines


def test_what_was_approved_already_is_not_asked_for_again() -> None:
    inconclusive = [{**gate, "verdict": "Inconclusive"} for gate in GATES]
    now = [{"workload": "billing-service", "hash": "b2", "batch": 0, "startTime": before(120)}]
    granted = [{"subject": "gate/dead-letters", "by": "ada", "time": "2026-03-02T11:59:00Z", "batches": now}]
    seen = picture(raw(status("Waiting", release=release(approvals=granted), gates=inconclusive)))
    assert approvable(seen) == ("gate/gateway-4xx",)


def test_a_gate_approved_for_an_earlier_batch_can_be_approved_again() -> None:
    inconclusive = [{**GATES[0], "verdict": "Inconclusive"}]
    earlier = [{"workload": "notification-service", "hash": "n2", "batch": 0, "startTime": before(600)}]
    granted = [{"subject": "gate/dead-letters", "by": "ada", "time": "2026-03-02T11:50:00Z", "batches": earlier}]
    assert approvable(picture(raw(status("Waiting", release=release(approvals=granted), gates=inconclusive)))) == ("gate/dead-letters",)


def test_a_proof_has_one_name_whether_it_is_a_prove_or_an_approve() -> None:
    assert proof_subject("Approve/user-events/1") == proof_subject("Prove/user-events/1") == "Prove/user-events/1"
    assert proof_subject("gate/p99") == "gate/p99"


def test_a_gate_that_fails_mid_release_is_nothing_to_approve() -> None:
    failing = [{**gate, "verdict": "Failing"} for gate in GATES]
    assert approvable(picture(raw(status("Progressing", release=release(), gates=failing)))) == ()


def test_a_gate_that_fails_before_the_first_step_can_be_approved() -> None:
    failing = [{**GATES[0], "verdict": "Failing"}]
    assert approvable(picture(raw(status("AwaitingApproval", release=release(rolls=[], preflightDone=False), gates=failing)))) == (
        "gate/dead-letters",
    )
