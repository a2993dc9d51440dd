"""Uninstalling gives StatefulSets back too, each in its own field, beside a Deployment of the same name."""

from datetime import UTC, datetime
from typing import Any

import pytest

from saferollout.engine.resources import Kind
from saferollout.engine.store import Place
from saferollout.shell.uninstall import CannotGiveBack, Uninstall
from saferollout.workloads.kinds import all_kinds
from tests.unit.engine.fake_cluster import FakeCluster
from tests.unit.engine.objects import safe_rollout
from tests.unit.workloads.objects import deployment
from tests.unit.workloads.stateful_objects import HOLD, A, B, held, marks, pod, rolling

BILLING = Place(namespace="shop", name="billing")


def cluster_with(*pods: dict[str, Any]) -> FakeCluster:
    cluster = FakeCluster()
    cluster.put(Kind.SAFE_ROLLOUT, safe_rollout())
    cluster.put(Kind.DEPLOYMENT, deployment())
    cluster.put(Kind.STATEFUL_SET, held())
    for kind, raw in ((Kind.CONTROLLER_REVISION, A), (Kind.CONTROLLER_REVISION, B), *((Kind.POD, raw) for raw in pods)):
        cluster.put(kind, raw)
    return cluster


async def uninstall(cluster: FakeCluster, *, force: bool = False, told: list[str] | None = None) -> dict[str, Any]:
    done = Uninstall(
        cluster=cluster, kind=all_kinds(), workloads=(Kind.DEPLOYMENT, Kind.STATEFUL_SET), restart_annotations=(), watched=(),
        clock=lambda: datetime(2026, 11, 24, tzinfo=UTC), tell=(told if told is not None else []).append,
    )  # fmt: skip
    await done.run(operator=None, force=force)
    return cluster.objects[Kind.STATEFUL_SET.resource, BILLING]


async def test_one_that_holds_a_template_back_keeps_the_partition_and_says_how_to_go_on() -> None:
    told: list[str] = []
    left = await uninstall(cluster_with(pod(0, "a"), pod(1, "a")), told=told)
    assert (rolling(left), marks(left)) == ({"partition": HOLD}, {"managed-by", "left-paused", "left-strategy"})
    assert any("Gave shop/billing back, paused" in line for line in told)


async def test_in_the_middle_of_a_roll_nothing_is_touched_unless_it_is_forced() -> None:
    cluster = cluster_with(pod(0, "a"), pod(1, "b"))
    with pytest.raises(CannotGiveBack, match="run two revisions now"):
        await uninstall(cluster)
    assert cluster.writes == []
    assert "left-paused" in marks(await uninstall(cluster, force=True))
