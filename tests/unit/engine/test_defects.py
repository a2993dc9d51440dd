"""A defect of the operator's own is told on the SafeRollout it concerns, once."""

from datetime import datetime, timedelta
from typing import Any

from saferollout.core.decision import Decision, Marks, Snapshot
from saferollout.core.measurements import Observations
from saferollout.engine.defects import AGAIN_AFTER_SECONDS
from saferollout.engine.errors import Unreachable
from saferollout.engine.resources import Kind
from tests.unit.engine.fake_cluster import FakeCluster
from tests.unit.engine.objects import safe_rollout
from tests.unit.engine.stage import Stage, saying
from tests.unit.engine.virtual_time import run_in_virtual_time

TOLD = ("patch", "saferollouts/status", "shop/bad")


class Trouble:
    """A brain that fails over `bad` as long as there is something to fail with."""

    def __init__(self, error: Exception | None) -> None:
        self.error = error

    def __call__(self, snapshot: Snapshot, observations: Observations, now: datetime, marks: Marks) -> Decision:
        if snapshot.name == "bad" and self.error is not None:
            raise self.error
        return Decision(status=saying("idle"), requeue_after=60.0)


async def started(trouble: Trouble) -> Stage:
    cluster = FakeCluster()
    cluster.put(Kind.SAFE_ROLLOUT, safe_rollout("bad"))
    cluster.put(Kind.SAFE_ROLLOUT, safe_rollout("good", workloads=("other",)))
    stage = Stage(cluster, trouble)
    await stage.resync.full_pass()
    return stage


def conditions(stage: Stage) -> dict[str, dict[str, Any]]:
    raw = next(raw for (_, place), raw in stage.cluster.objects.items() if place.name == "bad")
    return {condition["type"]: condition for condition in (raw.get("status") or {}).get("conditions") or ()}


def test_a_defect_is_told_once_on_its_safe_rollout_and_the_others_go_on() -> None:
    async def scene() -> None:
        stage = await started(Trouble(ZeroDivisionError("no pods")))
        await stage.settle(seconds=600)
        assert stage.listener.results.count("defect") > 3
        assert stage.listener.results.count("defect") < 40
        assert stage.listener.reasons == ["Defect"]
        assert stage.cluster.writes.count(TOLD) == 1
        stalled = conditions(stage)["Stalled"]
        assert (stalled["status"], stalled["reason"]) == ("True", "Defect")
        assert "ZeroDivisionError" in stalled["message"] and "no pods" in stalled["message"]
        assert conditions(stage)["Ready"]["status"] == "False"
        assert ("patch", "saferollouts/status", "shop/good") in stage.cluster.writes

    run_in_virtual_time(scene())


def test_another_defect_is_told_too() -> None:
    async def scene() -> None:
        stage = await started(Trouble(None))
        for error in (KeyError("a"), KeyError("a"), ValueError("b"), KeyError("a")):
            await stage.defects.tell("shop/bad", error)
        assert [note.message.split(": ")[1] for note, _, _ in stage.listener.notes] == ["KeyError", "ValueError"]
        stage.moment += timedelta(seconds=AGAIN_AFTER_SECONDS)
        await stage.defects.tell("shop/bad", KeyError("a"))
        assert stage.cluster.writes.count(TOLD) == 3

    run_in_virtual_time(scene())


def test_a_status_that_could_not_be_written_is_tried_at_the_next_look() -> None:
    async def scene() -> None:
        stage = await started(Trouble(ZeroDivisionError("no pods")))
        stage.cluster.fault = lambda verb, resource, place: Unreachable("away") if verb == "patch" and not stage.listener.results else None
        await stage.settle(seconds=20)
        assert conditions(stage)["Stalled"]["reason"] == "Defect"

    run_in_virtual_time(scene())


def test_the_next_decision_that_succeeds_takes_the_words_away() -> None:
    async def scene() -> None:
        trouble = Trouble(ZeroDivisionError("no pods"))
        stage = await started(trouble)
        await stage.defects.tell("shop/bad", ZeroDivisionError("no pods"))
        assert conditions(stage)["Stalled"]["status"] == "True"
        trouble.error = None
        await stage.look("bad")
        assert "Stalled" not in conditions(stage)

    run_in_virtual_time(scene())
