"""What is remembered of the looks before changes no result: a release is assessed at each look with a carried memory, and from nothing."""

import random
from dataclasses import replace
from datetime import datetime

import pytest

from saferollout.api.status import Status
from saferollout.core.analysis import schedule
from saferollout.core.analysis.assess import Assessment, assess
from saferollout.core.analysis.memory import Memory
from saferollout.core.measurements import Measurement, Question
from tests.unit.core.analysis.released_shop import BUCKETS, PROFILES, USERS, PodWork, Released, answers, is_ready, released
from tests.unit.core.analysis.watched_cluster import WatchedCluster

CACHE_OF_THE_CLIENT = {**PROFILES, "readers": ["server", "client"]}


def test_work_is_done_once_for_each_item_and_again_only_where_the_item_the_state_or_the_key_is_another() -> None:
    done: list[str] = []

    def added(state: int, item: list[int]) -> tuple[int, int]:
        done.append(f"{state}+{item[0]}")
        return state + item[0], state + item[0]

    one, two, three = [1], [2], [3]
    first = Memory()
    assert first.steps("sum", [one, two], added, first=0) == (1, 3)
    second = Memory(first.seal())
    assert second.steps("sum", [one, two, three], added, first=0) == (1, 3, 6)
    assert done == ["0+1", "1+2", "3+3"]
    third = Memory(second.seal())
    assert third.steps("sum", [one, three], added, first=0) == (1, 4)
    assert third.steps("another sum", [one], added, first=0) == (1,)
    assert third.each("lengths", [one, [1]], lambda item: item is one) == (True, False), "known by what they are and not by what they hold"
    assert done[3:] == ["1+3", "0+1"]
    assert Memory(third.seal()).all("all", [one, two], len) == 2


def test_what_a_look_does_not_ask_for_is_forgotten_after_it() -> None:
    done: list[int] = []

    def noted(item: list[int]) -> None:
        done.append(item[0])

    item, first = [1], Memory()
    first.each("key", [item], noted)
    second = Memory(first.seal())
    third = Memory(second.seal())
    third.each("key", [item], noted)
    assert done == [1, 1]


def test_an_assessment_with_a_memory_is_the_same_as_one_from_nothing_at_each_look_of_a_release(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "MOST_LOOKS", 8)
    rng = random.Random(3)
    shop = _remembering(
        released(
            answers(bad=lambda new: 0.1 if new else 0.05),
            _latencies(rng),
            _hits(rng),
            _limits(rng),
            everybody=(is_ready(lambda shop, pod, new: rng.random() < 0.9),),
            contracts=(USERS, CACHE_OF_THE_CLIENT),
            replicas=6,
        )
    )
    memory = _alike(shop, Memory(), looks=12)
    shop.away.add("client")
    memory = _alike(shop, memory, looks=3)
    shop.away.clear()
    shop.restarts["client"] = shop.restarts["server"] = 1
    memory = _alike(shop, memory, looks=4)
    shop.apply("client", "client2", None)
    shop.play(looks=5)
    memory = _alike(shop, memory, looks=4)
    snapshot, found = shop.snapshot(), shop._answers(shop.snapshot())
    swapped = replace(snapshot, status=_swapped(snapshot.status))
    assert assess(swapped, found, shop.now, Memory(memory)) == assess(swapped, found, shop.now) != assess(snapshot, found, shop.now)


def _swapped(status: Status) -> Status:
    """Have the new pods be the old ones."""
    assert status.release is not None
    targets = [one.model_copy(update={"to_hash": one.from_hash, "from_hash": one.to_hash}) for one in status.release.targets]
    return status.model_copy(update={"release": status.release.model_copy(update={"targets": targets})})


def test_nothing_of_it_is_kept_after_the_release() -> None:
    played = released(answers(), replicas=4, bakeSeconds=5)
    assert played.shop.marks.assessed is not None
    played.shop.play(looks=300)
    assert played.shop.status.release is not None
    assert played.shop.status.release.end_time is not None
    assert played.shop.marks.assessed is None


def _alike(shop: WatchedCluster, memory: Memory, *, looks: int) -> Memory:
    for _ in range(looks):
        shop.now = shop.now.replace(microsecond=0)
        shop.play(looks=5)
        snapshot = shop.snapshot()
        found = shop._answers(snapshot)
        memory = Memory(memory)
        remembered = assess(snapshot, found, shop.now, memory)
        assert remembered == assess(snapshot, found, shop.now)
        assert isinstance(remembered, Assessment)
        assert len(remembered.evidence.readings) > 20
        memory.seal()
    return memory


def _remembering(played: Released) -> WatchedCluster:
    """Have the shop's Prometheus give the very same answer again, as the observer does."""
    shop, known = played.shop, dict[tuple[str, str, datetime], Measurement]()
    sampled = shop._sampled

    def remembered(question: Question, at: datetime) -> Measurement:
        key = (question.name, question.query.value, at)
        if key not in known:
            known[key] = sampled(question, at)
        return known[key]

    shop._sampled = remembered  # type: ignore[method-assign]
    return shop


def _latencies(rng: random.Random) -> PodWork:
    def work(shop: WatchedCluster, pod: str, revision: str) -> None:
        for _ in range(3):
            took = rng.choice([0.04, 0.2, 0.7])
            for edge in BUCKETS:
                shop.count("http_server_requests_seconds_bucket", float(took <= edge), namespace="shop", pod=pod, le=str(edge))
            shop.count("http_server_requests_seconds_bucket", 1.0, namespace="shop", pod=pod, le="+Inf")

    return work


def _hits(rng: random.Random) -> PodWork:
    def work(shop: WatchedCluster, pod: str, revision: str) -> None:
        shop.count("cache_gets_total", namespace="shop", pod=pod, cache="profiles", result="hit" if rng.random() < 0.8 else "miss")
        shop.count("cache_puts_total", float(rng.random() < 0.2), namespace="shop", pod=pod, cache="profiles")

    return work


def _limits(rng: random.Random) -> PodWork:
    def work(shop: WatchedCluster, pod: str, revision: str) -> None:
        shop.set("hikaricp_connections_pending", float(rng.random() < 0.3), namespace="shop", pod=pod, pool="p")
        shop.count("container_cpu_cfs_throttled_periods_total", float(rng.random() < 0.2) * 10, namespace="shop", pod=pod, container="main")

    return work
