"""Lists make the store true: ghosts go, namespaces come and go, nothing is decided before the first pass."""

import asyncio

import pytest

from saferollout.engine.errors import NotFound, Unreachable
from saferollout.engine.resources import Kind
from saferollout.engine.resync import HistoryRewritten
from saferollout.engine.store import Place
from tests.unit.engine.fake_cluster import FakeCluster
from tests.unit.engine.objects import NAMESPACE, deployment, pod, replica_set, safe_rollout
from tests.unit.engine.stage import Stage, nothing
from tests.unit.engine.virtual_time import run_in_virtual_time

SHOP = Place(namespace=NAMESPACE, name="shop")


@pytest.fixture
def cluster() -> FakeCluster:
    cluster = FakeCluster()
    cluster.put(Kind.SAFE_ROLLOUT, safe_rollout())
    cluster.put(Kind.DEPLOYMENT, deployment())
    cluster.put(Kind.REPLICA_SET, replica_set())
    cluster.put(Kind.POD, pod())
    return cluster


async def test_a_full_pass_fills_the_store_and_has_every_safe_rollout_looked_at(cluster: FakeCluster) -> None:
    stage = Stage(cluster, nothing)
    assert stage.resync.age is None
    await stage.resync.full_pass()
    assert stage.resync.age is not None
    assert stage.queue.take() == "shop/shop"
    assert [raw["metadata"]["name"] for raw in stage.store.all(Kind.POD)] == ["billing-1-a"]


async def test_a_deletion_that_no_event_told_is_noticed(cluster: FakeCluster) -> None:
    stage = Stage(cluster, nothing)
    await stage.resync.full_pass()
    cluster.remove(Kind.SAFE_ROLLOUT, SHOP)
    await stage.resync.full_pass()
    assert stage.store.get(Kind.SAFE_ROLLOUT, SHOP) is None
    assert stage.store.namespaces == frozenset()
    assert list(stage.store.all(Kind.POD)) == []


async def test_namespaces_without_a_safe_rollout_are_not_listed(cluster: FakeCluster) -> None:
    cluster.put(Kind.POD, pod("elsewhere", namespace="other"))
    stage = Stage(cluster, nothing)
    await stage.resync.full_pass()
    assert {key for verb, plural, key in cluster.reads if plural == "pods"} == {"shop/"}


async def test_a_workload_labelled_with_a_missing_safe_rollout_is_looked_at(cluster: FakeCluster) -> None:
    cluster.put(Kind.DEPLOYMENT, deployment("lost", label="mistyped", namespace="other"))
    stage = Stage(cluster, nothing)
    await stage.resync.full_pass()
    assert {stage.queue.take(), stage.queue.take()} == {"shop/shop", "other/mistyped"}


def test_passes_are_repeated_and_a_failed_one_soon() -> None:
    async def scene() -> None:
        cluster = FakeCluster()
        stage = Stage(cluster, nothing)
        cluster.fault = lambda verb, resource, place: Unreachable("down")
        running = asyncio.create_task(stage.resync.run())
        await asyncio.sleep(6)
        assert stage.resync.age is None
        cluster.fault = lambda verb, resource, place: None
        await asyncio.sleep(5)
        assert stage.resync.age is not None
        cluster.reads.clear()
        await asyncio.sleep(3600)
        assert 8 <= len([verb for verb, plural, _ in cluster.reads if plural == "saferollouts"]) <= 12
        running.cancel()

    run_in_virtual_time(scene())


def test_a_definition_that_is_gone_makes_orphans_and_its_return_is_noticed() -> None:
    async def scene() -> None:
        cluster = FakeCluster()
        cluster.put(Kind.SAFE_ROLLOUT, safe_rollout())
        cluster.put(Kind.DEPLOYMENT, deployment(label="shop"))
        stage = Stage(cluster, nothing)
        running = asyncio.create_task(stage.resync.run())
        defined = asyncio.create_task(stage.resync.wait_for_definition())
        cluster.fault = lambda verb, resource, place: NotFound("no such resource") if resource == Kind.SAFE_ROLLOUT.resource else None
        await asyncio.sleep(60)
        assert not defined.done()
        assert stage.store.get(Kind.SAFE_ROLLOUT, SHOP) is None
        assert stage.queue.take() == "shop/shop"
        cluster.fault = lambda verb, resource, place: None
        await asyncio.sleep(16)
        assert defined.done()
        assert stage.store.get(Kind.SAFE_ROLLOUT, SHOP) is not None
        running.cancel()

    run_in_virtual_time(scene())


async def test_a_cluster_restored_from_a_backup_makes_the_process_start_anew(cluster: FakeCluster) -> None:
    stage = Stage(cluster, nothing)
    await stage.resync.full_pass()
    cluster.version = 50
    with pytest.raises(HistoryRewritten):
        await stage.resync.full_pass()


async def test_events_that_come_while_a_namespace_is_listed_are_not_lost(cluster: FakeCluster) -> None:
    cluster.delay = 0.01
    stage = Stage(cluster, nothing)
    stage.intake.changed(Kind.SAFE_ROLLOUT, cluster.objects[Kind.SAFE_ROLLOUT.resource, SHOP])
    listing = asyncio.create_task(stage.resync.ensure_namespaces(safe_rollout()))
    await asyncio.sleep(0.005)
    newer = cluster.put(Kind.POD, pod("late", uid="late"))
    stage.intake.changed(Kind.POD, newer)
    cluster.remove(Kind.POD, Place(namespace=NAMESPACE, name="late"))
    stage.intake.deleted(Kind.POD, newer)
    await listing
    assert {raw["metadata"]["name"] for raw in stage.store.all(Kind.POD)} == {"billing-1-a"}


async def test_a_burst_of_pod_events_is_one_look(cluster: FakeCluster) -> None:
    stage = Stage(cluster, nothing)
    await stage.resync.full_pass()
    stage.queue.take()
    stage.queue.done("shop/shop")
    for number in range(20):
        stage.intake.changed(Kind.POD, cluster.put(Kind.POD, pod(f"billing-1-{number}")))
    assert stage.queue.take() is None
    await asyncio.sleep(0.12)
    assert stage.queue.take() == "shop/shop"
    stage.queue.done("shop/shop")
    assert stage.queue.take() is None


async def test_a_deleted_pod_wakes_its_safe_rollout(cluster: FakeCluster) -> None:
    stage = Stage(cluster, nothing)
    await stage.resync.full_pass()
    stage.queue.take()
    stage.queue.done("shop/shop")
    stage.intake.deleted(Kind.POD, pod())
    await asyncio.sleep(0.12)
    assert stage.queue.take() == "shop/shop"
