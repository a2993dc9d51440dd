"""The Lease between two holders on a real API server."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from localcluster.testing import RunningCluster
from saferollout.engine.errors import Conflict, Invalid, NotFound
from saferollout.engine.lease import LeaseLock, LeaseLost, LeaseTimes
from saferollout.engine.resources import LEASES, Kind
from saferollout.engine.store import Place
from saferollout.shell.cluster import KubernetesCluster
from saferollout.shell.connection import connect, load_configuration

TIMES = LeaseTimes(duration=3, renew_deadline=2.0, retry=0.4)


@pytest.fixture
async def cluster(control_plane: RunningCluster) -> AsyncIterator[KubernetesCluster]:
    configuration = await load_configuration(kubeconfig=str(control_plane.kubeconfig))
    async with connect(configuration, count_request=lambda verb, code: None) as cluster:
        yield cluster


def lock(cluster: KubernetesCluster, namespace: str, identity: str) -> LeaseLock:
    clock = asyncio.get_running_loop().time
    return LeaseLock(cluster, Place(namespace=namespace, name="lock"), identity=identity, clock=clock, times=TIMES)


async def test_one_holds_and_the_other_waits_until_it_lets_go(cluster: KubernetesCluster, namespace: str) -> None:
    first, second = lock(cluster, namespace, "first"), lock(cluster, namespace, "second")
    await first.acquire()
    keeping, waiting = asyncio.create_task(first.keep()), asyncio.create_task(second.acquire())
    await asyncio.sleep(4)
    assert (first.held, second.held) == (True, False)
    keeping.cancel()
    await first.release()
    await asyncio.wait_for(waiting, timeout=2)
    assert (first.held, second.held) == (False, True)


async def test_a_holder_that_died_is_replaced(cluster: KubernetesCluster, namespace: str) -> None:
    await lock(cluster, namespace, "first").acquire()
    second = lock(cluster, namespace, "second")
    await asyncio.wait_for(second.acquire(), timeout=8)
    assert second.held


async def test_many_that_want_it_at_once_are_one_holder(cluster: KubernetesCluster, namespace: str) -> None:
    locks = [lock(cluster, namespace, f"holder-{number}") for number in range(5)]
    attempts = [asyncio.create_task(each.acquire()) for each in locks]
    await asyncio.sleep(1)
    assert sum(each.held for each in locks) == 1
    for attempt in attempts:
        attempt.cancel()


async def test_a_usurped_holder_notices_and_stops(cluster: KubernetesCluster, namespace: str) -> None:
    first = lock(cluster, namespace, "first")
    await first.acquire()
    await cluster.patch(LEASES, Place(namespace=namespace, name="lock"), body={"spec": {"holderIdentity": "usurper"}})
    with pytest.raises(LeaseLost, match="usurper"):
        await asyncio.wait_for(first.keep(), timeout=5)


async def test_the_client_names_errors_as_the_server_means_them(cluster: KubernetesCluster, namespace: str) -> None:
    place = Place(namespace=namespace, name="lock")
    with pytest.raises(NotFound):
        await cluster.get(LEASES, place)
    await lock(cluster, namespace, "first").acquire()
    current = await cluster.get(LEASES, place)
    await cluster.patch(LEASES, place, body={"metadata": {"labels": {"a": "b"}}})
    with pytest.raises(Conflict):
        await cluster.replace(LEASES, place, body=current)
    with pytest.raises(Conflict):
        await cluster.patch(LEASES, place, body={"metadata": {"resourceVersion": current["metadata"]["resourceVersion"], "labels": {"a": "c"}}})
    with pytest.raises(Conflict):
        await cluster.delete(LEASES, place, body={"preconditions": {"uid": "another"}})
    with pytest.raises(Invalid):
        await cluster.patch(LEASES, place, body={"spec": {"leaseDurationSeconds": -1}})
    assert await cluster.delete(LEASES, place, body={}) is None
    assert (await cluster.list(Kind.POD.resource, namespace=namespace)).items == ()
