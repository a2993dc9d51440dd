"""What goes back when a release fails or a person gives it up, and what becomes of the templates that went back."""

from dataclasses import replace
from typing import Any

import pytest

from saferollout.api.contracts import Contract
from saferollout.api.status import State
from saferollout.core.actions import PinBack
from tests.unit.core.little_cluster import LittleCluster
from tests.unit.core.shop import GATE, READS_1, READS_BOTH, WRITES_1, WRITES_2, little_cluster, state


def released_together(**changes: Any) -> LittleCluster:
    """Start a release of a reader, then its writer, whose gate fails as soon as the writer has its first new pod."""
    cluster = little_cluster(gates=[GATE], workloads=[{"name": "reader"}, {"name": "writer", "batches": ["20%"]}], **changes)
    cluster.apply("reader", "r2", READS_1)
    cluster.apply("writer", "w2", WRITES_1)
    cluster.play_until_new_pods("writer", "w2")
    cluster.values["letters"] = 50.0
    return cluster


def test_with_scope_release_only_the_failed_template_counts_as_failed_and_the_others_wait_for_it() -> None:
    cluster = released_together(rollbackScope="Release")
    cluster.play(looks=60)
    assert (cluster.pods("writer"), cluster.pods("reader")) == ({"w1": 10}, {"r1": 10})
    known = {workload.name: workload for workload in cluster.status.workloads}
    assert (known["writer"].failed_hash, known["reader"].failed_hash) == ("w2", "")
    assert known["reader"].state == "Held" and "went back with a failed one" in known["reader"].message
    assert state(cluster) is State.ROLLED_BACK


def test_a_template_that_went_back_with_a_failed_one_joins_the_release_of_its_fix() -> None:
    cluster = released_together(rollbackScope="Release")
    cluster.play(looks=60)
    cluster.values["letters"] = 0.0
    cluster.apply("writer", "w3", WRITES_1)
    cluster.play()
    assert (cluster.pods("writer"), cluster.pods("reader")) == ({"w3": 10}, {"r2": 10})
    assert cluster.status.workloads[0].returned_hash == ""


def test_with_scope_workload_what_can_live_with_the_old_revision_stays() -> None:
    cluster = released_together()
    cluster.play(looks=60)
    assert (cluster.pods("writer"), cluster.pods("reader")) == ({"w1": 10}, {"r2": 10})


def test_abort_takes_back_everything_the_release_rolled_and_tries_nothing_again() -> None:
    cluster = little_cluster(gating="Disabled", bakeSeconds=300)
    cluster.apply("reader", "r2", READS_BOTH)
    cluster.apply("writer", "w2", WRITES_2)
    cluster.play(looks=1000, seconds=5)
    cluster.apply("reader", "r3", READS_BOTH)
    cluster.apply("writer", "w3", WRITES_2)
    cluster.play_until_new_pods("reader", "r3")
    cluster.say("abort")
    cluster.play(looks=60)
    assert (cluster.pods("writer"), cluster.pods("reader")) == ({"w2": 10}, {"r2": 10})
    assert {workload.failed_hash for workload in cluster.status.workloads} == {"r3", "w3"}


def test_who_aborted_and_why_is_kept_beside_each_template_whatever_is_released_since() -> None:
    cluster = little_cluster(gating="Disabled", workloads=[{"name": "writer"}, {"name": "reader"}, {"name": "other"}])
    cluster.running("other", "o1", "{}")
    cluster.apply("reader", "r2", READS_BOTH)
    cluster.apply("writer", "w2", WRITES_2)
    cluster.play_until_new_pods("reader", "r2")
    cluster.say("abort", reason="it smells")
    cluster.play()
    cluster.views["writer"] = replace(cluster.views["writer"], owner_paused="lunch")  # in between its state is another one
    cluster.apply("other", "o2", "{}")
    cluster.play()
    assert cluster.pods("other") == {"o2": 10} and cluster.status.release is not None and cluster.status.release.failure is None
    cluster.views["writer"] = replace(cluster.views["writer"], owner_paused=None)
    cluster.play()
    known = {workload.name: workload for workload in cluster.status.workloads}
    for name in ("writer", "reader"):
        failure = known[name].failure
        assert failure is not None and (failure.reason, failure.message) == ("Aborted", "aborted by ada: it smells")
        assert known[name].state == "Failed" and known[name].message.startswith("aborted by ada: it smells; ")
    cluster.say("retry")
    cluster.play()
    assert [workload.failure for workload in cluster.status.workloads] == [None, None, None]


def test_a_template_that_failed_before_a_person_took_the_release_back_keeps_its_own_reason() -> None:
    cluster = released_together(onFailure="Pause")
    cluster.play(looks=10)
    cluster.say("rollback", reason="nobody waits for this")
    cluster.play()
    known = {workload.name: workload.failure for workload in cluster.status.workloads}
    assert {name: failure.reason for name, failure in known.items() if failure is not None} == {"writer": "GateFailed", "reader": "RollbackRequested"}


def test_what_rolled_beside_a_failed_workload_goes_on_where_it_was() -> None:
    cluster = little_cluster(
        workloads=[{"name": "writer", "batches": ["20%"]}, {"name": "reader", "batches": ["20%"]}], maxParallel=2,
        gates=[{"name": "errors", "signal": "ServerErrorRatio", "workload": "writer", "max": "0.1", "intervalSeconds": 5}], bakeSeconds=30,
    )
    cluster.apply("reader", "r2", READS_1)
    cluster.apply("writer", "w2", WRITES_1)
    cluster.play_until_new_pods("writer", "w2")
    cluster.play_until_new_pods("reader", "r2")
    cluster.values["errors"] = 0.9
    started = cluster.log.count("RollStarted reader")
    cluster.play(looks=10)
    cluster.values["errors"] = 0.0
    cluster.play()
    assert (cluster.pods("writer"), cluster.pods("reader")) == ({"w1": 10}, {"r2": 10})
    assert started == cluster.log.count("RollStarted reader") == 1
    assert "HeldLate reader" not in cluster.log


def spoil(cluster: LittleCluster, **changes: Any) -> None:
    """Edit the spec so that a reference leads nowhere, in the middle of a release."""
    cluster.spec = cluster.spec.model_copy(update=changes)
    cluster.spec_problems = ("contract 'events' names the workload 'raeder', which spec.workloads does not have",)


def test_a_spec_that_became_faulty_mid_way_stops_what_rolls_and_abort_still_works() -> None:
    cluster = little_cluster(gating="Disabled", bakeSeconds=5)
    cluster.apply("writer", "w2", WRITES_1)
    cluster.play_until_new_pods("writer", "w2")
    spoil(cluster, contracts=[Contract.model_validate({"name": "events", "topic": {"name": "events"}, "readers": ["raeder"]})])
    cluster.play(looks=30)
    assert cluster.pods("writer") == {"w2": 2, "w1": 10}
    assert state(cluster) is State.REFUSED
    cluster.say("abort")
    cluster.play(looks=30)
    assert cluster.pods("writer") == {"w1": 10}


def test_a_spec_that_is_corrected_goes_on_where_it_stopped() -> None:
    cluster = little_cluster(gating="Disabled", bakeSeconds=5)
    cluster.apply("writer", "w2", WRITES_1)
    cluster.play_until_new_pods("writer", "w2")
    spoil(cluster)
    cluster.play(looks=30)
    cluster.spec_problems = ()
    cluster.play()
    assert cluster.pods("writer") == {"w2": 10}
    assert cluster.log.count("RollStarted writer") == 1


def test_a_gate_that_fails_under_a_faulty_spec_still_takes_its_workload_back() -> None:
    cluster = released_together()
    spoil(cluster)
    cluster.play(looks=60)
    assert cluster.pods("writer") == {"w1": 10}


def test_a_spec_that_cannot_be_read_moves_nothing_and_says_so_to_whoever_speaks() -> None:
    cluster = little_cluster(gating="Disabled", bakeSeconds=5)
    cluster.apply("writer", "w2", WRITES_1)
    cluster.play_until_new_pods("writer", "w2")
    cluster.spec_problems, cluster.spec_readable = ("spec.contracts[0]: no such field",), False
    cluster.say("abort")
    known, cluster.spec = cluster.status.workloads, cluster.spec.model_copy(update={"workloads": (), "contracts": ()})
    cluster.play(looks=30)
    assert cluster.pods("writer") == {"w2": 2, "w1": 10}
    assert cluster.status.workloads == known
    assert not cluster.status.commands[-1].accepted and "correct it first" in cluster.status.commands[-1].message
    assert cluster.commands == ()


def test_a_template_that_takes_the_place_of_a_pinned_one_is_put_aside_and_the_way_back_goes_on() -> None:
    """No policy keeps the pin there; the way back would wait for ever for the old revision."""
    cluster = little_cluster(gating="Disabled")
    cluster.apply("writer", "w2", WRITES_1)
    cluster.play()
    cluster.say("rollback")
    while not cluster.views["writer"].pinned:
        cluster.look()
    cluster.texts["w3"], cluster.bodies["w3"] = WRITES_1, "w3"
    cluster._roll(replace(cluster.views["writer"], template="w3", body="w3"), new=10, old=0)
    action = cluster.look().action
    assert isinstance(action, PinBack) and action.overwritten and action.replica_set == "writer-w1"


@pytest.mark.parametrize(
    ("seen", "asked"),
    [
        ({}, []),
        ({"template_came_while_pinned": True}, ["TemplateNotTaken writer"]),
        ({"waiting": None}, ["TemplateNotKept writer"]),
        ({"waiting": None, "template_came_while_pinned": True}, ["TemplateNotKept writer"]),
    ],
)
def test_a_template_that_came_while_pinned_or_could_not_be_kept_is_asked_for_again_once(seen: dict[str, Any], asked: list[str]) -> None:
    cluster = little_cluster(gating="Disabled")
    cluster.apply("writer", "w2", WRITES_1)
    cluster.play()
    cluster.say("rollback")
    while not cluster.views["writer"].pinned:
        cluster.look()
    cluster.views["writer"] = replace(cluster.views["writer"], **seen)
    cluster.play(looks=20)
    assert [line for line in cluster.log if line.startswith("TemplateNot")] == asked


def test_half_rolled_pods_are_not_taken_back_below_the_floor() -> None:
    cluster = little_cluster(gating="Disabled", bakeSeconds=300)
    cluster.apply("reader", "r2", READS_BOTH)
    cluster.play_until_new_pods("reader", "r2")
    announced = cluster.spec.contracts[0].model_copy(update={"stored_versions": ("1", "2")})
    cluster.spec = cluster.spec.model_copy(update={"contracts": (announced,)})
    cluster.apply("reader", "r3", "events: {reads: [9]}")
    cluster.play(looks=40)
    assert cluster.pods("reader") == {"r2": 10}
    stalled = next(known for known in cluster.status.conditions if known.type == "Stalled")
    assert "reads only 1" in stalled.message
