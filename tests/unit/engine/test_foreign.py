"""Workloads of other namespaces: read where they allow it, watched, never written to."""

from typing import Any

import pytest

from saferollout.api import names
from saferollout.core.foreign import ForeignName, ForeignWorkload
from saferollout.core.views import HoldMode
from saferollout.engine.errors import Forbidden
from saferollout.engine.foreign import lets_read
from saferollout.engine.resources import Kind
from saferollout.engine.scenes import Scenes
from saferollout.engine.store import Place
from saferollout.workloads.deployment import DeploymentKind
from tests.unit.engine.fake_cluster import FakeCluster
from tests.unit.engine.objects import deployment, pod, replica_set, safe_rollout
from tests.unit.engine.stage import START, Stage, nothing

DATA = Place(namespace="data", name="warehouse")
NAME = ForeignName(namespace="data", workload="warehouse")


def reading(namespace: str | None = "data", workload: str = "warehouse") -> dict[str, Any]:
    """Return a SafeRollout of namespace shop with a contract that takes versions from a workload elsewhere."""
    source = {"workload": workload} | ({} if namespace is None else {"namespace": namespace})
    raw = safe_rollout()
    raw["spec"]["contracts"] = [{"name": "events", "topic": {"name": "events"}, "externalReaders": [{"name": "dwh", "from": source}]}]
    return raw


def warehouse(readable_by: str | None = "shop", *, declares: str | None = "events: {reads: [1]}") -> list[tuple[Kind, dict[str, Any]]]:
    """Return a Deployment elsewhere with its ReplicaSet and pod."""
    annotations = {} if readable_by is None else {names.ANNOTATION_READABLE_BY: readable_by}
    owner = deployment("warehouse", namespace="data", annotations=annotations)
    owned = replica_set("warehouse-1", of="warehouse", namespace="data")
    template = {"metadata": {"annotations": {names.ANNOTATION_CONTRACTS: declares} if declares else {}}, "spec": {"containers": [{"name": "app", "image": "dwh:1"}]}}
    owner["spec"]["template"] = owned["spec"]["template"] = template
    return [(Kind.DEPLOYMENT, owner), (Kind.REPLICA_SET, owned), (Kind.POD, pod("warehouse-1-a", of="warehouse-1", namespace="data"))]


def cluster_with(*objects: tuple[Kind, dict[str, Any]], raw: dict[str, Any] | None = None) -> FakeCluster:
    cluster = FakeCluster()
    cluster.put(Kind.SAFE_ROLLOUT, raw or reading())
    for kind, one in objects:
        cluster.put(kind, one)
    return cluster


def seen(stage: Stage, *, watched: tuple[str, ...] = (), name: ForeignName = NAME) -> ForeignWorkload:
    scenes = Scenes(store=stage.store, kind=DeploymentKind(), hold_mode=lambda: HoldMode.POLICY, restart_annotations=(), watched=watched)
    scene = scenes.at(Place(namespace="shop", name="shop"), now=START)
    assert scene is not None
    return scene.snapshot.foreign[name]


@pytest.mark.parametrize(("annotation", "allowed"), [("shop", True), ("a, shop", True), ("*", True), ("shopping", False), ("", False), (None, False)])
def test_another_namespace_is_let_read_by_an_annotation(annotation: str | None, allowed: bool) -> None:
    assert lets_read(warehouse(annotation)[0][1], namespace="shop") is allowed


def test_the_own_namespace_needs_no_leave() -> None:
    assert lets_read(warehouse(None)[0][1], namespace="data")


async def test_the_declarations_of_live_pods_elsewhere_are_seen() -> None:
    stage = Stage(cluster_with(*warehouse()), nothing)
    await stage.resync.full_pass()
    assert [facts.contracts for facts in seen(stage).alive] == ["events: {reads: [1]}"]


async def test_nothing_of_a_namespace_is_kept_before_a_workload_there_allows_it() -> None:
    stage = Stage(cluster_with(*warehouse(None)), nothing)
    await stage.resync.full_pass()
    assert list(stage.store.all(Kind.POD, namespace="data")) == []
    assert "saferollout.io/readable-by: shop" in seen(stage).problem


async def test_a_forbidden_and_a_missing_workload_elsewhere_are_not_told_apart() -> None:
    stage = Stage(cluster_with(*warehouse(None)), nothing)
    await stage.resync.full_pass()
    empty = Stage(cluster_with(), nothing)
    await empty.resync.full_pass()
    assert seen(stage).problem == seen(empty).problem


async def test_a_workload_that_comes_to_allow_it_is_looked_at_and_then_read() -> None:
    cluster = cluster_with(*warehouse(None))
    stage = Stage(cluster, nothing)
    await stage.resync.full_pass()
    assert stage.queue.take() == "shop/shop"
    stage.queue.done("shop/shop")
    stage.intake.changed(Kind.DEPLOYMENT, cluster.put(Kind.DEPLOYMENT, warehouse("shop")[0][1]))
    assert stage.queue.take() == "shop/shop"
    await stage.look()
    assert [facts.contracts for facts in seen(stage).alive] == ["events: {reads: [1]}"]


async def test_a_change_of_its_pods_has_the_reader_looked_at() -> None:
    stage = Stage(cluster_with(*warehouse()), nothing)
    await stage.resync.full_pass()
    assert stage.store.keys_for(Kind.POD, warehouse()[2][1]) == {"shop/shop"}


async def test_a_new_safe_rollout_reads_elsewhere_before_it_decides() -> None:
    stage = Stage(cluster_with(*warehouse()), nothing)
    stage.intake.changed(Kind.SAFE_ROLLOUT, stage.cluster.objects[Kind.SAFE_ROLLOUT.resource, Place(namespace="shop", name="shop")])
    await stage.look()
    assert stage.brain.seen[-1].foreign[NAME].alive


async def test_an_irreversible_step_rests_on_what_was_read_elsewhere_just_now() -> None:
    cluster = cluster_with(*warehouse())
    stage = Stage(cluster, nothing)
    await stage.resync.full_pass()
    cluster.put(Kind.REPLICA_SET, warehouse(declares="events: {reads: [2]}")[1][1])
    cluster.put(Kind.DEPLOYMENT, warehouse(declares="events: {reads: [2]}")[0][1])
    await stage.resync.read_live(Place(namespace="shop", name="shop"))
    assert [facts.contracts for facts in seen(stage).alive] == ["events: {reads: [2]}"]


async def test_leave_that_is_taken_back_ends_the_reading_and_nothing_is_kept() -> None:
    cluster = cluster_with(*warehouse())
    stage = Stage(cluster, nothing)
    await stage.resync.full_pass()
    cluster.put(Kind.DEPLOYMENT, warehouse(None)[0][1])
    await stage.resync.full_pass()
    assert "readable-by" in seen(stage).problem
    assert list(stage.store.all(Kind.POD, namespace="data")) == []


async def test_a_namespace_without_rights_stops_nobody() -> None:
    cluster = cluster_with(*warehouse())
    cluster.fault = lambda verb, resource, place: Forbidden("no rights") if place.namespace == "data" else None
    stage = Stage(cluster, nothing)
    await stage.resync.full_pass()
    assert stage.resync.age is not None
    assert seen(stage).problem


async def test_a_namespace_that_this_operator_does_not_watch_is_named() -> None:
    stage = Stage(cluster_with(*warehouse()), nothing)
    await stage.resync.full_pass()
    assert "watchNamespaces" in seen(stage, watched=("shop",)).problem


async def test_a_missing_workload_of_the_own_namespace_is_named_with_the_nearest_name() -> None:
    stage = Stage(cluster_with((Kind.DEPLOYMENT, deployment("warehouse")), raw=reading(None, "werehouse")), nothing)
    await stage.resync.full_pass()
    assert "did you mean 'warehouse'?" in seen(stage, name=ForeignName("shop", "werehouse")).problem


async def test_a_workload_elsewhere_that_is_deleted_is_missing_at_once() -> None:
    stage = Stage(cluster_with(*warehouse()), nothing)
    await stage.resync.full_pass()
    stage.intake.deleted(Kind.DEPLOYMENT, stage.cluster.remove(Kind.DEPLOYMENT, DATA))
    assert seen(stage).problem


async def test_nothing_is_ever_written_elsewhere() -> None:
    stage = Stage(cluster_with(*warehouse()), nothing)
    await stage.resync.full_pass()
    await stage.look()
    assert all(not key.startswith("data/") for _, _, key in stage.cluster.writes)
