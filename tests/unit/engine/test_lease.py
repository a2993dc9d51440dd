"""One holder at a time, and a holder that can't renew stops in time."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from saferollout.engine.errors import Conflict, Unreachable
from saferollout.engine.lease import LeaseLock, LeaseLost, LeaseTimes
from saferollout.engine.resources import LEASES
from saferollout.engine.store import Place
from tests.unit.engine.fake_cluster import FakeCluster
from tests.unit.engine.virtual_time import VIRTUAL_START, run_in_virtual_time

PLACE = Place(namespace="saferollout-system", name="saferollout")
TIMES = LeaseTimes(duration=15, renew_deadline=10.0, retry=2.0)


def now() -> float:
    return asyncio.get_running_loop().time()


def lock_of(cluster: FakeCluster, identity: str) -> LeaseLock:
    start = datetime(2026, 11, 24, 1, 2, 3, 456, tzinfo=UTC)
    return LeaseLock(
        cluster, PLACE, identity=identity, clock=now, wall_clock=lambda: start + timedelta(seconds=now() - VIRTUAL_START), times=TIMES
    )


def spec_of(cluster: FakeCluster) -> dict[str, object]:
    return dict(cluster.objects[LEASES, PLACE]["spec"])


def down(*verbs: str) -> Callable[..., Unreachable | None]:
    return lambda verb, resource, place: Unreachable("down") if not verbs or verb in verbs else None


def test_the_first_one_creates_the_lease_with_micro_time() -> None:
    async def scene() -> None:
        cluster = FakeCluster()
        lock = lock_of(cluster, "one")
        assert not lock.held
        await lock.acquire()
        assert lock.held
        assert spec_of(cluster) == {
            "holderIdentity": "one", "leaseDurationSeconds": 15, "leaseTransitions": 0,
            "acquireTime": "2026-11-24T01:02:03.000456Z", "renewTime": "2026-11-24T01:02:03.000456Z",
        }

    run_in_virtual_time(scene())


def test_the_second_waits_while_the_first_renews() -> None:
    async def scene() -> None:
        cluster = FakeCluster()
        first, second = lock_of(cluster, "one"), lock_of(cluster, "two")
        await first.acquire()
        keeping, waiting = asyncio.create_task(first.keep()), asyncio.create_task(second.acquire())
        await asyncio.sleep(300)
        assert first.held
        assert not waiting.done()
        keeping.cancel()
        waiting.cancel()

    run_in_virtual_time(scene())


def test_a_holder_that_died_is_replaced_after_its_duration_and_not_before() -> None:
    async def scene() -> None:
        cluster = FakeCluster()
        await lock_of(cluster, "one").acquire()
        died = now()
        await lock_of(cluster, "two").acquire()
        assert TIMES.duration < now() - died <= TIMES.duration + 2 * TIMES.retry
        assert spec_of(cluster)["leaseTransitions"] == 1

    run_in_virtual_time(scene())


def test_a_released_lease_is_taken_at_the_next_look() -> None:
    async def scene() -> None:
        cluster = FakeCluster()
        first, second = lock_of(cluster, "one"), lock_of(cluster, "two")
        await first.acquire()
        waiting = asyncio.create_task(second.acquire())
        await asyncio.sleep(5)
        await first.release()
        released = now()
        await waiting
        assert now() - released <= TIMES.retry
        assert not first.held

    run_in_virtual_time(scene())


def test_a_holder_steps_down_before_another_may_take_over_when_the_server_does_not_answer() -> None:
    async def scene() -> None:
        cluster = FakeCluster()
        lock = lock_of(cluster, "one")
        await lock.acquire()
        acquired = now()
        cluster.fault = down()
        with pytest.raises(LeaseLost):
            await lock.keep()
        assert now() - acquired <= TIMES.renew_deadline < TIMES.duration
        assert not lock.held

    run_in_virtual_time(scene())


def test_a_call_that_hangs_does_not_keep_a_holder_in_office() -> None:
    async def scene() -> None:
        cluster = FakeCluster()
        lock = lock_of(cluster, "one")
        await lock.acquire()
        acquired = now()
        cluster.delay = 3600
        with pytest.raises(LeaseLost):
            await lock.keep()
        assert now() - acquired <= TIMES.renew_deadline

    run_in_virtual_time(scene())


def test_a_short_outage_costs_nothing() -> None:
    async def scene() -> None:
        cluster = FakeCluster()
        lock = lock_of(cluster, "one")
        await lock.acquire()
        keeping = asyncio.create_task(lock.keep())
        await asyncio.sleep(3)
        cluster.fault = down("replace")
        await asyncio.sleep(6)
        cluster.fault = down("nothing")
        await asyncio.sleep(60)
        assert lock.held
        keeping.cancel()

    run_in_virtual_time(scene())


def test_a_holder_that_finds_another_name_in_the_lease_stops_at_once() -> None:
    async def scene() -> None:
        cluster = FakeCluster()
        lock = lock_of(cluster, "one")
        await lock.acquire()
        usurped = cluster.objects[LEASES, PLACE]
        cluster.put(LEASES, {**usurped, "spec": {**usurped["spec"], "holderIdentity": "two"}})
        started = now()
        with pytest.raises(LeaseLost, match="two holds the Lease"):
            await lock.keep()
        assert now() - started <= TIMES.retry
        assert not lock.held

    run_in_virtual_time(scene())


def test_of_two_that_write_at_once_one_wins() -> None:
    async def scene() -> None:
        cluster = FakeCluster()
        first, second = lock_of(cluster, "one"), lock_of(cluster, "two")
        await lock_of(cluster, "dead").acquire()
        cluster.delay = 0.01
        winner = {asyncio.create_task(first.acquire()): first, asyncio.create_task(second.acquire()): second}
        done, pending = await asyncio.wait(winner, return_when=asyncio.FIRST_COMPLETED, timeout=60)
        await asyncio.sleep(5)
        assert len(done) == 1
        assert [lock.held for lock in (first, second)].count(True) == 1
        for task in pending:
            task.cancel()

    run_in_virtual_time(scene())


def test_the_same_name_after_a_restart_takes_its_lease_back_without_waiting() -> None:
    async def scene() -> None:
        cluster = FakeCluster()
        await lock_of(cluster, "one").acquire()
        started = now()
        await lock_of(cluster, "one").acquire()
        assert now() == started

    run_in_virtual_time(scene())


def test_a_clock_change_of_the_node_changes_nothing() -> None:
    """`renewTime` an hour off on one node must neither end nor prolong a lease."""
    async def scene() -> None:
        cluster = FakeCluster()
        first = lock_of(cluster, "one")
        await first.acquire()
        raw = cluster.objects[LEASES, PLACE]
        cluster.put(LEASES, {**raw, "spec": {**raw["spec"], "renewTime": "2020-01-01T00:00:00.000000Z"}})
        waiting = asyncio.create_task(lock_of(cluster, "two").acquire())
        await asyncio.sleep(5)
        assert not waiting.done()
        waiting.cancel()

    run_in_virtual_time(scene())


def test_the_lease_can_be_found_by_its_label_even_if_somebody_else_created_it() -> None:
    async def scene() -> None:
        cluster = FakeCluster()
        cluster.put(LEASES, {"metadata": {"name": "saferollout", "namespace": "saferollout-system", "labels": {"mine": "x"}}})
        await lock_of(cluster, "one").acquire()
        assert cluster.objects[LEASES, PLACE]["metadata"]["labels"] == {"mine": "x", "app.kubernetes.io/name": "saferollout"}

    run_in_virtual_time(scene())


def test_releasing_what_another_has_leaves_it_alone() -> None:
    async def scene() -> None:
        cluster = FakeCluster()
        first = lock_of(cluster, "one")
        await first.acquire()
        raw = cluster.objects[LEASES, PLACE]
        cluster.put(LEASES, {**raw, "spec": {**raw["spec"], "holderIdentity": "two"}})
        await first.release()
        assert spec_of(cluster)["holderIdentity"] == "two"

    run_in_virtual_time(scene())


def test_a_lost_race_on_creation_means_waiting() -> None:
    async def scene() -> None:
        cluster = FakeCluster()
        cluster.fault = lambda verb, resource, place: Conflict("there already") if verb == "create" and now() < 1003 else None
        lock = lock_of(cluster, "one")
        await lock.acquire()
        assert lock.held
        assert now() >= 1003

    run_in_virtual_time(scene())
