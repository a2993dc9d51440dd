"""Empty ReplicaSets of a held Deployment: scaling it up from 0 starts the youngest of all, which must be the one that ran."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.unit.core.little_cluster import LittleCluster
from tests.unit.core.shop import READS_1, READS_BOTH, little_cluster


def held_with(empty: str, *, older: timedelta) -> LittleCluster:
    """Return a cluster whose reader runs r1, is held, and has an empty ReplicaSet beside it, older than the one that runs by that much."""
    cluster = little_cluster(mode="Paused")
    cluster.apply("reader", "r2", READS_BOTH)
    cluster.play(looks=3)
    view = cluster.views["reader"]
    running = view.of("r1")[0]
    beside = replace(
        running, name=f"reader-{empty}", uid=f"reader-{empty}", hash=empty, pod_hash=empty, created=running.created - older,
        contracts=READS_1, replicas=0, pods=0, ready=0, available=0, steady=0,
    )  # fmt: skip
    cluster.views["reader"] = replace(view, replica_sets=(*view.replica_sets, beside))
    cluster.play(looks=3)
    return cluster


@pytest.mark.parametrize(
    ("empty", "older", "goes"),
    [
        pytest.param("r0", timedelta(seconds=1), False, id="an older one is what undo goes back to"),
        pytest.param("r9", timedelta(seconds=1), False, id="an older one whose name comes later is"),
        pytest.param("r0", timedelta(seconds=-1), True, id="a younger one would start"),
        pytest.param("r9", timedelta(0), True, id="one of the same second whose name comes later would start"),
        pytest.param("r0", timedelta(0), False, id="one of the same second whose name comes earlier would not"),
    ],
)
def test_only_what_scaling_from_0_would_start_instead_is_deleted(empty: str, older: timedelta, goes: bool) -> None:
    cluster = held_with(empty, older=older)
    assert bool(cluster.views["reader"].of(empty)) is not goes
    assert ("DeleteReplicaSet reader" in cluster.log) is goes
