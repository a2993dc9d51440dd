"""Status first, then at most one guarded write; irreversible steps only on what was read live; conflicts are silence."""

from datetime import datetime, timedelta

import pytest

from saferollout.api.status import Status
from saferollout.core.actions import ClearCommands, Hold, LetThrough, RemoveFinalizer, SetFinalizer
from saferollout.core.decision import Decision, Marks, Note, Progress, Snapshot
from saferollout.core.event_reasons import EventReason
from saferollout.core.measurements import Observations
from saferollout.engine.errors import ClusterError, Conflict, Forbidden, Invalid, NotFound, Throttled, Unreachable
from saferollout.engine.resources import Kind, Resource
from saferollout.engine.store import Place
from saferollout.workloads.protocol import CannotWrite, Write
from tests.unit.engine.fake_cluster import FakeCluster
from tests.unit.engine.objects import NAMESPACE, deployment, pod, replica_set, safe_rollout
from tests.unit.engine.stage import START, Decide, Stage, nothing, saying
from tests.unit.engine.virtual_time import run_in_virtual_time

SHOP = Place(namespace=NAMESPACE, name="shop")
BILLING = Place(namespace=NAMESPACE, name="billing")
ROLL = LetThrough(workload="billing", revision="billing:2")
STATUS_WRITE = ("patch", "saferollouts/status", "shop/shop")
ROLL_WRITE = ("patch", "deployments", "shop/billing")


@pytest.fixture
def cluster() -> FakeCluster:
    cluster = FakeCluster()
    cluster.put(Kind.SAFE_ROLLOUT, safe_rollout())
    cluster.put(Kind.DEPLOYMENT, deployment(image="billing:2") | {"spec": deployment(image="billing:2")["spec"] | {"paused": True}})
    cluster.put(Kind.REPLICA_SET, replica_set())
    cluster.put(Kind.POD, pod())
    return cluster


def release(snapshot: Snapshot, observations: Observations, now: datetime, marks: Marks) -> Decision:
    """Let billing through once: on record first, done when it is no longer paused."""
    view = snapshot.world.workloads.get("billing")
    if view is None or not view.paused:
        return Decision(status=saying("released"), notes=(Note(reason=EventReason.ROLLED_OUT, message="billing was released", workload="billing"),))
    note = Note(reason=EventReason.ROLL_STARTED, message="billing started to roll", workload="billing")
    return Decision(status=saying("rolling"), action=ROLL, notes=(note,))


async def started(cluster: FakeCluster, deciding: Decide) -> Stage:
    stage = Stage(cluster, deciding)
    await stage.resync.full_pass()
    return stage


def said_in(cluster: FakeCluster) -> str:
    summary = Status.model_validate(cluster.objects[Kind.SAFE_ROLLOUT.resource, SHOP].get("status", {})).summary
    return summary.message if summary else ""


async def test_what_an_action_makes_true_is_on_record_before_it(cluster: FakeCluster) -> None:
    stage = await started(cluster, release)
    assert await stage.look() == 0.0
    assert cluster.writes == [STATUS_WRITE, ROLL_WRITE]
    assert said_in(cluster) == "rolling"


async def test_an_unchanged_status_is_not_written(cluster: FakeCluster) -> None:
    stage = await started(cluster, lambda snapshot, *_: Decision(status=saying("idle")))
    for _ in range(5):
        await stage.look()
    assert cluster.writes == [STATUS_WRITE]


async def test_a_failed_status_write_means_no_action(cluster: FakeCluster) -> None:
    stage = await started(cluster, release)
    cluster.fault = lambda verb, resource, place: Unreachable("down") if verb == "patch" else None
    with pytest.raises(Unreachable):
        await stage.look()
    assert cluster.writes == []
    assert stage.listener.notes == []


async def test_a_status_decided_on_an_old_object_is_refused(cluster: FakeCluster) -> None:
    stage = await started(cluster, lambda snapshot, *_: Decision(status=saying("idle")))
    cluster.put(Kind.SAFE_ROLLOUT, safe_rollout(workloads=("billing", "other"), uid="uid-of-shop"))
    with pytest.raises(Conflict):
        await stage.look()


async def test_after_a_conflict_the_next_look_is_true_even_if_no_event_comes(cluster: FakeCluster) -> None:
    stage = await started(cluster, lambda snapshot, *_: Decision(status=saying(snapshot.spec.workloads[-1].name)))
    cluster.put(Kind.SAFE_ROLLOUT, safe_rollout(workloads=("billing", "other"), uid="uid-of-shop"))
    with pytest.raises(Conflict):
        await stage.look()
    await stage.look()
    assert said_in(cluster) == "other"


async def test_fields_that_a_status_no_longer_has_are_removed(cluster: FakeCluster) -> None:
    statuses = [saying("one"), Status(observed_generation=1)]
    stage = await started(cluster, lambda snapshot, *_: Decision(status=statuses[0]))
    await stage.look()
    statuses.pop(0)
    await stage.look()
    assert "summary" not in cluster.objects[Kind.SAFE_ROLLOUT.resource, SHOP]["status"]


async def test_an_irreversible_action_is_dropped_when_the_live_state_says_otherwise(cluster: FakeCluster) -> None:
    """The store still shows a paused workload; somebody has let it through meanwhile."""
    stage = await started(cluster, release)
    raw = cluster.objects[Kind.DEPLOYMENT.resource, BILLING]
    cluster.put(Kind.DEPLOYMENT, raw | {"spec": raw["spec"] | {"paused": False}})
    assert await stage.look() == 0.0
    assert cluster.writes == []
    await stage.look()
    assert cluster.writes == [STATUS_WRITE]
    assert said_in(cluster) == "released"


async def test_an_irreversible_action_rests_on_live_pods(cluster: FakeCluster) -> None:
    stage = await started(cluster, release)
    cluster.remove(Kind.POD, Place(namespace=NAMESPACE, name="billing-1-a"))
    await stage.look()
    assert [snapshot.world.workloads["billing"].replica_sets[0].pods for snapshot in stage.brain.seen] == [1, 0]


async def test_a_deletion_shown_again_after_its_cancellation_does_not_lead_to_an_action(cluster: FakeCluster) -> None:
    """Time travel (Sieve's S2): an old event of the watch comes again after a newer state was seen."""
    old = cluster.objects[Kind.DEPLOYMENT.resource, BILLING]
    stage = await started(cluster, release)
    await stage.look()
    await stage.look()
    done = list(cluster.writes)
    stage.intake.changed(Kind.DEPLOYMENT, old)
    await stage.look()
    assert cluster.writes == done


async def test_a_second_look_after_an_action_sees_what_it_did_before_any_event_comes(cluster: FakeCluster) -> None:
    stage = await started(cluster, release)
    await stage.look()
    await stage.look()
    assert cluster.writes.count(ROLL_WRITE) == 1
    assert said_in(cluster) == "released"


async def test_a_reversible_action_needs_no_live_read(cluster: FakeCluster) -> None:
    stage = await started(cluster, lambda snapshot, *_: Decision(status=snapshot.status, action=Hold(workload="billing")))
    cluster.reads.clear()
    await stage.look()
    assert cluster.reads == []
    assert cluster.writes == [ROLL_WRITE]


async def test_the_first_look_at_a_generation_rests_on_what_was_delivered_before_it(cluster: FakeCluster) -> None:
    """Whoever delivered it waits for the answer, and the watch of Deployments may be behind that of SafeRollouts."""
    stage = await started(cluster, lambda snapshot, *_: Decision(status=Status(observed_generation=snapshot.generation)))
    cluster.put(Kind.DEPLOYMENT, deployment(image="billing:3"))
    raw = cluster.objects[Kind.SAFE_ROLLOUT.resource, SHOP]
    changed = cluster.put(Kind.SAFE_ROLLOUT, raw | {"metadata": raw["metadata"] | {"generation": 2}})
    stage.intake.changed(Kind.SAFE_ROLLOUT, changed)
    await stage.look()
    assert [snapshot.world.workloads["billing"].template for snapshot in stage.brain.seen] == ["billing:3"]
    cluster.reads.clear()
    await stage.look()
    assert cluster.reads == []


async def test_an_action_on_an_old_object_is_refused_and_what_was_recorded_is_told(cluster: FakeCluster) -> None:
    note = Note(reason=EventReason.HELD_LATE, message="billing was held", workload="billing")
    stage = await started(cluster, lambda snapshot, *_: Decision(status=saying("held"), action=Hold(workload="billing"), notes=(note,)))
    cluster.put(Kind.DEPLOYMENT, deployment(image="billing:3"))
    with pytest.raises(Conflict):
        await stage.look()
    assert cluster.writes == [STATUS_WRITE]
    assert stage.listener.reasons == ["HeldLate"]


@pytest.mark.parametrize("error", [Forbidden("not you"), Invalid("refused"), NotFound("gone"), Unreachable("down"), CannotWrite("the originals are lost")])
async def test_what_was_recorded_is_told_however_the_write_failed(cluster: FakeCluster, error: ClusterError | CannotWrite) -> None:
    """It is on record, so no later decision would note it again."""
    note = Note(reason="Held", message="billing was held", workload="billing")

    def once(snapshot: Snapshot, *_: object) -> Decision:
        known = snapshot.status.summary is not None and snapshot.status.summary.message == "held"
        return Decision(status=saying("held"), action=Hold(workload="billing"), notes=() if known else (note,))

    stage = await started(cluster, once)

    async def fail(write: Write) -> None:
        raise error

    stage.writer.send = fail  # type: ignore[method-assign]  # the write of the action, not that of the status
    for _ in range(2):
        with pytest.raises((ClusterError, CannotWrite)):
            await stage.look()
    assert stage.listener.reasons == ["Held"]


async def test_notes_of_a_status_that_was_not_written_are_not_told(cluster: FakeCluster) -> None:
    """The next decision comes to the same, and notes it then."""
    stage = await started(cluster, release)
    cluster.fault = lambda verb, resource, place: Forbidden("no") if verb == "patch" else None
    with pytest.raises(Forbidden):
        await stage.look()
    assert stage.listener.notes == []


async def test_notes_are_told_on_the_safe_rollout_and_the_workload(cluster: FakeCluster) -> None:
    stage = await started(cluster, release)
    await stage.look()
    assert [(note.reason, safe_rollout, workload) for note, safe_rollout, workload in stage.listener.notes] == [("RollStarted", "shop", "billing")]


async def test_marks_come_back_at_the_next_decision_and_not_for_a_successor(cluster: FakeCluster) -> None:
    seen: list[Marks] = []
    marks = Marks(progress={"billing": Progress(batch=0, steady=2, at=START)})

    def remember(snapshot: Snapshot, observations: Observations, now: datetime, given: Marks) -> Decision:
        seen.append(given)
        return Decision(status=snapshot.status, marks=marks)

    stage = await started(cluster, remember)
    await stage.look()
    await stage.look()
    cluster.put(Kind.SAFE_ROLLOUT, safe_rollout(uid="another"))
    await stage.resync.full_pass()
    await stage.look()
    assert seen == [Marks(), marks, Marks()]


async def test_finalizers_and_commands_are_written_on_the_safe_rollout(cluster: FakeCluster) -> None:
    raw = cluster.objects[Kind.SAFE_ROLLOUT.resource, SHOP]
    command = "command.saferollout.io/pause"
    cluster.put(Kind.SAFE_ROLLOUT, raw | {"metadata": raw["metadata"] | {"finalizers": ["others"], "annotations": {command: "{}", "mine": "x"}}})
    actions = iter([SetFinalizer(), ClearCommands(annotations=(command,)), RemoveFinalizer()])
    stage = await started(cluster, lambda snapshot, *_: Decision(status=saying(str(len(stage.brain.seen))), action=next(actions)))
    await stage.look()
    assert cluster.objects[Kind.SAFE_ROLLOUT.resource, SHOP]["metadata"]["finalizers"] == ["others", "saferollout.io/give-back"]
    await stage.look()
    assert cluster.objects[Kind.SAFE_ROLLOUT.resource, SHOP]["metadata"]["annotations"] == {"mine": "x"}
    await stage.look()
    assert cluster.objects[Kind.SAFE_ROLLOUT.resource, SHOP]["metadata"]["finalizers"] == ["others"]


async def test_decisions_live_in_whole_seconds_and_are_not_late_for_it(cluster: FakeCluster) -> None:
    moments: list[datetime] = []

    def wait(snapshot: Snapshot, observations: Observations, now: datetime, marks: Marks) -> Decision:
        moments.append(now)
        return Decision(status=snapshot.status, requeue_after=5.0)

    stage = await started(cluster, wait)
    stage.moment = START + timedelta(milliseconds=700)
    assert await stage.look() == pytest.approx(4.3)
    assert moments == [START]


async def test_a_safe_rollout_that_went_away_between_look_and_write_is_looked_at_anew(cluster: FakeCluster) -> None:
    stage = await started(cluster, lambda snapshot, *_: Decision(status=saying("idle")))
    cluster.remove(Kind.SAFE_ROLLOUT, SHOP)
    with pytest.raises(Conflict):
        await stage.look()
    assert await stage.look() is None
    assert stage.listener.forgotten == ["shop/shop"]


async def test_the_first_look_into_a_namespace_lists_it_and_later_ones_do_not(cluster: FakeCluster) -> None:
    stage = Stage(cluster, nothing)
    stage.intake.changed(Kind.SAFE_ROLLOUT, cluster.objects[Kind.SAFE_ROLLOUT.resource, SHOP])
    await stage.look()
    assert list(stage.brain.seen[0].world.workloads) == ["billing"]
    reads = list(cluster.reads)
    await stage.look()
    assert cluster.reads == reads


def test_a_conflict_on_every_third_write_changes_nothing_in_the_end() -> None:
    async def scene() -> None:
        cluster = FakeCluster()
        cluster.put(Kind.SAFE_ROLLOUT, safe_rollout())
        cluster.put(Kind.DEPLOYMENT, deployment() | {"spec": deployment()["spec"] | {"paused": True}})

        def every_third(verb: str, resource: Resource, place: Place) -> Conflict | None:
            return Conflict("faster") if verb == "patch" and cluster.attempted_writes % 3 == 0 else None

        cluster.fault = every_third
        stage = await started(cluster, release)
        await stage.settle()
        assert said_in(cluster) == "released"
        assert cluster.writes.count(ROLL_WRITE) == 1
        assert "defect" not in stage.listener.results

    run_in_virtual_time(scene())


@pytest.mark.parametrize("killed_after", [0, 1, 2, 3])
def test_an_operator_killed_after_any_write_goes_on_without_skipping_or_repeating(killed_after: int) -> None:
    """Sieve's S1: the state between two writes of one decision must lead to the same end."""
    async def scene() -> None:
        cluster = FakeCluster()
        cluster.put(Kind.SAFE_ROLLOUT, safe_rollout())
        cluster.put(Kind.DEPLOYMENT, deployment() | {"spec": deployment()["spec"] | {"paused": True}})

        def dead(verb: str, resource: Resource, place: Place) -> Unreachable | None:
            return Unreachable("killed") if verb == "patch" and len(cluster.writes) >= killed_after else None

        cluster.fault = dead
        await (await started(cluster, release)).settle()
        assert len(cluster.writes) == min(killed_after, 3)
        cluster.fault = lambda verb, resource, place: None
        await (await started(cluster, release)).settle()
        assert said_in(cluster) == "released"
        assert cluster.writes.count(ROLL_WRITE) == 1

    run_in_virtual_time(scene())


def test_errors_are_retried_by_their_type() -> None:
    async def scene() -> None:
        cluster = FakeCluster()
        cluster.put(Kind.SAFE_ROLLOUT, safe_rollout())
        stage = await started(cluster, lambda snapshot, *_: Decision(status=saying("idle")))
        cluster.fault = lambda verb, resource, place: Forbidden("no right") if verb == "patch" else None
        await stage.settle(seconds=20)
        assert stage.listener.results == ["terminal"]
        assert stage.listener.reasons == ["WriteRefused"]

    run_in_virtual_time(scene())


def test_a_busy_server_is_left_alone_for_as_long_as_it_asks() -> None:
    async def scene() -> None:
        cluster = FakeCluster()
        cluster.put(Kind.SAFE_ROLLOUT, safe_rollout())
        stage = await started(cluster, lambda snapshot, *_: Decision(status=saying("idle")))
        cluster.fault = lambda verb, resource, place: Throttled("busy", retry_after=15.0) if verb == "patch" else None
        await stage.settle(seconds=20)
        assert stage.listener.results == ["throttled", "throttled"]

    run_in_virtual_time(scene())


def test_a_defect_in_one_path_does_not_stop_the_others() -> None:
    async def scene() -> None:
        cluster = FakeCluster()
        cluster.put(Kind.SAFE_ROLLOUT, safe_rollout("bad"))
        cluster.put(Kind.SAFE_ROLLOUT, safe_rollout("good", workloads=("other",)))

        def decide(snapshot: Snapshot, observations: Observations, now: datetime, marks: Marks) -> Decision:
            if snapshot.name == "bad":
                raise ZeroDivisionError
            return Decision(status=saying("idle"))

        stage = await started(cluster, decide)
        await stage.settle()
        assert "defect" in stage.listener.results
        assert ("patch", "saferollouts/status", "shop/good") in cluster.writes

    run_in_virtual_time(scene())


def test_an_action_without_effect_is_repeated_ever_more_slowly() -> None:
    async def scene() -> None:
        cluster = FakeCluster()
        cluster.put(Kind.SAFE_ROLLOUT, safe_rollout())
        cluster.put(Kind.DEPLOYMENT, deployment())
        stage = await started(cluster, lambda snapshot, *_: Decision(status=snapshot.status, action=Hold(workload="billing")))
        await stage.settle(seconds=600)
        assert 15 <= cluster.writes.count(ROLL_WRITE) <= 30

    run_in_virtual_time(scene())


def test_different_actions_follow_each_other_at_once() -> None:
    async def scene() -> None:
        cluster = FakeCluster()
        cluster.put(Kind.SAFE_ROLLOUT, safe_rollout(workloads=("billing", "cart")))
        cluster.put(Kind.DEPLOYMENT, deployment())
        cluster.put(Kind.DEPLOYMENT, deployment("cart"))
        turns = iter(("billing", "cart") * 10)
        stage = await started(cluster, lambda snapshot, *_: Decision(status=snapshot.status, action=Hold(workload=next(turns))))
        await stage.settle(seconds=0.1)
        assert len([resource for _, resource, _ in cluster.writes if resource == "deployments"]) == 20

    run_in_virtual_time(scene())


def test_an_idle_safe_rollout_costs_no_write_in_an_hour() -> None:
    async def scene() -> None:
        cluster = FakeCluster()
        cluster.put(Kind.SAFE_ROLLOUT, safe_rollout())
        cluster.put(Kind.DEPLOYMENT, deployment())
        stage = await started(cluster, lambda snapshot, *_: Decision(status=saying("idle"), requeue_after=30.0))
        await stage.settle(seconds=3600)
        assert cluster.writes == [STATUS_WRITE]
        assert stage.listener.decisions >= 100

    run_in_virtual_time(scene())
