"""Uninstalling looks before it touches, stops the operator, and gives everything back."""

from datetime import UTC, datetime
from typing import Any

import pytest

from saferollout.api import names
from saferollout.engine.errors import Conflict
from saferollout.engine.resources import Kind
from saferollout.engine.store import Place
from saferollout.shell.uninstall import CannotGiveBack, Uninstall
from tests.unit.engine.fake_cluster import FakeCluster
from tests.unit.engine.objects import BORN, NAMESPACE, deployment, pod, replica_set, safe_rollout
from tests.unit.engine.stage import PlainKind

OPERATOR = Place(namespace="system", name="saferollout")
BILLING = Place(namespace=NAMESPACE, name="billing")
SHOP = Place(namespace=NAMESPACE, name="shop")


class Scene:
    """A cluster with one managed workload and the operator."""

    def __init__(self, *, held: bool = True, second_revision: bool = False) -> None:
        self.cluster = FakeCluster()
        self.told: list[str] = []
        self.slept = 0
        labels = {names.LABEL_MANAGED_BY: "shop"} | ({names.LABEL_HELD: "true"} if held else {})
        self.cluster.put(Kind.SAFE_ROLLOUT, safe_rollout(finalizers=["others", names.FINALIZER]))
        self.cluster.put(Kind.DEPLOYMENT, deployment(labels=labels, image="billing-1"))
        self.cluster.put(Kind.REPLICA_SET, replica_set())
        self.cluster.put(Kind.POD, pod())
        if second_revision:
            self.cluster.put(Kind.REPLICA_SET, replica_set("billing-2"))
            self.cluster.put(Kind.POD, pod("billing-2-a", of="billing-2"))
        operator: dict[str, Any] = {"metadata": {"name": "saferollout", "namespace": "system"}, "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "op"}}}}
        self.cluster.put(Kind.DEPLOYMENT, operator)
        self.cluster.put(Kind.POD, {"metadata": {"name": "op-1", "namespace": "system", "labels": {"app": "op"}}})

    async def sleep(self, seconds: float) -> None:
        """Let the operator's pod go at the second look."""
        self.slept += 1
        if self.slept == 2:
            self.cluster.remove(Kind.POD, Place(namespace="system", name="op-1"))

    async def uninstall(self, *, force: bool = False) -> None:
        """Run it."""
        uninstall = Uninstall(
            cluster=self.cluster, kind=PlainKind(), restart_annotations=(), watched=(), clock=lambda: datetime(2026, 11, 24, tzinfo=UTC),
            tell=self.told.append, sleep=self.sleep,
        )
        await uninstall.run(operator=OPERATOR, force=force)

    def raw(self, kind: Kind, place: Place) -> dict[str, Any]:
        """Return an object as it is now."""
        return self.cluster.objects[kind.resource, place]


async def test_the_operator_is_stopped_before_anything_is_given_back() -> None:
    scene = Scene()
    await scene.uninstall()
    assert scene.cluster.writes == [
        ("patch", "deployments/scale", "system/saferollout"), ("patch", "deployments", "shop/billing"), ("patch", "saferollouts", "shop/shop"),
    ]
    assert scene.slept == 2
    assert scene.raw(Kind.DEPLOYMENT, OPERATOR)["spec"]["replicas"] == 0
    assert scene.raw(Kind.DEPLOYMENT, BILLING)["metadata"]["annotations"]["test/action"] == "GiveBack"
    assert scene.raw(Kind.SAFE_ROLLOUT, SHOP)["metadata"]["finalizers"] == ["others"]


async def test_in_the_middle_of_a_roll_nothing_is_touched() -> None:
    scene = Scene(second_revision=True)
    with pytest.raises(CannotGiveBack, match=r"shop/billing .*--force"):
        await scene.uninstall()
    assert scene.cluster.writes == []


async def test_in_the_middle_of_a_roll_for_which_nothing_is_borrowed_nothing_is_touched_either() -> None:
    """An un-batched roll, or a last batch: the native controller rolls."""
    scene = Scene(held=False, second_revision=True)
    with pytest.raises(CannotGiveBack, match=r"shop/billing .*--force"):
        await scene.uninstall()
    assert scene.cluster.writes == []


async def test_what_was_left_paused_before_keeps_nobody_from_uninstalling() -> None:
    scene = Scene(held=False, second_revision=True)
    raw = scene.raw(Kind.DEPLOYMENT, BILLING)
    left = raw["metadata"] | {"annotations": {names.ANNOTATION_LEFT_PAUSED: "why"}}
    scene.cluster.put(Kind.DEPLOYMENT, raw | {"metadata": left, "spec": raw["spec"] | {"paused": True}})
    await scene.uninstall()
    assert ("patch", "deployments", "shop/billing") not in scene.cluster.writes


@pytest.mark.parametrize(("revision", "stopped"), [("billing-1", True), ("billing-9", False)])
async def test_with_force_a_roll_of_ours_is_stopped_and_anybody_elses_goes_on(revision: str, stopped: bool) -> None:
    scene = Scene(held=False, second_revision=True)
    roll = {"workload": "bills", "hash": revision, "startTime": BORN, "batchStartTime": BORN}
    release = {"id": "r", "startTime": BORN, "changedTime": BORN, "rolls": [roll]}
    spec = {"workloads": [{"name": "bills", "workloadRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "billing"}}]}
    scene.cluster.put(Kind.SAFE_ROLLOUT, safe_rollout(finalizers=[names.FINALIZER]) | {"spec": spec, "status": {"release": release}})
    await scene.uninstall(force=True)
    assert (("patch", "deployments", "shop/billing") in scene.cluster.writes) is stopped
    assert any("Gave shop/billing back, paused" in said for said in scene.told) is stopped
    assert scene.raw(Kind.DEPLOYMENT, BILLING)["spec"]["paused"] is stopped


async def test_with_force_a_workload_in_the_middle_of_a_roll_stays_paused() -> None:
    scene = Scene(second_revision=True)
    await scene.uninstall(force=True)
    assert any("Gave shop/billing back, paused" in said for said in scene.told)


async def test_pods_of_the_operator_that_stay_stop_everything() -> None:
    scene = Scene()
    scene.slept = 10
    with pytest.raises(CannotGiveBack, match="still there"):
        await scene.uninstall()
    assert scene.cluster.writes == [("patch", "deployments/scale", "system/saferollout")]


async def test_an_operator_that_is_gone_already_is_no_problem() -> None:
    scene = Scene()
    scene.cluster.remove(Kind.DEPLOYMENT, OPERATOR)
    await scene.uninstall()
    assert ("patch", "deployments", "shop/billing") in scene.cluster.writes


async def test_a_workload_of_which_nothing_was_borrowed_stays_as_it_is() -> None:
    scene = Scene(held=False)
    await scene.uninstall()
    assert ("patch", "deployments", "shop/billing") not in scene.cluster.writes


async def test_a_label_that_the_operator_had_put_on_goes() -> None:
    scene = Scene(held=False)
    raw = scene.raw(Kind.DEPLOYMENT, BILLING)
    fields = {"f:metadata": {"f:labels": {f"f:{names.LABEL_MANAGED_BY}": {}}}}
    managed = [{"manager": names.FIELD_MANAGER, "fieldsV1": fields}]
    scene.cluster.put(Kind.DEPLOYMENT, raw | {"metadata": raw["metadata"] | {"managedFields": managed}})
    await scene.uninstall()
    assert names.LABEL_MANAGED_BY not in scene.raw(Kind.DEPLOYMENT, BILLING)["metadata"]["labels"]


async def test_a_conflict_means_another_attempt() -> None:
    scene = Scene()
    failures = iter([Conflict("faster"), Conflict("faster")])
    scene.cluster.fault = lambda verb, resource, place: next(failures, None) if verb == "patch" and place == BILLING else None
    await scene.uninstall()
    assert ("patch", "deployments", "shop/billing") in scene.cluster.writes


async def test_without_the_definition_there_is_nothing_to_let_go() -> None:
    scene = Scene()
    scene.cluster.remove(Kind.SAFE_ROLLOUT, SHOP)
    await scene.uninstall()
    assert ("patch", "deployments", "shop/billing") in scene.cluster.writes
