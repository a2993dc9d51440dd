"""A look that takes long to judge stops nobody else: it is judged in a thread, the event loop goes on, and one SafeRollout is never judged twice at once."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from datetime import datetime

import pytest

from saferollout.core.actions import LetThrough
from saferollout.core.decision import Decision, Marks, Snapshot
from saferollout.core.measurements import Observations
from saferollout.engine.aside import Threads
from saferollout.engine.resources import Kind
from tests.unit.engine.fake_cluster import FakeCluster
from tests.unit.engine.objects import NAMESPACE, deployment, safe_rollout
from tests.unit.engine.stage import Stage, nothing

LONG = 20.0
"""Seconds after which a test that waits in vain gives up."""


@pytest.fixture
def aside() -> Iterator[Threads]:
    threads = Threads(4)
    yield threads
    threads.close()


@pytest.fixture
def cluster() -> FakeCluster:
    cluster = FakeCluster()
    cluster.put(Kind.SAFE_ROLLOUT, safe_rollout())
    cluster.put(Kind.SAFE_ROLLOUT, safe_rollout("other", workloads=("mailer",)))
    cluster.put(Kind.DEPLOYMENT, deployment())
    return cluster


class Heavy:
    """Judges one SafeRollout until it is told to come to an end; the others at once."""

    def __init__(self, name: str = "shop") -> None:
        self.name = name
        self.begun = threading.Event()
        self.may_end = threading.Event()
        self.was_told_in_time: list[bool] = []
        self.at_once = 0
        self.most_at_once = 0
        self.marks: list[Marks] = []

    def decide(self, snapshot: Snapshot, observations: Observations, now: datetime, marks: Marks) -> Decision:
        if snapshot.name != self.name:
            return nothing(snapshot, observations, now, marks)
        self.marks.append(marks)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.begun.set()
        self.was_told_in_time.append(self.may_end.wait(LONG))
        self.at_once -= 1
        return Decision(status=snapshot.status, marks=Marks(assessed=(len(self.marks), None, None)))


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(LONG):
        while not holds():
            await asyncio.sleep(0.01)


async def started(cluster: FakeCluster, heavy: Heavy, aside: Threads, *, workers: int = 1) -> Stage:
    stage = Stage(cluster, heavy.decide, aside=aside, workers=workers)
    await stage.resync.full_pass()
    return stage


async def test_the_event_loop_and_other_saferollouts_go_on_while_one_is_judged(cluster: FakeCluster, aside: Threads) -> None:
    heavy = Heavy()
    stage = await started(cluster, heavy, aside)
    look = asyncio.create_task(stage.look())
    await until(heavy.begun.is_set)
    await stage.look("other")
    assert not look.done()
    heavy.may_end.set()
    await look
    assert heavy.was_told_in_time == [True], "the loop could say so only because it went on"


async def test_one_saferollout_is_judged_once_at_a_time_each_with_the_marks_that_the_last_one_left(cluster: FakeCluster, aside: Threads) -> None:
    heavy = Heavy()
    stage = await started(cluster, heavy, aside, workers=4)
    working = asyncio.create_task(stage.workers.run())
    key = f"{NAMESPACE}/shop"
    stage.queue.add(key)
    await until(heavy.begun.is_set)
    stage.queue.add(key)
    await asyncio.sleep(0.1)
    heavy.may_end.set()
    await until(lambda: len(heavy.marks) >= 2)
    stage.queue.close()
    await working
    assert heavy.most_at_once == 1
    assert [marks.assessed and marks.assessed[0] for marks in heavy.marks] == [None, *range(1, len(heavy.marks))]


async def test_a_look_that_is_given_up_while_it_is_judged_writes_nothing_and_leaves_no_marks(cluster: FakeCluster, aside: Threads) -> None:
    heavy = Heavy()

    def decide(snapshot: Snapshot, observations: Observations, now: datetime, marks: Marks) -> Decision:
        decision = heavy.decide(snapshot, observations, now, marks)
        return Decision(status=decision.status, action=LetThrough(workload="billing", revision="billing:1"), marks=decision.marks)

    stage = Stage(cluster, decide, aside=aside)
    await stage.resync.full_pass()
    look = asyncio.create_task(stage.look())
    await until(heavy.begun.is_set)
    look.cancel()
    with pytest.raises(asyncio.CancelledError):
        await look
    heavy.may_end.set()
    await until(lambda: heavy.at_once == 0)
    await asyncio.sleep(0.05)
    assert cluster.writes == []
    await stage.look()
    assert cluster.writes
    assert heavy.marks[1].assessed is None


async def test_a_defect_in_judging_is_raised_where_the_look_was_asked_for(cluster: FakeCluster, aside: Threads) -> None:
    def broken(snapshot: Snapshot, observations: Observations, now: datetime, marks: Marks) -> Decision:
        raise ZeroDivisionError("a defect")

    stage = Stage(cluster, broken, aside=aside)
    await stage.resync.full_pass()
    with pytest.raises(ZeroDivisionError):
        await stage.look()
