"""The queue keeps client-go's contract."""

import asyncio
from random import Random

import pytest

from saferollout.engine.queue import QueueClosed, WorkQueue


class FakeClock:
    """Seconds that pass only when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def queue(clock: FakeClock) -> WorkQueue:
    return WorkQueue(clock=clock, random=Random(7), first_delay=1.0, longest_delay=30.0)


def test_a_key_added_twice_waits_once(queue: WorkQueue) -> None:
    queue.add("a")
    queue.add("a")
    assert queue.take() == "a"
    queue.done("a")
    assert queue.take() is None


def test_keys_come_in_the_order_they_were_added(queue: WorkQueue) -> None:
    for key in ("b", "a", "c"):
        queue.add(key)
    assert [queue.take(), queue.take(), queue.take()] == ["b", "a", "c"]


def test_a_key_is_never_with_two_workers(queue: WorkQueue) -> None:
    queue.add("a")
    assert queue.take() == "a"
    queue.add("a")
    assert queue.take() is None


def test_a_key_that_changed_while_at_work_comes_again_when_done(queue: WorkQueue) -> None:
    queue.add("a")
    queue.take()
    queue.add("a")
    queue.add("a")
    queue.done("a")
    assert queue.take() == "a"
    queue.done("a")
    assert queue.take() is None


def test_a_delay_that_ends_while_the_key_is_at_work_waits_for_done(queue: WorkQueue, clock: FakeClock) -> None:
    queue.add("a")
    queue.take()
    queue.add_after("a", seconds=5)
    clock.now += 6
    assert queue.take() is None
    queue.done("a")
    assert queue.take() == "a"


def test_the_earliest_of_two_delays_counts(queue: WorkQueue, clock: FakeClock) -> None:
    queue.add_after("a", seconds=10)
    queue.add_after("a", seconds=3)
    queue.add_after("a", seconds=20)
    clock.now += 2.9
    assert queue.take() is None
    clock.now += 0.2
    assert queue.take() == "a"
    queue.done("a")
    clock.now += 30
    assert queue.take() is None


def test_adding_at_once_makes_a_later_time_needless(queue: WorkQueue, clock: FakeClock) -> None:
    queue.add_after("a", seconds=5)
    queue.add("a")
    assert queue.take() == "a"
    queue.done("a")
    clock.now += 10
    assert queue.take() is None


def test_no_delay_is_at_once(queue: WorkQueue) -> None:
    queue.add_after("a", seconds=0)
    assert queue.take() == "a"


def test_retries_back_off_exponentially_per_key_with_jitter_and_a_bound(queue: WorkQueue) -> None:
    delays = [queue.retry("a") for _ in range(8)]
    assert all(base <= delay <= base * 1.2 for base, delay in zip((1, 2, 4, 8, 16, 30, 30, 30), delays, strict=True))
    assert len(set(delays)) == len(delays)
    assert queue.retry("b") <= 1.2


def test_forgetting_starts_the_back_off_anew(queue: WorkQueue) -> None:
    for _ in range(5):
        queue.retry("a")
    queue.forget("a")
    assert queue.retry("a") <= 1.2


def test_a_server_that_asks_to_wait_is_obeyed(queue: WorkQueue) -> None:
    assert queue.retry("a", at_least=12.0) == 12.0


def test_depth_and_oldest_wait_tell_what_waits_for_a_worker(queue: WorkQueue, clock: FakeClock) -> None:
    assert (queue.depth, queue.oldest_wait) == (0, 0.0)
    queue.add("a")
    queue.add_after("b", seconds=4)
    clock.now += 5
    assert (queue.depth, queue.oldest_wait) == (2, 5.0)


async def test_a_waiting_worker_is_woken_by_a_key() -> None:
    queue = WorkQueue(clock=asyncio.get_running_loop().time, random=Random(7))
    worker = asyncio.create_task(queue.get())
    await asyncio.sleep(0)
    queue.add("a")
    assert await asyncio.wait_for(worker, timeout=1) == "a"


async def test_a_waiting_worker_is_woken_by_the_time_of_a_delayed_key() -> None:
    queue = WorkQueue(clock=asyncio.get_running_loop().time, random=Random(7))
    queue.add_after("a", seconds=0.05)
    assert await asyncio.wait_for(queue.get(), timeout=1) == "a"


async def test_two_waiting_workers_share_two_keys() -> None:
    queue = WorkQueue(clock=asyncio.get_running_loop().time, random=Random(7))
    workers = [asyncio.create_task(queue.get()) for _ in range(2)]
    await asyncio.sleep(0)
    queue.add("a")
    queue.add("b")
    assert {await asyncio.wait_for(worker, timeout=1) for worker in workers} == {"a", "b"}


async def test_closing_wakes_every_worker() -> None:
    queue = WorkQueue(clock=asyncio.get_running_loop().time, random=Random(7))
    workers = [asyncio.create_task(queue.get()) for _ in range(2)]
    await asyncio.sleep(0)
    queue.close()
    for worker in workers:
        with pytest.raises(QueueClosed):
            await asyncio.wait_for(worker, timeout=1)
