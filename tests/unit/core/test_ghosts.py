"""Empty ReplicaSets of a held Deployment: scaled up from 0 it starts its template's or the youngest of all, which must be the one that ran."""

from dataclasses import replace
from datetime import timedelta

import pytest

from saferollout.api.status import Status
from saferollout.core.facts import facts_of
from tests.unit.core.little_cluster import LittleCluster
from tests.unit.core.shop import READS_1, READS_BOTH, little_cluster
from tests.unit.core.worded_releases import APPROVAL, asked, released


def held_with(empty: str, *, older: timedelta, template: str) -> LittleCluster:
    """Return a cluster whose reader runs r1, is held, and has an empty ReplicaSet beside it, older than the one that runs by that much."""
    cluster = little_cluster(mode="Paused")
    cluster.apply("reader", template, READS_BOTH)
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


def scale(cluster: LittleCluster, name: str, replicas: int) -> None:
    view = cluster.views[name]
    sets = tuple(cluster._sized(rs, 0) for rs in view.replica_sets) if replicas == 0 else view.replica_sets
    cluster.views[name] = replace(view, replicas=replicas, replica_sets=sets)


@pytest.mark.parametrize(
    ("empty", "older", "template", "goes"),
    [
        pytest.param("r0", timedelta(seconds=1), "r2", False, id="an older one is what undo goes back to"),
        pytest.param("r9", timedelta(seconds=1), "r2", False, id="an older one whose name comes later is"),
        pytest.param("r0", timedelta(seconds=-1), "r2", True, id="a younger one would start"),
        pytest.param("r9", timedelta(0), "r2", True, id="one of the same second whose name comes later would start"),
        pytest.param("r0", timedelta(0), "r2", False, id="one of the same second whose name comes earlier would not"),
        pytest.param("r0", timedelta(0), "r0", True, id="that of the template would start, also where its name comes earlier"),
        pytest.param("r0", timedelta(seconds=1), "r0", False, id="that of an earlier template is the plan's memory while there are pods"),
    ],
)
def test_only_what_scaling_from_0_would_start_instead_is_deleted(empty: str, older: timedelta, template: str, goes: bool) -> None:
    cluster = held_with(empty, older=older, template=template)
    assert bool(cluster.views["reader"].of(empty)) is not goes
    assert ("DeleteReplicaSet reader" in cluster.log) is goes


def reverted_at_zero() -> LittleCluster:
    """Return a cluster whose reader was at r2, is to go back to r1, is held for that, and was scaled to 0."""
    cluster = released("Backward")
    cluster.apply("reader", "r1", None)
    cluster.play()
    scale(cluster, "reader", 0)
    return cluster


def test_one_of_the_template_from_before_a_restart_would_not_start() -> None:
    """The native controller takes the ReplicaSet whose text is that of spec, restart annotations included."""
    cluster = reverted_at_zero()
    view = cluster.views["reader"]
    sets = tuple(replace(rs, text="restarted") if rs.hash == "r1" else rs for rs in view.replica_sets)
    cluster.views["reader"] = replace(view, replica_sets=sets)
    cluster.play(looks=5)
    assert {rs.hash for rs in cluster.views["reader"].replica_sets} == {"r1", "r2"}
    assert facts_of(cluster.views["reader"]).alive == ("r2",)


def test_what_would_start_is_the_template_where_it_is_retained() -> None:
    assert facts_of(reverted_at_zero().views["reader"]).alive == ("r1",)


def test_with_status_lost_the_held_template_is_not_taken_for_what_ran() -> None:
    cluster = reverted_at_zero()
    cluster.status = Status()
    cluster.play(looks=5)
    assert [workload.stable_hash for workload in cluster.status.workloads if workload.name == "reader"] == ["r2"]
    assert cluster.views["reader"].held


def test_with_status_lost_the_template_is_what_ran_where_it_is_the_youngest() -> None:
    """It was held for nothing, as by a restart."""
    cluster = released("Backward")
    cluster.views["reader"] = replace(cluster.views["reader"], held=True, paused=True)
    scale(cluster, "reader", 0)
    cluster.status = Status()
    cluster.look()
    assert [workload.stable_hash for workload in cluster.status.workloads if workload.name == "reader"] == ["r2"]
    assert cluster.views["reader"].of("r2")


def test_a_workload_that_is_made_anew_has_run_nothing_earlier() -> None:
    cluster = reverted_at_zero()
    cluster.play(looks=5)
    assert [workload.earlier_hash for workload in cluster.status.workloads] == ["", "r1"]
    cluster.views["reader"] = replace(cluster.views["reader"], uid="another", replica_sets=(), replicas=10)
    cluster.play(looks=200)
    assert [workload.earlier_hash for workload in cluster.status.workloads] == ["", ""]
    assert asked(cluster) == []


def test_that_of_an_earlier_template_goes_once_there_are_no_pods_and_the_plan_is_one_of_a_revert_even_so() -> None:
    cluster = reverted_at_zero()
    cluster.play(looks=5)
    assert [rs.hash for rs in cluster.views["reader"].replica_sets] == ["r2"]
    scale(cluster, "reader", 10)
    cluster.play(looks=5)
    assert asked(cluster) == ["Approve/events/generation-0"]
    cluster.say("approve", subject=APPROVAL)
    cluster.play()
    assert cluster.pods("reader") == {"r1": 10}
    cluster.look()
    assert [workload.earlier_hash for workload in cluster.status.workloads] == ["", ""], "what runs is nothing that waits"
